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

/* Does rounding by env->rounding enlarge a magnitude? fraction: the dropped bits from bit 63 down. */
static inline bool rounds_up(const struct float_env *env, bool sign, bool odd, uint64_t fraction)
{
    switch (env->rounding) {
    case FLOAT_NEAREST: return fraction >> 63 && (fraction << 1 || odd);
    case FLOAT_DOWN: return sign && fraction;
    case FLOAT_UP: return !sign && fraction;
    default: return false;
    }
}

int64_t f80_to_int(struct float_env *env, struct float80 a, unsigned bits)
{
    /* Short way: 1 <= |a| < 2^62, and not near the limits of the integer. */
    unsigned exponent = f80_exponent(a) - F80_BIAS;
    if (exponent >= 62 || exponent >= bits - 2 || !(a.mantissa >> 63))
        return parts_to_int(env, parts_from_f80(a), bits);
    uint64_t integer = a.mantissa >> (63 - exponent), fraction = a.mantissa << (exponent + 1);
    bool up = rounds_up(env, f80_sign(a), integer & 1, fraction);
    env->rounded_up = up;
    env->flags |= fraction ? FLOAT_PE : 0;
    integer += up;
    return (int64_t)(f80_sign(a) ? 0 - integer : integer);
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
    if (a == 0)
        return f80_make(false, 0, 0);
    uint64_t magnitude = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    unsigned shift = clz64(magnitude);
    return f80_make(a < 0, F80_BIAS + 63 - shift, magnitude << shift);
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
    unsigned exponent = a >> 23 & 0xff;
    if (exponent - 1 < 0xfe)
        return f80_make(a >> 31, exponent + (F80_BIAS - 127), F80_INTEGER_BIT | (uint64_t)a << 40);
    return load(env, parts_from_bits(&float32_format, a));
}

struct float80 f80_from_f64(struct float_env *env, uint64_t a)
{
    unsigned exponent = a >> 52 & 0x7ff;
    if (exponent - 1 < 0x7fe)
        return f80_make(a >> 63, exponent + (F80_BIAS - 1023), F80_INTEGER_BIT | a << 11);
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

/* Short way to float32 (drop 40) or float64 (drop 11), without the sign: normal numbers whose rounded value
   is one too. The integer bit adds the missing 1 to the exponent, and a carry out of the fraction another. */
static inline bool narrow_normal(struct float_env *env, struct float80 a, unsigned drop, unsigned bias,
                                 uint64_t *bits)
{
    unsigned exponent = f80_exponent(a) - (F80_BIAS - bias);
    if (exponent - 1 >= 2 * bias - 1 || !(a.mantissa >> 63))
        return false;
    uint64_t kept = a.mantissa >> drop, fraction = a.mantissa << (64 - drop);
    bool up = rounds_up(env, f80_sign(a), kept & 1, fraction);
    env->rounded_up = up;
    env->flags |= fraction ? FLOAT_PE : 0;
    *bits = ((uint64_t)(exponent - 1) << (63 - drop)) + kept + up;
    return true;
}

uint32_t f80_to_f32(struct float_env *env, struct float80 a)
{
    uint64_t bits;
    if (narrow_normal(env, a, 40, 127, &bits))
        return (uint32_t)bits | (uint32_t)f80_sign(a) << 31;
    return (uint32_t)narrow(env, &float32_format, parts_from_f80(a));
}

uint64_t f80_to_f64(struct float_env *env, struct float80 a)
{
    uint64_t bits;
    if (narrow_normal(env, a, 11, 1023, &bits))
        return bits | (uint64_t)f80_sign(a) << 63;
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
