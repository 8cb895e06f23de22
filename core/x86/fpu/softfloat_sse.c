/* SPDX-License-Identifier: MIT */
/* Single and double precision with SSE rules: first-operand NaN, DAZ, FTZ (Intel SDM volume 1, 10.2.3, 11.5).
 */
#include "core/x86/fpu/softfloat_parts.h"

enum sse_op { SSE_ADD, SSE_SUB, SSE_MUL, SSE_DIV };

static struct parts unpack(const struct float_env *env, const struct float_format *format, uint64_t bits)
{
    return parts_daz(env, parts_from_bits(format, bits));
}

static uint64_t nan_of(struct float_env *env, const struct float_format *format, struct parts a,
                       struct parts b)
{
    if (a.kind == PARTS_SNAN || b.kind == PARTS_SNAN)
        env->flags |= FLOAT_IE;
    return bits_from_nan(format, a.kind >= PARTS_QNAN ? a : b);
}

static uint64_t binary(struct float_env *env, const struct float_format *format, enum sse_op op, uint64_t a,
                       uint64_t b)
{
    struct parts p = unpack(env, format, a), q = unpack(env, format, b);
    if (p.kind >= PARTS_QNAN || q.kind >= PARTS_QNAN)
        return nan_of(env, format, p, q);
    struct unrounded r;
    switch (op) {
    case SSE_SUB: q.sign = !q.sign; /* fallthrough */
    case SSE_ADD: r = parts_add(env, p, q); break;
    case SSE_MUL: r = parts_mul(env, p, q); break;
    default: r = parts_div(env, p, q); break;
    }
    return bits_finish(env, format, r);
}

static uint64_t square_root(struct float_env *env, const struct float_format *format, uint64_t a)
{
    struct parts p = unpack(env, format, a);
    if (p.kind >= PARTS_QNAN)
        return nan_of(env, format, p, p);
    return bits_finish(env, format, parts_sqrt(env, p));
}

static struct unrounded exact(struct parts a)
{
    return (struct unrounded){{a.mantissa, 0}, a.exponent, a.kind, a.sign};
}

static uint64_t integral(struct float_env *env, const struct float_format *format, uint64_t a)
{
    struct parts p = unpack(env, format, a);
    if (p.kind >= PARTS_QNAN)
        return nan_of(env, format, p, p);
    return bits_finish(env, format, exact(parts_round_integral(env, p)));
}

/* min: want FLOAT_LESS; max: want FLOAT_GREATER. Anything but a strict order selects b. */
static uint64_t select(struct float_env *env, const struct float_format *format, enum float_order want,
                       uint64_t a, uint64_t b)
{
    struct parts p = unpack(env, format, a), q = unpack(env, format, b);
    enum float_order order = parts_compare(env, p, q, false);
    if (order == want)
        return p.kind == PARTS_ZERO ? bits_finish(env, format, exact(p)) : a;
    return q.kind == PARTS_ZERO ? bits_finish(env, format, exact(q)) : b;
}

static uint64_t convert(struct float_env *env, const struct float_format *from, const struct float_format *to,
                        uint64_t a)
{
    struct parts p = unpack(env, from, a);
    if (p.kind >= PARTS_QNAN)
        return nan_of(env, to, p, p);
    parts_raise_denormal(env, p, p);
    return bits_finish(env, to, exact(p));
}

uint32_t f32_add(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)binary(env, &float32_format, SSE_ADD, a, b);
}

uint32_t f32_sub(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)binary(env, &float32_format, SSE_SUB, a, b);
}

uint32_t f32_mul(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)binary(env, &float32_format, SSE_MUL, a, b);
}

uint32_t f32_div(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)binary(env, &float32_format, SSE_DIV, a, b);
}

uint32_t f32_sqrt(struct float_env *env, uint32_t a)
{
    return (uint32_t)square_root(env, &float32_format, a);
}

uint32_t f32_min(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)select(env, &float32_format, FLOAT_LESS, a, b);
}

uint32_t f32_max(struct float_env *env, uint32_t a, uint32_t b)
{
    return (uint32_t)select(env, &float32_format, FLOAT_GREATER, a, b);
}

enum float_order f32_compare(struct float_env *env, uint32_t a, uint32_t b, bool quiet)
{
    return parts_compare(env, unpack(env, &float32_format, a), unpack(env, &float32_format, b), quiet);
}

uint32_t f32_round_to_integral(struct float_env *env, uint32_t a)
{
    return (uint32_t)integral(env, &float32_format, a);
}

uint64_t f32_to_f64(struct float_env *env, uint32_t a)
{
    return convert(env, &float32_format, &float64_format, a);
}

int64_t f32_to_int(struct float_env *env, uint32_t a, unsigned bits)
{
    return parts_to_int(env, unpack(env, &float32_format, a), bits);
}

uint32_t f32_from_int(struct float_env *env, int64_t a)
{
    return (uint32_t)bits_finish(env, &float32_format, exact(parts_from_int(a)));
}

uint64_t f64_add(struct float_env *env, uint64_t a, uint64_t b)
{
    return binary(env, &float64_format, SSE_ADD, a, b);
}

uint64_t f64_sub(struct float_env *env, uint64_t a, uint64_t b)
{
    return binary(env, &float64_format, SSE_SUB, a, b);
}

uint64_t f64_mul(struct float_env *env, uint64_t a, uint64_t b)
{
    return binary(env, &float64_format, SSE_MUL, a, b);
}

uint64_t f64_div(struct float_env *env, uint64_t a, uint64_t b)
{
    return binary(env, &float64_format, SSE_DIV, a, b);
}

uint64_t f64_sqrt(struct float_env *env, uint64_t a)
{
    return square_root(env, &float64_format, a);
}

uint64_t f64_min(struct float_env *env, uint64_t a, uint64_t b)
{
    return select(env, &float64_format, FLOAT_LESS, a, b);
}

uint64_t f64_max(struct float_env *env, uint64_t a, uint64_t b)
{
    return select(env, &float64_format, FLOAT_GREATER, a, b);
}

enum float_order f64_compare(struct float_env *env, uint64_t a, uint64_t b, bool quiet)
{
    return parts_compare(env, unpack(env, &float64_format, a), unpack(env, &float64_format, b), quiet);
}

uint64_t f64_round_to_integral(struct float_env *env, uint64_t a)
{
    return integral(env, &float64_format, a);
}

uint32_t f64_to_f32(struct float_env *env, uint64_t a)
{
    return (uint32_t)convert(env, &float64_format, &float32_format, a);
}

int64_t f64_to_int(struct float_env *env, uint64_t a, unsigned bits)
{
    return parts_to_int(env, unpack(env, &float64_format, a), bits);
}

uint64_t f64_from_int(struct float_env *env, int64_t a)
{
    return bits_finish(env, &float64_format, exact(parts_from_int(a)));
}
