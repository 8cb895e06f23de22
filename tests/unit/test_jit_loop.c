/* SPDX-License-Identifier: MIT */
/* Blocks that lead to their own start, whose look-ups outlive a pass: groups that stay and groups that move.
 */
#include <string.h>

#include "jit/jit.h"
#include "tests/support/engine_pair.h"
#include "tests/support/suite.h"

enum { PASSES = 40 /* more than make a region */, LAST = DATA + DATA_PAGES * MEM_PAGE_SIZE };

/* --- Groups that stay -------------------------------------------------------------------------------------
 */

static const uint8_t staying[] = {
    0x01, 0x0B,       /* 0: add [ebx],ecx */
    0x8B, 0x43, 0x08, /*    mov eax,[ebx+8] */
    0x33, 0x07,       /*    xor eax,[edi] */
    0x89, 0x43, 0x04, /*    mov [ebx+4],eax */
    0x49,             /*    dec ecx */
    0x75, 0xF3,       /*    jnz 0 */
    0xEB, 0xF1,       /*    jmp 0 */
};

START_TEST(what_stays_is_looked_up_ahead)
{
    struct engine_pair p;
    pair_begin(&p, staying, sizeof staying);
    pair_run(&p, 6 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    uint64_t entries = jit_get_stats(p.jit)->entries, calls = jit_get_stats(p.jit)->calls;
    pair_run(&p, 6000);
    ck_assert_uint_le(jit_get_stats(p.jit)->entries - entries, 2);
    ck_assert_uint_eq(jit_get_stats(p.jit)->calls, calls);
    pair_finish(&p);
}
END_TEST

START_TEST(what_stays_may_end_anywhere)
{
    static const uint32_t bases[] = {DATA + 0x100, DATA + 0xFF4, DATA + 0xFF5, DATA + 0xFF8, DATA + 0x1000};
    for (unsigned i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct engine_pair p;
        pair_begin(&p, staying, sizeof staying);
        pair_run_in_slices(&p, 400);
        pair_set(&p, GPR_BX, bases[i]);
        pair_run_in_slices(&p, 400);
        pair_set(&p, GPR_DI, bases[i]);
        pair_set(&p, GPR_CX, 30);
        pair_run_in_slices(&p, 1000);
        pair_finish(&p);
    }
}
END_TEST

/* The register changes and is what it was. */
START_TEST(a_base_that_comes_back_stays)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* 0: mov eax,[ebx] */
        0x83, 0xC3, 0x20, /*    add ebx,20h */
        0x31, 0x03,       /*    xor [ebx],eax */
        0x83, 0xEB, 0x20, /*    sub ebx,20h */
        0xEB, 0xF4,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 5 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_finish(&p);
}
END_TEST

/* In each pass it is another. */
START_TEST(a_base_that_changes_does_not_stay)
{
    static const uint8_t code[] = {
        0x03, 0x03, /* 0: add eax,[ebx] */
        0x87, 0xDE, /*    xchg ebx,esi */
        0x01, 0x07, /*    add [edi],eax */
        0xEB, 0xF8, /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 4 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_finish(&p);
}
END_TEST

/* The table's index has few values, others in each pass. */
START_TEST(a_loose_index_goes_round)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xC8,       /* 0: movzx ecx,al */
        0x33, 0x04, 0x8B,       /*    xor eax,[ebx+ecx*4] */
        0x0F, 0xB6, 0xCC,       /*    movzx ecx,ah */
        0x03, 0x44, 0x8B, 0x04, /*    add eax,[ebx+ecx*4+4] */
        0xEB, 0xF1,             /*    jmp 0 */
    };
    static const uint32_t bases[] = {DATA + 0x100, DATA + 0xBFC, DATA + 0xC00};
    for (unsigned i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct engine_pair p;
        pair_begin(&p, code, sizeof code);
        pair_run_in_slices(&p, 5 * PASSES);
        ck_assert(pair_keeps(&p, MODE_32));
        pair_set(&p, GPR_BX, bases[i]);
        pair_run_in_slices(&p, 20 * PASSES);
        pair_finish(&p);
    }
}
END_TEST

