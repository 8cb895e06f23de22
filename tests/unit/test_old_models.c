/* SPDX-License-Identifier: MIT */
/* What the 8086 and the 80286 do otherwise than their successors. */
#include <string.h>

#include "core/base/error.h"
#include "core/x86/check.h"
#include "core/x86/decode.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum { CODE = 0x1000, DATA_SEG = 0x2000, STACK_SEG = 0x3000, HANDLER = 0x0500 };

static struct cpu_fixture f;

static void set_up_model(const char *model)
{
    cpu_fixture_init(&f, model);
    segment_set_real(f.cpu, SEG_CS, 0);
    segment_set_real(f.cpu, SEG_DS, DATA_SEG);
    segment_set_real(f.cpu, SEG_ES, DATA_SEG);
    segment_set_real(f.cpu, SEG_SS, STACK_SEG);
    f.cpu->gpr[GPR_SP] = 0x100;
    f.cpu->rip = CODE;
    cpu_derive(f.cpu);
    for (unsigned vector = 0; vector < 256; vector++)
        cpu_fixture_poke(&f, 4 * vector, 4, HANDLER + vector);
}

static void set_up_8086(void)
{
    set_up_model("8086");
}

static void set_up_286(void)
{
    set_up_model("286");
}

static void tear_down(void)
{
    struct error err = {0};
    ck_assert_msg(cpu_check(f.cpu, &err), "%s", err.text);
    cpu_fixture_free(&f);
}

static void run_bytes(const char *bytes, unsigned size, unsigned insns)
{
    cpu_fixture_load(&f, ((gpa_t)f.cpu->seg[SEG_CS].base) + f.cpu->rip, bytes, size);
    cpu_fixture_run(&f, insns);
}

#define RUN(bytes, insns) run_bytes(bytes, sizeof bytes - 1, insns)

static uint64_t stack_word(unsigned offset)
{
    return cpu_fixture_peek(&f, STACK_SEG * 16 + offset, 2);
}

/* The vector whose handler runs, or -1. */
static int handled(void)
{
    return f.cpu->seg[SEG_CS].selector == 0 && f.cpu->rip >= HANDLER && f.cpu->rip < HANDLER + 256
               ? (int)(f.cpu->rip - HANDLER)
               : -1;
}

START_TEST(every_opcode_of_the_8086_does_something)
{
    struct decoder *decoder = decoder_new(cpu_model_find("8086"));
    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t bytes[INSN_MAX_LENGTH] = {(uint8_t)(i >> 8), (uint8_t)i};
        struct insn insn = {0};
        if (decode_insn(decoder, MODE_16, bytes, sizeof bytes, &insn) == DECODE_OK)
            ck_assert_msg(insn.fn != exec_undefined, "%02X %02X is undefined", i >> 8, i & 0xFF);
    }
    decoder_free(decoder);
}
END_TEST

START_TEST(reset_begins_at_the_end_of_the_address_space)
{
    static const struct {
        const char *model;
        unsigned cs, ip;
        uint64_t base;
    } cases[] = {
        {"8086", 0xFFFF, 0, 0xFFFF0}, {"286", 0xF000, 0xFFF0, 0xFF0000}, {"386", 0xF000, 0xFFF0, 0xFFFF0000}};
    for (unsigned i = 0; i < 3; i++) {
        struct cpu_fixture g;
        cpu_fixture_init(&g, cases[i].model);
        ck_assert_uint_eq(g.cpu->seg[SEG_CS].selector, cases[i].cs);
        ck_assert_uint_eq(g.cpu->seg[SEG_CS].base, cases[i].base);
        ck_assert_uint_eq(g.cpu->rip, cases[i].ip);
        cpu_fixture_free(&g);
    }
}
END_TEST

START_TEST(push_sp_pushes_the_new_value)
{
    RUN("\x54\xFF\xF4\xFF\xFC", 3); /* PUSH SP, its FF /6 form, the alias /7 */
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0xFA);
    ck_assert_uint_eq(stack_word(0xFE), 0xFE);
    ck_assert_uint_eq(stack_word(0xFC), 0xFC);
    ck_assert_uint_eq(stack_word(0xFA), 0xFA);
}
END_TEST

