/* SPDX-License-Identifier: MIT */
/* Effective addresses, and look-ups in the direct table or the TLB: of one operand, or of a group. */
#include "core/base/assert.h"
#include "core/x86/engine.h"
#include "jit/host/x86_64/emit.h"

/* A guest register as part of an address: where it is pinned, or fetched to `spare`. */
static uint8_t address_reg(struct emitter *e, unsigned gpr, unsigned spare)
{
    if (gpr == IR_NONE)
        return NO_REG;
    if (gpr < PINNED)
        return (uint8_t)pinned_reg(gpr);
    asm_load(&e->as, 8, spare, cpu_at(offsetof(struct cpu, gpr) + 8 * gpr));
    return (uint8_t)spare;
}

void emit_offset(struct emitter *e, unsigned to, const struct ir_address *at)
{
    struct assembler *as = &e->as;
    unsigned size = at->bits == 64 ? 8 : 4;
    if (at->base == IR_NONE && at->index == IR_NONE) {
        asm_mov_imm(as, to,
                    at->bits == 16 ? (uint16_t)at->disp
                    : size == 4    ? (uint32_t)at->disp
                                   : (uint64_t)at->disp);
        return;
    }
    struct host_mem offset = {.base = address_reg(e, at->base, REG_ADDRESS),
                              .index = address_reg(e, at->index, REG_T0),
                              .scale = at->scale,
                              .disp = (int32_t)at->disp};
    if (at->index == IR_NONE && !at->disp)
        asm_mov_rr(as, size, to, offset.base);
    else
        asm_lea(as, size, to, offset);
    if (at->bits == 16)
        asm_rr(as, 4, 0x0FB7, to, to);
}

/* A sum's lowest bits are the same at every address size. */
static bool is_sum_of_registers(const struct ir_address *at)
{
    return at->base < PINNED && (at->index == IR_NONE || at->index < PINNED);
}

void emit_lea(struct emitter *e, const struct ir_op *op)
{
    unsigned to = op->d == IR_T2 ? REG_T2 : pinned_reg(op->d);
    if (op->size == 2 && is_sum_of_registers(&op->address)) {
        asm_lea(&e->as, 2, to,
                (struct host_mem){.base = address_reg(e, op->address.base, NO_REG),
                                  .index = address_reg(e, op->address.index, NO_REG),
                                  .scale = op->address.scale,
                                  .disp = (int32_t)op->address.disp});
        return;
    }
    if (op->size >= 4) {
        struct ir_address address = op->address;
        if (op->size == 4 && address.bits == 64)
            address.bits = 32;
        emit_offset(e, to, &address);
        return;
    }
    emit_offset(e, REG_T0, &op->address);
    asm_mov_rr(&e->as, op->size, to, REG_T0);
}

static bool is_wide(const struct emitter *e)
{
    return e->block->context->assume.mode == MODE_64;
}

static bool is_flat(const struct emitter *e, const struct look_up *l)
{
    return l->bits == 32 && l->seg != SEG_CS && (e->block->context->assume.flat_segs >> l->seg & 1);
}

static struct host_mem segment_field(unsigned seg, size_t field)
{
    return cpu_at(offsetof(struct cpu, seg) + seg * sizeof(struct segment) + field);
}

static void refuse(struct look_up *l, uint8_t *jump)
{
    ASSERT(l->refusals < LOOK_UP_REFUSALS);
    l->refused[l->refusals++] = jump;
}

/* Refuses an access that reaches `end` of its segment; bytes from R8 on. */
static void check_end(struct emitter *e, struct look_up *l, size_t end)
{
    struct assembler *as = &e->as;
    asm_lea(as, 8, l->temporary, mem_base((enum host_reg)REG_ADDRESS, (int32_t)l->bytes));
    asm_rm(as, 8, 0x3B, l->temporary, segment_field(l->seg, end));
    refuse(l, asm_jcc(as, CC_A, NULL));
}

/* Operands of a group must not wrap at 64 KiB one by one. */
static void check_wrap(struct emitter *e, struct look_up *l)
{
    struct assembler *as = &e->as;
    asm_rr(as, 4, 0x81, 7, REG_ADDRESS);
    asm_imm32(as, (UINT16_MAX + 1u) - l->bytes);
    refuse(l, asm_jcc(as, CC_A, NULL));
}

