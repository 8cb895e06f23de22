/* SPDX-License-Identifier: MIT */
/* FSIN, FCOS, FSINCOS, FPTAN (Intel SDM volume 1, 8.3.7, 8.3.8, 8.3.10).
   The argument is reduced exactly by the 66-bit pi that the manual documents and that Intel's and AMD's
   processors use, so that the result is the sine of x pi/pi66 to within an ulp for every |x| < 2^63. */
#include "core/x86/fpu/wide.h"
#include "core/x86/fpu/x87_internal.h"

/* pi/2 in units of 2^-65. */
static const struct u128 half_pi = {3, UINT64_C(0x243f6a8885a308d3)};
enum { HALF_PI_SCALE = 65 };

/* x = quadrant pi/2 + rest with |rest| <= pi/4. */
struct reduced {
    struct unrounded rest;
    unsigned quadrant; /* modulo 4 */
};

static struct unrounded zero_rest(bool sign)
{
    return (struct unrounded){{0, 0}, 0, PARTS_ZERO, sign};
}

/* |x| >= 1/2: long division of x 2^65, an integer, by pi/2 2^65. */
static struct reduced reduce_large(struct parts x)
{
    struct reduced r = {.quadrant = 0};
    struct u128 rest = {0, x.mantissa};
    for (int32_t bit = x.exponent - 63 + HALF_PI_SCALE; bit > 0; bit--) {
        rest = u128_shl(rest, 1);
        r.quadrant <<= 1;
        if (!u128_less(rest, half_pi)) {
            rest = u128_sub(rest, half_pi);
            r.quadrant++;
        }
    }
    bool flip = u128_less(half_pi, u128_shl(rest, 1));
    if (flip) {
        rest = u128_sub(half_pi, rest);
        r.quadrant++;
    }
    r.rest =
        u128_is_zero(rest) ? zero_rest(x.sign) : wide_normalise(x.sign ^ flip, 127 - HALF_PI_SCALE, rest);
    return r;
}

static struct reduced reduce(struct parts x)
{
    struct reduced r = {wide_from_parts(x), 0};
    if (x.exponent >= -1)
        r = reduce_large(x);
    /* sin(-x) = -sin x: quadrants count away from zero on either side */
    return r;
}

static struct unrounded sine_of_rest(struct unrounded rest)
{
    if (rest.kind == PARTS_ZERO)
        return rest;
    struct u128 x = wide_fraction(rest);
    return wide_series(WIDE_SIN, rest, u128_mulhi(x, x));
}

static struct unrounded cosine_of_rest(struct unrounded rest)
{
    if (rest.kind == PARTS_ZERO)
        return wide_one;
    struct u128 x = wide_fraction(rest);
    return wide_series(WIDE_COS, wide_one, u128_mulhi(x, x));
}

static struct unrounded negate_if(struct unrounded a, bool negate)
{
    a.sign ^= negate;
    return a;
}

/* The quadrant counts in the direction of x's sign: the odd quadrants' sine is sign(x) cos(rest). */
static struct unrounded sine(struct parts x)
{
    struct reduced r = reduce(x);
    if (r.quadrant & 1)
        return negate_if(cosine_of_rest(r.rest), x.sign ^ (r.quadrant >> 1 & 1));
    return negate_if(sine_of_rest(r.rest), r.quadrant >> 1 & 1);
}

static struct unrounded cosine(struct parts x)
{
    struct reduced r = reduce(x);
    if (r.quadrant & 1)
        return negate_if(sine_of_rest(r.rest), x.sign ^ !(r.quadrant >> 1 & 1));
    return negate_if(cosine_of_rest(r.rest), r.quadrant >> 1 & 1);
}

static struct unrounded tangent(struct parts x)
{
    struct unrounded s = sine(x);
    if (s.kind == PARTS_ZERO)
        return s;
    bool tiny = x.exponent < -60; /* x and a trace more */
    struct unrounded r = tiny ? wide_from_parts(x) : wide_div(s, cosine(x));
    r.m.lo |= 1;
    return r;
}

enum function { SINE, COSINE, TANGENT };

/* Zero is exact: sin 0 = 0, cos 0 = 1, tan 0 = 0. */
static struct float80 evaluate(struct float_env *env, struct parts x, enum function which)
{
    if (x.kind == PARTS_ZERO)
        return which == COSINE ? f80_make(false, F80_BIAS, F80_INTEGER_BIT) : f80_make(x.sign, 0, 0);
    struct unrounded r = which == SINE ? sine(x) : which == COSINE ? cosine(x) : tangent(x);
    return f80_finish(env, r, 64);
}

/* True where x is an argument to compute with; otherwise *result has the NaN of an operand or invalid
 * operation. */
static bool usable(struct float_env *env, struct parts x, struct float80 *result)
{
    if (x.kind >= PARTS_QNAN) {
        *result = f80_nan1(env, x);
        return false;
    }
    if (x.kind == PARTS_INFINITY) {
        env->flags |= FLOAT_IE;
        *result = f80_default_nan();
        return false;
    }
    parts_raise_denormal(env, x, x);
    return true;
}

/* |x| >= 2^63: C2 = 1, nothing else happens. */
static bool out_of_range(struct x87 *f, struct parts x)
{
    f->status &= (uint16_t) ~(X87_C1 | X87_C2);
    if (x.kind != PARTS_FINITE || x.exponent < 63)
        return false;
    f->status |= X87_C2;
    return true;
}

static void one_result(struct x87 *f, enum function which)
{
    f->status &= (uint16_t)~X87_C2;
    if (!x87_need_st0(f))
        return;
    struct parts x = parts_from_f80(x87_get(f, 0));
    if (out_of_range(f, x))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result;
    if (usable(&env, x, &result))
        result = evaluate(&env, x, which);
    x87_finish_st0(f, &env, result);
}

void x87_fsin(struct x87 *f)
{
    one_result(f, SINE);
}

void x87_fcos(struct x87 *f)
{
    one_result(f, COSINE);
}

/* FSINCOS and FPTAN push: ST(0) must be in use and ST(7) empty. */
static bool room_for_two(struct x87 *f)
{
    f->status &= (uint16_t)~X87_C2;
    bool underflow = x87_is_empty(f, 0);
    if (!underflow && x87_is_empty(f, 7))
        return true;
    if (x87_stack_fault(f, !underflow)) {
        x87_set(f, 0, f80_default_nan());
        x87_push(f, f80_default_nan());
    }
    return false;
}

static void two_results(struct x87 *f, enum function first)
{
    if (!room_for_two(f))
        return;
    struct parts x = parts_from_f80(x87_get(f, 0));
    if (out_of_range(f, x))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result, second;
    if (usable(&env, x, &result)) {
        second = f80_make(false, F80_BIAS, F80_INTEGER_BIT);
        if (first == SINE)
            second = evaluate(&env, x, COSINE);
        result = evaluate(&env, x, first);
    } else {
        second = result;
    }
    if (x87_retire(f, &env)) {
        x87_set(f, 0, result);
        x87_push(f, second);
    }
}

void x87_fsincos(struct x87 *f)
{
    two_results(f, SINE);
}

void x87_fptan(struct x87 *f)
{
    two_results(f, TANGENT);
}
