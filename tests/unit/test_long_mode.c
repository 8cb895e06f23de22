/* SPDX-License-Identifier: MIT */
/* Control transfer in IA-32e mode (SDM 3A 5.8.3.1, 6.14), with paging left off: linear is physical; and what
 * of 64-bit mode is state. */
#include "core/base/state.h"
#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

#define FAULT(vector, code) ((int64_t)(vector) << 16 | (code))
#define NONE                INT64_C(-1)
#define HANDLER             UINT64_C(0x0000123456789ABC)

enum { SEL_CODE64 = SEL_SMALL_CODE, SEL_CODE64_3 = SEL_EXPAND_DOWN, VECTOR = 0x10, RETURN = PF_CODE + 5 };
enum { ATTR_CODE64 = 0xA09B, RSP0 = 0x50008, IST3 = 0x60000, USER_RSP = 0x70004 };

static struct cpu_fixture f;

static void wide_gate(gpa_t address, unsigned access, unsigned ist, uint64_t offset)
{
    cpu_fixture_gate(&f, address, access, SEL_CODE64, (uint32_t)offset, ist);
    cpu_fixture_poke(&f, address + 8, 8, offset >> 32);
}

static void set_code(unsigned selector, unsigned dpl)
{
    f.cpu->cpl = (uint8_t)dpl;
    f.cpu->seg[SEG_CS].selector = (uint16_t)(selector | dpl);
    f.cpu->seg[SEG_CS].attributes = (uint16_t)(ATTR_CODE64 | dpl << 5);
    cpu_derive(f.cpu);
}

static void setup(void)
{
    protected_fixture_init(&f);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_CODE64, 0, 0, ATTR_CODE64);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_CODE64_3, 0, 0, ATTR_CODE64 | 0x60);
    cpu_fixture_poke(&f, PF_TSS + 4, 8, RSP0);
    cpu_fixture_poke(&f, PF_TSS + 0x24 + 16, 8, IST3);
    wide_gate(PF_IDT + 16 * VECTOR, 0x8E, 0, HANDLER);
    f.cpu->efer |= EFER_LME | EFER_LMA;
    set_code(SEL_CODE64, 0);
    f.cpu->gpr[GPR_SP] = PF_STACK0 - 4;
}

static void teardown(void)
{
    cpu_fixture_free(&f);
}

static void user(void)
{
    set_code(SEL_CODE64_3, 3);
    f.cpu->seg[SEG_SS].selector = SEL_DATA3 | 3;
    f.cpu->gpr[GPR_SP] = USER_RSP;
}

static int64_t outcome(bool done)
{
    int64_t fault = cpu_fixture_take_fault(&f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static int64_t deliver(enum interrupt_source source)
{
    return outcome(interrupt_deliver(f.cpu, VECTOR, source, true, 0x1234, RETURN));
}

static uint64_t stack_qword(unsigned index)
{
    return cpu_fixture_peek(&f, f.cpu->gpr[GPR_SP] + 8 * index, 8);
}

START_TEST(same_level_aligns_the_stack)
{
    setup();
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, HANDLER);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 16 - 48);
    const uint64_t frame[] = {0x1234, RETURN, SEL_CODE64, EFLAGS_FIXED, PF_STACK0 - 4, SEL_DATA0};
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(stack_qword(i), frame[i]);
    f.cpu->gpr[GPR_SP] += 8;
    ck_assert_int_eq(outcome(interrupt_return(f.cpu, 8)), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 4);
    ck_assert_uint_eq(f.cpu->next_rip, RETURN);
    teardown();
}
END_TEST

START_TEST(inner_level_takes_rsp0_and_a_null_ss)
{
    setup();
    user();
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 0);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], (RSP0 & ~15) - 48);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, 0);
    ck_assert_uint_eq(stack_qword(4), USER_RSP);
    f.cpu->gpr[GPR_SP] += 8;
    ck_assert_int_eq(outcome(interrupt_return(f.cpu, 8)), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA3 | 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], USER_RSP);
    teardown();
}
END_TEST

START_TEST(ist_replaces_the_stack_on_any_level)
{
    setup();
    wide_gate(PF_IDT + 16 * VECTOR, 0x8E, 3, HANDLER);
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), NONE);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], IST3 - 48);
    ck_assert_uint_eq(f.cpu->seg[SEG_SS].selector, SEL_DATA0);
    teardown();
}
END_TEST

