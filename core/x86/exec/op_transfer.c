/* SPDX-License-Identifier: MIT */
/* Far JMP, CALL and RET, software interrupts, IRET, BOUND (SDM 2). */
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"
#include "core/x86/stack.h"

static bool read_far_pointer(struct cpu *cpu, const struct insn *insn, uint16_t *selector, uint64_t *offset)
{
    uint64_t start = operand_offset(cpu, insn), value;
    enum seg_index seg = (enum seg_index)insn->seg;
    if (!mem_read(cpu, insn, seg, start, insn->op_size, offset) ||
        !mem_read(cpu, insn, seg, operand_wrap(insn, start + insn->op_size), 2, &value))
        return false;
    *selector = (uint16_t)value;
    return true;
}

bool op_jmp_far_imm(struct cpu *cpu, const struct insn *insn)
{
    return far_jump(cpu, insn->selector, (uint32_t)insn->imm, insn->op_size);
}

bool op_jmp_far_mem(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    uint64_t offset;
    return read_far_pointer(cpu, insn, &selector, &offset) && far_jump(cpu, selector, offset, insn->op_size);
}

bool op_call_far_imm(struct cpu *cpu, const struct insn *insn)
{
    return far_call(cpu, insn->selector, (uint32_t)insn->imm, insn->op_size, cpu->next_rip);
}

bool op_call_far_mem(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    uint64_t offset;
    return read_far_pointer(cpu, insn, &selector, &offset) &&
           far_call(cpu, selector, offset, insn->op_size, cpu->next_rip);
}

bool op_retf(struct cpu *cpu, const struct insn *insn)
{
    return far_return(cpu, insn->op_size, 0);
}

bool op_retf_imm(struct cpu *cpu, const struct insn *insn)
{
    return far_return(cpu, insn->op_size, (uint16_t)insn_imm(insn));
}

/* Entry into a handler clears TF, and no single-step trap follows the instruction itself (SDM 3B 17.3.1.4).
 */
static bool entered(struct cpu *cpu, bool delivered)
{
    cpu->step_settled = delivered;
    return delivered;
}

bool op_int3(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return entered(cpu, interrupt_deliver(cpu, VECTOR_BP, INTERRUPT_SOFTWARE, false, 0, cpu->next_rip));
}

bool op_int(struct cpu *cpu, const struct insn *insn)
{
    return entered(cpu, interrupt_software(cpu, (uint8_t)insn_imm(insn), cpu->next_rip));
}

bool op_into(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!(cpu_get_eflags(cpu) & EFLAGS_OF))
        return true;
    return entered(cpu, interrupt_deliver(cpu, VECTOR_OF, INTERRUPT_SOFTWARE, false, 0, cpu->next_rip));
}

bool op_int1(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return entered(cpu, interrupt_deliver(cpu, VECTOR_DB, INTERRUPT_ICEBP, false, 0, cpu->next_rip));
}

bool op_iret(struct cpu *cpu, const struct insn *insn)
{
    return interrupt_return(cpu, insn->op_size);
}

static int64_t sign_extended(uint64_t value, unsigned size)
{
    return size == 2 ? (int16_t)value : (int32_t)value;
}

bool op_bound(struct cpu *cpu, const struct insn *insn)
{
    uint64_t start = operand_offset(cpu, insn), lower, upper;
    enum seg_index seg = (enum seg_index)insn->seg;
    unsigned size = insn->op_size;
    if (!mem_read(cpu, insn, seg, start, size, &lower) ||
        !mem_read(cpu, insn, seg, operand_wrap(insn, start + size), size, &upper))
        return false;
    int64_t index = sign_extended(reg_read(cpu, insn->reg, size), size);
    if (index < sign_extended(lower, size) || index > sign_extended(upper, size))
        return cpu_fault(cpu, VECTOR_BR);
    return true;
}
