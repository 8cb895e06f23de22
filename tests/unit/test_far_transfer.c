/* SPDX-License-Identifier: MIT */
/* Far JMP, CALL and RET (SDM 2A CALL, JMP, RET; 3A 5.8). */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))
#define NONE                INT64_C(-1)

enum { TARGET = PF_CODE + 0x40, AFTER_CALL = PF_CODE + 7 };

static int64_t jump(struct cpu_fixture *f, unsigned selector, uint32_t offset)
{
    bool done = far_jump(f->cpu, (uint16_t)selector, offset, 4);
    int64_t fault = cpu_fixture_take_fault(f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static int64_t call(struct cpu_fixture *f, unsigned selector, uint32_t offset)
{
    bool done = far_call(f->cpu, (uint16_t)selector, offset, 4, AFTER_CALL);
    int64_t fault = cpu_fixture_take_fault(f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static int64_t ret(struct cpu_fixture *f, unsigned size, uint16_t release)
{
    bool done = far_return(f->cpu, size, release);
    int64_t fault = cpu_fixture_take_fault(f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static uint32_t stack_dword(struct cpu_fixture *f, unsigned index)
{
    return (uint32_t)cpu_fixture_peek(f, f->cpu->seg[SEG_SS].base + f->cpu->gpr[GPR_SP] + 4 * index, 4);
}

static void push_dword(struct cpu_fixture *f, uint32_t value)
{
    f->cpu->gpr[GPR_SP] -= 4;
    cpu_fixture_poke(f, f->cpu->gpr[GPR_SP], 4, value);
}

START_TEST(jump_to_code)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert_int_eq(jump(&f, SEL_CODE0 | 0, TARGET), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, TARGET);
    ck_assert_int_eq(jump(&f, SEL_CODE0 | 3, TARGET), FAULT(VECTOR_GP, SEL_CODE0));
    ck_assert_int_eq(jump(&f, SEL_CODE3, TARGET), FAULT(VECTOR_GP, SEL_CODE3));
    ck_assert_int_eq(jump(&f, 0, TARGET), FAULT(VECTOR_GP, 0));
    ck_assert_int_eq(jump(&f, 3, TARGET), FAULT(VECTOR_GP, 0));
    ck_assert_int_eq(jump(&f, SEL_DATA0, TARGET), FAULT(VECTOR_GP, SEL_DATA0));
    ck_assert_int_eq(jump(&f, SEL_LDT, TARGET), FAULT(VECTOR_GP, SEL_LDT));
    ck_assert_int_eq(jump(&f, SEL_LIMIT, TARGET), FAULT(VECTOR_GP, SEL_LIMIT));
    ck_assert_int_eq(jump(&f, SEL_ABSENT_CODE, TARGET), FAULT(VECTOR_NP, SEL_ABSENT_CODE));
    ck_assert_int_eq(jump(&f, SEL_SMALL_CODE, 0x1000), FAULT(VECTOR_GP, 0));
    ck_assert_int_eq(jump(&f, SEL_SMALL_CODE, 0xFFF), NONE);
    ck_assert_int_eq(jump(&f, SEL_CODE0_16, 0x12340), NONE);
    ck_assert_uint_eq(f.cpu->mode, MODE_16);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(conforming_code_keeps_the_level)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    protected_fixture_user(&f);
    ck_assert_int_eq(jump(&f, SEL_CONFORMING0, TARGET), NONE);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].selector, SEL_CONFORMING0 | 3);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_int_eq(jump(&f, SEL_CODE0, TARGET), FAULT(VECTOR_GP, SEL_CODE0));
    ck_assert_int_eq(jump(&f, SEL_CODE3 | 3, TARGET), NONE);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(call_and_return_on_one_level)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert_int_eq(call(&f, SEL_CODE0, TARGET), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 8);
    ck_assert_uint_eq(stack_dword(&f, 0), AFTER_CALL);
    ck_assert_uint_eq(stack_dword(&f, 1), SEL_CODE0);
    ck_assert_int_eq(ret(&f, 4, 12), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 + 12);
    ck_assert_uint_eq(f.cpu->next_rip, AFTER_CALL);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(call_without_room_faults_first)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert(segment_load(f.cpu, SEG_SS, SEL_EXPAND_DOWN));
    f.cpu->gpr[GPR_SP] = 0x1006; /* offsets up to FFFh are outside */
    ck_assert_int_eq(call(&f, SEL_CODE0, TARGET), FAULT(VECTOR_SS, 0));
    ck_assert_int_eq(call(&f, SEL_SMALL_CODE, 0x1000), FAULT(VECTOR_SS, 0));
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x1006);
    f.cpu->gpr[GPR_SP] = 0x1007;
    ck_assert_int_eq(call(&f, SEL_CODE0, TARGET), FAULT(VECTOR_SS, 0));
    f.cpu->gpr[GPR_SP] = 0x1008;
    ck_assert_int_eq(call(&f, SEL_CODE0, TARGET), NONE);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(call_gate_to_inner_level_copies_parameters)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    protected_fixture_user(&f);
    push_dword(&f, 0x11111111);
    push_dword(&f, 0x22222222);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0xDEAD), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 0);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].selector, SEL_CODE0);
    ck_assert_uint_eq(f.cpu->next_rip, PF_CODE + 0x100);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA0);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 24);
    static const uint32_t expected[] = {AFTER_CALL, SEL_CODE3 | 3, 0x22222222,
                                        0x11111111, PF_STACK3 - 8, SEL_DATA3 | 3};
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(stack_dword(&f, i), expected[i]);
    ck_assert_int_eq(ret(&f, 4, 8), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK3);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA3 | 3);
    ck_assert_uint_eq(f.cpu->next_rip, AFTER_CALL);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(call_gate_286)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    cpu_fixture_gate(&f, PF_GDT + SEL_CALL_GATE, 0xE4, SEL_CODE0, 0x55550123, 1);
    protected_fixture_user(&f);
    push_dword(&f, 0x33334444);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, 0x0123);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 10);
    ck_assert_uint_eq(stack_dword(&f, 0), (uint32_t)(SEL_CODE3 | 3) << 16 | (AFTER_CALL & 0xFFFF));
    ck_assert_uint_eq(stack_dword(&f, 1), ((PF_STACK3 - 4) & 0xFFFFu) << 16 | 0x4444);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(call_gate_checks)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    gpa_t gate = PF_GDT + SEL_CALL_GATE;
    protected_fixture_user(&f);
    ck_assert_int_eq(jump(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_GP, SEL_CODE0)); /* JMP cannot go inward */
    cpu_fixture_gate(&f, gate, 0x8C, SEL_CODE0, 0, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_GP, SEL_CALL_GATE));
    cpu_fixture_gate(&f, gate, 0x6C, SEL_CODE0, 0, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_NP, SEL_CALL_GATE));
    cpu_fixture_gate(&f, gate, 0xEC, 0, 0, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_GP, 0));
    cpu_fixture_gate(&f, gate, 0xEC, SEL_DATA0, 0, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_GP, SEL_DATA0));
    cpu_fixture_gate(&f, gate, 0xEC, SEL_ABSENT_CODE, 0, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_NP, SEL_ABSENT_CODE));
    cpu_fixture_gate(&f, gate, 0xEC, SEL_SMALL_CODE, 0x1000, 0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_GP, 0));
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK3);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(inner_stack_checks)
{
    static const struct {
        unsigned ss;
        int64_t fault;
    } cases[] = {
        {0, FAULT(VECTOR_TS, 0)},
        {SEL_DATA0 | 1, FAULT(VECTOR_TS, SEL_DATA0)},
        {SEL_DATA3, FAULT(VECTOR_TS, SEL_DATA3)},
        {SEL_CODE0, FAULT(VECTOR_TS, SEL_CODE0)},
        {SEL_LIMIT, FAULT(VECTOR_TS, SEL_LIMIT)},
        {SEL_ABSENT_DATA, FAULT(VECTOR_SS, SEL_ABSENT_DATA)},
    };
    struct cpu_fixture f;
    protected_fixture_init(&f);
    protected_fixture_user(&f);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cpu_fixture_poke(&f, PF_TSS + 8, 4, cases[i].ss);
        ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), cases[i].fault);
    }
    cpu_fixture_poke(&f, PF_TSS + 8, 4, SEL_EXPAND_DOWN);
    cpu_fixture_poke(&f, PF_TSS + 4, 4, 0x1010);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_SS, SEL_EXPAND_DOWN));
    f.cpu->seg[SEG_TR].limit = 8; /* SS0 ends at byte 9 */
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), FAULT(VECTOR_TS, SEL_TSS));
    f.cpu->seg[SEG_TR].limit = 9;
    cpu_fixture_poke(&f, PF_TSS + 8, 4, SEL_DATA0);
    ck_assert_int_eq(call(&f, SEL_CALL_GATE | 3, 0), NONE);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(return_to_outer_level_drops_segments)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    ck_assert(segment_load(f.cpu, SEG_ES, SEL_DATA3 | 3));
    ck_assert(segment_load(f.cpu, SEG_FS, SEL_CONFORMING0));
    push_dword(&f, SEL_DATA3 | 3);
    push_dword(&f, 0x4000);
    push_dword(&f, SEL_CODE3 | 3);
    push_dword(&f, TARGET);
    ck_assert_int_eq(ret(&f, 4, 0), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x4000);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].selector, 0);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].attributes & SEG_ATTR_P, 0);
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].selector, SEL_DATA3 | 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_FS].selector, SEL_CONFORMING0);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(return_checks)
{
    static const struct {
        unsigned cs, ss;
        int64_t fault;
    } cases[] = {
        {0, SEL_DATA3 | 3, FAULT(VECTOR_GP, 0)},
        {SEL_LIMIT, SEL_DATA3 | 3, FAULT(VECTOR_GP, SEL_LIMIT)},
        {SEL_DATA0, SEL_DATA3 | 3, FAULT(VECTOR_GP, SEL_DATA0)},
        {SEL_CODE0 | 1, SEL_DATA3 | 3, FAULT(VECTOR_GP, SEL_CODE0)},
        {SEL_ABSENT_CODE, SEL_DATA3 | 3, FAULT(VECTOR_NP, SEL_ABSENT_CODE)},
        {SEL_CODE3 | 3, 0, FAULT(VECTOR_GP, 0)},
        {SEL_CODE3 | 3, SEL_DATA3, FAULT(VECTOR_GP, SEL_DATA3)},
        {SEL_CODE3 | 3, SEL_READ_ONLY | 3, FAULT(VECTOR_GP, SEL_READ_ONLY)},
        {SEL_CODE3 | 3, SEL_ABSENT_DATA | 3, FAULT(VECTOR_GP, SEL_ABSENT_DATA)},
    };
    struct cpu_fixture f;
    protected_fixture_init(&f);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f.cpu->gpr[GPR_SP] = PF_STACK0;
        push_dword(&f, cases[i].ss);
        push_dword(&f, 0x4000);
        push_dword(&f, cases[i].cs);
        push_dword(&f, TARGET);
        ck_assert_int_eq(ret(&f, 4, 0), cases[i].fault);
        ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 16);
        ck_assert_uint_eq(f.cpu->cpl, 0);
    }
    protected_fixture_user(&f);
    push_dword(&f, SEL_CODE0);
    push_dword(&f, TARGET);
    ck_assert_int_eq(ret(&f, 4, 0), FAULT(VECTOR_GP, SEL_CODE0)); /* never inward */
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(outer_return_to_16_bit_stack_keeps_upper_esp)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0, 0xFFFF, 0x00F3);
    f.cpu->gpr[GPR_SP] = 0x30000;
    push_dword(&f, SEL_SPARE | 3);
    push_dword(&f, 0x55554444);
    push_dword(&f, SEL_CODE3 | 3);
    push_dword(&f, TARGET);
    ck_assert_int_eq(ret(&f, 4, 0), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x24444);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(real_mode)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, "pentiumpro");
    struct cpu *cpu = f.cpu;
    segment_set_real(cpu, SEG_CS, 0x1000);
    segment_set_real(cpu, SEG_SS, 0x2000);
    cpu->gpr[GPR_SP] = 0x100;
    ck_assert(far_call(cpu, 0x1234, 0x5678, 2, 0x9ABC));
    ck_assert_uint_eq(cpu->seg[SEG_CS].base, 0x12340);
    ck_assert_uint_eq(cpu->next_rip, 0x5678);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x200FC, 4), 0x10009ABC);
    ck_assert(far_return(cpu, 2, 6));
    ck_assert_uint_eq(cpu->gpr[GPR_SP], 0x106);
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, 0x1000);
    ck_assert(!far_jump(cpu, 0x1234, 0x10000, 4));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(VECTOR_GP, 0));
    cpu->gpr[GPR_SP] = 1;
    ck_assert(!far_call(cpu, 0x1234, 0, 2, 0));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(VECTOR_SS, 0));
    cpu->gpr[GPR_SP] = 2; /* wraps to FFFEh */
    ck_assert(far_call(cpu, 0x1234, 0, 2, 0x1111));
    ck_assert_uint_eq(cpu->gpr[GPR_SP], 0xFFFE);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x2FFFE, 2), 0x1111);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("far transfer");
    TCase *tests = tcase_create("far transfer");
    tcase_add_test(tests, jump_to_code);
    tcase_add_test(tests, conforming_code_keeps_the_level);
    tcase_add_test(tests, call_and_return_on_one_level);
    tcase_add_test(tests, call_without_room_faults_first);
    tcase_add_test(tests, call_gate_to_inner_level_copies_parameters);
    tcase_add_test(tests, call_gate_286);
    tcase_add_test(tests, call_gate_checks);
    tcase_add_test(tests, inner_stack_checks);
    tcase_add_test(tests, return_to_outer_level_drops_segments);
    tcase_add_test(tests, return_checks);
    tcase_add_test(tests, outer_return_to_16_bit_stack_keeps_upper_esp);
    tcase_add_test(tests, real_mode);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
