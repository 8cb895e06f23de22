/* SPDX-License-Identifier: MIT */
/* x87 instructions through decoder and interpreter: encodings, memory operands, pointers, #NM, #MF and FERR#.
 */
#include <check.h>

#include "core/base/bytes.h"
#include "tests/support/fpu_bench.h"

enum { CODE = FPU_BENCH_CODE, DATA = FPU_BENCH_DATA };

static uint64_t pushed_ip(struct fpu_bench *b)
{
    return cpu_fixture_peek(&b->f, b->cpu->gpr[GPR_SP], 2);
}

static int64_t st_int(struct fpu_bench *b, unsigned i)
{
    struct float_env env = {.precision = 64, .masks = FLOAT_EXCEPTIONS};
    return f80_to_int(&env, x87_get(&b->cpu->x87, i), 64);
}

#define BENCH(...)                                                                                           \
    static const uint8_t code[] = {__VA_ARGS__};                                                             \
    struct fpu_bench *b = fpu_bench_new("pentiumpro", code, sizeof code)

START_TEST(test_arithmetic)
{
    BENCH(0xd9, 0xe8,             /* FLD1 */
          0xda, 0x06, 0x00, 0x30, /* FIADD dword [3000] */
          0xd8, 0xc8,             /* FMUL ST,ST(0) */
          0xdf, 0x06, 0x04, 0x30, /* FILD word [3004] */
          0xde, 0xe9,             /* FSUBP ST(1),ST */
          0xdb, 0x3e, 0x10, 0x30, /* FSTP m80 [3010] */
          0xdb, 0x2e, 0x10, 0x30, /* FLD m80 [3010] */
          0xdd, 0x1e, 0x20, 0x30, /* FSTP qword [3020] */
          0xdf, 0xe0);            /* FNSTSW AX */
    cpu_fixture_poke(&b->f, DATA, 4, 9);
    cpu_fixture_poke(&b->f, DATA + 4, 2, 0xffff);
    cpu_fixture_run(&b->f, 5);
    ck_assert_int_eq(st_int(b, 0), 101); /* (1 + 9)^2 - (-1) */
    cpu_fixture_run(&b->f, 4);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x10, 8), UINT64_C(0xca00000000000000));
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x18, 2), 0x4005);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x20, 8), UINT64_C(0x4059400000000000));
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX] & 0xffff, 0);
    ck_assert_uint_eq(b->cpu->x87.tag, 0);
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_register_forms)
{
    BENCH(0xd9, 0xe8, 0xd9, 0xee, /* FLD1, FLDZ: ST = 0, ST(1) = 1 */
          0xdb, 0xf1,             /* FCOMI ST,ST(1) */
          0xda, 0xc1,             /* FCMOVB ST,ST(1) */
          0xd9, 0xe0,             /* FCHS */
          0xdc, 0xe1,             /* FSUBR ST(1),ST: ST(1) = ST - ST(1) */
          0xdc, 0xe9,             /* FSUB ST(1),ST: ST(1) = ST(1) - ST */
          0xd9, 0xc9,             /* FXCH */
          0xdd, 0xd9);            /* FSTP ST(1) */
    cpu_fixture_run(&b->f, 3);
    ck_assert_uint_eq(cpu_get_eflags(b->cpu) & EFLAGS_OSZAPC, EFLAGS_CF);
    cpu_fixture_run(&b->f, 3);
    ck_assert_int_eq(st_int(b, 0), -1);
    ck_assert_int_eq(st_int(b, 1), -2);
    cpu_fixture_run(&b->f, 3);
    ck_assert_int_eq(st_int(b, 0), -1);
    ck_assert(x87_is_empty(&b->cpu->x87, 1));
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_undefined_encodings)
{
    static const uint8_t codes[][2] = {{0xd9, 0x0e}, {0xdb, 0x26}, {0xdb, 0x36}, {0xdd, 0x2e}, {0xd9, 0xd1},
                                       {0xd9, 0xe2}, {0xd9, 0xef}, {0xde, 0xd8}, {0xda, 0xe8}, {0xdd, 0xf0},
                                       {0xdb, 0xf8}, {0xdf, 0xe1}, {0xdf, 0xf8}, {0xdd, 0x0e}};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct fpu_bench *b = fpu_bench_new("pentiumpro", codes[i], 2);
        ck_assert_msg(fpu_bench_step(b) == VECTOR_UD, "%02x %02x", codes[i][0], codes[i][1]);
        fpu_bench_free(b);
    }
}
END_TEST

