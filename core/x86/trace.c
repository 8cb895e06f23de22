/* SPDX-License-Identifier: MIT */
#include "core/x86/trace.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/x86/decode.h"
#include "core/x86/engine.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/trace_cache.h"

static bool ends_trace(const struct insn *insn)
{
    return insn->fn == exec_undefined || insn->fn == exec_too_long || insn_ends_trace(insn);
}

static struct edge *edge_of(struct trace_cache *cache, mem_t memory)
{
    return &cache->edges[(memory >> MEM_PAGE_SHIFT) % EDGES];
}

static void forget_copy(const struct trace_cache *cache, uint64_t key)
{
    struct trace *copy = trace_copy_of(cache, key);
    if (copy->key == key)
        copy->key = TRACE_DEAD;
}

static void forget_copies(const struct trace_cache *cache)
{
    for (unsigned i = 0; i < COPIES; i++)
        trace_copy_at(cache, i)->key = TRACE_DEAD;
}

static void empty_parts(struct trace_cache *cache)
{
    forget_copies(cache);
    cache->bare_end = BARE_START;
    cache->bare_free = 0;
    for (unsigned part = 0; part < RING_MOST_PARTS; part++)
        cache->end[part] = trace_part_start(cache, part);
    ring_restart(&cache->ring);
    cache->cut = NULL;
    cache->generation++;
}

struct trace_cache *trace_cache_new(uint64_t memory_pages)
{
    struct trace_cache *cache = alloc_zeroed(sizeof *cache);
    cache->pages = alloc_array((size_t)memory_pages, sizeof *cache->pages);
    cache->page_count = memory_pages;
    trace_at(cache, 0)->key = TRACE_DEAD;
    cache->part_bytes = DEFAULT_BYTES / TRACE_PARTS;
    ring_init(&cache->ring, TRACE_PARTS, TRACE_PARTS);
    cache->scratch = alloc_zeroed(TRACE_LARGEST);
    cache->copies = alloc_zeroed(COPIES * TRACE_LARGEST);
    empty_parts(cache);
    return cache;
}

void trace_cache_free(struct trace_cache *cache)
{
    if (!cache)
        return;
    for (uint64_t i = 0; i < cache->page_count; i++)
        alloc_free(cache->pages[i].code_bytes);
    alloc_free(cache->pages);
    alloc_free(cache->scratch);
    alloc_free(cache->copies);
    alloc_free(cache);
}

unsigned trace_cache_generation(const struct trace_cache *cache)
{
    return cache->generation;
}

struct trace_cache_stats trace_cache_stats(const struct trace_cache *cache)
{
    struct trace_cache_stats stats = {.parts = cache->ring.parts,
                                      .evictions = cache->evictions,
                                      .stripped = cache->stripped,
                                      .bare_most = (cache->bare_end - BARE_START) / TRACE_BARE};
    for (unsigned part = 0; part < cache->ring.parts; part++)
        stats.bytes += cache->end[part] - trace_part_start(cache, part);
    return stats;
}

/* Pages that never held code are not touched, so that the host need not keep memory for them. */
static void forget_page(struct memory *memory, struct code_page *page, uint64_t number)
{
    if (!page->code_bytes && !page->overwritten)
        return;
    alloc_free(page->code_bytes);
    *page = (struct code_page){0};
    memory->code_line[number] = 0;
}

void trace_cache_clear(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    memset(cache->hash, 0, sizeof cache->hash);
    for (uint64_t i = 0; i < cache->page_count; i++)
        forget_page(cpu->memory, &cache->pages[i], i);
    empty_parts(cache);
    if (cpu->engine)
        cpu->engine->traces_cleared(cpu->engine_self);
}

