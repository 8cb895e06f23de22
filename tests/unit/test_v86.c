/* SPDX-License-Identifier: MIT */
/* Virtual-8086 mode: entry, exit, IOPL-sensitive instructions, VME, I/O permission (SDM 3A 20; SDM 1 19.5).
 */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))

enum {
    V86_CODE = 0x10000,
    V86_STACK = 0x20000,
    V86_SP = 0x1000,
    HANDLERS = PF_CODE + 0x1000,
    MONITOR = PF_CODE + 0x900
};
enum { REDIRECTION = PF_TSS + 0x68 };

static struct cpu_fixture f;

static void setup(void)
{
    protected_fixture_init(&f);
}

static void teardown(void)
{
    cpu_fixture_free(&f);
}

static void enter(unsigned iopl, unsigned cr4, unsigned eflags)
{
    teardown();
    setup();
    f.cpu->cr4 = cr4;
    protected_fixture_v86(&f, iopl);
    f.cpu->eflags |= eflags;
}

static uint32_t flags(void)
{
    return cpu_get_eflags(f.cpu) & ~(uint32_t)EFLAGS_RF;
}

/* Runs one instruction. The result is the vector of the fault that it raised, or -1: a fault is delivered to
 * the fixture's handlers, which are 16 bytes apart. */
static int run(const void *bytes, unsigned size)
{
    protected_fixture_execute(&f, bytes, size, 1);
    if (f.cpu->cpl != 0 || f.cpu->rip < HANDLERS)
        return -1;
    return (int)(f.cpu->rip - HANDLERS) / 16;
}

/* Of the frame that a fault with an error code left on the level 0 stack. */
static uint32_t faulting_eip(void)
{
    return (uint32_t)cpu_fixture_peek(&f, f.cpu->gpr[GPR_SP] + 4, 4);
}

static uint32_t faulting_esp(void)
{
    return (uint32_t)cpu_fixture_peek(&f, f.cpu->gpr[GPR_SP] + 16, 4);
}

static int run1(uint8_t a)
{
    return run(&a, 1);
}

static int run2(uint8_t a, uint8_t b)
{
    uint8_t bytes[] = {a, b};
    return run(bytes, 2);
}

static uint32_t stack_word(unsigned index)
{
    return (uint32_t)cpu_fixture_peek(&f, V86_STACK + (f.cpu->gpr[GPR_SP] & 0xFFFF) + 2 * index, 2);
}

static void poke_stack(unsigned index, uint32_t value)
{
    cpu_fixture_poke(&f, V86_STACK + V86_SP + 2 * index, 2, value);
}

START_TEST(interrupt_leaves_v86_and_iret_comes_back)
{
    struct cpu *cpu = f.cpu;
    protected_fixture_v86(&f, 3);
    segment_set_real(cpu, SEG_FS, 0x4444);
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_IF | EFLAGS_CF);
    uint32_t before = cpu_get_eflags(cpu);
    ck_assert(interrupt_deliver(cpu, 0x30, INTERRUPT_EXTERNAL, false, 0, 0x123));
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert(!cpu_is_v86(cpu));
    ck_assert_uint_eq(cpu->gpr[GPR_SP], PF_STACK0 - 36);
    const uint32_t frame[] = {0x123, 0x1000, before, V86_SP, 0x2000, 0x3000, 0x3000, 0x4444, 0x3000};
    for (unsigned i = 0; i < 9; i++)
        ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 36 + 4 * i, 4), frame[i]);
    static const enum seg_index data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(cpu->seg[data[i]].selector, 0);
        ck_assert_uint_eq(cpu->seg[data[i]].attributes & SEG_ATTR_P, 0);
    }
    ck_assert(interrupt_return(cpu, 4));
    ck_assert_uint_eq(cpu_get_eflags(cpu), before);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->gpr[GPR_SP], V86_SP);
    ck_assert_uint_eq(cpu->seg[SEG_FS].base, 0x44440);
    ck_assert_uint_eq(cpu->seg[SEG_SS].attributes, 0xF3);
    ck_assert_uint_eq(cpu->mode, MODE_16);
    ck_assert_uint_eq(cpu->next_rip, 0x123);
}
END_TEST

