/* SPDX-License-Identifier: MIT */
/* What the x87 files share: the register stack, stack faults, and how an operation's exceptions retire. */
#ifndef LATHE_CORE_X86_FPU_X87_INTERNAL_H
#define LATHE_CORE_X86_FPU_X87_INTERNAL_H

#include "core/x86/fpu/softfloat_parts.h"
#include "core/x86/fpu/x87.h"

enum { X87_CONDITIONS = X87_C0 | X87_C1 | X87_C2 | X87_C3 };

/* Environment of one operation: RC, PC and masks of the control word, no flags yet. Field by field: a
 * structure copied as a whole right after its bytes were stored would wait for them to reach memory. */
static inline void x87_env(const struct x87 *f, struct float_env *env)
{
    static const uint8_t precisions[4] = {24, 64, 53, 64}; /* PC = 01 is reserved and acts as 64 bits */
    env->rounding = f->control >> 10 & 3;
    env->precision = precisions[f->control >> 8 & 3];
    env->masks = f->control & FLOAT_EXCEPTIONS;
    env->flags = 0;
    env->rounded_up = false;
    env->daz = false;
    env->ftz = false;
}

static inline bool x87_masked(const struct x87 *f, unsigned exceptions)
{
    return !(exceptions & ~(unsigned)f->control & FLOAT_EXCEPTIONS);
}

/* A normal number of a memory format as the FPU holds it: exact, no flags. False for all others. */
static inline bool x87_widen_m32(uint32_t value, struct float80 *wide)
{
    unsigned exponent = value >> 23 & 0xFF;
    *wide = f80_make(value >> 31, exponent + (F80_BIAS - 127), F80_INTEGER_BIT | (uint64_t)value << 40);
    return exponent - 1 < 0xFE;
}

static inline bool x87_widen_m64(uint64_t value, struct float80 *wide)
{
    unsigned exponent = value >> 52 & 0x7FF;
    *wide = f80_make(value >> 63, exponent + (F80_BIAS - 1023), F80_INTEGER_BIT | value << 11);
    return exponent - 1 < 0x7FE;
}

/* Status bits that an operation leaves: its flags and C1. Where a fault on the operands is unmasked nothing
   was computed, so only faults are reported. */
static inline uint16_t x87_outcome(const struct float_env *env)
{
    unsigned flags = env->flags;
    if (flags & ~(unsigned)env->masks & FLOAT_FAULTS)
        return flags & FLOAT_FAULTS;
    return (uint16_t)(flags | (env->rounded_up ? X87_C1 : 0));
}

/* Sets flags and C1 from an operation. False: an unmasked fault, the result is not to be used and nothing
 * popped. */
static inline bool x87_retire(struct x87 *f, const struct float_env *env)
{
    uint16_t outcome = x87_outcome(env);
    f->status = (uint16_t)((f->status & ~(unsigned)X87_C1) | outcome);
    return x87_masked(f, outcome & FLOAT_FAULTS);
}

/* #IS: sets IE, SF and C1 (overflow 1, underflow 0). True where masked: the caller delivers the default NaN.
 */
bool x87_stack_fault(struct x87 *f, bool overflow);

static inline void x87_push(struct x87 *f, struct float80 value)
{
    f->top = (f->top - 1) & 7;
    x87_set(f, 0, value);
}

static inline void x87_pop(struct x87 *f)
{
    f->tag &= (uint8_t) ~(1u << f->top);
    f->top = (f->top + 1) & 7;
}

/* Replaces C0, C2 and C3 (C1 is x87_retire's). */
static inline void x87_set_conditions(struct x87 *f, unsigned conditions)
{
    f->status = (uint16_t)((f->status & ~(unsigned)(X87_C0 | X87_C2 | X87_C3)) | conditions);
}

/* True where ST(0) is in use; otherwise the underflow's masked response is done (ST(0) = default NaN). */
bool x87_need_st0(struct x87 *f);

/* Finishes a one-operand instruction: retires and writes ST(0). */
void x87_finish_st0(struct x87 *f, const struct float_env *env, struct float80 result);

#endif
