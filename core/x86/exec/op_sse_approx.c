/* SPDX-License-Identifier: MIT */
/* RCPPS and RSQRTPS (SDM 2). The manual only bounds the relative error by 1.5 * 2^-12, and processors differ.
 * Lathe's answer is the same on every host: the function of the operand's significand cut to 12 bits, taken
 * at the middle of its interval, and the result cut to 16 bits. Neither instruction raises a flag or looks at
 * MXCSR; denormals count as zeros. */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sse_float.h"

enum {
    F32_FRACTION_BITS = 23,
    F32_BIAS = 127,
    F32_EXPONENT_MAX = 255,
};

#define F32_SIGN      UINT32_C(0x80000000)
#define F32_INFINITY  UINT32_C(0x7F800000)
#define F32_QUIET_BIT UINT32_C(0x00400000)

typedef uint32_t approximate_fn(uint32_t a);

static unsigned exponent_of(uint32_t a)
{
    return a >> F32_FRACTION_BITS & F32_EXPONENT_MAX;
}

/* The middle of the interval of significands that share the operand's top 12 bits, times 4096: odd, 4097 to
 * 8191. */
static uint64_t middle_of(uint32_t a)
{
    return (a >> 11 & 0xFFE) + 4097;
}

/* significand: 16 bits with the top one set. */
static uint32_t assemble(uint32_t sign, unsigned exponent, uint64_t significand)
{
    return sign | (uint32_t)exponent << F32_FRACTION_BITS | (uint32_t)(significand & 0x7FFF) << 8;
}

static uint32_t reciprocal(uint32_t a)
{
    enum { LAST_NORMAL = 2 * F32_BIAS - 2 }; /* larger operands have tiny results, which become zero */
    uint32_t sign = a & F32_SIGN;
    unsigned exponent = exponent_of(a);
    if (exponent == F32_EXPONENT_MAX && (a << 9))
        return a | F32_QUIET_BIT;
    if (exponent == 0)
        return sign | F32_INFINITY;
    if (exponent > LAST_NORMAL)
        return sign;
    return assemble(sign, 2 * F32_BIAS - 1 - exponent, (UINT64_C(4096) << 16) / middle_of(a));
}

static uint32_t square_root(uint64_t a)
{
    uint32_t root = 0;
    for (uint32_t bit = UINT32_C(1) << 15; bit; bit >>= 1) {
        uint64_t next = root + bit;
        if (next * next <= a)
            root = (uint32_t)next;
    }
    return root;
}

static uint32_t reciprocal_root(uint32_t a)
{
    unsigned exponent = exponent_of(a);
    if (exponent == F32_EXPONENT_MAX && (a << 9))
        return a | F32_QUIET_BIT;
    if (exponent == 0)
        return (a & F32_SIGN) | F32_INFINITY;
    if (a & F32_SIGN)
        return F32_DEFAULT_NAN;
    if (exponent == F32_EXPONENT_MAX)
        return 0;
    /* 2^32 / v, where v is in [1, 2) for even and in [2, 4) for odd powers of two; the bias is odd. */
    bool odd = !(exponent & 1);
    uint64_t inverse = (UINT64_C(4096) << (odd ? 31 : 32)) / middle_of(a);
    return assemble(0, (3 * F32_BIAS - 1 - exponent) / 2, square_root(inverse));
}

static bool packed(struct cpu *cpu, const struct insn *insn, approximate_fn *compute)
{
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&v, n, compute(xmm_get32(&v, n)));
    sse_set(cpu, insn->reg, v);
    return true;
}

static bool scalar(struct cpu *cpu, const struct insn *insn, approximate_fn *compute)
{
    uint64_t v;
    if (!sse_source_low(cpu, insn, 4, &v))
        return false;
    struct xmm target = sse_get(cpu, insn->reg);
    xmm_set32(&target, 0, compute((uint32_t)v));
    sse_set(cpu, insn->reg, target);
    return true;
}

bool op_rcpps(struct cpu *cpu, const struct insn *insn)
{
    return packed(cpu, insn, reciprocal);
}

bool op_rcpss(struct cpu *cpu, const struct insn *insn)
{
    return scalar(cpu, insn, reciprocal);
}

bool op_rsqrtps(struct cpu *cpu, const struct insn *insn)
{
    return packed(cpu, insn, reciprocal_root);
}

bool op_rsqrtss(struct cpu *cpu, const struct insn *insn)
{
    return scalar(cpu, insn, reciprocal_root);
}
