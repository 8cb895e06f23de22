/* SPDX-License-Identifier: MIT */
/* MC146818: calendar in all formats, update cycle, alarm, periodic rates, SET and divider reset. */
#include "devices/chipset/rtc_mc146818.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

#define SECOND 1000000000ull

struct bench {
    struct clock clock;
    struct fake_line irq, nmi;
    struct rtc *rtc;
};

static void setup_at(struct bench *t, struct rtc_time start)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->irq.clock = &t->clock;
    t->rtc = rtc_new(&(struct rtc_config){
        .clock = &t->clock, .irq = fake_line_to(&t->irq), .nmi_mask = fake_line_to(&t->nmi), .start = start});
}

static void setup(struct bench *t)
{
    setup_at(t, (struct rtc_time){0});
}

static void teardown(struct bench *t)
{
    rtc_free(t->rtc);
    ck_assert(!t->clock.first);
}

static uint32_t get(struct bench *t, unsigned reg)
{
    rtc_ports.write(t->rtc, 0, 1, reg);
    return rtc_ports.read(t->rtc, 1, 1);
}

static void put(struct bench *t, unsigned reg, uint8_t value)
{
    rtc_ports.write(t->rtc, 0, 1, reg);
    rtc_ports.write(t->rtc, 1, 1, value);
}

static void check_time(struct bench *t, unsigned year, unsigned month, unsigned day, unsigned hour,
                       unsigned minute, unsigned second)
{
    ck_assert_uint_eq(get(t, RTC_YEAR), year);
    ck_assert_uint_eq(get(t, RTC_MONTH), month);
    ck_assert_uint_eq(get(t, RTC_DAY_OF_MONTH), day);
    ck_assert_uint_eq(get(t, RTC_HOURS), hour);
    ck_assert_uint_eq(get(t, RTC_MINUTES), minute);
    ck_assert_uint_eq(get(t, RTC_SECONDS), second);
}

START_TEST(default_start)
{
    struct bench t;
    setup(&t);
    check_time(&t, 0, 1, 1, 0, 0, 0);
    ck_assert_uint_eq(get(&t, RTC_DAY_OF_WEEK), 7); /* a Saturday */
    ck_assert_uint_eq(get(&t, RTC_CENTURY), 0x20);
    ck_assert_uint_eq(get(&t, RTC_A), 0x26);
    ck_assert_uint_eq(get(&t, RTC_B), 0x02);
    ck_assert_uint_eq(get(&t, RTC_D), 0x80);
    fake_clock_to(&t.clock, SECOND - 1);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 0);
    fake_clock_to(&t.clock, SECOND);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 1);
    fake_clock_to(&t.clock, 3661 * SECOND);
    check_time(&t, 0, 1, 1, 1, 1, 1);
    teardown(&t);
}
END_TEST

START_TEST(century_and_leap_years)
{
    struct bench t;
    setup_at(&t, (struct rtc_time){1999, 12, 31, 23, 59, 59});
    ck_assert_uint_eq(get(&t, RTC_DAY_OF_WEEK), 6);
    fake_clock_to(&t.clock, SECOND);
    check_time(&t, 0, 1, 1, 0, 0, 0);
    ck_assert_uint_eq(get(&t, RTC_CENTURY), 0x20);
    ck_assert_uint_eq(get(&t, RTC_DAY_OF_WEEK), 7);
    rtc_set_time(t.rtc, &(struct rtc_time){2004, 2, 28, 23, 59, 59});
    fake_clock_to(&t.clock, 2 * SECOND);
    check_time(&t, 4, 2, 0x29, 0, 0, 0);
    rtc_set_time(t.rtc, &(struct rtc_time){2003, 2, 28, 23, 59, 59});
    fake_clock_to(&t.clock, 3 * SECOND);
    check_time(&t, 3, 3, 1, 0, 0, 0);
    teardown(&t);
}
END_TEST

