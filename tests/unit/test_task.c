/* SPDX-License-Identifier: MIT */
/* Hardware task switches (SDM 3A 7), driven through far transfers, task gates and IRET. */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))
#define NONE                INT64_C(-1)

enum { RETURN = PF_CODE + 7, NEW_EIP = PF_CODE + 0x800, NEW_ESP = 0x25000, VECTOR = 0x30 };

static struct cpu_fixture f;

static void poke_b(unsigned offset, unsigned size, uint32_t value)
{
    cpu_fixture_poke(&f, PF_TSS_B + offset, size, value);
}

static void poke_c(unsigned offset, uint32_t value)
{
    cpu_fixture_poke(&f, PF_TSS_C + offset, 2, value);
}

static void fill_tss_b(void)
{
    poke_b(0x20, 4, NEW_EIP);
    poke_b(0x24, 4, EFLAGS_FIXED | EFLAGS_ZF);
    for (unsigned i = 0; i < 8; i++)
        poke_b(0x28 + 4 * i, 4, 0xB0000000 + i);
    poke_b(0x38, 4, NEW_ESP);
    static const unsigned segments[] = {SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA3, SEL_DATA0, 0};
    for (unsigned i = 0; i < 6; i++)
        poke_b(0x48 + 4 * i, 4, segments[i]);
    poke_b(0x60, 4, SEL_LDT);
}

static void fill_tss_c(void)
{
    poke_c(0x0E, 0x0800);
    poke_c(0x10, EFLAGS_FIXED);
    for (unsigned i = 0; i < 8; i++)
        poke_c(0x12 + 2 * i, 0xC000 + i);
    static const unsigned segments[] = {SEL_DATA0, SEL_CODE0_16, SEL_DATA0_16, SEL_DATA0};
    for (unsigned i = 0; i < 4; i++)
        poke_c(0x22 + 2 * i, segments[i]);
    poke_c(0x2A, 0);
}

static void setup(void)
{
    protected_fixture_init(&f);
    fill_tss_b();
    fill_tss_c();
    for (unsigned i = 0; i < 8; i++)
        f.cpu->gpr[i] = 0xA0000000 + i;
    f.cpu->gpr[GPR_SP] = PF_STACK0;
    f.cpu->next_rip = RETURN;
}

static void teardown(void)
{
    cpu_fixture_free(&f);
}

static int64_t outcome(bool done)
{
    int64_t fault = cpu_fixture_take_fault(&f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static int64_t jump(unsigned selector)
{
    return outcome(far_jump(f.cpu, (uint16_t)selector, 0x12345678, 4));
}

static int64_t call(unsigned selector)
{
    return outcome(far_call(f.cpu, (uint16_t)selector, 0x12345678, 4, RETURN));
}

static int64_t iret(void)
{
    return outcome(interrupt_return(f.cpu, 4));
}

static unsigned type_of(unsigned selector)
{
    return cpu_fixture_peek(&f, PF_GDT + selector + 5, 1) & 15;
}

static uint32_t peek_a(unsigned offset, unsigned size)
{
    return (uint32_t)cpu_fixture_peek(&f, PF_TSS + offset, size);
}

static void check_in_task_b(void)
{
    struct cpu *cpu = f.cpu;
    ck_assert_uint_eq(cpu->next_rip, NEW_EIP);
    ck_assert_uint_eq(cpu->gpr[GPR_AX], 0xB0000000);
    ck_assert_uint_eq(cpu->gpr[GPR_SP], NEW_ESP);
    ck_assert_uint_eq(cpu->seg[SEG_TR].selector, SEL_TSS_B);
    ck_assert_uint_eq(cpu->seg[SEG_TR].base, PF_TSS_B);
    ck_assert_uint_eq(cpu->seg[SEG_TR].attributes, 0x8B);
    ck_assert_uint_eq(cpu->seg[SEG_LDTR].base, PF_LDT);
    ck_assert_uint_eq(cpu->seg[SEG_DS].selector, SEL_DATA3);
    ck_assert_uint_eq(cpu->seg[SEG_GS].selector, 0);
    ck_assert(cpu->cr0 & CR0_TS);
    ck_assert_uint_eq(type_of(SEL_TSS_B), TYPE_TSS32_BUSY);
}

START_TEST(jump_saves_and_loads)
{
    cpu_set_eflags(f.cpu, EFLAGS_CF | EFLAGS_NT);
    f.cpu->dr[7] |= 0x3FF;
    ck_assert_int_eq(jump(SEL_TSS_B), NONE);
    check_in_task_b();
    ck_assert_uint_eq(type_of(SEL_TSS), TYPE_TSS32);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_ZF);
    ck_assert_uint_eq(f.cpu->dr[7] & 0x3FF, 0x2AA);
    ck_assert_uint_eq(peek_a(0x20, 4), RETURN);
    ck_assert_uint_eq(peek_a(0x24, 4), EFLAGS_FIXED | EFLAGS_CF | EFLAGS_NT);
    ck_assert_uint_eq(peek_a(0x28, 4), 0xA0000000);
    ck_assert_uint_eq(peek_a(0x38, 4), PF_STACK0);
    ck_assert_uint_eq(peek_a(0x44, 4), 0xA0000007);
    ck_assert_uint_eq(peek_a(0x4C, 2), SEL_CODE0);
    ck_assert_uint_eq(peek_a(0x50, 2), SEL_DATA0);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_B, 2), 0);
}
END_TEST

