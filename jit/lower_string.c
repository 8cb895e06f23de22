/* SPDX-License-Identifier: MIT */
/* String instructions. Those that do not go where the block expects leave it: where pointers go is what
 * operands that share a look-up are found by. Repeated ones end their traces, because there is an instruction
 * boundary between two iterations as behind the last. */
#include "core/x86/regs.h"
#include "jit/lower_private.h"

/* Opcodes without their width bit. */
enum string_opcode { MOVS = 0xA4, CMPS = 0xA6, STOS = 0xAA, LODS = 0xAC, SCAS = 0xAE };

static unsigned address_bytes(const struct lower *l)
{
    return 8 - l->insn->addr_shift / 8u;
}

static struct ir_address element(const struct lower *l, unsigned pointer, int64_t disp)
{
    return (struct ir_address){.base = (uint8_t)pointer,
                               .index = IR_NONE,
                               .seg = pointer == GPR_DI ? SEG_ES : l->insn->seg,
                               .bits = (uint8_t)(8 * address_bytes(l)),
                               .disp = disp};
}

static void probe_element(struct lower *l, enum ir_access access, unsigned pointer)
{
    lower_probe(l, access, l->insn->op_size, element(l, pointer, 0));
}

static void advance(struct lower *l, unsigned pointer)
{
    int64_t by = l->direction == DOWN ? -(int64_t)l->insn->op_size : l->insn->op_size;
    lower_add(l, IR_LEA, address_bytes(l), pointer, IR_NONE)->address = element(l, pointer, by);
}

/* Only reading has no effect that the handler would have twice where the second access is slow. */
static void load_source(struct lower *l)
{
    probe_element(l, IR_READ, GPR_SI);
    lower_add(l, IR_MOV, l->insn->op_size, IR_T1, IR_MEM);
}

static void move(struct lower *l)
{
    load_source(l);
    probe_element(l, IR_WRITE, GPR_DI);
    lower_add(l, IR_MOV, l->insn->op_size, IR_MEM, IR_T1);
    advance(l, GPR_SI);
    advance(l, GPR_DI);
}

static void store(struct lower *l)
{
    probe_element(l, IR_WRITE, GPR_DI);
    lower_add(l, IR_MOV, l->insn->op_size, IR_MEM, GPR_AX);
    advance(l, GPR_DI);
}

static void load(struct lower *l)
{
    probe_element(l, IR_READ, GPR_SI);
    lower_add(l, IR_MOV, l->insn->op_size, GPR_AX, IR_MEM);
    advance(l, GPR_SI);
}

static void compare(struct lower *l)
{
    load_source(l);
    probe_element(l, IR_READ, GPR_DI);
    lower_add(l, IR_CMP, l->insn->op_size, IR_T1, IR_MEM);
    advance(l, GPR_SI);
    advance(l, GPR_DI);
}

static void scan(struct lower *l)
{
    probe_element(l, IR_READ, GPR_DI);
    lower_add(l, IR_CMP, l->insn->op_size, GPR_AX, IR_MEM);
    advance(l, GPR_DI);
}

static void single(struct lower *l)
{
    switch (l->insn->opcode & 0xFE) {
    case MOVS: move(l); break;
    case CMPS: compare(l); break;
    case STOS: store(l); break;
    case LODS: load(l); break;
    default: scan(l); break;
    }
}

static enum ir_repeat repeat_of(const struct insn *insn)
{
    bool equal = insn->flags & INSN_REP;
    switch (insn->opcode & 0xFE) {
    case MOVS: return REPEAT_MOVES;
    case CMPS: return equal ? REPEAT_COMPARES_EQUAL : REPEAT_COMPARES_UNEQUAL;
    case STOS: return REPEAT_STORES;
    case SCAS: return equal ? REPEAT_SCANS_EQUAL : REPEAT_SCANS_UNEQUAL;
    default: return REPEATS;
    }
}

static void require_direction(struct lower *l)
{
    if (l->direction != UNKNOWN)
        return;
    lower_add(l, IR_DIRECTION, 0, IR_NONE, IR_NONE)->imm = l->expected == DOWN;
    l->direction = l->expected;
}

/* Whether only the end of a page can stop elements that go down: not a segment's start, nor offset 0. */
static bool is_endless(const struct lower *l)
{
    unsigned segs = 1u << SEG_ES | 1u << l->insn->seg;
    bool flat = (l->assume->flat_segs & segs) == segs && l->insn->seg != SEG_CS;
    return l->assume->mode == MODE_64 || (flat && address_bytes(l) == 4);
}

static void repeat(struct lower *l, enum ir_repeat what)
{
    require_direction(l);
    if (l->direction == DOWN && !is_endless(l)) {
        lower_add(l, IR_SERIAL, 0, IR_NONE, IR_NONE);
        return;
    }
    struct ir_op *op = lower_add(l, IR_REPEAT, l->insn->op_size, IR_NONE, IR_NONE);
    op->imm = what | (l->direction == DOWN ? REPEAT_DOWN : 0);
    op->address = element(l, GPR_SI, 0);
    lower_go_on(l);
}

bool lower_string(struct lower *l)
{
    enum ir_repeat what = repeat_of(l->insn);
    if (!insn_ends_trace(l->insn)) {
        require_direction(l);
        single(l);
    } else if (what == REPEATS) { /* LODS, INS, OUTS */
        lower_add(l, IR_SERIAL, 0, IR_NONE, IR_NONE);
    } else {
        repeat(l, what);
    }
    return true;
}