START_TEST(flags_read_with_four_ones_on_top)
{
    RUN("\x9C\x58\x31\xDB\x53\x9D\x9C\x58", 4); /* PUSHF POP AX; XOR BX,BX PUSH BX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX] & 0xF000, 0xF000);
    cpu_fixture_run(&f, 3); /* POPF PUSHF POP AX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xF002);
}
END_TEST

START_TEST(shift_counts_take_eight_bits)
{
    f.cpu->gpr[GPR_CX] = 33;
    f.cpu->gpr[GPR_AX] = 0x8421;
    RUN("\xD3\xE0", 1); /* SHL AX,CL */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0);
    f.cpu->gpr[GPR_AX] = 0x8421;
    RUN("\xD3\xC0", 1); /* ROL AX,CL: 33 turns are one */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x0843);
    f.cpu->gpr[GPR_CX] = 34;
    RUN("\xD3\xD0", 1); /* RCL AX,CL: 34 turns of 17 bits are none */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x0843);
    f.cpu->gpr[GPR_AX] = 0x80;
    f.cpu->gpr[GPR_CX] = 200;
    RUN("\xD2\xF8", 1); /* SAR AL,CL */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xFF);
    ck_assert(cpu_get_eflags(f.cpu) & EFLAGS_CF);
    RUN("\xD0\xF3", 1); /* SETMO BL */
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 0xFF);
}
END_TEST

START_TEST(opcodes_answer_at_their_aliases)
{
    f.cpu->gpr[GPR_BX] = 0x1111;
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | 0xF000 | EFLAGS_CF);
    RUN("\x62\x02\xF4\xF4\xD6", 2); /* 62 is JB here; SALC */
    ck_assert_uint_eq(f.cpu->rip, CODE + 5);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX] & 0xFF, 0xFF);
    RUN("\xC7\xC9\x34\x12", 1); /* MOV CX,1234h with reg 1 */
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 0x1234);
    RUN("\x8E\xE3", 1); /* sreg 4 is ES */
    ck_assert_uint_eq(f.cpu->seg[SEG_ES].selector, 0x1111);
    RUN("\xF1\xF0\x43", 1); /* F1 and F0 are LOCK, which may stand anywhere */
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 0x1112);
    uint64_t ip = f.cpu->rip;
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0x100, 2, 0x0100);
    RUN("\x0F", 1); /* POP CS goes on at the same IP */
    ck_assert_uint_eq(f.cpu->seg[SEG_CS].selector, 0x0100);
    ck_assert_uint_eq(f.cpu->rip, ip + 1);
}
END_TEST

START_TEST(c1_returns)
{
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0x100, 2, 0x4321);
    RUN("\xC1", 1);
    ck_assert_uint_eq(f.cpu->rip, 0x4321);
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0x102, 2, 0x5678);
    RUN("\xC0\x06\x00", 1);
    ck_assert_uint_eq(f.cpu->rip, 0x5678);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x10A);
}
END_TEST

/* MUL clears ZF where the upper half is not zero, which tells an 8086 from a V20. */
START_TEST(mul_sets_flags_by_the_upper_half)
{
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | EFLAGS_ZF);
    f.cpu->gpr[GPR_AX] = 0x40;
    RUN("\xF6\xE0", 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x1000);
    ck_assert(!(cpu_get_eflags(f.cpu) & EFLAGS_ZF));
    ck_assert(cpu_get_eflags(f.cpu) & EFLAGS_CF);
    f.cpu->gpr[GPR_AX] = 0xFF;
    f.cpu->gpr[GPR_BX] = 3;
    RUN("\xF6\xEB", 1); /* IMUL BL: -3 fits */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xFFFD);
    ck_assert(!(cpu_get_eflags(f.cpu) & EFLAGS_CF));
}
END_TEST

START_TEST(divide_error_returns_behind_the_division)
{
    f.cpu->gpr[GPR_BX] = 0;
    RUN("\xF7\xF3", 1);
    ck_assert_int_eq(handled(), VECTOR_DE);
    ck_assert_uint_eq(stack_word(0xFA), CODE + 2);
}
END_TEST

START_TEST(the_most_negative_quotient_is_an_error)
{
    f.cpu->gpr[GPR_AX] = 0xFF80;
    f.cpu->gpr[GPR_BX] = 1;
    RUN("\xF6\xFB", 1);
    ck_assert_int_eq(handled(), VECTOR_DE);
}
END_TEST

