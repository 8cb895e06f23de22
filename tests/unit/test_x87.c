/* SPDX-License-Identifier: MIT */
/* x87 instructions: the register stack, masked and unmasked responses, stores before commit, images, MMX
   aliasing (Intel SDM volume 1, chapter 8, 9.5). */
#include <check.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/fpu/x87.h"

enum { STACK = X87_SF | FLOAT_IE, UNORDERED = X87_C3 | X87_C2 | X87_C0, SUMMARY = X87_ES | X87_B };
enum { TOP7 = 7 << X87_TOP_SHIFT, TOP6 = 6 << X87_TOP_SHIFT };

static struct x87 fresh(uint16_t control)
{
    struct x87 f = {0};
    x87_fninit(&f);
    x87_fldcw(&f, control);
    return f;
}

static void push_int(struct x87 *f, int64_t value)
{
    x87_fild(f, value);
}

static int64_t st_int(const struct x87 *f, unsigned i)
{
    struct float_env env = {.precision = 64, .masks = FLOAT_EXCEPTIONS};
    return f80_to_int(&env, x87_get(f, i), 64);
}

static void assert_default_nan(const struct x87 *f, unsigned i)
{
    ck_assert_uint_eq(x87_get(f, i).sign_exponent, 0xffff);
    ck_assert_uint_eq(x87_get(f, i).mantissa, UINT64_C(0xc000000000000000));
}

START_TEST(test_init)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    ck_assert_uint_eq(x87_fnstcw(&f), 0x037f);
    ck_assert_uint_eq(x87_fnstsw(&f), 0);
    ck_assert_uint_eq(x87_tag_word(&f), 0xffff);
    x87_fldcw(&f, 0xffff);
    ck_assert_uint_eq(x87_fnstcw(&f), 0x1f7f);
    x87_fldcw(&f, 0);
    ck_assert_uint_eq(x87_fnstcw(&f), 0x0040);
}
END_TEST

START_TEST(test_operand_order)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    push_int(&f, 10);
    push_int(&f, 3);
    x87_arith_st(&f, X87_SUB, 1, 0, true); /* FSUBP: ST(1) = ST(1) - ST(0) */
    ck_assert_int_eq(st_int(&f, 0), 7);
    x87_arith_int(&f, X87_SUBR, 10);
    ck_assert_int_eq(st_int(&f, 0), 3);
    x87_arith_m32(&f, X87_DIVR, 0x41400000); /* 12 / 3 */
    ck_assert_int_eq(st_int(&f, 0), 4);
    x87_arith_m64(&f, X87_MUL, 0x4008000000000000);
    ck_assert_int_eq(st_int(&f, 0), 12);
    ck_assert_uint_eq(x87_fnstsw(&f), TOP7);
}
END_TEST

START_TEST(test_stack_overflow)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    for (int i = 0; i < 8; i++)
        push_int(&f, i);
    ck_assert_uint_eq(x87_fnstsw(&f), 0);
    push_int(&f, 8);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK | X87_C1 | TOP7);
    assert_default_nan(&f, 0);

    x87_fnclex(&f);
    x87_fldcw(&f, 0x037e); /* IE unmasked: nothing is pushed */
    push_int(&f, 9);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK | X87_C1 | TOP7 | SUMMARY);
    ck_assert(x87_pending(&f));
    x87_fldcw(&f, 0x037f);
    ck_assert(!x87_pending(&f));
}
END_TEST

START_TEST(test_stack_underflow)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    x87_fxch(&f, 3);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK);
    assert_default_nan(&f, 0);
    assert_default_nan(&f, 3);
    ck_assert(x87_is_empty(&f, 1));

    f = fresh(X87_CONTROL_DEFAULT);
    x87_fcom(&f, 1, false, 2);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK | UNORDERED | 2 << X87_TOP_SHIFT);

    f = fresh(0x037e);
    struct x87 before = f;
    x87_arith_st(&f, X87_ADD, 1, 0, true);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK | SUMMARY);
    ck_assert_uint_eq(f.tag, before.tag);
}
END_TEST

