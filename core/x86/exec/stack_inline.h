/* SPDX-License-Identifier: MIT */
/* Stack access of the short, frequent instructions: through the fast path, at the width that SS.B gives. */
#ifndef LATHE_CORE_X86_EXEC_STACK_INLINE_H
#define LATHE_CORE_X86_EXEC_STACK_INLINE_H

#include "core/x86/access.h"

/* Adds to the stack pointer, leaving the bits above its width alone. */
static inline void move_sp(struct cpu *cpu, uint64_t delta)
{
    uint64_t sp = cpu->gpr[GPR_SP];
    cpu->gpr[GPR_SP] = (sp & ~cpu->sp_mask) | ((sp + delta) & cpu->sp_mask);
}

static inline bool push(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    uint64_t sp = (cpu->gpr[GPR_SP] - size) & cpu->sp_mask;
    if (!mem_write(cpu, insn, SEG_SS, sp, size, value))
        return false;
    cpu->gpr[GPR_SP] = (cpu->gpr[GPR_SP] & ~cpu->sp_mask) | sp;
    return true;
}

static inline bool top_of_stack(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    return mem_read(cpu, insn, SEG_SS, cpu->gpr[GPR_SP] & cpu->sp_mask, size, value);
}

#endif
