/* SPDX-License-Identifier: MIT */
/* PUSHA, POPA, ENTER and LEAVE (SDM 2): registers change when nothing can fault any more. */
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"
#include "core/x86/stack.h"

/* Stores below *offset and moves it there; the stack pointer follows when nothing can fault any more. */
static bool push_below(struct cpu *cpu, const struct insn *insn, uint64_t *offset, uint64_t value)
{
    *offset = (*offset - insn->op_size) & cpu->sp_mask;
    return mem_write(cpu, insn, SEG_SS, *offset, insn->op_size, value);
}

bool op_pusha(struct cpu *cpu, const struct insn *insn)
{
    uint64_t offset = cpu->gpr[GPR_SP];
    for (unsigned i = 0; i < 8; i++) {
        if (!push_below(cpu, insn, &offset, reg_read(cpu, i, insn->op_size)))
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

/* Copies the outer frame pointers of a nested ENTER, each read behind the store of the one before. */
static bool copy_display(struct cpu *cpu, const struct insn *insn, uint64_t *offset, unsigned level)
{
    for (unsigned i = 1; i < level; i++) {
        uint64_t outer = (cpu->gpr[GPR_BP] - i * insn->op_size) & cpu->sp_mask, value;
        if (!mem_read(cpu, insn, SEG_SS, outer, insn->op_size, &value) ||
            !push_below(cpu, insn, offset, value))
            return false;
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
    unsigned size = insn->op_size, level = insn_imm(insn) >> 16 & ENTER_MAX_LEVEL;
    uint64_t offset = cpu->gpr[GPR_SP];
    if (!push_below(cpu, insn, &offset, reg_read(cpu, GPR_BP, size)))
        return false;
    uint64_t frame_pointer = offset;
    if (!copy_display(cpu, insn, &offset, level))
        return false;
    if (level > 0 && !push_below(cpu, insn, &offset, frame_pointer))
        return false;
    uint64_t top = (offset - (insn_imm(insn) & 0xFFFF)) & cpu->sp_mask;
    if (!probe_top(cpu, top, size))
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
