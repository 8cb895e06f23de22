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
    size_t cache_bytes; /* of host code; 0: the default, which may grow */
    size_t
        cache_most; /* up to which it grows where blocks are evicted young; below cache_bytes: not at all */
    uint32_t threshold; /* times that a trace is interpreted before it is translated */
    bool unlinked;      /* every block returns to the dispatcher: for tests */
    bool single;        /* every block is one trace: for tests */
    bool dumps;         /* print the blocks that begin at dump_pc on stderr when they are translated */
    uint64_t dump_pc;   /* RIP or linear address */
    bool perf_map;      /* write /tmp/perf-PID.map, from which perf names blocks */
    bool measure;       /* count what jit_measure tells, at some cost */
};

enum { JIT_THRESHOLD = 80 };

/* What the engine has done so far. */
struct jit_stats {
    uint64_t blocks, guest_insns, host_bytes; /* translated */
    uint64_t regions;                         /* among them: of more than one trace */
    uint64_t killed, flushes;
    uint64_t evicted, evictions; /* blocks that made room; times that some did */
    uint64_t entries;            /* from the interpreter */
    uint64_t follows;            /* exits that found their target through the dispatcher */
    uint64_t calls;              /* of handlers, slow paths of memory accesses included */
};

/* What options.measure has counted. `insns` to `jumps` are products of passes and what is in a block, as if
 * each pass went through to the end. */
struct jit_measured {
    uint64_t inside;  /* instructions retired between entering translated code and leaving it, */
    uint64_t handled; /* of these by handlers; each iteration of a string instruction is one */
    uint64_t passes, insns;
    uint64_t host_insns, host_bytes; /* of straight code that passes executed */
    uint64_t out_of_line;            /* bytes of host code besides it, whether executed or not */
    uint64_t probes, refused;    /* look-ups of operands and groups; those that handlers were called for */
    uint64_t shared;             /* operands that another's look-up served */
    uint64_t jumps, jump_misses; /* indirect jumps; those whose target was not in the jump cache */
    uint64_t translating_ns;     /* host time, */
    uint64_t inside_ns;          /* and that between entering translated code and leaving it */
};

/* Whether this build has a back end for the host. */
bool jit_is_available(void);

/* Attaches an engine to a processor that is not running. NULL with *err where the host has no back end or
 * refuses executable memory. Free before the processor. */
struct jit *jit_new(struct cpu *cpu, const struct jit_options *options, struct error *err);
void jit_free(struct jit *jit);

const struct jit_stats *jit_get_stats(const struct jit *jit);

/* False, and all 0, where options.measure was not set. */
bool jit_measure(const struct jit *jit, struct jit_measured *measured);

/* The form of an instruction that is at `place` (0, 1, ...) among those that handlers execute in translated
 * blocks, the most frequent first: its row of the instruction table, and how many times. False beyond the
 * last. */
bool jit_handled(const struct jit *jit, unsigned place, unsigned *row, uint64_t *times);

#endif