/* Limits and base of a segment that is not flat. */
static void apply_segment(struct emitter *e, struct look_up *l)
{
    if (l->writes)
        check_end(e, l, offsetof(struct segment, write_end));
    if (l->reads)
        check_end(e, l, offsetof(struct segment, read_end));
    if (l->bits == 16 && l->group)
        check_wrap(e, l);
    asm_rm(&e->as, 4, 0x03, REG_ADDRESS, segment_field(l->seg, offsetof(struct segment, base)));
}

static void check_multiple(struct emitter *e, struct look_up *l, unsigned of)
{
    asm_rr(&e->as, 1, 0xF6, 0, REG_ADDRESS);
    asm_byte(&e->as, of - 1u);
    refuse(l, asm_jcc(&e->as, CC_NE, NULL));
}

static void page_test(struct assembler *as, unsigned bytes, unsigned temporary)
{
    asm_lea(as, 4, temporary, mem_base((enum host_reg)REG_ADDRESS, (int32_t)bytes - 1));
    asm_rr(as, 4, 0x31, REG_ADDRESS, temporary);
    asm_rr(as, 4, 0xF7, 0, temporary);
    asm_imm32(as, ~(uint32_t)(MEM_PAGE_SIZE - 1));
}

void emit_crossing(struct emitter *e, const struct stub *stub)
{
    struct assembler *as = &e->as;
    asm_patch(as->to_exec, stub->misaligned, asm_here(as));
    asm_lea(as, 4, REG_T0, mem_base((enum host_reg)REG_ADDRESS, (int32_t)stub->bytes - 1));
    asm_rr(as, 4, 0x31, REG_ADDRESS, REG_T0);
    asm_rr(as, 4, 0xC1, 5, REG_T0);
    asm_byte(as, MEM_PAGE_SHIFT);
    asm_jcc_back(as, CC_E, stub->back);
}

/* The bytes must lie in one page; a multiple of a power of two that they do not exceed always does. */
static void check_page(struct emitter *e, struct look_up *l)
{
    struct assembler *as = &e->as;
    unsigned bytes = l->bytes;
    bool simple = !(bytes & (bytes - 1)) && bytes <= 16;
    if (l->aligned)
        check_multiple(e, l, 16);
    if (bytes == 1 || (l->aligned && bytes <= 16))
        return;
    if (!simple || !l->crossing) {
        page_test(as, bytes, l->temporary);
        uint8_t *crosses = asm_jcc(as, CC_NE, NULL);
        if (l->group)
            l->apart = crosses;
        else
            refuse(l, crosses);
        return;
    }
    asm_rr(as, 1, 0xF6, 0, REG_ADDRESS);
    asm_byte(as, bytes - 1u);
    l->misaligned = asm_jcc(as, CC_NE, NULL);
    l->checked = asm_here(as);
}

/* The table is within reach of struct cpu. */
struct host_mem emit_direct_at(const struct jit *jit, unsigned kind, unsigned page)
{
    intptr_t table = (intptr_t)(jit->direct + kind * (size_t)DIRECT_PAGES);
    intptr_t from_cpu = table - (intptr_t)jit->cpu - CPU_BIAS;
    ASSERT(from_cpu == (int32_t)from_cpu);
    return (struct host_mem){REG_CPU, (uint8_t)page, 3, (int32_t)from_cpu};
}

/* The same by a routine, which sees to it that all is in one page, too. */
static void call_look_up(struct emitter *e, struct look_up *l, unsigned kind)
{
    struct assembler *as = &e->as;
    ASSERT(l->temporary == REG_T1);
    if (l->aligned)
        check_multiple(e, l, 16);
    asm_lea(as, 4, REG_T1, mem_base((enum host_reg)REG_ADDRESS, (int32_t)l->bytes - 1));
    asm_call(as, e->jit->routines.look_up[kind]);
    refuse(l, asm_jcc(as, CC_E, NULL));
}

/* Stores of 16-bit code, whose programs often have code, data and stack in one page: no more than touches two
 * lines. */
static bool may_be_beside_code(const struct emitter *e, const struct look_up *l)
{
    return l->among_code && l->writes && l->bytes <= (1u << MEM_LINE_SHIFT) + 1 &&
           e->block->context->assume.mode == MODE_16;
}

