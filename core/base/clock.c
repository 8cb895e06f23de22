/* SPDX-License-Identifier: MIT */
#include "core/base/clock.h"

#include <stddef.h>

#include "core/base/muldiv.h"

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

void clock_init(struct clock *clock, uint64_t khz)
{
    khz = khz ? khz : 1;
    *clock = (struct clock){.khz = khz, .nominal_khz = khz};
}

uint64_t clock_now(const struct clock *clock)
{
    return clock->base_ns + muldiv64(clock->insns - clock->base_insns, NS_PER_MS, clock->khz);
}

void clock_set_speed(struct clock *clock, uint64_t khz)
{
    clock->base_ns = clock_now(clock);
    clock->base_insns = clock->insns;
    clock->khz = khz ? khz : 1;
    if (clock->horizon_moved)
        clock->horizon_moved(clock->horizon_opaque);
}

void clock_skip_to(struct clock *clock, uint64_t ns)
{
    uint64_t now = clock_now(clock);
    if (ns > now)
        clock->base_ns += ns - now;
}

uint64_t clock_insns_at(const struct clock *clock, uint64_t ns)
{
    if (ns <= clock->base_ns)
        return clock->insns;
    uint64_t insns = clock->base_insns + muldiv64_up(ns - clock->base_ns, clock->khz, NS_PER_MS);
    return insns > clock->insns ? insns : clock->insns;
}

bool clock_next_deadline(const struct clock *clock, uint64_t *ns)
{
    if (!clock->first)
        return false;
    *ns = clock->first->deadline_ns;
    return true;
}

void clock_run_due(struct clock *clock)
{
    while (clock->first) {
        struct event *event = clock->first;
        uint64_t now = clock_now(clock);
        if (event->deadline_ns > now)
            return;
        clock->first = event->next;
        event->pending = false;
        event->fn(event->opaque, now - event->deadline_ns);
    }
}

uint64_t clock_ticks(uint64_t ns, uint64_t hz)
{
    return muldiv64(ns, hz, NS_PER_S);
}

uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz)
{
    return muldiv64_up(ticks, NS_PER_S, hz);
}

void event_init(struct event *event, struct clock *clock, const char *name, event_fn *fn, void *opaque)
{
    *event = (struct event){.clock = clock, .name = name, .fn = fn, .opaque = opaque};
}

void event_at(struct event *event, uint64_t deadline_ns)
{
    event_restore(event, deadline_ns, EVENT_LAST);
}

/* Whether an event in the queue, at `index`, runs before one with the given deadline and rank. Restored
 * events compare by rank; one that was set since then has none and counts by where it stands. */
static bool comes_before(const struct event *queued, uint32_t index, uint64_t deadline_ns, uint32_t rank)
{
    if (queued->deadline_ns != deadline_ns)
        return queued->deadline_ns < deadline_ns;
    return queued->rank == EVENT_LAST ? index < rank : queued->rank <= rank;
}

void event_restore(struct event *event, uint64_t deadline_ns, uint32_t rank)
{
    event_cancel(event);
    struct clock *clock = event->clock;
    struct event **link = &clock->first;
    for (uint32_t index = 0; *link && comes_before(*link, index, deadline_ns, rank); index++)
        link = &(*link)->next;
    event->deadline_ns = deadline_ns;
    event->rank = rank;
    event->next = *link;
    event->pending = true;
    *link = event;
    if (clock->first == event && clock->horizon_moved)
        clock->horizon_moved(clock->horizon_opaque);
}

uint32_t event_rank(const struct event *event)
{
    uint32_t rank = 0;
    for (const struct event *at = event->clock->first; at && at != event; at = at->next)
        rank++;
    return rank;
}

void event_cancel(struct event *event)
{
    if (!event->pending)
        return;
    struct event **link = &event->clock->first;
    while (*link != event)
        link = &(*link)->next;
    *link = event->next;
    event->pending = false;
}
