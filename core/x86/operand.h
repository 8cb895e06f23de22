/* SPDX-License-Identifier: MIT */
/* Operands of a decoded instruction: registers, effective addresses, sized values. */
#ifndef LATHE_CORE_X86_OPERAND_H
#define LATHE_CORE_X86_OPERAND_H

#include "core/x86/access.h"
#include "core/x86/insn.h"

/* Byte registers: 0-15 are the low bytes, 16-19 are AH, CH, DH, BH. */
static inline uint8_t reg_read8(const struct cpu *cpu, unsigned reg)
{
    return (uint8_t)(cpu->gpr[reg & 15] >> ((reg & 16) >> 1));
}

static inline void reg_write8(struct cpu *cpu, unsigned reg, uint8_t value)
{
    unsigned shift = (reg & 16) >> 1;
    uint64_t *gpr = &cpu->gpr[reg & 15];
    *gpr = (*gpr & ~((uint64_t)0xFF << shift)) | (uint64_t)value << shift;
}

static inline void reg_write16(struct cpu *cpu, unsigned reg, uint16_t value)
{
    cpu->gpr[reg] = (cpu->gpr[reg] & ~(uint64_t)0xFFFF) | value;
}

/* A register of `size` bytes; 4-byte writes clear the upper half, as in 64-bit mode. */
static inline uint64_t reg_read(const struct cpu *cpu, unsigned reg, unsigned size)
{
    switch (size) {
    case 1: return reg_read8(cpu, reg);
    case 2: return (uint16_t)cpu->gpr[reg];
    case 4: return (uint32_t)cpu->gpr[reg];
    default: return cpu->gpr[reg];
    }
}

static inline void reg_write(struct cpu *cpu, unsigned reg, unsigned size, uint64_t value)
{
    switch (size) {
    case 1: reg_write8(cpu, reg, (uint8_t)value); break;
    case 2: reg_write16(cpu, reg, (uint16_t)value); break;
    case 4: cpu->gpr[reg] = (uint32_t)value; break;
    default: cpu->gpr[reg] = value; break;
    }
}

/* Offset of the memory operand within its segment, cut to the address size. */
static inline uint64_t operand_offset(const struct cpu *cpu, const struct insn *insn)
{
    uint64_t sum =
        cpu->gpr[insn->base] + (cpu->gpr[insn->index] << insn->scale) + (uint64_t)(int64_t)insn->disp;
    return sum << insn->addr_shift >> insn->addr_shift;
}

/* The same where the address has 32 bits and no index. */
static inline uint64_t operand_base_offset(const struct cpu *cpu, const struct insn *insn)
{
    return (uint32_t)(cpu->gpr[insn->base] + (uint64_t)(int64_t)insn->disp);
}

/* Cuts an address to the instruction's address size. */
static inline uint64_t operand_wrap(const struct insn *insn, uint64_t address)
{
    return address << insn->addr_shift >> insn->addr_shift;
}

/* RIP of the instruction under way, and of the one after it. */
static inline uint64_t insn_rip(const struct cpu *cpu, const struct insn *insn)
{
    return cpu->rip + insn->offset;
}

/* The r/m operand of `size` bytes, register or memory. */
static inline bool operand_read(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    if (insn->flags & INSN_MEM)
        return mem_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
    *value = reg_read(cpu, insn->rm, size);
    return true;
}

/* The same, of an operand that is going to be written. */
static inline bool operand_modify_read(struct cpu *cpu, const struct insn *insn, unsigned size,
                                       uint64_t *value)
{
    if (insn->flags & INSN_MEM)
        return mem_modify_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
    *value = reg_read(cpu, insn->rm, size);
    return true;
}

static inline bool operand_write(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    if (insn->flags & INSN_MEM)
        return mem_write(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
    reg_write(cpu, insn->rm, size, value);
    return true;
}

#endif