START_TEST(test_store_protocol)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    push_int(&f, 0x12345);
    struct x87 before = f;
    struct x87_store s = x87_fist(&f, 16, true);
    ck_assert(memcmp(&before, &f, sizeof f) == 0); /* a page fault may still come */
    ck_assert(s.write);
    ck_assert_uint_eq(s.low, 0x8000);
    x87_store_commit(&f, &s);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_IE);
    ck_assert(x87_is_empty(&f, 0));

    f = fresh(0x0376); /* OE unmasked: m32 overflow writes nothing and keeps the stack */
    x87_fld_m80(&f, f80_make(false, 0x407f, UINT64_C(0x8000000000000001)));
    s = x87_fst_m32(&f, true);
    ck_assert(!s.write);
    x87_store_commit(&f, &s);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_OE | TOP7 | SUMMARY);
    ck_assert(!x87_is_empty(&f, 0));

    f = fresh(0x035f); /* PE unmasked does not hold a store back */
    x87_fld_m64(&f, 0x3ff8000000000000);
    s = x87_fisttp(&f, 32);
    ck_assert(s.write);
    ck_assert_uint_eq(s.low, 1);
    x87_store_commit(&f, &s);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_PE | SUMMARY);

    f = fresh(X87_CONTROL_DEFAULT);
    s = x87_fbstp(&f);
    ck_assert_uint_eq(s.high, 0xffff);
    ck_assert_uint_eq(s.low, UINT64_C(0xc000000000000000));
    x87_store_commit(&f, &s);
    ck_assert_uint_eq(x87_fnstsw(&f), STACK | 1 << X87_TOP_SHIFT);
}
END_TEST

START_TEST(test_unmasked_faults)
{
    struct x87 f = fresh(0x037b); /* ZE unmasked */
    push_int(&f, 1);
    x87_arith_int(&f, X87_DIV, 0);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_ZE | TOP7 | SUMMARY);
    ck_assert_int_eq(st_int(&f, 0), 1);

    f = fresh(0x037d); /* DE unmasked: reported, yet FLD has pushed; arithmetic leaves ST(0) */
    x87_fld_m32(&f, 1);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_DE | TOP7 | SUMMARY);
    x87_fnclex(&f);
    x87_fld_m80(&f, f80_make(false, 0, 1));
    x87_arith_st(&f, X87_MUL, 0, 1, false);
    ck_assert_uint_eq(x87_fnstsw(&f), FLOAT_DE | TOP6 | SUMMARY);
    ck_assert_uint_eq(x87_get(&f, 0).mantissa, 1);
}
END_TEST

START_TEST(test_compare)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    push_int(&f, 5);
    push_int(&f, 4);
    x87_fcom(&f, 1, false, 0);
    ck_assert_uint_eq(x87_fnstsw(&f), X87_C0 | TOP6);
    ck_assert_uint_eq(x87_fcomi(&f, 1, false, false), 1);
    x87_arith_int(&f, X87_COM, 4);
    ck_assert_uint_eq(x87_fnstsw(&f), X87_C3 | TOP6);
    x87_fld_m80(&f, f80_default_nan());
    ck_assert_uint_eq(x87_fcomi(&f, 1, true, true), 0x45);
    ck_assert_uint_eq(x87_fnstsw(&f) & FLOAT_IE, 0);
    x87_fld_m80(&f, f80_default_nan());
    x87_fcom(&f, 1, false, 1);
    ck_assert_uint_eq(x87_fnstsw(&f), UNORDERED | FLOAT_IE | TOP6);
}
END_TEST

