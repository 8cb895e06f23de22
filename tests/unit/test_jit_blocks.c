/* SPDX-License-Identifier: MIT */
/* Life of translated blocks: linked, killed, found again in other address spaces, cut short by the horizon,
 * thrown away when memory for them runs out, and not made at all where the host refuses. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "devices/pc/machine_private.h"
#include "jit/block.h"
#include "jit/check.h"
#include "jit/heat.h"
#include "jit/room.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

struct bench {
    struct cpu_fixture f;
    struct jit *jit;
};

static void setup_with(struct bench *t, const struct jit_options *options)
{
    struct error err = {{0}};
    protected_fixture_init(&t->f);
    t->jit = jit_new(t->f.cpu, options, &err);
    ck_assert_msg(t->jit, "%s", err.text);
}

static void setup(struct bench *t)
{
    setup_with(t, &(struct jit_options){0});
}

static void finish(struct bench *t)
{
    jit_free(t->jit);
    cpu_fixture_free(&t->f);
}

static void check(const struct bench *t)
{
    struct error err = {{0}};
    ck_assert_msg(jit_check(t->jit, &err), "%s", err.text);
}

static void start(struct bench *t, uint32_t rip)
{
    t->f.cpu->rip = rip;
}

static struct jit_block *block_at(const struct bench *t, uint32_t rip)
{
    struct jit_block *found = NULL;
    for (unsigned i = 0; i < t->jit->context_count && !found; i++)
        found = jit_find_block(t->jit, rip, rip, &t->jit->contexts[i]);
    return found;
}

/* Where a block's first exit is linked to. */
static const struct jit_block *linked_to(const struct bench *t, const struct jit_block *block)
{
    return jit_block_at(t->jit, jit_first_exit(block)->target);
}

/* --- Links ------------------------------------------------------------------------------------------------
 */

static const uint8_t two_blocks[] = {
    0x40,             /* 0: inc eax */
    0xEB, 0x02,       /*    jmp 5 */
    0x90, 0x90,       /* 3: nop, nop */
    0x83, 0xC3, 0x02, /* 5: add ebx,2 */
    0xEB, 0xF6,       /*    jmp 0 */
};

START_TEST(blocks_that_follow_each_other_are_linked)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.single = true});
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&t.f, 4000);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 1000);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 2000);
    const struct jit_block *first = block_at(&t, PF_CODE), *second = block_at(&t, PF_CODE + 5);
    ck_assert(first && second);
    ck_assert_ptr_eq(linked_to(&t, first), second);
    ck_assert_ptr_eq(linked_to(&t, second), first);
    ck_assert_uint_lt(jit_get_stats(t.jit)->follows, 10);
    check(&t);
    finish(&t);
}
END_TEST

/* Big programs have more blocks than there is room for. */
START_TEST(blocks_and_their_exits_are_small)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.single = true});
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&t.f, 4000);
    const struct jit_block *first = block_at(&t, PF_CODE), *second = block_at(&t, PF_CODE + 5);
    uintptr_t apart =
        first < second ? (uintptr_t)second - (uintptr_t)first : (uintptr_t)first - (uintptr_t)second;
    ck_assert_uint_eq(first->exit_count, 2); /* and a shortcut around the recipe */
    ck_assert_uint_le(apart, 176);
    ck_assert_int_le(second->code_bytes - second->straight_bytes, 64);
    finish(&t);
}
END_TEST

START_TEST(unlinked_blocks_return_each_time)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.unlinked = true, .single = true});
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&t.f, 4000);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 2000);
    ck_assert_uint_gt(jit_get_stats(t.jit)->follows, 1900);
    ck_assert_ptr_null(linked_to(&t, block_at(&t, PF_CODE)));
    check(&t);
    finish(&t);
}
END_TEST

START_TEST(a_killed_block_is_left_by_all_links)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.single = true});
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&t.f, 400);
    struct jit_block *second = block_at(&t, PF_CODE + 5);
    cpu_fixture_poke(&t.f, PF_CODE + 7, 1, 0x30); /* add ebx,30h */
    ck_assert(second->dead);
    ck_assert_uint_ge(jit_get_stats(t.jit)->killed, 1);
    ck_assert_ptr_null(linked_to(&t, block_at(&t, PF_CODE)));
    ck_assert_ptr_null(block_at(&t, PF_CODE + 5));
    check(&t);
    t.f.cpu->gpr[GPR_BX] = 0;
    cpu_fixture_run(&t.f, 400);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 100 * 0x30);
    check(&t);
    finish(&t);
}
END_TEST

