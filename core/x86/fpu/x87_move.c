/* SPDX-License-Identifier: MIT */
/* x87 loads, stores and moves (Intel SDM volume 1, 8.3.3 and 8.3.4). */
#include "core/x86/fpu/x87_internal.h"

/* --- Loads: a full stack is checked before the value. --- */

static bool room_to_push(struct x87 *f)
{
    if (x87_is_empty(f, 7))
        return true;
    if (x87_stack_fault(f, true))
        x87_push(f, f80_default_nan());
    return false;
}

/* An unmasked denormal is reported but pushed all the same; only an unmasked IE leaves the stack alone. */
static void load(struct x87 *f, const struct float_env *env, struct float80 value)
{
    if (x87_retire(f, env) || !(env->flags & FLOAT_IE))
        x87_push(f, value);
}

/* The same where nothing was raised. */
static void load_plain(struct x87 *f, struct float80 value)
{
    f->status &= (uint16_t)~X87_C1;
    x87_push(f, value);
}

void x87_fld_st(struct x87 *f, unsigned i)
{
    if (x87_is_empty(f, i)) {
        if (x87_stack_fault(f, false))
            x87_push(f, f80_default_nan());
        return;
    }
    struct float80 value = x87_get(f, i);
    if (!room_to_push(f))
        return;
    f->status &= (uint16_t)~X87_C1;
    x87_push(f, value);
}

void x87_fld_m32(struct x87 *f, uint32_t value)
{
    struct float80 wide;
    if (!room_to_push(f))
        return;
    if (x87_widen_m32(value, &wide)) {
        load_plain(f, wide);
        return;
    }
    struct float_env env;
    x87_env(f, &env);
    wide = f80_from_f32(&env, value);
    load(f, &env, wide);
}

void x87_fld_m64(struct x87 *f, uint64_t value)
{
    struct float80 wide;
    if (!room_to_push(f))
        return;
    if (x87_widen_m64(value, &wide)) {
        load_plain(f, wide);
        return;
    }
    struct float_env env;
    x87_env(f, &env);
    wide = f80_from_f64(&env, value);
    load(f, &env, wide);
}

static void load_exact(struct x87 *f, struct float80 value)
{
    struct float_env env;
    x87_env(f, &env);
    if (room_to_push(f))
        load(f, &env, value);
}

void x87_fld_m80(struct x87 *f, struct float80 value)
{
    load_exact(f, value);
}

void x87_fild(struct x87 *f, int64_t value)
{
    load_exact(f, f80_from_int(value));
}

void x87_fbld(struct x87 *f, uint64_t low, uint16_t high)
{
    load_exact(f, f80_from_bcd(low, high));
}

void x87_fld_constant(struct x87 *f, enum x87_constant constant)
{
    /* Mantissas cut at 64 bits, with the two bits after them: `half` decides RNE, and every irrational has
     * more. */
    static const struct {
        uint64_t mantissa;
        uint16_t exponent;
        bool irrational, half;
    } table[] = {
        [X87_FLD1] = {UINT64_C(0x8000000000000000), 0x3fff, false, false},
        [X87_FLDL2T] = {UINT64_C(0xd49a784bcd1b8afe), 0x4000, true, false},
        [X87_FLDL2E] = {UINT64_C(0xb8aa3b295c17f0bb), 0x3fff, true, true},
        [X87_FLDPI] = {UINT64_C(0xc90fdaa22168c234), 0x4000, true, true},
        [X87_FLDLG2] = {UINT64_C(0x9a209a84fbcff798), 0x3ffd, true, true},
        [X87_FLDLN2] = {UINT64_C(0xb17217f7d1cf79ab), 0x3ffe, true, true},
        [X87_FLDZ] = {0, 0, false, false},
    };
    struct float_env env;
    x87_env(f, &env);
    bool up = (env.rounding == FLOAT_NEAREST && table[constant].half) ||
              (env.rounding == FLOAT_UP && table[constant].irrational);
    load_exact(f, f80_make(false, table[constant].exponent, table[constant].mantissa + up));
}

/* --- Stores --- */

/* `bad` is what a masked stack underflow stores. */
static struct x87_store empty_store(const struct x87 *f, uint64_t low, uint16_t high, bool pop)
{
    bool masked = x87_masked(f, FLOAT_IE);
    return (struct x87_store){low, high, masked, pop && masked, FLOAT_IE | X87_SF};
}

/* A memory result is not written where IE, OE or UE is unmasked. */
static struct x87_store store(const struct float_env *env, uint64_t low, uint16_t high, bool pop)
{
    struct x87_store s = {low, high, true, pop, x87_outcome(env)};
    if (s.raise & ~(unsigned)env->masks & (FLOAT_FAULTS | FLOAT_OE | FLOAT_UE)) {
        s.write = false;
        s.pop = false;
        s.raise &= (uint16_t) ~(FLOAT_PE | X87_C1);
    }
    return s;
}

