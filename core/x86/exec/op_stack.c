/* SPDX-License-Identifier: MIT */
/* PUSHA, POPA, ENTER and LEAVE (SDM 2): each faults as a whole. */
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"
#include "core/x86/stack.h"

bool op_pusha(struct cpu *cpu, const struct insn *insn)
{
    struct stack_frame frame;
    unsigned size = insn->op_size;
    stack_frame_current(cpu, &frame, size);
    for (unsigned i = 0; i < 8; i++)
        stack_frame_push(&frame, reg_read(cpu, i, size));
    if (!stack_frame_check(cpu, &frame, 0))
        return false;
    uint64_t offset = cpu->gpr[GPR_SP];
    for (unsigned i = 0; i < 8; i++) {
        offset = (offset - size) & cpu->sp_mask;
        if (!mem_write(cpu, insn, SEG_SS, offset, size, frame.value[i]))
            return false;
    }
    stack_pointer_set(cpu, cpu->sp_mask, offset);
    return true;
}

bool op_popa(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size;
    uint64_t value[8];
    for (unsigned i = 0; i < 8; i++) {
        uint64_t offset = (cpu->gpr[GPR_SP] + i * size) & cpu->sp_mask;
        if (!mem_read(cpu, insn, SEG_SS, offset, size, &value[i]))
            return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (7 - i != GPR_SP)
            reg_write(cpu, 7 - i, size, value[i]);
    }
    stack_release(cpu, 8 * size);
    return true;
}

enum { ENTER_MAX_LEVEL = 31 };

/* Copies the outer frame pointers of a nested ENTER. */
static bool copy_display(struct cpu *cpu, const struct insn *insn, struct stack_frame *frame, unsigned level)
{
    for (unsigned i = 1; i < level; i++) {
        uint64_t offset = (cpu->gpr[GPR_BP] - i * insn->op_size) & cpu->sp_mask, value;
        if (!mem_read(cpu, insn, SEG_SS, offset, insn->op_size, &value))
            return false;
        stack_frame_push(frame, value);
    }
    return true;
}

/* The final stack pointer must be writable, though nothing is written there (SDM 2A ENTER). */
static bool probe_top(struct cpu *cpu, uint64_t offset, unsigned size)
{
    gva_t address;
    return segment_check(cpu, SEG_SS, offset, size, true, &address) &&
           linear_probe(cpu, address, size, cpu->user != 0, true);
}

bool op_enter(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size, level = insn->imm >> 16 & ENTER_MAX_LEVEL;
    uint64_t frame_pointer = (cpu->gpr[GPR_SP] - size) & cpu->sp_mask;
    struct stack_frame frame;
    stack_frame_current(cpu, &frame, size);
    stack_frame_push(&frame, reg_read(cpu, GPR_BP, size));
    if (!copy_display(cpu, insn, &frame, level))
        return false;
    if (level > 0)
        stack_frame_push(&frame, frame_pointer);
    if (!stack_frame_check(cpu, &frame, 0))
        return false;
    uint64_t top = (frame.sp - (insn->imm & 0xFFFF)) & cpu->sp_mask;
    if (!probe_top(cpu, top, size))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    reg_write(cpu, GPR_BP, size, frame_pointer);
    stack_pointer_set(cpu, cpu->sp_mask, top);
    return true;
}

bool op_leave(struct cpu *cpu, const struct insn *insn)
{
    uint64_t offset = cpu->gpr[GPR_BP] & cpu->sp_mask, value;
    if (!mem_read(cpu, insn, SEG_SS, offset, insn->op_size, &value))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, offset + insn->op_size);
    reg_write(cpu, GPR_BP, insn->op_size, value);
    return true;
}
