/* SPDX-License-Identifier: MIT */
#include "jit/room.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/prefetch.h"
#include "core/x86/cpu.h"
#include "jit/block.h"
#include "jit/heat.h"
#include "jit/measure.h"

/* Of one block with all that hangs on it. The assembler minds its limit itself. */
enum { MOST_ARENA = 16 << 10, MOST_CODE = 16 << 10 };

enum { ARENA_START = 16 /* so that no offset in it is 0 */, ALIGNMENT = 16 };

size_t room_arena_bytes(size_t code)
{
    size_t size = code - code / 5, least = (size_t)SPANS * (MOST_ARENA + MOST_ARENA / 4);
    return ARENA_START + (size < least ? least : size) / SPANS * SPANS;
}

static size_t arena_start(const struct jit *jit, unsigned span)
{
    size_t each = (jit->arena_size - ARENA_START) / jit->ring.most;
    return ARENA_START + span * (each & ~(size_t)(ALIGNMENT - 1));
}

static size_t code_start(const struct jit *jit, unsigned span)
{
    size_t first = (jit->code_start + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    size_t each = (jit->code.size - first) / jit->ring.most;
    return first + span * (each & ~(size_t)(ALIGNMENT - 1));
}

static void begin_span(struct jit *jit)
{
    unsigned span = jit->ring.filling;
    jit->arena_used = arena_start(jit, span);
    jit->code.used = code_start(jit, span);
    jit->code.end = code_start(jit, span + 1);
}

void room_init(struct jit *jit, unsigned most)
{
    ring_init(&jit->ring, SPANS, most);
    room_clear(jit);
}

void room_clear(struct jit *jit)
{
    memset(jit->span, 0, sizeof jit->span);
    ring_restart(&jit->ring);
    begin_span(jit);
}

bool room_is_left(const struct jit *jit)
{
    return jit->arena_used + MOST_ARENA <= arena_start(jit, jit->ring.filling + 1) &&
           jit->code.used + MOST_CODE <= jit->code.end;
}

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

void *room_take(struct jit *jit, size_t size)
{
    void *memory = jit->arena + jit->arena_used;
    jit->arena_used += round_up(size, sizeof(void *));
    ASSERT(jit->arena_used <= arena_start(jit, jit->ring.filling + 1));
    return memset(memory, 0, size);
}

struct jit_block *room_take_block(struct jit *jit, size_t size)
{
    jit->arena_used = round_up(jit->arena_used, (size_t)1 << BLOCK_SHIFT);
    return room_take(jit, size);
}

void room_note(struct jit *jit, struct jit_block *block)
{
    struct jit_span *span = &jit->span[jit->ring.filling];
    block->next_in_span = span->blocks;
    span->blocks = jit_offset(jit, block);
}

static bool is_in_span(const struct jit *jit, unsigned span, uint32_t offset)
{
    return offset >= arena_start(jit, span) && offset < arena_start(jit, span + 1);
}

/* No pointer to what hung on a dead block may stay: its exits are still known to the blocks they lead to, and
 * as the one that came next. */
static void forget_span(const struct jit *jit, struct jit_block *block, unsigned span)
{
    uint32_t *link = &block->incoming;
    while (*link) {
        struct jit_exit *exit = jit_exit_at(jit, *link);
        if (is_in_span(jit, span, *link))
            *link = exit->next_incoming;
        else
            link = &exit->next_incoming;
    }
    if (is_in_span(jit, span, block->after_serial))
        block->after_serial = 0;
}

static struct jit_block *next_in_span(const struct jit *jit, const struct jit_block *block)
{
    return jit_block_at(jit, block->next_in_span);
}

/* The same, and fetches what a sweep comes to soon: younger blocks lie behind older ones. */
static struct jit_block *fetch_before(const struct jit *jit, const struct jit_block *block)
{
    struct jit_block *next = next_in_span(jit, block);
    if (next)
        prefetch_bytes((uintptr_t)next - PREFETCH_AHEAD, (uintptr_t)block - (uintptr_t)next);
    return next;
}

/* Its trace has to show anew that it is run often. */
static void evict_block(struct jit *jit, struct jit_block *block)
{
    heat_set(jit, block->part[0].source, 0);
    jit_kill_block(jit, block, true);
    for (unsigned i = 0; i < block->part_count; i++) {
        struct trace *source = block->part[i].source;
        if (source->bare && !source->translations)
            trace_forget_bare(jit->cpu, source);
    }
}

/* A program with much code has the traces' ring grow, and this one follows. Processes at ever new addresses
 * run the same traces: their blocks are new, however much room there is. */
static bool may_grow(const struct jit *jit)
{
    return trace_cache_stats(jit->cpu->traces).parts > TRACE_PARTS;
}

/* Goes on to the next span, and empties it. */
static void advance(struct jit *jit)
{
    const struct cpu *cpu = jit->cpu;
    ring_advance(&jit->ring, cpu->horizon - (uint64_t)cpu->budget, may_grow(jit) ? TRACE_YOUNG : 0);
    unsigned oldest = jit->ring.filling;
    struct jit_block *blocks = jit_block_at(jit, jit->span[oldest].blocks);
    ASSERT(!jit->cpu->fp.live);
    for (struct jit_block *block = blocks; block; block = next_in_span(jit, block)) {
        if (!block->dead)
            evict_block(jit, block);
        measure_retire(jit, block);
    }
    jit->span[oldest].blocks = 0;
    for (unsigned other = 0; other < jit->ring.parts && blocks; other++)
        for (struct jit_block *block = jit_block_at(jit, jit->span[other].blocks); block;
             block = fetch_before(jit, block))
            forget_span(jit, block, oldest);
    jit->stats.evictions += blocks != NULL;
    begin_span(jit);
}

void room_provide(struct jit *jit)
{
    if (!room_is_left(jit))
        advance(jit);
}

bool room_holds(const struct jit *jit, unsigned span, const struct jit_block *block)
{
    return is_in_span(jit, span, jit_offset(jit, block)) && block->code >= code_start(jit, span) &&
           block->code + block->code_bytes <= code_start(jit, span + 1);
}

bool room_has(const struct jit *jit, const struct jit_block *block)
{
    unsigned span = 0;
    while (span < jit->ring.parts && !room_holds(jit, span, block))
        span++;
    return span < jit->ring.parts;
}
