/* SPDX-License-Identifier: MIT */
/* The host's time, for figures about Lathe itself; nothing that the guest sees may depend on it. */
#ifndef LATHE_CORE_BASE_HOST_TIME_H
#define LATHE_CORE_BASE_HOST_TIME_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some point in the past. */
static inline uint64_t host_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
