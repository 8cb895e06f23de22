/* SPDX-License-Identifier: MIT */
/* Transcendentals: special cases of the Intel SDM everywhere, and, where MPFR is installed, random arguments
   against it: every result within half an ulp and a hair of the exact one. Environment: LATHE_MPFR_CASES=N
   arguments a function. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/x86/fpu/x87.h"

static struct x87 fresh(struct float80 st1, struct float80 st0)
{
    struct x87 f = {0};
    x87_fninit(&f);
    x87_fld_m80(&f, st1);
    x87_fld_m80(&f, st0);
    return f;
}

typedef void instruction_fn(struct x87 *f);

struct special_case {
    instruction_fn *run;
    struct float80 st1, st0;
    struct float80 result; /* ST(0) afterwards */
    uint16_t status;       /* without TOP */
};

#define ONE   UINT64_C(0x8000000000000000)
#define QUIET UINT64_C(0xc000000000000000)
#define PI    UINT64_C(0xc90fdaa22168c235)

enum { PE = FLOAT_PE, IE = FLOAT_IE, ZE = FLOAT_ZE, DE = FLOAT_DE, UE = FLOAT_UE, C1 = X87_C1, C2 = X87_C2 };

static const struct special_case special_cases[] = {
    {x87_fsin, {0, 0}, {0, 0x8000}, {0, 0x8000}, 0},
    {x87_fcos, {0, 0}, {0, 0x8000}, {ONE, 0x3fff}, 0},
    {x87_fsin, {0, 0}, {ONE, 0x7fff}, {QUIET, 0xffff}, IE},
    {x87_fsin, {0, 0}, {ONE | 5, 0x7fff}, {QUIET | 5, 0x7fff}, IE},
    {x87_fsin, {0, 0}, {ONE, 0x403e}, {ONE, 0x403e}, C2},     /* 2^63: not reduced */
    {x87_fsin, {0, 0}, {PI, 0x4000}, {ONE, 0xbfbf}, PE | C1}, /* -2^-64: the 66-bit pi shows */
    {x87_fsin,
     {0, 0},
     {ONE, 0x0001},
     {ONE, 0x0001},
     PE | C1}, /* a trace less than x, not tiny after rounding */
    {x87_fsin, {0, 0}, {1, 0x0000}, {1, 0x0000}, DE | UE | PE | C1},
    {x87_fptan, {0, 0}, {0, 0x8000}, {ONE, 0x3fff}, 0},
    {x87_fptan, {0, 0}, {ONE, 0xc03e}, {ONE, 0xc03e}, C2},
    {x87_f2xm1, {0, 0}, {ONE, 0xbfff}, {ONE, 0xbffe}, PE},
    {x87_f2xm1, {0, 0}, {0, 0x8000}, {0, 0x8000}, 0},
    {x87_f2xm1, {0, 0}, {ONE, 0xffff}, {ONE, 0xbfff}, 0},
    {x87_fyl2x, {ONE, 0x3fff}, {ONE, 0x4002}, {UINT64_C(3) << 62, 0x4000}, PE}, /* log2 8 */
    {x87_fyl2x, {ONE, 0xbfff}, {ONE, 0x3fff}, {0, 0x8000}, 0},                  /* -1 log2 1 */
    {x87_fyl2x, {ONE, 0x3fff}, {0, 0x8000}, {ONE, 0xffff}, ZE},
    {x87_fyl2x, {0, 0}, {0, 0}, {QUIET, 0xffff}, IE},
    {x87_fyl2x, {ONE, 0x3fff}, {ONE, 0xbfff}, {QUIET, 0xffff}, IE},
    {x87_fyl2x, {ONE, 0x7fff}, {ONE, 0x3fff}, {QUIET, 0xffff}, IE},
    {x87_fyl2x, {ONE, 0x7fff}, {ONE, 0x3ffe}, {ONE, 0xffff}, 0},
    {x87_fyl2xp1, {ONE, 0xbfff}, {0, 0}, {0, 0x8000}, 0},
    {x87_fyl2xp1, {0, 0}, {ONE, 0x7fff}, {QUIET, 0xffff}, IE},
    {x87_fpatan, {0, 0x8000}, {ONE, 0x3fff}, {0, 0x8000}, 0},
    {x87_fpatan, {0, 0x8000}, {0, 0x8000}, {PI, 0xc000}, PE | C1},
    {x87_fpatan, {ONE, 0x3fff}, {0, 0}, {PI, 0x3fff}, PE | C1},
    {x87_fpatan, {ONE, 0x7fff}, {ONE, 0x7fff}, {PI, 0x3ffe}, PE | C1},
    {x87_fpatan, {ONE, 0x7fff}, {ONE, 0xffff}, {UINT64_C(0x96cbe3f9990e91a8), 0x4000}, PE | C1},
    {x87_fpatan, {ONE, 0x3fff}, {ONE, 0x7fff}, {0, 0}, 0},
    {x87_fpatan, {ONE, 0xbfff}, {ONE, 0x3fff}, {PI, 0xbffe}, PE | C1},
    {x87_fpatan, /* within 2^-126 of its result, and inexact all the same */
     {UINT64_MAX, 0x3f2a},
     {ONE | 2, 0x3f68},
     {UINT64_MAX - 4, 0x3fc1},
     PE},
};

