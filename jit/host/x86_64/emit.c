/* SPDX-License-Identifier: MIT */
/* From IR to x86-64 code: the straight part of a block. */
#include "jit/host/x86_64/emit.h"
#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/x86/regs.h"
#include "jit/host/host.h"
#include "jit/measure.h"
#include "jit/room.h"

struct stub *emit_stub(struct emitter *e, enum stub_kind kind, const struct ir_op *op, uint8_t *jump)
{
    if (e->stub_count == MOST_STUBS) {
        e->failed = true;
        e->stub_count--;
    }
    struct stub *stub = &e->stub[e->stub_count++];
    *stub = (struct stub){.kind = kind, .op = op, .jumps = {jump}};
    return stub;
}

const struct insn *emit_guest_insn(const struct emitter *e, unsigned number)
{
    const struct jit_part *part = jit_part_of(e->block, number);
    return &part->source->insns[number - part->first];
}

static void move_budget(struct emitter *e, int32_t by)
{
    if (by)
        asm_lea(&e->as, 8, REG_BUDGET, mem_base((enum host_reg)REG_BUDGET, by));
}

void emit_give_back(struct emitter *e, unsigned number)
{
    move_budget(e, jit_part_of(e->block, number)->rest);
}

void emit_take_again(struct emitter *e, unsigned number)
{
    move_budget(e, -(int32_t)jit_part_of(e->block, number)->rest);
}

struct jit_site *emit_site(struct emitter *e, unsigned number)
{
    if (e->site[number])
        return e->site[number];
    struct jit_site *site = room_take(e->jit, sizeof *site);
    const struct insn *insn = emit_guest_insn(e, number);
    const struct insn_row *row = &insn_table[insn->row];
    site->part = jit_part_of(e->block, number);
    site->uses_flags = row->flags_read || row->flags_written || row->flags_undefined;
    site->insn = insn;
    return e->site[number] = site;
}

/* A way back to the interpreter before an instruction, made at first use and kept in *known. */
static struct jit_exit *way_back(struct emitter *e, struct jit_exit **known, enum exit_kind kind,
                                 unsigned number)
{
    if (*known)
        return *known;
    struct jit_exit *exit = room_take(e->jit, JIT_EXIT_BACK);
    exit->kind = (uint8_t)kind;
    exit->block = e->block;
    exit->part = jit_part_of(e->block, number);
    exit->insn = emit_guest_insn(e, number);
    return *known = exit;
}

struct jit_exit *emit_leave_exit(struct emitter *e, unsigned number)
{
    return way_back(e, &e->leave[number], EXIT_LEAVE, number);
}

struct jit_exit *emit_lost_exit(struct emitter *e, unsigned number)
{
    return way_back(e, &e->lost[number], EXIT_LOST, number);
}

struct jit_exit *emit_turned_exit(struct emitter *e, unsigned number)
{
    return way_back(e, &e->turned[number], EXIT_TURNED, number);
}

const uint8_t *emit_handler_routine(const struct emitter *e, unsigned number)
{
    bool fp = lower_touches_fp(&insn_table[emit_guest_insn(e, number)->row]);
    return fp ? e->jit->routines.handler_fp : e->jit->routines.handler;
}

static void emit_leave(struct emitter *e, const struct ir_op *op)
{
    asm_mov_imm(&e->as, REG_T1, (uint64_t)(uintptr_t)emit_leave_exit(e, op->insn));
    asm_jmp(&e->as, e->jit->routines.leave);
}

static void emit_call(struct emitter *e, const struct ir_op *op)
{
    emit_give_back(e, op->insn);
    asm_mov_imm(&e->as, REG_T1, (uint64_t)(uintptr_t)emit_site(e, op->insn));
    asm_call(&e->as, emit_handler_routine(e, op->insn));
    emit_take_again(e, op->insn);
}

void emit_serial(struct emitter *e, const struct ir_op *op)
{
    asm_mov_imm(&e->as, REG_T1, (uint64_t)(uintptr_t)emit_site(e, op->insn));
    asm_jmp(&e->as, e->jit->routines.serial);
}

/* Flags that an exit hands on without a recipe. */
static struct ir_made handed_on(const struct ir_op *op)
{
    return op->late_save ? ir_made_of(op->late_save) : (struct ir_made){0};
}