START_TEST(test_fxam)
{
    static const struct {
        struct float80 value;
        uint16_t conditions;
    } table[] = {
        {{0, 0x8000}, X87_C3 | X87_C1},
        {{1, 0x0000}, X87_C3 | X87_C2},
        {{UINT64_C(1) << 63, 0x3fff}, X87_C2},
        {{UINT64_C(1) << 63, 0xffff}, X87_C2 | X87_C1 | X87_C0},
        {{UINT64_C(3) << 62, 0x7fff}, X87_C0},
        {{1, 0x3fff}, 0},
        {{0, 0x7fff}, 0},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct x87 f = fresh(X87_CONTROL_DEFAULT);
        x87_fld_m80(&f, table[i].value);
        x87_fxam(&f);
        ck_assert_uint_eq(x87_fnstsw(&f), table[i].conditions | TOP7);
    }
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    x87_fxam(&f);
    ck_assert_uint_eq(x87_fnstsw(&f), X87_C3 | X87_C0);
}
END_TEST

START_TEST(test_constants)
{
    struct x87 f = fresh(0x037f);
    x87_fld_constant(&f, X87_FLDPI);
    ck_assert_uint_eq(x87_get(&f, 0).mantissa, UINT64_C(0xc90fdaa22168c235));
    x87_fldcw(&f, 0x0f7f);
    x87_fld_constant(&f, X87_FLDPI);
    ck_assert_uint_eq(x87_get(&f, 0).mantissa, UINT64_C(0xc90fdaa22168c234));
    x87_fldcw(&f, 0x0b7f);
    x87_fld_constant(&f, X87_FLDL2T);
    ck_assert_uint_eq(x87_get(&f, 0).mantissa, UINT64_C(0xd49a784bcd1b8aff));
    x87_fld_constant(&f, X87_FLD1);
    ck_assert_int_eq(st_int(&f, 0), 1);
    ck_assert_uint_eq(x87_fnstsw(&f) & 0x7ff, 0);
}
END_TEST

static struct x87 with_pointers(void)
{
    struct x87 f = fresh(0x0272);
    push_int(&f, 7);
    x87_fld_constant(&f, X87_FLDZ);
    f.fop = 0x5a5;
    f.fcs = 0x1234;
    f.fip = 0x5678;
    f.fds = 0xabcd;
    f.fdp = 0xef01;
    return f;
}

START_TEST(test_environment)
{
    struct x87 f = with_pointers(), g = fresh(0x037f);
    uint8_t image[X87_SAVE_MAX];
    x87_fnstenv(&f, X87_PROTECTED32, image);
    ck_assert_uint_eq(load_le32(image), 0xffff0272);
    ck_assert_uint_eq(load_le32(image + 4), 0xffff3000);
    ck_assert_uint_eq(load_le32(image + 8), 0xffff1fff); /* R7 valid, R6 zero */
    ck_assert_uint_eq(load_le32(image + 12), 0x5678);
    ck_assert_uint_eq(load_le32(image + 16), 0x05a51234);
    ck_assert_uint_eq(load_le32(image + 20), 0xef01);
    ck_assert_uint_eq(load_le32(image + 24), 0xffffabcd);
    x87_fnstenv_commit(&f);
    ck_assert_uint_eq(f.control, 0x027f);

    x87_fnstenv(&f, X87_REAL16, image); /* linear: FIP = 12340 + 5678 = 179b8 */
    ck_assert_uint_eq(load_le16(image + 6), 0x79b8);
    ck_assert_uint_eq(load_le16(image + 8), 0x15a5);
    ck_assert_uint_eq(load_le16(image + 10), (0xabcd0 + 0xef01) & 0xffff);
    ck_assert_uint_eq(load_le16(image + 12), (0xabcd0 + 0xef01) >> 16 << 12);
    x87_fldenv(&g, X87_REAL16, image);
    ck_assert_uint_eq(g.fip, 0x179b8);
    ck_assert_uint_eq(g.fop, 0x5a5);
    ck_assert_uint_eq(g.tag, f.tag);

    x87_fnsave(&f, X87_REAL32, image);
    ck_assert_uint_eq(load_le32(image + 16), 0x000015a5);
    ck_assert_uint_eq(load_le16(image + 28 + 10 + 8), 0x4001); /* ST(1) = 7 */
    struct x87 saved = f;
    x87_fnsave_commit(&f);
    ck_assert_uint_eq(x87_fnstcw(&f), 0x037f);
    ck_assert_uint_eq(f.tag, 0);
    x87_frstor(&f, X87_REAL32, image);
    ck_assert_int_eq(st_int(&f, 1), 7);
    ck_assert_uint_eq(f.tag, saved.tag);
    ck_assert_uint_eq(f.fdp, 0xabcd0 + 0xef01);
}
END_TEST

