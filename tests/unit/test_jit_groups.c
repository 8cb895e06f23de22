/* SPDX-License-Identifier: MIT */
/* Look-ups that several operands share, flags that blocks inherit, instructions across a page's end. */
#include "core/base/error.h"
#include "core/x86/flags.h"
#include "jit/block.h"
#include "jit/check.h"
#include "jit/pass_share.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

struct bench {
    struct cpu_fixture f;
    struct jit *jit;
};

static void setup_at(struct bench *t, const uint8_t *code, unsigned size, uint32_t at, uint32_t threshold)
{
    struct error err = {{0}};
    protected_fixture_init_model(&t->f, "pentium4");
    t->jit = jit_new(t->f.cpu, &(struct jit_options){.threshold = threshold}, &err);
    ck_assert_msg(t->jit, "%s", err.text);
    cpu_fixture_load(&t->f, at, code, size);
    t->f.cpu->rip = at;
}

static void setup(struct bench *t, const uint8_t *code, unsigned size, uint32_t at)
{
    setup_at(t, code, size, at, 0);
}

static void finish(struct bench *t)
{
    struct error err = {{0}};
    ck_assert_msg(jit_check(t->jit, &err), "%s", err.text);
    jit_free(t->jit);
    cpu_fixture_free(&t->f);
}

static struct jit_block *block_at(const struct bench *t, uint32_t rip)
{
    struct jit_block *found = NULL;
    for (unsigned i = 0; i < t->jit->context_count && !found; i++)
        found = jit_find_block(t->jit, rip, rip, &t->jit->contexts[i]);
    return found;
}

/* --- Groups -----------------------------------------------------------------------------------------------
 */

/* Three operands within 12 bytes of EBX. */
static const uint8_t frame[] = {
    0x8B, 0x03,       /* 0: mov eax,[ebx] */
    0x03, 0x43, 0x04, /*    add eax,[ebx+4] */
    0x89, 0x43, 0x08, /*    mov [ebx+8],eax */
    0xEB, 0xF6,       /*    jmp 0 */
};

enum { FRAME_INSNS = 4, DATA = 0x20000 };

static void run_frame(struct bench *t, uint32_t at, unsigned rounds)
{
    t->f.cpu->gpr[GPR_BX] = at;
    cpu_fixture_poke(&t->f, at, 4, 0x11111111);
    cpu_fixture_poke(&t->f, at + 4, 4, 0x22222222);
    cpu_fixture_poke(&t->f, at + 8, 4, 0);
    t->f.cpu->rip = PF_CODE;
    cpu_fixture_run(&t->f, (uint64_t)rounds * FRAME_INSNS);
    ck_assert_uint_eq(cpu_fixture_peek(&t->f, at + 8, 4), 0x33333333);
}

START_TEST(operands_in_one_page_share_a_look_up)
{
    struct bench t;
    setup(&t, frame, sizeof frame, PF_CODE);
    run_frame(&t, DATA + 0x123, 100);
    const struct jit_block *block = block_at(&t, PF_CODE);
    ck_assert(block);
    ck_assert_uint_eq(block->lost, 0);
    ck_assert_uint_eq(block->part[0].source->apart, SHARE_LOOSELY);
    finish(&t);
}
END_TEST

START_TEST(operands_over_a_page_s_end_are_looked_up_one_by_one)
{
    struct bench t;
    setup(&t, frame, sizeof frame, PF_CODE);
    for (uint32_t at = DATA + MEM_PAGE_SIZE - 12; at <= DATA + MEM_PAGE_SIZE; at++)
        run_frame(&t, at, 50);
    const struct jit_block *block = block_at(&t, PF_CODE);
    ck_assert(block);
    ck_assert_uint_eq(block->part[0].source->apart, SHARE_NOTHING);
    finish(&t);
}
END_TEST