/* A loop that counts up an immediate of its own, before and behind the store. */
START_TEST(a_block_may_write_to_itself)
{
    static const uint8_t code[] = {
        0xB9, 0x00, 0x00, 0x00, 0x00,             /* 0: mov ecx,0 */
        0xFF, 0x05, 0x01, 0x00, 0x01, 0x00,       /*    inc dword [10001h] */
        0x83, 0xC3, 0x01,                         /*    add ebx,1 */
        0x80, 0x05, 0x0D, 0x00, 0x01, 0x00, 0x01, /*    add byte [1000Dh],1 */
        0x90,                                     /*    nop */
        0xEB, 0xE8,                               /*    jmp 0 */
    };
    struct bench t;
    setup(&t);
    cpu_fixture_load(&t.f, PF_CODE, code, sizeof code);
    cpu_fixture_run(&t.f, 6 * 50);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_CX], 49);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 50 * 51 / 2);
    ck_assert_uint_eq(cpu_fixture_peek(&t.f, PF_CODE + 1, 4), 50);
    check(&t);
    finish(&t);
}
END_TEST

/* Calls through a register leave the jump cache with entries; they must go with their blocks. */
START_TEST(the_jump_cache_forgets_killed_blocks)
{
    static const uint8_t code[] = {
        0xBA, 0x10, 0x00, 0x01, 0x00, /* 0: mov edx,10010h */
        0xFF, 0xD2,                   /*    call edx */
        0xEB, 0xF7,                   /*    jmp 0 */
    };
    static const uint8_t callee[] = {0x83, 0xC0, 0x01, 0xC3}; /* add eax,1; ret */
    struct bench t;
    setup(&t);
    cpu_fixture_load(&t.f, PF_CODE, code, sizeof code);
    cpu_fixture_load(&t.f, PF_CODE + 0x10, callee, sizeof callee);
    cpu_fixture_run(&t.f, 500);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100);
    ck_assert_ptr_nonnull(t.jit->jumps[jump_index(PF_CODE + 0x10)].code);
    uint64_t follows = jit_get_stats(t.jit)->follows;
    cpu_fixture_run(&t.f, 500);
    ck_assert_uint_le(jit_get_stats(t.jit)->follows - follows, 2);
    check(&t);
    cpu_fixture_poke(&t.f, PF_CODE + 0x12, 1, 5);
    ck_assert_ptr_null(t.jit->jumps[jump_index(PF_CODE + 0x10)].code);
    check(&t);
    cpu_fixture_run(&t.f, 500);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 200 + 500);
    finish(&t);
}
END_TEST

/* --- Address spaces ---------------------------------------------------------------------------------------
 */

enum {
    DIRECTORY_A = 0x40000,
    DIRECTORY_B = 0x41000,
    TABLE_A = 0x42000,
    TABLE_B = 0x43000,
    FRAME_A = 0x50000,
    FRAME_B = 0x51000,
    BRANCHING = 0x60FF0, /* identity-mapped */
    ELSEWHERE = 0x61000, /* FRAME_A or FRAME_B */
};

/* All but ELSEWHERE is itself. */
static void fill_tables(struct bench *t, uint32_t directory, uint32_t table, uint32_t frame)
{
    cpu_fixture_poke(&t->f, directory, 4, table | 7);
    for (uint32_t page = 0; page < 1024; page++)
        cpu_fixture_poke(&t->f, table + 4 * page, 4, page << 12 | 7);
    cpu_fixture_poke(&t->f, table + ELSEWHERE / 1024, 4, frame ? frame | 7 : 0);
}