START_TEST(binary_and_twelve_hours)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_B, 0x04); /* binary, 12-hour */
    rtc_set_time(t.rtc, &(struct rtc_time){2010, 10, 30, 11, 59, 59});
    check_time(&t, 10, 10, 30, 11, 59, 59);
    fake_clock_to(&t.clock, SECOND);
    check_time(&t, 10, 10, 30, 0x80 | 12, 0, 0);
    rtc_set_time(t.rtc, &(struct rtc_time){2010, 10, 31, 23, 59, 59});
    check_time(&t, 10, 10, 31, 0x80 | 11, 59, 59);
    fake_clock_to(&t.clock, 2 * SECOND);
    check_time(&t, 10, 11, 1, 12, 0, 0);
    put(&t, RTC_B, 0x00); /* BCD, 12-hour */
    rtc_set_time(t.rtc, &(struct rtc_time){2010, 12, 9, 12, 59, 59});
    fake_clock_to(&t.clock, 3 * SECOND);
    check_time(&t, 0x10, 0x12, 9, 0x81, 0, 0);
    teardown(&t);
}
END_TEST

START_TEST(uip_window)
{
    struct bench t;
    setup(&t);
    fake_clock_to(&t.clock, SECOND - 2228001);
    ck_assert_uint_eq(get(&t, RTC_A) & 0x80, 0);
    fake_clock_to(&t.clock, SECOND - 2228000);
    ck_assert_uint_eq(get(&t, RTC_A) & 0x80, 0x80);
    fake_clock_to(&t.clock, SECOND - 1);
    ck_assert_uint_eq(get(&t, RTC_A) & 0x80, 0x80);
    fake_clock_to(&t.clock, SECOND);
    ck_assert_uint_eq(get(&t, RTC_A) & 0x80, 0);
    put(&t, RTC_B, 0x82);
    fake_clock_to(&t.clock, 2 * SECOND - 1000);
    ck_assert_uint_eq(get(&t, RTC_A) & 0x80, 0);
    /* UIP is read-only. */
    put(&t, RTC_A, 0xA6);
    ck_assert_uint_eq(get(&t, RTC_A), 0x26);
    teardown(&t);
}
END_TEST

START_TEST(set_freezes_and_clears_uie)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_B, 0x12);
    put(&t, RTC_B, 0x92);
    ck_assert_uint_eq(get(&t, RTC_B), 0x82);
    fake_clock_to(&t.clock, 3 * SECOND);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 0);
    ck_assert_uint_eq(get(&t, RTC_C) & 0x10, 0);
    put(&t, RTC_SECONDS, 0x58);
    put(&t, RTC_B, 0x02);
    fake_clock_to(&t.clock, 4 * SECOND);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 0x59);
    teardown(&t);
}
END_TEST

START_TEST(divider_reset_then_half_a_second)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_A, 0x66);
    fake_clock_to(&t.clock, 5 * SECOND + 123456789);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 0);
    put(&t, RTC_A, 0x26);
    fake_clock_advance(&t.clock, SECOND / 2 - 40000);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 0);
    fake_clock_advance(&t.clock, 80000);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 1);
    teardown(&t);
}
END_TEST

START_TEST(update_interrupt)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_B, 0x12);
    fake_clock_to(&t.clock, SECOND);
    ck_assert(t.irq.level);
    ck_assert_uint_eq(t.irq.last_rise_ns, SECOND);
    ck_assert_uint_eq(get(&t, RTC_C) & 0xB0, 0x90);
    ck_assert(!t.irq.level);
    ck_assert_uint_eq(get(&t, RTC_C) & 0x90, 0);
    teardown(&t);
}
END_TEST

START_TEST(flags_without_enables)
{
    struct bench t;
    setup(&t);
    fake_clock_to(&t.clock, SECOND);
    ck_assert(!t.irq.level);
    /* Enabling a source whose flag is already up interrupts at once. */
    put(&t, RTC_B, 0x12);
    ck_assert(t.irq.level);
    put(&t, RTC_B, 0x02);
    ck_assert(!t.irq.level);
    ck_assert_uint_eq(get(&t, RTC_C), 0x50); /* UF and PF, no IRQF */
    teardown(&t);
}
END_TEST

START_TEST(alarm)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_SECONDS_ALARM, 0x05);
    put(&t, RTC_MINUTES_ALARM, 0x01);
    put(&t, RTC_HOURS_ALARM, 0xC0); /* any hour */
    put(&t, RTC_B, 0x22);
    fake_clock_to(&t.clock, 64 * SECOND);
    ck_assert(!t.irq.level);
    fake_clock_to(&t.clock, 65 * SECOND);
    ck_assert(t.irq.level);
    ck_assert_uint_eq(get(&t, RTC_C) & 0xA0, 0xA0);
    fake_clock_to(&t.clock, 3664 * SECOND);
    ck_assert(!t.irq.level);
    fake_clock_to(&t.clock, 3665 * SECOND);
    ck_assert(t.irq.level);
    teardown(&t);
}
END_TEST

