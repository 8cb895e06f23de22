/* SPDX-License-Identifier: MIT */
/* x87 basic arithmetic, comparison and remainder (Intel SDM volume 1, 8.3.5 and 8.3.6). */
#include "core/x86/fpu/x87_internal.h"

static struct float80 compute(struct float_env *env, enum x87_op op, struct float80 a, struct float80 b)
{
    switch (op) {
    case X87_ADD: return f80_add(env, a, b);
    case X87_MUL: return f80_mul(env, a, b);
    case X87_SUB: return f80_sub(env, a, b);
    case X87_SUBR: return f80_sub(env, b, a);
    case X87_DIV: return f80_div(env, a, b);
    default: return f80_div(env, b, a);
    }
}

/* The same with an operand from memory that is not a normal number: a signalling NaN stays one, a denormal
 * counts. */
static struct float80 compute_parts(struct float_env *env, enum x87_op op, struct parts a, struct parts b)
{
    switch (op) {
    case X87_ADD: return f80_add_parts(env, a, b);
    case X87_MUL: return f80_mul_parts(env, a, b);
    case X87_SUB: return f80_sub_parts(env, a, b);
    case X87_SUBR: return f80_sub_parts(env, b, a);
    case X87_DIV: return f80_div_parts(env, a, b);
    default: return f80_div_parts(env, b, a);
    }
}

void x87_arith_st(struct x87 *f, enum x87_op op, unsigned dst, unsigned src, bool pop)
{
    struct float80 result;
    if (x87_is_empty(f, dst) || x87_is_empty(f, src)) {
        if (!x87_stack_fault(f, false))
            return;
        result = f80_default_nan();
    } else {
        struct float_env env;
        x87_env(f, &env);
        result = compute(&env, op, x87_get(f, dst), x87_get(f, src));
        if (!x87_retire(f, &env))
            return;
    }
    x87_set(f, dst, result);
    if (pop)
        x87_pop(f);
}

static unsigned order_conditions(enum float_order order)
{
    static const uint16_t conditions[] = {
        [FLOAT_LESS] = X87_C0,
        [FLOAT_EQUAL] = X87_C3,
        [FLOAT_GREATER] = 0,
        [FLOAT_UNORDERED] = X87_C0 | X87_C2 | X87_C3,
    };
    return conditions[order];
}

/* Retires a comparison. An unmasked fault only keeps the operands on the stack: the conditions are set all
 * the same. */
static void conclude(struct x87 *f, const struct float_env *env, enum float_order order, unsigned pops)
{
    x87_set_conditions(f, order_conditions(order));
    if (!x87_retire(f, env))
        return;
    while (pops--)
        x87_pop(f);
}

static void compare_empty(struct x87 *f, unsigned pops)
{
    x87_set_conditions(f, order_conditions(FLOAT_UNORDERED));
    if (!x87_stack_fault(f, false))
        return;
    while (pops--)
        x87_pop(f);
}

static void arith_memory(struct x87 *f, enum x87_op op, struct parts value)
{
    bool compare = op == X87_COM || op == X87_COMP;
    if (x87_is_empty(f, 0)) {
        if (compare)
            compare_empty(f, op == X87_COMP);
        else
            x87_need_st0(f);
        return;
    }
    struct float_env env;
    x87_env(f, &env);
    struct parts st0 = parts_from_f80(x87_get(f, 0));
    if (compare) {
        enum float_order order = parts_compare(&env, st0, value, false);
        conclude(f, &env, order, op == X87_COMP);
    } else {
        x87_finish_st0(f, &env, compute_parts(&env, op, st0, value));
    }
}

/* With a normal number from memory. False where it is a comparison, or ST(0) is empty. */
static bool arith_normal(struct x87 *f, enum x87_op op, struct float80 value)
{
    struct float_env env;
    if (op == X87_COM || op == X87_COMP || x87_is_empty(f, 0))
        return false;
    x87_env(f, &env);
    x87_finish_st0(f, &env, compute(&env, op, x87_get(f, 0), value));
    return true;
}

void x87_arith_m32(struct x87 *f, enum x87_op op, uint32_t value)
{
    struct float80 wide;
    if (x87_widen_m32(value, &wide) && arith_normal(f, op, wide))
        return;
    arith_memory(f, op, parts_from_bits(&float32_format, value));
}

void x87_arith_m64(struct x87 *f, enum x87_op op, uint64_t value)
{
    struct float80 wide;
    if (x87_widen_m64(value, &wide) && arith_normal(f, op, wide))
        return;
    arith_memory(f, op, parts_from_bits(&float64_format, value));
}

void x87_arith_int(struct x87 *f, enum x87_op op, int32_t value)
{
    if (value && arith_normal(f, op, f80_from_int(value)))
        return;
    arith_memory(f, op, parts_from_int(value));
}