static void setup_paging(struct bench *t, bool indirect)
{
    static const uint8_t direct_jump[] = {0x42, 0xE9, 0x0A, 0x00, 0x00, 0x00}; /* inc edx; jmp 61000h */
    static const uint8_t indirect_jump[] = {0x42, 0xFF, 0xE6};                 /* inc edx; jmp esi */
    static const uint8_t count_a[] = {0x40, 0xE9, 0xEA, 0xFF, 0xFF, 0xFF};     /* inc eax; jmp 60FF0h */
    static const uint8_t count_b[] = {0x43, 0xE9, 0xEA, 0xFF, 0xFF, 0xFF};     /* inc ebx; jmp 60FF0h */
    setup(t);
    fill_tables(t, DIRECTORY_A, TABLE_A, FRAME_A);
    fill_tables(t, DIRECTORY_B, TABLE_B, FRAME_B);
    if (indirect)
        cpu_fixture_load(&t->f, BRANCHING, indirect_jump, sizeof indirect_jump);
    else
        cpu_fixture_load(&t->f, BRANCHING, direct_jump, sizeof direct_jump);
    cpu_fixture_load(&t->f, FRAME_A, count_a, sizeof count_a);
    cpu_fixture_load(&t->f, FRAME_B, count_b, sizeof count_b);
    t->f.cpu->cr0 |= CR0_PG;
    t->f.cpu->gpr[GPR_SI] = ELSEWHERE;
    t->f.cpu->gpr[GPR_DX] = 0;
    start(t, BRANCHING);
}

static void enter_space(struct bench *t, uint32_t directory)
{
    t->f.cpu->cr3 = directory;
    tlb_flush(t->f.cpu, false);
    cpu_derive(t->f.cpu);
}

START_TEST(a_link_to_another_page_holds_in_one_address_space)
{
    for (unsigned indirect = 0; indirect < 2; indirect++) {
        struct bench t;
        setup_paging(&t, indirect);
        for (unsigned round = 1; round <= 4; round++) {
            enter_space(&t, DIRECTORY_A);
            cpu_fixture_run(&t.f, 400);
            check(&t);
            ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100 * round);
            enter_space(&t, DIRECTORY_B);
            cpu_fixture_run(&t.f, 400);
            check(&t);
            ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 100 * round);
        }
        uint64_t follows = jit_get_stats(t.jit)->follows;
        cpu_fixture_run(&t.f, 4000);
        ck_assert_uint_lt(jit_get_stats(t.jit)->follows - follows, 20);
        finish(&t);
    }
}
END_TEST

/* A jump through a register within a page that is another one now. */
START_TEST(the_jump_cache_holds_in_one_address_space)
{
    static const uint8_t loop_a[] = {0x40, 0xFF, 0xE6}; /* inc eax; jmp esi */
    static const uint8_t loop_b[] = {0x43, 0xFF, 0xE6}; /* inc ebx; jmp esi */
    struct bench t;
    setup_paging(&t, true);
    cpu_fixture_load(&t.f, FRAME_A, loop_a, sizeof loop_a);
    cpu_fixture_load(&t.f, FRAME_B, loop_b, sizeof loop_b);
    start(&t, ELSEWHERE);
    for (unsigned round = 1; round <= 4; round++) {
        enter_space(&t, DIRECTORY_A);
        cpu_fixture_run(&t.f, 200);
        check(&t);
        enter_space(&t, DIRECTORY_B);
        cpu_fixture_run(&t.f, 200);
        check(&t);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100 * round);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 100 * round);
    }
    finish(&t);
}
END_TEST

/* Reading the page before going there puts it into the TLB, so that only where it is tells the spaces apart.
 */
START_TEST(a_link_to_a_page_that_was_read_holds_in_one_address_space)
{
    static const uint8_t direct[] = {0x42,                                       /* inc edx */
                                     0x80, 0x3D, 0x00, 0x10, 0x06, 0x00, 0x00,   /* cmp byte [61000h],0 */
                                     0xE9, 0x03, 0x00, 0x00, 0x00};              /* jmp 61000h */
    static const uint8_t indirect[] = {0x42,                                     /* inc edx */
                                       0x80, 0x3D, 0x00, 0x10, 0x06, 0x00, 0x00, /* cmp byte [61000h],0 */
                                       0xFF, 0xE6};                              /* jmp esi */
    for (unsigned way = 0; way < 2; way++) {
        struct bench t;
        setup_paging(&t, way);
        cpu_fixture_load(&t.f, BRANCHING, way ? indirect : direct, way ? sizeof indirect : sizeof direct);
        for (unsigned round = 1; round <= 4; round++) {
            enter_space(&t, DIRECTORY_A);
            cpu_fixture_run(&t.f, 500);
            check(&t);
            ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100 * round);
            enter_space(&t, DIRECTORY_B);
            cpu_fixture_run(&t.f, 500);
            check(&t);
            ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], 100 * round);
        }
        finish(&t);
    }
}
END_TEST

