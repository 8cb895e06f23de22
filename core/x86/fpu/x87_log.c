/* SPDX-License-Identifier: MIT */
/* F2XM1, FYL2X, FYL2XP1, FPATAN (Intel SDM volume 1, 8.3.9; special cases in volume 2). */
#include "core/x86/fpu/wide.h"
#include "core/x86/fpu/x87_internal.h"

static const struct float80 indefinite = {F80_INTEGER_BIT | F80_QUIET_BIT, 0xffff};

static struct float80 invalid(struct float_env *env)
{
    env->flags |= FLOAT_IE;
    return indefinite;
}

static struct float80 infinity(bool sign)
{
    return f80_make(sign, F80_EXPONENT_MAX, F80_INTEGER_BIT);
}

/* --- F2XM1 --- */

static struct float80 exp2_minus_1(struct float_env *env, struct parts x)
{
    if (x.kind >= PARTS_QNAN)
        return f80_nan1(env, x);
    if (x.kind == PARTS_ZERO)
        return f80_make(x.sign, 0, 0);
    if (x.kind == PARTS_INFINITY)
        return x.sign ? f80_make(true, F80_BIAS, F80_INTEGER_BIT) : infinity(false);
    parts_raise_denormal(env, x, x);
    /* 2^+-1 - 1 is exact, but processors report PE all the same. */
    env->flags |= FLOAT_PE;
    if (x.exponent > 0 || (x.exponent == 0 && x.mantissa != F80_INTEGER_BIT))
        return f80_pack_parts(x); /* out of range: undefined, processors return the operand */
    if (x.exponent == 0)
        return f80_make(x.sign, x.sign ? F80_BIAS - 1 : F80_BIAS, F80_INTEGER_BIT);
    struct unrounded y = wide_mul(wide_from_parts(x), wide_ln2);
    return f80_finish(env, wide_series(x.sign ? WIDE_EXP_N : WIDE_EXP, y, wide_fraction(y)), 64);
}

void x87_f2xm1(struct x87 *f)
{
    if (!x87_need_st0(f))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result = exp2_minus_1(&env, parts_from_f80(x87_get(f, 0)));
    x87_finish_st0(f, &env, result);
}

/* --- Logarithms --- */

/* log2((1 + s) / (1 - s)) for |s| < 0.18. */
static struct unrounded log2_ratio(struct unrounded s)
{
    struct unrounded square = wide_mul(s, s);
    return wide_mul(wide_2_log2e, wide_series(WIDE_ATANH, s, wide_fraction(square)));
}

static struct unrounded wide_from_int(int32_t n)
{
    return wide_from_parts(parts_from_int(n));
}

/* log2 of a wide number > 0, not 1: n + log2 f with f in sqrt(1/2)..sqrt(2). */
static struct unrounded log2_wide(struct unrounded f)
{
    enum { SQRT2_HIGH = 0xb504 };
    int32_t n = f.exponent;
    f.exponent = 0;
    if (f.m.hi >> 48 >= SQRT2_HIGH) {
        f.exponent = -1;
        n++;
    }
    struct unrounded minus_one = wide_one;
    minus_one.sign = true;
    struct unrounded numerator = wide_add(f, minus_one);
    if (numerator.kind == PARTS_ZERO)
        return wide_from_int(n);
    struct unrounded fraction = log2_ratio(wide_div(numerator, wide_add(f, wide_one)));
    return n == 0 ? fraction : wide_add(wide_from_int(n), fraction);
}

/* y * l. The logarithm of a power of two is exact; processors report PE, and UE where tiny, all the same. */
static struct float80 scaled_log(struct float_env *env, struct parts y, struct unrounded l, bool exact)
{
    struct unrounded r = wide_mul(wide_from_parts(y), l);
    if (!exact)
        r.m.lo |= 1;
    env->flags |= FLOAT_PE | (r.exponent < F80_EMIN ? FLOAT_UE : 0);
    return f80_finish(env, r, 64);
}

/* y * log where the logarithm is an infinity of the given sign. */
static struct float80 infinite_log(struct float_env *env, struct parts y, bool sign)
{
    return y.kind == PARTS_ZERO ? invalid(env) : infinity(y.sign ^ sign);
}

static struct float80 y_log2_x(struct float_env *env, struct parts y, struct parts x)
{
    if (x.kind >= PARTS_QNAN || y.kind >= PARTS_QNAN)
        return f80_nan(env, y, x);
    if (x.kind == PARTS_ZERO) {
        if (y.kind == PARTS_FINITE)
            env->flags |= FLOAT_ZE;
        return infinite_log(env, y, true);
    }
    if (x.sign)
        return invalid(env);
    if (x.kind == PARTS_INFINITY) {
        if (y.kind != PARTS_ZERO)
            parts_raise_denormal(env, y, y);
        return infinite_log(env, y, false);
    }
    bool power_of_2 = x.mantissa == F80_INTEGER_BIT;
    bool is_one = power_of_2 && x.exponent == 0;
    if (y.kind == PARTS_INFINITY && is_one)
        return invalid(env);
    parts_raise_denormal(env, x, y);
    bool sign = y.sign ^ (x.exponent < 0);
    if (y.kind == PARTS_INFINITY)
        return infinity(sign);
    if (y.kind == PARTS_ZERO || is_one)
        return f80_make(sign, 0, 0);
    return scaled_log(env, y, log2_wide(wide_from_parts(x)), power_of_2);
}

/* log2(1 + x) for finite x > -1, x not 0. */
static struct unrounded log2_1_plus(struct parts x)
{
    struct unrounded w = wide_from_parts(x), sum = wide_add(wide_one, w);
    if (x.exponent >= -2)
        return log2_wide(sum);
    /* (1 + s) / (1 - s) = 1 + x for s = x / (2 + x): no cancellation */
    struct unrounded two = wide_one;
    two.exponent = 1;
    return log2_ratio(wide_div(w, wide_add(two, w)));
}