void trace_cache_limit(struct cpu *cpu, size_t bytes, size_t most)
{
    struct trace_cache *cache = cpu->traces;
    size_t part = (bytes < DEFAULT_BYTES ? bytes : DEFAULT_BYTES) / TRACE_PARTS & ~(size_t)7;
    if (part < TRACE_LARGEST)
        part = TRACE_LARGEST;
    size_t parts = (most < MOST_BYTES ? most : MOST_BYTES) / part;
    parts = parts < TRACE_PARTS ? TRACE_PARTS : parts < RING_MOST_PARTS ? parts : RING_MOST_PARTS;
    cache->part_bytes = (uint32_t)part;
    ring_init(&cache->ring, TRACE_PARTS, (unsigned)parts);
    trace_cache_clear(cpu);
}

uint32_t *trace_hash_link(struct trace_cache *cache, const struct trace *trace)
{
    uint32_t *link = &cache->hash[trace_hash(trace->key)], place = trace_place(cache, trace);
    while (*link != place)
        link = &trace_at(cache, *link)->hash_next;
    return link;
}

uint32_t *trace_page_link(struct trace_cache *cache, const struct trace *trace)
{
    uint32_t *link = &cache->pages[trace_start(trace) >> MEM_PAGE_SHIFT].first,
             place = trace_place(cache, trace);
    while (*link != place)
        link = &trace_at(cache, *link)->page_next;
    return link;
}

static void mark_bytes(struct code_page *page, unsigned first, unsigned size)
{
    if (!page->code_bytes)
        page->code_bytes = alloc_array(WORDS_PER_PAGE, sizeof *page->code_bytes);
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++)
        page->code_bytes[word] |= trace_byte_mask(word, first, size);
}

static bool holds_code(const struct code_page *page, unsigned first, unsigned size)
{
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++) {
        if (page->code_bytes[word] & trace_byte_mask(word, first, size))
            return true;
    }
    return false;
}

/* The page lost its last trace. */
static void hold_or_release(struct cpu *cpu, struct code_page *page, mem_t offset)
{
    if (page->overwritten < HOLD_MOST)
        page->overwritten++;
    page->stores = 0;
    cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] = page->overwritten < HOLD_LEAST ? 0 : UINT32_MAX;
}

/* A store found no code in a page. */
static void count_store(struct cpu *cpu, struct code_page *page, mem_t offset)
{
    if (++page->stores >= 1u << page->overwritten)
        cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] = 0;
}

void trace_remark_page(struct cpu *cpu, struct code_page *page, mem_t offset)
{
    const struct trace_cache *cache = cpu->traces;
    memset(page->code_bytes, 0, WORDS_PER_PAGE * sizeof *page->code_bytes);
    cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] = 0;
    for (uint32_t place = page->first; place;) {
        const struct trace *t = trace_at(cache, place);
        memory_mark_code(cpu->memory, trace_start(t), t->bytes);
        mark_bytes(page, trace_in_page(trace_start(t)), t->bytes);
        place = t->page_next;
    }
}

void trace_kill(struct cpu *cpu, uint32_t *link, struct trace *trace, bool evicted)
{
    *link = trace->page_next;
    *trace_hash_link(cpu->traces, trace) = trace->hash_next;
    forget_copy(cpu->traces, trace->key);
    trace->key = TRACE_DEAD;
    if (trace->translations)
        cpu->engine->trace_killed(cpu->engine_self, trace, evicted);
    if (trace->bare)
        trace_release_bare(cpu->traces, trace);
}

/* Whether the trace's bytes are what runs now: itself, its copy, or the beginning of it. */
static bool is_under_way(const struct cpu *cpu, const struct trace *trace)
{
    const struct trace_cache *cache = cpu->traces;
    const struct trace *copy = trace_copy_of(cache, trace->key);
    if (cpu->trace == cache->scratch)
        return trace == cache->cut;
    return trace == cpu->trace || (cpu->trace == copy && copy->key == trace->key);
}