START_TEST(handlers_must_be_at_level_0)
{
    protected_fixture_v86(&f, 3);
    cpu_fixture_gate(&f, PF_IDT + 8 * 0x30, 0xEE, SEL_CODE1, 0, 0);
    ck_assert(!interrupt_deliver(f.cpu, 0x30, INTERRUPT_EXTERNAL, false, 0, 0));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(VECTOR_GP, SEL_CODE1 | 1));
    cpu_fixture_gate(&f, PF_IDT + 8 * 0x30, 0xEE, SEL_CONFORMING0, 0, 0);
    ck_assert(!interrupt_deliver(f.cpu, 0x30, INTERRUPT_SOFTWARE, false, 0, 0));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(VECTOR_GP, SEL_CONFORMING0));
}
END_TEST

START_TEST(gate_286_from_v86)
{
    protected_fixture_v86(&f, 3);
    cpu_fixture_gate(&f, PF_IDT + 8 * 0x30, 0xE6, SEL_CODE0, 0x4000, 0);
    ck_assert(interrupt_deliver(f.cpu, 0x30, INTERRUPT_EXTERNAL, false, 0, 0x123));
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 18);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 18, 4), 0x10000123);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 2, 2), 0x3000);
}
END_TEST

START_TEST(sensitive_instructions_fault_below_iopl_3)
{
    static const uint8_t plain[] = {0xFA, 0xFB, 0x9C, 0x9D, 0xCF, 0xF4};
    for (unsigned i = 0; i < sizeof plain; i++) {
        enter(0, 0, EFLAGS_IF);
        ck_assert_int_eq(run1(plain[i]), VECTOR_GP);
        ck_assert_uint_eq(faulting_eip(), 0);
    }
    enter(0, 0, 0);
    ck_assert_int_eq(run2(0xCD, 0x30), VECTOR_GP);
    enter(2, CR4_VME, 0);
    ck_assert_int_eq(run2(0x66, 0x9C), VECTOR_GP); /* VME virtualises the 16-bit forms only */
    enter(2, CR4_VME, 0);
    ck_assert_int_eq(run2(0x66, 0x9D), VECTOR_GP);
    enter(2, CR4_VME, 0);
    ck_assert_int_eq(run2(0x66, 0xCF), VECTOR_GP);
}
END_TEST

START_TEST(sensitive_instructions_at_iopl_3)
{
    enter(3, 0, EFLAGS_IF);
    ck_assert_int_eq(run1(0xFA), -1);
    ck_assert(!(flags() & EFLAGS_IF));
    ck_assert_int_eq(run1(0x9C), -1);
    ck_assert_uint_eq(stack_word(0), 0x3002);
    enter(3, 0, 0);
    poke_stack(0, 0x4FD7 | EFLAGS_NT); /* IOPL bits clear */
    ck_assert_int_eq(run1(0x9D), -1);
    ck_assert_uint_eq(flags() & 0xFFFF, 0x7FD7);
    enter(3, 0, 0);
    ck_assert_int_eq(run1(0xF4), VECTOR_GP); /* HLT needs level 0 */
}
END_TEST

START_TEST(vme_cli_sti)
{
    enter(0, CR4_VME, EFLAGS_IF | EFLAGS_VIF);
    ck_assert_int_eq(run1(0xFA), -1);
    ck_assert_uint_eq(flags() & (EFLAGS_IF | EFLAGS_VIF), EFLAGS_IF);
    ck_assert_int_eq(run1(0xFB), -1);
    ck_assert_uint_eq(flags() & (EFLAGS_IF | EFLAGS_VIF), EFLAGS_IF | EFLAGS_VIF);
    enter(0, CR4_VME, EFLAGS_VIP);
    ck_assert_int_eq(run1(0xFB), VECTOR_GP);
    enter(3, CR4_VME, EFLAGS_VIP); /* IOPL 3: the real IF */
    ck_assert_int_eq(run1(0xFB), -1);
    ck_assert_uint_eq(flags() & (EFLAGS_IF | EFLAGS_VIF), EFLAGS_IF);
}
END_TEST

