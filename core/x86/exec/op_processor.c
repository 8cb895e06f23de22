/* SPDX-License-Identifier: MIT */
/* CPUID, time-stamp and performance counters, model-specific registers, port I/O, UD (SDM 2, SDM 4). */
#include "core/x86/cpuid.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/io.h"
#include "core/x86/msr.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"

bool op_ud(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return cpu_fault(cpu, VECTOR_UD);
}

bool op_cpuid(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    struct cpuid_result result = cpuid_read(cpu, (uint32_t)cpu->gpr[GPR_AX], (uint32_t)cpu->gpr[GPR_CX]);
    cpu->gpr[GPR_AX] = result.eax;
    cpu->gpr[GPR_BX] = result.ebx;
    cpu->gpr[GPR_CX] = result.ecx;
    cpu->gpr[GPR_DX] = result.edx;
    return true;
}

static void set_pair(struct cpu *cpu, uint64_t value)
{
    cpu->gpr[GPR_AX] = (uint32_t)value;
    cpu->gpr[GPR_DX] = value >> 32;
}

bool op_rdtsc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    set_pair(cpu, cpu_tsc_ticks(cpu) + cpu->msr.tsc_offset);
    return true;
}

bool op_rdtscp(struct cpu *cpu, const struct insn *insn)
{
    if (!op_rdtsc(cpu, insn))
        return false;
    cpu->gpr[GPR_CX] = (uint32_t)cpu->msr.tsc_aux;
    return true;
}

/* Performance counters stand still: no event is counted. */
bool op_rdpmc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if ((!(cpu->cr4 & CR4_PCE) && cpu->cpl) || (uint32_t)cpu->gpr[GPR_CX] > 1)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    set_pair(cpu, cpu->msr.perfctr[cpu->gpr[GPR_CX] & 1]);
    return true;
}

bool op_rdmsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    (void)insn;
    if (cpu->cpl || !msr_read(cpu, (uint32_t)cpu->gpr[GPR_CX], &value))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    set_pair(cpu, value);
    return true;
}

bool op_wrmsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = (uint64_t)(uint32_t)cpu->gpr[GPR_DX] << 32 | (uint32_t)cpu->gpr[GPR_AX];
    (void)insn;
    if (cpu->cpl || !msr_write(cpu, (uint32_t)cpu->gpr[GPR_CX], value))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return true;
}

/* Port accesses are at most 32 bits wide whatever REX says. */
static unsigned port_size(unsigned op_size)
{
    return op_size == 8 ? 4 : op_size;
}

static bool port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (!io_permitted(cpu, port, size))
        return false;
    reg_write(cpu, GPR_AX, size, io_read(cpu, port, size));
    return true;
}

static bool port_out(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (!io_permitted(cpu, port, size))
        return false;
    io_write(cpu, port, size, (uint32_t)reg_read(cpu, GPR_AX, size));
    return true;
}

bool op_in_imm(struct cpu *cpu, const struct insn *insn)
{
    return port_in(cpu, (uint8_t)insn_imm(insn), port_size(insn->op_size));
}

bool op_in_dx(struct cpu *cpu, const struct insn *insn)
{
    return port_in(cpu, (uint16_t)cpu->gpr[GPR_DX], port_size(insn->op_size));
}

bool op_out_imm(struct cpu *cpu, const struct insn *insn)
{
    return port_out(cpu, (uint8_t)insn_imm(insn), port_size(insn->op_size));
}

bool op_out_dx(struct cpu *cpu, const struct insn *insn)
{
    return port_out(cpu, (uint16_t)cpu->gpr[GPR_DX], port_size(insn->op_size));
}
