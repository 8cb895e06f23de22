/* SPDX-License-Identifier: MIT */
/* The decoder in 64-bit mode: REX, operand sizes, addressing, what is gone and what is new (SDM 1 3.6, SDM
 * 2A 2.2). */
#include <string.h>

#include "core/x86/decode.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "tests/support/suite.h"

static struct insn decode_at(const char *bytes, unsigned size, unsigned offset)
{
    struct decoder *decoder = decoder_new(cpu_model_find("max"));
    uint8_t padded[INSN_MAX_LENGTH] = {0};
    struct insn insn = {.offset = (uint8_t)offset};
    memcpy(padded, bytes, size);
    ck_assert_int_eq(decode_insn(decoder, MODE_64, padded, sizeof padded, &insn), DECODE_OK);
    decoder_free(decoder);
    return insn;
}

#define DECODE(bytes)            decode_at(bytes, sizeof bytes - 1, 0)
#define DECODE_AT(bytes, offset) decode_at(bytes, sizeof bytes - 1, offset)

struct expected {
    const char *bytes;
    unsigned size, length, op_size;
    const char *mnemonic;
};

#define CASE(bytes, length, op_size, mnemonic)                                                               \
    {                                                                                                        \
        bytes, sizeof bytes - 1, length, op_size, mnemonic                                                   \
    }

static void check_cases(const struct expected *cases, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct insn insn = decode_at(cases[i].bytes, cases[i].size, 0);
        ck_assert_msg(insn.fn != exec_undefined, "case %u is undefined", i);
        ck_assert_msg(insn.length == cases[i].length, "case %u has %u bytes", i, insn.length);
        ck_assert_msg(insn.op_size == cases[i].op_size, "case %u has operands of %u bytes", i, insn.op_size);
        ck_assert_str_eq(insn_table[insn.row].mnemonic, cases[i].mnemonic);
    }
}

