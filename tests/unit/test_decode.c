/* SPDX-License-Identifier: MIT */
/* The decoder: lengths, operands, prefixes, modes, invalid encodings (SDM 2A 2, SDM 2D appendix A). */
#include <string.h>

#include "core/x86/decode.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "tests/support/suite.h"

static struct decoder *decoder;

static void set_up(void)
{
    decoder = decoder_new(cpu_model_default());
}

static void tear_down(void)
{
    decoder_free(decoder);
}

/* Decodes `size` bytes followed by zeros up to the architectural maximum. */
static struct insn decode(enum cpu_mode mode, const char *bytes, unsigned size)
{
    uint8_t padded[INSN_MAX_LENGTH] = {0};
    struct insn insn = {0};
    memcpy(padded, bytes, size);
    ck_assert_int_eq(decode_insn(decoder, mode, padded, sizeof padded, &insn), DECODE_OK);
    return insn;
}

#define DECODE(mode, bytes) decode(mode, bytes, sizeof bytes - 1)

static const char *name(const struct insn *insn)
{
    if (insn->fn == exec_undefined)
        return "undefined";
    return insn->fn == exec_too_long ? "too long" : insn_table[insn->row].mnemonic;
}

START_TEST(lengths)
{
    static const struct {
        enum cpu_mode mode;
        const char *bytes;
        unsigned size, length;
        const char *mnemonic;
    } cases[] = {
        {MODE_16, "\x90", 1, 1, "NOP"},
        {MODE_16, "\x05\x34\x12", 3, 3, "ADD"},
        {MODE_16, "\x66\x05\x78\x56\x34\x12", 6, 6, "ADD"},
        {MODE_32, "\x05\x78\x56\x34\x12", 5, 5, "ADD"},
        {MODE_16, "\x8B\x86\x34\x12", 4, 4, "MOV"},
        {MODE_16, "\x67\x8B\x84\x8B\x78\x56\x34\x12", 8, 8, "MOV"},
        {MODE_32, "\x67\x8B\x46\x12", 4, 4, "MOV"},
        {MODE_32, "\x8B\x04\x25\x78\x56\x34\x12", 7, 7, "MOV"},
        {MODE_32, "\xC7\x44\x24\x04\x01\x02\x03\x04", 8, 8, "MOV"},
        {MODE_32, "\x66\xC7\x00\x01\x02", 5, 5, "MOV"},
        {MODE_32, "\xC8\x34\x12\x01", 4, 4, "ENTER"},
        {MODE_16, "\xEA\x34\x12\x78\x56", 5, 5, "JMP FAR"},
        {MODE_32, "\xEA\x34\x12\x00\x00\x78\x56", 7, 7, "JMP FAR"},
        {MODE_32, "\x66\xE8\x34\x12", 4, 4, "CALL"},
        {MODE_32, "\x0F\x84\x34\x12\x00\x00", 6, 6, "JE"},
        {MODE_32, "\xF6\x05\x78\x56\x34\x12\x80", 7, 7, "TEST"},
        {MODE_32, "\xF7\xD0", 2, 2, "NOT"},
        {MODE_32, "\x6B\xC0\xFE", 3, 3, "IMUL"},
        {MODE_32, "\xA1\x78\x56\x34\x12", 5, 5, "MOV"},
        {MODE_32, "\x67\xA1\x34\x12", 4, 4, "MOV"},
        {MODE_64, "\x48\xB8\x08\x07\x06\x05\x04\x03\x02\x01", 10, 10, "MOV"},
        {MODE_64, "\x8B\x05\x10\x00\x00\x00", 6, 6, "MOV"},
        {MODE_32, "\xF3\x0F\x1E\xFB", 4, 4, "NOP"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct insn insn = decode(cases[i].mode, cases[i].bytes, cases[i].size);
        ck_assert_msg(insn.length == cases[i].length, "case %u: length %u", i, insn.length);
        ck_assert_str_eq(name(&insn), cases[i].mnemonic);
    }
}
END_TEST

START_TEST(every_split_asks_for_more)
{
    static const uint8_t bytes[] = {0x66, 0x2E, 0xC7, 0x84, 0x8B, 1, 2, 3, 4, 5, 6};
    struct insn insn = {0};
    for (unsigned n = 0; n < sizeof bytes; n++)
        ck_assert_int_eq(decode_insn(decoder, MODE_32, bytes, n, &insn), DECODE_MORE);
    ck_assert_int_eq(decode_insn(decoder, MODE_32, bytes, sizeof bytes, &insn), DECODE_OK);
    ck_assert_uint_eq(insn.length, sizeof bytes);
}
END_TEST

START_TEST(fifteen_bytes_are_the_most)
{
    struct insn insn = DECODE(MODE_32, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90");
    ck_assert_str_eq(name(&insn), "NOP");
    ck_assert_uint_eq(insn.length, 15);
    uint8_t sixteen[16];
    memset(sixteen, 0x66, sizeof sixteen);
    sixteen[15] = 0x90;
    ck_assert_int_eq(decode_insn(decoder, MODE_32, sixteen, sizeof sixteen, &insn), DECODE_OK);
    ck_assert_str_eq(name(&insn), "too long");
}
END_TEST

START_TEST(memory_operands)
{
    struct insn insn = DECODE(MODE_32, "\x8B\x44\x8D\xFC"); /* mov eax, [ebp + ecx * 4 - 4] */
    ck_assert_uint_eq(insn.base, GPR_BP);
    ck_assert_uint_eq(insn.index, GPR_CX);
    ck_assert_uint_eq(insn.scale, 2);
    ck_assert_int_eq(insn.disp, -4);
    ck_assert_uint_eq(insn.seg, SEG_SS);
    insn = DECODE(MODE_32, "\x65\x8B\x04\x24"); /* mov eax, gs:[esp] */
    ck_assert_uint_eq(insn.base, GPR_SP);
    ck_assert_uint_eq(insn.index, GPR_ZERO);
    ck_assert_uint_eq(insn.seg, SEG_GS);
    insn = DECODE(MODE_16, "\x8B\x42\x80"); /* mov ax, [bp + si - 80h] */
    ck_assert_uint_eq(insn.base, GPR_BP);
    ck_assert_uint_eq(insn.index, GPR_SI);
    ck_assert_int_eq(insn.disp, -128);
    ck_assert_uint_eq(insn.seg, SEG_SS);
    ck_assert_uint_eq(insn.addr_shift, 48);
    insn = DECODE(MODE_16, "\x8B\x06\x34\x12"); /* mov ax, [1234h] */
    ck_assert_uint_eq(insn.base, GPR_ZERO);
    ck_assert_int_eq(insn.disp, 0x1234);
    ck_assert_uint_eq(insn.seg, SEG_DS);
    insn = DECODE(MODE_32, "\x8B\x04\x65\x00\x00\x00\x00"); /* no base, no index */
    ck_assert_uint_eq(insn.base, GPR_ZERO);
    ck_assert_uint_eq(insn.index, GPR_ZERO);
}
END_TEST

START_TEST(byte_registers)
{
    struct insn insn = DECODE(MODE_32, "\x88\xE3"); /* mov bl, ah */
    ck_assert_uint_eq(insn.reg, 16);
    ck_assert_uint_eq(insn.rm, GPR_BX);
    insn = DECODE(MODE_64, "\x40\x88\xE3"); /* mov bl, spl */
    ck_assert_uint_eq(insn.reg, GPR_SP);
    insn = DECODE(MODE_32, "\xB7\x01"); /* mov bh, 1 */
    ck_assert_uint_eq(insn.rm, 16 + GPR_BX);
    insn = DECODE(MODE_32, "\x0F\xB6\xC4"); /* movzx eax, ah */
    ck_assert_uint_eq(insn.rm, 16);
    ck_assert_uint_eq(insn.reg, GPR_AX);
}
END_TEST

START_TEST(branch_displacements_count_from_the_trace)
{
    uint8_t bytes[INSN_MAX_LENGTH] = {0xEB, 0xFE};
    struct insn insn = {.offset = 10};
    decode_insn(decoder, MODE_32, bytes, sizeof bytes, &insn);
    ck_assert_uint_eq(insn.wide, 10);
}
END_TEST

START_TEST(immediates_in_32_bits)
{
    struct insn insn = DECODE(MODE_32, "\x05\xFF\xFF\xFF\xFF");
    ck_assert_int_eq(insn.imm, -1);
    insn = DECODE(MODE_32, "\xB8\xFF\xFF\xFF\xFF"); /* MOV EAX: a whole register */
    ck_assert_uint_eq(insn.wide, UINT32_MAX);
    insn = DECODE(MODE_32, "\xEA\xFE\xFF\xFF\xFF\x34\x12"); /* JMP far */
    ck_assert_uint_eq((uint32_t)insn.imm, 0xFFFFFFFE);
    ck_assert_uint_eq(insn.selector, 0x1234);
    insn = DECODE(MODE_32, "\xC8\xFE\xFF\x1F"); /* ENTER */
    ck_assert_int_eq(insn.imm, 0x1FFFFE);
    insn = DECODE(MODE_32, "\xC7\x05\xF0\xFF\xFF\xFF\xFC\xFF\xFF\xFF"); /* MOV [FFFFFFF0h], -4 */
    ck_assert_int_eq(insn.imm, -4);
    ck_assert_int_eq(insn.disp, -16);
}
END_TEST

START_TEST(invalid_encodings)
{
    static const char *const invalid[] = {
        "\x0F\x04",     "\x0F\xFF",         "\xF0\x90",     "\xF0\x01\xC0", "\xF0\x8B\x00", "\xF0\x39\x00",
        "\xC4\xC0",     "\xC5\xC0",         "\xFF\xF8",     "\xFE\xD0",     "\x8F\xC8",     "\xC6\xC8",
        "\x0F\xC7\xC8", "\x0F\xBA\xC0\x01", "\x0F\x01\xC1", "\x62\xC0",     "\xFF\xD8\x00",
    };
    for (unsigned i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        struct insn insn = decode(MODE_32, invalid[i], (unsigned)strlen(invalid[i]));
        ck_assert_msg(insn.fn == exec_undefined, "case %u decodes as %s", i, name(&insn));
    }
    struct insn insn = DECODE(MODE_64, "\x06");
    ck_assert_str_eq(name(&insn), "undefined");
    insn = DECODE(MODE_32, "\xF0\x01\x00");
    ck_assert_str_eq(name(&insn), "ADD");
}
END_TEST

/* Otherwise a store into the byte that makes it valid would not reach its translation. */
START_TEST(invalid_encodings_hold_the_byte_that_makes_them_so)
{
    struct insn insn = DECODE(MODE_32, "\xFF\xF8");
    ck_assert_uint_eq(insn.length, 2);
    insn = DECODE(MODE_16, "\x66\x0F\xC7\xC8");
    ck_assert_uint_eq(insn.length, 4);
}
END_TEST

START_TEST(models_gate_rows)
{
    struct decoder *old = decoder_new(cpu_model_find("386"));
    uint8_t bytes[INSN_MAX_LENGTH] = {0x0F, 0xA2};
    struct insn insn = {0};
    decode_insn(old, MODE_32, bytes, sizeof bytes, &insn);
    ck_assert_str_eq(name(&insn), "undefined"); /* CPUID */
    bytes[1] = 0xA3;
    decode_insn(old, MODE_32, bytes, sizeof bytes, &insn);
    ck_assert_str_eq(name(&insn), "BT");
    decoder_free(old);
}
END_TEST

/* Random bytes never decode to more than 15 bytes, to a missing handler, or differently when cut at their
 * length. */
START_TEST(random_bytes)
{
    uint64_t seed = 88172645463325252u;
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t bytes[INSN_MAX_LENGTH];
        for (unsigned j = 0; j < sizeof bytes; j++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            bytes[j] = (uint8_t)(seed >> 24);
        }
        enum cpu_mode mode = (enum cpu_mode)(i % 3);
        struct insn whole = {0}, cut = {0};
        ck_assert_int_eq(decode_insn(decoder, mode, bytes, sizeof bytes, &whole), DECODE_OK);
        ck_assert_uint_ge(whole.length, 1);
        ck_assert_uint_le(whole.length, INSN_MAX_LENGTH);
        ck_assert_ptr_nonnull(whole.fn);
        if (whole.fn == exec_undefined || whole.fn == exec_too_long)
            continue;
        ck_assert_int_eq(decode_insn(decoder, mode, bytes, whole.length, &cut), DECODE_OK);
        ck_assert_mem_eq(&whole, &cut, sizeof cut);
        ck_assert_int_eq(decode_insn(decoder, mode, bytes, whole.length - 1u, &cut), DECODE_MORE);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tcase = tcase_create("decode");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    const TTest *const tests[] = {lengths,
                                  every_split_asks_for_more,
                                  fifteen_bytes_are_the_most,
                                  memory_operands,
                                  byte_registers,
                                  branch_displacements_count_from_the_trace,
                                  immediates_in_32_bits,
                                  invalid_encodings,
                                  invalid_encodings_hold_the_byte_that_makes_them_so,
                                  models_gate_rows,
                                  random_bytes,
                                  NULL};
    for (unsigned i = 0; tests[i]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
