/* SPDX-License-Identifier: MIT */
/* How often a trace was interpreted, of late: what counts is halved each time that blocks make room for
 * others, so that code that runs now and then does not take the room of code that runs often.
 *
 * trace->heat: the count, and above it the number of evictions when it was true, both cut.
 */
#ifndef LATHE_JIT_HEAT_H
#define LATHE_JIT_HEAT_H

#include "jit/block.h"

enum { HEAT_BITS = 24, HEAT_MOST = (1 << HEAT_BITS) - 1, HEAT_AGES = 1 << (32 - HEAT_BITS) };

static inline uint32_t heat_of(const struct jit *jit, const struct trace *trace)
{
    uint32_t age = (uint32_t)(jit->stats.evictions - (trace->heat >> HEAT_BITS)) % HEAT_AGES;
    return age < HEAT_BITS ? (trace->heat & HEAT_MOST) >> age : 0;
}

/* `count` up to HEAT_MOST. */
static inline void heat_set(const struct jit *jit, struct trace *trace, uint32_t count)
{
    trace->heat = (uint32_t)(jit->stats.evictions % HEAT_AGES) << HEAT_BITS | count;
}

/* Counts a time that the trace is entered. True where it has been entered `threshold` times before. */
static inline bool heat_has_reached(const struct jit *jit, struct trace *trace, uint32_t threshold)
{
    uint32_t count = heat_of(jit, trace);
    if (count >= threshold || count == HEAT_MOST)
        return true;
    heat_set(jit, trace, count + 1);
    return false;
}

#endif
