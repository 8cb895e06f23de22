/* SPDX-License-Identifier: MIT */
/* Bit operations, exchanges with memory, double shifts, division. */
#include "core/x86/flag_recipe.h"
#include "core/x86/regs.h"
#include "jit/host/x86_64/emit.h"

/* CF is as the host has it, the other flags are as the recipe says. */
static void override_carry(struct emitter *e, const struct ir_op *op)
{
    if (!op->save_flags)
        return;
    asm_rm(&e->as, 1, 0x0F92, 0, CPU_FIELD(recipe.new_carry));
    asm_store_imm(&e->as, 1, CPU_FIELD(recipe.overrides), 1);
}

void emit_bit(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    unsigned which = op->code - IR_BT; /* BT, BTS, BTR, BTC */
    bool memory = op->d == IR_MEM;
    if (op->a == IR_IMM) {
        if (memory)
            asm_rm(as, op->size, 0x0FBA, 4 + which, e->mem);
        else
            asm_rr(as, op->size, 0x0FBA, 4 + which, emit_reg(op->d));
        asm_byte(as, (unsigned)op->imm & (op->size * 8u - 1));
    } else {
        asm_rr(as, op->size, 0x0FA3 + 8 * which, emit_reg(op->a), emit_reg(op->d));
    }
    override_carry(e, op);
}

void emit_setcf(struct emitter *e, const struct ir_op *op)
{
    static const uint8_t opcodes[] = {0xF8, 0xF9, 0xF5}; /* CLC, STC, CMC */
    asm_byte(&e->as, opcodes[op->imm]);
    override_carry(e, op);
}

void emit_df(struct emitter *e, const struct ir_op *op)
{
    asm_rm(&e->as, 4, 0x81, op->imm ? 1 : 4, CPU_FIELD(eflags));
    asm_imm32(&e->as, op->imm ? EFLAGS_DF : ~(uint32_t)EFLAGS_DF);
}

void emit_direction(struct emitter *e, const struct ir_op *op)
{
    asm_rm(&e->as, 1, 0xF6, 0, cpu_at(offsetof(struct cpu, eflags) + 1));
    asm_byte(&e->as, EFLAGS_DF >> 8);
    emit_stub(e, STUB_TURNED, op, asm_jcc(&e->as, op->imm ? CC_E : CC_NE, NULL));
}

/* A byte of the processor's state that must be 0, or the interpreter executes the instruction. */
static void leave_unless_zero(struct emitter *e, const struct ir_op *op, struct host_mem byte)
{
    asm_rm(&e->as, 1, 0x80, 7, byte);
    asm_byte(&e->as, 0);
    emit_stub(e, STUB_LEAVE, op, asm_jcc(&e->as, CC_NE, NULL));
}

/* What would be taken behind STI; and the next instruction must be within the horizon. */
static void leave_if_something_waits(struct emitter *e, const struct ir_op *op)
{
    leave_unless_zero(e, op, CPU_FIELD(intr));
    leave_unless_zero(e, op, CPU_FIELD(nmi_pending));
    leave_unless_zero(e, op, CPU_FIELD(smi_pending));
    if (jit_part_of(e->block, op->insn)->rest)
        return;
    asm_rr(&e->as, 8, 0x85, REG_BUDGET, REG_BUDGET);
    emit_stub(e, STUB_LEAVE, op, asm_jcc(&e->as, CC_LE, NULL));
}

/* In level 0 IF may be changed whatever IOPL is. */
void emit_if(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    leave_unless_zero(e, op, CPU_FIELD(cpl));
    if (op->imm) {
        asm_rm(as, 4, 0xF7, 0, CPU_FIELD(eflags));
        asm_imm32(as, EFLAGS_IF);
        uint8_t *set = asm_jcc(as, CC_NE, NULL);
        leave_if_something_waits(e, op);
        asm_patch(as->to_exec, set, asm_here(as));
    }
    asm_rm(as, 4, 0x81, op->imm ? 1 : 4, CPU_FIELD(eflags));
    asm_imm32(as, op->imm ? EFLAGS_IF : ~(uint32_t)EFLAGS_IF);
}

void emit_selector(struct emitter *e, const struct ir_op *op)
{
    struct host_mem selector = cpu_at(offsetof(struct cpu, seg) + (size_t)op->imm * sizeof(struct segment) +
                                      offsetof(struct segment, selector));
    if (op->size == 2)
        asm_load(&e->as, 2, emit_reg(op->d), selector);
    else
        asm_rm(&e->as, 4, 0x0FB7, emit_reg(op->d), selector);
}

/* Only a source that is not zero reaches the destination; then all flags are those of testing the source. */
void emit_scan(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    if (op->a == IR_MEM)
        asm_load(as, op->size, REG_T0, e->mem);
    else
        asm_mov_rr(as, op->size, REG_T0, emit_reg(op->a));
    asm_rr(as, op->size, 0x85, REG_T0, REG_T0);
    uint8_t *zero = asm_jcc(as, CC_E, NULL);
    asm_rr(as, op->size, op->code == IR_BSF ? 0x0FBC : 0x0FBD, emit_reg(op->d), REG_T0);
    asm_patch(as->to_exec, zero, asm_here(as));
    if (op->flags_live)
        asm_rr(as, op->size, 0x85, REG_T0, REG_T0);
    if (op->save_flags) {
        unsigned log2 = op->size == 2 ? 1 : op->size == 4 ? 2 : 3;
        asm_store(as, op->size, CPU_FIELD(recipe.result), REG_T0);
        asm_store_imm(as, 4, CPU_FIELD(recipe.kind), (int32_t)(RECIPE_LOGIC + log2));
    }
}

/* EDX:EAX by a register. A quotient that does not fit takes the slow path, where the handler faults. */
static void divide_unsigned(struct emitter *e, const struct ir_op *op, unsigned by)
{
    struct assembler *as = &e->as;
    asm_rr(as, op->size, 0x3B, RDX, by);
    emit_stub(e, STUB_SLOW, op, asm_jcc(as, CC_AE, NULL));
    asm_rr(as, op->size, 0xF7, 6, by);
}

/* The same, signed: fast where the dividend is a sign-extended EAX and the divisor is neither 0 nor -1. */
static void divide_signed(struct emitter *e, const struct ir_op *op, unsigned by)
{
    struct assembler *as = &e->as;
    asm_mov_rr(as, op->size, REG_T0, RAX);
    asm_rr(as, op->size, 0xC1, 7, REG_T0);
    asm_byte(as, op->size * 8u - 1);
    asm_rr(as, op->size, 0x3B, REG_T0, RDX);
    struct stub *slow = emit_stub(e, STUB_SLOW, op, asm_jcc(as, CC_NE, NULL));
    asm_lea(as, op->size == 8 ? 8 : 4, REG_T0, mem_base((enum host_reg)by, 1));
    asm_rr(as, op->size, 0x83, 7, REG_T0);
    asm_byte(as, 1);
    slow->jumps[1] = asm_jcc(as, CC_BE, NULL);
    asm_rr(as, op->size, 0xF7, 7, by);
}

void emit_divide(struct emitter *e, const struct ir_op *op)
{
    unsigned by = emit_reg(op->a);
    if (op->code == IR_DIV)
        divide_unsigned(e, op, by);
    else
        divide_signed(e, op, by);
}