/* One page of memory at several linear addresses, whose code jumps from each to the next. */
START_TEST(the_same_code_elsewhere_is_another_place)
{
    static const uint8_t code[] = {0x40, 0xE9, 0xFA, 0xFF, 0x00, 0x00}; /* inc eax; jmp + 64 KiB */
    struct bench t;
    setup_paging(&t, false);
    for (uint32_t page = 0x100; page < 0x200; page += 0x10)
        cpu_fixture_poke(&t.f, TABLE_A + 4 * page, 4, FRAME_A | 7);
    cpu_fixture_load(&t.f, FRAME_A, code, sizeof code);
    enter_space(&t, DIRECTORY_A);
    for (unsigned round = 1; round <= 3; round++) {
        t.f.cpu->gpr[GPR_AX] = 0;
        start(&t, 0x100000);
        cpu_fixture_run(&t.f, 2 * 15);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 15);
        ck_assert_uint_eq(t.f.cpu->rip, 0x1F0000);
        check(&t);
    }
    finish(&t);
}
END_TEST

/* After the page has gone, the jump there faults, with the return address of the target. */
START_TEST(a_link_to_a_page_that_is_gone_faults)
{
    for (unsigned indirect = 0; indirect < 2; indirect++) {
        struct bench t;
        setup_paging(&t, indirect);
        enter_space(&t, DIRECTORY_A);
        cpu_fixture_run(&t.f, 400);
        cpu_fixture_poke(&t.f, TABLE_A + ELSEWHERE / 1024, 4, FRAME_A | 6);
        tlb_flush_page(t.f.cpu, ELSEWHERE);
        cpu_fixture_run(&t.f, 3);
        ck_assert_uint_eq(t.f.cpu->rip, PF_CODE + 0x1000 + 16 * VECTOR_PF);
        ck_assert_uint_eq(t.f.cpu->cr2, ELSEWHERE);
        ck_assert_uint_eq(cpu_fixture_peek(&t.f, PF_STACK0 - 12, 4), ELSEWHERE);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_DX], 101);
        finish(&t);
    }
}
END_TEST

/* What runs next is fetched when it runs: not where the horizon lies between it and the jump. */
START_TEST(a_horizon_behind_a_jump_leaves_the_page)
{
    for (unsigned indirect = 0; indirect < 2; indirect++) {
        struct bench t;
        setup_paging(&t, indirect);
        enter_space(&t, DIRECTORY_A);
        cpu_fixture_run(&t.f, 400);
        ck_assert_uint_eq(t.f.cpu->rip, BRANCHING);
        for (unsigned round = 0; round < 3; round++) {
            cpu_fixture_run(&t.f, 2);
            ck_assert_uint_eq(t.f.cpu->rip, ELSEWHERE);
            ck_assert_uint_eq(t.f.cpu->fetch_page, BRANCHING & ~0xFFFu);
            cpu_fixture_run(&t.f, 2);
            ck_assert_uint_eq(t.f.cpu->rip, BRANCHING);
            ck_assert_uint_eq(t.f.cpu->fetch_page, ELSEWHERE);
        }
        finish(&t);
    }
}
END_TEST

START_TEST(a_loaded_state_leaves_nothing_of_the_old_one)
{
    struct bench t;
    struct state_set states = {0};
    struct buffer saved = {0};
    setup_paging(&t, false);
    cpu_register_state(t.f.cpu, &states);
    enter_space(&t, DIRECTORY_A);
    state_set_save(&states, &saved);
    cpu_fixture_run(&t.f, 400);
    check(&t);
    struct reader in = {.data = saved.data, .size = saved.size};
    ck_assert(state_set_load(&states, &in, NULL));
    check(&t);
    cpu_fixture_run(&t.f, 400);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100);
    check(&t);
    buffer_free(&saved);
    state_set_free(&states);
    finish(&t);
}
END_TEST

/* --- Horizons ---------------------------------------------------------------------------------------------
 */