START_TEST(test_special_cases)
{
    const struct special_case *c = &special_cases[_i];
    struct x87 f = fresh(c->st1, c->st0);
    c->run(&f);
    struct float80 r = x87_get(&f, 0);
    unsigned status = x87_fnstsw(&f) & ~(7u << X87_TOP_SHIFT);
    ck_assert_msg(
        r.mantissa == c->result.mantissa && r.sign_exponent == c->result.sign_exponent && status == c->status,
        "case %d: %04x.%016llx status %04x", _i, r.sign_exponent, (unsigned long long)r.mantissa, status);
}
END_TEST

/* FPTAN and FSINCOS on a full stack: #IS, two NaNs. */
START_TEST(test_no_room)
{
    struct x87 f = fresh(f80_from_int(1), f80_from_int(1));
    for (int i = 0; i < 6; i++)
        x87_fild(&f, 1);
    x87_fsincos(&f);
    ck_assert_uint_eq(x87_fnstsw(&f), 7 << X87_TOP_SHIFT | X87_SF | IE | C1);
    ck_assert_uint_eq(x87_get(&f, 0).mantissa, QUIET);
    ck_assert_uint_eq(x87_get(&f, 1).mantissa, QUIET);
}
END_TEST

#ifdef LATHE_HAVE_MPFR
#include <mpfr.h>

enum { PRECISION = 400 };