START_TEST(call_nests_and_iret_returns)
{
    ck_assert_int_eq(call(SEL_TSS_B), NONE);
    check_in_task_b();
    ck_assert_uint_eq(type_of(SEL_TSS), TYPE_TSS32_BUSY);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_B, 2), SEL_TSS);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_ZF | EFLAGS_NT);
    f.cpu->next_rip = NEW_EIP + 1;
    ck_assert_int_eq(iret(), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, RETURN);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xA0000000);
    ck_assert_uint_eq(type_of(SEL_TSS), TYPE_TSS32_BUSY);
    ck_assert_uint_eq(type_of(SEL_TSS_B), TYPE_TSS32);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_B + 0x20, 4), NEW_EIP + 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_B + 0x24, 4), EFLAGS_FIXED | EFLAGS_ZF); /* NT cleared */
}
END_TEST

START_TEST(task_gate_from_level_3)
{
    protected_fixture_user(&f);
    ck_assert_int_eq(call(SEL_TSS_B), FAULT(VECTOR_GP, SEL_TSS_B)); /* DPL 0 */
    ck_assert_int_eq(call(SEL_TASK_GATE | 3), NONE);
    check_in_task_b();
    ck_assert_uint_eq(f.cpu->cpl, 0);
    ck_assert_int_eq(iret(), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA3 | 3);
}
END_TEST

START_TEST(interrupt_through_task_gate_pushes_error)
{
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR, 0x85, SEL_TSS_B, 0, 0);
    ck_assert_int_eq(
        outcome(interrupt_deliver(f.cpu, VECTOR, INTERRUPT_EXCEPTION, true, 0x1234, PF_CODE + 1)), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], NEW_ESP - 4);
    ck_assert_uint_eq(cpu_fixture_peek(&f, NEW_ESP - 4, 4), 0x1234);
    ck_assert_uint_eq(peek_a(0x20, 4), PF_CODE + 1);
    ck_assert_uint_eq(peek_a(0x24, 4), EFLAGS_FIXED | EFLAGS_RF);
    ck_assert(f.cpu->eflags & EFLAGS_NT);
}
END_TEST

START_TEST(to_286_task_and_back)
{
    ck_assert_int_eq(call(SEL_TSS_C), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, 0x0800);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX] & 0xFFFF, 0xC001);
    ck_assert_uint_eq(f.cpu->seg[SEG_FS].selector, 0);
    ck_assert_uint_eq(f.cpu->mode, MODE_16);
    ck_assert_uint_eq(f.cpu->sp_mask, 0xFFFF);
    ck_assert_uint_eq(type_of(SEL_TSS_C), TYPE_TSS16_BUSY);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_C, 2), SEL_TSS);
    f.cpu->next_rip = 0x0801;
    f.cpu->gpr[GPR_AX] = 0x1234ABCD;
    ck_assert_int_eq(iret(), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, RETURN);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_C + 0x0E, 2), 0x0801);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_C + 0x12, 2), 0xABCD);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_C + 0x28, 2), SEL_DATA0);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_TSS_C + 0x2C, 2), 0); /* nothing behind the 286 format */
    ck_assert_uint_eq(type_of(SEL_TSS_C), TYPE_TSS16);
}
END_TEST