static bool invalidate_in_page(struct cpu *cpu, mem_t offset, uint64_t size)
{
    bool current = false;
    struct code_page *page = &cpu->traces->pages[offset >> MEM_PAGE_SHIFT];
    if (!page->first)
        count_store(cpu, page, offset);
    if (!page->first || !holds_code(page, trace_in_page(offset), (unsigned)size))
        return false;
    uint32_t *link = &page->first;
    while (*link) {
        struct trace *trace = trace_at(cpu->traces, *link);
        mem_t start = trace_start(trace);
        if (start < offset + size && offset < start + trace->bytes) {
            current |= is_under_way(cpu, trace);
            trace_kill(cpu, link, trace, false);
        } else {
            link = &trace->page_next;
        }
    }
    trace_remark_page(cpu, page, offset);
    if (!page->first)
        hold_or_release(cpu, page, offset);
    return current;
}

bool trace_invalidate(struct cpu *cpu, mem_t offset, uint64_t size)
{
    bool current = false;
    while (size) {
        uint64_t left = MEM_PAGE_SIZE - trace_in_page(offset);
        uint64_t part = size < left ? size : left;
        current |= invalidate_in_page(cpu, offset, part);
        offset += part;
        size -= part;
    }
    return current;
}

/* Fills in what depends on an instruction's place in the trace, and the end. */
static void seal(struct trace *trace, unsigned count, unsigned bytes)
{
    trace->count = (uint8_t)count;
    trace->bytes = (uint8_t)bytes;
    for (unsigned i = 0; i < count; i++)
        trace->insns[i].left = (uint8_t)(count - i);
    trace->insns[count] = (struct insn){.fn = exec_trace_end, .offset = (uint8_t)bytes};
    trace->ends = count && ends_trace(&trace->insns[count - 1]);
}

/* Decodes into `trace` until a branch, the page's end or the size limits. Returns the number of instructions.
 */
static unsigned fill(const struct cpu *cpu, struct trace *trace, mem_t memory, enum cpu_mode mode)
{
    unsigned count = 0, bytes = 0;
    const uint8_t *host = cpu->memory->host + memory;
    unsigned left = MEM_PAGE_SIZE - (unsigned)(memory & (MEM_PAGE_SIZE - 1));
    while (count < TRACE_MAX_INSNS && bytes < TRACE_MAX_BYTES - INSN_MAX_LENGTH) {
        struct insn *insn = &trace->insns[count];
        insn->offset = (uint8_t)bytes;
        if (decode_insn(cpu->decoder, mode, host + bytes, left - bytes, insn) != DECODE_OK)
            break;
        bytes += insn->length;
        count++;
        if (ends_trace(insn))
            break;
    }
    seal(trace, count, bytes);
    return count;
}

/* Decodes a trace where the next one goes. Its place, or 0 where there is no instruction. */
static uint32_t decode_next(struct cpu *cpu, mem_t memory, uint64_t key)
{
    struct trace_cache *cache = cpu->traces;
    uint32_t *end = trace_provide_room(cpu), place = *end;
    struct trace *trace = trace_at(cache, place);
    *trace = (struct trace){.key = key};
    if (!fill(cpu, trace, memory, trace_mode(key)))
        return 0;
    trace->enter = cpu->engine ? cpu->engine->enter : exec_first(trace);
    *end += trace_size(trace);
    return place;
}

/* Makes a trace be found, and its bytes be known as code. */
static struct trace *add(struct cpu *cpu, uint32_t place)
{
    struct trace_cache *cache = cpu->traces;
    struct trace *trace = trace_at(cache, place);
    mem_t memory = trace_start(trace);
    uint32_t *bucket = &cache->hash[trace_hash(trace->key)];
    struct code_page *page = &cache->pages[memory >> MEM_PAGE_SHIFT];
    trace->hash_next = *bucket;
    *bucket = place;
    trace->page_next = page->first;
    page->first = place;
    mark_bytes(page, trace_in_page(memory), trace->bytes);
    if (memory_mark_code(cpu->memory, memory, trace->bytes))
        tlb_derive_memory_page(cpu, memory & ~(mem_t)(MEM_PAGE_SIZE - 1));
    return trace;
}

static struct trace *build(struct cpu *cpu, mem_t memory, uint64_t key)
{
    uint32_t place = decode_next(cpu, memory, key);
    return place ? add(cpu, place) : NULL;
}

