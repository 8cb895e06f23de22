/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_clock.h"

enum { KHZ_ONE_NS = 1000000 };

void fake_clock_init(struct clock *clock)
{
    clock_init(clock, KHZ_ONE_NS);
}

void fake_clock_to(struct clock *clock, uint64_t ns)
{
    uint64_t deadline;
    while (clock_next_deadline(clock, &deadline) && deadline <= ns) {
        if (deadline > clock->insns)
            clock->insns = deadline;
        clock_run_due(clock);
    }
    if (ns > clock->insns)
        clock->insns = ns;
}

void fake_clock_advance(struct clock *clock, uint64_t ns)
{
    fake_clock_to(clock, clock->insns + ns);
}

void fake_clock_jump(struct clock *clock, uint64_t ns)
{
    clock->insns += ns;
    clock_run_due(clock);
}