/* Whether an exit leads to the block's own start, with just the flags that it began with. */
static bool is_own_start(const struct emitter *e, const struct ir_op *op)
{
    struct ir_made made = handed_on(op);
    return op->target == e->block->rip && ir_made_equal(&made, &e->block->inherited) &&
           !e->jit->options.unlinked;
}

static void add_exit(struct emitter *e, struct jit_exit *exit, uint64_t rip, uint8_t *jump)
{
    exit->kind = EXIT_FOLLOW;
    exit->block = e->block;
    exit->rip = rip;
    exit->jump = jump;
    exit->heat = jit_exit_heat(e->jit);
    exit->next_of_block = e->block->exits;
    e->block->exits = exit;
}

static struct jit_exit *new_exit(struct emitter *e, uint64_t rip, uint8_t *jump)
{
    struct jit_exit *exit = room_take(e->jit, sizeof *exit);
    add_exit(e, exit, rip, jump);
    return exit;
}

static struct jit_exit *new_shortcut(struct emitter *e, const struct ir_op *op, uint8_t *jump)
{
    struct jit_shortcut *shortcut = room_take(e->jit, sizeof *shortcut);
    shortcut->exit.hands_on = true;
    shortcut->made = handed_on(op);
    add_exit(e, &shortcut->exit, op->target, jump);
    return &shortcut->exit;
}

static bool is_in_page(const struct emitter *e, uint64_t rip)
{
    const struct jit_context *context = e->block->context;
    return (jit_linear(context, rip) ^ jit_linear(context, e->block->rip)) < MEM_PAGE_SIZE;
}

/* A jump, conditional where cond is not negative, out of the block. From a part with others behind it, it
 * leads to its stub for good, which gives their instructions back to the budget first. */
static void emit_exit(struct emitter *e, int cond, const struct ir_op *op)
{
    bool direct = !jit_part_of(e->block, op->insn)->rest;
    const uint8_t *target = direct && is_own_start(e, op) ? e->entry : NULL;
    uint8_t *jump = cond < 0 ? asm_jmp(&e->as, target) : asm_jcc(&e->as, (unsigned)cond, target);
    if (target)
        return;
    struct jit_exit *shortcut = NULL;
    if (op->late_save && is_in_page(e, op->target)) {
        shortcut = new_shortcut(e, op, jump);
    }
    struct jit_exit *exit = new_exit(e, op->target, jump);
    exit->shortcut = shortcut;
    emit_stub(e, STUB_EXIT, op, jump)->exit = exit;
}

static void emit_branchz(struct emitter *e, const struct ir_op *op)
{
    unsigned reg = pinned_reg(op->a);
    asm_rr(&e->as, op->size, 0x85, reg, reg);
    emit_exit(e, op->cond, op);
}

static void check_canonical(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    asm_mov_rr(as, 8, REG_T0, REG_T1);
    asm_rr(as, 8, 0xC1, 4, REG_T0);
    asm_byte(as, 16);
    asm_rr(as, 8, 0xC1, 7, REG_T0);
    asm_byte(as, 16);
    asm_rr(as, 8, 0x39, REG_T0, REG_T1);
    emit_stub(e, STUB_LEAVE, op, asm_jcc(as, CC_NE, NULL));
}

/* A near target beyond the code segment faults at the branch, which the interpreter then executes. */
static void emit_check(struct emitter *e, const struct ir_op *op)
{
    if (op->size == 8) {
        check_canonical(e, op);
        return;
    }
    asm_rr(&e->as, 4, 0x81, 7, REG_T1);
    asm_imm32(&e->as, (uint32_t)(e->block->context->assume.code_end - 1));
    emit_stub(e, STUB_LEAVE, op, asm_jcc(&e->as, CC_A, NULL));
}

static void emit_bswap(struct emitter *e, const struct ir_op *op)
{
    unsigned reg = op->d == IR_T2 ? REG_T2 : pinned_reg(op->d);
    unsigned rex = (op->size == 8 ? 8u : 0u) | (reg >= R8 ? 1u : 0u);
    if (rex)
        asm_byte(&e->as, 0x40 | rex);
    asm_byte(&e->as, 0x0F);
    asm_byte(&e->as, 0xC8 | (reg & 7));
}