/* The linear address in R8 through the direct table, which covers 4 GiB. */
static void look_up_direct(struct emitter *e, struct look_up *l)
{
    struct assembler *as = &e->as;
    bool user = e->block->context->assume.user;
    unsigned kind = l->writes ? user ? DIRECT_WRITE_USER : DIRECT_WRITE_SYSTEM
                    : user    ? DIRECT_READ_USER
                              : DIRECT_READ_SYSTEM;
    if (l->out_of_line) {
        call_look_up(e, l, kind);
        return;
    }
    check_page(e, l);
    asm_mov_rr(as, 4, l->temporary, REG_ADDRESS);
    asm_rr(as, 4, 0xC1, 5, l->temporary);
    asm_byte(as, MEM_PAGE_SHIFT);
    asm_load(as, 8, l->temporary, emit_direct_at(e->jit, kind, l->temporary));
    asm_rr(as, 8, 0x85, l->temporary, l->temporary);
    uint8_t *absent = asm_jcc(as, CC_E, NULL);
    if (!may_be_beside_code(e, l)) {
        refuse(l, absent);
        return;
    }
    l->beside = absent;
    l->found = asm_here(as);
}

void emit_look_in_back(struct emitter *e, const struct stub *stub)
{
    asm_patch(e->as.to_exec, stub->not_in_front, asm_here(&e->as));
    asm_call(&e->as, stub->look_in_back);
    asm_jcc_back(&e->as, CC_E, stub->back);
}

/* The tag in the front of the set, or else in its back, must be the page in T2. */
static void check_tags(struct emitter *e, struct look_up *l, struct host_mem front)
{
    struct assembler *as = &e->as;
    bool user = e->block->context->assume.user;
    l->look_in_back = e->jit->routines.look_in_back[l->temporary == REG_T0][l->writes][user];
    asm_rm(as, 8, 0x3B, REG_T2, front);
    if (!l->back_in_stub) {
        uint8_t *in_front = asm_jcc(as, CC_E, NULL);
        asm_call(as, l->look_in_back);
        refuse(l, asm_jcc(as, CC_NE, NULL));
        asm_patch(as->to_exec, in_front, asm_here(as));
        return;
    }
    l->not_in_front = asm_jcc(as, CC_NE, NULL);
    l->checked = asm_here(as);
}

/* The same in 64-bit mode, through the TLB: its tag must be the page of the last byte. */
static void look_up_tagged(struct emitter *e, struct look_up *l)
{
    struct assembler *as = &e->as;
    size_t tag = (l->writes ? offsetof(struct tlb_entry, write) : offsetof(struct tlb_entry, read)) +
                 (e->block->context->assume.user ? sizeof(uint64_t) : 0);
    struct host_mem entry = {REG_CPU, (uint8_t)l->temporary, 0,
                             (int32_t)offsetof(struct cpu, tlb.entry) - CPU_BIAS};
    if (l->aligned)
        check_multiple(e, l, 16);
    asm_mov_rr(as, 4, l->temporary, REG_ADDRESS);
    asm_rr(as, 4, 0xC1, 5, l->temporary);
    asm_byte(as, MEM_PAGE_SHIFT - 6);
    asm_rr(as, 4, 0x81, 4, l->temporary);
    asm_imm32(as, (TLB_SETS - 1) << 6); /* entries have 64 bytes */
    asm_lea(as, 8, REG_T2, mem_base((enum host_reg)REG_ADDRESS, (int32_t)l->bytes - 1));
    asm_rr(as, 8, 0x81, 4, REG_T2);
    asm_imm32(as, ~(uint32_t)(MEM_PAGE_SIZE - 1));
    entry.disp += (int32_t)tag;
    check_tags(e, l, entry);
    entry.disp += (int32_t)offsetof(struct tlb_entry, addend) - (int32_t)tag;
    asm_load(as, 8, l->temporary, entry);
}

static void look_up(struct emitter *e, struct look_up *l, const struct ir_address *at)
{
    emit_offset(e, REG_ADDRESS, at);
    if (!is_wide(e) && !is_flat(e, l))
        apply_segment(e, l);
    if (is_wide(e) && (l->seg == SEG_FS || l->seg == SEG_GS))
        asm_rm(&e->as, 8, 0x03, REG_ADDRESS, segment_field(l->seg, offsetof(struct segment, base)));
    if (is_wide(e))
        look_up_tagged(e, l);
    else
        look_up_direct(e, l);
}

