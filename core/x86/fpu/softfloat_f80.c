/* SPDX-License-Identifier: MIT */
/* Extended-precision operations with x87 rules for NaNs and unsupported encodings (Intel SDM volume
 * 1, 4.8.3, 8.2.2). */
#include "core/x86/fpu/softfloat_parts.h"

enum f80_class f80_classify(struct float80 a)
{
    if (f80_exponent(a) == 0)
        return a.mantissa ? F80_DENORMAL : F80_ZERO;
    if (!(a.mantissa >> 63))
        return F80_UNSUPPORTED;
    if (f80_exponent(a) != F80_EXPONENT_MAX)
        return F80_NORMAL;
    return a.mantissa << 1 ? F80_NAN : F80_INFINITY;
}

struct float80 f80_nan1(struct float_env *env, struct parts a)
{
    if (a.kind != PARTS_QNAN)
        env->flags |= FLOAT_IE;
    return a.kind == PARTS_UNSUPPORTED ? f80_default_nan() : f80_pack_parts(a);
}

/* SDM volume 1, table 4-7: a quiet NaN wins over a signalling one, then the larger significand, then the
 * positive one. */
struct float80 f80_nan(struct float_env *env, struct parts a, struct parts b)
{
    if (a.kind > PARTS_QNAN || b.kind > PARTS_QNAN)
        env->flags |= FLOAT_IE;
    if (a.kind == PARTS_UNSUPPORTED || b.kind == PARTS_UNSUPPORTED)
        return f80_default_nan();
    if (a.kind < PARTS_QNAN)
        return f80_pack_parts(b);
    if (b.kind < PARTS_QNAN)
        return f80_pack_parts(a);
    if (a.kind != b.kind)
        return f80_pack_parts(a.kind == PARTS_QNAN ? a : b);
    if (a.mantissa != b.mantissa)
        return f80_pack_parts(a.mantissa > b.mantissa ? a : b);
    return f80_pack_parts(a.sign ? b : a);
}

struct float80 f80_sqrt(struct float_env *env, struct float80 a)
{
    struct parts p = parts_from_f80(a);
    if (p.kind >= PARTS_QNAN)
        return f80_nan1(env, p);
    return f80_finish(env, parts_sqrt(env, p), env->precision);
}

enum float_order f80_compare(struct float_env *env, struct float80 a, struct float80 b, bool quiet)
{
    return parts_compare(env, parts_from_f80(a), parts_from_f80(b), quiet);
}

struct float80 f80_round_to_integral(struct float_env *env, struct float80 a)
{
    struct parts p = parts_from_f80(a);
    if (p.kind >= PARTS_QNAN)
        return f80_nan1(env, p);
    parts_raise_denormal(env, p, p);
    return f80_pack_parts(parts_round_integral(env, p));
}

static struct unrounded exact(struct parts a)
{
    return (struct unrounded){{a.mantissa, 0}, a.exponent, a.kind, a.sign};
}

/* Scale factors past this reach zero or infinity from every operand, wrapped exponents included. */
enum { SCALE_LIMIT = 0x10000 };

static int32_t scale_factor(struct parts b)
{
    if (b.kind == PARTS_ZERO || b.exponent < 0)
        return 0;
    int32_t magnitude = b.exponent > 16 ? SCALE_LIMIT : (int32_t)(b.mantissa >> (63 - b.exponent));
    if (magnitude > SCALE_LIMIT)
        magnitude = SCALE_LIMIT;
    return b.sign ? -magnitude : magnitude;
}

struct float80 f80_scale(struct float_env *env, struct float80 a, struct float80 b)
{
    struct parts p = parts_from_f80(a), q = parts_from_f80(b);
    if (p.kind >= PARTS_QNAN || q.kind >= PARTS_QNAN)
        return f80_nan(env, p, q);
    if (q.kind == PARTS_INFINITY) {
        if (p.kind == (q.sign ? PARTS_INFINITY : PARTS_ZERO)) {
            env->flags |= FLOAT_IE;
            return f80_default_nan();
        }
        parts_raise_denormal(env, p, p);
        p.kind = q.sign ? PARTS_ZERO : PARTS_INFINITY;
        return f80_pack_parts(p);
    }
    parts_raise_denormal(env, p, q);
    if (p.kind != PARTS_FINITE)
        return f80_pack_parts(p);
    p.exponent += scale_factor(q);
    return f80_finish(env, exact(p), 64);
}

