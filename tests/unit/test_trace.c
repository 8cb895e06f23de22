/* SPDX-License-Identifier: MIT */
/* The trace cache when it is full: its oldest part makes room, and nothing leads there any more. */
#include "core/x86/check.h"
#include "core/x86/protection.h"
#include "core/x86/trace.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum {
    CODE = 0x1000,
    VECTOR = 0x100,
    CHAIN = 0x2000,
    STEP_BYTES = 16,
    STEPS = 1024,
    ROUND = 2 * STEPS + 1,
    SMALL = 32 << 10
};

static struct cpu_fixture f;

/* Real mode, all segments at 0. */
static void start_growing(size_t limit, size_t most)
{
    cpu_fixture_init(&f, "pentiumpro");
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(f.cpu, (enum seg_index)i, 0);
    f.cpu->gpr[GPR_CX] = 0;
    cpu_derive(f.cpu);
    trace_cache_limit(f.cpu, limit, most);
}

static void start(size_t limit)
{
    start_growing(limit, limit);
}

static void finish(void)
{
    ck_assert(cpu_check(f.cpu, NULL));
    cpu_fixture_free(&f);
}

static void load_jump(unsigned from, unsigned to)
{
    const uint8_t jump[] = {0xE9, (uint8_t)(to - from - 3), (uint8_t)((to - from - 3) >> 8)};
    cpu_fixture_load(&f, from, jump, sizeof jump);
}

/* `count` traces of two instructions, INC CX and a jump to the next. Returns what follows. */
static unsigned load_chain(unsigned at, unsigned count)
{
    static const uint8_t step[] = {0x41, 0xEB, STEP_BYTES - 3};
    for (unsigned i = 0; i < count; i++)
        cpu_fixture_load(&f, at + STEP_BYTES * i, step, sizeof step);
    return at + STEP_BYTES * count;
}

static struct trace_cache_stats stats(void)
{
    return trace_cache_stats(f.cpu->traces);
}

START_TEST(only_the_oldest_part_makes_room)
{
    enum { ROUNDS = 3 };
    start(SMALL);
    load_jump(load_chain(CHAIN, STEPS), CHAIN);
    f.cpu->rip = CHAIN;
    for (unsigned i = 0; i < ROUNDS; i++) {
        cpu_fixture_run(&f, ROUND);
        ck_assert(cpu_check(f.cpu, NULL));
        ck_assert_uint_le(stats().bytes, SMALL);
        ck_assert_uint_gt(stats().bytes, SMALL / 2);
    }
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], ROUNDS * STEPS);
    ck_assert_uint_gt(stats().evictions, 3 * ROUNDS);
    finish();
}
END_TEST

START_TEST(a_full_cache_grows_where_its_traces_are_young)
{
    enum { MOST = SMALL + SMALL / 2, MOST_PARTS = TRACE_PARTS + TRACE_PARTS / 2 };
    start_growing(SMALL, MOST);
    load_jump(load_chain(CHAIN, STEPS), CHAIN);
    f.cpu->rip = CHAIN;
    for (unsigned round = 1; round <= 3; round++) {
        cpu_fixture_run(&f, ROUND);
        ck_assert(cpu_check(f.cpu, NULL));
        ck_assert_uint_le(stats().bytes, MOST);
    }
    ck_assert_uint_gt(stats().bytes, SMALL);
    ck_assert_uint_eq(stats().parts, MOST_PARTS);
    ck_assert_uint_gt(stats().evictions, MOST_PARTS);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 3 * STEPS);
    finish();
}
END_TEST

START_TEST(a_full_cache_whose_traces_are_old_does_not_grow)
{
    enum { SOME = 50 };
    start_growing(SMALL, 2 * SMALL);
    load_jump(load_chain(CHAIN, STEPS), CHAIN);
    f.cpu->rip = CHAIN;
    for (unsigned i = 0; i < 2 * ROUND / SOME; i++) {
        cpu_fixture_run(&f, SOME);
        f.cpu->clock->insns += TRACE_YOUNG / 4;
    }
    ck_assert_uint_eq(stats().parts, TRACE_PARTS);
    ck_assert_uint_gt(stats().evictions, 3);
    finish();
}
END_TEST

START_TEST(nothing_makes_room_without_need)
{
    start(SIZE_MAX);
    load_jump(load_chain(CHAIN, STEPS), CHAIN);
    f.cpu->rip = CHAIN;
    cpu_fixture_run(&f, ROUND);
    size_t bytes = stats().bytes;
    cpu_fixture_run(&f, ROUND);
    ck_assert_uint_eq(stats().bytes, bytes);
    ck_assert_uint_eq(stats().evictions, 0);
    finish();
}
END_TEST

