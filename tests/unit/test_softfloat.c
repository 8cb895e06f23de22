/* SPDX-License-Identifier: MIT */
/* Corner cases of the soft FPU's arithmetic: rounding, tininess, NaN rules, unsupported encodings (Intel SDM
   volume 1, chapters 4 and 8), and the 128-bit arithmetic below it. */
#include <check.h>

#include "core/x86/fpu/softfloat.h"
#include "core/x86/fpu/uint128.h"

enum { NEAR = FLOAT_NEAREST, DOWN = FLOAT_DOWN, UP = FLOAT_UP, CHOP = FLOAT_CHOP, MASKED = FLOAT_EXCEPTIONS };
enum { IE = FLOAT_IE, DE = FLOAT_DE, ZE = FLOAT_ZE, OE = FLOAT_OE, UE = FLOAT_UE, PE = FLOAT_PE, C1 = 0x200 };
enum op { ADD, SUB, MUL, DIV, SQRT, RINT, SCALE };

#define ONE   UINT64_C(0x8000000000000000)
#define ALL   UINT64_C(0xffffffffffffffff)
#define QUIET UINT64_C(0xc000000000000000)

struct f80_case {
    enum op op;
    uint8_t rounding, precision, masks;
    struct float80 a, b, result;
    unsigned flags; /* and C1 */
};

