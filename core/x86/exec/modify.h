/* SPDX-License-Identifier: MIT */
/* Read-modify-write of a memory operand: the write's rights are proved before flags change. */
#ifndef LATHE_CORE_X86_EXEC_MODIFY_H
#define LATHE_CORE_X86_EXEC_MODIFY_H

#include "core/x86/exec/load_store.h"

typedef uint64_t alu_fn(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits);

/* A value's low `bits` bits. */
static inline uint64_t cut(uint64_t value, unsigned bits)
{
    return value << (64 - bits) >> (64 - bits);
}

/* The slow form: flags are put back where the store faults. */
const struct insn *alu_modify_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset,
                                   uint64_t operand, unsigned bits, alu_fn *compute);

/* memory = compute(memory, operand). */
ALWAYS_INLINE const struct insn *alu_modify(struct cpu *cpu, const struct insn *insn, uint64_t offset,
                                            uint64_t operand, unsigned bits, alu_fn *compute)
{
    uint8_t *host; /* open to writes means open to reads: see cpu_derive_segment and tlb_derive_entry */
    if (!mem_fast_write(cpu, (enum seg_index)insn->seg, offset, bits / 8, &host))
        return alu_modify_slow(cpu, insn, offset, operand, bits, compute);
    store_le(host, bits / 8, compute(cpu, load_le(host, bits / 8), operand, bits));
    return exec_next(cpu, insn);
}

#endif
