/* SPDX-License-Identifier: MIT */
/* `--stats`: what a run did and what it took, on stderr. */
#ifndef LATHE_FRONTENDS_CLI_STATS_H
#define LATHE_FRONTENDS_CLI_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct lathe;

/* A run, from stats_begin to stats_end. */
struct stats {
    uint64_t first_insn, insns;
    uint64_t host_ns;    /* at the beginning */
    uint64_t wall_ns;    /* taken */
    int counter;         /* see host_counter.h */
    uint64_t host_insns; /* 0: not known */
};

/* `counts`: the host is asked to count instructions. */
void stats_begin(struct stats *stats, const struct lathe *lathe, bool counts);
void stats_end(struct stats *stats, const struct lathe *lathe);

void stats_print(const struct stats *stats, const struct lathe *lathe);

#endif
