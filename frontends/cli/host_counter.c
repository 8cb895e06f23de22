/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "frontends/cli/host_counter.h"

#include "config.h"

#if LATHE_HAVE_PERF_EVENT

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

int host_counter_open(void)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
                                         .size = sizeof attributes,
                                         .config = PERF_COUNT_HW_INSTRUCTIONS,
                                         .exclude_kernel = 1,
                                         .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

uint64_t host_counter_take(int counter)
{
    uint64_t insns;
    if (counter < 0)
        return 0;
    if (read(counter, &insns, sizeof insns) != sizeof insns)
        insns = 0;
    close(counter);
    return insns;
}

#else

int host_counter_open(void)
{
    return -1;
}

uint64_t host_counter_take(int counter)
{
    (void)counter;
    return 0;
}

#endif