/* As on a stack that a frame over a page's end is seldom on. */
START_TEST(a_page_s_end_met_seldom_changes_nothing)
{
    enum { THRESHOLD = 1, TIMES = 43 /* more than make a block anew */, BETWEEN = 1000 };
    struct bench t;
    setup_at(&t, frame, sizeof frame, PF_CODE, THRESHOLD);
    for (unsigned i = 0; i < TIMES; i++) {
        run_frame(&t, DATA + 0x100, BETWEEN);
        run_frame(&t, DATA + MEM_PAGE_SIZE - 4, 1);
    }
    ck_assert_uint_gt(TIMES, jit_exit_heat(t.jit));
    ck_assert(block_at(&t, PF_CODE));
    ck_assert_uint_eq(block_at(&t, PF_CODE)->part[0].source->apart, SHARE_LOOSELY);
    ck_assert(!block_at(&t, PF_CODE)->part[0].source->each_pass);
    for (unsigned i = 0; i < jit_exit_heat(t.jit) + 10u; i++)
        run_frame(&t, DATA + MEM_PAGE_SIZE - 4, 1);
    ck_assert(block_at(&t, PF_CODE)->part[0].source->each_pass);
    ck_assert_uint_eq(block_at(&t, PF_CODE)->part[0].source->apart, SHARE_LOOSELY);
    for (unsigned i = 0; i < jit_exit_heat(t.jit) + 2u; i++)
        run_frame(&t, DATA + MEM_PAGE_SIZE - 4, 1);
    ck_assert_uint_eq(block_at(&t, PF_CODE)->part[0].source->apart, SHARE_CLOSELY);
    finish(&t);
}
END_TEST

/* An index that could lead into the next page and does not. */
START_TEST(an_index_that_stays_small_needs_no_handler)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xCA, /* 0: movzx ecx,dl */
        0x33, 0x04, 0x8B, /*    xor eax,[ebx+ecx*4] */
        0xEB, 0xF8,       /*    jmp 0 */
    };
    enum { INSNS = 3, ROUNDS = 1000 };
    struct bench t;
    setup(&t, code, sizeof code, PF_CODE);
    t.f.cpu->gpr[GPR_BX] = DATA + MEM_PAGE_SIZE - 512;
    t.f.cpu->gpr[GPR_DX] = 3;
    cpu_fixture_run(&t.f, (uint64_t)INSNS * ROUNDS);
    const struct jit_block *block = block_at(&t, PF_CODE);
    ck_assert(block);
    ck_assert_uint_eq(block->part[0].source->apart, SHARE_CLOSELY);
    ck_assert_uint_lt(jit_get_stats(t.jit)->calls + jit_get_stats(t.jit)->entries, ROUNDS / 10);
    finish(&t);
}
END_TEST

/* The first operand's handler moves the register that the group hangs on; ECX still has its value. */
START_TEST(a_group_outlives_the_register_that_it_began_with)
{
    static const uint8_t code[] = {
        0x89, 0xD9,       /* 0: mov ecx,ebx */
        0x8B, 0x1B,       /*    mov ebx,[ebx] */
        0x8B, 0x41, 0x04, /*    mov eax,[ecx+4] */
        0x89, 0xCB,       /*    mov ebx,ecx */
        0xEB, 0xF5,       /*    jmp 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code, PF_CODE);
    for (unsigned page = 0; page < 8; page++) { /* each finds the TLB without its page */
        uint32_t at = DATA + page * MEM_PAGE_SIZE;
        cpu_fixture_poke(&t.f, at, 4, 5);
        cpu_fixture_poke(&t.f, at + 4, 4, page + 7);
        t.f.cpu->gpr[GPR_BX] = at;
        t.f.cpu->rip = PF_CODE;
        cpu_fixture_run(&t.f, 20);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], page + 7);
    }
    ck_assert(block_at(&t, PF_CODE));
    finish(&t);
}
END_TEST

START_TEST(an_index_of_one_byte_stays_in_the_group)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xCA,       /* 0: movzx ecx,dl */
        0x33, 0x04, 0x8B,       /*    xor eax,[ebx+ecx*4] */
        0x03, 0x83, 0x00, 0x01, /*    add eax,[ebx+100h] */
        0x00, 0x00, 0xFE, 0xC2, /*    inc dl */
        0xEB, 0xF0,             /*    jmp 0 */
    };
    enum { INSNS = 5, ENTRIES = 256 };
    struct bench t;
    for (unsigned shift = 0; shift <= 1; shift++) { /* within a page, and across an end */
        uint32_t table = DATA + shift * (MEM_PAGE_SIZE - 512), expected = 0;
        setup(&t, code, sizeof code, PF_CODE);
        for (uint32_t i = 0; i < ENTRIES; i++)
            cpu_fixture_poke(&t.f, table + 4 * i, 4, i * 0x9E3779B1u);
        for (uint32_t i = 0; i < ENTRIES; i++)
            expected = (expected ^ i * 0x9E3779B1u) + 0x40 * 0x9E3779B1u;
        t.f.cpu->gpr[GPR_AX] = t.f.cpu->gpr[GPR_DX] = 0;
        t.f.cpu->gpr[GPR_BX] = table;
        cpu_fixture_run(&t.f, INSNS * ENTRIES);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], expected);
        finish(&t);
    }
}
END_TEST

