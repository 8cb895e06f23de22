/* SPDX-License-Identifier: MIT */
#include "frontends/embed/pacer.h"

enum {
    WINDOW_NS = 100000000,  /* wall time over which the host's speed is measured */
    LATE_NS = 10000000,     /* behind by less needs no change of speed */
    FORGIVE_NS = 200000000, /* further behind than this: let it go, a host that slept cannot catch up */
    PATIENCE = 10,          /* late windows in a row before the host's other work counts as its slowness */
    MIN_KHZ = 1000,
    MS_NS = 1000000,
};

static void begin_window(struct pacer *pacer, const struct pacer_sample *sample)
{
    pacer->window_wall = sample->wall;
    pacer->window_cpu = sample->cpu;
    pacer->window_insns = sample->insns;
    pacer->window_slept = 0;
}

static void anchor(struct pacer *pacer, const struct pacer_sample *sample)
{
    pacer->anchor_ns = sample->ns;
    pacer->anchor_wall = sample->wall;
}

static void start(struct pacer *pacer, const struct pacer_sample *sample)
{
    *pacer = (struct pacer){.started = true, .full_khz = sample->khz};
    anchor(pacer, sample);
    begin_window(pacer, sample);
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* What the host can do, less a tenth. Its processor's time tells, for other work on it comes and goes, and
 * the machine catches up afterwards; when that does not happen, what counts is the share that the machine
 * gets. */
static uint64_t host_khz(const struct pacer *pacer, const struct pacer_sample *sample)
{
    uint64_t insns = sample->insns - pacer->window_insns, ns = sample->cpu - pacer->window_cpu;
    if (pacer->late_windows >= PATIENCE) {
        uint64_t elapsed = sample->wall - pacer->window_wall;
        ns = elapsed > pacer->window_slept ? elapsed - pacer->window_slept : 0;
    }
    uint64_t khz = insns * MS_NS / (ns ? ns : 1);
    return khz - khz / 10;
}

/* Speed for the next window. It changes by at most half at a time, so that one hiccup does little. */
static uint64_t choose_khz(const struct pacer *pacer, const struct pacer_sample *sample, bool late)
{
    uint64_t elapsed = sample->wall - pacer->window_wall, worked = sample->cpu - pacer->window_cpu;
    bool idle = worked < elapsed / 10; /* says little about the host */
    bool starved = pacer->late_windows >= PATIENCE;
    bool spare = pacer->window_slept > elapsed / 8;
    uint64_t target = sample->khz;
    if (idle && spare)
        target = pacer->full_khz;
    else if ((!idle || starved) && (late || spare))
        target = host_khz(pacer, sample);
    if (late && target > sample->khz)
        target = sample->khz;
    if (spare && !late && target < sample->khz)
        target = sample->khz;
    target = clamp(target, sample->khz / 2, sample->khz + sample->khz / 2);
    return clamp(target, MIN_KHZ < pacer->full_khz ? MIN_KHZ : pacer->full_khz, pacer->full_khz);
}

static void count_late(struct pacer *pacer, bool late)
{
    if (late && pacer->late_windows < PATIENCE)
        pacer->late_windows++;
    else if (!late && pacer->late_windows)
        pacer->late_windows--;
}

void pacer_step(struct pacer *pacer, const struct pacer_sample *sample, uint64_t *sleep_ns, uint64_t *khz)
{
    *sleep_ns = 0;
    *khz = sample->khz;
    if (!pacer->started)
        start(pacer, sample);
    pacer->next_ns = sample->ns + PACER_INTERVAL_NS;
    uint64_t virtual_ns = sample->ns - pacer->anchor_ns, wall_ns = sample->wall - pacer->anchor_wall;
    uint64_t behind = wall_ns > virtual_ns ? wall_ns - virtual_ns : 0;
    if (sample->wall - pacer->window_wall >= WINDOW_NS) {
        count_late(pacer, behind > LATE_NS);
        *khz = choose_khz(pacer, sample, behind > LATE_NS);
        begin_window(pacer, sample);
    }
    if (behind > FORGIVE_NS)
        anchor(pacer, sample);
    *sleep_ns = virtual_ns > wall_ns ? virtual_ns - wall_ns : 0;
    pacer->window_slept += *sleep_ns;
}
