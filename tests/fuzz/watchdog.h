/* SPDX-License-Identifier: MIT */
/* A limit in processor time, which other work on the host does not use up. */
#ifndef LATHE_TESTS_FUZZ_WATCHDOG_H
#define LATHE_TESTS_FUZZ_WATCHDOG_H

#include <stddef.h>
#include <sys/time.h>

/* SIGPROF comes after so many seconds of the process's time from now; 0: never. */
static inline void watchdog_set(unsigned seconds)
{
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = (time_t)seconds}}, NULL);
}

#endif