/* Runs code that ends with a JMP to itself, EBX and ECX being as said. */
static void run_once(struct bench *t, const uint8_t *code, unsigned size, uint32_t cx)
{
    setup(t, code, size, PF_CODE);
    t->f.cpu->gpr[GPR_BX] = DATA;
    t->f.cpu->gpr[GPR_CX] = cx;
    cpu_fixture_run(&t->f, 20);
    ck_assert_uint_gt(jit_get_stats(t->jit)->entries, 0);
}

/* The host cannot name CH beside the register that holds the place. */
START_TEST(an_index_whose_high_byte_is_an_operand_finds_its_place)
{
    static const uint8_t loads[] = {
        0x0F, 0xB6, 0xC9,                         /* movzx ecx,cl */
        0xC7, 0x04, 0x8B, 0x5D, 0x6C, 0x7B, 0x8A, /* mov dword [ebx+ecx*4],8A7B6C5Dh */
        0x02, 0x2C, 0x8B, 0xEB, 0xFE,             /* add ch,[ebx+ecx*4]; jmp to itself */
    };
    static const uint8_t stores[] = {
        0x81, 0xE1, 0x0F, 0x01, 0x00, 0x00, /* and ecx,10Fh */
        0x00, 0x2C, 0x0B,                   /* add [ebx+ecx],ch */
        0x88, 0x6C, 0x0B, 0x01, 0xEB, 0xFE, /* mov [ebx+ecx+1],ch; jmp to itself */
    };
    struct bench t;
    run_once(&t, loads, sizeof loads, 2);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], 0x5D02);
    finish(&t);
    run_once(&t, stores, sizeof stores, 0x102);
    ck_assert_uint_eq(cpu_fixture_peek(&t.f, DATA + 0x102, 2), 0x0101);
    finish(&t);
}
END_TEST

START_TEST(an_index_that_is_exchanged_finds_its_place)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xC9,                         /* movzx ecx,cl */
        0xC7, 0x04, 0x8B, 0x5D, 0x6C, 0x7B, 0x00, /* mov dword [ebx+ecx*4],7B6C5Dh */
        0x0F, 0xC1, 0x0C, 0x8B, 0xEB, 0xFE,       /* xadd [ebx+ecx*4],ecx; jmp to itself */
    };
    struct bench t;
    run_once(&t, code, sizeof code, 2);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], 0x7B6C5D);
    ck_assert_uint_eq(cpu_fixture_peek(&t.f, DATA + 8, 4), 0x7B6C5F);
    ck_assert_uint_eq(cpu_get_eflags(t.f.cpu), EFLAGS_FIXED | EFLAGS_PF);
    finish(&t);
}
END_TEST

START_TEST(an_index_can_misalign_what_must_be_aligned)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xC9,       /* 0: movzx ecx,cl */
        0x0F, 0x54, 0x04, 0x8B, /*    andps xmm0,[ebx+ecx*4] */
        0x41, 0x83, 0xF9, 0x05, /*    inc ecx; cmp ecx,5 */
        0x75, 0xF3,             /*    jne 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code, PF_CODE);
    t.f.cpu->cr4 |= CR4_OSFXSR;
    cpu_derive(t.f.cpu);
    cpu_fixture_gate(&t.f, PF_IDT + 8 * VECTOR_GP, 0x8E, SEL_CODE0, PF_CODE + 0x100, 0);
    cpu_fixture_load(&t.f, PF_CODE + 0x100, (const uint8_t[]){0xEB, 0xFE}, 2); /* jmp to itself */
    t.f.cpu->gpr[GPR_BX] = DATA;
    t.f.cpu->gpr[GPR_CX] = 4;
    cpu_fixture_run(&t.f, 20);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], 5);
    t.f.cpu->gpr[GPR_CX] = 1;
    t.f.cpu->rip = PF_CODE;
    cpu_fixture_run(&t.f, 20);
    ck_assert_uint_eq(t.f.cpu->rip, PF_CODE + 0x100);
    finish(&t);
}
END_TEST

/* --- Inherited flags --------------------------------------------------------------------------------------
 */

