/* SPDX-License-Identifier: MIT */
/* Interrupt delivery and IRET outside V86 mode (SDM 2A INT n, IRET; 3A 6). */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))
#define NONE                INT64_C(-1)

enum { RETURN = PF_CODE + 2, VECTOR = 0x30 };

static struct cpu_fixture f;

static void setup(void)
{
    protected_fixture_init(&f);
}

static void teardown(void)
{
    cpu_fixture_free(&f);
}

static void restart(void)
{
    teardown();
    setup();
}

static int64_t deliver_error(unsigned vector, enum interrupt_source source, bool has_error, uint32_t error)
{
    bool done = interrupt_deliver(f.cpu, (uint8_t)vector, source, has_error, error, RETURN);
    int64_t fault = cpu_fixture_take_fault(&f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static int64_t deliver(unsigned vector, enum interrupt_source source)
{
    return deliver_error(vector, source, false, 0);
}

static int64_t iret(unsigned size)
{
    bool done = interrupt_return(f.cpu, size);
    int64_t fault = cpu_fixture_take_fault(&f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static void set_gate(unsigned access, unsigned selector, uint32_t offset)
{
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR, access, selector, offset, 0);
}

static uint32_t stack_dword(unsigned index)
{
    return (uint32_t)cpu_fixture_peek(&f, f.cpu->gpr[GPR_SP] + 4 * index, 4);
}

static void push_dword(uint32_t value)
{
    f.cpu->gpr[GPR_SP] -= 4;
    cpu_fixture_poke(&f, f.cpu->gpr[GPR_SP], 4, value);
}

START_TEST(same_level_and_back)
{
    cpu_set_eflags(f.cpu, EFLAGS_IF | EFLAGS_TF | EFLAGS_NT | EFLAGS_CF | EFLAGS_AC);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, PF_CODE + 0x1000 + 16 * VECTOR);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_CF | EFLAGS_AC);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 12);
    ck_assert_uint_eq(stack_dword(0), RETURN);
    ck_assert_uint_eq(stack_dword(1), SEL_CODE0);
    ck_assert_uint_eq(stack_dword(2),
                      EFLAGS_FIXED | EFLAGS_IF | EFLAGS_TF | EFLAGS_NT | EFLAGS_CF | EFLAGS_AC);
    ck_assert_int_eq(iret(4), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, RETURN);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu),
                      EFLAGS_FIXED | EFLAGS_IF | EFLAGS_TF | EFLAGS_NT | EFLAGS_CF | EFLAGS_AC);
}
END_TEST

START_TEST(trap_gate_keeps_if)
{
    set_gate(0x8F, SEL_CODE0, 0x1234);
    cpu_set_eflags(f.cpu, EFLAGS_IF);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), NONE);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_IF);
}
END_TEST

START_TEST(faults_push_rf_and_error)
{
    ck_assert_int_eq(deliver_error(VECTOR_PF, INTERRUPT_EXCEPTION, true, 7), NONE);
    ck_assert_uint_eq(stack_dword(0), 7);
    ck_assert_uint_eq(stack_dword(1), RETURN);
    ck_assert_uint_eq(stack_dword(3), EFLAGS_FIXED | EFLAGS_RF);
    restart();
    ck_assert_int_eq(deliver(VECTOR_DB, INTERRUPT_EXCEPTION), NONE);
    ck_assert_uint_eq(stack_dword(2), EFLAGS_FIXED);
}
END_TEST

START_TEST(inner_level_and_back)
{
    protected_fixture_user(&f);
    cpu_set_eflags(f.cpu, EFLAGS_IF);
    ck_assert_int_eq(deliver_error(VECTOR_GP, INTERRUPT_EXCEPTION, true, 0x1234), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 0);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 24);
    const uint32_t expected[] = {0x1234,    RETURN,       SEL_CODE3 | 3, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_RF,
                                 PF_STACK3, SEL_DATA3 | 3};
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(stack_dword(i), expected[i]);
    f.cpu->gpr[GPR_SP] += 4;
    ck_assert_int_eq(iret(4), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK3);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA3 | 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].selector, SEL_DATA3 | 3);
}
END_TEST

START_TEST(level_1_handler_uses_its_own_stack)
{
    set_gate(0xEE, SEL_CODE1, 0x4000);
    protected_fixture_user(&f);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 1);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].selector, SEL_CODE1 | 1);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA1 | 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK1 - 20);
}
END_TEST

START_TEST(gate_286_pushes_words)
{
    set_gate(0x86, SEL_CODE0, 0x99991234);
    ck_assert_int_eq(deliver_error(VECTOR, INTERRUPT_EXCEPTION, true, 0xABCD), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, 0x1234);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 8);
    ck_assert_uint_eq(stack_dword(0), (uint32_t)(RETURN & 0xFFFF) << 16 | 0xABCD);
    ck_assert_uint_eq(stack_dword(1), (uint32_t)EFLAGS_FIXED << 16 | SEL_CODE0);
}
END_TEST

