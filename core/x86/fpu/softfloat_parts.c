/* SPDX-License-Identifier: MIT */
/* Unpacking, and arithmetic on the parts of operands that are not NaNs (Intel SDM volume 1, 4.8, 8.5 and
 * appendix E). */
#include "core/x86/fpu/softfloat_parts.h"

const struct float_format float32_format = {{24, -126, 127, 0}, 23, 8};
const struct float_format float64_format = {{53, -1022, 1023, 0}, 52, 11};

struct parts parts_from_f80_slow(struct float80 a)
{
    struct parts p = {a.mantissa, (int32_t)f80_exponent(a) - F80_BIAS, PARTS_FINITE, f80_sign(a), false};
    bool integer_bit = a.mantissa >> 63;
    if (f80_exponent(a) == 0) {
        if (a.mantissa == 0) {
            p.kind = PARTS_ZERO;
            return p;
        }
        /* Denormal, or pseudo-denormal with the integer bit set. */
        unsigned shift = clz64(a.mantissa);
        p.mantissa <<= shift;
        p.exponent = F80_EMIN - (int32_t)shift;
        p.denormal = true;
    } else if (!integer_bit) {
        p.kind = PARTS_UNSUPPORTED;
    } else if (f80_exponent(a) == F80_EXPONENT_MAX) {
        p.kind = a.mantissa << 1 == 0 ? PARTS_INFINITY : a.mantissa & F80_QUIET_BIT ? PARTS_QNAN : PARTS_SNAN;
    }
    return p;
}

struct parts parts_from_bits(const struct float_format *format, uint64_t bits)
{
    unsigned fraction = format->fraction_bits, exponent_max = (1u << format->exponent_bits) - 1;
    unsigned biased = (unsigned)(bits >> fraction) & exponent_max;
    uint64_t left = bits << (64 - fraction) >> 1; /* fraction below bit 63 */
    struct parts p = {left | F80_INTEGER_BIT, (int32_t)biased - format->target.emax, PARTS_FINITE,
                      bits >> (fraction + format->exponent_bits) & 1, false};
    if (biased == 0) {
        if (left == 0) {
            p = (struct parts){0, 0, PARTS_ZERO, p.sign, false};
            return p;
        }
        unsigned shift = clz64(left);
        p.mantissa = left << shift;
        p.exponent = format->target.emin - (int32_t)shift;
        p.denormal = true;
    } else if (biased == exponent_max) {
        p.kind = left == 0 ? PARTS_INFINITY : left & F80_QUIET_BIT ? PARTS_QNAN : PARTS_SNAN;
    }
    return p;
}

struct parts parts_from_int(int64_t a)
{
    if (a == 0)
        return (struct parts){0, 0, PARTS_ZERO, false, false};
    uint64_t magnitude = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    unsigned shift = clz64(magnitude);
    return (struct parts){magnitude << shift, 63 - (int32_t)shift, PARTS_FINITE, a < 0, false};
}

static struct unrounded special(unsigned kind, bool sign)
{
    return (struct unrounded){{0, 0}, 0, (uint8_t)kind, sign};
}

static struct unrounded invalid(struct float_env *env)
{
    env->flags |= FLOAT_IE;
    return special(PARTS_QNAN, true);
}

static struct unrounded widen(struct parts a)
{
    return (struct unrounded){{a.mantissa, 0}, a.exponent, a.kind, a.sign};
}

/* |a| - |b| or |b| - |a| for finite operands of opposite signs. */
static struct unrounded subtract_magnitudes(const struct float_env *env, struct parts a, struct parts b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && a.mantissa < b.mantissa)) {
        struct parts t = a;
        a = b;
        b = t;
    }
    struct u128 m =
        u128_sub((struct u128){a.mantissa, 0},
                 u128_shr_sticky((struct u128){b.mantissa, 0}, (unsigned)(a.exponent - b.exponent)));
    if (u128_is_zero(m))
        return special(PARTS_ZERO, env->rounding == FLOAT_DOWN);
    unsigned shift = m.hi ? clz64(m.hi) : 64 + clz64(m.lo);
    return (struct unrounded){u128_shl(m, shift), a.exponent - (int32_t)shift, PARTS_FINITE, a.sign};
}

static struct unrounded add_magnitudes(struct parts a, struct parts b)
{
    if (a.exponent < b.exponent) {
        struct parts t = a;
        a = b;
        b = t;
    }
    struct u128 x = {a.mantissa, 0};
    struct u128 m =
        u128_add(x, u128_shr_sticky((struct u128){b.mantissa, 0}, (unsigned)(a.exponent - b.exponent)));
    struct unrounded r = {m, a.exponent, PARTS_FINITE, a.sign};
    if (u128_less(m, x)) {
        r.m = u128_shr_sticky(m, 1);
        r.m.hi |= F80_INTEGER_BIT;
        r.exponent++;
    }
    return r;
}

struct unrounded parts_add(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind == PARTS_INFINITY && b.kind == PARTS_INFINITY && a.sign != b.sign)
        return invalid(env);
    parts_raise_denormal(env, a, b);
    if (a.kind == PARTS_FINITE && b.kind == PARTS_FINITE)
        return a.sign == b.sign ? add_magnitudes(a, b) : subtract_magnitudes(env, a, b);
    if (a.kind == PARTS_INFINITY || b.kind == PARTS_INFINITY)
        return special(PARTS_INFINITY, a.kind == PARTS_INFINITY ? a.sign : b.sign);
    if (a.kind == PARTS_ZERO && b.kind == PARTS_ZERO)
        return special(PARTS_ZERO, a.sign == b.sign ? a.sign : env->rounding == FLOAT_DOWN);
    return widen(a.kind == PARTS_ZERO ? b : a);
}