static const uint8_t place_reg[IR_PLACES] = {REG_PLACE, REG_ADDEND};

unsigned emit_place_reg(unsigned place)
{
    return place_reg[place];
}

/* R9, or where a group has it R10. */
static unsigned temporary_at(const struct emitter *e, unsigned insn)
{
    return ir_places_kept(e->ir, insn) >> IR_PLACE_ADDEND & 1 ? REG_T0 : REG_ADDEND;
}

void emit_beside(struct emitter *e, const struct stub *stub)
{
    struct assembler *as = &e->as;
    asm_mov_imm(as, REG_T0, stub->bytes - 1);
    asm_call(as, e->jit->routines.beside_code[e->block->context->assume.user]);
    asm_jcc_back(as, CC_B, e->stub[stub->slow].start);
    if (temporary_at(e, stub->op->insn) != REG_T0)
        asm_mov_rr(as, 8, REG_ADDEND, REG_T0);
    asm_jmp_back(as, stub->back);
}

static void look_up_group(struct emitter *e, struct look_up *l, const struct ir_group *g,
                          const struct ir_address *at)
{
    l->group = true;
    l->bytes = (unsigned)(g->high - g->low);
    l->reads = g->reads;
    l->writes = g->writes;
    l->aligned = g->aligned;
    look_up(e, l, at);
    asm_lea(&e->as, 8, place_reg[g->place],
            (struct host_mem){REG_ADDRESS, (uint8_t)l->temporary, 0, g->bias});
}

void emit_shared(struct emitter *e, const struct ir_op *op)
{
    e->probe = op;
    e->mem = (struct host_mem){.base = place_reg[op->group->place],
                               .index = op->loose == IR_NONE ? NO_REG : (uint8_t)pinned_reg(op->loose),
                               .scale = op->loose_scale,
                               .disp = op->delta - op->group->bias};
}

static void probe_group(struct emitter *e, const struct ir_op *op, struct look_up *l)
{
    struct ir_address at = op->address;
    if (op->loose != IR_NONE && at.index == op->loose)
        at.index = IR_NONE;
    else if (op->loose != IR_NONE)
        at.base = IR_NONE;
    at.disp -= op->delta;
    look_up_group(e, l, op->group, &at);
    emit_shared(e, op);
    if (l->temporary == REG_ADDEND && op->loose == IR_NONE) /* does not wait for the place */
        e->mem = (struct host_mem){REG_ADDRESS, REG_ADDEND, 0, op->delta};
}

static void probe_single(struct emitter *e, const struct ir_op *op, struct look_up *l)
{
    l->bytes = op->size;
    l->reads = op->access != IR_WRITE;
    l->writes = op->access != IR_READ;
    l->aligned = op->aligned;
    l->crossing = true;
    look_up(e, l, &op->address);
    e->probe = op;
    e->mem = (struct host_mem){REG_ADDRESS, (uint8_t)l->temporary, 0, 0};
    if (l->temporary == REG_ADDEND)
        return;
    asm_rr(&e->as, 8, 0x01, l->temporary, REG_ADDRESS);
    e->mem.index = NO_REG;
}

/* Sends what a look-up refuses to a stub. */
static void refuse_to(struct emitter *e, const struct look_up *l, const struct ir_op *op)
{
    struct stub *slow = emit_stub(e, STUB_SLOW, op, NULL);
    for (unsigned i = 0; i < l->refusals; i++)
        slow->jumps[i] = l->refused[i];
    slow->misaligned = l->misaligned;
    slow->not_in_front = l->not_in_front;
    slow->look_in_back = l->look_in_back;
    slow->bytes = l->bytes;
    slow->back = l->checked;
    if (l->apart)
        emit_stub(e, STUB_APART, op, l->apart);
    if (!l->beside)
        return;
    unsigned number = (unsigned)(slow - e->stub);
    struct stub *beside = emit_stub(e, STUB_BESIDE, op, l->beside);
    beside->slow = number;
    beside->bytes = l->bytes;
    beside->back = l->found;
}

