/* SPDX-License-Identifier: MIT */
/* System instructions, run one at a time through the interpreter (SDM 2). */
#include <check.h>
#include <stdlib.h>

#include "core/x86/protection.h"
#include "tests/support/protected_fixture.h"

enum { HANDLERS = PF_CODE + 0x1000, DATA = 0x40000, NO_FAULT = -1 };

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

/* Runs one instruction: the vector of its fault, or NO_FAULT. */
static int run(const uint8_t *bytes, unsigned size)
{
    protected_fixture_execute(&f, bytes, size, 1);
    if (f.cpu->rip < HANDLERS || f.cpu->rip >= HANDLERS + 16 * PF_IDT_VECTORS)
        return NO_FAULT;
    return (int)(f.cpu->rip - HANDLERS) / 16;
}

#define RUN(...) run((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint64_t *gpr(enum gpr index)
{
    return &f.cpu->gpr[index];
}

static bool zf(void)
{
    return (cpu_get_eflags(f.cpu) & EFLAGS_ZF) != 0;
}

static uint32_t top_dword(void)
{
    return (uint32_t)cpu_fixture_peek(&f, *gpr(GPR_SP), 4);
}

/* MOV CR0, EAX and its like, with the value in EAX. */
static int write_cr(unsigned number, uint32_t value)
{
    *gpr(GPR_AX) = value;
    return RUN(0x0F, 0x22, (uint8_t)(0xC0 | number << 3));
}

START_TEST(cr0_rules)
{
    uint32_t start = (uint32_t)f.cpu->cr0;
    ck_assert_int_eq(write_cr(0, (start | (uint32_t)CR0_PG) & ~(uint32_t)CR0_PE), VECTOR_GP);
    restart();
    ck_assert_int_eq(write_cr(0, (start | (uint32_t)CR0_NW) & ~(uint32_t)CR0_CD), VECTOR_GP);
    restart();
    ck_assert_int_eq(write_cr(0, 0x1FFAFFC1 | (uint32_t)CR0_PE), NO_FAULT); /* reserved bits are ignored */
    ck_assert_uint_eq(f.cpu->cr0, CR0_PE | CR0_ET);
    ck_assert_int_eq(RUN(0x0F, 0x20, 0xC3), NO_FAULT); /* MOV EBX, CR0 */
    ck_assert_uint_eq(*gpr(GPR_BX), CR0_PE | CR0_ET);
    protected_fixture_user(&f);
    ck_assert_int_eq(RUN(0x0F, 0x20, 0xC3), VECTOR_GP);
}
END_TEST

START_TEST(missing_control_registers)
{
    static const unsigned missing[] = {1, 5, 6, 7};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(write_cr(missing[i], 0), VECTOR_UD);
        restart();
    }
}
END_TEST

START_TEST(cr4_reserved_bits_fault)
{
    ck_assert_int_eq(write_cr(4, CR4_PSE | CR4_DE), NO_FAULT);
    ck_assert_uint_eq(f.cpu->cr4, CR4_PSE | CR4_DE);
    ck_assert_int_eq(write_cr(4, 1u << 31), VECTOR_GP);
    ck_assert_uint_eq(f.cpu->cr4, CR4_PSE | CR4_DE);
}
END_TEST

START_TEST(pae_pointers_are_checked_when_loaded)
{
    cpu_fixture_poke(&f, 0x100000, 8, 0x101001);
    cpu_fixture_poke(&f, 0x100008, 8, 0x101003); /* R/W is reserved in a pointer entry */
    f.cpu->cr4 = CR4_PAE;
    f.cpu->cr3 = 0x100000;
    ck_assert_int_eq(write_cr(0, (uint32_t)(f.cpu->cr0 | CR0_PG)), VECTOR_GP);
    ck_assert(!(f.cpu->cr0 & CR0_PG));
}
END_TEST

