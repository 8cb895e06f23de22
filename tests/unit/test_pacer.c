/* SPDX-License-Identifier: MIT */
/* Real-time pacing against simulated hosts of different speeds. */
#include "frontends/embed/pacer.h"
#include "tests/support/suite.h"

/* A machine that retires instructions all the time, on a host that manages `host_khz` of them. Other programs
 * take its processor for the first `other_ns` of each `period_ns` of wall time. */
struct host {
    struct pacer pacer;
    uint64_t host_khz, other_ns, period_ns;
    uint64_t wall, cpu, insns, ns, khz, lowest_khz;
};

/* The thread wants `ns` of the processor. */
static void work(struct host *host, uint64_t ns)
{
    host->cpu += ns;
    while (ns) {
        uint64_t phase = host->period_ns ? host->wall % host->period_ns : 0;
        if (host->period_ns && phase < host->other_ns) {
            host->wall += host->other_ns - phase;
            continue;
        }
        uint64_t left = host->period_ns ? host->period_ns - phase : ns;
        uint64_t part = ns < left ? ns : left;
        host->wall += part;
        ns -= part;
    }
}

static void run(struct host *host, uint64_t until_wall)
{
    host->lowest_khz = host->khz;
    while (host->wall < until_wall) {
        uint64_t sleep_ns, khz;
        const struct pacer_sample sample = {host->insns, host->ns, host->khz, host->wall, host->cpu};
        pacer_step(&host->pacer, &sample, &sleep_ns, &khz);
        host->wall += sleep_ns;
        host->khz = khz;
        if (khz < host->lowest_khz)
            host->lowest_khz = khz;
        uint64_t insns = khz * PACER_INTERVAL_NS / 1000000;
        host->insns += insns;
        host->ns += PACER_INTERVAL_NS;
        work(host, insns * 1000000 / host->host_khz);
    }
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

START_TEST(a_fast_host_sleeps_and_keeps_the_speed)
{
    struct host host = {.host_khz = 400000, .khz = 100000};
    run(&host, 10000000000);
    ck_assert_uint_eq(host.khz, 100000);
    ck_assert_uint_lt(distance(host.ns, host.wall), 20000000);
}
END_TEST

START_TEST(a_slow_host_gets_fewer_instructions_but_right_time)
{
    struct host host = {.host_khz = 20000, .khz = 100000};
    run(&host, 10000000000);
    ck_assert_uint_lt(host.khz, 20000);
    ck_assert_uint_gt(host.khz, 14000);
    uint64_t wall = host.wall, ns = host.ns;
    run(&host, 20000000000);
    ck_assert_uint_lt(distance(host.wall - wall, host.ns - ns), 30000000);
}
END_TEST

/* Less than a tenth of what was asked for is not idleness. */
START_TEST(a_very_slow_host_is_found_out)
{
    struct host host = {.host_khz = 20000, .khz = 1000000};
    run(&host, 10000000000);
    ck_assert_uint_lt(host.khz, 20000);
    uint64_t wall = host.wall, ns = host.ns;
    run(&host, 20000000000);
    ck_assert_uint_lt(distance(host.wall - wall, host.ns - ns), 30000000);
}
END_TEST

START_TEST(the_speed_comes_back)
{
    struct host host = {.host_khz = 20000, .khz = 100000};
    run(&host, 5000000000);
    ck_assert_uint_lt(host.khz, 20000);
    host.host_khz = 400000;
    run(&host, 10000000000);
    ck_assert_uint_eq(host.khz, 100000);
}
END_TEST

START_TEST(a_host_that_was_suspended_does_not_catch_up)
{
    struct host host = {.host_khz = 400000, .khz = 100000};
    run(&host, 1000000000);
    host.wall += 3600000000000;
    uint64_t wall = host.wall, ns = host.ns;
    run(&host, host.wall + 1000000000);
    ck_assert_uint_lt(host.ns - ns, host.wall - wall + 300000000);
}
END_TEST

/* The machine needs a third of the processor; it gets none for 80 ms of every 400. */
START_TEST(other_work_that_goes_away_costs_no_speed)
{
    struct host host = {.host_khz = 300000, .khz = 100000, .other_ns = 80000000, .period_ns = 400000000};
    run(&host, 20000000000);
    ck_assert_uint_eq(host.lowest_khz, 100000);
    ck_assert_uint_lt(distance(host.ns, host.wall), 200000000);
}
END_TEST

/* A tenth of the processor for good is not enough for the full speed: the right time goes before it. */
START_TEST(other_work_that_stays_costs_speed)
{
    struct host host = {.host_khz = 300000, .khz = 100000, .other_ns = 18000000, .period_ns = 20000000};
    run(&host, 10000000000);
    uint64_t wall = host.wall, ns = host.ns;
    run(&host, 20000000000);
    ck_assert_uint_lt(distance(host.wall - wall, host.ns - ns), 100000000);
    ck_assert_uint_gt(host.khz, 15000);
    host.other_ns = 0;
    run(&host, 25000000000);
    ck_assert_uint_eq(host.khz, 100000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_fast_host_sleeps_and_keeps_the_speed,
                                  a_slow_host_gets_fewer_instructions_but_right_time,
                                  a_very_slow_host_is_found_out,
                                  the_speed_comes_back,
                                  a_host_that_was_suspended_does_not_catch_up,
                                  other_work_that_goes_away_costs_no_speed,
                                  other_work_that_stays_costs_speed};
    return suite_run("pacer", tests, sizeof tests / sizeof tests[0]);
}