/* Puts a trace that was just decoded in the place of a bare one. */
static struct trace *replace(struct cpu *cpu, struct trace *bare, uint32_t place)
{
    struct trace_cache *cache = cpu->traces;
    struct trace *trace = trace_at(cache, place);
    *trace_hash_link(cache, bare) = place;
    *trace_page_link(cache, bare) = place;
    memcpy(trace, bare, TRACE_BARE);
    trace->bare = false;
    bare->key = TRACE_DEAD;
    trace_release_bare(cache, bare);
    if (trace->translations)
        cpu->engine->trace_moved(cpu->engine_self, trace);
    return trace;
}

struct trace *trace_copy(struct cpu *cpu, const struct trace *trace)
{
    struct trace *copy = trace_copy_of(cpu->traces, trace->key);
    ASSERT(trace->key != TRACE_DEAD);
    if (copy->key != trace->key) {
        *copy = (struct trace){.key = trace->key};
        fill(cpu, copy, trace_start(trace), trace_mode(trace->key));
    }
    return copy;
}

struct trace *trace_restore(struct cpu *cpu, struct trace *trace)
{
    uint32_t place = decode_next(cpu, trace_start(trace), trace->key);
    ASSERT(place);
    return replace(cpu, trace, place);
}

bool trace_runs_over_page(const struct cpu *cpu, mem_t memory)
{
    const struct edge *edge = edge_of(cpu->traces, memory);
    unsigned left = MEM_PAGE_SIZE - (unsigned)(memory & (MEM_PAGE_SIZE - 1));
    return left < INSN_MAX_LENGTH && edge->memory == memory && edge->insn.length > left &&
           edge->mode == cpu->mode && !memcmp(edge->bytes, cpu->memory->host + memory, left);
}

struct trace *trace_find(const struct cpu *cpu, mem_t memory, unsigned mode)
{
    const struct trace_cache *cache = cpu->traces;
    uint64_t key = trace_key(memory, mode);
    for (uint32_t place = cache->hash[trace_hash(key)];;) {
        struct trace *trace = trace_at(cache, place);
        if (trace->key == key)
            return trace;
        if (!place)
            return NULL;
        place = trace->hash_next;
    }
}

struct trace *trace_lookup(struct cpu *cpu, mem_t memory)
{
    struct trace *trace = trace_find(cpu, memory, cpu->mode);
    if (trace)
        return trace;
    return trace_runs_over_page(cpu, memory) ? NULL : build(cpu, memory, trace_key(memory, cpu->mode));
}

struct trace *trace_prefix(struct cpu *cpu, const struct trace *trace, unsigned count)
{
    struct trace *scratch = cpu->traces->scratch;
    *scratch = (struct trace){.key = TRACE_DEAD};
    cpu->traces->cut = trace;
    memcpy(scratch->insns, trace->insns, count * sizeof *trace->insns);
    const struct insn *last = &scratch->insns[count - 1];
    seal(scratch, count, last->offset + last->length);
    return scratch;
}

struct trace *trace_single(struct cpu *cpu, mem_t memory, const uint8_t *bytes, unsigned available)
{
    struct trace *scratch = cpu->traces->scratch;
    *scratch = (struct trace){.key = TRACE_DEAD};
    cpu->traces->cut = NULL;
    struct edge *edge = edge_of(cpu->traces, memory);
    if (edge->memory != memory || edge->count != available || edge->mode != cpu->mode ||
        memcmp(edge->bytes, bytes, available)) {
        struct insn insn = {.offset = 0};
        if (decode_insn(cpu->decoder, (enum cpu_mode)cpu->mode, bytes, available, &insn) != DECODE_OK)
            return NULL;
        *edge = (struct edge){.memory = memory, .mode = cpu->mode, .count = (uint8_t)available, .insn = insn};
        memcpy(edge->bytes, bytes, available);
    }
    scratch->insns[0] = edge->insn;
    seal(scratch, 1, edge->insn.length);
    return scratch;
}
