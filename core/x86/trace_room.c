/* SPDX-License-Identifier: MIT */
/* Room for traces: the oldest part is emptied, and what is translated stays behind bare. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/prefetch.h"
#include "core/x86/engine.h"
#include "core/x86/trace_cache.h"

/* The last x87 instruction's pointers are read off it after its bytes may have been overwritten. */
static bool has_x87(const struct trace *trace)
{
    for (unsigned i = 0; i < trace->count; i++)
        if ((trace->insns[i].opcode & 0xF8) == 0xD8) /* or a second byte that looks like one */
            return true;
    return false;
}

/* Whether translations can stand for a trace's instructions. */
static bool may_be_bare(const struct trace *trace)
{
    return trace->translations && !has_x87(trace);
}

/* Marks what is left in a page. One that no trace is left in is data again. */
static void remark_or_release(struct cpu *cpu, struct code_page *page, mem_t offset)
{
    trace_remark_page(cpu, page, offset);
    if (page->first)
        return;
    alloc_free(page->code_bytes);
    page->code_bytes = NULL;
}

void trace_release_bare(struct trace_cache *cache, struct trace *trace)
{
    trace->hash_next = cache->bare_free;
    cache->bare_free = trace_place(cache, trace);
}

/* A place for a bare trace; 0: there is none. */
static uint32_t take_bare(struct trace_cache *cache)
{
    uint32_t place = cache->bare_free;
    if (place) {
        cache->bare_free = trace_at(cache, place)->hash_next;
        return place;
    }
    if (cache->bare_end + TRACE_BARE > sizeof cache->arena)
        return 0;
    place = cache->bare_end;
    cache->bare_end += TRACE_BARE;
    return place;
}

/* Makes a trace, to which *link leads from its page, stand elsewhere without its instructions. False where it
 * has to be killed. */
static bool strip(struct cpu *cpu, uint32_t *link, struct trace *trace)
{
    struct trace_cache *cache = cpu->traces;
    uint32_t place = may_be_bare(trace) ? take_bare(cache) : 0;
    if (!place)
        return false;
    struct trace *bare = trace_at(cache, place);
    *link = *trace_hash_link(cache, trace) = place;
    memcpy(bare, trace, TRACE_BARE);
    bare->bare = true;
    trace->key = TRACE_DEAD;
    cpu->engine->trace_moved(cpu->engine_self, bare);
    cache->stripped++;
    return true;
}

/* Takes the traces of a part that are in the page of one of them out of it. */
static void evict_from_page(struct cpu *cpu, unsigned part, mem_t offset)
{
    struct trace_cache *cache = cpu->traces;
    struct code_page *page = &cache->pages[offset >> MEM_PAGE_SHIFT];
    uint32_t *link = &page->first;
    bool killed = false;
    while (*link) {
        struct trace *trace = trace_at(cache, *link);
        if (!trace_is_in_part(cache, part, trace) || strip(cpu, link, trace)) {
            link = &trace_at(cache, *link)->page_next;
        } else {
            trace_kill(cpu, link, trace, true);
            killed = true;
        }
    }
    if (killed)
        remark_or_release(cpu, page, offset);
}

static void forget_links(const struct trace_cache *cache, struct trace *trace, unsigned part)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        if (trace_is_in_part(cache, part, trace->link[slot]))
            trace->link[slot] = NULL;
        if (trace_is_in_part(cache, part, trace->near[slot]))
            trace->near[slot] = NULL;
    }
}

/* Links are followed to dead traces as well, so that no trace may keep one into the part. */
static void forget_links_to(struct cpu *cpu, unsigned part)
{
    struct trace_cache *cache = cpu->traces;
    for (unsigned other = 0; other < cache->ring.parts; other++) {
        uint32_t place = trace_part_start(cache, other);
        while (place < cache->end[other]) {
            struct trace *trace = trace_at(cache, place);
            uint32_t size = trace_size(trace);
            prefetch_bytes((uintptr_t)trace + PREFETCH_AHEAD, size);
            forget_links(cache, trace, part);
            place += size;
        }
    }
    for (unsigned i = 0; i < COPIES; i++)
        forget_links(cache, trace_copy_at(cache, i), part);
    forget_links(cache, cache->scratch, part);
    if (trace_is_in_part(cache, part, cache->cut))
        cache->cut = NULL;
    if (trace_is_in_part(cache, part, cpu->trace))
        cpu->trace = NULL;
}

/* Makes the oldest part the one that new traces go to. */
static void evict_oldest(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    ring_advance(&cache->ring, cpu->clock->insns, TRACE_YOUNG);
    unsigned part = cache->ring.filling;
    uint32_t start = trace_part_start(cache, part), place = start;
    if (cache->end[part] == start)
        return;
    ASSERT(!cpu->stopper);
    while (place < cache->end[part]) {
        const struct trace *trace = trace_at(cache, place);
        if (trace->key != TRACE_DEAD)
            evict_from_page(cpu, part, trace_start(trace));
        place += trace_size(trace);
    }
    cache->end[part] = start;
    forget_links_to(cpu, part);
    cache->generation++;
    cache->evictions++;
}

uint32_t *trace_provide_room(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    unsigned part = cache->ring.filling;
    if (cache->end[part] + TRACE_LARGEST > trace_part_start(cache, part + 1))
        evict_oldest(cpu);
    return &cache->end[cache->ring.filling];
}

void trace_forget_bare(struct cpu *cpu, struct trace *trace)
{
    mem_t start = trace_start(trace);
    trace_kill(cpu, trace_page_link(cpu->traces, trace), trace, true);
    remark_or_release(cpu, &cpu->traces->pages[start >> MEM_PAGE_SHIFT], start);
}