START_TEST(gate_checks)
{
    const uint32_t idt_error = 8 * VECTOR | 2;
    struct descriptor_table idtr = f.cpu->idtr;
    f.cpu->idtr.limit = 8 * VECTOR + 6;
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, idt_error));
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), FAULT(VECTOR_GP, idt_error | 1));
    f.cpu->idtr = idtr;
    set_gate(0x8C, SEL_CODE0, 0); /* a call gate is no interrupt gate */
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, idt_error));
    set_gate(0x0E, SEL_CODE0, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_NP, idt_error));
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_ICEBP), FAULT(VECTOR_NP, idt_error | 1));
    set_gate(0x8E, 3, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, 0));
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXCEPTION), FAULT(VECTOR_GP, 1));
    set_gate(0x8E, SEL_LIMIT, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXCEPTION), FAULT(VECTOR_GP, SEL_LIMIT | 1));
    set_gate(0x8E, SEL_DATA0, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXCEPTION), FAULT(VECTOR_GP, SEL_DATA0 | 1));
    set_gate(0x8E, SEL_CODE3, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, SEL_CODE3));
    set_gate(0x8E, SEL_ABSENT_CODE, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXCEPTION), FAULT(VECTOR_NP, SEL_ABSENT_CODE | 1));
    set_gate(0x8E, SEL_SMALL_CODE, 0x1000);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, 0));
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0);
}
END_TEST

START_TEST(only_software_interrupts_check_dpl)
{
    protected_fixture_user(&f);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, 8 * VECTOR | 2));
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_ICEBP), NONE);
    protected_fixture_user(&f);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), NONE);
    protected_fixture_user(&f);
    set_gate(0x6E, SEL_CODE0, 0); /* DPL 3 but absent: DPL comes first */
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_SOFTWARE), FAULT(VECTOR_NP, 8 * VECTOR | 2));
}
END_TEST

START_TEST(inner_stack_checks_carry_ext)
{
    protected_fixture_user(&f);
    cpu_fixture_poke(&f, PF_TSS + 8, 4, 0);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), FAULT(VECTOR_TS, 1));
    cpu_fixture_poke(&f, PF_TSS + 8, 4, SEL_DATA3 | 3);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), FAULT(VECTOR_TS, SEL_DATA3 | 1));
    cpu_fixture_poke(&f, PF_TSS + 8, 4, SEL_ABSENT_DATA);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), FAULT(VECTOR_SS, SEL_ABSENT_DATA | 1));
    cpu_fixture_poke(&f, PF_TSS + 8, 4, SEL_EXPAND_DOWN);
    cpu_fixture_poke(&f, PF_TSS + 4, 4, 0x1010);
    ck_assert_int_eq(deliver(VECTOR, INTERRUPT_EXTERNAL), FAULT(VECTOR_SS, SEL_EXPAND_DOWN | 1));
    ck_assert_uint_eq(f.cpu->cpl, 3);
}
END_TEST

START_TEST(iret_changes_only_what_its_level_may)
{
    const uint32_t all = 0x003F7FD7 & ~(uint32_t)EFLAGS_VM;
    protected_fixture_user(&f);
    f.cpu->eflags = EFLAGS_FIXED | 1 << 12;
    push_dword(all & ~(uint32_t)EFLAGS_NT);
    push_dword(SEL_CODE3 | 3);
    push_dword(RETURN);
    ck_assert_int_eq(iret(4), NONE);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu),
                      (all & ~(uint32_t)(EFLAGS_NT | EFLAGS_IOPL | EFLAGS_IF | EFLAGS_VIF | EFLAGS_VIP)) |
                          1 << 12);
    f.cpu->eflags = EFLAGS_FIXED | EFLAGS_IOPL;
    push_dword(EFLAGS_IF);
    push_dword(SEL_CODE3 | 3);
    push_dword(RETURN);
    ck_assert_int_eq(iret(4), NONE);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_IOPL | EFLAGS_IF);
    restart();
    push_dword(all);
    push_dword(SEL_CODE0);
    push_dword(RETURN);
    ck_assert_int_eq(iret(4), NONE);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), all);
}
END_TEST

START_TEST(iret_checks)
{
    static const struct {
        unsigned cs, ss;
        int64_t fault;
    } cases[] = {
        {0, 0, FAULT(VECTOR_GP, 0)},
        {SEL_DATA0, 0, FAULT(VECTOR_GP, SEL_DATA0)},
        {SEL_CODE0 | 3, 0, FAULT(VECTOR_GP, SEL_CODE0)},
        {SEL_CODE3, 0, FAULT(VECTOR_GP, SEL_CODE3)},
        {SEL_ABSENT_CODE, 0, FAULT(VECTOR_NP, SEL_ABSENT_CODE)},
        {SEL_CODE3 | 3, 0, FAULT(VECTOR_GP, 0)},
        {SEL_CODE3 | 3, SEL_DATA0, FAULT(VECTOR_GP, SEL_DATA0)},
        {SEL_CODE3 | 3, SEL_LIMIT | 3, FAULT(VECTOR_GP, SEL_LIMIT)},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f.cpu->gpr[GPR_SP] = PF_STACK0;
        push_dword(cases[i].ss);
        push_dword(0x4000);
        push_dword(EFLAGS_CF);
        push_dword(cases[i].cs);
        push_dword(RETURN);
        ck_assert_int_eq(iret(4), cases[i].fault);
        ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED);
        ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 20);
    }
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0, 0xFFFFFFFF, 0xC073);
    cpu_fixture_poke(&f, PF_STACK0 - 4, 4, SEL_SPARE | 3);
    ck_assert_int_eq(iret(4), FAULT(VECTOR_SS, SEL_SPARE));
}
END_TEST

