/* SPDX-License-Identifier: MIT */
/* Far JMP, CALL and RET, software interrupts, IRET, BOUND, SYSENTER and SYSEXIT (SDM 2). */
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
    return far_jump(cpu, insn->selector, insn->imm, insn->op_size);
}

bool op_jmp_far_mem(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    uint64_t offset;
    return read_far_pointer(cpu, insn, &selector, &offset) && far_jump(cpu, selector, offset, insn->op_size);
}

bool op_call_far_imm(struct cpu *cpu, const struct insn *insn)
{
    return far_call(cpu, insn->selector, insn->imm, insn->op_size, cpu->next_rip);
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
    return far_return(cpu, insn->op_size, (uint16_t)insn->imm);
}

/* Entry into a handler clears TF, and no single-step trap follows the instruction itself (SDM 3B 17.3.1.4).
 */
static bool entered(struct cpu *cpu, bool delivered)
{
    cpu->in_software_interrupt = delivered;
    return delivered;
}

bool op_int3(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return entered(cpu, interrupt_deliver(cpu, VECTOR_BP, INTERRUPT_SOFTWARE, false, 0, cpu->next_rip));
}

bool op_int(struct cpu *cpu, const struct insn *insn)
{
    return entered(cpu, interrupt_software(cpu, (uint8_t)insn->imm, cpu->next_rip));
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

/* Fixed flat segments of SYSENTER and SYSEXIT; the descriptor tables are not looked at. */
static void load_flat(struct cpu *cpu, enum seg_index index, uint64_t selector, unsigned attributes)
{
    cpu->seg[index] =
        (struct segment){.selector = (uint16_t)selector,
                         .limit = 0xFFFFFFFF,
                         .attributes = (uint16_t)(attributes | (selector & 3) << SEG_ATTR_DPL_SHIFT)};
    cpu_derive_segment(cpu, index);
}

enum {
    FLAT_DATA = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE | SEG_ATTR_ACCESSED | SEG_ATTR_DB | SEG_ATTR_G,
    FLAT_CODE = FLAT_DATA | SEG_ATTR_CODE,
    FLAT_CODE64 = (FLAT_CODE & ~SEG_ATTR_DB) | SEG_ATTR_L,
};

bool op_sysenter(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint64_t cs = cpu->msr.sysenter_cs & 0xFFFC;
    if (!cpu_is_protected(cpu) || cs == 0)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    bool wide = cpu_is_long(cpu);
    cpu->eflags &= ~(uint32_t)(EFLAGS_VM | EFLAGS_IF | EFLAGS_RF);
    cpu->cpl = 0;
    load_flat(cpu, SEG_CS, cs, wide ? FLAT_CODE64 : FLAT_CODE);
    load_flat(cpu, SEG_SS, cs + 8, FLAT_DATA);
    cpu->gpr[GPR_SP] = wide ? cpu->msr.sysenter_esp : (uint32_t)cpu->msr.sysenter_esp;
    cpu->next_rip = wide ? cpu->msr.sysenter_eip : (uint32_t)cpu->msr.sysenter_eip;
    cpu_derive(cpu);
    return true;
}

bool op_sysexit(struct cpu *cpu, const struct insn *insn)
{
    uint64_t base = cpu->msr.sysenter_cs & 0xFFFC;
    if (!cpu_is_protected(cpu) || base == 0 || cpu->cpl != 0)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    bool wide = insn->op_size == 8;
    uint64_t rip = cpu->gpr[GPR_DX], sp = cpu->gpr[GPR_CX];
    cpu->cpl = 3;
    load_flat(cpu, SEG_CS, (base + (wide ? 32 : 16)) | 3, wide ? FLAT_CODE64 : FLAT_CODE);
    load_flat(cpu, SEG_SS, (base + (wide ? 40 : 24)) | 3, FLAT_DATA);
    cpu->gpr[GPR_SP] = wide ? sp : (uint32_t)sp;
    cpu->next_rip = wide ? rip : (uint32_t)rip;
    cpu_derive(cpu);
    return true;
}
