/* SPDX-License-Identifier: MIT */
/* Rounding to a format: overflow, underflow, denormals, masked and unmasked (Intel SDM volume
 * 1, 4.8.4, 4.9.1, 8.5). */
#include "core/x86/fpu/softfloat_parts.h"

/* Does rounding enlarge the magnitude? half: the first dropped bit; rest: any bit below it. */
static bool rounds_up(const struct float_env *env, bool sign, bool odd, bool half, bool rest)
{
    switch (env->rounding) {
    case FLOAT_NEAREST: return half && (rest || odd);
    case FLOAT_DOWN: return sign && (half || rest);
    case FLOAT_UP: return !sign && (half || rest);
    default: return false;
    }
}

struct round_step {
    uint64_t mantissa;
    bool carry; /* the mantissa overflowed and is 1.0 of the next binade */
    bool inexact;
    bool up;
};

/* Rounds a 128-bit mantissa to its top `precision` bits; touches no flag. */
static struct round_step round_mantissa(const struct float_env *env, unsigned precision, bool sign,
                                        struct u128 m)
{
    struct round_step r;
    bool half, rest;
    uint64_t unit;
    if (precision == 64) {
        half = m.lo >> 63;
        rest = m.lo << 1;
        unit = 1;
    } else {
        unit = UINT64_C(1) << (64 - precision);
        half = m.hi & unit >> 1;
        rest = (m.hi & ((unit >> 1) - 1)) | m.lo;
    }
    r.inexact = half | rest;
    r.mantissa = m.hi & ~(unit - 1);
    r.up = r.inexact && rounds_up(env, sign, r.mantissa & unit, half, rest);
    r.carry = false;
    if (r.up) {
        r.mantissa += unit;
        if (r.mantissa == 0) {
            r.mantissa = F80_INTEGER_BIT;
            r.carry = true;
        }
    }
    return r;
}

static void note_inexact(struct float_env *env, struct round_step r)
{
    env->rounded_up = r.up;
    if (r.inexact)
        env->flags |= FLOAT_PE;
}

static struct rounded largest_or_infinity(struct float_env *env, const struct float_target *target, bool sign)
{
    bool infinite = env->rounding == FLOAT_NEAREST || env->rounding == (sign ? FLOAT_DOWN : FLOAT_UP);
    uint64_t all_ones = ~UINT64_C(0) << (64 - target->precision);
    env->rounded_up = infinite;
    return (struct rounded){infinite ? F80_INTEGER_BIT : all_ones, target->emax, infinite};
}

/* exponent > emax after rounding. */
static struct rounded overflow(struct float_env *env, const struct float_target *target, bool sign,
                               int32_t exponent, struct round_step r)
{
    env->flags |= FLOAT_OE;
    if (env->masks & FLOAT_OE) {
        env->flags |= FLOAT_PE;
        return largest_or_infinity(env, target, sign);
    }
    note_inexact(env, r);
    exponent -= target->wrap;
    /* FSCALE can overflow so far that the wrapped exponent does not fit either. */
    if (exponent > target->emax) {
        env->flags |= FLOAT_PE;
        env->rounded_up = true;
        return (struct rounded){F80_INTEGER_BIT, target->emax, true};
    }
    return (struct rounded){r.mantissa, exponent, false};
}

/* exponent < emin before rounding. Tininess is judged after rounding to the target precision. */
static struct rounded underflow(struct float_env *env, const struct float_target *target, bool sign,
                                int32_t exponent, struct u128 m)
{
    struct round_step r = round_mantissa(env, target->precision, sign, m);
    bool tiny = exponent + r.carry < target->emin;
    if (tiny && !(env->masks & FLOAT_UE)) {
        env->flags |= FLOAT_UE;
        note_inexact(env, r);
        exponent += r.carry + target->wrap;
        if (exponent < target->emin) {
            env->flags |= FLOAT_PE;
            return (struct rounded){0, target->emin, false};
        }
        return (struct rounded){r.mantissa, exponent, false};
    }
    if (tiny && env->ftz) {
        env->flags |= FLOAT_UE | FLOAT_PE;
        return (struct rounded){0, target->emin, false};
    }
    int32_t distance = target->emin - exponent;
    m = u128_shr_sticky(m, distance > 128 ? 128 : (unsigned)distance);
    r = round_mantissa(env, target->precision, sign, m);
    note_inexact(env, r);
    if (tiny && r.inexact)
        env->flags |= FLOAT_UE;
    return (struct rounded){r.mantissa, target->emin, false};
}

struct rounded float_round(struct float_env *env, const struct float_target *target, bool sign,
                           int32_t exponent, struct u128 m)
{
    if (exponent < target->emin)
        return underflow(env, target, sign, exponent, m);
    struct round_step r = round_mantissa(env, target->precision, sign, m);
    exponent += r.carry;
    if (exponent > target->emax)
        return overflow(env, target, sign, exponent, r);
    note_inexact(env, r);
    return (struct rounded){r.mantissa, exponent, false};
}

struct float80 f80_finish(struct float_env *env, struct unrounded r, unsigned precision)
{
    if (r.kind == PARTS_FINITE) {
        struct float_target target = {(uint8_t)precision, F80_EMIN, F80_EMAX, F80_WRAP};
        struct rounded f = float_round(env, &target, r.sign, r.exponent, r.m);
        unsigned biased = f.infinite         ? F80_EXPONENT_MAX
                          : f.mantissa >> 63 ? (unsigned)(f.exponent + F80_BIAS)
                                             : 0;
        return f80_make(r.sign, biased, f.mantissa);
    }
    if (r.kind == PARTS_ZERO)
        return f80_make(r.sign, 0, 0);
    if (r.kind == PARTS_INFINITY)
        return f80_make(r.sign, F80_EXPONENT_MAX, F80_INTEGER_BIT);
    return f80_default_nan();
}

uint64_t bits_finish(struct float_env *env, const struct float_format *format, struct unrounded r)
{
    unsigned fraction = format->fraction_bits, exponent_max = (1u << format->exponent_bits) - 1;
    uint64_t sign = (uint64_t)r.sign << (fraction + format->exponent_bits);
    if (r.kind == PARTS_FINITE) {
        struct rounded f = float_round(env, &format->target, r.sign, r.exponent, r.m);
        unsigned biased = f.infinite         ? exponent_max
                          : f.mantissa >> 63 ? (unsigned)(f.exponent + format->target.emax)
                                             : 0;
        uint64_t stored = f.mantissa << 1 >> (64 - fraction);
        return sign | (uint64_t)biased << fraction | (biased ? stored : f.mantissa >> (63 - fraction));
    }
    if (r.kind == PARTS_ZERO)
        return sign;
    if (r.kind == PARTS_INFINITY)
        return sign | (uint64_t)exponent_max << fraction;
    return bits_from_nan(format, parts_from_f80_slow(f80_default_nan()));
}
