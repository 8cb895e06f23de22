/* SPDX-License-Identifier: MIT */
/* MXCSR around SSE floating-point operations (SDM 1, 10.2.3 and 11.5). */
#ifndef LATHE_CORE_X86_EXEC_SSE_FLOAT_H
#define LATHE_CORE_X86_EXEC_SSE_FLOAT_H

#include "core/x86/exec/sse.h"
#include "core/x86/fpu/host_float.h"
#include "core/x86/fpu/softfloat.h"

enum mxcsr_bit {
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS_SHIFT = 7,
    MXCSR_RC_SHIFT = 13,
    MXCSR_FTZ = 1 << 15,
};

/* The environment of one instruction, without flags yet; field by field, as a structure copied as a whole
 * right after its bytes were stored would wait for them to reach memory. */
static inline void sse_env(const struct cpu *cpu, struct float_env *env)
{
    env->rounding = cpu->mxcsr >> MXCSR_RC_SHIFT & 3;
    env->precision = 0;
    env->masks = cpu->mxcsr >> MXCSR_MASKS_SHIFT & FLOAT_EXCEPTIONS;
    env->flags = 0;
    env->rounded_up = false;
    env->daz = (cpu->mxcsr & MXCSR_DAZ) != 0;
    env->ftz = (cpu->mxcsr & MXCSR_FTZ) != 0;
}

/* Whether the host's arithmetic may compute: see host_float.h. */
static inline bool sse_host_serves(const struct cpu *cpu)
{
    enum { PE = FLOAT_PE, PM = FLOAT_PE << MXCSR_MASKS_SHIFT, RC = 3 << MXCSR_RC_SHIFT };
    return HOST_FLOAT_IS_IEEE && (cpu->mxcsr & (RC | PM | PE)) == (PM | PE);
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
