/* SPDX-License-Identifier: MIT */
/* CPUID, time-stamp and performance counters, model-specific registers, port I/O, UD (SDM 2, SDM 4). */
#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/io.h"
#include "core/x86/model.h"
#include "core/x86/msr.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"

bool op_ud(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return cpu_fault(cpu, VECTOR_UD);
}

static void set_four(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    cpu->gpr[GPR_AX] = a;
    cpu->gpr[GPR_BX] = b;
    cpu->gpr[GPR_CX] = c;
    cpu->gpr[GPR_DX] = d;
}

#define LEAF_EXTENDED   UINT32_C(0x80000000)
#define LEAF_BRAND_LAST UINT32_C(0x80000004)

/* Leaves 80000000h to 80000004h: the brand string, 16 characters a leaf, and nothing else yet. */
static void extended_leaf(struct cpu *cpu, uint32_t leaf)
{
    uint8_t brand[48] = {0};
    if (leaf < LEAF_EXTENDED + 2) {
        set_four(cpu, leaf == LEAF_EXTENDED ? LEAF_BRAND_LAST : 0, 0, 0, 0);
        return;
    }
    memcpy(brand, cpu->model->brand, strlen(cpu->model->brand));
    const uint8_t *part = brand + 16 * (leaf - LEAF_EXTENDED - 2);
    set_four(cpu, load_le32(part), load_le32(part + 4), load_le32(part + 8), load_le32(part + 12));
}

/* A leaf above the highest answers as the highest does. */
bool op_cpuid(struct cpu *cpu, const struct insn *insn)
{
    const struct cpu_model *model = cpu->model;
    (void)insn;
    uint32_t leaf = (uint32_t)cpu->gpr[GPR_AX];
    if (model->brand && leaf >= LEAF_EXTENDED && leaf <= LEAF_BRAND_LAST) {
        extended_leaf(cpu, leaf);
        return true;
    }
    if (leaf > model->max_leaf)
        leaf = model->max_leaf;
    const uint8_t *vendor = (const uint8_t *)model->vendor;
    switch (leaf) {
    case 0:
        set_four(cpu, model->max_leaf, load_le32(vendor), load_le32(vendor + 8), load_le32(vendor + 4));
        break;
    case 1:
        set_four(cpu, model->signature, model->leaf1_ebx, model->features_ecx, model->features_edx);
        break;
    default: set_four(cpu, model->caches[0], model->caches[1], model->caches[2], model->caches[3]); break;
    }
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

/* Performance counters exist and stand still: counting is not selected by any event yet. */
bool op_rdpmc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if ((!(cpu->cr4 & CR4_PCE) && cpu->cpl) || (uint32_t)cpu->gpr[GPR_CX] > 1)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    set_pair(cpu, 0);
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
    return port_in(cpu, (uint8_t)insn->imm, port_size(insn->op_size));
}

bool op_in_dx(struct cpu *cpu, const struct insn *insn)
{
    return port_in(cpu, (uint16_t)cpu->gpr[GPR_DX], port_size(insn->op_size));
}

bool op_out_imm(struct cpu *cpu, const struct insn *insn)
{
    return port_out(cpu, (uint8_t)insn->imm, port_size(insn->op_size));
}

bool op_out_dx(struct cpu *cpu, const struct insn *insn)
{
    return port_out(cpu, (uint16_t)cpu->gpr[GPR_DX], port_size(insn->op_size));
}