static const struct f80_case f80_cases[] = {
    /* 1 + 2^-64 lies half way: even below, odd above. */
    {ADD, NEAR, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x3fbf}, {ONE, 0x3fff}, PE},
    {ADD, NEAR, 64, MASKED, {ONE + 1, 0x3fff}, {ONE, 0x3fbf}, {ONE + 2, 0x3fff}, PE | C1},
    {ADD, UP, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x0001}, {ONE + 1, 0x3fff}, PE | C1},
    {ADD, DOWN, 64, MASKED, {ONE, 0xbfff}, {ONE, 0x8001}, {ONE + 1, 0xbfff}, PE | C1},
    {SUB, CHOP, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x0001}, {ALL, 0x3ffe}, PE},
    /* Just below a tie, by a bit that is 128 places down. */
    {SUB, NEAR, 64, MASKED, {ONE, 0x3fff}, {ONE + 1, 0x3fbe}, {ALL, 0x3ffe}, PE},
    {SUB, NEAR, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x3fbe}, {ONE, 0x3fff}, PE | C1},
    /* Exact cancellation: +0, but -0 when rounding down. */
    {SUB, NEAR, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x3fff}, {0, 0x0000}, 0},
    {SUB, DOWN, 64, MASKED, {ONE, 0x3fff}, {ONE, 0x3fff}, {0, 0x8000}, 0},
    {ADD, NEAR, 64, MASKED, {0, 0x8000}, {0, 0x8000}, {0, 0x8000}, 0},
    /* Precision control cuts the mantissa, not the exponent range. */
    {ADD, NEAR, 24, MASKED, {ONE | 0x8000000001, 0x7ff0}, {0, 0}, {ONE | 0x10000000000, 0x7ff0}, PE | C1},
    {MUL, NEAR, 53, MASKED, {ALL, 0x4fff}, {ONE, 0x3fff}, {ONE, 0x5000}, PE | C1},
    /* Overflow, masked: infinity or the largest number of the precision; unmasked: exponent wrapped by 24576.
     */
    {MUL, NEAR, 64, MASKED, {ONE, 0x7ffe}, {ONE, 0x4000}, {ONE, 0x7fff}, OE | PE | C1},
    {MUL, CHOP, 64, MASKED, {ONE, 0x7ffe}, {ONE, 0xc000}, {ALL, 0xfffe}, OE | PE},
    {MUL, CHOP, 24, MASKED, {ONE, 0x7ffe}, {ONE, 0x4000}, {ALL << 40, 0x7ffe}, OE | PE},
    {MUL, NEAR, 64, MASKED & ~OE, {ONE, 0x7ffe}, {ONE, 0x4000}, {ONE, 0x1fff}, OE},
    {SCALE, DOWN, 64, MASKED & ~OE, {ONE, 0x7ffe}, {ONE, 0x4030}, {ONE, 0x7fff}, OE | PE | C1},
    /* Underflow, masked: UE only where inexact; unmasked: always, wrapped. */
    {MUL, NEAR, 64, MASKED, {ONE, 0x0001}, {ONE, 0x3ffe}, {ONE >> 1, 0x0000}, 0},
    {MUL, NEAR, 64, MASKED, {ONE + 1, 0x0001}, {ONE, 0x3ffe}, {ONE >> 1, 0x0000}, UE | PE},
    {MUL, NEAR, 64, MASKED & ~UE, {ONE, 0x0001}, {ONE, 0x3ffe}, {ONE, 0x6000}, UE},
    /* Tininess after rounding: the largest number below the smallest normal rounds up to it. */
    {MUL, NEAR, 53, MASKED, {ALL, 0x0001}, {ONE, 0x3ffe}, {ONE, 0x0001}, PE | C1},
    {DIV, NEAR, 64, MASKED, {ONE, 0x3fff}, {0, 0x8000}, {ONE, 0xffff}, ZE},
    {DIV, NEAR, 64, MASKED, {1, 0x0000}, {0, 0x0000}, {ONE, 0x7fff}, ZE},
    {DIV, NEAR, 64, MASKED, {0, 0x0000}, {0, 0x0000}, {QUIET, 0xffff}, IE},
    {DIV,
     NEAR,
     64,
     MASKED,
     {ONE, 0x3fff},
     {UINT64_C(3) << 62, 0x4000},
     {UINT64_C(0xaaaaaaaaaaaaaaab), 0x3ffd},
     PE | C1},
    {SUB, NEAR, 64, MASKED, {ONE, 0x7fff}, {ONE, 0x7fff}, {QUIET, 0xffff}, IE},
    {MUL, NEAR, 64, MASKED, {ONE, 0x7fff}, {0, 0x8000}, {QUIET, 0xffff}, IE},
    {SQRT, NEAR, 64, MASKED, {ONE, 0x4000}, {0, 0}, {UINT64_C(0xb504f333f9de6484), 0x3fff}, PE},
    {SQRT, NEAR, 64, MASKED, {UINT64_C(9) << 60, 0x4002}, {0, 0}, {UINT64_C(3) << 62, 0x4000}, 0},
    {SQRT, NEAR, 64, MASKED, {0, 0x8000}, {0, 0}, {0, 0x8000}, 0},
    {SQRT, NEAR, 64, MASKED, {1, 0x8000}, {0, 0}, {QUIET, 0xffff}, IE},
    /* Denormal operands; pseudo-denormals count as denormal and have the value of exponent 1. */
    {ADD, NEAR, 64, MASKED, {1, 0x0000}, {1, 0x0000}, {2, 0x0000}, DE},
    {ADD, NEAR, 64, MASKED, {ONE, 0x0000}, {ONE, 0x0000}, {ONE, 0x0002}, DE},
    /* NaNs: quiet wins over signalling, then the larger significand, then the positive one. */
    {ADD, NEAR, 64, MASKED, {QUIET | 1, 0x7fff}, {ONE | 9, 0x7fff}, {QUIET | 1, 0x7fff}, IE},
    {ADD, NEAR, 64, MASKED, {QUIET | 1, 0x7fff}, {QUIET | 9, 0xffff}, {QUIET | 9, 0xffff}, 0},
    {ADD, NEAR, 64, MASKED, {QUIET | 9, 0xffff}, {QUIET | 9, 0x7fff}, {QUIET | 9, 0x7fff}, 0},
    {ADD, NEAR, 64, MASKED, {ONE | 1, 0x7fff}, {ONE | 9, 0xffff}, {QUIET | 9, 0xffff}, IE},
    {MUL, NEAR, 64, MASKED, {ONE | 1, 0x7fff}, {1, 0x0000}, {QUIET | 1, 0x7fff}, IE},
    /* Unnormal, pseudo-infinity, pseudo-NaN. */
    {ADD, NEAR, 64, MASKED, {1, 0x3fff}, {ONE, 0x3fff}, {QUIET, 0xffff}, IE},
    {ADD, NEAR, 64, MASKED, {0, 0x7fff}, {QUIET | 1, 0x7fff}, {QUIET, 0xffff}, IE},
    {RINT, NEAR, 64, MASKED, {1, 0x7fff}, {0, 0}, {QUIET, 0xffff}, IE},
    {RINT, NEAR, 64, MASKED, {UINT64_C(5) << 61, 0x4000}, {0, 0}, {ONE, 0x4000}, PE}, /* 2.5 */
    {RINT, NEAR, 64, MASKED, {UINT64_C(7) << 61, 0x4000}, {0, 0}, {ONE, 0x4001}, PE | C1},
    {RINT, UP, 64, MASKED, {ONE, 0xbffe}, {0, 0}, {0, 0x8000}, PE},
    {SCALE, NEAR, 64, MASKED, {ONE, 0x3fff}, {UINT64_C(7) << 61, 0xc000}, {ONE, 0x3ffc}, 0}, /* trunc(-3.5) */
    {SCALE, NEAR, 64, MASKED, {0, 0x0000}, {ONE, 0x7fff}, {QUIET, 0xffff}, IE},
};