START_TEST(vme_pushf_popf)
{
    enter(0, CR4_VME, EFLAGS_VIF);
    ck_assert_int_eq(run1(0x9C), -1);
    ck_assert_uint_eq(stack_word(0), 0x3202);
    enter(0, CR4_VME, EFLAGS_IF);
    ck_assert_int_eq(run1(0x9C), -1);
    ck_assert_uint_eq(stack_word(0), 0x3002);
    enter(1, CR4_VME, 0);
    poke_stack(0, 0x3202 | EFLAGS_CF);
    ck_assert_int_eq(run1(0x9D), -1);
    ck_assert_uint_eq(flags(), EFLAGS_FIXED | EFLAGS_VM | EFLAGS_VIF | 1 << 12 | EFLAGS_CF);
    enter(0, CR4_VME, EFLAGS_VIP);
    poke_stack(0, 0x0202);
    ck_assert_int_eq(run1(0x9D), VECTOR_GP);
    ck_assert_uint_eq(faulting_esp(), V86_SP);
    enter(0, CR4_VME, 0);
    poke_stack(0, 0x0102);
    ck_assert_int_eq(run1(0x9D), VECTOR_GP); /* TF */
}
END_TEST

START_TEST(vme_iret)
{
    enter(0, CR4_VME, EFLAGS_IF);
    poke_stack(0, 0x1234);
    poke_stack(1, 0x1100);
    poke_stack(2, 0x0201);
    ck_assert_int_eq(run1(0xCF), -1);
    ck_assert_uint_eq(f.cpu->rip, 0x1234);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].base, 0x11000);
    ck_assert_uint_eq(flags(), EFLAGS_FIXED | EFLAGS_VM | EFLAGS_IF | EFLAGS_VIF | EFLAGS_CF);
    enter(0, CR4_VME, EFLAGS_VIP);
    poke_stack(2, 0x0200);
    ck_assert_int_eq(run1(0xCF), VECTOR_GP);
}
END_TEST

START_TEST(vme_redirection)
{
    /* Bit clear: straight to the program's own table, below IOPL 3 with VIF in place of IF. */
    enter(0, CR4_VME, EFLAGS_IF | EFLAGS_VIF);
    cpu_fixture_poke(&f, 0x21 * 4, 4, 0x50001234);
    ck_assert_int_eq(run2(0xCD, 0x21), -1);
    ck_assert_uint_eq(f.cpu->rip, 0x1234);
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].base, 0x50000);
    ck_assert_uint_eq(stack_word(0), 2);
    ck_assert_uint_eq(stack_word(1), 0x1000);
    ck_assert_uint_eq(stack_word(2), 0x3202);
    ck_assert_uint_eq(flags(), EFLAGS_FIXED | EFLAGS_VM | EFLAGS_IF);
    enter(3, CR4_VME, EFLAGS_IF | EFLAGS_VIF);
    cpu_fixture_poke(&f, 0x21 * 4, 4, 0x50001234);
    ck_assert_int_eq(run2(0xCD, 0x21), -1);
    ck_assert_uint_eq(stack_word(2), 0x3202);
    ck_assert_uint_eq(flags(), EFLAGS_FIXED | EFLAGS_VM | EFLAGS_VIF | EFLAGS_IOPL);
    /* Bit set: to the monitor, by #GP or through the IDT. */
    enter(0, CR4_VME, 0);
    cpu_fixture_poke(&f, REDIRECTION + 0x21 / 8, 1, 2);
    ck_assert_int_eq(run2(0xCD, 0x21), VECTOR_GP);
    enter(3, CR4_VME, 0);
    cpu_fixture_poke(&f, REDIRECTION + 0x21 / 8, 1, 2);
    cpu_fixture_gate(&f, PF_IDT + 8 * 0x21, 0xEE, SEL_CODE0, MONITOR, 0);
    ck_assert_int_eq(run2(0xCD, 0x21), -1);
    ck_assert_uint_eq(f.cpu->rip, MONITOR);
    ck_assert_uint_eq(f.cpu->cpl, 0);
}
END_TEST

