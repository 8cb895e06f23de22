/* SPDX-License-Identifier: MIT */
/* 8254: the six modes against the waveforms of the data sheet, gates, BCD, latches, read-back. */
#include "devices/chipset/pit_8254.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { CONTROL = 3, CH2 = 2 };

struct bench {
    struct clock clock;
    struct fake_line out0, out2;
    struct pit *pit;
};

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->out0.clock = t->out2.clock = &t->clock;
    t->pit = pit_new(&(struct pit_config){.clock = &t->clock,
                                          .out = {fake_line_to(&t->out0), {0}, fake_line_to(&t->out2)}});
    fake_clock_to(&t->clock, clock_ticks_to_ns(1000, PIT_HZ));
}

static void teardown(struct bench *t)
{
    pit_free(t->pit);
    ck_assert(!t->clock.first);
}

static void put(struct bench *t, uint32_t port, uint8_t value)
{
    pit_ports.write(t->pit, port, 1, value);
}

static uint32_t get(struct bench *t, uint32_t port)
{
    return pit_ports.read(t->pit, port, 1);
}

static uint64_t now_tick(const struct bench *t)
{
    return clock_ticks(clock_now(&t->clock), PIT_HZ);
}

static void run(struct bench *t, uint64_t ticks)
{
    fake_clock_to(&t->clock, clock_ticks_to_ns(now_tick(t) + ticks, PIT_HZ));
}

/* Two-byte count, latched. */
static uint32_t count(struct bench *t, unsigned channel)
{
    put(t, CONTROL, (uint8_t)(channel << 6));
    uint32_t low = get(t, channel);
    return low | get(t, channel) << 8;
}

static void program(struct bench *t, unsigned channel, unsigned mode, uint32_t n)
{
    put(t, CONTROL, (uint8_t)(channel << 6 | 0x30 | mode << 1));
    put(t, channel, (uint8_t)n);
    put(t, channel, (uint8_t)(n >> 8));
}

START_TEST(mode0_counts_to_terminal)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 0, 4);
    ck_assert(!pit_out(t.pit, 0));
    run(&t, 1);
    ck_assert_uint_eq(count(&t, 0), 4); /* loaded, not decremented */
    run(&t, 3);
    ck_assert_uint_eq(count(&t, 0), 1);
    ck_assert(!t.out0.level);
    run(&t, 1);
    ck_assert(t.out0.level); /* N + 1 CLK after the write */
    ck_assert_uint_eq(t.out0.last_rise_ns, clock_ticks_to_ns(1005, PIT_HZ));
    run(&t, 1);
    ck_assert_uint_eq(count(&t, 0), 0xFFFF);
    run(&t, 70000);
    ck_assert(t.out0.level);
    ck_assert_uint_eq(t.out0.rises, 1);
    teardown(&t);
}
END_TEST

START_TEST(new_count_reads_back_at_once)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 0, 0x1234);
    run(&t, 100);
    program(&t, 0, 0, 0xFFFF);
    uint32_t low = get(&t, 0);
    ck_assert_uint_eq(low | get(&t, 0) << 8, 0xFFFF);
    run(&t, 2);
    ck_assert_uint_eq(count(&t, 0), 0xFFFE);
    teardown(&t);
}
END_TEST

START_TEST(mode0_first_byte_stops_and_lowers_out)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 0, 3);
    run(&t, 10);
    ck_assert(t.out0.level);
    put(&t, 0, 9);
    ck_assert(!t.out0.level);
    uint32_t stopped = count(&t, 0);
    run(&t, 50);
    ck_assert_uint_eq(count(&t, 0), stopped);
    put(&t, 0, 0);
    run(&t, 9);
    ck_assert(!t.out0.level);
    run(&t, 1);
    ck_assert(t.out0.level);
    teardown(&t);
}
END_TEST

START_TEST(mode0_gate_suspends)
{
    struct bench t;
    setup(&t);
    pit_set_gate(t.pit, CH2, true);
    program(&t, CH2, 0, 10);
    run(&t, 4);
    pit_set_gate(t.pit, CH2, false);
    run(&t, 100);
    ck_assert_uint_eq(count(&t, CH2), 7);
    pit_set_gate(t.pit, CH2, true);
    run(&t, 6);
    ck_assert(!t.out2.level);
    run(&t, 1);
    ck_assert(t.out2.level);
    teardown(&t);
}
END_TEST