START_TEST(lmsw_cannot_leave_protected_mode)
{
    *gpr(GPR_AX) = 0x000E;
    ck_assert_int_eq(RUN(0x0F, 0x01, 0xF0), NO_FAULT);
    ck_assert_uint_eq(f.cpu->cr0 & 0xFFFF, (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET));
    ck_assert_int_eq(RUN(0x0F, 0x06), NO_FAULT); /* CLTS */
    ck_assert_uint_eq(f.cpu->cr0 & CR0_TS, 0);
    ck_assert_int_eq(RUN(0x0F, 0x01, 0xE3), NO_FAULT); /* SMSW EBX */
    ck_assert_uint_eq(*gpr(GPR_BX), f.cpu->cr0);
}
END_TEST

START_TEST(privileged_instructions_fault_at_level_3)
{
    static const uint8_t code[][3] = {{0xF4},
                                      {0x0F, 0x06},
                                      {0x0F, 0x08},
                                      {0x0F, 0x09},
                                      {0x0F, 0x00, 0xD0},
                                      {0x0F, 0x00, 0xD8},
                                      {0x0F, 0x01, 0xF0},
                                      {0x0F, 0x01, 0x38},
                                      {0x0F, 0x01, 0x10},
                                      {0x0F, 0x01, 0x18},
                                      {0x0F, 0x21, 0xC0},
                                      {0x0F, 0x23, 0xC0},
                                      {0x0F, 0x22, 0xD0},
                                      {0xFA},
                                      {0xFB}};
    for (unsigned i = 0; i < sizeof code / sizeof code[0]; i++) {
        protected_fixture_user(&f);
        f.cpu->rip = PF_CODE;
        ck_assert_int_eq(run(code[i], 3), VECTOR_GP);
        ck_assert_uint_eq(top_dword(), 0);
    }
}
END_TEST

START_TEST(descriptor_table_registers)
{
    *gpr(GPR_BX) = DATA;
    cpu_fixture_poke(&f, DATA, 2, 0x1234);
    cpu_fixture_poke(&f, DATA + 2, 4, 0x89ABCDEF);
    ck_assert_int_eq(RUN(0x0F, 0x01, 0x13), NO_FAULT); /* LGDT [EBX] */
    ck_assert_uint_eq(f.cpu->gdtr.limit, 0x1234);
    ck_assert_uint_eq(f.cpu->gdtr.base, 0x89ABCDEF);
    ck_assert_int_eq(RUN(0x66, 0x0F, 0x01, 0x13), NO_FAULT);
    ck_assert_uint_eq(f.cpu->gdtr.base, 0xABCDEF);
    f.cpu->gdtr.base = 0x87654321;
    ck_assert_int_eq(RUN(0x66, 0x0F, 0x01, 0x03), NO_FAULT); /* SGDT stores all 32 bits */
    ck_assert_uint_eq(cpu_fixture_peek(&f, DATA, 8) & 0xFFFFFFFFFFFF, 0x876543211234);
}
END_TEST

START_TEST(ldt_and_task_register)
{
    *gpr(GPR_AX) = SEL_LDT;
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD0), NO_FAULT); /* LLDT AX */
    ck_assert_uint_eq(f.cpu->seg[SEG_LDTR].base, PF_LDT);
    cpu_fixture_descriptor(&f, PF_LDT + 8, 0x5000, 0xFF, 0x0093);
    ck_assert(segment_load(f.cpu, SEG_ES, 8 | 4));
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].base, 0x5000);
    *gpr(GPR_AX) = SEL_TSS_B;
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD8), NO_FAULT); /* LTR AX */
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_GDT + SEL_TSS_B + 5, 1), 0x8B);
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xCB), NO_FAULT); /* STR EBX */
    ck_assert_uint_eq(*gpr(GPR_BX), SEL_TSS_B);
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD8), VECTOR_GP); /* busy now */
    ck_assert_uint_eq(top_dword(), SEL_TSS_B);
    restart();
    *gpr(GPR_AX) = SEL_DATA0;
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD0), VECTOR_GP);
    ck_assert_uint_eq(top_dword(), SEL_DATA0);
    restart();
    *gpr(GPR_AX) = 0;
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD0), NO_FAULT);
    ck_assert_int_eq(RUN(0x0F, 0x00, 0xD8), VECTOR_GP);
    ck_assert_uint_eq(top_dword(), 0);
}
END_TEST