START_TEST(a_repeat_prefix_negates_quotients)
{
    f.cpu->gpr[GPR_AX] = 100;
    f.cpu->gpr[GPR_BX] = 7;
    RUN("\xF3\xF6\xFB", 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x02F2);
}
END_TEST

START_TEST(aam_0_is_a_divide_trap)
{
    RUN("\xD4\x00", 1);
    ck_assert_int_eq(handled(), VECTOR_DE);
    ck_assert_uint_eq(stack_word(0xFA), CODE + 2);
}
END_TEST

START_TEST(decimal_adjustments)
{
    f.cpu->gpr[GPR_AX] = 0x00FA;
    RUN("\x37", 1); /* AAA: the carry out of AL does not reach AH */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x0100);
    f.cpu->gpr[GPR_AX] = 0x9C;
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | EFLAGS_AF);
    RUN("\x27", 1); /* DAA: with AF the limit is 9Fh */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX] & 0xFF, 0xA2);
    ck_assert(!(cpu_get_eflags(f.cpu) & EFLAGS_CF));
}
END_TEST

START_TEST(words_wrap_within_the_segment)
{
    f.cpu->gpr[GPR_SI] = 0xFFFF;
    cpu_fixture_poke(&f, DATA_SEG * 16 + 0xFFFF, 1, 0x34);
    cpu_fixture_poke(&f, DATA_SEG * 16, 1, 0x12);
    RUN("\x8B\x04\x01\x04", 2); /* MOV AX,[SI]; ADD [SI],AX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x1234);
    ck_assert_uint_eq(cpu_fixture_peek(&f, DATA_SEG * 16 + 0xFFFF, 1), 0x68);
    ck_assert_uint_eq(cpu_fixture_peek(&f, DATA_SEG * 16, 1), 0x24);
    f.cpu->gpr[GPR_SP] = 1;
    RUN("\x50", 1); /* PUSH AX at FFFFh */
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK_SEG * 16 + 0xFFFF, 1), 0x34);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK_SEG * 16, 1), 0x12);
    f.cpu->gpr[GPR_SP] = 3;
    RUN("\xCD\x40", 1); /* an interrupt frame there: CS at FFFFh */
    ck_assert_int_eq(handled(), 0x40);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0xFFFD);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK_SEG * 16 + 0xFFFF, 1), 0);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK_SEG * 16, 1), 0);
    ck_assert_uint_eq(stack_word(0xFFFD), CODE + 7);
}
END_TEST

START_TEST(addresses_wrap_at_1_mib)
{
    segment_set_real(f.cpu, SEG_DS, 0xFFFF);
    f.cpu->gpr[GPR_SI] = 0x610;
    cpu_fixture_poke(&f, 0x600, 1, 0x5A);
    RUN("\x8A\x04", 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x5A);
}
END_TEST

START_TEST(code_wraps_within_the_segment)
{
    segment_set_real(f.cpu, SEG_CS, 0x1000);
    f.cpu->rip = 0xFFFE;
    cpu_derive(f.cpu);
    cpu_fixture_load(&f, 0x10000, "\x12\x40", 2);
    RUN("\xB8\x34", 2); /* MOV AX,1234h over the end; INC AX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x1235);
    ck_assert_uint_eq(f.cpu->rip, 2);
    f.cpu->rip = 0xFFFF;
    RUN("\x40", 1);
    ck_assert_uint_eq(f.cpu->rip, 0);
}
END_TEST

START_TEST(prefixes_have_no_limit)
{
    char bytes[64];
    memset(bytes, 0x2E, 30);
    memset(bytes + 30, 0xF3, 20);
    memset(bytes + 50, 0x26, 10);
    bytes[60] = (char)0xA4; /* REP MOVSB from ES */
    segment_set_real(f.cpu, SEG_ES, 0x2800);
    cpu_fixture_load(&f, 0x28000, "abc", 3);
    f.cpu->gpr[GPR_SI] = 0;
    f.cpu->gpr[GPR_DI] = 0x10;
    f.cpu->gpr[GPR_CX] = 3;
    run_bytes(bytes, 61, 3);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x28010, 4), 0x636261);
    ck_assert_uint_eq(f.cpu->rip, CODE + 61);
}
END_TEST