/* Branches, flags, memory, a call and a string instruction. */
static const uint8_t busy[] = {
    0xBE, 0x00, 0x00, 0x03, 0x00, /* 00: mov esi,30000h */
    0xB9, 0x05, 0x00, 0x00, 0x00, /* 05: mov ecx,5 */
    0x01, 0x0E,                   /* 0A: add [esi],ecx */
    0x11, 0xC8,                   /* 0C: adc eax,ecx */
    0x74, 0x03,                   /* 0E: jz 13 */
    0x83, 0xC6, 0x04,             /* 10: add esi,4 */
    0xE8, 0x09, 0x00, 0x00, 0x00, /* 13: call 21 */
    0xE2, 0xF0,                   /* 18: loop 0A */
    0xB9, 0x03, 0x00, 0x00, 0x00, /* 1A: mov ecx,3 */
    0xEB, 0x07,                   /* 1F: jmp 28 */
    0xD1, 0xE8,                   /* 21: shr eax,1 */
    0x0F, 0x92, 0xC2,             /* 23: setc dl */
    0xC3,                         /* 26: ret */
    0x90,                         /* 27: nop */
    0xBF, 0x40, 0x00, 0x03, 0x00, /* 28: mov edi,30040h */
    0xF3, 0xAB,                   /* 2D: rep stosd */
    0xEB, 0xCF,                   /* 2F: jmp 00 */
};

static void seat_busy(struct bench *t)
{
    struct cpu *cpu = t->f.cpu;
    memset(cpu->gpr, 0, sizeof cpu->gpr);
    cpu->gpr[GPR_SP] = PF_STACK0;
    cpu->rip = PF_CODE;
    cpu_set_eflags(cpu, EFLAGS_FIXED);
    for (unsigned i = 0; i < 32; i++)
        cpu_fixture_poke(&t->f, 0x30000 + 4 * i, 4, i);
}

START_TEST(any_division_of_a_run_gives_the_same)
{
    struct bench whole, pieces;
    setup(&whole);
    setup(&pieces);
    cpu_fixture_load(&whole.f, PF_CODE, busy, sizeof busy);
    cpu_fixture_load(&pieces.f, PF_CODE, busy, sizeof busy);
    for (unsigned insns = 1; insns <= 120; insns++) {
        for (unsigned piece = 1; piece <= 7; piece++) {
            seat_busy(&whole);
            seat_busy(&pieces);
            cpu_fixture_run(&whole.f, insns);
            for (unsigned done = 0; done < insns; done += piece)
                cpu_fixture_run(&pieces.f, insns - done < piece ? insns - done : piece);
            ck_assert_mem_eq(whole.f.cpu->gpr, pieces.f.cpu->gpr, sizeof whole.f.cpu->gpr);
            ck_assert_uint_eq(whole.f.cpu->rip, pieces.f.cpu->rip);
            ck_assert_uint_eq(cpu_get_eflags(whole.f.cpu), cpu_get_eflags(pieces.f.cpu));
            ck_assert_mem_eq(whole.f.memory.host + 0x30000, pieces.f.memory.host + 0x30000, 128);
        }
    }
    ck_assert_uint_gt(jit_get_stats(whole.jit)->entries, 0);
    finish(&whole);
    finish(&pieces);
}
END_TEST

/* --- Limits -----------------------------------------------------------------------------------------------
 */

enum { STEPS = 4000, STEP_BYTES = 8 };

/* ADD EAX,1; JMP to the next: more blocks than a small cache holds. */
static void load_steps(struct cpu_fixture *f)
{
    static const uint8_t step[STEP_BYTES] = {0x83, 0xC0, 0x01, 0xEB, 0x03, 0x90, 0x90, 0x90};
    for (unsigned i = 0; i < STEPS; i++)
        cpu_fixture_load(f, PF_STACK3 + STEP_BYTES * i, step, STEP_BYTES);
    static const uint8_t back[] = {0xE9};
    uint32_t end = PF_STACK3 + STEP_BYTES * STEPS;
    cpu_fixture_load(f, end, back, sizeof back);
    cpu_fixture_poke(f, end + 1, 4, PF_STACK3 - (end + 5));
}

