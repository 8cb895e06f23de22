/* SPDX-License-Identifier: MIT */
/* Bit operations, exchanges with memory, double shifts, division, single flags. */
#include "core/x86/regs.h"
#include "jit/lower_private.h"

static bool is_memory(const struct lower *l)
{
    return (l->insn->flags & INSN_MEM) != 0;
}

static bool is_high(unsigned reg)
{
    return reg >= IR_HIGH;
}

bool lower_bit(struct lower *l)
{
    unsigned size = l->insn->op_size;
    bool by_register = l->shape == SHAPE_RM_R;
    if (is_memory(l) && by_register)
        return false;
    unsigned rm = lower_rm(l, l->code == IR_BT ? IR_READ : IR_MODIFY, size);
    lower_add(l, l->code, size, rm, by_register ? l->insn->reg : IR_IMM)->imm = (int64_t)insn_imm(l->insn);
    return true;
}

bool lower_scan(struct lower *l)
{
    unsigned rm = lower_rm(l, IR_READ, l->insn->op_size);
    lower_add(l, l->code, l->insn->op_size, l->insn->reg, rm);
    return true;
}

bool lower_exchange(struct lower *l)
{
    if (!is_memory(l) || is_high(l->insn->reg))
        return false;
    unsigned rm = lower_rm(l, IR_MODIFY, l->insn->op_size);
    lower_add(l, l->code, l->insn->op_size, rm, l->insn->reg);
    return true;
}

bool lower_xchg(struct lower *l)
{
    unsigned size = l->insn->op_size;
    if (!is_memory(l)) {
        lower_add(l, IR_XCHG, size, l->insn->rm, l->insn->reg);
        return true;
    }
    if (is_high(l->insn->reg))
        return false;
    lower_rm(l, IR_MODIFY, size);
    lower_add(l, IR_MOV, size, IR_T0, IR_MEM);
    lower_add(l, IR_MOV, size, IR_MEM, l->insn->reg);
    lower_add(l, IR_MOV, size, l->insn->reg, IR_T0);
    return true;
}

/* By an immediate below the operand's size, or by CL. */
bool lower_double_shift(struct lower *l)
{
    unsigned size = l->insn->op_size, count = (unsigned)insn_imm(l->insn) & (size == 8 ? 63 : 31);
    bool by_cl = l->insn->opcode & 1;
    if (is_memory(l) || size < 4 || (!count && !by_cl))
        return false;
    lower_add(l, l->code, size, l->insn->rm, l->insn->reg)->imm = by_cl ? 0 : count;
    return true;
}

bool lower_divide(struct lower *l)
{
    unsigned size = l->insn->op_size;
    if (size == 1)
        return false;
    unsigned rm = lower_rm(l, IR_READ, size);
    lower_add(l, IR_MOV, size, IR_T1, rm);
    lower_add(l, l->code, size, GPR_AX, IR_T1);
    return true;
}

bool lower_set_carry(struct lower *l)
{
    static const uint8_t values[] = {[0xF8 - 0xF5] = 0, [0xF9 - 0xF5] = 1, [0xF5 - 0xF5] = 2};
    lower_add(l, IR_SETCF, 1, IR_NONE, IR_NONE)->imm = values[l->insn->opcode - 0xF5];
    return true;
}

bool lower_set_direction(struct lower *l)
{
    lower_add(l, IR_DF, 4, IR_NONE, IR_NONE)->imm = l->insn->opcode & 1;
    l->direction = l->insn->opcode & 1 ? DOWN : UP;
    return true;
}

/* Below level 0 the handler decides. An instruction that sets IF holds interrupts back until the next one is
 * done, which makes no difference where none waits and the next one is sure to be executed. */
bool lower_interrupt_flag(struct lower *l)
{
    if (l->assume->user)
        return false;
    lower_add(l, IR_IF, 4, IR_NONE, IR_NONE)->imm = l->insn->opcode & 1;
    lower_go_on(l);
    return true;
}

/* Some processors write 16 bits of a wider slot: theirs are the handler's. */
bool lower_push_segment(struct lower *l)
{
    static const uint8_t one_byte[] = {SEG_ES, SEG_CS, SEG_SS, SEG_DS};
    unsigned opcode = l->insn->opcode;
    unsigned segment = opcode == 0xA0 ? SEG_FS : opcode == 0xA8 ? SEG_GS : one_byte[opcode >> 3 & 3];
    if (l->short_push && l->insn->op_size == 4)
        return false;
    lower_add(l, IR_SELECTOR, 4, IR_T1, IR_NONE)->imm = segment;
    lower_push_value(l, l->insn->op_size, IR_T1);
    return true;
}

bool lower_from_segment(struct lower *l)
{
    if (l->insn->flags & INSN_MEM || l->insn->reg > SEG_GS)
        return false;
    lower_add(l, IR_SELECTOR, l->insn->op_size, l->insn->rm, IR_NONE)->imm = l->insn->reg;
    return true;
}

/* PUSH of a memory operand: the handler does both accesses anew where the second one is slow. */
bool lower_push_memory(struct lower *l)
{
    unsigned size = l->insn->op_size;
    lower_rm(l, IR_READ, size);
    lower_add(l, IR_MOV, size, IR_T1, IR_MEM);
    lower_push_value(l, size, IR_T1);
    return true;
}