struct unrounded parts_mul(struct float_env *env, struct parts a, struct parts b)
{
    bool sign = a.sign ^ b.sign;
    if (a.kind == PARTS_FINITE && b.kind == PARTS_FINITE) {
        parts_raise_denormal(env, a, b);
        struct unrounded r = {u128_mul64(a.mantissa, b.mantissa), a.exponent + b.exponent + 1, PARTS_FINITE,
                              sign};
        if (!(r.m.hi >> 63)) {
            r.m = u128_shl(r.m, 1);
            r.exponent--;
        }
        return r;
    }
    if ((a.kind == PARTS_INFINITY && b.kind == PARTS_ZERO) ||
        (a.kind == PARTS_ZERO && b.kind == PARTS_INFINITY))
        return invalid(env);
    parts_raise_denormal(env, a, b);
    bool infinite = a.kind == PARTS_INFINITY || b.kind == PARTS_INFINITY;
    return special(infinite ? PARTS_INFINITY : PARTS_ZERO, sign);
}

static struct unrounded divide_finite(struct parts a, struct parts b, bool sign)
{
    struct unrounded r = {{0, 0}, a.exponent - b.exponent, PARTS_FINITE, sign};
    uint64_t rest;
    if (a.mantissa >= b.mantissa) {
        r.m.hi = u128_div64(a.mantissa >> 1, a.mantissa << 63, b.mantissa, &rest);
    } else {
        r.m.hi = u128_div64(a.mantissa, 0, b.mantissa, &rest);
        r.exponent--;
    }
    /* The next quotient bit and a sticky bit are all that rounding needs. */
    bool half = rest >= b.mantissa - rest;
    bool more = rest && rest != b.mantissa - rest;
    r.m.lo = (uint64_t)half << 63 | more;
    return r;
}

struct unrounded parts_div(struct float_env *env, struct parts a, struct parts b)
{
    bool sign = a.sign ^ b.sign;
    if (a.kind == PARTS_FINITE && b.kind == PARTS_FINITE) {
        parts_raise_denormal(env, a, b);
        return divide_finite(a, b, sign);
    }
    if (a.kind == b.kind) /* 0/0, infinity/infinity */
        return invalid(env);
    if (a.kind == PARTS_FINITE && b.kind == PARTS_ZERO) {
        env->flags |= FLOAT_ZE;
        return special(PARTS_INFINITY, sign);
    }
    parts_raise_denormal(env, a, b);
    return special(a.kind == PARTS_INFINITY || b.kind == PARTS_ZERO ? PARTS_INFINITY : PARTS_ZERO, sign);
}

struct unrounded parts_sqrt(struct float_env *env, struct parts a)
{
    if (a.kind == PARTS_ZERO)
        return special(PARTS_ZERO, a.sign);
    if (a.sign)
        return invalid(env);
    if (a.kind == PARTS_INFINITY)
        return special(PARTS_INFINITY, false);
    parts_raise_denormal(env, a, a);
    bool odd = a.exponent & 1;
    struct u128 rest, radicand = {a.mantissa, 0};
    radicand = odd ? radicand : u128_shr(radicand, 1);
    struct unrounded r = {{0, 0}, (a.exponent - odd) / 2, PARTS_FINITE, false};
    r.m.hi = u128_sqrt(radicand, &rest);
    /* (root + 1/2)^2 is never an integer, so rest > root decides the next bit. */
    r.m.lo = (uint64_t)u128_less((struct u128){0, r.m.hi}, rest) << 63 | !u128_is_zero(rest);
    return r;
}

enum float_order parts_compare(struct float_env *env, struct parts a, struct parts b, bool quiet)
{
    uint8_t worst = a.kind > b.kind ? a.kind : b.kind;
    if (worst >= PARTS_QNAN) {
        if (!quiet || worst > PARTS_QNAN)
            env->flags |= FLOAT_IE;
        return FLOAT_UNORDERED;
    }
    parts_raise_denormal(env, a, b);
    if (a.kind == PARTS_ZERO && b.kind == PARTS_ZERO)
        return FLOAT_EQUAL;
    bool less; /* |a| < |b| */
    if (a.kind == PARTS_FINITE && b.kind == PARTS_FINITE) {
        if (a.sign == b.sign && a.exponent == b.exponent && a.mantissa == b.mantissa)
            return FLOAT_EQUAL;
        less = a.exponent < b.exponent || (a.exponent == b.exponent && a.mantissa < b.mantissa);
    } else if (a.kind == b.kind && a.sign == b.sign) {
        return FLOAT_EQUAL;
    } else {
        less = a.kind < b.kind;
    }
    if (a.kind == PARTS_ZERO)
        return b.sign ? FLOAT_GREATER : FLOAT_LESS;
    if (b.kind != PARTS_ZERO && a.sign != b.sign)
        return a.sign ? FLOAT_LESS : FLOAT_GREATER;
    return less != a.sign ? FLOAT_LESS : FLOAT_GREATER;
}
