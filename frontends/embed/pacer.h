/* SPDX-License-Identifier: MIT */
/* Makes virtual time follow the wall clock: sleeps where it is ahead, and where the host cannot keep up asks
 * for fewer instructions per virtual second. Each such request is an input to the machine. */
#ifndef LATHE_FRONTENDS_EMBED_PACER_H
#define LATHE_FRONTENDS_EMBED_PACER_H

#include <stdbool.h>
#include <stdint.h>

enum { PACER_INTERVAL_NS = 5000000 };

struct pacer {
    bool started;
    uint64_t next_ns;                /* virtual time of the next step */
    uint64_t anchor_ns, anchor_wall; /* virtual and wall time that correspond */
    uint64_t full_khz;
    /* The window over which the host's speed is measured. */
    uint64_t window_wall, window_cpu, window_insns, window_slept;
    unsigned late_windows; /* with late windows counted up, others down */
};

/* What the pacer sees at a step. */
struct pacer_sample {
    uint64_t insns, ns, khz; /* of the machine */
    uint64_t wall;           /* host's monotonic nanoseconds */
    uint64_t cpu;            /* nanoseconds of the host's processor that the emulating thread had */
};

/* One step: how long to sleep, and the speed to ask for (the present one where all is well). */
void pacer_step(struct pacer *pacer, const struct pacer_sample *sample, uint64_t *sleep_ns, uint64_t *khz);

#endif
