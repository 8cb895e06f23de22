/* SPDX-License-Identifier: MIT */
/* Which host register holds what while translated code runs, and where the processor's fields are.
 *
 *   RAX RCX RDX RBX RBP RSI RDI   the guest's namesakes        R12  the guest's ESP
 *   R13  host address of a group of operands                   R14  budget
 *   R15  struct cpu + CPU_BIAS                                 RSP  the host's, 16-byte aligned
 *   In 64-bit mode R8 to R15 of the guest stay in struct cpu, and R13 is a temporary.
 *   R8   address of the memory operand   R9  its host addend   R10, R11  temporaries
 */
#ifndef LATHE_JIT_HOST_X86_64_LAYOUT_H
#define LATHE_JIT_HOST_X86_64_LAYOUT_H

#include <stddef.h>

#include "core/x86/cpu.h"
#include "jit/host/x86_64/asm.h"

enum {
    CPU_BIAS = 128, /* so that the hottest fields have 8-bit displacements */
    REG_CPU = R15,
    REG_BUDGET = R14,
    REG_PLACE = R13, /* of a group of operands */
    REG_ADDRESS = R8,
    REG_ADDEND = R9,
    REG_T0 = R10,
    REG_T1 = R11,
    REG_T2 = R13, /* in 64-bit mode alone */
    PINNED = 8    /* guest registers that live in host registers */
};

/* Host register of guest register `gpr`. */
static inline unsigned pinned_reg(unsigned gpr)
{
    return gpr == GPR_SP ? R12 : gpr;
}

/* A field of struct cpu as a memory operand. */
static inline struct host_mem cpu_at(size_t offset)
{
    return mem_base((enum host_reg)REG_CPU, (int32_t)offset - CPU_BIAS);
}

#define CPU_FIELD(field) cpu_at(offsetof(struct cpu, field))

#endif