uint32_t emit_count(struct emitter *e, uint64_t *counter)
{
    struct assembler *as = &e->as;
    const uint8_t *start = asm_here(as);
    asm_mov_imm(as, REG_T1, (uint64_t)(uintptr_t)counter);
    asm_load(as, 8, REG_T0, mem_base((enum host_reg)REG_T1, 0));
    asm_lea(as, 8, REG_T0, mem_base((enum host_reg)REG_T0, 1));
    asm_store(as, 8, mem_base((enum host_reg)REG_T1, 0), REG_T0);
    return (uint32_t)(asm_here(as) - start);
}

/* Counts a part's passes; its code begins at `start`. */
static void emit_count_part(struct emitter *e, const struct jit_part *part, const uint8_t *start)
{
    part->tally->start = start;
    part->tally->own = emit_count(e, &part->tally->passes);
}

static void emit_insn(struct emitter *e, const struct ir_op *op)
{
    if (e->label[op->insn])
        return;
    e->label[op->insn] = asm_here(&e->as);
    e->fp_ready[op->insn] = (uint8_t)op->imm;
    const struct jit_part *part = jit_part_of(e->block, op->insn);
    if (part->tally && part->first == op->insn && !jit_part_is_entry(part))
        emit_count_part(e, part, e->label[op->insn]);
}

static void emit_branch(struct emitter *e, const struct ir_op *op)
{
    emit_exit(e, op->cond, op);
}

static void emit_jump(struct emitter *e, const struct ir_op *op)
{
    emit_exit(e, -1, op);
}

typedef void emit_fn(struct emitter *e, const struct ir_op *op);

static emit_fn *const emitters[IR_CODES] = {
    [IR_INSN] = emit_insn,
    [IR_PROBE] = emit_probe,
    [IR_SHARED] = emit_shared,
    [IR_MOV] = emit_move,
    [IR_MOVZX] = emit_extend,
    [IR_MOVSX] = emit_extend,
    [IR_LEA] = emit_lea,
    [IR_ADD] = emit_binary,
    [IR_OR] = emit_binary,
    [IR_ADC] = emit_binary,
    [IR_SBB] = emit_binary,
    [IR_AND] = emit_binary,
    [IR_SUB] = emit_binary,
    [IR_XOR] = emit_binary,
    [IR_CMP] = emit_binary,
    [IR_TEST] = emit_binary,
    [IR_INC] = emit_unary,
    [IR_DEC] = emit_unary,
    [IR_NEG] = emit_unary,
    [IR_NOT] = emit_unary,
    [IR_ROL] = emit_shift,
    [IR_ROR] = emit_shift,
    [IR_SHL] = emit_shift,
    [IR_SHR] = emit_shift,
    [IR_SAR] = emit_shift,
    [IR_IMUL] = emit_imul,
    [IR_MUL] = emit_multiply,
    [IR_IMULW] = emit_multiply,
    [IR_SETCC] = emit_setcc,
    [IR_CMOV] = emit_cmov,
    [IR_XCHG] = emit_xchg,
    [IR_BSWAP] = emit_bswap,
    [IR_SIGN] = emit_sign,
    [IR_CALL] = emit_call,
    [IR_FP_LOAD] = emit_fp_load,
    [IR_FP] = emit_fp,
    [IR_FP_COMPARE] = emit_fp_compare,
    [IR_FP_CMOV] = emit_fp,
    [IR_CMPXCHG] = emit_exchange,
    [IR_XADD] = emit_exchange,
    [IR_SHLD] = emit_double_shift,
    [IR_SHRD] = emit_double_shift,
    [IR_BSF] = emit_scan,
    [IR_BSR] = emit_scan,
    [IR_BT] = emit_bit,
    [IR_BTS] = emit_bit,
    [IR_BTR] = emit_bit,
    [IR_BTC] = emit_bit,
    [IR_SETCF] = emit_setcf,
    [IR_DF] = emit_df,
    [IR_IF] = emit_if,
    [IR_SELECTOR] = emit_selector,
    [IR_DIV] = emit_divide,
    [IR_IDIV] = emit_divide,
    [IR_BRANCH] = emit_branch,
    [IR_BRANCHZ] = emit_branchz,
    [IR_JUMP] = emit_jump,
    [IR_DIRECTION] = emit_direction,
    [IR_CHECK] = emit_check,
    [IR_GOTO] = emit_goto,
    [IR_LEAVE] = emit_leave,
    [IR_REPEAT] = emit_repeat,
    [IR_SERIAL] = emit_serial,
};

static bool in_memory(unsigned value)
{
    return value >= PINNED && value < IR_HIGH;
}