START_TEST(test_pointers)
{
    BENCH(0xd9, 0xe8,                   /* FLD1 */
          0x26, 0xd8, 0x06, 0x00, 0x30, /* FADD dword ES:[3000] */
          0xd9, 0x36, 0x40, 0x30);      /* FNSTENV [3040] */
    b->cpu->seg[SEG_ES].selector = 0x1234;
    b->cpu->seg[SEG_ES].base = 0x12340;
    cpu_fixture_run(&b->f, 3);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x40 + 6, 2), 0x1002); /* the prefix counts */
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x40 + 8, 2), 0x006);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x40 + 10, 2), 0x5340); /* 12340 + 3000 */
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x40 + 12, 2), 0x1000);
    ck_assert_uint_eq(b->cpu->x87.control & 0x3f, 0x3f);
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_not_available)
{
    BENCH(0xdb, 0xe3, 0x9b); /* FNINIT; FWAIT */
    b->cpu->cr0 |= CR0_TS;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_NM);
    b->cpu->rip = CODE + 2; /* FWAIT cares for TS only with MP */
    b->cpu->cr0 &= ~CR0_MP;
    ck_assert_int_eq(fpu_bench_step(b), -1);
    b->cpu->rip = CODE + 2;
    b->cpu->cr0 |= CR0_MP;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_NM);
    fpu_bench_free(b);
}
END_TEST

/* 1 / 0 with ZE unmasked: the error waits for the next waiting instruction. */
static const uint8_t division[] = {0xd9, 0xe8, 0xd9, 0xee, /* FLD1, FLDZ */
                                   0xde, 0xf9,             /* FDIVP ST(1),ST */
                                   0xdf, 0xe0,             /* FNSTSW AX: does not wait */
                                   0x9b,                   /* FWAIT */
                                   0xdb, 0xe2};            /* FNCLEX */

START_TEST(test_native_error)
{
    struct fpu_bench *b = fpu_bench_new("pentiumpro", division, sizeof division);
    x87_fldcw(&b->cpu->x87, 0x037b);
    cpu_fixture_run(&b->f, 4);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX] & 0xffff, 0xb084); /* B, TOP = 6, ES, ZE: nothing popped */
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_MF);
    ck_assert_uint_eq(pushed_ip(b), CODE + 8);
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_ferr)
{
    struct fpu_bench *b = fpu_bench_new("pentiumpro", division, sizeof division);
    x87_fldcw(&b->cpu->x87, 0x037b);
    b->cpu->cr0 &= ~CR0_NE;
    cpu_fixture_run(&b->f, 4);
    ck_assert(!b->cpu->ferr);
    ck_assert_int_eq(fpu_bench_step(b), -1);
    ck_assert(b->cpu->ferr);
    ck_assert(cpu_is_idle(b->cpu)); /* stopped before FWAIT */
    ck_assert_uint_eq(b->cpu->rip, CODE + 8);

    b->cpu->eflags |= EFLAGS_IF; /* the board's IRQ 13 wakes it */
    b->f.intr_vector = 0x75;
    cpu_fixture_poke(&b->f, 0x75 * 4, 4, 0x2000);
    cpu_fixture_poke(&b->f, 0x2000, 2, 0xcf90); /* NOP; IRET */
    cpu_set_intr(b->cpu, true);
    cpu_set_ignne(b->cpu, true);
    cpu_run(b->cpu, b->f.clock.insns + 3);
    ck_assert_uint_eq(b->cpu->rip, CODE + 8);
    cpu_fixture_run(&b->f, 2); /* FWAIT passes, FNCLEX lowers FERR# */
    ck_assert_uint_eq(b->cpu->rip, CODE + 11);
    ck_assert(!b->cpu->ferr);
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_store_fault)
{
    BENCH(0xd9, 0xe8,              /* FLD1 */
          0xdb, 0x3e, 0xf8, 0xff); /* FSTP m80 [FFF8]: past the segment's end */
    cpu_fixture_run(&b->f, 1);
    struct x87 before = b->cpu->x87;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_GP);
    ck_assert_uint_eq(b->cpu->x87.tag, before.tag);
    ck_assert_uint_eq(b->cpu->x87.top, before.top);
    ck_assert_uint_eq(b->cpu->x87.fip, before.fip);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0xfff8, 8), 0);
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_save_restore)
{
    BENCH(0xd9, 0xeb, 0xd9, 0xe8,  /* FLDPI, FLD1 */
          0xdd, 0x36, 0x00, 0x30,  /* FNSAVE [3000] */
          0xdd, 0x26, 0x00, 0x30); /* FRSTOR [3000] */
    cpu_fixture_run(&b->f, 3);
    ck_assert_uint_eq(b->cpu->x87.tag, 0);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 14 + 10, 8), UINT64_C(0xc90fdaa22168c235));
    cpu_fixture_run(&b->f, 1);
    ck_assert_int_eq(st_int(b, 0), 1);
    ck_assert_uint_eq(x87_get(&b->cpu->x87, 1).mantissa, UINT64_C(0xc90fdaa22168c235));
    fpu_bench_free(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x87 in the processor");
    TCase *tests = tcase_create("instructions");
    tcase_add_test(tests, test_arithmetic);
    tcase_add_test(tests, test_register_forms);
    tcase_add_test(tests, test_undefined_encodings);
    tcase_add_test(tests, test_pointers);
    tcase_add_test(tests, test_not_available);
    tcase_add_test(tests, test_native_error);
    tcase_add_test(tests, test_ferr);
    tcase_add_test(tests, test_store_fault);
    tcase_add_test(tests, test_save_restore);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