START_TEST(mode1_one_shot)
{
    struct bench t;
    setup(&t);
    program(&t, CH2, 1, 3);
    ck_assert(t.out2.level);
    run(&t, 20);
    ck_assert(t.out2.level);
    pit_set_gate(t.pit, CH2, true);
    run(&t, 1);
    ck_assert(!t.out2.level);
    run(&t, 2);
    /* Retrigger before the end: N more. A new count waits for the next trigger. */
    pit_set_gate(t.pit, CH2, false);
    pit_set_gate(t.pit, CH2, true);
    put(&t, CH2, 10);
    put(&t, CH2, 0);
    run(&t, 3);
    ck_assert_uint_eq(t.out2.rises, 1);
    /* The count was in CR before the trigger's CLK, so this pulse takes it. */
    run(&t, 7);
    ck_assert(!t.out2.level);
    run(&t, 1);
    ck_assert(t.out2.level);
    put(&t, CH2, 2);
    put(&t, CH2, 0);
    run(&t, 50);
    ck_assert(t.out2.level);
    pit_set_gate(t.pit, CH2, false);
    ck_assert(t.out2.level);
    pit_set_gate(t.pit, CH2, true);
    run(&t, 1);
    ck_assert(!t.out2.level);
    run(&t, 2);
    ck_assert(t.out2.level);
    teardown(&t);
}
END_TEST

START_TEST(mode2_rate)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 2, 5);
    ck_assert(t.out0.level);
    run(&t, 1 + 4);
    ck_assert(!pit_out(t.pit, 0)); /* low while CE is 1 */
    ck_assert_uint_eq(count(&t, 0), 1);
    run(&t, 1);
    ck_assert(pit_out(t.pit, 0));
    ck_assert_uint_eq(count(&t, 0), 5);
    unsigned rises = t.out0.rises;
    run(&t, 50);
    ck_assert_uint_eq(t.out0.rises - rises, 10);
    /* A new count takes effect at the end of the present period. */
    run(&t, 2);
    put(&t, 0, 100);
    put(&t, 0, 0);
    rises = t.out0.rises;
    run(&t, 3);
    ck_assert_uint_eq(t.out0.rises - rises, 1);
    run(&t, 99);
    ck_assert_uint_eq(t.out0.rises - rises, 1);
    run(&t, 1);
    ck_assert_uint_eq(t.out0.rises - rises, 2);
    teardown(&t);
}
END_TEST

START_TEST(mode2_gate_resynchronises)
{
    struct bench t;
    setup(&t);
    pit_set_gate(t.pit, CH2, true);
    program(&t, CH2, 2, 4);
    run(&t, 4);
    ck_assert(!pit_out(t.pit, CH2));
    pit_set_gate(t.pit, CH2, false);
    ck_assert(pit_out(t.pit, CH2));
    run(&t, 100);
    ck_assert(pit_out(t.pit, CH2));
    ck_assert_uint_eq(count(&t, CH2), 1);
    pit_set_gate(t.pit, CH2, true);
    run(&t, 1);
    ck_assert_uint_eq(count(&t, CH2), 4);
    teardown(&t);
}
END_TEST

/* Lengths of the high and low halves. */
static void check_square(uint32_t n, uint32_t high, uint32_t low)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 3, n);
    run(&t, 1);
    for (unsigned periods = 0; periods < 3; periods++) {
        ck_assert(t.out0.level);
        run(&t, high - 1);
        ck_assert(t.out0.level);
        run(&t, 1);
        ck_assert(!t.out0.level);
        run(&t, low - 1);
        ck_assert(!t.out0.level);
        run(&t, 1);
    }
    teardown(&t);
}

START_TEST(mode3_square)
{
    check_square(4, 2, 2);
    check_square(5, 3, 2);
    check_square(3, 2, 1);
    check_square(0, 32768, 32768);
    check_square(65535, 32768, 32767);
}
END_TEST

START_TEST(mode3_counts_by_two)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 3, 5);
    static const unsigned expected[] = {4, 2, 0, 4, 2, 4, 2, 0};
    for (unsigned i = 0; i < 8; i++) {
        run(&t, 1);
        ck_assert_uint_eq(count(&t, 0), expected[i]);
    }
    teardown(&t);
}
END_TEST

START_TEST(mode3_new_count_at_half_cycle)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 3, 100);
    run(&t, 1 + 10);
    put(&t, 0, 20);
    put(&t, 0, 0);
    run(&t, 40);
    ck_assert(!t.out0.level);
    run(&t, 9);
    ck_assert(!t.out0.level);
    run(&t, 1);
    ck_assert(t.out0.level);
    teardown(&t);
}
END_TEST