static struct float80 y_log2_x_plus_1(struct float_env *env, struct parts y, struct parts x)
{
    if (x.kind >= PARTS_QNAN || y.kind >= PARTS_QNAN)
        return f80_nan(env, y, x);
    if (x.kind == PARTS_INFINITY && (x.sign || y.kind == PARTS_ZERO))
        return invalid(env);
    if (x.kind == PARTS_ZERO && y.kind == PARTS_INFINITY)
        return invalid(env);
    parts_raise_denormal(env, x, y);
    bool sign = x.sign ^ y.sign;
    if (x.kind == PARTS_INFINITY || y.kind == PARTS_INFINITY)
        return infinity(sign);
    if (x.kind == PARTS_ZERO || y.kind == PARTS_ZERO)
        return f80_make(sign, 0, 0);
    if (x.sign && x.exponent >= 0) { /* undefined: processors return ST(0) */
        env->flags |= FLOAT_PE;
        return f80_pack_parts(x);
    }
    return scaled_log(env, y, log2_1_plus(x), false);
}

/* --- Arctangent --- */

/* atan(a / b) for 0 < a <= b, both magnitudes. */
static struct unrounded atan_ratio(struct parts a, struct parts b)
{
    struct unrounded n = wide_from_parts(a), d = wide_from_parts(b);
    n.sign = d.sign = false;
    int32_t distance = b.exponent - a.exponent;
    unsigned k = 0;
    if (distance <= 5) /* k/16 is the multiple nearest a/b, from the top bits of both */
        k = (unsigned)(((a.mantissa >> 32 << 5 >> distance) / (b.mantissa >> 32) + 1) >> 1);
    if (k != 0) {
        /* atan(t) = atan(c) + atan((t - c) / (1 + t c)) with c = k/16: exact numerator 16 a - k b and
         * denominator */
        struct unrounded c = wide_from_int((int32_t)k), minus_c = c, nn = n, dd = d;
        minus_c.sign = true;
        nn.exponent += 4;
        dd.exponent += 4;
        struct unrounded numerator = wide_add(nn, wide_mul(minus_c, d));
        d = wide_add(dd, wide_mul(c, n));
        n = numerator;
        if (n.kind == PARTS_ZERO)
            return wide_atan_sixteenth(k);
    }
    struct unrounded t = wide_div(n, d);
    struct u128 x = wide_fraction(t);
    struct unrounded r = wide_series(WIDE_ATAN, t, u128_mulhi(x, x));
    return k ? wide_add(wide_atan_sixteenth(k), r) : r;
}

static struct unrounded pi_times(int32_t exponent)
{
    struct unrounded r = wide_pi;
    r.exponent += exponent;
    return r;
}

/* Angle of the point (x, y), both finite and not zero, as a magnitude. */
static struct unrounded angle(struct parts y, struct parts x)
{
    bool steep = y.exponent > x.exponent || (y.exponent == x.exponent && y.mantissa > x.mantissa);
    struct unrounded r = steep ? atan_ratio(x, y) : atan_ratio(y, x);
    if (steep) { /* pi/2 -+ atan(|x| / |y|) */
        r.sign = !x.sign;
        return wide_add(pi_times(-1), r);
    }
    if (!x.sign)
        return r;
    r.sign = true;
    return wide_add(wide_pi, r);
}

/* A constant angle: multiples of pi/4, always inexact. */
static struct float80 constant_angle(struct float_env *env, bool sign, unsigned eighths)
{
    struct unrounded r = wide_mul(wide_from_int((int32_t)eighths), pi_times(-2));
    r.sign = sign;
    return f80_finish(env, r, 64);
}

static struct float80 arctangent(struct float_env *env, struct parts y, struct parts x)
{
    if (x.kind >= PARTS_QNAN || y.kind >= PARTS_QNAN)
        return f80_nan(env, y, x);
    parts_raise_denormal(env, x, y);
    if (y.kind == PARTS_INFINITY)
        return constant_angle(env, y.sign, x.kind != PARTS_INFINITY ? 2 : x.sign ? 3 : 1);
    if (y.kind == PARTS_ZERO || x.kind == PARTS_INFINITY)
        return x.sign ? constant_angle(env, y.sign, 4) : f80_make(y.sign, 0, 0);
    if (x.kind == PARTS_ZERO)
        return constant_angle(env, y.sign, 2);
    struct unrounded r = angle(y, x);
    r.sign = y.sign;
    return f80_finish(env, r, 64);
}

/* --- Instructions with two operands: ST(1) = function(ST(1), ST(0)), pop --- */

typedef struct float80 binary_fn(struct float_env *env, struct parts st1, struct parts st0);

static void binary(struct x87 *f, binary_fn *function)
{
    struct float80 result = indefinite;
    if (x87_is_empty(f, 0) || x87_is_empty(f, 1)) {
        if (!x87_stack_fault(f, false))
            return;
    } else {
        struct float_env env;
        x87_env(f, &env);
        result = function(&env, parts_from_f80(x87_get(f, 1)), parts_from_f80(x87_get(f, 0)));
        if (!x87_retire(f, &env))
            return;
    }
    x87_set(f, 1, result);
    x87_pop(f);
}

void x87_fyl2x(struct x87 *f)
{
    binary(f, y_log2_x);
}

void x87_fyl2xp1(struct x87 *f)
{
    binary(f, y_log2_x_plus_1);
}

void x87_fpatan(struct x87 *f)
{
    binary(f, arctangent);
}