static struct float80 apply(struct float_env *env, const struct f80_case *c)
{
    switch (c->op) {
    case ADD: return f80_add(env, c->a, c->b);
    case SUB: return f80_sub(env, c->a, c->b);
    case MUL: return f80_mul(env, c->a, c->b);
    case DIV: return f80_div(env, c->a, c->b);
    case SQRT: return f80_sqrt(env, c->a);
    case RINT: return f80_round_to_integral(env, c->a);
    default: return f80_scale(env, c->a, c->b);
    }
}

START_TEST(test_f80)
{
    const struct f80_case *c = &f80_cases[_i];
    struct float_env env = {.rounding = c->rounding, .precision = c->precision, .masks = c->masks};
    struct float80 r = apply(&env, c);
    ck_assert_msg(r.mantissa == c->result.mantissa && r.sign_exponent == c->result.sign_exponent,
                  "case %d: %04x.%016llx", _i, r.sign_exponent, (unsigned long long)r.mantissa);
    ck_assert_msg((env.flags | (env.rounded_up ? C1 : 0u)) == c->flags, "case %d: flags %02x up %d", _i,
                  env.flags, env.rounded_up);
}
END_TEST

START_TEST(test_integers)
{
    struct float_env env = {.rounding = NEAR, .precision = 64, .masks = MASKED};
    ck_assert_int_eq(f80_to_int(&env, f80_make(false, 0x400d, ALL), 16),
                     INT16_MIN); /* 32767.99 rounds to 32768 */
    ck_assert_uint_eq(env.flags, IE);
    env.flags = 0;
    ck_assert_int_eq(f80_to_int(&env, f80_make(true, 0x400e, ONE), 16), INT16_MIN); /* -32768 fits */
    ck_assert_int_eq(f80_to_int(&env, f80_make(true, 0x403e, ONE), 64), INT64_MIN);
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_int_eq(f80_to_int(&env, f80_make(false, 0x403e, ONE), 64), INT64_MIN); /* 2^63 does not */
    ck_assert_uint_eq(env.flags, IE);
    env = (struct float_env){.rounding = CHOP, .precision = 64, .masks = MASKED};
    ck_assert_int_eq(f80_to_int(&env, f80_make(true, 0x3fff, ALL), 32), -1);
    ck_assert_uint_eq(env.flags, PE);
    struct float80 r = f80_from_int(INT64_MIN);
    ck_assert_uint_eq(r.sign_exponent, 0xc03e);
    ck_assert_uint_eq(r.mantissa, ONE);
}
END_TEST

START_TEST(test_bcd)
{
    struct float_env env = {.rounding = NEAR, .precision = 64, .masks = MASKED};
    uint16_t high;
    ck_assert_uint_eq(f80_to_bcd(&env, f80_from_int(-INT64_C(987654321012345678)), &high),
                      0x7654321012345678);
    ck_assert_uint_eq(high, 0x8098);
    struct float80 back = f80_from_bcd(UINT64_C(0x7654321012345678), 0x8098);
    ck_assert_int_eq(f80_to_int(&env, back, 64), -INT64_C(987654321012345678));
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_uint_eq(f80_to_bcd(&env, f80_from_int(INT64_C(1000000000000000000)), &high), QUIET);
    ck_assert_uint_eq(high, 0xffff);
    ck_assert_uint_eq(env.flags, IE);
    ck_assert_uint_eq(f80_from_bcd(0, 0x8000).sign_exponent, 0x8000); /* -0 */
}
END_TEST

START_TEST(test_narrowing)
{
    struct float_env env = {.rounding = NEAR, .precision = 24, .masks = MASKED};
    ck_assert_uint_eq(f80_to_f64(&env, f80_make(false, 0x3fff, ONE | 0x400)),
                      0x3ff0000000000000); /* tie to even */
    ck_assert_uint_eq(env.flags, PE);
    env.flags = 0;
    ck_assert_uint_eq(f80_to_f32(&env, f80_make(true, 0x407f, ONE)), 0xff800000);
    ck_assert_uint_eq(env.flags, OE | PE);
    env.flags = 0;
    ck_assert_uint_eq(f80_to_f32(&env, f80_make(false, 0x3f6a, ONE)), 1); /* smallest denormal, exact */
    ck_assert_uint_eq(f80_to_f32(&env, f80_make(false, 0, 1)), 0);
    ck_assert_uint_eq(env.flags, UE | PE); /* a store never raises DE */
    env.flags = 0;
    ck_assert_uint_eq(f80_to_f64(&env, f80_make(true, 0x7fff, ONE | 0xfff)), 0xfff8000000000001);
    ck_assert_uint_eq(env.flags, IE);
    env.flags = 0;
    ck_assert_uint_eq(f80_from_f32(&env, 0x00000001).sign_exponent, 0x3f6a);
    ck_assert_uint_eq(env.flags, DE);
}
END_TEST

