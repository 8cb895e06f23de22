/* SPDX-License-Identifier: MIT */
#include "core/x86/control.h"

#include "core/x86/long_mode.h"
#include "core/x86/mmu.h"
#include "core/x86/model.h"

enum { DR6_DEFINED = 0xE00F };
#define DR7_DEFINED  UINT64_C(0xFFFF23FF)
#define CR4_FLUSHING (uint64_t)(CR4_PSE | CR4_PAE | CR4_PGE)

static bool uses_pdptes(const struct cpu *cpu, uint64_t cr0, uint64_t cr4)
{
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(cpu->efer & EFER_LME);
}

static bool cr0_is_valid(const struct cpu *cpu, uint64_t value)
{
    if (value >> 32)
        return false;
    if ((value & CR0_PG) && !(value & CR0_PE))
        return false;
    if ((value & CR0_NW) && !(value & CR0_CD) && (cpu->model->cr0_mask & CR0_NW))
        return false;
    return true;
}

bool control_write_cr0(struct cpu *cpu, uint64_t value)
{
    uint64_t old = cpu->cr0;
    if (!cr0_is_valid(cpu, value))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    value = (value & cpu->model->cr0_mask) | cpu->model->cr0_fixed;
    uint64_t changed = old ^ value;
    if ((changed & CR0_PG) && (cpu->efer & EFER_LME) && !long_mode_switch(cpu, (value & CR0_PG) != 0))
        return false;
    if ((changed & value & CR0_PG) && uses_pdptes(cpu, value, cpu->cr4) && !mmu_load_pdptes(cpu, cpu->cr3))
        return false;
    cpu->cr0 = value;
    if (changed & CR0_PE)
        cpu->cpl = 0;
    if (changed & CR0_PG)
        tlb_flush(cpu, false);
    else if (changed & CR0_WP)
        tlb_derive_all(cpu);
    cpu_derive(cpu);
    return true;
}

bool control_load_cr3(struct cpu *cpu, uint64_t value)
{
    if (uses_pdptes(cpu, cpu->cr0, cpu->cr4) && !mmu_load_pdptes(cpu, value))
        return false;
    cpu->cr3 = value;
    tlb_flush(cpu, true);
    return true;
}

bool control_write_cr3(struct cpu *cpu, uint64_t value)
{
    if (cpu_is_long(cpu) && value >> cpu->model->physical_bits)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return control_load_cr3(cpu, value);
}

bool control_write_cr4(struct cpu *cpu, uint64_t value)
{
    uint64_t changed = cpu->cr4 ^ value;
    if ((value & ~(uint64_t)cpu->model->cr4_mask) || (cpu_is_long(cpu) && !(value & CR4_PAE)))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if ((changed & CR4_FLUSHING) && uses_pdptes(cpu, cpu->cr0, value) && !mmu_load_pdptes(cpu, cpu->cr3))
        return false;
    cpu->cr4 = value;
    if (changed & CR4_FLUSHING)
        tlb_flush(cpu, false);
    cpu_derive(cpu);
    return true;
}

bool control_write_cr8(struct cpu *cpu, uint64_t value)
{
    if (value >> 4)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->cr8 = value;
    return true;
}

/* LMA is the processor's own; what is written to it does not matter. */
bool control_write_efer(struct cpu *cpu, uint64_t value)
{
    uint64_t exists = cpu_model_efer_mask(cpu->model), changed = cpu->efer ^ value;
    if (value & ~exists || (changed & EFER_LME && cpu->cr0 & CR0_PG))
        return false;
    cpu->efer = (value & ~(uint64_t)EFER_LMA) | (cpu->efer & EFER_LMA);
    return true;
}

uint64_t debug_register_read(const struct cpu *cpu, unsigned number)
{
    return cpu->dr[number];
}

void debug_register_write(struct cpu *cpu, unsigned number, uint64_t value)
{
    if (number == 6)
        value = (value & DR6_DEFINED) | DR6_FIXED;
    if (number == 7)
        value = (value & DR7_DEFINED) | DR7_FIXED;
    cpu->dr[number] = value;
    cpu_derive(cpu);
}