START_TEST(checks_in_the_old_task)
{
    ck_assert_int_eq(jump(SEL_TSS), FAULT(VECTOR_GP, SEL_TSS)); /* busy */
    cpu_fixture_descriptor(&f, PF_GDT + SEL_TSS_B, PF_TSS_B, 0x66, 0x89);
    ck_assert_int_eq(jump(SEL_TSS_B), FAULT(VECTOR_TS, SEL_TSS_B));
    cpu_fixture_descriptor(&f, PF_GDT + SEL_TSS_B, PF_TSS_B, 0x67, 0x09);
    ck_assert_int_eq(jump(SEL_TSS_B), FAULT(VECTOR_NP, SEL_TSS_B));
    cpu_fixture_descriptor(&f, PF_GDT + SEL_TSS_C, PF_TSS_C, 0x2A, 0x81);
    ck_assert_int_eq(call(SEL_TSS_C), FAULT(VECTOR_TS, SEL_TSS_C));
    cpu_fixture_gate(&f, PF_GDT + SEL_TASK_GATE, 0xE5, SEL_TSS_B | 4, 0, 0);
    ck_assert_int_eq(jump(SEL_TASK_GATE), FAULT(VECTOR_GP, SEL_TSS_B | 4));
    cpu_fixture_gate(&f, PF_GDT + SEL_TASK_GATE, 0x65, SEL_TSS_B, 0, 0);
    ck_assert_int_eq(jump(SEL_TASK_GATE), FAULT(VECTOR_NP, SEL_TASK_GATE));
    cpu_fixture_gate(&f, PF_GDT + SEL_TASK_GATE, 0xE5, SEL_DATA0, 0, 0);
    ck_assert_int_eq(jump(SEL_TASK_GATE), FAULT(VECTOR_GP, SEL_DATA0));
    ck_assert_uint_eq(f.cpu->seg[SEG_TR].selector, SEL_TSS);
    ck_assert_uint_eq(peek_a(0x20, 4), 0);
    ck_assert(!(f.cpu->cr0 & CR0_TS));
}
END_TEST

START_TEST(bad_back_links)
{
    f.cpu->eflags |= EFLAGS_NT;
    cpu_fixture_poke(&f, PF_TSS, 2, SEL_TSS_B); /* not busy */
    ck_assert_int_eq(iret(), FAULT(VECTOR_TS, SEL_TSS_B));
    cpu_fixture_poke(&f, PF_TSS, 2, SEL_TSS_B | 4);
    ck_assert_int_eq(iret(), FAULT(VECTOR_TS, SEL_TSS_B | 4));
    cpu_fixture_poke(&f, PF_TSS, 2, SEL_LIMIT);
    ck_assert_int_eq(iret(), FAULT(VECTOR_TS, SEL_LIMIT));
    cpu_fixture_descriptor(&f, PF_GDT + SEL_TSS_B, PF_TSS_B, 0x67, 0x0B);
    cpu_fixture_poke(&f, PF_TSS, 2, SEL_TSS_B);
    ck_assert_int_eq(iret(), FAULT(VECTOR_NP, SEL_TSS_B));
}
END_TEST

START_TEST(faults_in_the_new_task)
{
    static const struct {
        unsigned offset, selector;
        int64_t fault;
    } cases[] = {
        {0x60, SEL_DATA0, FAULT(VECTOR_TS, SEL_DATA0)},
        {0x60, SEL_LDT | 4, FAULT(VECTOR_TS, SEL_LDT | 4)},
        {0x4C, 0, FAULT(VECTOR_TS, 0)},
        {0x4C, SEL_DATA0, FAULT(VECTOR_TS, SEL_DATA0)},
        {0x4C, SEL_CODE3, FAULT(VECTOR_TS, SEL_CODE3)},
        {0x4C, SEL_ABSENT_CODE, FAULT(VECTOR_NP, SEL_ABSENT_CODE)},
        {0x50, 0, FAULT(VECTOR_TS, 0)},
        {0x50, SEL_DATA3, FAULT(VECTOR_TS, SEL_DATA3)},
        {0x50, SEL_ABSENT_DATA, FAULT(VECTOR_SS, SEL_ABSENT_DATA)},
        {0x54, SEL_EXECUTE_ONLY, FAULT(VECTOR_TS, SEL_EXECUTE_ONLY)},
        {0x54, SEL_DATA0 | 3, FAULT(VECTOR_TS, SEL_DATA0)},
        {0x48, SEL_ABSENT_DATA, FAULT(VECTOR_NP, SEL_ABSENT_DATA)},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        poke_b(cases[i].offset, 4, cases[i].selector);
        ck_assert_int_eq(jump(SEL_TSS_B), cases[i].fault);
        ck_assert_uint_eq(f.cpu->seg[SEG_TR].selector, SEL_TSS_B);
        ck_assert_uint_eq(f.cpu->rip, NEW_EIP);
        ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xB0000000);
        ck_assert_uint_eq(type_of(SEL_TSS_B), TYPE_TSS32_BUSY);
        teardown();
        setup();
    }
    poke_b(0x4C, 4, SEL_SMALL_CODE);
    ck_assert_int_eq(jump(SEL_TSS_B), FAULT(VECTOR_GP, 0));
    ck_assert_uint_eq(f.cpu->rip, NEW_EIP);
}
END_TEST