static bool lar(unsigned selector)
{
    *gpr(GPR_AX) = selector;
    ck_assert_int_eq(RUN(0x0F, 0x02, 0xD8), NO_FAULT); /* LAR EBX, EAX */
    return zf();
}

static bool lsl(unsigned selector)
{
    *gpr(GPR_AX) = selector;
    ck_assert_int_eq(RUN(0x0F, 0x03, 0xD8), NO_FAULT);
    return zf();
}

static bool verify(unsigned selector, bool write)
{
    *gpr(GPR_AX) = selector;
    ck_assert_int_eq(RUN(0x0F, 0x00, write ? 0xE8 : 0xE0), NO_FAULT);
    return zf();
}

START_TEST(lar_and_lsl)
{
    ck_assert(lar(SEL_CODE0));
    ck_assert_uint_eq(*gpr(GPR_BX), 0x00CF9B00);
    ck_assert(lar(SEL_CALL_GATE));
    ck_assert(lar(SEL_TASK_GATE));
    ck_assert(lar(SEL_ABSENT_DATA));
    ck_assert(!lar(0));
    ck_assert(!lar(SEL_LIMIT));
    ck_assert(!lar(SEL_DATA0 | 3));
    ck_assert(lar(SEL_CONFORMING0 | 3));
    ck_assert(!lar(SEL_SPARE)); /* type 0 */
    *gpr(GPR_BX) = 0x55;
    ck_assert(!lsl(SEL_CALL_GATE));
    ck_assert_uint_eq(*gpr(GPR_BX), 0x55);
    ck_assert(lsl(SEL_TSS));
    ck_assert_uint_eq(*gpr(GPR_BX), 0xFF);
    ck_assert(lsl(SEL_CODE3));
    ck_assert_uint_eq(*gpr(GPR_BX), 0xFFFFFFFF);
}
END_TEST

START_TEST(verr_and_verw)
{
    protected_fixture_user(&f);
    ck_assert(verify(SEL_DATA3, false) && verify(SEL_DATA3, true));
    ck_assert(verify(SEL_READ_ONLY, false) && !verify(SEL_READ_ONLY, true));
    ck_assert(!verify(SEL_EXECUTE_ONLY, false) && !verify(SEL_EXECUTE_ONLY, true));
    ck_assert(verify(SEL_CODE3, false) && !verify(SEL_CODE3, true));
    ck_assert(!verify(SEL_DATA0, false));
    ck_assert(verify(SEL_CONFORMING0, false));
    ck_assert(!verify(SEL_TSS, false) && !verify(0, false));
}
END_TEST

START_TEST(arpl)
{
    *gpr(GPR_AX) = 0x1234;
    *gpr(GPR_CX) = 0x0003;
    ck_assert_int_eq(RUN(0x63, 0xC8), NO_FAULT); /* ARPL AX, CX */
    ck_assert_uint_eq(*gpr(GPR_AX), 0x1237);
    ck_assert(zf());
    *gpr(GPR_CX) = 1;
    ck_assert_int_eq(RUN(0x63, 0xC8), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_AX), 0x1237);
    ck_assert(!zf());
}
END_TEST

