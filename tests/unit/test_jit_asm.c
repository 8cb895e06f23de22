/* SPDX-License-Identifier: MIT */
/* The x86-64 assembler against encodings from the SDM. */
#include "jit/host/x86_64/asm.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

enum { ROOM = 2048, VIEW = 1024, MOST = 64 };

struct bench {
    uint8_t bytes[ROOM];
    struct assembler as;
};

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    t->as = (struct assembler){.at = t->bytes, .end = t->bytes + ROOM};
}

static void expect(struct bench *t, const char *hex)
{
    char text[3 * MOST + 1] = "";
    for (const uint8_t *at = t->bytes; at < t->as.at; at++)
        sprintf(text + strlen(text), "%s%02X", at == t->bytes ? "" : " ", *at);
    ck_assert_str_eq(text, hex);
    ck_assert(!t->as.full);
}

START_TEST(registers)
{
    static const struct {
        unsigned size, opcode, reg, rm;
        const char *hex;
    } cases[] = {
        {4, 0x01, RAX, RCX, "01 C1"},         {8, 0x01, R8, R15, "4D 01 C7"},
        {8, 0x01, RDI, R8, "49 01 F8"},       {8, 0x01, R8, RDI, "4C 01 C7"},
        {2, 0x89, RDX, R12, "66 41 89 D4"},   {1, 0x88, RSP, RBX, "88 E3"},
        {4, 0x0FB6, R10, RBX, "44 0F B6 D3"}, {2, 0x0FAF, RCX, R9, "66 41 0F AF C9"},
        {1, 0x84, RAX, RAX, "84 C0"},         {4, 0x0F3800, R9, RAX, "44 0F 38 00 C8"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench t;
        setup(&t);
        asm_rr(&t.as, cases[i].size, cases[i].opcode, cases[i].reg, cases[i].rm);
        expect(&t, cases[i].hex);
    }
}
END_TEST

START_TEST(memory)
{
    static const struct {
        unsigned size, reg;
        struct host_mem mem;
        const char *hex;
    } cases[] = {
        {4, RAX, {RCX, NO_REG, 0, 0}, "8B 01"},
        {4, RAX, {RBP, NO_REG, 0, 0}, "8B 45 00"},
        {4, RAX, {R13, NO_REG, 0, 0}, "41 8B 45 00"},
        {4, RAX, {RSP, NO_REG, 0, 0}, "8B 04 24"},
        {8, RBX, {R12, NO_REG, 0, 8}, "49 8B 5C 24 08"},
        {4, RAX, {RCX, NO_REG, 0, 127}, "8B 41 7F"},
        {4, RAX, {RCX, NO_REG, 0, -128}, "8B 41 80"},
        {4, RAX, {RCX, NO_REG, 0, 128}, "8B 81 80 00 00 00"},
        {4, RAX, {RCX, NO_REG, 0, -129}, "8B 81 7F FF FF FF"},
        {8, RAX, {R8, R9, 0, 0}, "4B 8B 04 08"},
        {8, RAX, {R13, R9, 3, 0}, "4B 8B 44 CD 00"},
        {4, R10, {RSI, RDI, 2, 4}, "44 8B 54 BE 04"},
        {4, RAX, {RBP, RAX, 1, 0}, "8B 44 45 00"},
        {4, RAX, {NO_REG, RCX, 2, 16}, "8B 04 8D 10 00 00 00"},
        {4, RAX, {NO_REG, R12, 0, 16}, "42 8B 04 25 10 00 00 00"},
        {4, RAX, {NO_REG, NO_REG, 0, 16}, "8B 04 25 10 00 00 00"},
        {4, RAX, {R12, RBP, 0, 0x1000}, "41 8B 84 2C 00 10 00 00"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench t;
        setup(&t);
        asm_load(&t.as, cases[i].size, cases[i].reg, cases[i].mem);
        expect(&t, cases[i].hex);
    }
}
END_TEST

START_TEST(moves)
{
    static const struct {
        unsigned to;
        uint64_t value;
        const char *hex;
    } cases[] = {
        {RAX, 0, "B8 00 00 00 00"},
        {R11, 0xFFFFFFFF, "41 BB FF FF FF FF"},
        {RAX, UINT64_MAX, "48 C7 C0 FF FF FF FF"},
        {R9, UINT64_C(0xFFFFFFFF80000000), "49 C7 C1 00 00 00 80"},
        {RDI, UINT64_C(0x100000000), "48 BF 00 00 00 00 01 00 00 00"},
        {R10, UINT64_C(0xFFFFFFFF7FFFFFFF), "49 BA FF FF FF 7F FF FF FF FF"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench t;
        setup(&t);
        asm_mov_imm(&t.as, cases[i].to, cases[i].value);
        expect(&t, cases[i].hex);
    }
}
END_TEST

START_TEST(stores)
{
    struct bench t;
    setup(&t);
    asm_store(&t.as, 1, mem_base(R15, -8), RDX);
    asm_store(&t.as, 2, mem_base(R15, -8), RDX);
    expect(&t, "41 88 57 F8 66 41 89 57 F8");
    setup(&t);
    asm_store_imm(&t.as, 1, mem_base(RAX, 0), -2);
    asm_store_imm(&t.as, 2, mem_base(RAX, 0), 0x1234);
    asm_store_imm(&t.as, 8, mem_base(RAX, 0), -1);
    expect(&t, "C6 00 FE 66 C7 00 34 12 48 C7 00 FF FF FF FF");
    setup(&t);
    asm_mov_rr(&t.as, 1, RAX, RCX);
    asm_mov_rr(&t.as, 8, RSI, R11);
    asm_lea(&t.as, 4, R8, mem_base(RDI, 3));
    expect(&t, "88 C8 4C 89 DE 44 8D 47 03");
}
END_TEST

/* Displacements are those of the executable view, whatever the distance of the two. */
START_TEST(jumps)
{
    struct bench t;
    setup(&t);
    t.as.to_exec = VIEW;
    const uint8_t *start = asm_here(&t.as);
    ck_assert_ptr_eq(start, t.bytes + VIEW);
    asm_jmp(&t.as, start);
    asm_jcc(&t.as, CC_NE, start);
    asm_call(&t.as, start + 0x100);
    uint8_t *later = asm_jcc(&t.as, CC_LE, NULL);
    expect(&t, "E9 FB FF FF FF 0F 85 F5 FF FF FF E8 F0 00 00 00 0F 8E 00 00 00 00");
    asm_patch(t.as.to_exec, later, asm_here(&t.as) + 5);
    ck_assert_uint_eq(t.as.at[-4], 5);
    asm_patch(t.as.to_exec, later, start);
    ck_assert_uint_eq(t.as.at[-4], 0xEA);
    ck_assert_uint_eq(t.as.at[-1], 0xFF);
}
END_TEST

START_TEST(jumps_back_are_short_where_they_reach)
{
    struct bench t;
    setup(&t);
    asm_jmp_back(&t.as, t.bytes);
    asm_jcc_back(&t.as, CC_NE, t.bytes);
    expect(&t, "EB FE 75 FC");
    const struct assembler far_away = {.at = t.bytes + 126, .end = t.bytes + ROOM};
    t.as = far_away;
    asm_jmp_back(&t.as, t.bytes);
    ck_assert_mem_eq(t.bytes + 126, "\xEB\x80", 2);
    asm_jcc_back(&t.as, CC_E, t.bytes);
    ck_assert_mem_eq(t.bytes + 128, "\x0F\x84\x7A\xFF\xFF\xFF", 6);
    asm_jmp_back(&t.as, t.bytes);
    ck_assert_mem_eq(t.bytes + 134, "\xE9\x75\xFF\xFF\xFF", 5);
}
END_TEST

START_TEST(a_full_buffer_stays_as_it_is)
{
    struct bench t;
    setup(&t);
    t.as.end = t.bytes + 3;
    asm_imm32(&t.as, 0x11223344);
    ck_assert(t.as.full);
    ck_assert_uint_eq(t.bytes[2], 0x22);
    ck_assert_uint_eq(t.bytes[3], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {registers,
                                  memory,
                                  moves,
                                  stores,
                                  jumps,
                                  jumps_back_are_short_where_they_reach,
                                  a_full_buffer_stays_as_it_is};
    return suite_run("assembler", tests, sizeof tests / sizeof tests[0]);
}
