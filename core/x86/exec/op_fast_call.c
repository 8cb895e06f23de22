/* SPDX-License-Identifier: MIT */
/* SYSENTER, SYSEXIT, SYSCALL, SYSRET and SWAPGS (SDM 2B), as Intel's processors do them: system calls without
 * a look at the descriptor tables. */
#include "core/x86/eflags.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"

enum {
    FLAT_DATA = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE | SEG_ATTR_ACCESSED | SEG_ATTR_DB | SEG_ATTR_G,
    FLAT_CODE = FLAT_DATA | SEG_ATTR_CODE,
    FLAT_CODE64 = (FLAT_CODE & ~SEG_ATTR_DB) | SEG_ATTR_L,
};

/* Distances of the selectors from the ones in the MSRs. */
enum {
    SYSEXIT_CS = 16,
    SYSEXIT_SS = 24,
    SYSEXIT_CS64 = 32,
    SYSEXIT_SS64 = 40,
    SYSRET_SS = 8,
    SYSRET_CS64 = 16
};

/* What SYSRET takes from R11. */
enum { SYSRET_FLAGS = 0x3C7FD7 };

/* A fixed flat segment at the level that the selector names. */
static struct segment flat(uint64_t selector, unsigned attributes)
{
    return (struct segment){.selector = (uint16_t)selector,
                            .limit = 0xFFFFFFFF,
                            .attributes = (uint16_t)(attributes | (selector & 3) << SEG_ATTR_DPL_SHIFT)};
}

/* Continues at rip in flat segments. */
static void enter_flat(struct cpu *cpu, uint64_t cs, unsigned code, uint64_t ss, uint64_t rip)
{
    cpu->cpl = cs & 3;
    cpu->seg[SEG_CS] = flat(cs, code);
    cpu->seg[SEG_SS] = flat(ss, FLAT_DATA);
    cpu->next_rip = rip;
    cpu_derive(cpu);
}

bool op_sysenter(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint64_t cs = cpu->msr.sysenter_cs & 0xFFFC;
    if (!cpu_is_protected(cpu) || cs == 0)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    bool wide = cpu_is_long(cpu);
    cpu->eflags &= ~(uint32_t)(EFLAGS_VM | EFLAGS_IF | EFLAGS_RF);
    cpu->gpr[GPR_SP] = wide ? cpu->msr.sysenter_esp : (uint32_t)cpu->msr.sysenter_esp;
    uint64_t rip = wide ? cpu->msr.sysenter_eip : (uint32_t)cpu->msr.sysenter_eip;
    enter_flat(cpu, cs, wide ? FLAT_CODE64 : FLAT_CODE, cs + 8, rip);
    return true;
}

bool op_sysexit(struct cpu *cpu, const struct insn *insn)
{
    uint64_t base = cpu->msr.sysenter_cs & 0xFFFC, rip = cpu->gpr[GPR_DX], sp = cpu->gpr[GPR_CX];
    bool wide = insn->op_size == 8;
    if (!cpu_is_protected(cpu) || base == 0 || cpu->cpl != 0)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (wide && (!is_canonical(rip) || !is_canonical(sp)))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->gpr[GPR_SP] = wide ? sp : (uint32_t)sp;
    if (wide)
        enter_flat(cpu, (base + SYSEXIT_CS64) | 3, FLAT_CODE64, (base + SYSEXIT_SS64) | 3, rip);
    else
        enter_flat(cpu, (base + SYSEXIT_CS) | 3, FLAT_CODE, (base + SYSEXIT_SS) | 3, (uint32_t)rip);
    return true;
}

/* The single-step trap after SYSCALL and SYSRET goes by the flag that they leave behind, so that a kernel
 * that masks TF is not stepped into and its caller sees one step over the whole call. */
static void step_by_new_flag(struct cpu *cpu)
{
    cpu->step_settled = true;
    if (cpu->eflags & EFLAGS_TF)
        cpu->debug_hits |= DR6_BS;
}

bool op_syscall(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!(cpu->efer & EFER_SCE))
        return cpu_fault(cpu, VECTOR_UD);
    uint32_t eflags = cpu_get_eflags(cpu);
    uint64_t cs = cpu->msr.star >> 32 & 0xFFFC;
    cpu->gpr[GPR_CX] = cpu->next_rip;
    cpu->gpr[GPR_R11] = eflags;
    cpu_set_eflags(cpu, eflags & ~(uint32_t)(cpu->msr.fmask | EFLAGS_RF));
    enter_flat(cpu, cs, FLAT_CODE64, cs + 8, cpu->msr.lstar);
    step_by_new_flag(cpu);
    return true;
}

bool op_sysret(struct cpu *cpu, const struct insn *insn)
{
    bool wide = insn->op_size == 8;
    uint64_t base = cpu->msr.star >> 48, rip = cpu->gpr[GPR_CX];
    if (!(cpu->efer & EFER_SCE))
        return cpu_fault(cpu, VECTOR_UD);
    if (cpu->cpl || (wide && !is_canonical(rip)))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu_set_eflags(cpu, (uint32_t)cpu->gpr[GPR_R11] & SYSRET_FLAGS);
    if (wide)
        enter_flat(cpu, (base + SYSRET_CS64) | 3, FLAT_CODE64, (base + SYSRET_SS) | 3, rip);
    else
        enter_flat(cpu, base | 3, FLAT_CODE, (base + SYSRET_SS) | 3, (uint32_t)rip);
    step_by_new_flag(cpu);
    return true;
}

bool op_swapgs(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    uint64_t base = cpu->seg[SEG_GS].base;
    cpu->seg[SEG_GS].base = cpu->msr.kernel_gs_base;
    cpu->msr.kernel_gs_base = base;
    cpu_derive_segment(cpu, SEG_GS);
    return true;
}