/* Interrupts in one second, each acknowledged. */
static unsigned rate(unsigned rs)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_A, (uint8_t)(0x20 | rs));
    put(&t, RTC_B, 0x42);
    get(&t, RTC_C);
    unsigned count = 0;
    uint64_t deadline;
    while (clock_next_deadline(&t.clock, &deadline) && deadline <= SECOND) {
        fake_clock_to(&t.clock, deadline);
        if (t.irq.level) {
            ck_assert(get(&t, RTC_C) & 0x40);
            count++;
        }
    }
    teardown(&t);
    return count;
}

START_TEST(periodic_rates)
{
    ck_assert_uint_eq(rate(0), 0);
    ck_assert_uint_eq(rate(1), 256);
    ck_assert_uint_eq(rate(2), 128);
    ck_assert_uint_eq(rate(3), 8192);
    ck_assert_uint_eq(rate(6), 1024);
    ck_assert_uint_eq(rate(15), 2);
}
END_TEST

START_TEST(unacknowledged_periodic_asks_once)
{
    struct bench t;
    setup(&t);
    put(&t, RTC_B, 0x42);
    fake_clock_to(&t.clock, SECOND / 2);
    ck_assert_uint_eq(t.irq.rises, 1);
    ck_assert_uint_eq(get(&t, RTC_C), 0xC0);
    ck_assert_uint_eq(get(&t, RTC_C), 0x00);
    fake_clock_advance(&t.clock, 977000);
    ck_assert(t.irq.level);
    teardown(&t);
}
END_TEST

START_TEST(index_port)
{
    struct bench t;
    setup(&t);
    rtc_ports.write(t.rtc, 0, 1, 0x80 | 0x20);
    ck_assert(t.nmi.level);
    rtc_ports.write(t.rtc, 1, 1, 0x5A);
    rtc_ports.write(t.rtc, 0, 1, 0x20);
    ck_assert(!t.nmi.level);
    ck_assert_uint_eq(rtc_ports.read(t.rtc, 1, 1), 0x5A);
    ck_assert_uint_eq(rtc_ports.read(t.rtc, 0, 1), 0xFF);
    rtc_poke(t.rtc, 0x15, 0x80);
    ck_assert_uint_eq(get(&t, 0x15), 0x80);
    ck_assert_uint_eq(rtc_peek(t.rtc, 0x20), 0x5A);
    put(&t, RTC_D, 0);
    ck_assert_uint_eq(get(&t, RTC_D), 0x80);
    teardown(&t);
}
END_TEST

START_TEST(reset_keeps_time_and_memory)
{
    struct bench t;
    setup(&t);
    put(&t, 0x40, 0x77);
    put(&t, RTC_B, 0x7A);
    fake_clock_to(&t.clock, 2 * SECOND);
    ck_assert(t.irq.level);
    rtc_reset(t.rtc);
    ck_assert(!t.irq.level);
    ck_assert_uint_eq(get(&t, RTC_B), 0x02);
    ck_assert_uint_eq(get(&t, RTC_SECONDS), 2);
    ck_assert_uint_eq(get(&t, 0x40), 0x77);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    put(&t, RTC_B, 0x52);
    fake_clock_to(&t.clock, 12345678);
    fake_clock_to(&copy.clock, 12345678);
    ck_assert(state_round_trip(&rtc_state, t.rtc, copy.rtc));
    get(&copy, RTC_C);
    fake_clock_to(&copy.clock, SECOND);
    ck_assert(copy.irq.level);
    ck_assert_uint_eq(get(&copy, RTC_C), 0xD0);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {default_start,
                                  century_and_leap_years,
                                  binary_and_twelve_hours,
                                  uip_window,
                                  set_freezes_and_clears_uie,
                                  divider_reset_then_half_a_second,
                                  update_interrupt,
                                  flags_without_enables,
                                  alarm,
                                  periodic_rates,
                                  unacknowledged_periodic_asks_once,
                                  index_port,
                                  reset_keeps_time_and_memory,
                                  state};
    return suite_run("rtc", tests, sizeof tests / sizeof tests[0]);
}