START_TEST(a_full_cache_loses_its_oldest_blocks)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.cache_bytes = 1});
    load_steps(&t.f);
    start(&t, PF_STACK3);
    uint64_t flushes = jit_get_stats(t.jit)->flushes;
    for (unsigned round = 1; round <= 3; round++) {
        cpu_fixture_run(&t.f, 2 * STEPS + 1);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], round * STEPS);
        ck_assert(block_at(&t, PF_STACK3 + STEP_BYTES * (STEPS - 1)));
        ck_assert(block_at(&t, PF_STACK3 + STEP_BYTES * (STEPS - 100)));
        check(&t);
    }
    const struct jit_stats *stats = jit_get_stats(t.jit);
    ck_assert_uint_eq(stats->flushes, flushes);
    ck_assert_uint_gt(stats->evictions, SPANS);
    ck_assert_uint_eq(t.jit->ring.parts, SPANS); /* a size that was asked for is kept */
    ck_assert_uint_gt(stats->evicted, 2 * STEPS - 2 * STEPS / 3);
    ck_assert_uint_lt(stats->evicted, stats->blocks);
    ck_assert_uint_le(t.jit->code.used, t.jit->code.size);
    finish(&t);
}
END_TEST

/* What runs on behind a serial instruction remembers the block there, which may be evicted before it. */
START_TEST(an_evicted_block_is_forgotten_behind_a_serial_instruction)
{
    static const uint8_t code[] = {
        0x0F, 0x06, /* 0: clts */
        0xE9,       /* 2: jmp to the steps */
    };
    enum { SERIAL = PF_CODE, BEHIND = PF_CODE + 2, PIECE = 20 };
    struct bench t;
    setup_with(&t, &(struct jit_options){.cache_bytes = 1});
    load_steps(&t.f);
    cpu_fixture_load(&t.f, PF_CODE, code, sizeof code);
    cpu_fixture_poke(&t.f, PF_CODE + sizeof code, 4, PF_STACK3 - (BEHIND + 5));
    start(&t, BEHIND);
    do
        cpu_fixture_run(&t.f, PIECE);
    while (t.jit->ring.filling == 0);
    uint32_t rip = (uint32_t)t.f.cpu->rip;
    start(&t, SERIAL);
    cpu_fixture_run(&t.f, 2);
    const struct jit_block *serial = block_at(&t, SERIAL);
    ck_assert(serial && serial->after_serial &&
              jit_block_at(t.jit, serial->after_serial) == block_at(&t, BEHIND));
    start(&t, rip);
    do
        cpu_fixture_run(&t.f, PIECE);
    while (block_at(&t, BEHIND));
    ck_assert_ptr_eq(block_at(&t, SERIAL), serial);
    ck_assert_uint_eq(serial->after_serial, 0);
    finish(&t);
}
END_TEST

START_TEST(a_cache_that_is_full_again_and_again_grows)
{
    enum { LEAST = 192 << 10, MOST = 2 * LEAST, ROUNDS = 4 };
    struct bench t;
    setup_with(&t, &(struct jit_options){.cache_bytes = LEAST, .cache_most = MOST});
    load_steps(&t.f);
    start(&t, PF_STACK3);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        cpu_fixture_run(&t.f, 2 * STEPS + 1);
        ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], round * STEPS);
        if (trace_cache_stats(t.f.cpu->traces).parts == TRACE_PARTS)
            ck_assert_uint_eq(t.jit->ring.parts, SPANS);
        check(&t);
    }
    ck_assert_uint_eq(t.jit->code.size, MOST);
    ck_assert_uint_eq(t.jit->ring.most, 2 * SPANS);
    ck_assert_uint_gt(t.jit->ring.parts, SPANS);
    ck_assert(t.jit->span[t.jit->ring.parts - 1].blocks);
    finish(&t);
}
END_TEST