/* Stores to it are fast again, and what they write runs. Translations keep the page. */
START_TEST(a_page_whose_traces_made_room_is_data)
{
    start(SMALL);
    bool keeps = f.cpu->engine != NULL;
    cpu_fixture_load(&f, CODE, "\x43", 1); /* inc bx */
    f.cpu->gpr[GPR_BX] = 0;
    load_jump(CODE + 1, CHAIN);
    cpu_fixture_load(&f, load_chain(CHAIN, STEPS), "\xF4", 1);
    for (unsigned i = 0; i < 2; i++) {
        f.cpu->rip = CODE;
        cpu_fixture_run(&f, 2);
        ck_assert(memory_page_has_code(&f.memory, CODE));
        cpu_fixture_run(&f, 2 * STEPS);
        ck_assert(memory_page_has_code(&f.memory, CODE) == keeps);
        ck_assert(memory_page_has_code(&f.memory, CHAIN + STEP_BYTES * (STEPS - 1)));
        cpu_fixture_load(&f, CODE, "\x4B", 1); /* dec bx */
    }
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 0);
    finish();
}
END_TEST

/* A direct jump within a page is followed unchecked. */
START_TEST(a_jump_to_what_made_room_finds_it_anew)
{
    enum { FIRST = CODE + 0x400, BACK = CODE + 0x800, SECOND = CHAIN + 0x1000 };
    start(SMALL);
    cpu_fixture_load(&f, CODE, "\x43\xFF\x26\x00\x01", 5); /* inc bx; jmp [100h] */
    f.cpu->gpr[GPR_BX] = 0;
    cpu_fixture_poke(&f, VECTOR, 2, CHAIN);
    load_jump(load_chain(CHAIN, 60), BACK);
    load_jump(BACK, CODE);
    load_chain(SECOND, STEPS / 2);
    load_jump(FIRST, CODE); /* so that CODE's trace is where none begins later */
    f.cpu->rip = FIRST;
    cpu_fixture_run(&f, 1 + 2 + 2 * 60 + 1);
    cpu_fixture_poke(&f, VECTOR, 2, SECOND);
    cpu_fixture_run(&f, 1 + 2); /* BACK knows the way */
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 2);
    while (stats().evictions == 0)
        cpu_fixture_run(&f, 2);
    ck_assert(cpu_check(f.cpu, NULL));
    cpu_fixture_load(&f, CODE, "\x4B", 1); /* dec bx */
    f.cpu->rip = BACK;
    cpu_fixture_run(&f, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    finish();
}
END_TEST

/* The first trace leads to a new one, for which its own part makes room: that must not get the first one's
 * link. */
START_TEST(a_trace_may_make_room_for_the_next)
{
    static const uint8_t fork[] = {0x4E, 0x74, 0x10}; /* dec si; jz +10h */
    static const uint8_t next[] = {0x42, 0x75, 0x10}; /* inc dx; jnz +10h */
    unsigned evictions = 0;
    for (unsigned steps = 100; steps < 200; steps++) {
        start(SMALL);
        cpu_fixture_load(&f, CODE, fork, sizeof fork);
        load_jump(CODE + 3, CHAIN);
        cpu_fixture_load(&f, CODE + 0x13, next, sizeof next);
        load_jump(load_chain(CHAIN, steps) - STEP_BYTES + 1, CODE);
        f.cpu->gpr[GPR_SI] = 2;
        f.cpu->gpr[GPR_DX] = 0;
        f.cpu->rip = CODE;
        cpu_fixture_run(&f, 3 + 2 * steps + 2 + 2 + 1000); /* what follows is zeros: ADD [BX+SI],AL */
        ck_assert_uint_eq(f.cpu->gpr[GPR_DX], 1);
        evictions += (unsigned)stats().evictions;
        finish();
    }
    ck_assert_uint_gt(evictions, 0);
}
END_TEST

/* Any number of instructions at once: the cache loses parts behind traces that were cut. */
START_TEST(slices_of_a_full_cache_are_exact)
{
    start(3 * SMALL / 4);
    load_jump(load_chain(CHAIN, STEPS), CHAIN);
    f.cpu->rip = CHAIN;
    unsigned done = 0;
    for (unsigned slice = 1; done < 3 * STEPS; slice = slice % 7 + 1) {
        cpu_fixture_run(&f, slice);
        done += slice;
        ck_assert_uint_eq(f.cpu->gpr[GPR_CX], done / ROUND * STEPS + (done % ROUND + 1) / 2);
        ck_assert(cpu_check(f.cpu, NULL));
    }
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_trace_may_make_room_for_the_next,
                                  only_the_oldest_part_makes_room,
                                  a_full_cache_grows_where_its_traces_are_young,
                                  a_full_cache_whose_traces_are_old_does_not_grow,
                                  nothing_makes_room_without_need,
                                  a_page_whose_traces_made_room_is_data,
                                  a_jump_to_what_made_room_finds_it_anew,
                                  slices_of_a_full_cache_are_exact};
    return suite_run("trace", tests, sizeof tests / sizeof *tests);
}
