/* SPDX-License-Identifier: MIT */
/* Repeated string instructions: a loop over the pages that they touch, each done by a routine. What one page
 * cannot hold, or a page refuses, or the budget does not cover is the handler's, from the iteration on that
 * has been reached. */
#include "jit/host/x86_64/emit.h"

/* CX, cut to the address size, in R10. */
static void load_count(struct emitter *e, unsigned bits)
{
    if (bits == 16)
        asm_rr(&e->as, 4, 0x0FB7, REG_T0, RCX);
    else
        asm_mov_rr(&e->as, bits / 8, REG_T0, RCX);
}

static bool goes_down(const struct ir_op *op)
{
    return op->imm & REPEAT_DOWN;
}

/* What the routine wants in R8, R10 and R11. */
static void find_elements(struct emitter *e, const struct ir_op *op)
{
    enum ir_repeat what = ir_repeat_of(op->imm);
    bool writes = what == REPEAT_MOVES || what == REPEAT_STORES;
    bool has_source = ir_repeat_has_source(what);
    enum ir_access access = writes ? IR_WRITE : IR_READ;
    struct ir_address to = op->address;
    to.base = GPR_DI;
    to.seg = SEG_ES;
    if (has_source) {
        emit_element(e, op, &op->address, IR_READ);
        asm_mov_rr(&e->as, 8, REG_T1, REG_ADDRESS);
    }
    emit_element(e, op, &to, access);
    load_count(e, op->address.bits);
    if (has_source)
        emit_limit_to_segment(e, op, &op->address, IR_READ);
    emit_limit_to_segment(e, op, &to, access);
}

/* Moves a pointer over the R10 elements that were done, or -R10 where they went down. */
static void advance(struct emitter *e, const struct ir_op *op, unsigned pointer)
{
    asm_lea(&e->as, op->address.bits / 8, pointer,
            (struct host_mem){(uint8_t)pointer, REG_T0, (uint8_t)emit_log2(op->size), 0});
}

static void negate_count(struct emitter *e)
{
    asm_rr(&e->as, 8, 0xF7, 3, REG_T0);
}

static void advance_all(struct emitter *e, const struct ir_op *op)
{
    if (goes_down(op))
        negate_count(e);
    if (ir_repeat_has_source(ir_repeat_of(op->imm)))
        advance(e, op, RSI);
    advance(e, op, RDI);
    if (goes_down(op))
        negate_count(e);
}

static void count_done(struct emitter *e, const struct ir_op *op, const uint8_t *again)
{
    struct assembler *as = &e->as;
    asm_rr(as, 8, 0x29, REG_T0, REG_BUDGET);
    asm_rr(as, op->address.bits / 8, 0x29, REG_T0, RCX);
    if (ir_repeat_of(op->imm) == REPEAT_MOVES || ir_repeat_of(op->imm) == REPEAT_STORES) {
        asm_jcc(as, CC_NE, again);
        return;
    }
    uint8_t *ended = asm_jcc(as, CC_E, NULL);
    asm_rr(as, 4, 0x85, REG_ADDEND, REG_ADDEND);
    asm_jcc(as, CC_E, again);
    asm_patch(as->to_exec, ended, asm_here(as));
}

/* The instruction was off the budget as one. */
void emit_repeat(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    asm_rr(as, op->address.bits / 8, 0x85, RCX, RCX);
    uint8_t *none = asm_jcc(as, CC_E, NULL);
    const uint8_t *again = asm_here(as);
    asm_rr(as, 8, 0x85, REG_BUDGET, REG_BUDGET);
    emit_stub(e, STUB_SLOW, op, asm_jcc(as, CC_E, NULL));
    find_elements(e, op);
    asm_call(as, e->jit->routines.repeat[goes_down(op)][ir_repeat_of(op->imm)][emit_log2(op->size)]);
    advance_all(e, op);
    count_done(e, op, again);
    asm_rr(as, 8, 0xFF, 0, REG_BUDGET);
    asm_patch(as->to_exec, none, asm_here(as));
}
