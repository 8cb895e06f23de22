/* SPDX-License-Identifier: MIT */
/* Rings of parts: in turns, and growing where a turn is quick. */
#include "core/base/ring.h"
#include "tests/support/suite.h"

enum { PARTS = 3, MOST = 5, YOUNG = 100 };

/* Fills `count` parts, each in `each` units of time. */
static void fill(struct ring *ring, unsigned count, uint64_t each, uint64_t *now)
{
    for (unsigned i = 0; i < count; i++) {
        *now += each;
        ring_advance(ring, *now, YOUNG);
    }
}

START_TEST(parts_are_filled_in_turns)
{
    struct ring ring;
    uint64_t now = 0;
    ring_init(&ring, PARTS, MOST);
    for (unsigned i = 0; i < 4 * PARTS; i++) {
        ck_assert_uint_eq(ring.filling, i % PARTS);
        fill(&ring, 1, YOUNG / (PARTS - 1), &now);
    }
    ck_assert_uint_eq(ring.parts, PARTS);
}
END_TEST

START_TEST(a_quick_turn_adds_parts_up_to_the_most)
{
    struct ring ring;
    uint64_t now = 0;
    ring_init(&ring, PARTS, MOST);
    for (unsigned i = 0; i < MOST; i++) {
        ck_assert_uint_eq(ring.filling, i);
        ck_assert_uint_eq(ring.parts, i < PARTS ? PARTS : i + 1);
        fill(&ring, 1, 1, &now);
    }
    for (unsigned i = 0; i < 3 * MOST; i++) {
        ck_assert_uint_eq(ring.filling, i % MOST);
        fill(&ring, 1, 1, &now);
    }
    ck_assert_uint_eq(ring.parts, MOST);
}
END_TEST

/* 40 for each part are too quick for three parts and slow enough for four. */
START_TEST(a_ring_grows_no_further_than_it_must)
{
    struct ring ring;
    uint64_t now = 0;
    ring_init(&ring, PARTS, MOST);
    fill(&ring, 10 * PARTS, 40, &now);
    ck_assert_uint_eq(ring.parts, PARTS + 1);
    ring_restart(&ring);
    ck_assert_uint_eq(ring.filling, 0);
    fill(&ring, 10 * PARTS, 40, &now);
    ck_assert_uint_eq(ring.parts, PARTS + 1);
}
END_TEST

START_TEST(a_ring_that_may_not_grow_does_not)
{
    struct ring ring;
    ring_init(&ring, PARTS, MOST);
    for (unsigned i = 0; i < 10 * PARTS; i++)
        ring_advance(&ring, i, 0);
    ck_assert_uint_eq(ring.parts, PARTS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {parts_are_filled_in_turns, a_quick_turn_adds_parts_up_to_the_most,
                                  a_ring_grows_no_further_than_it_must, a_ring_that_may_not_grow_does_not};
    return suite_run("ring", tests, sizeof tests / sizeof tests[0]);
}