START_TEST(gate_checks)
{
    setup();
    gpa_t gate = PF_IDT + 16 * VECTOR;
    uint32_t error = 8 * VECTOR | 2;
    cpu_fixture_poke(&f, gate, 4, (uint32_t)SEL_CODE0 << 16); /* not 64-bit code */
    ck_assert_int_eq(deliver(INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, SEL_CODE0));
    wide_gate(gate, 0x85, 0, HANDLER); /* there are no task gates */
    ck_assert_int_eq(deliver(INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, error));
    wide_gate(gate, 0x0E, 0, HANDLER);
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), FAULT(VECTOR_NP, error | 1));
    wide_gate(gate, 0x8E, 0, UINT64_C(0x0000800000000000));
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), FAULT(VECTOR_GP, 1));
    wide_gate(gate, 0x8E, 0, HANDLER);
    f.cpu->gpr[GPR_SP] = UINT64_C(0x0000800000000010); /* the first push is not canonical */
    ck_assert_int_eq(deliver(INTERRUPT_EXTERNAL), FAULT(VECTOR_SS, 1));
    f.cpu->idtr.limit = 16 * VECTOR + 14;
    ck_assert_int_eq(deliver(INTERRUPT_SOFTWARE), FAULT(VECTOR_GP, error));
    teardown();
}
END_TEST

START_TEST(far_jump_to_compatibility_mode_and_back)
{
    setup();
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_CODE0, UINT64_C(0x100000000), 8)), FAULT(VECTOR_GP, 0));
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_CODE0, 0x1234, 4)), NONE);
    ck_assert_uint_eq(f.cpu->mode, MODE_32);
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_CODE64, 0x5678, 4)), NONE);
    ck_assert_uint_eq(f.cpu->mode, MODE_64);
    cpu_fixture_descriptor(&f, PF_GDT + SEL_SPARE, 0, 0, ATTR_CODE64 | SEG_ATTR_DB);
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_SPARE, 0, 4)), FAULT(VECTOR_GP, SEL_SPARE));
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_TSS_B, 0, 4)), FAULT(VECTOR_GP, SEL_TSS_B));
    teardown();
}
END_TEST

START_TEST(call_gate)
{
    setup();
    user();
    wide_gate(PF_GDT + SEL_CALL_GATE, 0xEC, 0, HANDLER);
    ck_assert_int_eq(outcome(far_call(f.cpu, SEL_CALL_GATE | 3, 0, 4, RETURN)), NONE);
    ck_assert_uint_eq(f.cpu->next_rip, HANDLER);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], RSP0 - 32);
    ck_assert_uint_eq(stack_qword(0), RETURN);
    ck_assert_uint_eq(stack_qword(2), USER_RSP);
    ck_assert_int_eq(outcome(far_return(f.cpu, 8, 0)), NONE);
    ck_assert_uint_eq(f.cpu->cpl, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], USER_RSP);
    cpu_fixture_poke(&f, PF_GDT + SEL_CALL_GATE + 12, 4, 0x100);
    ck_assert_int_eq(outcome(far_call(f.cpu, SEL_CALL_GATE | 3, 0, 4, RETURN)),
                     FAULT(VECTOR_GP, SEL_CALL_GATE));
    teardown();
}
END_TEST

START_TEST(iret_rules)
{
    setup();
    f.cpu->eflags |= EFLAGS_NT;
    ck_assert_int_eq(outcome(interrupt_return(f.cpu, 8)), FAULT(VECTOR_GP, 0));
    f.cpu->eflags &= ~(uint32_t)EFLAGS_NT;
    f.cpu->gpr[GPR_SP] = PF_STACK0 - 40;
    const uint64_t frame[] = {RETURN, SEL_CODE64_3 | 3, EFLAGS_FIXED, 0x4000, 0};
    for (unsigned i = 0; i < 5; i++)
        cpu_fixture_poke(&f, PF_STACK0 - 40 + 8 * i, 8, frame[i]);
    ck_assert_int_eq(outcome(interrupt_return(f.cpu, 8)), FAULT(VECTOR_GP, 0)); /* null SS at level 3 */
    cpu_fixture_poke(&f, PF_STACK0 - 32, 8, SEL_CODE64);
    ck_assert_int_eq(outcome(interrupt_return(f.cpu, 8)), NONE); /* and at level 0 */
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x4000);
    teardown();
}
END_TEST

/* Registers, bases and what 64-bit mode hides travel in a state, and a run goes on the same from it. */
enum { STATE_CODE = 0x1000, GS_BASE = 0x2000 };

