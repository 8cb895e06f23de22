/* SPDX-License-Identifier: MIT */
/* Memory operands of the short, frequent instructions. The fast path goes on in the handler; whatever is
 * unusual leaves it by a tail call, so that handlers need no stack frame. */
#ifndef LATHE_CORE_X86_EXEC_LOAD_STORE_H
#define LATHE_CORE_X86_EXEC_LOAD_STORE_H

#include "core/x86/exec/chain.h"
#include "core/x86/operand.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE      static __attribute__((noinline)) /* seldom gone ways: they may have stack frames */

/* The rest of an instruction once its memory operand is there. */
typedef const struct insn *value_fn(struct cpu *cpu, const struct insn *insn, uint64_t value);

/* The slow halves: finish the instruction after the access, or leave with its fault. */
const struct insn *exec_load_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset, unsigned size,
                                  value_fn *finish);
const struct insn *exec_store_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset, unsigned size,
                                   uint64_t value);
const struct insn *exec_push_slow(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value);
const struct insn *exec_top_slow(struct cpu *cpu, const struct insn *insn, unsigned size, value_fn *finish);

/* Loads from an offset in the operand's segment and finishes with what was there. */
ALWAYS_INLINE const struct insn *exec_load_at(struct cpu *cpu, const struct insn *insn, uint64_t offset,
                                              unsigned size, value_fn *finish)
{
    const uint8_t *host;
    if (!mem_fast_read(cpu, (enum seg_index)insn->seg, offset, size, &host))
        return exec_load_slow(cpu, insn, offset, size, finish);
    return finish(cpu, insn, load_le(host, size));
}

/* Loads the memory operand. */
ALWAYS_INLINE const struct insn *exec_load(struct cpu *cpu, const struct insn *insn, unsigned size,
                                           value_fn *finish)
{
    return exec_load_at(cpu, insn, operand_offset(cpu, insn), size, finish);
}

/* Stores to an offset in the operand's segment and goes on. */
ALWAYS_INLINE const struct insn *exec_store_at(struct cpu *cpu, const struct insn *insn, uint64_t offset,
                                               unsigned size, uint64_t value)
{
    uint8_t *host;
    if (!mem_fast_write(cpu, (enum seg_index)insn->seg, offset, size, &host))
        return exec_store_slow(cpu, insn, offset, size, value);
    store_le(host, size, value);
    return exec_next(cpu, insn);
}

/* Stores to the memory operand. */
ALWAYS_INLINE const struct insn *exec_store(struct cpu *cpu, const struct insn *insn, unsigned size,
                                            uint64_t value)
{
    return exec_store_at(cpu, insn, operand_offset(cpu, insn), size, value);
}

/* Sets the stack pointer: SP alone, or ESP, which clears the upper half of RSP, or RSP. */
static inline void set_sp(struct cpu *cpu, uint64_t sp)
{
    cpu->gpr[GPR_SP] = (cpu->gpr[GPR_SP] & cpu->sp_keep) | (sp & cpu->sp_mask);
}

static inline void move_sp(struct cpu *cpu, uint64_t delta)
{
    set_sp(cpu, cpu->gpr[GPR_SP] + delta);
}

/* Pushes where the fast path serves; false where nothing was done. */
ALWAYS_INLINE bool push_fast(struct cpu *cpu, unsigned size, uint64_t value)
{
    uint64_t sp = (cpu->gpr[GPR_SP] - size) & cpu->sp_mask;
    uint8_t *host;
    if (!mem_fast_write(cpu, SEG_SS, sp, size, &host))
        return false;
    store_le(host, size, value);
    set_sp(cpu, sp);
    return true;
}

/* Pushes by the slow path. False with a fault noted. */
bool push_slow(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value);

ALWAYS_INLINE const struct insn *exec_push(struct cpu *cpu, const struct insn *insn, unsigned size,
                                           uint64_t value)
{
    return push_fast(cpu, size, value) ? exec_next(cpu, insn) : exec_push_slow(cpu, insn, size, value);
}

/* Reads the top of the stack, which stays, and finishes with it. */
ALWAYS_INLINE const struct insn *exec_top(struct cpu *cpu, const struct insn *insn, unsigned size,
                                          value_fn *finish)
{
    const uint8_t *host;
    if (!mem_fast_read(cpu, SEG_SS, cpu->gpr[GPR_SP] & cpu->sp_mask, size, &host))
        return exec_top_slow(cpu, insn, size, finish);
    return finish(cpu, insn, load_le(host, size));
}

#endif