START_TEST(test_sse_rules)
{
    struct float_env env = {.rounding = NEAR, .masks = MASKED};
    ck_assert_uint_eq(f32_add(&env, 0x7fc00001, 0xff800002), 0x7fc00001); /* first NaN operand */
    ck_assert_uint_eq(env.flags, IE);
    ck_assert_uint_eq(f32_add(&env, 0x3f800000, 0xff800002), 0xffc00002);
    env.flags = 0;
    ck_assert_uint_eq(f64_min(&env, 0x8000000000000000, 0), 0); /* equal zeros: the second */
    ck_assert_uint_eq(f64_max(&env, 0x7ff8000000000000, 0x3ff0000000000000), 0x3ff0000000000000);
    ck_assert_uint_eq(env.flags, IE);
    env = (struct float_env){.rounding = NEAR, .masks = MASKED, .daz = true, .ftz = true};
    ck_assert_uint_eq(f32_add(&env, 0x80000001, 0x80000001), 0x80000000);
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_uint_eq(f32_mul(&env, 0x80800000, 0x3f000000), 0x80000000);
    ck_assert_uint_eq(env.flags, UE | PE);
    env = (struct float_env){.rounding = NEAR, .masks = MASKED};
    ck_assert_int_eq(f64_compare(&env, 0x7ff8000000000000, 0, true), FLOAT_UNORDERED);
    ck_assert_uint_eq(env.flags, 0);
    ck_assert_int_eq(f64_compare(&env, 0x7ff8000000000000, 0, false), FLOAT_UNORDERED);
    ck_assert_uint_eq(env.flags, IE);
}
END_TEST

START_TEST(test_remainder)
{
    struct float_env env = {.rounding = NEAR, .precision = 64, .masks = MASKED};
    struct f80_quotient q;
    struct float80 r = f80_remainder(&env, f80_from_int(23), f80_from_int(4), false, &q);
    ck_assert_int_eq(f80_to_int(&env, r, 64), 3);
    ck_assert_uint_eq(q.low_bits, 5);
    ck_assert(q.complete);
    r = f80_remainder(&env, f80_from_int(-22), f80_from_int(4), true, &q); /* tie: 5.5 to 6 */
    ck_assert_int_eq(f80_to_int(&env, r, 64), 2);
    ck_assert_uint_eq(q.low_bits, 6);
    r = f80_remainder(&env, f80_make(false, 0x3fff + 100, ONE), f80_from_int(3), false, &q);
    ck_assert(!q.complete);
    ck_assert_uint_eq(f80_exponent(r) <= 0x3fff + 100 - 32, 1);
}
END_TEST

START_TEST(test_uint128)
{
    uint64_t rest;
    ck_assert_uint_eq(u128_div64(ALL - 1, ALL, ALL, &rest), ALL);
    ck_assert_uint_eq(rest, ALL - 1);
    struct u128 r = u128_mul64(ALL, ALL);
    ck_assert(r.hi == ALL - 1 && r.lo == 1);
    r = u128_shr_sticky((struct u128){ONE, 1}, 127);
    ck_assert(r.hi == 0 && r.lo == 1);
    r = u128_shr_sticky((struct u128){0, 1}, 500);
    ck_assert(r.hi == 0 && r.lo == 1);
    ck_assert_uint_eq(u128_sqrt((struct u128){ALL, ALL}, &r), ALL);
    ck_assert(r.hi == 1 && r.lo == ALL - 1);
    r = u128_ratio((struct u128){ALL, ALL}, (struct u128){ONE, 1});
    ck_assert_uint_eq(r.hi, ALL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("softfloat");
    TCase *tests = tcase_create("corner cases");
    tcase_add_loop_test(tests, test_f80, 0, (int)(sizeof f80_cases / sizeof *f80_cases));
    tcase_add_test(tests, test_integers);
    tcase_add_test(tests, test_bcd);
    tcase_add_test(tests, test_narrowing);
    tcase_add_test(tests, test_sse_rules);
    tcase_add_test(tests, test_remainder);
    tcase_add_test(tests, test_uint128);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