START_TEST(operand_sizes)
{
    static const struct expected cases[] = {
        CASE("\x01\xC8", 2, 4, "ADD"),
        CASE("\x48\x01\xC8", 3, 8, "ADD"),
        CASE("\x66\x01\xC8", 3, 2, "ADD"),
        CASE("\x66\x48\x01\xC8", 4, 8, "ADD"), /* REX.W beats 66 */
        CASE("\x48\x66\x01\xC8", 4, 2, "ADD"), /* REX before another prefix is no REX */
        CASE("\x48\x40\x01\xC8", 4, 4, "ADD"), /* the last REX counts */
        CASE("\x40\x48\x01\xC8", 4, 8, "ADD"),
        CASE("\x50", 1, 8, "PUSH"),
        CASE("\x66\x50", 2, 2, "PUSH"),
        CASE("\x66\x48\x50", 3, 8, "PUSH"),
        CASE("\x68\x01\x02\x03\x04", 5, 8, "PUSH"),
        CASE("\x66\x68\x01\x02", 4, 2, "PUSH"),
        CASE("\xFF\x30", 2, 8, "PUSH"),
        CASE("\x8F\x00", 2, 8, "POP"),
        CASE("\x9C", 1, 8, "PUSHF"),
        CASE("\xC9", 1, 8, "LEAVE"),
        CASE("\xC8\x01\x02\x03", 4, 8, "ENTER"),
        CASE("\x0F\xA0", 2, 8, "PUSH"),
        CASE("\xC3", 1, 8, "RET"),
        CASE("\x66\xC3", 2, 8, "RET"), /* near branches know one size */
        CASE("\xFF\xD0", 2, 8, "CALL"),
        CASE("\x66\xFF\xE0", 3, 8, "JMP"),
        CASE("\x66\xE8\x01\x02\x03\x04", 6, 8, "CALL"),
        CASE("\x66\x0F\x84\x01\x02\x03\x04", 7, 8, "JE"),
        CASE("\x74\x01", 2, 8, "JE"),
        CASE("\xE2\x01", 2, 8, "LOOP"),
        CASE("\xCF", 1, 4, "IRET"),
        CASE("\x48\xCF", 2, 8, "IRET"),
        CASE("\xCB", 1, 4, "RETF"),
        CASE("\x48\xFF\x28", 3, 8, "JMP FAR"),
        CASE("\x0F\x20\xC0", 3, 8, "MOV"),
        CASE("\xB8\x01\x02\x03\x04", 5, 4, "MOV"),
        CASE("\x48\xB8\x01\x02\x03\x04\x05\x06\x07\x08", 10, 8, "MOV"),
        CASE("\x48\xC7\xC0\x01\x02\x03\x04", 7, 8, "MOV"),
        CASE("\x48\xA5", 2, 8, "MOVS"),
        CASE("\x48\x98", 2, 8, "CBW"),
        CASE("\x63\xC1", 2, 4, "MOVSXD"),
        CASE("\x48\x63\xC1", 3, 8, "MOVSXD"),
        CASE("\x90", 1, 4, "NOP"),
        CASE("\x48\x90", 2, 8, "NOP"),
        CASE("\x41\x90", 2, 4, "XCHG"),
        CASE("\xF3\x41\x90", 3, 4, "XCHG"),
        CASE("\x0F\xC7\x08", 3, 8, "CMPXCHG8B"),
        CASE("\x48\x0F\xC7\x08", 4, 8, "CMPXCHG16B"),
        CASE("\x0F\x05", 2, 4, "SYSCALL"),
        CASE("\x48\x0F\x07", 3, 8, "SYSRET"),
        CASE("\x0F\x01\xF8", 3, 4, "SWAPGS"),
        CASE("\x0F\x01\xF9", 3, 4, "RDTSCP"),
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

START_TEST(gone_in_64_bit_mode)
{
    static const char opcodes[] =
        "\x06\x07\x0E\x16\x17\x1E\x1F\x27\x2F\x37\x3F\x60\x61\x62\x82\x9A\xC4\xC5\xCE\xD4\xD5"
        "\xEA";
    for (unsigned i = 0; i < sizeof opcodes - 1; i++) {
        struct insn insn = decode_at(&opcodes[i], 1, 0);
        ck_assert_msg(insn.fn == exec_undefined, "opcode %02X", (uint8_t)opcodes[i]);
    }
}
END_TEST

START_TEST(only_in_64_bit_mode)
{
    static const char *const forms[] = {"\x0F\x05", "\x0F\x07", "\x0F\x01\xF8"};
    struct decoder *decoder = decoder_new(cpu_model_find("max"));
    for (unsigned i = 0; i < 3; i++) {
        uint8_t padded[INSN_MAX_LENGTH] = {0};
        struct insn insn = {0};
        memcpy(padded, forms[i], strlen(forms[i]));
        decode_insn(decoder, MODE_32, padded, sizeof padded, &insn);
        ck_assert(insn.fn == exec_undefined);
    }
    decoder_free(decoder);
}
END_TEST

START_TEST(registers_with_rex)
{
    struct insn insn = DECODE("\x4D\x89\xC8"); /* MOV R8, R9 */
    ck_assert_uint_eq(insn.rm, GPR_R8);
    ck_assert_uint_eq(insn.reg, GPR_R9);
    insn = DECODE("\x40\x88\xE0"); /* MOV AL, SPL */
    ck_assert_uint_eq(insn.reg, GPR_SP);
    insn = DECODE("\x88\xE0"); /* MOV AL, AH */
    ck_assert_uint_eq(insn.reg, 16 + GPR_AX);
    insn = DECODE("\x41\x57"); /* PUSH R15 */
    ck_assert_uint_eq(insn.rm, GPR_R15);
    insn = DECODE("\x44\x0F\x20\xC0"); /* MOV RAX, CR8 */
    ck_assert_uint_eq(insn.reg, 8);
    insn = DECODE("\x44\x8C\xD0"); /* MOV EAX, SS: REX.R says nothing of segment registers */
    ck_assert_uint_eq(insn.reg, SEG_SS);
}
END_TEST

START_TEST(addressing)
{
    struct insn insn = DECODE("\x43\x8B\x44\xB5\x10"); /* [R13 + R14*4 + 16] */
    ck_assert_uint_eq(insn.base, GPR_R13);
    ck_assert_uint_eq(insn.index, GPR_R14);
    ck_assert_int_eq(insn.disp, 16);
    insn = DECODE("\x42\x8B\x04\x24"); /* [RSP + R12]: index 4 with REX.X is a register */
    ck_assert_uint_eq(insn.base, GPR_SP);
    ck_assert_uint_eq(insn.index, GPR_R12);
    ck_assert_uint_eq(insn.seg, SEG_SS);
    insn = DECODE("\x8B\x04\x25\xFF\xFF\xFF\xFF"); /* absolute, sign-extended */
    ck_assert_uint_eq(insn.base, GPR_ZERO);
    ck_assert_int_eq(insn.disp, -1);
    insn = DECODE("\x67\x8B\x01"); /* [ECX] */
    ck_assert_uint_eq(insn.addr_shift, 32);
    insn = DECODE("\x41\x8B\x45\x00"); /* [R13] is not relative to the stack segment */
    ck_assert_uint_eq(insn.seg, SEG_DS);
}
END_TEST

START_TEST(segment_overrides)
{
    ck_assert_uint_eq(DECODE("\x64\x8B\x01").seg, SEG_FS);
    ck_assert_uint_eq(DECODE("\x65\x8B\x01").seg, SEG_GS);
    ck_assert_uint_eq(DECODE("\x2E\x8B\x01").seg, SEG_DS);
    ck_assert_uint_eq(DECODE("\x3E\x8B\x45\x00").seg, SEG_SS);
    ck_assert_uint_eq(DECODE("\x64\x2E\x8B\x01").seg, SEG_FS); /* an ignored override does not undo one */
}
END_TEST

START_TEST(relative_to_rip)
{
    struct insn insn = DECODE_AT("\x8B\x05\x10\x00\x00\x00", 7);
    ck_assert_uint_eq(insn.base, GPR_RIP);
    ck_assert_int_eq(insn.disp, 16 + 7 + 6); /* from the trace's first byte */
    insn = DECODE_AT("\xC7\x05\x10\x00\x00\x00\x01\x02\x03\x04", 7);
    ck_assert_int_eq(insn.disp, 16 + 7 + 10); /* the immediate is part of the instruction */
    insn = DECODE_AT("\x0F\x01\x15\x10\x00\x00\x00", 7);
    ck_assert_int_eq(insn.disp, 16 + 7); /* LGDT, serial: from the instruction's first byte */
    insn = DECODE_AT("\x8B\x05\xFF\xFF\xFF\x7F", 7);
    ck_assert(insn.fn == exec_far_operand && insn.base == GPR_FAR);
    insn = DECODE("\x8B\x04\x25\x10\x00\x00\x00");
    ck_assert_uint_eq(insn.base, GPR_ZERO);
}
END_TEST

/* Counted from the trace's first byte they need not fit in 32 bits. */
START_TEST(branches_far_away)
{
    ck_assert_uint_eq(DECODE_AT("\xE9\xFF\xFF\xFF\x7F", 200).wide, UINT64_C(0x7FFFFFFF) + 200 + 5);
    ck_assert_uint_eq(DECODE_AT("\x0F\x84\x00\x00\x00\x80", 1).wide, UINT64_MAX - INT32_MAX + 1 + 6);
}
END_TEST

START_TEST(absolute_addresses)
{
    struct insn insn = DECODE("\xA1\x08\x07\x06\x05\x04\x03\x02\x01");
    ck_assert_uint_eq(insn.length, 9);
    ck_assert_uint_eq(insn.wide, UINT64_C(0x0102030405060708));
    ck_assert(insn.fn == exec_far_operand);
    ck_assert_uint_eq(insn_far_base(&insn, 0) + (uint64_t)(int64_t)insn.disp, insn.wide);
    insn = DECODE("\x67\xA1\x04\x03\x02\x81");
    ck_assert_uint_eq(insn.length, 6);
    ck_assert_int_eq(insn.disp, (int32_t)0x81020304);
    ck_assert_uint_eq(insn.addr_shift, 32);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {operand_sizes,      gone_in_64_bit_mode, only_in_64_bit_mode,
                                  registers_with_rex, addressing,          segment_overrides,
                                  relative_to_rip,    absolute_addresses,  branches_far_away};
    return suite_run("decode, 64-bit mode", tests, sizeof tests / sizeof tests[0]);
}
