/* SPDX-License-Identifier: MIT */
/* Where the host's arithmetic says that it serves, the soft FPU gives the same bits and raises nothing but
 * PE; and it does serve for everyday numbers, and refuses at the edges. */
#include "core/x86/fpu/host_float.h"

#include "core/x86/fpu/softfloat.h"
#include "tests/support/rng.h"
#include "tests/support/suite.h"

enum { CASES = 400000 };

typedef bool host32_fn(uint32_t a, uint32_t b, uint32_t *result);
typedef bool host64_fn(uint64_t a, uint64_t b, uint64_t *result);
typedef uint32_t soft32_fn(struct float_env *env, uint32_t a, uint32_t b);
typedef uint64_t soft64_fn(struct float_env *env, uint64_t a, uint64_t b);

static uint32_t soft32_sqrt(struct float_env *env, uint32_t a, uint32_t b)
{
    (void)a;
    return f32_sqrt(env, b);
}

static uint64_t soft64_sqrt(struct float_env *env, uint64_t a, uint64_t b)
{
    (void)a;
    return f64_sqrt(env, b);
}

static const struct {
    const char *name;
    host32_fn *host32;
    soft32_fn *soft32;
    host64_fn *host64;
    soft64_fn *soft64;
} operations[] = {
    {"add", host32_add, f32_add, host64_add, f64_add},
    {"sub", host32_sub, f32_sub, host64_sub, f64_sub},
    {"mul", host32_mul, f32_mul, host64_mul, f64_mul},
    {"div", host32_div, f32_div, host64_div, f64_div},
    {"min", host32_min, f32_min, host64_min, f64_min},
    {"max", host32_max, f32_max, host64_max, f64_max},
    {"sqrt", host32_sqrt, soft32_sqrt, host64_sqrt, soft64_sqrt},
};

enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* Exponents near both ends, near each other, or any; fractions of few bits, of many, or any. */
static uint64_t operand(struct rng *rng, unsigned fraction_bits, unsigned exponent_bits)
{
    uint32_t most = (1u << exponent_bits) - 1, exponent = (uint32_t)rng_next(rng) & most;
    uint64_t fraction = rng_next(rng) >> (64 - fraction_bits);
    switch (rng_below(rng, 6)) {
    case 0: exponent = rng_below(rng, 4); break;
    case 1: exponent = most - rng_below(rng, 4); break;
    case 2: exponent = most / 2 + rng_below(rng, 8); break;
    case 3: exponent = most / 4 + rng_below(rng, 4); break;
    default: break;
    }
    switch (rng_below(rng, 4)) {
    case 0: fraction = 0; break;
    case 1: fraction = (UINT64_C(1) << fraction_bits) - 1; break;
    case 2: fraction = UINT64_C(1) << rng_below(rng, fraction_bits); break;
    default: break;
    }
    uint64_t sign = rng_next(rng) & 1;
    return (sign << exponent_bits | exponent) << fraction_bits | fraction;
}

static const struct float_env near = {.rounding = FLOAT_NEAREST, .masks = FLOAT_EXCEPTIONS};

START_TEST(single_precision_is_the_soft_fpus)
{
    struct rng rng = {1};
    unsigned served = 0;
    for (unsigned i = 0; i < CASES; i++) {
        uint32_t a = (uint32_t)operand(&rng, 23, 8), b = (uint32_t)operand(&rng, 23, 8), result;
        unsigned n = rng_below(&rng, OPERATIONS);
        if (!operations[n].host32(a, b, &result))
            continue;
        struct float_env env = near;
        uint32_t expected = operations[n].soft32(&env, a, b);
        ck_assert_msg(result == expected && !(env.flags & ~FLOAT_PE),
                      "%s %08x %08x: %08x, not %08x, flags %02x", operations[n].name, a, b, result, expected,
                      env.flags);
        served++;
    }
    ck_assert_uint_gt(served, CASES / 4);
}
END_TEST

START_TEST(double_precision_is_the_soft_fpus)
{
    struct rng rng = {2};
    unsigned served = 0;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t a = operand(&rng, 52, 11), b = operand(&rng, 52, 11), result;
        unsigned n = rng_below(&rng, OPERATIONS);
        if (!operations[n].host64(a, b, &result))
            continue;
        struct float_env env = near;
        uint64_t expected = operations[n].soft64(&env, a, b);
        ck_assert_msg(result == expected && !(env.flags & ~FLOAT_PE),
                      "%s %016llx %016llx: %016llx, not %016llx, flags %02x", operations[n].name,
                      (unsigned long long)a, (unsigned long long)b, (unsigned long long)result,
                      (unsigned long long)expected, env.flags);
        served++;
    }
    ck_assert_uint_gt(served, CASES / 4);
}
END_TEST

START_TEST(conversions_are_the_soft_fpus)
{
    struct rng rng = {3};
    unsigned served = 0;
    for (unsigned i = 0; i < CASES; i++) {
        /* Exponents that fit single precision, one beyond either end, and all others. */
        uint64_t wide = operand(&rng, 52, 11), wide_result;
        if (rng_chance(&rng, 60))
            wide = (wide & ~(UINT64_C(0x7FF) << 52)) | (uint64_t)(1023 - 150 + rng_below(&rng, 280)) << 52;
        uint32_t narrow = (uint32_t)operand(&rng, 23, 8), narrow_result;
        struct float_env env = near;
        if (host64_to_32(wide, &narrow_result)) {
            ck_assert_uint_eq(narrow_result, f64_to_f32(&env, wide));
            ck_assert_uint_eq(env.flags & ~(unsigned)FLOAT_PE, 0);
            served++;
        }
        env = near;
        if (host32_to_64(narrow, &wide_result)) {
            ck_assert_uint_eq(wide_result, f32_to_f64(&env, narrow));
            ck_assert_uint_eq(env.flags, 0);
            served++;
        }
    }
    ck_assert_uint_gt(served, CASES / 2);
}
END_TEST

START_TEST(edges_are_left_to_the_soft_fpu)
{
    uint64_t one = host_f64_bits(1), least = host_f64_bits(DBL_MIN), most = host_f64_bits(DBL_MAX);
    uint64_t infinity = UINT64_C(0x7FF0000000000000), nan = UINT64_C(0x7FF8000000000000), denormal = 1,
             result;
    ck_assert(host64_add(one, one, &result));
    ck_assert(host64_mul(0, one, &result));
    ck_assert(host64_sub(one, one, &result));
    ck_assert(!host64_add(one, denormal, &result));
    ck_assert(!host64_add(one, nan, &result));
    ck_assert(!host64_add(one, infinity, &result));
    ck_assert(!host64_add(most, most, &result));
    ck_assert(!host64_mul(least, least, &result));
    ck_assert(!host64_mul(least, host_f64_bits(0.5), &result));
    ck_assert(!host64_div(one, 0, &result));
    ck_assert(!host64_min(nan, one, &result));
    ck_assert(!host64_sqrt(0, host_f64_bits(-1), &result));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {single_precision_is_the_soft_fpus, double_precision_is_the_soft_fpus,
                                  conversions_are_the_soft_fpus, edges_are_left_to_the_soft_fpu};
    return suite_run("host_float", tests, sizeof tests / sizeof tests[0]);
}