/* A segment full of prefixes: the processor never gets to an instruction, and nothing hangs here. */
START_TEST(nothing_but_prefixes)
{
    segment_set_real(f.cpu, SEG_CS, 0x1000);
    for (unsigned i = 0; i < 0x10000; i++)
        cpu_fixture_poke(&f, 0x10000 + i, 1, 0x2E);
    uint64_t before = f.clock.insns;
    cpu_fixture_run(&f, 4);
    ck_assert_uint_eq(f.clock.insns, before + 4);
}
END_TEST

/* The 8086 returns to the last prefix only: the repetition or the segment is lost. */
START_TEST(interrupted_strings_forget_prefixes)
{
    f.intr_vector = 0x20;
    f.cpu->gpr[GPR_CX] = 100;
    f.cpu->gpr[GPR_SI] = f.cpu->gpr[GPR_DI] = 0;
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | EFLAGS_IF);
    RUN("\xF3\x2E\xA4", 10);
    cpu_set_intr(f.cpu, true);
    cpu_fixture_run(&f, 1);
    ck_assert_int_eq(handled(), 0x20);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 90);
    ck_assert_uint_eq(stack_word(0xFA), CODE + 1);
}
END_TEST

START_TEST(undefined_opcodes_of_the_286_fault)
{
    static const char *const codes[] = {"\x66\x90", "\x64\x90", "\x0F\xFF", "\x0F\x20\xC0", "\x8E\xE0",
                                        "\x8C\xE0", "\x63\xC0", "\xFE\xD0", "\x0F\xA2",     "\x8E\xC8"};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        f.cpu->rip = CODE;
        run_bytes(codes[i], (unsigned)strlen(codes[i]), 1);
        ck_assert_msg(handled() == VECTOR_UD, "case %u: vector %d", i, handled());
        ck_assert_uint_eq(cpu_fixture_peek(&f, STACK_SEG * 16 + f.cpu->gpr[GPR_SP], 2), CODE);
    }
}
END_TEST

START_TEST(ten_bytes_are_the_most_on_a_286)
{
    RUN("\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x40", 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 1);
    RUN("\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x2E\x40", 1);
    ck_assert_int_eq(handled(), VECTOR_GP);
}
END_TEST

START_TEST(flags_of_a_286_read_with_four_zeros_on_top)
{
    f.cpu->gpr[GPR_AX] = 0xFFFF & ~(EFLAGS_TF | EFLAGS_IF);
    RUN("\x50\x9D\x9C\x5B", 4);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 0x0CD7);
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0xFA, 2, 0x2000);
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0xFC, 2, 0);
    cpu_fixture_poke(&f, STACK_SEG * 16 + 0xFE, 2, 0x7002);
    f.cpu->gpr[GPR_SP] = 0xFA;
    RUN("\xCF", 1); /* IRET */
    ck_assert_uint_eq(f.cpu->rip, 0x2000);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu), 2);
}
END_TEST

START_TEST(machine_status_word)
{
    RUN("\x0F\x01\xE0", 1); /* SMSW AX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xFFF0);
    f.cpu->gpr[GPR_AX] = 0xFFFF;
    RUN("\x0F\x01\xF0\x0F\x01\xE0", 2); /* LMSW AX; SMSW AX */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xFFFF);
    ck_assert(cpu_is_protected(f.cpu));
    f.cpu->gpr[GPR_AX] = 0;
    RUN("\x0F\x01\xF0\x0F\x01\xE0", 2); /* PE stays */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0xFFF1);
}
END_TEST

/* ESC without a coprocessor: nothing, or #NM where MSW says so. */
START_TEST(escapes)
{
    RUN("\xDB\xE3\xDD\x3C\x9B", 3); /* FNINIT, FNSTSW [SI], WAIT */
    ck_assert_int_eq(handled(), -1);
    ck_assert_uint_eq(f.cpu->rip, CODE + 5);
    f.cpu->gpr[GPR_AX] = 4;
    RUN("\x0F\x01\xF0\xDB\xE3", 2);
    ck_assert_int_eq(handled(), VECTOR_NM);
}
END_TEST

START_TEST(the_interrupt_table_has_a_limit)
{
    f.cpu->idtr.limit = 0x7F;
    RUN("\xCD\x20", 1);
    ck_assert_int_eq(handled(), VECTOR_DF);
    ck_assert_uint_eq(stack_word(0xFA), CODE);
}
END_TEST