START_TEST(debug_registers)
{
    *gpr(GPR_AX) = 0xFFFFFFFF & ~(uint32_t)DR7_GD;
    ck_assert_int_eq(RUN(0x0F, 0x23, 0xF0), NO_FAULT); /* MOV DR6, EAX */
    ck_assert_uint_eq(f.cpu->dr[6], 0xFFFFCFFF);
    *gpr(GPR_AX) = 0;
    ck_assert_int_eq(RUN(0x0F, 0x23, 0xE0), NO_FAULT); /* DR4 is DR6 */
    ck_assert_uint_eq(f.cpu->dr[6], DR6_FIXED);
    ck_assert_int_eq(RUN(0x0F, 0x23, 0xF8), NO_FAULT);
    ck_assert_uint_eq(f.cpu->dr[7], DR7_FIXED);
    f.cpu->cr4 |= CR4_DE;
    ck_assert_int_eq(RUN(0x0F, 0x23, 0xE0), VECTOR_UD);
    restart();
    *gpr(GPR_AX) = DR7_GD;
    ck_assert_int_eq(RUN(0x0F, 0x23, 0xF8), NO_FAULT);
    ck_assert_int_eq(RUN(0x0F, 0x21, 0xC3), VECTOR_DB);
    ck_assert_uint_eq(f.cpu->dr[6], DR6_FIXED | DR6_BD);
    ck_assert_uint_eq(f.cpu->dr[7], DR7_FIXED); /* GD falls on entry to the handler */
}
END_TEST

START_TEST(segment_moves)
{
    *gpr(GPR_AX) = 0xFFFF0000 | SEL_DATA3;
    ck_assert_int_eq(RUN(0x8E, 0xC0), NO_FAULT); /* MOV ES, AX */
    *gpr(GPR_BX) = 0x77777777;
    ck_assert_int_eq(RUN(0x8C, 0xC3), NO_FAULT); /* MOV EBX, ES */
    ck_assert_uint_eq(*gpr(GPR_BX), SEL_DATA3);
    *gpr(GPR_BX) = 0x77777777;
    ck_assert_int_eq(RUN(0x66, 0x8C, 0xC3), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_BX), 0x77770000 | SEL_DATA3);
    ck_assert_int_eq(RUN(0x8E, 0xC8), VECTOR_UD); /* MOV CS */
    restart();
    ck_assert_int_eq(RUN(0x8E, 0xF0), VECTOR_UD); /* there is no segment register 6 */
    restart();
    *gpr(GPR_AX) = SEL_DATA0;
    ck_assert_int_eq(RUN(0x8E, 0xD0), NO_FAULT);
    ck_assert_uint_eq(f.cpu->shadow, SHADOW_MOV_SS);
    ck_assert_int_eq(RUN(0x06), NO_FAULT); /* PUSH ES */
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0 - 4);
    ck_assert_uint_eq(top_dword(), SEL_DATA0);
    cpu_fixture_poke(&f, PF_STACK0 - 4, 4, SEL_LIMIT);
    ck_assert_int_eq(RUN(0x07), VECTOR_GP); /* a failing POP ES leaves ESP alone */
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0 - 4 - 16);
}
END_TEST

START_TEST(far_pointer_loads)
{
    *gpr(GPR_BX) = DATA;
    cpu_fixture_poke(&f, DATA, 4, 0x12345678);
    cpu_fixture_poke(&f, DATA + 4, 2, SEL_DATA3);
    ck_assert_int_eq(RUN(0x0F, 0xB5, 0x0B), NO_FAULT); /* LGS ECX, [EBX] */
    ck_assert_uint_eq(*gpr(GPR_CX), 0x12345678);
    ck_assert_uint_eq(f.cpu->seg[SEG_GS].selector, SEL_DATA3);
    cpu_fixture_poke(&f, DATA, 4, 0);
    cpu_fixture_poke(&f, DATA + 4, 2, SEL_LIMIT);
    ck_assert_int_eq(RUN(0xC4, 0x0B), VECTOR_GP);
    ck_assert_uint_eq(*gpr(GPR_CX), 0x12345678);
}
END_TEST

START_TEST(pusha_and_popa)
{
    for (unsigned i = 0; i < 8; i++)
        *gpr((enum gpr)i) = 0x11111111u * i;
    *gpr(GPR_SP) = PF_STACK0;
    ck_assert_int_eq(RUN(0x60), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0 - 32);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 20, 4), PF_STACK0);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 4, 4), 0);
    cpu_fixture_poke(&f, PF_STACK0 - 20, 4, 0xDEADBEEF); /* POPA skips ESP */
    cpu_fixture_poke(&f, PF_STACK0 - 32, 4, 0x12345678);
    ck_assert_int_eq(RUN(0x61), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0);
    ck_assert_uint_eq(*gpr(GPR_DI), 0x12345678);
    ck_assert_uint_eq(*gpr(GPR_SI), 0x66666666);
}
END_TEST

