/* SPDX-License-Identifier: MIT */
/* Segment register loads (SDM 2 MOV; 3A 5.4-5.7). */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))
#define NONE                INT64_C(-1)

static int64_t load(struct cpu_fixture *f, enum seg_index index, unsigned selector)
{
    bool loaded = segment_load(f->cpu, index, (uint16_t)selector);
    int64_t fault = cpu_fixture_take_fault(f);
    ck_assert_int_eq(loaded, fault == NONE);
    return fault;
}

START_TEST(data_loads_at_level_0)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert_int_eq(load(&f, SEG_DS, SEL_DATA3 | 3), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].selector, SEL_DATA3 | 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].attributes, ATTR_DATA3);
    ck_assert_int_eq(load(&f, SEG_DS, SEL_DATA0 | 3), FAULT(VECTOR_GP, SEL_DATA0)); /* RPL 3 > DPL 0 */
    ck_assert_int_eq(load(&f, SEG_ES, SEL_EXECUTE_ONLY), FAULT(VECTOR_GP, SEL_EXECUTE_ONLY));
    ck_assert_int_eq(load(&f, SEG_ES, SEL_CODE0), NONE);
    ck_assert_int_eq(load(&f, SEG_ES, SEL_TSS), FAULT(VECTOR_GP, SEL_TSS));
    ck_assert_int_eq(load(&f, SEG_ES, SEL_ABSENT_DATA), FAULT(VECTOR_NP, SEL_ABSENT_DATA));
    ck_assert_int_eq(load(&f, SEG_ES, SEL_LIMIT), FAULT(VECTOR_GP, SEL_LIMIT));
    ck_assert_int_eq(load(&f, SEG_ES, SEL_DATA0 | 4), FAULT(VECTOR_GP, SEL_DATA0 | 4)); /* LDTR is null */
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].selector, SEL_CODE0);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(data_loads_at_level_3)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    protected_fixture_user(&f);
    ck_assert_int_eq(load(&f, SEG_DS, SEL_DATA0), FAULT(VECTOR_GP, SEL_DATA0));
    ck_assert_int_eq(load(&f, SEG_DS, SEL_CONFORMING0 | 3), NONE);
    ck_assert_int_eq(load(&f, SEG_DS, SEL_READ_ONLY), NONE);
    ck_assert_int_eq(load(&f, SEG_SS, SEL_READ_ONLY | 3), FAULT(VECTOR_GP, SEL_READ_ONLY));
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(null_selectors)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    for (unsigned rpl = 0; rpl < 4; rpl++) {
        ck_assert_int_eq(load(&f, SEG_FS, rpl), NONE);
        ck_assert_uint_eq(f.cpu->seg[SEG_FS].selector, rpl);
        ck_assert_uint_eq(f.cpu->seg[SEG_FS].attributes & SEG_ATTR_P, 0);
        ck_assert_int_eq(load(&f, SEG_SS, rpl), FAULT(VECTOR_GP, 0));
    }
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(stack_loads)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert_int_eq(load(&f, SEG_SS, SEL_DATA0_16), NONE);
    ck_assert_uint_eq(f.cpu->sp_mask, 0xFFFF);
    ck_assert_int_eq(load(&f, SEG_SS, SEL_DATA0), NONE);
    ck_assert_uint_eq(f.cpu->sp_mask, 0xFFFFFFFF);
    ck_assert_int_eq(load(&f, SEG_SS, SEL_DATA0 | 1), FAULT(VECTOR_GP, SEL_DATA0));
    ck_assert_int_eq(load(&f, SEG_SS, SEL_DATA3 | 3), FAULT(VECTOR_GP, SEL_DATA3));
    ck_assert_int_eq(load(&f, SEG_SS, SEL_CODE0), FAULT(VECTOR_GP, SEL_CODE0));
    ck_assert_int_eq(load(&f, SEG_SS, SEL_ABSENT_DATA), FAULT(VECTOR_SS, SEL_ABSENT_DATA));
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(accessed_bit_is_set_once_loaded)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0x1234, 0x10, 0x0092);
    ck_assert_int_eq(load(&f, SEG_GS, SEL_SPARE), NONE);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_GDT + SEL_SPARE + 5, 1), 0x93);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].attributes, 0x0093);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0x1234, 0x10, 0x0012);
    ck_assert_int_eq(load(&f, SEG_GS, SEL_SPARE), FAULT(VECTOR_NP, SEL_SPARE));
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_GDT + SEL_SPARE + 5, 1), 0x12);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(descriptor_fields)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0x89ABCDEF, 0x54321FFF, 0x8093);
    ck_assert_int_eq(load(&f, SEG_GS, SEL_SPARE), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].base, 0x89ABCDEF);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].limit, 0x54321FFF);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0x89ABCDEF, 0x54321, 0x1093);
    ck_assert_int_eq(load(&f, SEG_GS, SEL_SPARE), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].limit, 0x54321);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].attributes, 0x1093);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(table_limit_counts_to_the_last_byte)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    f.cpu->gdtr.limit = SEL_DATA3 + 7;
    ck_assert_int_eq(load(&f, SEG_GS, SEL_DATA3), NONE);
    f.cpu->gdtr.limit = SEL_DATA3 + 6;
    ck_assert_int_eq(load(&f, SEG_GS, SEL_DATA3), FAULT(VECTOR_GP, SEL_DATA3));
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(unreal_mode_keeps_the_limit)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    f.cpu->cr0 &= ~CR0_PE;
    cpu_derive(f.cpu);
    ck_assert_int_eq(load(&f, SEG_ES, 0xB800), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].base, 0xB8000);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].limit, 0xFFFFFFFF);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].attributes & 0xFF, 0x93);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(v86_gives_fixed_segments)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    protected_fixture_v86(&f, 0);
    ck_assert_int_eq(load(&f, SEG_ES, 0xFFFF), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].base, 0xFFFF0);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].limit, 0xFFFF);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].attributes, 0x00F3);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segment");
    TCase *tests = tcase_create("loads");
    tcase_add_test(tests, data_loads_at_level_0);
    tcase_add_test(tests, data_loads_at_level_3);
    tcase_add_test(tests, null_selectors);
    tcase_add_test(tests, stack_loads);
    tcase_add_test(tests, accessed_bit_is_set_once_loaded);
    tcase_add_test(tests, descriptor_fields);
    tcase_add_test(tests, table_limit_counts_to_the_last_byte);
    tcase_add_test(tests, unreal_mode_keeps_the_limit);
    tcase_add_test(tests, v86_gives_fixed_segments);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