START_TEST(a_word_at_the_stacks_end_is_a_general_fault)
{
    f.cpu->gpr[GPR_BP] = 0xFFFF;
    RUN("\x8B\x46\x00", 1);
    ck_assert_int_eq(handled(), VECTOR_GP);
}
END_TEST

START_TEST(no_room_for_a_fault_frame_is_a_shutdown)
{
    f.cpu->gpr[GPR_SP] = 1;
    RUN("\x50", 3);
    ck_assert_uint_eq(f.shutdowns, 1);
}
END_TEST

/* A 286 does not look at a descriptor's last word, and knows no 386 types. */
START_TEST(descriptors_of_a_286)
{
    enum { GDT = 0x5000 };
    cpu_fixture_descriptor(&f, GDT + 8, 0xAB123456, 0x10FFFF, 0xC093);
    cpu_fixture_descriptor(&f, GDT + 16, 0x1000, 0x67, 0x0089); /* an available 386 TSS */
    f.cpu->gdtr = (struct descriptor_table){GDT, 0x1F};
    f.cpu->cr0 |= CR0_PE;
    cpu_derive(f.cpu);
    ck_assert(segment_load(f.cpu, SEG_DS, 8));
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].base, 0x123456);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].limit, 0x010F);
    ck_assert_uint_eq(f.cpu->seg[SEG_DS].attributes, 0x93);
    ck_assert(!far_jump(f.cpu, 16, 0, 2));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), VECTOR_GP << 16 | 16);
}
END_TEST

START_TEST(lock_wants_iopl_on_a_286)
{
    enum { CODE_SEGMENT = 0xFB, DATA_SEGMENT = 0xF3 };
    f.cpu->gpr[GPR_BX] = 1;
    RUN("\xF0\x43", 1); /* LOCK INC BX, in real-address mode */
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 2);
    f.cpu->cr0 |= CR0_PE;
    f.cpu->cpl = 3;
    f.cpu->seg[SEG_CS].attributes = CODE_SEGMENT;
    f.cpu->seg[SEG_SS].attributes = DATA_SEGMENT;
    cpu_derive(f.cpu);
    f.cpu->idtr.limit = 0; /* nothing can be delivered */
    RUN("\xF0\x43", 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 2);
    ck_assert_uint_eq(f.shutdowns, 1);
}
END_TEST

static TCase *make_case(const char *name, void (*set_up)(void), const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (unsigned i = 0; tests[i]; i++)
        tcase_add_test(tcase, tests[i]);
    return tcase;
}

int main(void)
{
    const TTest *const tests_8086[] = {every_opcode_of_the_8086_does_something,
                                       reset_begins_at_the_end_of_the_address_space,
                                       push_sp_pushes_the_new_value,
                                       flags_read_with_four_ones_on_top,
                                       shift_counts_take_eight_bits,
                                       opcodes_answer_at_their_aliases,
                                       c1_returns,
                                       mul_sets_flags_by_the_upper_half,
                                       divide_error_returns_behind_the_division,
                                       the_most_negative_quotient_is_an_error,
                                       a_repeat_prefix_negates_quotients,
                                       aam_0_is_a_divide_trap,
                                       decimal_adjustments,
                                       words_wrap_within_the_segment,
                                       addresses_wrap_at_1_mib,
                                       code_wraps_within_the_segment,
                                       prefixes_have_no_limit,
                                       nothing_but_prefixes,
                                       interrupted_strings_forget_prefixes,
                                       NULL};
    const TTest *const tests_286[] = {undefined_opcodes_of_the_286_fault,
                                      ten_bytes_are_the_most_on_a_286,
                                      flags_of_a_286_read_with_four_zeros_on_top,
                                      machine_status_word,
                                      escapes,
                                      the_interrupt_table_has_a_limit,
                                      a_word_at_the_stacks_end_is_a_general_fault,
                                      no_room_for_a_fault_frame_is_a_shutdown,
                                      descriptors_of_a_286,
                                      lock_wants_iopl_on_a_286,
                                      NULL};
    Suite *suite = suite_create("old models");
    suite_add_tcase(suite, make_case("8086", set_up_8086, tests_8086));
    suite_add_tcase(suite, make_case("286", set_up_286, tests_286));
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
