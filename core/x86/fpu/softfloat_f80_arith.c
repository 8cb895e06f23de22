/* SPDX-License-Identifier: MIT */
/* Extended-precision add, subtract, multiply, divide. Two normal operands with a result well inside the
   exponent range take a short way here; everything else goes through the parts (softfloat_parts.c), which
   define the semantics. */
#include "core/x86/fpu/softfloat_parts.h"

struct float80 f80_add_parts(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind >= PARTS_QNAN || b.kind >= PARTS_QNAN)
        return f80_nan(env, a, b);
    return f80_finish(env, parts_add(env, a, b), env->precision);
}

struct float80 f80_sub_parts(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind >= PARTS_QNAN || b.kind >= PARTS_QNAN)
        return f80_nan(env, a, b);
    b.sign = !b.sign;
    return f80_finish(env, parts_add(env, a, b), env->precision);
}

struct float80 f80_mul_parts(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind >= PARTS_QNAN || b.kind >= PARTS_QNAN)
        return f80_nan(env, a, b);
    return f80_finish(env, parts_mul(env, a, b), env->precision);
}

struct float80 f80_div_parts(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind >= PARTS_QNAN || b.kind >= PARTS_QNAN)
        return f80_nan(env, a, b);
    return f80_finish(env, parts_div(env, a, b), env->precision);
}

/* --- The short way --- */

static inline bool is_normal(struct float80 a)
{
    return f80_exponent(a) - 1u < F80_EXPONENT_MAX - 1u && a.mantissa >> 63;
}

/* Rounds m / 2^127 * 2^(biased exponent), bit 127 set, to 64 bits; the rest of the cases to f80_finish. */
static inline struct float80 round_normal(struct float_env *env, bool sign, int32_t biased, struct u128 m)
{
    if (__builtin_expect(env->precision != 64 || biased < 1 || biased >= F80_EXPONENT_MAX - 1, 0)) {
        struct unrounded r = {m, biased - F80_BIAS, PARTS_FINITE, sign};
        return f80_finish(env, r, env->precision);
    }
    bool up;
    switch (env->rounding) {
    case FLOAT_NEAREST: up = m.lo >> 63 && (m.lo << 1 || m.hi & 1); break;
    case FLOAT_DOWN: up = sign && m.lo; break;
    case FLOAT_UP: up = !sign && m.lo; break;
    default: up = false; break;
    }
    env->rounded_up = up;
    env->flags |= m.lo ? FLOAT_PE : 0;
    m.hi += up;
    if (__builtin_expect(m.hi == 0, 0)) { /* carried out of an all-ones mantissa */
        m.hi = F80_INTEGER_BIT;
        biased++;
    }
    return f80_make(sign, (unsigned)biased, m.hi);
}

/* {a, 0} >> n with a sticky bit. */
static inline struct u128 align(uint64_t a, unsigned n)
{
    if (n == 0)
        return (struct u128){a, 0};
    if (n < 64)
        return (struct u128){a >> n, a << (64 - n)};
    if (n < 128)
        return (struct u128){0, a >> (n - 64) | (n > 64 && a << (128 - n))};
    return (struct u128){0, 1};
}

/* a + b with the sign of b given apart, so that subtraction can flip it. */
static inline struct float80 add_normal(struct float_env *env, struct float80 a, struct float80 b,
                                        bool b_sign)
{
    bool sign = f80_sign(a), subtract = sign != b_sign;
    if (f80_exponent(a) < f80_exponent(b) ||
        (f80_exponent(a) == f80_exponent(b) && a.mantissa < b.mantissa)) {
        struct float80 t = a;
        a = b;
        b = t;
        sign = b_sign;
    }
    int32_t biased = (int32_t)f80_exponent(a);
    struct u128 low = align(b.mantissa, f80_exponent(a) - f80_exponent(b)), m;
    if (!subtract) {
        m = (struct u128){a.mantissa + low.hi, low.lo};
        if (m.hi < a.mantissa) {
            /* A carry needs exponents less than 64 apart, so that bit 0 is clear. */
            m = (struct u128){m.hi >> 1 | F80_INTEGER_BIT, m.lo >> 1 | m.hi << 63};
            biased++;
        }
        return round_normal(env, sign, biased, m);
    }
    m = u128_sub((struct u128){a.mantissa, 0}, low);
    if (u128_is_zero(m))
        return f80_make(env->rounding == FLOAT_DOWN, 0, 0);
    unsigned shift = m.hi ? clz64(m.hi) : 64 + clz64(m.lo);
    return round_normal(env, sign, biased - (int32_t)shift, u128_shl(m, shift));
}

struct float80 f80_add(struct float_env *env, struct float80 a, struct float80 b)
{
    if (__builtin_expect(is_normal(a) && is_normal(b), 1))
        return add_normal(env, a, b, f80_sign(b));
    return f80_add_parts(env, parts_from_f80(a), parts_from_f80(b));
}

struct float80 f80_sub(struct float_env *env, struct float80 a, struct float80 b)
{
    if (__builtin_expect(is_normal(a) && is_normal(b), 1))
        return add_normal(env, a, b, !f80_sign(b));
    return f80_sub_parts(env, parts_from_f80(a), parts_from_f80(b));
}

struct float80 f80_mul(struct float_env *env, struct float80 a, struct float80 b)
{
    if (__builtin_expect(!is_normal(a) || !is_normal(b), 0))
        return f80_mul_parts(env, parts_from_f80(a), parts_from_f80(b));
    int32_t biased = (int32_t)f80_exponent(a) + (int32_t)f80_exponent(b) - F80_BIAS + 1;
    struct u128 m = u128_mul64(a.mantissa, b.mantissa);
    if (!(m.hi >> 63)) {
        m = (struct u128){m.hi << 1 | m.lo >> 63, m.lo << 1};
        biased--;
    }
    return round_normal(env, f80_sign(a) ^ f80_sign(b), biased, m);
}

struct float80 f80_div(struct float_env *env, struct float80 a, struct float80 b)
{
    if (__builtin_expect(!is_normal(a) || !is_normal(b), 0))
        return f80_div_parts(env, parts_from_f80(a), parts_from_f80(b));
    int32_t biased = (int32_t)f80_exponent(a) - (int32_t)f80_exponent(b) + F80_BIAS;
    bool less = a.mantissa < b.mantissa;
    uint64_t rest, quotient;
    quotient = less ? u128_div64(a.mantissa, 0, b.mantissa, &rest)
                    : u128_div64(a.mantissa >> 1, a.mantissa << 63, b.mantissa, &rest);
    bool half = rest >= b.mantissa - rest, more = rest && rest != b.mantissa - rest;
    struct u128 m = {quotient, (uint64_t)half << 63 | more};
    return round_normal(env, f80_sign(a) ^ f80_sign(b), biased - less, m);
}
