/* SPDX-License-Identifier: MIT */
/* For sweeps over things whose sizes only they know, so that the host cannot fetch ahead by itself. */
#ifndef LATHE_CORE_BASE_PREFETCH_H
#define LATHE_CORE_BASE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

enum { PREFETCH_LINE = 64, PREFETCH_AHEAD = 2048 /* bytes that a sweep lets it be early */ };

/* Has the host's caches fetch `bytes` from an address on, which need not be one. */
static inline void prefetch_bytes(uintptr_t address, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PREFETCH_LINE)
        __builtin_prefetch((const void *)(address + at));
}

#endif