START_TEST(int3_is_not_iopl_sensitive)
{
    enter(0, CR4_VME, 0);
    cpu_fixture_gate(&f, PF_IDT + 8 * VECTOR_BP, 0xEE, SEL_CODE0, MONITOR, 0);
    ck_assert_int_eq(run1(0xCC), -1);
    ck_assert_uint_eq(f.cpu->rip, MONITOR);
    ck_assert_uint_eq(cpu_fixture_peek(&f, f.cpu->gpr[GPR_SP], 4), 1);
}
END_TEST

START_TEST(pvi_at_level_3)
{
    protected_fixture_user(&f);
    f.cpu->cr4 = CR4_PVI;
    ck_assert_int_eq(run1(0xFB), -1);
    ck_assert_uint_eq(flags() & (EFLAGS_IF | EFLAGS_VIF), EFLAGS_VIF);
    ck_assert_int_eq(run1(0xFA), -1);
    ck_assert_uint_eq(flags() & (EFLAGS_IF | EFLAGS_VIF), 0);
    f.cpu->eflags |= EFLAGS_VIP;
    ck_assert_int_eq(run1(0xFB), VECTOR_GP);
    protected_fixture_user(&f);
    f.cpu->cr4 = 0;
    ck_assert_int_eq(run1(0xFA), VECTOR_GP);
}
END_TEST

START_TEST(io_permission)
{
    struct cpu *cpu = f.cpu;
    gpa_t map = PF_TSS + 0x88;
    ck_assert(io_permitted(cpu, 0x3F8, 1));
    protected_fixture_user(&f);
    f.cpu->seg[SEG_TR].limit = 0x88 + 16; /* ports 0 to 127 and the final byte */
    ck_assert(io_permitted(cpu, 0x20, 1));
    cpu_fixture_poke(&f, map + 4, 1, 0x80); /* port 27h */
    ck_assert(!io_permitted(cpu, 0x27, 1));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(VECTOR_GP, 0));
    ck_assert(io_permitted(cpu, 0x26, 1));
    ck_assert(!io_permitted(cpu, 0x26, 2));
    ck_assert(!io_permitted(cpu, 0x24, 4));
    ck_assert(io_permitted(cpu, 0x28, 4));
    ck_assert(io_permitted(cpu, 0x7F, 1));
    cpu_fixture_poke(&f, map + 5, 1, 1); /* port 28h, in the byte behind */
    cpu_fixture_poke(&f, map + 4, 1, 0);
    ck_assert(!io_permitted(cpu, 0x27, 2));
    cpu->exception.pending = false;
    ck_assert(!io_permitted(cpu, 0x80, 1)); /* its second map byte is beyond the limit */
    cpu->eflags |= EFLAGS_IOPL;
    ck_assert(io_permitted(cpu, 0x80, 1));
    cpu->eflags |= EFLAGS_VM; /* V86 asks the map whatever the IOPL */
    ck_assert(!io_permitted(cpu, 0x80, 1));
    cpu->seg[SEG_TR].attributes = 0x83;
    ck_assert(!io_permitted(cpu, 0x20, 1)); /* a 286 TSS has no map */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v86");
    TCase *tests = tcase_create("v86");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, interrupt_leaves_v86_and_iret_comes_back);
    tcase_add_test(tests, handlers_must_be_at_level_0);
    tcase_add_test(tests, gate_286_from_v86);
    tcase_add_test(tests, sensitive_instructions_fault_below_iopl_3);
    tcase_add_test(tests, sensitive_instructions_at_iopl_3);
    tcase_add_test(tests, vme_cli_sti);
    tcase_add_test(tests, vme_pushf_popf);
    tcase_add_test(tests, vme_iret);
    tcase_add_test(tests, vme_redirection);
    tcase_add_test(tests, int3_is_not_iopl_sensitive);
    tcase_add_test(tests, pvi_at_level_3);
    tcase_add_test(tests, io_permission);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