/* A guest that writes a function anew before each call leaves dead blocks until the cache is full. */
START_TEST(rewritten_code_fills_no_more_than_the_cache)
{
    static const uint8_t code[] = {
        0xFF, 0x05, 0x21, 0x00, 0x01, 0x00, /* 00: inc dword [10021h] */
        0xE8, 0x15, 0x00, 0x00, 0x00,       /* 06: call 20 */
        0x01, 0xC3,                         /* 0B: add ebx,eax */
        0xEB, 0xF1,                         /* 0D: jmp 00 */
    };
    static const uint8_t callee[] = {0xB8, 0x00, 0x00, 0x00, 0x00, 0xC3}; /* mov eax,0; ret */
    enum { CALLS = 10000, INSNS = 6 };
    struct bench t;
    setup_with(&t, &(struct jit_options){.cache_bytes = 1});
    cpu_fixture_load(&t.f, PF_CODE, code, sizeof code);
    cpu_fixture_load(&t.f, PF_CODE + 0x20, callee, sizeof callee);
    for (unsigned done = 0; done < CALLS; done += CALLS / 10) {
        cpu_fixture_run(&t.f, INSNS * CALLS / 10);
        check(&t);
        ck_assert_uint_le(t.jit->code.used, t.jit->code.size);
        ck_assert_uint_le(t.jit->arena_used, t.jit->arena_size);
    }
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], CALLS);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_BX], CALLS * (CALLS + 1) / 2);
    ck_assert_uint_ge(jit_get_stats(t.jit)->killed, CALLS - 1);
    ck_assert_uint_gt(jit_get_stats(t.jit)->evictions, 2);
    finish(&t);
}
END_TEST

START_TEST(what_was_run_often_long_ago_counts_less)
{
    struct bench t;
    struct trace trace = {.heat = 0};
    setup(&t);
    for (unsigned i = 0; i < 40; i++)
        ck_assert(!heat_has_reached(t.jit, &trace, 40));
    ck_assert(heat_has_reached(t.jit, &trace, 40));
    t.jit->stats.evictions++;
    ck_assert_uint_eq(heat_of(t.jit, &trace), 20);
    ck_assert(!heat_has_reached(t.jit, &trace, 40));
    ck_assert_uint_eq(heat_of(t.jit, &trace), 21);
    t.jit->stats.evictions += 2;
    ck_assert_uint_eq(heat_of(t.jit, &trace), 5);
    t.jit->stats.evictions += 200;
    ck_assert_uint_eq(heat_of(t.jit, &trace), 0);
    heat_set(t.jit, &trace, HEAT_MOST);
    ck_assert(heat_has_reached(t.jit, &trace, UINT32_MAX)); /* no more can be counted */
    t.jit->stats.evictions = 0;
    finish(&t);
}
END_TEST

START_TEST(too_many_contexts_are_emptied)
{
    struct bench t;
    setup_with(&t, &(struct jit_options){.single = true});
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    for (unsigned i = 0; i < 2 * CONTEXTS; i++) {
        t.f.cpu->seg[SEG_CS].limit = UINT32_MAX - 2 - i;
        t.f.cpu->seg[SEG_CS].attributes &= (uint16_t)~SEG_ATTR_G;
        cpu_derive(t.f.cpu);
        cpu_fixture_run(&t.f, 8);
        if (i % 100 == 0)
            check(&t);
    }
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 2 * CONTEXTS * 2);
    ck_assert_uint_gt(jit_get_stats(t.jit)->flushes, 1);
    finish(&t);
}
END_TEST

/* --- Refusals ---------------------------------------------------------------------------------------------
 */

static void allow_files(rlim_t more)
{
    int next = dup(STDIN_FILENO);
    close(next);
    struct rlimit limit = {(rlim_t)next + more, (rlim_t)next + more};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_host_without_memory_for_code_is_named)
{
    struct bench t;
    struct error err = {{0}};
    protected_fixture_init(&t.f);
    allow_files(0);
    ck_assert_ptr_null(jit_new(t.f.cpu, &(struct jit_options){0}, &err));
    ck_assert_str_eq(err.text, "no memory for translated code: Too many open files; use --engine interp");
    ck_assert_ptr_null(t.f.cpu->engine);
    cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&t.f, 400);
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 100);
    cpu_fixture_free(&t.f);
}
END_TEST

static uint64_t address_space_in_use(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert(file && fscanf(file, "%llu", &pages) == 1);
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Room for one of the two views of the code. */
START_TEST(a_host_without_executable_memory_is_named)
{
    struct bench t;
    struct error err = {{0}};
    const size_t cache = 512 << 20;
    protected_fixture_init(&t.f);
    rlim_t most = address_space_in_use() + cache + room_arena_bytes(cache) + (256 << 20);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){most, most}), 0);
    ck_assert_ptr_null(jit_new(t.f.cpu, &(struct jit_options){.cache_bytes = cache}, &err));
    ck_assert_str_eq(err.text,
                     "the host gives no executable memory: Cannot allocate memory; use --engine interp");
    cpu_fixture_free(&t.f);
}
END_TEST