/* Flags of the comparison are handed round without a recipe; a slow store looks at them. */
START_TEST(flags_go_round_with_what_stays)
{
    static const uint8_t code[] = {
        0x8B, 0x03,                   /* 0: mov eax,[ebx] */
        0xBA, 0x00, 0x08, 0x01, 0x00, /*    mov edx,10800h */
        0x89, 0x02,                   /*    mov [edx],eax */
        0x83, 0xC1, 0x05,             /*    add ecx,5 */
        0x83, 0xF9, 0x64,             /*    cmp ecx,100 */
        0x75, 0xEF,                   /*    jne 0 */
        0x31, 0xC9,                   /*    xor ecx,ecx */
        0xEB, 0xEB,                   /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_set(&p, GPR_CX, 0);
    pair_run_in_slices(&p, 6 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_set(&p, GPR_BX, DATA + 0xFFE); /* is not found ahead */
    pair_run_in_slices(&p, 6 * PASSES);
    pair_finish(&p);
}
END_TEST

/* A handler between them ends groups; absolute addresses are the same before and behind it. */
START_TEST(nothing_stays_over_a_handler)
{
    static const uint8_t code[] = {
        0xA1, 0x10, 0x00, 0x02, 0x00,       /* 0: mov eax,[20010h] */
        0x27,                               /*    daa */
        0x03, 0x05, 0x10, 0x40, 0x02, 0x00, /*    add eax,[24010h] */
        0xA3, 0x20, 0x40, 0x02, 0x00,       /*    mov [24020h],eax */
        0xEB, 0xED,                         /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 5 * PASSES);
    ck_assert(!pair_keeps(&p, MODE_32));
    pair_finish(&p);
}
END_TEST

/* The outer loop, too, leads to its own start. */
START_TEST(a_loop_in_a_loop)
{
    static const uint8_t code[] = {
        0xB9, 0x05, 0x00, 0x00, 0x00, /* 0: mov ecx,5 */
        0x01, 0x03,                   /* 5: add [ebx],eax */
        0x03, 0x43, 0x04,             /*    add eax,[ebx+4] */
        0x49,                         /*    dec ecx */
        0x75, 0xF8,                   /*    jnz 5 */
        0x29, 0x07,                   /*    sub [edi],eax */
        0xEB, 0xEF,                   /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 4000);
    pair_finish(&p);
}
END_TEST

/* --- Groups that move ------------------------------------------------------------------------------------
 */

struct walk {
    unsigned size;
    uint8_t code[32];
};

/* ADD EAX,[EBX+low]; MOV [EBX+high],EAX; ADD EBX,stride; JMP */
static struct walk make_walk(uint32_t low, uint32_t high, int32_t stride)
{
    struct walk walk = {.size = 20,
                        .code = {0x03, 0x83, [6] = 0x89, 0x83, [12] = 0x81, 0xC3, [18] = 0xEB, 0xEC}};
    memcpy(walk.code + 2, &low, 4);
    memcpy(walk.code + 8, &high, 4);
    memcpy(walk.code + 14, &stride, 4);
    return walk;
}

/* From where a group that goes up or down has pages before it. */
static uint32_t start_of(int32_t stride, uint32_t offset)
{
    return stride < 0 ? LAST - MEM_PAGE_SIZE + offset : DATA + offset;
}

static unsigned passes_of(int32_t stride)
{
    unsigned step = (unsigned)(stride < 0 ? -stride : stride), passes = 13 * MEM_PAGE_SIZE / step;
    return passes < 1300 ? passes : 1300;
}

static void walk(int32_t stride, uint32_t high)
{
    struct walk walk = make_walk(0, high, stride);
    struct engine_pair p;
    pair_begin(&p, walk.code, walk.size);
    pair_set(&p, GPR_BX, start_of(stride, 0));
    pair_run(&p, 4 * 9);
    for (uint32_t offset = 0; offset < 16; offset += 5) {
        pair_set(&p, GPR_BX, start_of(stride, offset));
        pair_run_from(&p, PF_CODE, 4 * passes_of(stride));
    }
    pair_finish(&p);
}

START_TEST(what_moves_up_or_down_is_found_in_each_page)
{
    static const int32_t strides[] = {1, 3, 4, 8, 12, 31, 64, 1000, 1024, 1025, 4096, 5000};
    for (unsigned i = 0; i < sizeof strides / sizeof strides[0]; i++)
        for (uint32_t high = 0; high <= 60; high += 60) {
            walk(strides[i], high);
            walk(-strides[i], high);
        }
}
END_TEST

START_TEST(what_moves_is_kept_up_to_a_stride)
{
    static const struct {
        int32_t stride;
        bool kept;
    } cases[] = {{4, true}, {-4, true}, {1024, true}, {-1024, true}, {1025, false}, {-1025, false}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct walk walk = make_walk(0, 4, cases[i].stride);
        struct engine_pair p;
        pair_begin(&p, walk.code, walk.size);
        pair_set(&p, GPR_BX, start_of(cases[i].stride, 512)); /* in no page's end for long */
        pair_run(&p, 4 * PASSES);
        ck_assert_int_eq(pair_keeps(&p, MODE_32), cases[i].kept);
        pair_finish(&p);
    }
}
END_TEST

/* A page has all passes but one. */
START_TEST(what_moves_is_looked_up_once_a_page)
{
    struct walk walk = make_walk(0, 4, 4);
    struct engine_pair p;
    pair_begin(&p, walk.code, walk.size);
    pair_set(&p, GPR_BX, DATA);
    pair_run(&p, 4 * PASSES);
    uint64_t entries = jit_get_stats(p.jit)->entries;
    pair_set(&p, GPR_BX, DATA);
    pair_run_from(&p, PF_CODE, 4 * 10 * 1024);
    ck_assert(pair_keeps(&p, MODE_32));
    ck_assert_uint_le(jit_get_stats(p.jit)->entries - entries, 2 * 10 + 2);
    ck_assert_uint_ge(jit_get_stats(p.jit)->entries - entries, 10);
    pair_finish(&p);
}
END_TEST

/* Two pointers, and an index that is scaled. */
START_TEST(two_groups_move_by_themselves)
{
    static const uint8_t copy[] = {
        0x8A, 0x06, /* 0: mov al,[esi] */
        0x88, 0x07, /*    mov [edi],al */
        0x46,       /*    inc esi */
        0x4F,       /*    dec edi */
        0x49,       /*    dec ecx */
        0x75, 0xF7, /*    jnz 0 */
        0xEB, 0xF5, /*    jmp 0 */
    };
    static const uint8_t scaled[] = {
        0x8B, 0x04, 0x8B,       /* 0: mov eax,[ebx+ecx*4] */
        0x29, 0x04, 0x4E,       /*    sub [esi+ecx*2],eax */
        0x83, 0xE9, 0x03,       /*    sub ecx,3 */
        0x75, 0xF5,             /*    jnz 0 */
        0xB9, 0x00, 0x09, 0x00, /*    mov ecx,900h */
        0x00, 0xEB, 0xEE,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, copy, sizeof copy);
    pair_set(&p, GPR_SI, DATA + 0x2F80);
    pair_set(&p, GPR_DI, DATA + 0x6F80);
    pair_run(&p, 6 * 5000);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_finish(&p);
    pair_begin(&p, scaled, sizeof scaled);
    pair_set(&p, GPR_CX, 0x900);
    pair_set(&p, GPR_SI, DATA + 0x8004);
    pair_run(&p, 4 * 2000);
    pair_run_in_slices(&p, 4 * 800);
    pair_finish(&p);
}
END_TEST

START_TEST(what_moves_ends_at_an_absent_page)
{
    static const int32_t strides[] = {4, 12, -4, -12};
    for (unsigned i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        struct walk walk = make_walk(0, 8, strides[i]);
        struct engine_pair p;
        pair_begin(&p, walk.code, walk.size);
        for (unsigned round = 0; round < 4; round++) {
            pair_set(&p, GPR_BX, strides[i] < 0 ? ABSENT + 0x1100 : ABSENT - 0x100);
            pair_run_from(&p, PF_CODE, 4);
            pair_run_in_slices(&p, 4 * 90);
            ck_assert_uint_eq(p.translated.cpu->rip, FAULT_CODE);
            ck_assert_uint_eq(p.translated.cpu->cr2, p.interpreted.cpu->cr2);
        }
        pair_finish(&p);
    }
}
END_TEST

/* The fault, which the look-up ahead of a pass foresees, shows the comparison's flags. */
START_TEST(flags_handed_round_are_there_at_a_fault)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* 0: mov eax,[ebx] */
        0x83, 0xC3, 0x04, /*    add ebx,4 */
        0x83, 0xC1, 0x0D, /*    add ecx,13 */
        0x83, 0xF9, 0x64, /*    cmp ecx,100 */
        0x75, 0xF3,       /*    jne 0 */
    };
    for (uint32_t passes = 20; passes < 60; passes++) {
        struct engine_pair p;
        pair_begin(&p, code, sizeof code);
        pair_set(&p, GPR_CX, passes * 7);
        pair_set(&p, GPR_BX, ABSENT - 4 * passes);
        pair_run(&p, 5 * 70);
        ck_assert_uint_eq(p.translated.cpu->rip, FAULT_CODE);
        ck_assert(pair_keeps(&p, MODE_32));
        pair_finish(&p);
    }
}
END_TEST