START_TEST(real_mode)
{
    cpu_fixture_free(&f);
    cpu_fixture_init(&f, "pentiumpro");
    struct cpu *cpu = f.cpu;
    segment_set_real(cpu, SEG_CS, 0x1000);
    segment_set_real(cpu, SEG_SS, 0x2000);
    cpu->gpr[GPR_SP] = 0x100;
    cpu_fixture_poke(&f, 0x21 * 4, 4, 0x30004567);
    cpu_set_eflags(cpu, EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_IOPL | EFLAGS_NT);
    ck_assert(interrupt_deliver(cpu, 0x21, INTERRUPT_SOFTWARE, false, 0, 0x1122));
    ck_assert_uint_eq(cpu->next_rip, 0x4567);
    ck_assert_uint_eq(cpu->seg[SEG_CS].base, 0x30000);
    ck_assert_uint_eq(cpu_get_eflags(cpu), EFLAGS_FIXED | EFLAGS_IOPL | EFLAGS_NT);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x200FA, 2), 0x1122);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x200FC, 2), 0x1000);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x200FE, 2), 0x7302);
    ck_assert(interrupt_return(cpu, 2));
    ck_assert_uint_eq(cpu_get_eflags(cpu) & 0xFFFF, 0x7302);
    cpu->idtr.limit = 0x21 * 4 + 2;
    ck_assert(!interrupt_deliver(cpu, 0x21, INTERRUPT_SOFTWARE, false, 0, 0));
    ck_assert_int_eq(cpu->exception.vector, VECTOR_GP);
}
END_TEST

START_TEST(real_mode_ivt_moves_with_idtr)
{
    cpu_fixture_free(&f);
    cpu_fixture_init(&f, "pentiumpro");
    f.cpu->idtr.base = 0x5000;
    f.cpu->gpr[GPR_SP] = 0x100;
    cpu_fixture_poke(&f, 0x5000 + 8 * 4, 4, 0x00401234);
    ck_assert(interrupt_deliver(f.cpu, 8, INTERRUPT_EXTERNAL, false, 0, 0));
    ck_assert_uint_eq(f.cpu->next_rip, 0x1234);
}
END_TEST

/* Runs through the interpreter: nobody home means #DF, and no #DF handler a shutdown. */
START_TEST(double_and_triple_faults)
{
    static const uint8_t ud2[] = {0x0F, 0x0B};
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR_UD, 0x8E, SEL_LIMIT, 0, 0);
    protected_fixture_execute(&f, ud2, sizeof ud2, 2);
    /* #UD is benign: the #GP of its delivery is delivered as such. */
    ck_assert_uint_eq(f.cpu->rip, PF_CODE + 0x1000 + 16 * VECTOR_GP);
    ck_assert_uint_eq(stack_dword(0), SEL_LIMIT | 1);
    restart();
    static const uint8_t bad_load[] = {0xB8, SEL_LIMIT, 0, 0, 0, 0x8E, 0xD8};
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR_GP, 0x0E, SEL_CODE0, 0, 0);
    protected_fixture_execute(&f, bad_load, sizeof bad_load, 3);
    ck_assert_uint_eq(f.cpu->rip, PF_CODE + 0x1000 + 16 * VECTOR_DF);
    ck_assert_uint_eq(stack_dword(0), 0);
    ck_assert_uint_eq(stack_dword(1), PF_CODE + 5);
    restart();
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR_GP, 0x0E, SEL_CODE0, 0, 0);
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR_DF, 0x0E, SEL_CODE0, 0, 0);
    protected_fixture_execute(&f, bad_load, sizeof bad_load, 5);
    ck_assert_uint_eq(f.shutdowns, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interrupt");
    TCase *tests = tcase_create("interrupt");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, same_level_and_back);
    tcase_add_test(tests, trap_gate_keeps_if);
    tcase_add_test(tests, faults_push_rf_and_error);
    tcase_add_test(tests, inner_level_and_back);
    tcase_add_test(tests, level_1_handler_uses_its_own_stack);
    tcase_add_test(tests, gate_286_pushes_words);
    tcase_add_test(tests, gate_checks);
    tcase_add_test(tests, only_software_interrupts_check_dpl);
    tcase_add_test(tests, inner_stack_checks_carry_ext);
    tcase_add_test(tests, iret_changes_only_what_its_level_may);
    tcase_add_test(tests, iret_checks);
    tcase_add_test(tests, real_mode);
    tcase_add_test(tests, real_mode_ivt_moves_with_idtr);
    tcase_add_test(tests, double_and_triple_faults);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
