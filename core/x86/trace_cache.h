/* SPDX-License-Identifier: MIT */
/* What the trace cache is made of, for its own files alone: trace.c finds, decodes and kills traces,
 * trace_room.c makes room, trace_check.c checks. */
#ifndef LATHE_CORE_X86_TRACE_CACHE_H
#define LATHE_CORE_X86_TRACE_CACHE_H

#include <stddef.h>

#include "core/base/ring.h"
#include "core/x86/cpu.h"
#include "core/x86/decode.h"
#include "core/x86/trace.h"

enum { HASH_BITS = 18, HASH_SIZE = 1 << HASH_BITS };

#define HASH_FACTOR UINT64_C(0x9E3779B97F4A7C15) /* 2^64 divided by the golden ratio */

enum { DEFAULT_BYTES = 32 << 20, MOST_BYTES = 40 << 20, BARE_BYTES = 6 << 20 };

enum { FIRST_PLACE = 8 /* so that no trace is at 0 */, BARE_START = FIRST_PLACE + MOST_BYTES };

enum {
    TRACE_LARGEST = sizeof(struct trace) + (TRACE_MAX_INSNS + 1) * sizeof(struct insn),
    TRACE_BARE = offsetof(struct trace, link)
};

_Static_assert(TRACE_BARE % _Alignof(struct trace) == 0, "the next trace follows");

/* Copies of bare traces, by a hash of their keys. */
enum { COPY_BITS = 6, COPIES = 1 << COPY_BITS };

/* A decoded instruction that no trace can hold, with the bytes that it came from: comparing them replaces
 * tracking. */
struct edge {
    mem_t memory; /* where it begins; MEM_NONE: in a device */
    uint32_t mode;
    uint8_t count; /* bytes that the decoder was given; 0: free */
    uint8_t bytes[INSN_MAX_LENGTH];
    struct insn insn;
};

enum { EDGES = 256 };

enum { WORDS_PER_PAGE = MEM_PAGE_SIZE / 64 };

/* What is known of a page of guest memory: the traces that begin in it, and which of its bytes they came
 * from, so that stores beside code cost one look.
 *
 * A page whose last trace was overwritten is data again and stores to it are fast, unless that has happened a
 * few times: code that is written and run in turns would have the TLB's entries derived anew each time. Such
 * a page is held: it stays marked as code without any until 2^overwritten more stores found none in it. */
struct code_page {
    uint64_t *code_bytes; /* WORDS_PER_PAGE words, one bit a byte; NULL: no trace is in the page */
    uint32_t first;       /* place of a trace */
    uint16_t stores;      /* since it is held */
    uint8_t overwritten;  /* times that its last trace was, up to HOLD_MOST */
};

enum { HOLD_LEAST = 3, HOLD_MOST = 8 };

struct trace_cache {
    struct edge edges[EDGES];
    uint32_t hash[HASH_SIZE]; /* places of traces */
    struct code_page *pages;
    uint64_t page_count;
    uint32_t part_bytes;
    struct ring ring;
    uint32_t end[RING_MOST_PARTS]; /* place behind the last trace of each part */
    unsigned generation;
    uint64_t evictions, stripped;
    struct trace *scratch;
    const struct trace *cut; /* what the trace in scratch is a prefix of; NULL: of none */
    uint32_t bare_end;       /* place behind the last bare trace */
    uint32_t bare_free;      /* place of one that is free, which hash_next links; 0: none */
    uint8_t *copies;         /* COPIES of TRACE_LARGEST bytes; the key of one that is none is TRACE_DEAD */
    /* A key that none has, then traces, then bare ones. What no part has reached takes no memory of the host.
     */
    _Alignas(struct trace) uint8_t arena[FIRST_PLACE + MOST_BYTES + BARE_BYTES];
};

static inline struct trace *trace_at(const struct trace_cache *cache, uint32_t place)
{
    return (struct trace *)((uintptr_t)cache->arena + place);
}

static inline uint32_t trace_place(const struct trace_cache *cache, const struct trace *trace)
{
    return (uint32_t)((const uint8_t *)trace - cache->arena);
}

static inline uint32_t trace_part_start(const struct trace_cache *cache, unsigned part)
{
    return FIRST_PLACE + part * cache->part_bytes;
}

static inline bool trace_is_in_part(const struct trace_cache *cache, unsigned part, const struct trace *trace)
{
    uintptr_t place = (uintptr_t)trace - (uintptr_t)cache->arena;
    return place - trace_part_start(cache, part) < cache->part_bytes;
}

/* Bytes that a trace takes. Nothing goes on behind one that ends by itself. */
static inline uint32_t trace_size(const struct trace *trace)
{
    unsigned insns = trace->count + (trace->ends ? 0u : 1u);
    return (uint32_t)(sizeof *trace + insns * sizeof *trace->insns);
}

static inline struct trace *trace_copy_at(const struct trace_cache *cache, unsigned number)
{
    return (struct trace *)((uintptr_t)cache->copies + number * (size_t)TRACE_LARGEST);
}

/* Where a copy of a trace with that key stands, or may stand. */
static inline struct trace *trace_copy_of(const struct trace_cache *cache, uint64_t key)
{
    return trace_copy_at(cache, (unsigned)((key * HASH_FACTOR) >> (64 - COPY_BITS)));
}

static inline unsigned trace_hash(uint64_t key)
{
    return (unsigned)((key * HASH_FACTOR) >> (64 - HASH_BITS));
}

static inline unsigned trace_in_page(mem_t offset)
{
    return (unsigned)(offset & (MEM_PAGE_SIZE - 1));
}

/* Bits of code_bytes word `word` that [first, first + size) of the page covers. */
static inline uint64_t trace_byte_mask(unsigned word, unsigned first, unsigned size)
{
    unsigned low = word * 64, end = first + size;
    uint64_t mask = UINT64_MAX;
    if (first > low)
        mask &= UINT64_MAX << (first - low);
    if (end < low + 64)
        mask &= UINT64_MAX >> (low + 64 - end);
    return mask;
}

/* What leads to a trace by its key, and from its page. */
uint32_t *trace_hash_link(struct trace_cache *cache, const struct trace *trace);
uint32_t *trace_page_link(struct trace_cache *cache, const struct trace *trace);

/* Takes the trace that *link leads to out of its page and all that leads to it by its key. */
void trace_kill(struct cpu *cpu, uint32_t *link, struct trace *trace, bool evicted);

/* Marks what is in a page after some of its traces died. */
void trace_remark_page(struct cpu *cpu, struct code_page *page, mem_t offset);

/* Where the next trace goes: room for the largest one. The oldest part may be emptied. */
uint32_t *trace_provide_room(struct cpu *cpu);

/* Storage of a bare trace that died. */
void trace_release_bare(struct trace_cache *cache, struct trace *trace);

#endif