static unsigned mappings_with(const char *rights)
{
    char line[512], found[8];
    unsigned count = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    ck_assert(file);
    while (fgets(line, sizeof line, file))
        count += sscanf(line, "%*s %7s", found) == 1 && !strncmp(found, rights, strlen(rights));
    fclose(file);
    return count;
}

/* Neither as a file nor, for perf, as nameless memory. */
START_TEST(no_memory_is_writable_and_executable)
{
    for (unsigned perf_map = 0; perf_map < 2; perf_map++) {
        struct bench t;
        unsigned before = mappings_with("r-xs");
        setup_with(&t, &(struct jit_options){.perf_map = perf_map});
        cpu_fixture_load(&t.f, PF_CODE, two_blocks, sizeof two_blocks);
        cpu_fixture_run(&t.f, 400);
        ck_assert_uint_eq(mappings_with("r-xs"), before + 1);
        ck_assert_uint_eq(mappings_with("rwx"), 0);
        ck_assert_uint_eq(mappings_with("-wx"), 0);
        finish(&t);
    }
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    unlink(path);
}
END_TEST

static struct machine *machine_on(struct log *log, int kind, struct error *err)
{
    static const uint8_t rom[65536] = {0x40, 0xEB, 0xFD, [0xFFF0] = 0xEA, 0x00, 0x00, 0x00, 0xF0};
    static const uint8_t vgabios[512];
    struct machine_config config = {.ram_bytes = 4 << 20,
                                    .khz = 100000,
                                    .seed = 1,
                                    .engine = {.kind = (unsigned)kind},
                                    .bios = {rom, sizeof rom},
                                    .vgabios = {vgabios, sizeof vgabios},
                                    .log = log};
    return machine_new(&config, err);
}

START_TEST(auto_falls_back_to_the_interpreter_with_one_line)
{
    char *text;
    size_t size;
    struct error err = {{0}};
    FILE *out = open_memstream(&text, &size);
    struct log *log = log_new(out);
    allow_files(1); /* the guest's memory takes it */
    struct machine *machine = machine_on(log, ENGINE_AUTO, &err);
    ck_assert_msg(machine, "%s", err.text);
    struct machine_engine_stats stats;
    ck_assert(!machine_engine_stats(machine, &stats));
    machine_run(machine, &(struct machine_until){1001, UINT64_MAX});
    ck_assert_uint_eq(machine_insns(machine), 1001);
    machine_free(machine);
    ck_assert_ptr_null(machine_on(log, ENGINE_TRANSLATE, &err));
    ck_assert(strstr(err.text, "--engine: no memory for translated code"));
    log_free(log);
    fclose(out);
    ck_assert(strstr(text, "interpreting: no memory for translated code"));
    ck_assert_ptr_eq(strchr(text, '\n'), strrchr(text, '\n'));
    free(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        blocks_that_follow_each_other_are_linked,
        blocks_and_their_exits_are_small,
        unlinked_blocks_return_each_time,
        a_killed_block_is_left_by_all_links,
        a_block_may_write_to_itself,
        the_jump_cache_forgets_killed_blocks,
        a_link_to_another_page_holds_in_one_address_space,
        the_jump_cache_holds_in_one_address_space,
        a_link_to_a_page_that_was_read_holds_in_one_address_space,
        the_same_code_elsewhere_is_another_place,
        a_link_to_a_page_that_is_gone_faults,
        a_horizon_behind_a_jump_leaves_the_page,
        a_loaded_state_leaves_nothing_of_the_old_one,
        any_division_of_a_run_gives_the_same,
        a_full_cache_loses_its_oldest_blocks,
        an_evicted_block_is_forgotten_behind_a_serial_instruction,
        a_cache_that_is_full_again_and_again_grows,
        rewritten_code_fills_no_more_than_the_cache,
        what_was_run_often_long_ago_counts_less,
        too_many_contexts_are_emptied,
        a_host_without_memory_for_code_is_named,
        a_host_without_executable_memory_is_named,
        no_memory_is_writable_and_executable,
        auto_falls_back_to_the_interpreter_with_one_line,
    };
    return suite_run("blocks", tests, sizeof tests / sizeof tests[0]);
}
