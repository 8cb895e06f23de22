/* SPDX-License-Identifier: MIT */
/* Decoded traces: straight runs of instructions within one page, keyed by where their bytes are and the
 * decode mode.
 *
 * The cache is a ring of parts, and its oldest part is emptied when there is no room for another trace. A
 * trace lives until then, or until its bytes are overwritten; dead it keeps its storage, so that links to it
 * can be followed safely: its key matches nothing. Parts are emptied by trace_lookup and trace_restore alone,
 * and so between traces.
 *
 * When its part is emptied, one that an engine has translated stays behind *bare*, elsewhere, without its
 * instructions: the translations stand for them, and they are decoded anew where they are asked for.
 */
#ifndef LATHE_CORE_X86_TRACE_H
#define LATHE_CORE_X86_TRACE_H

#include "core/mem/memory.h"
#include "core/x86/insn.h"
#include "core/x86/regs.h"

struct cpu;
struct error;
struct trace_cache;

enum { TRACE_MAX_INSNS = 32, TRACE_MAX_BYTES = 240 };

#define TRACE_DEAD UINT64_MAX

struct trace {
    uint64_t key;                  /* trace_key of its first byte */
    insn_fn *enter;                /* what runs first: its first handler, or the engine */
    void *translations;            /* of the engine; NULL: none */
    uint32_t heat;                 /* of the engine: times entered */
    uint32_t hash_next, page_next; /* places in the cache; 0: none */
    uint8_t count;                 /* instructions */
    uint8_t bytes;
    uint8_t apart;         /* of the engine: how far operands are kept from sharing look-ups */
    bool down : 1;         /* of the engine: string instructions are expected to go down */
    bool each_pass : 1;    /* of the engine: a loop from here looks its operands up in each pass */
    bool ends : 1;         /* its last instruction does not go on to the next one */
    bool bare : 1;         /* only translations of it run: it has nothing of what follows (trace_whole) */
    struct trace *link[2]; /* where its end went last: fall through or not taken, taken */
    struct trace *near[2]; /* the same where the way is a direct one and stays in the page: always right */
    struct insn insns[];   /* count of them; then, unless it ends, exec_trace_end */
};

/* Where the first byte of a trace that is not dead is. */
static inline mem_t trace_start(const struct trace *trace)
{
    return trace->key >> 2;
}

/* How its bytes are decoded. */
static inline enum cpu_mode trace_mode(uint64_t key)
{
    return (enum cpu_mode)(key & 3);
}

static inline uint64_t trace_key(mem_t memory, uint32_t mode)
{
    return memory << 2 | mode;
}

/* A cache over `memory_pages` pages of guest memory. Never NULL. */
struct trace_cache *trace_cache_new(uint64_t memory_pages);
void trace_cache_free(struct trace_cache *cache);

/* Forgets all traces; storage is reused from the start. */
void trace_cache_clear(struct cpu *cpu);

/* Clears the cache and makes it as small as that, in bytes: at the most what it takes anyway, 32 MiB, at the
 * least what its parts need for a trace each. Where traces would make room before TRACE_YOUNG instructions
 * have passed since they were decoded, it takes more, up to `most` and 40 MiB. */
enum { TRACE_PARTS = 8, TRACE_YOUNG = 2000000000 };
void trace_cache_limit(struct cpu *cpu, size_t bytes, size_t most);

/* Times that the cache was cleared or lost its oldest part: pointers to traces taken before a change of it
 * may point nowhere. */
unsigned trace_cache_generation(const struct trace_cache *cache);

/* Kills every trace that has a byte in [offset, offset+size). True where the trace under way is among them.
 */
bool trace_invalidate(struct cpu *cpu, mem_t offset, uint64_t size);

/* The trace for cpu->rip in the present mode; decodes one where there is none. The fetch page must be current
 * and in guest memory. NULL where the first instruction runs into the next page. */
struct trace *trace_lookup(struct cpu *cpu, mem_t memory);

/* A copy of a bare trace, outside the cache, that may run in its place: until its bytes are overwritten or
 * others were made. */
struct trace *trace_copy(struct cpu *cpu, const struct trace *trace);

/* A trace with its instructions: itself or its copy. */
static inline struct trace *trace_whole(struct cpu *cpu, struct trace *trace)
{
    return __builtin_expect(trace->bare, 0) ? trace_copy(cpu, trace) : trace;
}

/* Gives a bare trace its instructions back: returns what stands in its place, with its translations. */
struct trace *trace_restore(struct cpu *cpu, struct trace *trace);

/* A bare trace has lost its last translation, and is not wanted any more. */
void trace_forget_bare(struct cpu *cpu, struct trace *trace);

/* The trace whose first byte is at `memory`, where one was decoded in that mode; else NULL. */
struct trace *trace_find(const struct cpu *cpu, mem_t memory, unsigned mode);

/* A trace outside the cache, valid until the next call: the first `count` instructions of another, or one
 * instruction decoded from `available` bytes that begin at `memory` (MEM_NONE: in a device); NULL where they
 * hold no whole one. */
struct trace *trace_prefix(struct cpu *cpu, const struct trace *trace, unsigned count);
struct trace *trace_single(struct cpu *cpu, mem_t memory, const uint8_t *bytes, unsigned available);

/* Whether the instruction at `memory` is known to go on in the next page; hot ones then cost no decoding. */
bool trace_runs_over_page(const struct cpu *cpu, mem_t memory);

/* What the cache holds and has done. */
struct trace_cache_stats {
    size_t bytes;       /* in use */
    unsigned parts;     /* of the ring: TRACE_PARTS, more where it grew */
    uint64_t evictions; /* of the oldest part */
    uint64_t stripped;  /* traces that became bare by these */
    unsigned bare_most; /* most that there were at once */
};

struct trace_cache_stats trace_cache_stats(const struct trace_cache *cache);

/* For tests, between runs: every live trace is what its bytes in memory decode to, is found by its key, has
 * its bytes marked as code, and has links that lead to traces. False with *err where one is not. */
bool trace_cache_check(const struct cpu *cpu, struct error *err);

#endif
