/* SPDX-License-Identifier: MIT */
/* What MMX operations share: availability, operands, aliasing with the x87 registers (SDM 1, chapter 9;
 * SDM 3A 12.1). */
#ifndef LATHE_CORE_X86_EXEC_MMX_H
#define LATHE_CORE_X86_EXEC_MMX_H

#include "core/x86/exec/x87_access.h"

/* Before every MMX instruction: #UD by CR0.EM, #NM by CR0.TS, a waiting x87 error. */
static inline bool mmx_begin(struct cpu *cpu)
{
    if (__builtin_expect((cpu->cr0 & (CR0_EM | CR0_TS)) != 0, 0))
        return cpu_fault(cpu, cpu->cr0 & CR0_EM ? VECTOR_UD : VECTOR_NM);
    return __builtin_expect(!x87_pending(&cpu->x87), 1) || x87_report_error(cpu);
}

/* MMX registers know no REX bits. */
static inline uint64_t mmx_get(const struct cpu *cpu, unsigned reg)
{
    return cpu->x87.mantissa[reg & 7];
}

static inline void mmx_set(struct cpu *cpu, unsigned reg, uint64_t value)
{
    x87_mmx_write(&cpu->x87, reg & 7, value);
}

/* Starts an instruction with a source Q of `size` bytes in memory. When it succeeds the registers are MMX's.
 */
static inline bool mmx_source_sized(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    if (!mmx_begin(cpu))
        return false;
    if (!(insn->flags & INSN_MEM))
        *value = mmx_get(cpu, insn->rm);
    else if (!mem_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value))
        return false;
    x87_mmx_enter(&cpu->x87);
    return true;
}

static inline bool mmx_source(struct cpu *cpu, const struct insn *insn, uint64_t *value)
{
    return mmx_source_sized(cpu, insn, 8, value);
}

/* Starts an instruction without a source in memory. */
static inline bool mmx_enter(struct cpu *cpu)
{
    if (!mmx_begin(cpu))
        return false;
    x87_mmx_enter(&cpu->x87);
    return true;
}

#endif
