/* SPDX-License-Identifier: MIT */
#include "frontends/embed/pacer.h"

enum {
    FORGIVE_NS = 200000000, /* further behind than this: let it go, a host that slept cannot catch up */
    LATE_NS = 10000000,     /* behind by less needs no change of speed */
    SPARE_STEPS = 20,       /* steps with time to spare before the speed is raised */
    MIN_KHZ = 1000,
    MS_NS = 1000000,
};

static uint64_t clamp_khz(const struct pacer *pacer, uint64_t khz)
{
    if (khz > pacer->full_khz)
        return pacer->full_khz;
    return khz < MIN_KHZ ? MIN_KHZ : khz;
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
}

/* Behind: what the host did since the last step, less a tenth to catch up. */
static uint64_t slower(const struct pacer *pacer, const struct pacer_sample *sample)
{
    uint64_t wall = sample->wall - pacer->wall;
    uint64_t measured = wall ? (sample->insns - pacer->insns) * MS_NS / wall : sample->khz;
    uint64_t target = measured - measured / 10;
    return target < sample->khz ? target : sample->khz;
}

void pacer_step(struct pacer *pacer, const struct pacer_sample *sample, uint64_t *sleep_ns, uint64_t *khz)
{
    *sleep_ns = 0;
    *khz = sample->khz;
    if (!pacer->started) {
        start(pacer, sample);
    } else {
        uint64_t virtual_ns = sample->ns - pacer->anchor_ns;
        uint64_t wall_ns = sample->wall - pacer->anchor_wall;
        if (virtual_ns >= wall_ns) {
            *sleep_ns = virtual_ns - wall_ns;
            pacer->spare = *sleep_ns > PACER_INTERVAL_NS / 4 ? pacer->spare + 1 : 0;
        } else if (wall_ns - virtual_ns > LATE_NS) {
            pacer->spare = 0;
            /* An idle guest retires little: its lateness says nothing about the host's speed. */
            if (sample->insns - pacer->insns > sample->khz)
                *khz = clamp_khz(pacer, slower(pacer, sample));
            if (wall_ns - virtual_ns > FORGIVE_NS)
                anchor(pacer, sample);
        }
        if (pacer->spare >= SPARE_STEPS) {
            *khz = clamp_khz(pacer, sample->khz + sample->khz / 8);
            pacer->spare = 0;
        }
    }
    pacer->insns = sample->insns;
    pacer->wall = sample->wall + *sleep_ns;
    pacer->next_ns = sample->ns + PACER_INTERVAL_NS;
}
