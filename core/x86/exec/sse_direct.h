/* SPDX-License-Identifier: MIT */
/* Operands of the frequent SSE operations' own handlers. Where anything is in the way (SSE off, misalignment,
 * no fast path to memory) these do nothing and return false, and the handler hands over to exec_op by a tail
 * call. */
#ifndef LATHE_CORE_X86_EXEC_SSE_DIRECT_H
#define LATHE_CORE_X86_EXEC_SSE_DIRECT_H

#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/sse.h"

ALWAYS_INLINE bool sse_is_on(const struct cpu *cpu)
{
    return __builtin_expect(!(cpu->cr0 & (CR0_EM | CR0_TS)) && (cpu->cr4 & CR4_OSFXSR), 1);
}

/* 16 bytes of memory. */
ALWAYS_INLINE bool sse_load_direct(struct cpu *cpu, const struct insn *insn, bool aligned, struct xmm *value)
{
    uint64_t offset = operand_offset(cpu, insn);
    enum seg_index seg = (enum seg_index)insn->seg;
    const uint8_t *host;
    if (!mem_fast_read(cpu, seg, offset, 16, &host) || (aligned && !mem_is_aligned16(cpu, seg, offset)))
        return false;
    value->q[0] = load_le64(host);
    value->q[1] = load_le64(host + 8);
    return true;
}

ALWAYS_INLINE bool sse_store_direct(struct cpu *cpu, const struct insn *insn, bool aligned, struct xmm value)
{
    uint64_t offset = operand_offset(cpu, insn);
    enum seg_index seg = (enum seg_index)insn->seg;
    uint8_t *host;
    if (!mem_fast_write(cpu, seg, offset, 16, &host) || (aligned && !mem_is_aligned16(cpu, seg, offset)))
        return false;
    store_le64(host, value.q[0]);
    store_le64(host + 8, value.q[1]);
    return true;
}

/* The source W, aligned where it is in memory. */
ALWAYS_INLINE bool sse_source_direct(struct cpu *cpu, const struct insn *insn, struct xmm *value)
{
    if (!sse_is_on(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return sse_load_direct(cpu, insn, true, value);
    *value = sse_get(cpu, insn->rm);
    return true;
}

#endif