struct float80 f80_extract(struct float_env *env, struct float80 a, struct float80 *exponent)
{
    struct parts p = parts_from_f80(a);
    if (p.kind >= PARTS_QNAN)
        return *exponent = f80_nan1(env, p);
    if (p.kind == PARTS_ZERO) {
        env->flags |= FLOAT_ZE;
        *exponent = f80_make(true, F80_EXPONENT_MAX, F80_INTEGER_BIT);
        return a;
    }
    if (p.kind == PARTS_INFINITY) {
        *exponent = f80_make(false, F80_EXPONENT_MAX, F80_INTEGER_BIT);
        return a;
    }
    parts_raise_denormal(env, p, p);
    *exponent = f80_from_int(p.exponent);
    p.exponent = 0;
    return f80_pack_parts(p);
}

/* Long division of mantissas: a 2^steps = quotient b + rest, steps 0..63. Quotient modulo 2^64. */
static uint64_t divide_steps(uint64_t a, uint64_t b, unsigned steps, uint64_t *rest)
{
    uint64_t q = a >= b;
    if (q)
        a -= b;
    if (steps == 0) {
        *rest = a;
        return q;
    }
    uint64_t low = u128_div64(a >> (64 - steps), a << steps, b, rest);
    return q << steps | low;
}

/* FPREM1's last step: take the multiple of b that is nearest, ties to an even quotient. */
static void round_quotient(struct parts *rest, struct parts b, uint64_t *q)
{
    /* rest has b's exponent, or one less (quotient 0 so far). */
    struct u128 r = {0, rest->mantissa}, whole = {0, b.mantissa};
    if (rest->exponent < b.exponent)
        whole = u128_shl(whole, 1);
    struct u128 twice = u128_shl(r, 1);
    bool more = u128_less(whole, twice), tie = !more && !u128_less(twice, whole);
    if (more || (tie && *q & 1)) {
        ++*q;
        rest->mantissa = u128_sub(whole, r).lo;
        rest->sign = !rest->sign;
    }
}

static struct float80 remainder_finite(struct float_env *env, struct parts a, struct parts b, bool nearest,
                                       struct f80_quotient *quotient)
{
    int32_t distance = a.exponent - b.exponent;
    uint64_t q = 0;
    if (distance >= 64) {
        /* Partial: take 32..63 bits off, as the hardware does, so that the distance becomes a multiple of 32.
         */
        unsigned steps = ((unsigned)distance & 31) | 32;
        divide_steps(a.mantissa, b.mantissa, steps, &a.mantissa);
        a.exponent -= (int32_t)steps;
        quotient->complete = false;
    } else {
        if (distance >= 0) {
            q = divide_steps(a.mantissa, b.mantissa, (unsigned)distance, &a.mantissa);
            a.exponent = b.exponent;
        }
        if (nearest && distance >= -1)
            round_quotient(&a, b, &q);
    }
    quotient->low_bits = q & 7;
    if (a.mantissa == 0)
        return f80_make(a.sign, 0, 0);
    unsigned shift = clz64(a.mantissa);
    a.mantissa <<= shift;
    a.exponent -= (int32_t)shift;
    return f80_finish(env, exact(a), 64);
}

struct float80 f80_remainder(struct float_env *env, struct float80 a, struct float80 b, bool nearest,
                             struct f80_quotient *quotient)
{
    struct parts p = parts_from_f80(a), q = parts_from_f80(b);
    *quotient = (struct f80_quotient){0, true, false};
    if (p.kind >= PARTS_QNAN || q.kind >= PARTS_QNAN)
        return f80_nan(env, p, q);
    if (p.kind == PARTS_INFINITY || q.kind == PARTS_ZERO) {
        env->flags |= FLOAT_IE;
        return f80_default_nan();
    }
    quotient->valid = true;
    parts_raise_denormal(env, p, q);
    if (p.kind == PARTS_ZERO)
        return a;
    if (q.kind == PARTS_INFINITY)
        return f80_finish(env, exact(p), 64);
    return remainder_finite(env, p, q, nearest, quotient);
}