START_TEST(pusha_fault_keeps_registers)
{
    ck_assert(segment_load(f.cpu, SEG_SS, SEL_EXPAND_DOWN));
    *gpr(GPR_SP) = 0x1000 + 16;
    protected_fixture_execute(&f, "\x60", 1, 1);
    /* The fault's own frame does not fit either: #DF, then shutdown. */
    ck_assert_uint_eq(f.shutdowns, 1);
    ck_assert_uint_eq(*gpr(GPR_SP), 0x1000 + 16);
}
END_TEST

START_TEST(enter_and_leave)
{
    *gpr(GPR_BP) = DATA;
    ck_assert_int_eq(RUN(0xC8, 0x10, 0x00, 0x00), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_BP), PF_STACK0 - 4);
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0 - 20);
    ck_assert_int_eq(RUN(0xC9), NO_FAULT);
    ck_assert_uint_eq(*gpr(GPR_BP), DATA);
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0);
    cpu_fixture_poke(&f, DATA - 4, 4, 0xAAAA);
    cpu_fixture_poke(&f, DATA - 8, 4, 0xBBBB);
    ck_assert_int_eq(RUN(0xC8, 0x00, 0x01, 0x23), NO_FAULT); /* level 35 mod 32 = 3 */
    ck_assert_uint_eq(*gpr(GPR_BP), PF_STACK0 - 4);
    ck_assert_uint_eq(*gpr(GPR_SP), PF_STACK0 - 16 - 0x100);
    static const uint32_t display[] = {DATA, 0xAAAA, 0xBBBB, PF_STACK0 - 4};
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(cpu_fixture_peek(&f, PF_STACK0 - 4 - 4 * i, 4), display[i]);
}
END_TEST

START_TEST(bound)
{
    *gpr(GPR_BX) = DATA;
    cpu_fixture_poke(&f, DATA, 4, 0xFFFFFFF0); /* -16 */
    cpu_fixture_poke(&f, DATA + 4, 4, 10);
    static const struct {
        uint32_t index;
        int vector;
    } cases[] = {{10, NO_FAULT}, {0xFFFFFFF0, NO_FAULT}, {11, VECTOR_BR}, {0xFFFFFFEF, VECTOR_BR}};
    for (unsigned i = 0; i < 4; i++) {
        f.cpu->rip = PF_CODE;
        *gpr(GPR_AX) = cases[i].index;
        ck_assert_int_eq(RUN(0x62, 0x03), cases[i].vector);
    }
}
END_TEST

START_TEST(sysenter_and_sysexit)
{
    struct cpu *cpu = f.cpu;
    ck_assert_int_eq(RUN(0x0F, 0x34), VECTOR_GP);
    restart();
    cpu = f.cpu;
    cpu->msr.sysenter_cs = SEL_CODE0;
    cpu->msr.sysenter_esp = 0x5000;
    cpu->msr.sysenter_eip = PF_CODE + 0x500;
    protected_fixture_user(&f);
    cpu->eflags |= EFLAGS_IF;
    ck_assert_int_eq(RUN(0x0F, 0x34), NO_FAULT);
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->rip, PF_CODE + 0x500);
    ck_assert_uint_eq(*gpr(GPR_SP), 0x5000);
    ck_assert_uint_eq(cpu->seg[SEG_SS].selector, SEL_CODE0 + 8);
    ck_assert_uint_eq(cpu->seg[SEG_CS].attributes, ATTR_CODE0);
    ck_assert(!(cpu->eflags & EFLAGS_IF));
    *gpr(GPR_CX) = 0x7000;
    *gpr(GPR_DX) = PF_CODE + 0x600;
    ck_assert_int_eq(RUN(0x0F, 0x35), NO_FAULT);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, (SEL_CODE0 + 16) | 3);
    ck_assert_uint_eq(cpu->seg[SEG_SS].attributes, ATTR_DATA3);
    ck_assert_uint_eq(*gpr(GPR_SP), 0x7000);
    ck_assert_int_eq(RUN(0x0F, 0x35), VECTOR_GP);
}
END_TEST

