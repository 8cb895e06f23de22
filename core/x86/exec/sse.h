/* SPDX-License-Identifier: MIT */
/* What SSE operations share: availability, operands, floating-point environment (SDM 1, chapters 10 and 11;
 * SDM 3A 13.1). */
#ifndef LATHE_CORE_X86_EXEC_SSE_H
#define LATHE_CORE_X86_EXEC_SSE_H

#include "core/x86/operand.h"

/* An XMM register or a 16-byte operand: q[0] is bits 0-63. */
struct xmm {
    uint64_t q[2];
};

/* Before instructions on XMM registers or MXCSR: #UD by CR0.EM and CR4.OSFXSR, #NM by CR0.TS. */
static inline bool sse_begin(struct cpu *cpu)
{
    bool off = (cpu->cr0 & CR0_EM) || !(cpu->cr4 & CR4_OSFXSR);
    if (__builtin_expect(off || (cpu->cr0 & CR0_TS), 0))
        return cpu_fault(cpu, off ? VECTOR_UD : VECTOR_NM);
    return true;
}

static inline struct xmm sse_get(const struct cpu *cpu, unsigned reg)
{
    return (struct xmm){{cpu->xmm[reg][0], cpu->xmm[reg][1]}};
}

static inline void sse_set(struct cpu *cpu, unsigned reg, struct xmm value)
{
    cpu->xmm[reg][0] = value.q[0];
    cpu->xmm[reg][1] = value.q[1];
}

/* 16 bytes of memory that must be aligned: #GP, before any fault of the segment. */
static inline bool sse_load_aligned(struct cpu *cpu, const struct insn *insn, struct xmm *value)
{
    uint64_t offset = operand_offset(cpu, insn);
    enum seg_index seg = (enum seg_index)insn->seg;
    if (__builtin_expect(!mem_is_aligned16(cpu, seg, offset), 0))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return mem_read16(cpu, insn, seg, offset, value->q);
}

static inline bool sse_store_aligned(struct cpu *cpu, const struct insn *insn, struct xmm value)
{
    uint64_t offset = operand_offset(cpu, insn);
    enum seg_index seg = (enum seg_index)insn->seg;
    if (__builtin_expect(!mem_is_aligned16(cpu, seg, offset), 0))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return mem_write16(cpu, insn, seg, offset, value.q);
}

static inline bool sse_load(struct cpu *cpu, const struct insn *insn, struct xmm *value)
{
    return mem_read16(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), value->q);
}

static inline bool sse_store(struct cpu *cpu, const struct insn *insn, struct xmm value)
{
    return mem_write16(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), value.q);
}

/* Starts an instruction with a 16-byte source W, aligned where it is in memory. */
static inline bool sse_source(struct cpu *cpu, const struct insn *insn, struct xmm *value)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return sse_load_aligned(cpu, insn, value);
    *value = sse_get(cpu, insn->rm);
    return true;
}

/* Starts an instruction with a source of 4 or 8 bytes: the low part of W. */
static inline bool sse_source_low(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return mem_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
    *value = size == 4 ? (uint32_t)cpu->xmm[insn->rm][0] : cpu->xmm[insn->rm][0];
    return true;
}

#endif