START_TEST(mode4_strobe)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 4, 3);
    run(&t, 3);
    ck_assert(t.out0.level);
    run(&t, 1);
    ck_assert(!t.out0.level);
    run(&t, 1);
    ck_assert(t.out0.level);
    ck_assert_uint_eq(count(&t, 0), 0xFFFF);
    run(&t, 0x20000);
    ck_assert_uint_eq(t.out0.falls, 1);
    put(&t, 0, 2);
    put(&t, 0, 0);
    run(&t, 3);
    ck_assert(!t.out0.level);
    teardown(&t);
}
END_TEST

START_TEST(mode5_triggered_strobe)
{
    struct bench t;
    setup(&t);
    program(&t, CH2, 5, 3);
    run(&t, 100);
    ck_assert(t.out2.level);
    pit_set_gate(t.pit, CH2, true);
    run(&t, 2);
    pit_set_gate(t.pit, CH2, false); /* the level does not matter */
    pit_set_gate(t.pit, CH2, true);
    run(&t, 3);
    ck_assert(t.out2.level);
    run(&t, 1);
    ck_assert(!t.out2.level);
    run(&t, 1);
    ck_assert(t.out2.level);
    teardown(&t);
}
END_TEST

START_TEST(modes_6_and_7_are_2_and_3)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 6, 10);
    put(&t, CONTROL, 0xE2);
    ck_assert_uint_eq(get(&t, 0) & 0x0E, 2 << 1);
    program(&t, 0, 7, 10);
    put(&t, CONTROL, 0xE2);
    ck_assert_uint_eq(get(&t, 0) & 0x0E, 3 << 1);
    teardown(&t);
}
END_TEST

START_TEST(bcd)
{
    struct bench t;
    setup(&t);
    put(&t, CONTROL, 0x35); /* channel 0, both bytes, mode 2, BCD */
    put(&t, 0, 0x00);
    put(&t, 0, 0x10);
    run(&t, 2);
    ck_assert_uint_eq(count(&t, 0), 0x0999);
    unsigned rises = t.out0.rises;
    run(&t, 999 + 4000);
    ck_assert_uint_eq(t.out0.rises - rises, 5);
    put(&t, CONTROL, 0x31);
    put(&t, 0, 0);
    put(&t, 0, 0);
    run(&t, 2);
    ck_assert_uint_eq(count(&t, 0), 0x9999);
    run(&t, 9998);
    ck_assert(!t.out0.level);
    run(&t, 1);
    ck_assert(t.out0.level);
    teardown(&t);
}
END_TEST

START_TEST(byte_access_modes)
{
    struct bench t;
    setup(&t);
    put(&t, CONTROL, 0x14); /* LSB only, mode 2 */
    put(&t, 0, 7);
    run(&t, 1);
    ck_assert_uint_eq(get(&t, 0), 7);
    ck_assert_uint_eq(get(&t, 0), 7);
    put(&t, CONTROL, 0x24); /* MSB only: LSB is zero */
    put(&t, 0, 2);
    run(&t, 1);
    ck_assert_uint_eq(get(&t, 0), 2);
    run(&t, 1);
    ck_assert_uint_eq(get(&t, 0), 1);
    ck_assert_uint_eq(t.pit->channels[0].ce, 0x1FF);
    teardown(&t);
}
END_TEST

START_TEST(latch_holds_until_read)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 2, 0x1234);
    run(&t, 1);
    put(&t, CONTROL, 0x00);
    run(&t, 0x20);
    put(&t, CONTROL, 0x00); /* ignored: the first latch is unread */
    ck_assert_uint_eq(get(&t, 0), 0x34);
    ck_assert_uint_eq(get(&t, 0), 0x12);
    ck_assert_uint_eq(get(&t, 0), 0x14);
    ck_assert_uint_eq(get(&t, 0), 0x12);
    /* Reprogramming drops the latch and both flip-flops. */
    put(&t, CONTROL, 0x00);
    get(&t, 0);
    program(&t, 0, 2, 0x4321);
    run(&t, 1);
    ck_assert_uint_eq(get(&t, 0), 0x21);
    teardown(&t);
}
END_TEST

START_TEST(interleaved_read_and_write)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 2, 0x1234);
    run(&t, 1);
    ck_assert_uint_eq(get(&t, 0), 0x34);
    put(&t, 0, 0x78);
    ck_assert_uint_eq(get(&t, 0), 0x12);
    put(&t, 0, 0x56);
    ck_assert_uint_eq(t.pit->channels[0].cr, 0x5678);
    teardown(&t);
}
END_TEST