static struct host_mem gpr_at(unsigned gpr)
{
    return cpu_at(offsetof(struct cpu, gpr) + 8 * gpr);
}

/* Writes a result to a guest register that is not pinned: whole, or a part of it. */
static void store_result(struct emitter *e, const struct ir_op *op, unsigned gpr, unsigned reg)
{
    asm_store(&e->as, op->size == 4 ? 8 : op->size, gpr_at(gpr), reg);
}

static bool only_reads(unsigned code)
{
    return code == IR_CMP || code == IR_TEST || code == IR_BT || code == IR_CHECK || code == IR_BRANCHZ ||
           code == IR_GOTO;
}

/* Operations on guest registers that are not pinned work on temporaries. */
static void emit_legal(struct emitter *e, const struct ir_op *op)
{
    struct ir_op legal = *op;
    if (!in_memory(op->a) && !in_memory(op->d)) {
        emitters[op->code](e, op); /* stubs keep a pointer to it */
        return;
    }
    if (in_memory(op->a)) {
        asm_load(&e->as, 8, REG_T1, gpr_at(op->a));
        legal.a = IR_T1;
    }
    if (in_memory(op->d)) {
        asm_load(&e->as, 8, REG_T2, gpr_at(op->d));
        legal.d = IR_T2;
    }
    emitters[op->code](e, &legal);
    if (in_memory(op->d) && !only_reads(op->code))
        store_result(e, op, op->d, REG_T2);
    if (in_memory(op->a) && (op->code == IR_XCHG || op->code == IR_XADD))
        store_result(e, op, op->a, REG_T1);
}

/* Counts passes of a block that may become a region. */
static void emit_heat(struct emitter *e)
{
    intptr_t from_cpu = (intptr_t)&e->block->heat - (intptr_t)e->jit->cpu - CPU_BIAS;
    ASSERT(from_cpu == (int32_t)from_cpu);
    asm_rm(&e->as, 4, 0x83, 5, mem_base((enum host_reg)REG_CPU, (int32_t)from_cpu));
    asm_byte(&e->as, 1);
    emit_stub(e, STUB_HOT, NULL, asm_jcc(&e->as, CC_E, NULL));
}

/* Takes the block off the budget; a negative rest goes to the interpreter. */
static void emit_prologue(struct emitter *e)
{
    e->entry = asm_here(&e->as);
    if (e->block->heat)
        emit_heat(e);
    asm_rr(&e->as, 8, 0x83, 5, REG_BUDGET);
    asm_byte(&e->as, e->block->insns);
    emit_stub(e, STUB_BUDGET, NULL, asm_jcc(&e->as, CC_L, NULL));
    if (e->block->part[0].tally)
        emit_count_part(e, &e->block->part[0], e->entry);
}

static bool has_room(const struct emitter *e)
{
    return !e->as.full && !e->failed;
}

struct emitter *host_new_emitter(void)
{
    return alloc_zeroed(sizeof(struct emitter));
}

enum { BLOCK_ALIGNMENT = 16 };

enum { SPARE = BLOCK_ALIGNMENT /* a jump that had no room is patched all the same */ };

bool host_emit(struct jit *jit, struct jit_block *block, const struct ir *ir)
{
    struct code_cache *cache = &jit->code;
    struct emitter *e = jit->emitter;
    *e = (struct emitter){.as = {.at = cache->writable + cache->used,
                                 .end = cache->writable + cache->end - SPARE,
                                 .to_exec = cache->executable - cache->writable},
                          .jit = jit,
                          .block = block,
                          .ir = ir};
    emit_prologue(e);
    for (unsigned i = 0; i < ir->count && has_room(e); i++) {
        const struct ir_op *op = &ir->op[i];
        if (op->happened)
            continue;
        if (op->reload_flags)
            asm_call(&e->as, jit->routines.flags);
        emit_legal(e, op);
    }
    const uint8_t *straight_end = asm_here(&e->as);
    if (has_room(e))
        emit_stubs(e);
    if (!has_room(e))
        return false;
    block->code = e->entry;
    block->straight_bytes = (uint32_t)(straight_end - e->entry);
    block->code_bytes = (uint32_t)(asm_here(&e->as) - e->entry);
    cache->used =
        ((size_t)(e->as.at - cache->writable) + BLOCK_ALIGNMENT - 1) & ~(size_t)(BLOCK_ALIGNMENT - 1);
    return true;
}