void emit_element(struct emitter *e, const struct ir_op *op, const struct ir_address *at,
                  enum ir_access access)
{
    struct look_up l = {.seg = at->seg,
                        .bits = at->bits,
                        .bytes = op->size,
                        .temporary = REG_ADDEND,
                        .reads = access == IR_READ,
                        .writes = access == IR_WRITE,
                        .back_in_stub = true,
                        .crossing = true};
    look_up(e, &l, at);
    refuse_to(e, &l, op);
    asm_rr(&e->as, 8, 0x01, REG_ADDEND, REG_ADDRESS);
}

void emit_limit_to_segment(struct emitter *e, const struct ir_op *op, const struct ir_address *at,
                           enum ir_access access)
{
    struct assembler *as = &e->as;
    struct look_up l = {.seg = at->seg, .bits = at->bits};
    size_t end =
        access == IR_WRITE ? offsetof(struct segment, write_end) : offsetof(struct segment, read_end);
    if (is_wide(e) || is_flat(e, &l))
        return;
    asm_load(as, 8, REG_ADDEND, segment_field(at->seg, end));
    if (at->bits == 16) {
        asm_mov_imm(as, REG_PLACE, UINT16_MAX + 1u);
        asm_least(as, 8, REG_ADDEND, REG_PLACE);
    }
    emit_offset(e, REG_PLACE, at);
    asm_rr(as, 8, 0x29, REG_PLACE, REG_ADDEND);
    if (op->size > 1) {
        asm_rr(as, 8, 0xC1, 5, REG_ADDEND);
        asm_byte(as, emit_log2(op->size));
        emit_stub(e, STUB_SLOW, op, asm_jcc(as, CC_E, NULL)); /* an operand over 64 KiB */
    }
    asm_least(as, 8, REG_T0, REG_ADDEND);
}

void emit_probe(struct emitter *e, const struct ir_op *op)
{
    struct look_up l = {.seg = op->address.seg,
                        .bits = op->address.bits,
                        .temporary = temporary_at(e, op->insn),
                        .back_in_stub = true,
                        .among_code = true};
    if (op->group)
        probe_group(e, op, &l);
    else
        probe_single(e, op, &l);
    refuse_to(e, &l, op);
}

/* A register whose value, where instruction `insn` begins, is the numbered one. IR_NONE: there is none. */
static unsigned holder_of(const struct emitter *e, unsigned insn, uint16_t version)
{
    for (unsigned i = 0; version && i < IR_GPRS; i++)
        if (e->ir->value[insn][i].version == version)
            return i;
    return IR_NONE;
}

static int64_t offset_in(const struct emitter *e, unsigned insn, unsigned reg)
{
    return reg == IR_NONE ? 0 : e->ir->value[insn][reg].offset;
}

/* A group's address before instruction `insn`. False where its registers have changed too much. */
static bool group_address(const struct emitter *e, const struct ir_group *g, unsigned insn,
                          struct ir_address *at)
{
    *at = (struct ir_address){.base = (uint8_t)holder_of(e, insn, g->base),
                              .index = (uint8_t)holder_of(e, insn, g->index),
                              .scale = g->scale,
                              .seg = g->seg,
                              .bits = g->bits};
    if ((g->base && at->base == IR_NONE) || (g->index && at->index == IR_NONE))
        return false;
    at->disp = g->low - offset_in(e, insn, at->base) - offset_in(e, insn, at->index) * (1 << g->scale);
    return at->disp == (int32_t)at->disp;
}

bool emit_group_anew(struct emitter *e, const struct ir_group *g, unsigned insn, struct look_up *l)
{
    struct ir_address at;
    if (!group_address(e, g, insn, &at))
        return false;
    *l = (struct look_up){.seg = g->seg,
                          .bits = g->bits,
                          .temporary = is_wide(e) ? temporary_at(e, insn) : REG_T1,
                          .out_of_line = !is_wide(e)};
    look_up_group(e, l, g, &at);
    return true;
}

void emit_group_ahead(struct emitter *e, const struct ir_group *g, struct look_up *l)
{
    struct ir_address at;
    bool known = group_address(e, g, 0, &at);
    ASSERT(known);
    *l = (struct look_up){.seg = g->seg, .bits = g->bits, .temporary = REG_T0};
    look_up_group(e, l, g, &at);
}