START_TEST(read_back)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 3, 1000);
    program(&t, 1, 2, 18);
    put(&t, CONTROL, 0xC6);                                     /* count and status of channels 0 and 1 */
    ck_assert_uint_eq(get(&t, 0), 0x80 | 0x40 | 0x30 | 3 << 1); /* null count: not loaded yet */
    run(&t, 10);
    put(&t, CONTROL, 0xE6); /* status; channel 0's count is still latched from before the load */
    ck_assert_uint_eq(get(&t, 0), 0x80 | 0x30 | 3 << 1);
    ck_assert_uint_eq(get(&t, 1), 0x80 | 0x40 | 0x30 | 2 << 1); /* the older latch wins */
    get(&t, 0), get(&t, 0);
    get(&t, 1), get(&t, 1);
    put(&t, CONTROL, 0xD2); /* count only, channel 0 */
    uint32_t low = get(&t, 0);
    ck_assert_uint_eq(low | get(&t, 0) << 8, 1000 - 2 * 9);
    ck_assert_uint_eq(get(&t, CONTROL), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(null_count_until_reload)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 2, 10);
    run(&t, 1);
    put(&t, 0, 20);
    put(&t, 0, 0);
    put(&t, CONTROL, 0xE2);
    ck_assert_uint_eq(get(&t, 0) & 0x40, 0x40);
    run(&t, 10);
    put(&t, CONTROL, 0xE2);
    ck_assert_uint_eq(get(&t, 0) & 0x40, 0);
    teardown(&t);
}
END_TEST

START_TEST(long_term_rate_is_exact)
{
    struct bench t;
    setup(&t);
    program(&t, 0, 3, 0); /* 18.2 Hz */
    uint64_t start = now_tick(&t) + 1;
    run(&t, 1);
    unsigned rises = t.out0.rises;
    fake_clock_to(&t.clock, clock_ticks_to_ns(start + 65536 * 1000ull, PIT_HZ));
    ck_assert_uint_eq(t.out0.rises - rises, 1000);
    ck_assert_uint_eq(t.out0.last_rise_ns, clock_now(&t.clock));
    teardown(&t);
}
END_TEST

START_TEST(reading_does_not_disturb)
{
    struct bench a, b;
    setup(&a);
    setup(&b);
    program(&a, 0, 2, 7);
    program(&b, 0, 2, 7);
    for (unsigned i = 0; i < 100; i++) {
        run(&a, 1);
        pit_out(a.pit, 0);
        (void)get(&a, 0), (void)get(&a, 0);
    }
    run(&b, 100);
    ck_assert_uint_eq(a.out0.rises, b.out0.rises);
    ck_assert_uint_eq(a.out0.falls, b.out0.falls);
    ck_assert_uint_eq(count(&a, 0), count(&b, 0));
    teardown(&a);
    teardown(&b);
}
END_TEST

START_TEST(illegal_counts_terminate)
{
    struct bench t;
    setup(&t);
    for (unsigned mode = 0; mode < 6; mode++) {
        program(&t, 0, mode, 1);
        run(&t, 1000);
        put(&t, CONTROL, (uint8_t)(0x31 | mode << 1));
        put(&t, 0, 0xFF);
        put(&t, 0, 0xFF);
        run(&t, 20000);
    }
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    program(&t, 0, 3, 1001);
    program(&t, 1, 2, 18);
    run(&t, 77);
    fake_clock_to(&copy.clock, clock_now(&t.clock));
    ck_assert(state_round_trip(&pit_state, t.pit, copy.pit));
    run(&t, 5000);
    run(&copy, 5000);
    ck_assert_uint_eq(copy.out0.last_rise_ns, t.out0.last_rise_ns);
    ck_assert_uint_eq(count(&copy, 0), count(&t, 0));
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {mode0_counts_to_terminal,
                                  new_count_reads_back_at_once,
                                  mode0_first_byte_stops_and_lowers_out,
                                  mode0_gate_suspends,
                                  mode1_one_shot,
                                  mode2_rate,
                                  mode2_gate_resynchronises,
                                  mode3_square,
                                  mode3_counts_by_two,
                                  mode3_new_count_at_half_cycle,
                                  mode4_strobe,
                                  mode5_triggered_strobe,
                                  modes_6_and_7_are_2_and_3,
                                  bcd,
                                  byte_access_modes,
                                  latch_holds_until_read,
                                  interleaved_read_and_write,
                                  read_back,
                                  null_count_until_reload,
                                  long_term_rate_is_exact,
                                  reading_does_not_disturb,
                                  illegal_counts_terminate,
                                  state};
    return suite_run("pit", tests, sizeof tests / sizeof tests[0]);
}