static struct float80 number(bool sign, int exponent, uint64_t mantissa)
{
    return f80_make(sign, (unsigned)(exponent + F80_BIAS), mantissa);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A finite number with its exponent in low..high, or a small integer now and then. */
static struct float80 random_number(uint64_t *state, int low, int high)
{
    uint64_t r = next_random(state), m = next_random(state);
    int exponent = low + (int)(r % (uint64_t)(high - low + 1));
    switch (r >> 32 & 7) {
    case 0: m <<= r >> 40 & 63; break;
    case 1: m = r >> 40 & 1 ? 0 : ~UINT64_C(0) << (r >> 41 & 63); break;
    case 2: m = m >> (r >> 40 & 63); break;
    default: break;
    }
    return number(r >> 63, exponent, m | F80_INTEGER_BIT);
}

static void to_mpfr(mpfr_t out, struct float80 a)
{
    int exponent = (int)f80_exponent(a);
    mpfr_set_uj_2exp(out, a.mantissa, (exponent ? exponent : 1) - F80_BIAS - 63, MPFR_RNDN);
    if (f80_sign(a))
        mpfr_neg(out, out, MPFR_RNDN);
}

/* |a - exact| in units of the last place of `exact`. */
static double ulps(struct float80 a, mpfr_t exact)
{
    mpfr_t difference;
    mpfr_init2(difference, PRECISION);
    to_mpfr(difference, a);
    mpfr_sub(difference, difference, exact, MPFR_RNDN);
    mpfr_abs(difference, difference, MPFR_RNDN);
    long exponent = mpfr_zero_p(exact) ? 0 : mpfr_get_exp(exact) - 64;
    if (exponent < 1 - F80_BIAS - 63)
        exponent = 1 - F80_BIAS - 63;
    mpfr_mul_2si(difference, difference, -exponent, MPFR_RNDN);
    double result = mpfr_get_d(difference, MPFR_RNDU);
    mpfr_clear(difference);
    return result;
}

/* FSIN and its kin reduce by multiples of pi66/2 where pi/2 would be exact: adds what that shifts x by. */
static void shift_by_pi66(mpfr_t x)
{
    mpfr_t pi66, quadrant, error;
    mpfr_inits2(PRECISION, pi66, quadrant, error, (mpfr_ptr)0);
    mpfr_set_str(pi66, "3.243f6a8885a308d3", 16, MPFR_RNDN);
    mpfr_const_pi(error, MPFR_RNDN);
    mpfr_sub(error, error, pi66, MPFR_RNDN);
    mpfr_div(quadrant, x, pi66, MPFR_RNDN);
    mpfr_mul_2si(quadrant, quadrant, 1, MPFR_RNDN);
    mpfr_rint(quadrant, quadrant, MPFR_RNDN);
    mpfr_mul(error, error, quadrant, MPFR_RNDN);
    mpfr_div_2si(error, error, 1, MPFR_RNDN);
    mpfr_add(x, x, error, MPFR_RNDN);
    mpfr_clears(pi66, quadrant, error, (mpfr_ptr)0);
}

enum function { FSIN, FCOS, FPTAN, FSINCOS, F2XM1, FYL2X, FYL2XP1, FPATAN, FUNCTIONS };

static const struct {
    const char *name;
    int low, high;         /* exponents of ST(0) */
    int low_st1, high_st1; /* and of ST(1) */
} functions[FUNCTIONS] = {
    [FSIN] = {"FSIN", -80, 62, 0, 0},          [FCOS] = {"FCOS", -80, 62, 0, 0},
    [FPTAN] = {"FPTAN", -80, 62, 0, 0},        [FSINCOS] = {"FSINCOS", -10, 10, 0, 0},
    [F2XM1] = {"F2XM1", -90, -1, 0, 0},        [FYL2X] = {"FYL2X", -20, 20, -60, 60},
    [FYL2XP1] = {"FYL2XP1", -80, -3, -60, 60}, [FPATAN] = {"FPATAN", -70, 70, -70, 70},
};

static void reference(enum function which, mpfr_t out, struct float80 st1, struct float80 st0)
{
    mpfr_t x, y;
    mpfr_init2(x, PRECISION);
    mpfr_init2(y, PRECISION);
    to_mpfr(x, st0);
    to_mpfr(y, st1);
    if (which <= FSINCOS)
        shift_by_pi66(x);
    switch (which) {
    case FSIN: mpfr_sin(out, x, MPFR_RNDN); break;
    case FSINCOS:
    case FCOS: mpfr_cos(out, x, MPFR_RNDN); break;
    case FPTAN: mpfr_tan(out, x, MPFR_RNDN); break;
    case F2XM1:
        mpfr_const_log2(out, MPFR_RNDN);
        mpfr_mul(x, x, out, MPFR_RNDN);
        mpfr_expm1(out, x, MPFR_RNDN);
        break;
    case FYL2X:
        mpfr_log2(out, x, MPFR_RNDN);
        mpfr_mul(out, out, y, MPFR_RNDN);
        break;
    case FYL2XP1:
        mpfr_log1p(out, x, MPFR_RNDN);
        mpfr_const_log2(x, MPFR_RNDN);
        mpfr_div(out, out, x, MPFR_RNDN);
        mpfr_mul(out, out, y, MPFR_RNDN);
        break;
    default: mpfr_atan2(out, y, x, MPFR_RNDN); break;
    }
    mpfr_clear(x);
    mpfr_clear(y);
}

static void run(enum function which, struct x87 *f)
{
    static void (*const run[FUNCTIONS])(struct x87 *) = {
        [FSIN] = x87_fsin,   [FCOS] = x87_fcos,   [FPTAN] = x87_fptan,     [FSINCOS] = x87_fsincos,
        [F2XM1] = x87_f2xm1, [FYL2X] = x87_fyl2x, [FYL2XP1] = x87_fyl2xp1, [FPATAN] = x87_fpatan};
    run[which](f);
    if (which == FPTAN) {
        ck_assert_uint_eq(x87_get(f, 0).sign_exponent, F80_BIAS);
        x87_fincstp(f);
    }
}

START_TEST(test_mpfr)
{
    const char *text = getenv("LATHE_MPFR_CASES");
    int cases = text ? atoi(text) : 2000;
    uint64_t seed = 1;
    mpfr_t exact;
    mpfr_init2(exact, PRECISION);
    for (enum function which = 0; which < FUNCTIONS; which++) {
        double worst = 0;
        struct float80 worst0 = {0, 0}, worst1 = {0, 0};
        for (int i = 0; i < cases; i++) {
            struct float80 st0 = random_number(&seed, functions[which].low, functions[which].high);
            struct float80 st1 = random_number(&seed, functions[which].low_st1, functions[which].high_st1);
            if (which == FYL2X)
                st0.sign_exponent &= 0x7fff;
            struct x87 f = fresh(st1, st0);
            run(which, &f);
            reference(which, exact, st1, st0);
            double error = ulps(x87_get(&f, 0), exact);
            if (error > worst) {
                worst = error;
                worst0 = st0;
                worst1 = st1;
            }
        }
        if (worst > 0.5000001 || text)
            printf("%s: %.9f ulp at st0 %04x.%016llx st1 %04x.%016llx\n", functions[which].name, worst,
                   worst0.sign_exponent, (unsigned long long)worst0.mantissa, worst1.sign_exponent,
                   (unsigned long long)worst1.mantissa);
        fflush(stdout);
        ck_assert_double_le(worst, 0.5000001);
    }
    mpfr_clear(exact);
    mpfr_free_cache();
}
END_TEST
#else
START_TEST(test_mpfr)
{
    puts("transcendentals against MPFR: skipped, libmpfr-dev was not found");
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("x87 transcendentals");
    TCase *tests = tcase_create("transcendentals");
    tcase_set_timeout(tests, 3600);
    tcase_add_loop_test(tests, test_special_cases, 0, (int)(sizeof special_cases / sizeof *special_cases));
    tcase_add_test(tests, test_no_room);
    tcase_add_test(tests, test_mpfr);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