struct x87_store x87_fst_m32(const struct x87 *f, bool pop)
{
    if (x87_is_empty(f, 0))
        return empty_store(f, F32_DEFAULT_NAN, 0, pop);
    struct float_env env;
    x87_env(f, &env);
    uint32_t value = f80_to_f32(&env, x87_get(f, 0));
    return store(&env, value, 0, pop);
}

struct x87_store x87_fst_m64(const struct x87 *f, bool pop)
{
    if (x87_is_empty(f, 0))
        return empty_store(f, F64_DEFAULT_NAN, 0, pop);
    struct float_env env;
    x87_env(f, &env);
    uint64_t value = f80_to_f64(&env, x87_get(f, 0));
    return store(&env, value, 0, pop);
}

struct x87_store x87_fstp_m80(const struct x87 *f)
{
    struct float80 value = x87_is_empty(f, 0) ? f80_default_nan() : x87_get(f, 0);
    if (x87_is_empty(f, 0))
        return empty_store(f, value.mantissa, value.sign_exponent, true);
    struct float_env env;
    x87_env(f, &env);
    return store(&env, value.mantissa, value.sign_exponent, true);
}

static struct x87_store store_int(const struct x87 *f, struct float_env *env, unsigned bits, bool pop)
{
    uint64_t mask = ~UINT64_C(0) >> (64 - bits);
    if (x87_is_empty(f, 0))
        return empty_store(f, UINT64_C(1) << (bits - 1), 0, pop);
    uint64_t value = (uint64_t)f80_to_int(env, x87_get(f, 0), bits);
    return store(env, value & mask, 0, pop);
}

struct x87_store x87_fist(const struct x87 *f, unsigned bits, bool pop)
{
    struct float_env env;
    x87_env(f, &env);
    return store_int(f, &env, bits, pop);
}

struct x87_store x87_fisttp(const struct x87 *f, unsigned bits)
{
    struct float_env env;
    x87_env(f, &env);
    env.rounding = FLOAT_CHOP;
    return store_int(f, &env, bits, true);
}

struct x87_store x87_fbstp(const struct x87 *f)
{
    if (x87_is_empty(f, 0))
        return empty_store(f, UINT64_C(0xc000000000000000), 0xffff, true);
    struct float_env env;
    x87_env(f, &env);
    uint16_t high;
    uint64_t low = f80_to_bcd(&env, x87_get(f, 0), &high);
    return store(&env, low, high, true);
}

void x87_store_commit(struct x87 *f, const struct x87_store *s)
{
    f->status = (uint16_t)((f->status & ~(unsigned)X87_C1) | s->raise);
    if (s->pop)
        x87_pop(f);
}

void x87_fst_st(struct x87 *f, unsigned i, bool pop)
{
    struct float80 value = x87_get(f, 0);
    if (x87_is_empty(f, 0)) {
        if (!x87_stack_fault(f, false))
            return;
        value = f80_default_nan();
    } else {
        f->status &= (uint16_t)~X87_C1;
    }
    x87_set(f, i, value);
    if (pop)
        x87_pop(f);
}

void x87_fstp1(struct x87 *f, unsigned i)
{
    f->status &= (uint16_t)~X87_C1;
    if (!x87_is_empty(f, 0))
        x87_set(f, i, x87_get(f, 0));
    x87_pop(f);
}

/* --- Moves --- */

void x87_fxch(struct x87 *f, unsigned i)
{
    struct float80 a = x87_get(f, 0), b = x87_get(f, i);
    f->status &= (uint16_t)~X87_C1;
    if (x87_is_empty(f, 0) || x87_is_empty(f, i)) {
        if (!x87_stack_fault(f, false))
            return;
        if (x87_is_empty(f, 0))
            a = f80_default_nan();
        if (x87_is_empty(f, i))
            b = f80_default_nan();
    }
    x87_set(f, 0, b);
    x87_set(f, i, a);
}

void x87_fcmov(struct x87 *f, unsigned i, bool condition)
{
    if (x87_is_empty(f, 0) || x87_is_empty(f, i)) {
        if (x87_stack_fault(f, false))
            x87_set(f, 0, f80_default_nan());
    } else if (condition) {
        x87_set(f, 0, x87_get(f, i));
    }
}

static void change_sign(struct x87 *f, bool negate)
{
    if (!x87_need_st0(f))
        return;
    struct float80 value = x87_get(f, 0);
    value.sign_exponent = (uint16_t)(negate ? value.sign_exponent ^ 0x8000 : value.sign_exponent & 0x7fff);
    f->status &= (uint16_t)~X87_C1;
    x87_set(f, 0, value);
}

void x87_fchs(struct x87 *f)
{
    change_sign(f, true);
}

void x87_fabs(struct x87 *f)
{
    change_sign(f, false);
}
