/* SPDX-License-Identifier: MIT */
/* Conversions between formats, integers and packed BCD; rounding to integral values (Intel SDM volume
 * 1, 4.2, 8.5.1.2). */
#include "core/x86/fpu/softfloat_parts.h"

/* Rounds a finite |a| < 2^64 to an integer by env->rounding. *carry: the result is 2^64. */
static uint64_t round_magnitude(struct float_env *env, struct parts a, bool *carry)
{
    struct u128 m = {a.mantissa, 0};
    int32_t distance = 63 - a.exponent;
    m = u128_shr_sticky(m, distance > 128 ? 128 : (unsigned)distance);
    bool half = m.lo >> 63, rest = m.lo << 1;
    bool up;
    switch (env->rounding) {
    case FLOAT_NEAREST: up = half && (rest || (m.hi & 1)); break;
    case FLOAT_DOWN: up = a.sign && m.lo; break;
    case FLOAT_UP: up = !a.sign && m.lo; break;
    default: up = false; break;
    }
    env->rounded_up = up;
    if (m.lo)
        env->flags |= FLOAT_PE;
    uint64_t magnitude = m.hi + up;
    *carry = up && magnitude == 0;
    return magnitude;
}

struct parts parts_round_integral(struct float_env *env, struct parts a)
{
    if (a.kind != PARTS_FINITE || a.exponent >= 63)
        return a;
    bool carry;
    bool sign = a.sign;
    uint64_t magnitude = round_magnitude(env, a, &carry);
    if (magnitude == 0)
        return (struct parts){0, 0, PARTS_ZERO, sign, false};
    unsigned shift = clz64(magnitude);
    return (struct parts){magnitude << shift, 63 - (int32_t)shift, PARTS_FINITE, sign, false};
}

int64_t parts_to_int(struct float_env *env, struct parts a, unsigned bits)
{
    uint64_t limit = UINT64_C(1) << (bits - 1);
    if (a.kind == PARTS_ZERO)
        return 0;
    if (a.kind == PARTS_FINITE && a.exponent < 64) {
        struct float_env trial = *env;
        bool carry;
        uint64_t magnitude = round_magnitude(&trial, a, &carry);
        if (!carry && (magnitude < limit || (magnitude == limit && a.sign))) {
            *env = trial;
            return (int64_t)(a.sign ? 0 - magnitude : magnitude);
        }
    }
    env->flags |= FLOAT_IE;
    return (int64_t)(0 - limit);
}

int64_t f80_to_int(struct float_env *env, struct float80 a, unsigned bits)
{
    return parts_to_int(env, parts_from_f80(a), bits);
}

struct float80 f80_pack_parts(struct parts a)
{
    switch (a.kind) {
    case PARTS_ZERO: return f80_make(a.sign, 0, 0);
    case PARTS_FINITE:
        if (a.exponent < F80_EMIN)
            return f80_make(a.sign, 0, a.mantissa >> (F80_EMIN - a.exponent));
        return f80_make(a.sign, (unsigned)(a.exponent + F80_BIAS), a.mantissa);
    case PARTS_INFINITY: return f80_make(a.sign, F80_EXPONENT_MAX, F80_INTEGER_BIT);
    default: return f80_make(a.sign, F80_EXPONENT_MAX, a.mantissa | F80_QUIET_BIT);
    }
}

struct float80 f80_from_int(int64_t a)
{
    return f80_pack_parts(parts_from_int(a));
}

static struct float80 load(struct float_env *env, struct parts a)
{
    if (a.kind == PARTS_SNAN)
        env->flags |= FLOAT_IE;
    parts_raise_denormal(env, a, a);
    return f80_pack_parts(a);
}

struct float80 f80_from_f32(struct float_env *env, uint32_t a)
{
    return load(env, parts_from_bits(&float32_format, a));
}

struct float80 f80_from_f64(struct float_env *env, uint64_t a)
{
    return load(env, parts_from_bits(&float64_format, a));
}

uint64_t bits_from_nan(const struct float_format *format, struct parts a)
{
    unsigned fraction = format->fraction_bits;
    uint64_t exponent = ((UINT64_C(1) << format->exponent_bits) - 1) << fraction;
    uint64_t payload = (a.mantissa | F80_QUIET_BIT) << 1 >> (64 - fraction);
    return (uint64_t)a.sign << (fraction + format->exponent_bits) | exponent | payload;
}

/* A store: no DE, unsupported encodings become the default NaN. */
static uint64_t narrow(struct float_env *env, const struct float_format *format, struct parts a)
{
    if (a.kind == PARTS_SNAN || a.kind == PARTS_UNSUPPORTED)
        env->flags |= FLOAT_IE;
    if (a.kind == PARTS_UNSUPPORTED)
        return bits_from_nan(format, parts_from_f80(f80_default_nan()));
    if (a.kind >= PARTS_QNAN)
        return bits_from_nan(format, a);
    return bits_finish(env, format, (struct unrounded){{a.mantissa, 0}, a.exponent, a.kind, a.sign});
}

uint32_t f80_to_f32(struct float_env *env, struct float80 a)
{
    return (uint32_t)narrow(env, &float32_format, parts_from_f80(a));
}

uint64_t f80_to_f64(struct float_env *env, struct float80 a)
{
    return narrow(env, &float64_format, parts_from_f80(a));
}

uint64_t f80_to_bcd(struct float_env *env, struct float80 a, uint16_t *high)
{
    struct parts p = parts_from_f80(a);
    struct float_env trial = *env;
    int64_t value = parts_to_int(&trial, p, 64);
    uint64_t magnitude = p.sign ? 0 - (uint64_t)value : (uint64_t)value;
    if ((trial.flags & ~env->flags & FLOAT_IE) || magnitude > UINT64_C(999999999999999999)) {
        env->flags |= FLOAT_IE;
        *high = 0xffff;
        return UINT64_C(0xc000000000000000);
    }
    *env = trial;
    uint64_t low = 0;
    for (unsigned shift = 0; shift < 64; shift += 4) {
        low |= magnitude % 10 << shift;
        magnitude /= 10;
    }
    *high = (uint16_t)((unsigned)p.sign << 15 | (unsigned)(magnitude / 10) << 4 | (unsigned)(magnitude % 10));
    return low;
}

struct float80 f80_from_bcd(uint64_t low, uint16_t high)
{
    uint64_t magnitude = (uint64_t)(high >> 4 & 15) * 10 + (high & 15);
    for (int shift = 60; shift >= 0; shift -= 4)
        magnitude = magnitude * 10 + (low >> shift & 15);
    struct float80 r = f80_from_int((int64_t)magnitude);
    r.sign_exponent |= high & 0x8000;
    return r;
}
