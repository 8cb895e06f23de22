/* SPDX-License-Identifier: MIT */
/* The one clock: instructions retired, virtual nanoseconds as a piecewise-linear function of them, and the
 * event queue.
 *
 *   ns(insns) = base_ns + (insns - base_insns) * 1,000,000 / khz
 *
 * HLT moves base_ns forward; a change of speed starts a new piece. Everything else derives from here.
 */
#ifndef LATHE_CORE_BASE_CLOCK_H
#define LATHE_CORE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock;

/* late_ns: how far virtual time has run past the deadline when the callback is called. */
typedef void event_fn(void *opaque, uint64_t late_ns);

/* A timer, embedded in its owner. Ties between equal deadlines break by the order in which they were set. */
struct event {
    struct clock *clock;
    const char *name;
    event_fn *fn;
    void *opaque;
    struct event *next;
    uint64_t deadline_ns;
    uint32_t rank; /* among equal deadlines: its place when it was saved, or EVENT_LAST */
    bool pending;
};

#define EVENT_LAST UINT32_MAX

/* Tells the running engine that its horizon moved closer: stop after the current instruction. */
typedef void clock_horizon_fn(void *opaque);

struct clock {
    uint64_t insns; /* retired; the engine makes it exact before it calls any device */
    uint64_t base_insns;
    uint64_t base_ns;
    uint64_t khz;         /* thousands of instructions per virtual second, >= 1 */
    uint64_t nominal_khz; /* the same at power-on: what counters of constant rate are based on */
    struct event *first;
    clock_horizon_fn *horizon_moved;
    void *horizon_opaque;
};

/* Starts at zero. khz: instructions per virtual millisecond, e.g. 100,000 for a 100 MHz machine. */
void clock_init(struct clock *clock, uint64_t khz);

/* Virtual nanoseconds since power-on. */
uint64_t clock_now(const struct clock *clock);

/* Starts a new linear piece here with another speed. */
void clock_set_speed(struct clock *clock, uint64_t khz);

/* Idle: moves virtual time forward to `ns` (ignored where it is in the past) while no instruction retires. */
void clock_skip_to(struct clock *clock, uint64_t ns);

/* Instruction count at which virtual time reaches `ns` (rounded up; the present count where it is past). */
uint64_t clock_insns_at(const struct clock *clock, uint64_t ns);

/* Deadline of the earliest event in *ns; false where the queue is empty. */
bool clock_next_deadline(const struct clock *clock, uint64_t *ns);

/* Runs every event that is due, in order of deadline, including those that callbacks make due. */
void clock_run_due(struct clock *clock);

/* Ticks of a `hz` oscillator between power-on and `ns` (128-bit exact), and the first ns at which `ticks`
 * have passed. */
uint64_t clock_ticks(uint64_t ns, uint64_t hz);
uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz);

void event_init(struct event *event, struct clock *clock, const char *name, event_fn *fn, void *opaque);

/* Sets or moves the deadline (absolute virtual ns; a past one runs as soon as possible). */
void event_at(struct event *event, uint64_t deadline_ns);
void event_cancel(struct event *event);

/* Place in the queue, 0 first; and a deadline set again with the place that it had, so that ties break as
 * before. */
uint32_t event_rank(const struct event *event);
void event_restore(struct event *event, uint64_t deadline_ns, uint32_t rank);

#endif
