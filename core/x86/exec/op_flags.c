/* SPDX-License-Identifier: MIT */
/* CLI, STI, PUSHF and POPF with IOPL, VME and PVI (SDM 2; 3A 20.3, 20.4). */
#include "core/x86/eflags.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"
#include "core/x86/stack.h"

/* What IF-sensitive instructions act on. */
enum interrupt_flag { FLAG_REAL, FLAG_VIRTUAL, FLAG_DENIED };

static enum interrupt_flag interrupt_flag(const struct cpu *cpu)
{
    if (!cpu_is_protected(cpu) || cpu->cpl <= cpu_iopl(cpu))
        return FLAG_REAL;
    if (cpu_is_v86(cpu))
        return cpu->cr4 & CR4_VME ? FLAG_VIRTUAL : FLAG_DENIED;
    return cpu->cpl == 3 && cpu->cr4 & CR4_PVI ? FLAG_VIRTUAL : FLAG_DENIED;
}

bool op_cli(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    enum interrupt_flag flag = interrupt_flag(cpu);
    if (flag == FLAG_DENIED)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->eflags &= ~(uint32_t)(flag == FLAG_REAL ? EFLAGS_IF : EFLAGS_VIF);
    return true;
}

bool op_sti(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    enum interrupt_flag flag = interrupt_flag(cpu);
    if (flag == FLAG_DENIED || (flag == FLAG_VIRTUAL && cpu->eflags & EFLAGS_VIP))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (flag == FLAG_VIRTUAL) {
        cpu->eflags |= EFLAGS_VIF;
        return true;
    }
    if (!(cpu->eflags & EFLAGS_IF))
        cpu->shadow = SHADOW_STI;
    cpu->eflags |= EFLAGS_IF;
    return true;
}

/* V86 below IOPL 3: only the 16-bit forms exist, and only with VME. */
static bool v86_virtual_flags(const struct cpu *cpu)
{
    return cpu_is_v86(cpu) && cpu_iopl(cpu) < 3;
}

static bool push_image(struct cpu *cpu, const struct insn *insn, uint32_t image)
{
    uint64_t offset = (cpu->gpr[GPR_SP] - insn->op_size) & cpu->sp_mask;
    if (!mem_write(cpu, insn, SEG_SS, offset, insn->op_size, image))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, offset);
    return true;
}

bool op_pushf(struct cpu *cpu, const struct insn *insn)
{
    uint32_t image = cpu_get_eflags(cpu) & ~(uint32_t)(EFLAGS_VM | EFLAGS_RF);
    if (v86_virtual_flags(cpu)) {
        if (!(cpu->cr4 & CR4_VME) || insn->op_size != 2)
            return cpu_fault_code(cpu, VECTOR_GP, 0);
        image = (image & ~(uint32_t)EFLAGS_IF) | EFLAGS_IOPL | (image & EFLAGS_VIF ? EFLAGS_IF : 0u);
    }
    return push_image(cpu, insn, image);
}

static uint32_t popf_mask(const struct cpu *cpu, unsigned size)
{
    uint32_t mask = EFLAGS_ANY_LEVEL;
    if (!cpu_is_protected(cpu))
        mask = (mask | EFLAGS_IOPL | EFLAGS_IF) & cpu_model_real_eflags(cpu->model);
    else if (cpu->cpl == 0)
        mask |= EFLAGS_IOPL | EFLAGS_IF;
    else if (cpu->cpl <= cpu_iopl(cpu))
        mask |= EFLAGS_IF;
    return size == 2 ? mask & 0xFFFF : mask;
}

static bool popf_v86_virtual(struct cpu *cpu, uint32_t image)
{
    if (image & EFLAGS_TF || (image & EFLAGS_IF && cpu->eflags & EFLAGS_VIP))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    eflags_write(cpu, image, EFLAGS_ANY_LEVEL & 0xFFFF);
    cpu->eflags = (cpu->eflags & ~(uint32_t)EFLAGS_VIF) | (image & EFLAGS_IF ? EFLAGS_VIF : 0u);
    return true;
}

bool op_popf(struct cpu *cpu, const struct insn *insn)
{
    bool is_virtual = v86_virtual_flags(cpu);
    uint32_t old = cpu->eflags;
    uint64_t image;
    if (is_virtual && (!(cpu->cr4 & CR4_VME) || insn->op_size != 2))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!mem_read(cpu, insn, SEG_SS, cpu->gpr[GPR_SP] & cpu->sp_mask, insn->op_size, &image))
        return false;
    if (!is_virtual)
        eflags_write(cpu, (uint32_t)image, popf_mask(cpu, insn->op_size));
    else if (!popf_v86_virtual(cpu, (uint32_t)image))
        return false;
    stack_release(cpu, insn->op_size);
    if ((old ^ cpu->eflags) & EFLAGS_AC)
        cpu_derive(cpu);
    return true;
}