START_TEST(debug_trap_flag)
{
    poke_b(0x64, 2, 1);
    poke_b(0x24, 4, EFLAGS_FIXED);
    static const uint8_t jmp[] = {0xEA, 0, 0, 0, 0, SEL_TSS_B, 0};
    protected_fixture_execute(&f, jmp, sizeof jmp, 2);
    ck_assert_uint_eq(f.cpu->rip, PF_CODE + 0x1000 + 16 * VECTOR_DB);
    ck_assert_uint_eq(f.cpu->dr[6] & DR6_BT, DR6_BT);
    ck_assert_uint_eq(cpu_fixture_peek(&f, NEW_ESP - 12, 4), NEW_EIP);
}
END_TEST

START_TEST(to_v86_task)
{
    poke_b(0x20, 4, 0x123);
    poke_b(0x24, 4, EFLAGS_FIXED | EFLAGS_VM | EFLAGS_IF);
    poke_b(0x4C, 4, 0x1000);
    poke_b(0x60, 4, 0);
    ck_assert_int_eq(jump(SEL_TSS_B), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].base, 0x10000);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].limit, 0xFFFF);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].base, SEL_DATA3 << 4);
    ck_assert_uint_eq(f.cpu->mode, MODE_16);
    teardown();
    setup();
    poke_b(0x20, 4, 0x10000);
    poke_b(0x24, 4, EFLAGS_FIXED | EFLAGS_VM);
    poke_b(0x60, 4, 0);
    ck_assert_int_eq(jump(SEL_TSS_B), FAULT(VECTOR_GP, 0));
}
END_TEST

/* Page directory of one 4 MiB page at 100000h for task A and at 101000h for task B. */
START_TEST(cr3_changes_with_paging)
{
    for (unsigned i = 0; i < 2; i++)
        cpu_fixture_poke(&f, 0x100000 + 0x1000 * i, 4, 0x83);
    f.cpu->cr4 |= CR4_PSE;
    f.cpu->cr3 = 0x100000;
    f.cpu->cr0 |= CR0_PG;
    cpu_derive(f.cpu);
    poke_b(0x1C, 4, 0x101000);
    ck_assert_int_eq(jump(SEL_TSS_B), NONE);
    ck_assert_uint_eq(f.cpu->cr3, 0x101000);
    check_in_task_b();
}
END_TEST

/* The old TSS lies in a page that is not there: #PF in the old task, which is unchanged. */
START_TEST(page_fault_before_the_switch)
{
    cpu_fixture_poke(&f, 0x100000, 4, 0x101003);
    for (unsigned i = 0; i < 1024; i++)
        cpu_fixture_poke(&f, 0x101000 + 4 * i, 4, i << 12 | (i == PF_TSS >> 12 ? 1 : 3));
    f.cpu->cr3 = 0x100000;
    f.cpu->cr0 |= CR0_PG | CR0_WP;
    cpu_derive(f.cpu);
    ck_assert_int_eq(jump(SEL_TSS_B), FAULT(VECTOR_PF, PF_P | PF_W));
    ck_assert_uint_eq(f.cpu->cr2, PF_TSS + 0x20);
    ck_assert_uint_eq(f.cpu->seg[SEG_TR].selector, SEL_TSS);
    ck_assert_uint_eq(type_of(SEL_TSS_B), TYPE_TSS32);
    ck_assert_uint_eq(type_of(SEL_TSS), TYPE_TSS32_BUSY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("task");
    TCase *tests = tcase_create("task");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, jump_saves_and_loads);
    tcase_add_test(tests, call_nests_and_iret_returns);
    tcase_add_test(tests, task_gate_from_level_3);
    tcase_add_test(tests, interrupt_through_task_gate_pushes_error);
    tcase_add_test(tests, to_286_task_and_back);
    tcase_add_test(tests, checks_in_the_old_task);
    tcase_add_test(tests, bad_back_links);
    tcase_add_test(tests, faults_in_the_new_task);
    tcase_add_test(tests, debug_trap_flag);
    tcase_add_test(tests, to_v86_task);
    tcase_add_test(tests, cr3_changes_with_paging);
    tcase_add_test(tests, page_fault_before_the_switch);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
