/* SPDX-License-Identifier: MIT */
/* MXCSR around SSE floating-point operations (SDM 1, 10.2.3 and 11.5). */
#ifndef LATHE_CORE_X86_EXEC_SSE_FLOAT_H
#define LATHE_CORE_X86_EXEC_SSE_FLOAT_H

#include "core/x86/exec/sse.h"
#include "core/x86/fpu/softfloat.h"

enum mxcsr_bit {
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS_SHIFT = 7,
    MXCSR_RC_SHIFT = 13,
    MXCSR_FTZ = 1 << 15,
};

/* The environment of one instruction, without flags yet. */
static inline struct float_env sse_env(const struct cpu *cpu)
{
    return (struct float_env){.rounding = cpu->mxcsr >> MXCSR_RC_SHIFT & 3,
                              .masks = cpu->mxcsr >> MXCSR_MASKS_SHIFT & FLOAT_EXCEPTIONS,
                              .daz = (cpu->mxcsr & MXCSR_DAZ) != 0,
                              .ftz = (cpu->mxcsr & MXCSR_FTZ) != 0};
}

/* Sets the flags that an instruction raised in any of its lanes. False where one is unmasked: #XM is noted
 * (#UD without CR4.OSXMMEXCPT), and nothing may be written. */
bool sse_retire_slow(struct cpu *cpu, uint8_t flags);

static inline bool sse_retire(struct cpu *cpu, const struct float_env *env)
{
    if (__builtin_expect((env->flags & ~env->masks) != 0, 0))
        return sse_retire_slow(cpu, env->flags);
    cpu->mxcsr |= env->flags;
    return true;
}

/* Lanes of an XMM register. */
static inline uint32_t xmm_get32(const struct xmm *v, unsigned n)
{
    return (uint32_t)(v->q[n >> 1] >> (32 * (n & 1)));
}

static inline void xmm_set32(struct xmm *v, unsigned n, uint32_t value)
{
    unsigned shift = 32 * (n & 1);
    uint64_t *q = &v->q[n >> 1];
    *q = (*q & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift;
}

#endif