START_TEST(popf_by_level)
{
    cpu_fixture_poke(&f, PF_STACK3, 4, 0x003F7FD7 & ~(uint32_t)(EFLAGS_TF | EFLAGS_VM));
    protected_fixture_user(&f);
    ck_assert_int_eq(RUN(0x9D), NO_FAULT);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu),
                      EFLAGS_FIXED | EFLAGS_OSZAPC | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID);
    restart();
    cpu_fixture_poke(&f, PF_STACK0, 4, 0x003F7FD7 & ~(uint32_t)EFLAGS_TF);
    ck_assert_int_eq(RUN(0x9D), NO_FAULT);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_OSZAPC | EFLAGS_DF | EFLAGS_NT |
                                                 EFLAGS_AC | EFLAGS_ID | EFLAGS_IF | EFLAGS_IOPL);
}
END_TEST

START_TEST(sti_shadow_and_hlt)
{
    f.intr_vector = 0x30;
    cpu_set_intr(f.cpu, true);
    static const uint8_t code[] = {0xFB, 0x40, 0x40}; /* STI; INC EAX; INC EAX */
    protected_fixture_execute(&f, code, sizeof code, 3);
    ck_assert_uint_eq(*gpr(GPR_AX), 1);
    ck_assert_uint_eq(f.cpu->rip, HANDLERS + 16 * 0x30);
    protected_fixture_execute(&f, "\xF4", 1, 1);
    ck_assert_uint_eq(f.cpu->activity, CPU_HALTED);
}
END_TEST

START_TEST(ignored_flags_of_old_models)
{
    teardown();
    cpu_fixture_init(&f, "386");
    f.cpu->rip = 0;
    segment_set_real(f.cpu, SEG_CS, 0x1000);
    cpu_derive(f.cpu);
    f.cpu->gpr[GPR_SP] = 0x100;
    cpu_fixture_poke(&f, 0x100, 4, EFLAGS_AC | EFLAGS_ID | EFLAGS_CF);
    static const uint8_t popfd[] = {0x66, 0x9D};
    protected_fixture_execute(&f, popfd, 2, 1);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), EFLAGS_FIXED | EFLAGS_CF);
}
END_TEST

static void add_all(TCase *tests)
{
    tcase_add_test(tests, cr0_rules);
    tcase_add_test(tests, missing_control_registers);
    tcase_add_test(tests, cr4_reserved_bits_fault);
    tcase_add_test(tests, pae_pointers_are_checked_when_loaded);
    tcase_add_test(tests, lmsw_cannot_leave_protected_mode);
    tcase_add_test(tests, privileged_instructions_fault_at_level_3);
    tcase_add_test(tests, descriptor_table_registers);
    tcase_add_test(tests, ldt_and_task_register);
    tcase_add_test(tests, lar_and_lsl);
    tcase_add_test(tests, verr_and_verw);
    tcase_add_test(tests, arpl);
    tcase_add_test(tests, debug_registers);
    tcase_add_test(tests, segment_moves);
    tcase_add_test(tests, far_pointer_loads);
    tcase_add_test(tests, pusha_and_popa);
    tcase_add_test(tests, pusha_fault_keeps_registers);
    tcase_add_test(tests, enter_and_leave);
    tcase_add_test(tests, bound);
    tcase_add_test(tests, sysenter_and_sysexit);
    tcase_add_test(tests, popf_by_level);
    tcase_add_test(tests, sti_shadow_and_hlt);
    tcase_add_test(tests, ignored_flags_of_old_models);
}

int main(void)
{
    Suite *suite = suite_create("system instructions");
    TCase *tests = tcase_create("system instructions");
    tcase_add_checked_fixture(tests, setup, teardown);
    add_all(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