START_TEST(an_exit_taken_often_hands_on_its_flags)
{
    static const uint8_t code[] = {
        0x03, 0x03,             /* 0: add eax,[ebx] */
        0x83, 0xC1, 0x01,       /*    add ecx,1 */
        0x81, 0xF9, 0x64, 0x00, /*    cmp ecx,100 */
        0x00, 0x00, 0x75, 0xF3, /*    jne 0 */
        0xEB, 0xFE,             /*    jmp here */
    };
    struct bench t;
    setup(&t, code, sizeof code, PF_CODE);
    t.f.cpu->gpr[GPR_BX] = DATA;
    cpu_fixture_poke(&t.f, DATA, 4, 3);
    cpu_fixture_run(&t.f, 4 * 50);
    const struct jit_block *block = block_at(&t, PF_CODE);
    ck_assert(block);
    bool handed_on = false;
    const struct jit_exit *exit = jit_first_exit(block);
    for (unsigned i = 0; i < block->exit_count; i++, exit = jit_next_exit(exit)) {
        const struct jit_block *target = jit_block_at(t.jit, exit->target);
        handed_on |= jit_handed_on(exit).code == IR_CMP && target && jit_inherited(target).code == IR_CMP;
    }
    ck_assert(handed_on);
    ck_assert_uint_eq(flags_get_oszapc(t.f.cpu) & (EFLAGS_ZF | EFLAGS_CF), EFLAGS_CF); /* 50 against 100 */
    cpu_fixture_run(&t.f, 4 * 50);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 300);
    ck_assert_uint_eq(flags_get_oszapc(t.f.cpu) & (EFLAGS_ZF | EFLAGS_CF), EFLAGS_ZF);
    finish(&t);
}
END_TEST

/* The carry from before the loop shows behind it: DEC keeps it. */
START_TEST(steps_hand_on_the_carry)
{
    static const uint8_t code[] = {
        0x83, 0xC2, 0xFF, /* 0: add edx,-1: carry */
        0x49,             /* 3: dec ecx */
        0x75, 0xFD,       /*    jne 3 */
        0x83, 0xD0, 0x00, /*    adc eax,0 */
        0xEB, 0xFE,       /*    jmp here */
    };
    struct bench t;
    setup(&t, code, sizeof code, PF_CODE);
    t.f.cpu->gpr[GPR_DX] = 5;
    t.f.cpu->gpr[GPR_CX] = 500;
    cpu_fixture_run(&t.f, 1 + 2 * 500 + 1);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 1);
    finish(&t);
}
END_TEST

/* --- Page edges -------------------------------------------------------------------------------------------
 */

START_TEST(a_loop_over_a_page_s_end_stays_translated)
{
    static const uint8_t code[] = {
        0x90,                               /* FFB: nop */
        0x81, 0xC1, 0x01, 0x00, 0x00, 0x00, /* FFC: add ecx,1 */
        0x90,                               /* 1002: nop */
        0xEB, 0xF6,                         /* 1003: jmp FFB */
    };
    enum { LOOPS = 1000, INSNS = 4, EDGE = PF_CODE + MEM_PAGE_SIZE };
    struct bench t;
    setup(&t, code, sizeof code, EDGE - 5);
    cpu_fixture_run(&t.f, LOOPS * INSNS);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], LOOPS);
    ck_assert_uint_eq(t.f.cpu->rip, EDGE - 5);
    ck_assert_uint_lt(jit_get_stats(t.jit)->entries, 20);
    cpu_fixture_poke(&t.f, EDGE, 1, 0x10); /* now it adds 100001h */
    t.f.cpu->gpr[GPR_CX] = 0;
    cpu_fixture_run(&t.f, INSNS);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], 0x100001);
    finish(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        operands_in_one_page_share_a_look_up,
        operands_over_a_page_s_end_are_looked_up_one_by_one,
        a_page_s_end_met_seldom_changes_nothing,
        an_index_that_stays_small_needs_no_handler,
        a_group_outlives_the_register_that_it_began_with,
        an_index_of_one_byte_stays_in_the_group,
        an_index_whose_high_byte_is_an_operand_finds_its_place,
        an_index_that_is_exchanged_finds_its_place,
        an_index_can_misalign_what_must_be_aligned,
        an_exit_taken_often_hands_on_its_flags,
        steps_hand_on_the_carry,
        a_loop_over_a_page_s_end_stays_translated,
    };
    return suite_run("groups", tests, sizeof tests / sizeof tests[0]);
}
