/* SPDX-License-Identifier: MIT */
/* The translating engine: hot traces become host code. What the guest sees is what the interpreter does, bit
 * for bit and at the same instruction counts. */
#ifndef LATHE_JIT_JIT_H
#define LATHE_JIT_JIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cpu;
struct error;
struct jit;

struct jit_options {
    size_t cache_bytes; /* of host code; 0: the default */
    uint32_t threshold; /* times that a trace is interpreted before it is translated */
    bool unlinked;      /* every block returns to the dispatcher: for tests */
    bool dumps;         /* print the blocks that begin at dump_pc on stderr when they are translated */
    uint64_t dump_pc;   /* RIP or linear address */
    bool perf_map;      /* write /tmp/perf-PID.map, from which perf names blocks */
};

enum { JIT_THRESHOLD = 40 };

/* What the engine has done so far. */
struct jit_stats {
    uint64_t blocks, guest_insns, host_bytes; /* translated */
    uint64_t killed, flushes;
    uint64_t entries; /* from the interpreter */
    uint64_t follows; /* exits that found their target through the dispatcher */
    uint64_t calls;   /* of handlers, slow paths of memory accesses included */
};

/* Whether this build has a back end for the host. */
bool jit_is_available(void);

/* Attaches an engine to a processor that is not running. NULL with *err where the host has no back end or
 * refuses executable memory. Free before the processor. */
struct jit *jit_new(struct cpu *cpu, const struct jit_options *options, struct error *err);
void jit_free(struct jit *jit);

const struct jit_stats *jit_get_stats(const struct jit *jit);

/* The form of an instruction that is at `place` (0, 1, ...) among those that handlers execute in translated
 * blocks, the most frequent first: its row of the instruction table, and how many times. False beyond the
 * last. */
bool jit_handled(const struct jit *jit, unsigned place, unsigned *row, uint64_t *times);

#endif