void x87_fcom(struct x87 *f, unsigned i, bool quiet, unsigned pops)
{
    if (x87_is_empty(f, 0) || x87_is_empty(f, i)) {
        compare_empty(f, pops);
        return;
    }
    struct float_env env;
    x87_env(f, &env);
    enum float_order order = f80_compare(&env, x87_get(f, 0), x87_get(f, i), quiet);
    conclude(f, &env, order, pops);
}

uint32_t x87_fcomi(struct x87 *f, unsigned i, bool quiet, bool pop)
{
    enum { CF = 1, PF = 4, ZF = 0x40 };
    static const uint8_t flags[] = {
        [FLOAT_LESS] = CF, [FLOAT_EQUAL] = ZF, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = CF | PF | ZF};
    enum float_order order = FLOAT_UNORDERED;
    bool usable;
    if (x87_is_empty(f, 0) || x87_is_empty(f, i)) {
        usable = x87_stack_fault(f, false);
    } else {
        struct float_env env;
        x87_env(f, &env);
        order = f80_compare(&env, x87_get(f, 0), x87_get(f, i), quiet);
        usable = x87_retire(f, &env);
    }
    if (usable && pop)
        x87_pop(f);
    return flags[order];
}

void x87_ftst(struct x87 *f)
{
    if (x87_is_empty(f, 0)) {
        compare_empty(f, 0);
        return;
    }
    struct float_env env;
    x87_env(f, &env);
    enum float_order order = f80_compare(&env, x87_get(f, 0), f80_make(false, 0, 0), false);
    conclude(f, &env, order, 0);
}

void x87_fxam(struct x87 *f)
{
    static const uint16_t conditions[] = {
        [F80_UNSUPPORTED] = 0, [F80_NAN] = X87_C0,
        [F80_NORMAL] = X87_C2, [F80_INFINITY] = X87_C2 | X87_C0,
        [F80_ZERO] = X87_C3,   [F80_DENORMAL] = X87_C3 | X87_C2,
    };
    struct float80 value = x87_get(f, 0);
    unsigned c = x87_is_empty(f, 0) ? X87_C3 | X87_C0 : conditions[f80_classify(value)];
    f->status &= (uint16_t)~X87_C1;
    f->status |= f80_sign(value) ? X87_C1 : 0;
    x87_set_conditions(f, c);
}

void x87_fsqrt(struct x87 *f)
{
    if (!x87_need_st0(f))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result = f80_sqrt(&env, x87_get(f, 0));
    x87_finish_st0(f, &env, result);
}

void x87_frndint(struct x87 *f)
{
    if (!x87_need_st0(f))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result = f80_round_to_integral(&env, x87_get(f, 0));
    x87_finish_st0(f, &env, result);
}

/* ST(0) and ST(1) in use; otherwise the masked underflow leaves the default NaN in ST(0). */
static bool need_two(struct x87 *f)
{
    if (!x87_is_empty(f, 0) && !x87_is_empty(f, 1))
        return true;
    if (x87_stack_fault(f, false))
        x87_set(f, 0, f80_default_nan());
    return false;
}

void x87_fscale(struct x87 *f)
{
    if (!need_two(f))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct float80 result = f80_scale(&env, x87_get(f, 0), x87_get(f, 1));
    x87_finish_st0(f, &env, result);
}

void x87_fxtract(struct x87 *f)
{
    struct float80 significand, exponent;
    if (x87_is_empty(f, 0) || !x87_is_empty(f, 7)) {
        if (!x87_stack_fault(f, !x87_is_empty(f, 0)))
            return;
        significand = exponent = f80_default_nan();
    } else {
        struct float_env env;
        x87_env(f, &env);
        significand = f80_extract(&env, x87_get(f, 0), &exponent);
        if (!x87_retire(f, &env))
            return;
    }
    x87_set(f, 0, exponent);
    x87_push(f, significand);
}

static void remainder_step(struct x87 *f, bool nearest)
{
    f->status &= (uint16_t)~X87_C2;
    if (!need_two(f))
        return;
    struct float_env env;
    x87_env(f, &env);
    struct f80_quotient q;
    struct float80 result = f80_remainder(&env, x87_get(f, 0), x87_get(f, 1), nearest, &q);
    if (!x87_retire(f, &env))
        return;
    x87_set(f, 0, result);
    if (!q.valid)
        return;
    x87_set_conditions(f, (q.low_bits & 4 ? X87_C0 : 0) | (q.low_bits & 2 ? X87_C3 : 0) |
                              (q.complete ? 0 : X87_C2));
    if (q.low_bits & 1)
        f->status |= X87_C1;
}

void x87_fprem(struct x87 *f)
{
    remainder_step(f, false);
}

void x87_fprem1(struct x87 *f)
{
    remainder_step(f, true);
}