static void start_64bit(struct cpu_fixture *fixture)
{
    /* INC R15; MOV CR8, RAX; ADD RCX, GS:[8]; MOV DS, DX; JMP back */
    static const uint8_t code[] = {0x49, 0xFF, 0xC7, 0x44, 0x0F, 0x22, 0xC0, 0x65, 0x48, 0x03,
                                   0x0C, 0x25, 0x08, 0x00, 0x00, 0x00, 0x8E, 0xDA, 0xEB, 0xEC};
    cpu_fixture_init(fixture, "max");
    struct cpu *cpu = fixture->cpu;
    cpu_fixture_load(fixture, STATE_CODE, code, sizeof code);
    cpu_fixture_poke(fixture, GS_BASE + 8, 8, UINT64_C(0x123456789ABCDEF));
    cpu_fixture_descriptor(fixture, 0x3008, 0x55000, 0xFFFF, 0x0093);
    cpu->cr0 |= CR0_PE;
    cpu->efer = EFER_LME | EFER_LMA;
    cpu->gdtr = (struct descriptor_table){.base = 0x3000, .limit = 15};
    cpu->seg[SEG_CS] = (struct segment){.selector = SEL_CODE64, .attributes = ATTR_CODE64};
    cpu->seg[SEG_GS].base = GS_BASE;
    cpu->gpr[GPR_AX] = 7;
    cpu->gpr[GPR_DX] = 8;
    cpu->rip = STATE_CODE;
    cpu_derive(cpu);
}

static void free_parts(struct cpu_fixture *fixture, struct state_set *set)
{
    state_set_free(set);
    cpu_fixture_free(fixture);
}

START_TEST(state_goes_on_elsewhere)
{
    struct cpu_fixture a, b;
    struct state_set parts_a = {0}, parts_b = {0};
    start_64bit(&a);
    start_64bit(&b);
    cpu_register_state(a.cpu, &parts_a);
    cpu_register_state(b.cpu, &parts_b);
    cpu_fixture_run(&a, 1003);
    ck_assert_uint_eq(a.cpu->seg[SEG_DS].base, 0);
    ck_assert_uint_eq(a.cpu->seg[SEG_DS].hidden_base, 0x55000);
    ck_assert(state_round_trip(parts_a.parts[0].desc, a.cpu, b.cpu));
    cpu_fixture_run(&a, 1000);
    cpu_fixture_run(&b, 1000);
    ck_assert_uint_eq(b.cpu->gpr[GPR_R15], 401);
    ck_assert_uint_eq(b.cpu->gpr[GPR_CX], UINT64_C(0x123456789ABCDEF) * 401);
    ck_assert_uint_eq(b.cpu->cr8, 7);
    ck_assert_uint_eq(a.cpu->rip, b.cpu->rip);
    ck_assert_mem_eq(a.cpu->gpr, b.cpu->gpr, sizeof a.cpu->gpr);
    ck_assert_uint_eq(b.cpu->seg[SEG_DS].hidden_base, 0x55000);
    free_parts(&a, &parts_a);
    free_parts(&b, &parts_b);
}
END_TEST

START_TEST(compatibility_mode_keeps_what_it_does_not_write)
{
    static const uint8_t code[] = {0x66, 0x40, 0x50}; /* INC AX; PUSH EAX */
    setup();
    cpu_fixture_load(&f, PF_CODE, code, sizeof code);
    f.cpu->gpr[GPR_BX] = UINT64_C(0x1122334455667788);
    f.cpu->gpr[GPR_AX] = UINT64_C(0x11223344FFFFFFFF);
    f.cpu->gpr[GPR_SP] = UINT64_C(0x1122334400000000) + PF_STACK0;
    ck_assert_int_eq(outcome(far_jump(f.cpu, SEL_CODE0, PF_CODE, 4)), NONE);
    f.cpu->rip = f.cpu->next_rip;
    cpu_fixture_run(&f, 2);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], UINT64_C(0x1122334455667788));
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], UINT64_C(0x11223344FFFF0000));
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], PF_STACK0 - 4);
    teardown();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {same_level_aligns_the_stack,
                                  inner_level_takes_rsp0_and_a_null_ss,
                                  ist_replaces_the_stack_on_any_level,
                                  gate_checks,
                                  far_jump_to_compatibility_mode_and_back,
                                  call_gate,
                                  iret_rules,
                                  state_goes_on_elsewhere,
                                  compatibility_mode_keeps_what_it_does_not_write};
    return suite_run("long mode", tests, sizeof tests / sizeof tests[0]);
}