START_TEST(test_fxsave)
{
    struct x87 f = with_pointers(), g = fresh(0x037f);
    uint8_t image[X87_FXSAVE_SIZE];
    memset(image, 0xee, sizeof image);
    x87_fxsave(&f, false, image);
    ck_assert_uint_eq(image[4], 0xc0);
    ck_assert_uint_eq(load_le64(image + 24), UINT64_C(0xeeeeeeeeeeeeeeee));
    ck_assert_uint_eq(load_le16(image + 32 + 16 + 8), 0x4001);
    x87_fxrstor(&g, false, image);
    ck_assert(memcmp(&f, &g, sizeof f) == 0);
    f.fip = UINT64_C(0xffff800012345678);
    x87_fxsave(&f, true, image);
    x87_fxrstor(&g, true, image);
    ck_assert_uint_eq(g.fip, f.fip);
    ck_assert_uint_eq(g.fcs, 0);
}
END_TEST

START_TEST(test_mmx)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    push_int(&f, 1);
    x87_mmx_enter(&f);
    x87_mmx_write(&f, 3, UINT64_C(0x0123456789abcdef));
    ck_assert_uint_eq(f.top, 0);
    ck_assert_uint_eq(f.tag, 0xff);
    ck_assert_uint_eq(x87_get(&f, 3).sign_exponent, 0xffff);
    ck_assert_uint_eq(f.mantissa[3], UINT64_C(0x0123456789abcdef));
    x87_emms(&f);
    ck_assert_uint_eq(x87_tag_word(&f), 0xffff);
}
END_TEST

START_TEST(test_moves)
{
    struct x87 f = fresh(X87_CONTROL_DEFAULT);
    push_int(&f, 1);
    push_int(&f, -2);
    x87_fcmov(&f, 1, false);
    ck_assert_int_eq(st_int(&f, 0), -2);
    x87_fabs(&f);
    ck_assert_int_eq(st_int(&f, 0), 2);
    x87_fchs(&f);
    x87_fst_st(&f, 3, false);
    ck_assert_int_eq(st_int(&f, 3), -2);
    x87_fcmov(&f, 1, true);
    ck_assert_int_eq(st_int(&f, 0), 1);
    x87_ffree(&f, 3, false);
    ck_assert(x87_is_empty(&f, 3));
    x87_fincstp(&f);
    x87_fdecstp(&f);
    x87_fxtract(&f);
    ck_assert_int_eq(st_int(&f, 0), 1);
    ck_assert_int_eq(st_int(&f, 1), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x87");
    TCase *tests = tcase_create("instructions");
    tcase_add_test(tests, test_init);
    tcase_add_test(tests, test_operand_order);
    tcase_add_test(tests, test_stack_overflow);
    tcase_add_test(tests, test_stack_underflow);
    tcase_add_test(tests, test_store_protocol);
    tcase_add_test(tests, test_unmasked_faults);
    tcase_add_test(tests, test_compare);
    tcase_add_test(tests, test_fxam);
    tcase_add_test(tests, test_constants);
    tcase_add_test(tests, test_environment);
    tcase_add_test(tests, test_fxsave);
    tcase_add_test(tests, test_mmx);
    tcase_add_test(tests, test_moves);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