/* The interpreter executes the first of two parts where an operand is in two pages. */
START_TEST(a_part_behind_the_first_is_not_counted_where_that_is_left)
{
    static const uint8_t code[] = {
        0x03, 0x03,       /* 0: add eax,[ebx] */
        0x83, 0xC3, 0x04, /*    add ebx,4 */
        0xEB, 0x00,       /*    jmp 7 */
        0x31, 0xC1,       /* 7: xor ecx,eax */
        0x41,             /*    inc ecx */
        0xEB, 0xF4,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_set(&p, GPR_BX, DATA + 0x102);
    pair_run(&p, 6 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    for (unsigned i = 0; i < 100; i++)
        pair_run(&p, 6 * 90 + i % 7);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_finish(&p);
}
END_TEST

/* The loop could be one from each of its parts on. Where its group is in two pages, none of them is tried
 * before the pass is over. */
START_TEST(a_pass_over_a_page_s_end_is_interpreted_whole)
{
    static const uint8_t code[] = {
        0x8B, 0x08, 0x83, 0xC0, 0x04,
        0x85, 0xC9, 0x74, 0x1D, /* 00: mov ecx,[eax]; add eax,4; test ecx,ecx; jz 26 */
        0x8B, 0x08, 0x83, 0xC0, 0x04,
        0x85, 0xC9, 0x74, 0x14, /* 09: the same */
        0x8B, 0x08, 0x83, 0xC0, 0x04,
        0x85, 0xC9, 0x74, 0x0B, /* 12: the same */
        0x8B, 0x08, 0x83, 0xC0, 0x04,
        0x85, 0xC9, 0x74, 0x02, /* 1B: the same */
        0xEB, 0xDA,             /* 24: jmp 00 */
        0xEB, 0xFE,             /* 26: jmp here */
    };
    enum { PASS = 17, PAGES = DATA_PAGES - 2, SWEEP = PAGES * 256 * PASS };
    uint64_t entries = 0;
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    for (unsigned round = 0; round < 12; round++) {
        entries = jit_get_stats(p.jit)->entries;
        pair_set(&p, GPR_AX, DATA + 8);
        pair_run_from(&p, PF_CODE, SWEEP);
    }
    ck_assert(pair_keeps(&p, MODE_32));
    ck_assert_uint_le(jit_get_stats(p.jit)->entries - entries, PAGES + 4);
    pair_finish(&p);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_stays_is_looked_up_ahead,
        what_stays_may_end_anywhere,
        a_base_that_comes_back_stays,
        a_base_that_changes_does_not_stay,
        a_loose_index_goes_round,
        flags_go_round_with_what_stays,
        nothing_stays_over_a_handler,
        a_loop_in_a_loop,
        what_moves_up_or_down_is_found_in_each_page,
        what_moves_is_kept_up_to_a_stride,
        what_moves_is_looked_up_once_a_page,
        two_groups_move_by_themselves,
        what_moves_ends_at_an_absent_page,
        flags_handed_round_are_there_at_a_fault,
        a_part_behind_the_first_is_not_counted_where_that_is_left,
        a_pass_over_a_page_s_end_is_interpreted_whole,
    };
    return suite_run("loop", tests, sizeof tests / sizeof tests[0]);
}
