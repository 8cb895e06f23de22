/* SPDX-License-Identifier: MIT */
/* The clock: exact rational time, event order, horizons. */
#include "core/base/clock.h"
#include "tests/support/suite.h"

static unsigned order[8], order_count;

static void note(void *opaque, uint64_t late_ns)
{
    (void)late_ns;
    order[order_count++] = *(unsigned *)opaque;
}

START_TEST(time_is_exact_at_odd_speeds)
{
    struct clock clock;
    clock_init(&clock, 3); /* 3,000 instructions a second: 333,333.3 ns each */
    clock.insns = 1;
    ck_assert_uint_eq(clock_now(&clock), 333333);
    clock.insns = 3000;
    ck_assert_uint_eq(clock_now(&clock), 1000000000);
    ck_assert_uint_eq(clock_insns_at(&clock, 1000000001), 3001);
    ck_assert_uint_eq(clock_insns_at(&clock, 5), 3000);
}
END_TEST

START_TEST(long_runs_do_not_overflow)
{
    struct clock clock;
    clock_init(&clock, 1000000);
    clock.insns = UINT64_C(1) << 62;
    ck_assert_uint_eq(clock_now(&clock), UINT64_C(1) << 62);
    ck_assert_uint_eq(clock_ticks(UINT64_C(3600000000000) * 24 * 365, 1193182),
                      UINT64_C(1193182) * 86400 * 365);
}
END_TEST

START_TEST(idle_moves_time_but_not_the_count)
{
    struct clock clock;
    clock_init(&clock, 1000);
    clock.insns = 7;
    clock_skip_to(&clock, 123456);
    ck_assert_uint_eq(clock_now(&clock), 123456);
    ck_assert_uint_eq(clock.insns, 7);
    clock_skip_to(&clock, 5);
    ck_assert_uint_eq(clock_now(&clock), 123456);
    clock.insns++;
    ck_assert_uint_eq(clock_now(&clock), 124456);
}
END_TEST

START_TEST(a_change_of_speed_keeps_the_present)
{
    struct clock clock;
    clock_init(&clock, 1000);
    clock.insns = 1000;
    clock_set_speed(&clock, 2000);
    ck_assert_uint_eq(clock_now(&clock), 1000000);
    clock.insns += 2;
    ck_assert_uint_eq(clock_now(&clock), 1001000);
}
END_TEST

START_TEST(ties_break_by_the_order_of_setting)
{
    struct clock clock;
    struct event events[4];
    unsigned ids[4] = {0, 1, 2, 3};
    clock_init(&clock, 1000000);
    for (unsigned i = 0; i < 4; i++)
        event_init(&events[i], &clock, "e", note, &ids[i]);
    event_at(&events[2], 50);
    event_at(&events[0], 50);
    event_at(&events[3], 10);
    event_at(&events[1], 50);
    event_at(&events[2], 50); /* set again: goes behind its equals */
    clock.insns = 49;
    order_count = 0;
    clock_run_due(&clock);
    ck_assert_uint_eq(order_count, 1);
    clock.insns = 50;
    clock_run_due(&clock);
    ck_assert_uint_eq(order_count, 4);
    ck_assert_uint_eq(order[0], 3);
    ck_assert_uint_eq(order[1], 0);
    ck_assert_uint_eq(order[2], 1);
    ck_assert_uint_eq(order[3], 2);
}
END_TEST

START_TEST(cancelled_events_do_not_run)
{
    struct clock clock;
    struct event a, b;
    unsigned one = 1, two = 2;
    clock_init(&clock, 1000000);
    event_init(&a, &clock, "a", note, &one);
    event_init(&b, &clock, "b", note, &two);
    event_at(&a, 1);
    event_at(&b, 2);
    event_cancel(&a);
    event_cancel(&a);
    clock.insns = 10;
    order_count = 0;
    clock_run_due(&clock);
    ck_assert_uint_eq(order_count, 1);
    ck_assert_uint_eq(order[0], 2);
}
END_TEST

START_TEST(restored_events_keep_their_order)
{
    struct clock clock;
    struct event events[3];
    unsigned ids[3] = {0, 1, 2};
    uint32_t ranks[3];
    clock_init(&clock, 1000000);
    for (unsigned i = 0; i < 3; i++)
        event_init(&events[i], &clock, "e", note, &ids[i]);
    event_at(&events[2], 50);
    event_at(&events[0], 50);
    event_at(&events[1], 50);
    for (unsigned i = 0; i < 3; i++)
        ranks[i] = event_rank(&events[i]);
    for (unsigned i = 0; i < 3; i++)
        event_cancel(&events[i]);
    for (unsigned i = 0; i < 3; i++)
        event_restore(&events[i], 50, ranks[i]);
    clock.insns = 50;
    order_count = 0;
    clock_run_due(&clock);
    ck_assert_uint_eq(order[0], 2);
    ck_assert_uint_eq(order[1], 0);
    ck_assert_uint_eq(order[2], 1);
}
END_TEST

static void count_call(void *opaque)
{
    ++*(unsigned *)opaque;
}

START_TEST(only_an_earlier_deadline_moves_the_horizon)
{
    struct clock clock;
    struct event a, b;
    unsigned calls = 0, id = 0;
    clock_init(&clock, 1000000);
    clock.horizon_moved = count_call;
    clock.horizon_opaque = &calls;
    event_init(&a, &clock, "a", note, &id);
    event_init(&b, &clock, "b", note, &id);
    event_at(&a, 100);
    ck_assert_uint_eq(calls, 1);
    event_at(&b, 200);
    ck_assert_uint_eq(calls, 1);
    event_at(&b, 50);
    ck_assert_uint_eq(calls, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        time_is_exact_at_odd_speeds,        long_runs_do_not_overflow,
        idle_moves_time_but_not_the_count,  a_change_of_speed_keeps_the_present,
        ties_break_by_the_order_of_setting, cancelled_events_do_not_run,
        restored_events_keep_their_order,   only_an_earlier_deadline_moves_the_horizon};
    return suite_run("clock", tests, sizeof tests / sizeof *tests);
}
