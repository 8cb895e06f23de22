/* SPDX-License-Identifier: MIT */
#include "core/x86/trace.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ring.h"
#include "core/x86/cpu.h"
#include "core/x86/decode.h"
#include "core/x86/engine.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"

enum { HASH_BITS = 18, HASH_SIZE = 1 << HASH_BITS };

enum { DEFAULT_BYTES = 32 << 20, MOST_BYTES = 40 << 20 };

enum { FIRST_PLACE = 8 /* so that no trace is at 0 */ };

enum { TRACE_LARGEST = sizeof(struct trace) + (TRACE_MAX_INSNS + 1) * sizeof(struct insn) };

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
    uint64_t evictions;
    struct trace *scratch;
    const struct trace *cut; /* what the trace in scratch is a prefix of; NULL: of none */
    /* A key that none has, then traces. What no part has reached takes no memory of the host. */
    _Alignas(struct trace) uint8_t arena[FIRST_PLACE + MOST_BYTES];
};

static struct trace *trace_at(const struct trace_cache *cache, uint32_t place)
{
    return (struct trace *)((uintptr_t)cache->arena + place);
}

static uint32_t place_of(const struct trace_cache *cache, const struct trace *trace)
{
    return (uint32_t)((const uint8_t *)trace - cache->arena);
}

static uint32_t start_of_part(const struct trace_cache *cache, unsigned part)
{
    return FIRST_PLACE + part * cache->part_bytes;
}

static bool is_in_part(const struct trace_cache *cache, unsigned part, const struct trace *trace)
{
    uintptr_t place = (uintptr_t)trace - (uintptr_t)cache->arena;
    return place - start_of_part(cache, part) < cache->part_bytes;
}

static bool ends_trace(const struct insn *insn)
{
    return insn->fn == exec_undefined || insn->fn == exec_too_long || insn_ends_trace(insn);
}

/* Bytes that a trace takes. Nothing goes on behind one that ends by itself. */
static uint32_t size_of(const struct trace *trace)
{
    unsigned ends = ends_trace(&trace->insns[trace->count - 1]) ? 0 : 1;
    return (uint32_t)(sizeof *trace + (trace->count + ends) * sizeof *trace->insns);
}

static struct edge *edge_of(struct trace_cache *cache, mem_t memory)
{
    return &cache->edges[(memory >> MEM_PAGE_SHIFT) % EDGES];
}

static void empty_parts(struct trace_cache *cache)
{
    for (unsigned part = 0; part < RING_MOST_PARTS; part++)
        cache->end[part] = start_of_part(cache, part);
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
    alloc_free(cache);
}

unsigned trace_cache_generation(const struct trace_cache *cache)
{
    return cache->generation;
}

struct trace_cache_stats trace_cache_stats(const struct trace_cache *cache)
{
    struct trace_cache_stats stats = {.parts = cache->ring.parts, .evictions = cache->evictions};
    for (unsigned part = 0; part < cache->ring.parts; part++)
        stats.bytes += cache->end[part] - start_of_part(cache, part);
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

static unsigned hash_of(uint64_t key)
{
    return (unsigned)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - HASH_BITS));
}

static void unlink_hash(struct trace_cache *cache, struct trace *trace)
{
    uint32_t *link = &cache->hash[hash_of(trace->key)], place = place_of(cache, trace);
    while (*link != place)
        link = &trace_at(cache, *link)->hash_next;
    *link = trace->hash_next;
}

/* Bits of code_bytes word `word` that [first, first + size) of the page covers. */
static uint64_t byte_mask(unsigned word, unsigned first, unsigned size)
{
    unsigned low = word * 64, end = first + size;
    uint64_t mask = UINT64_MAX;
    if (first > low)
        mask &= UINT64_MAX << (first - low);
    if (end < low + 64)
        mask &= UINT64_MAX >> (low + 64 - end);
    return mask;
}

static void mark_bytes(struct code_page *page, unsigned first, unsigned size)
{
    if (!page->code_bytes)
        page->code_bytes = alloc_array(WORDS_PER_PAGE, sizeof *page->code_bytes);
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++)
        page->code_bytes[word] |= byte_mask(word, first, size);
}

static bool holds_code(const struct code_page *page, unsigned first, unsigned size)
{
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++) {
        if (page->code_bytes[word] & byte_mask(word, first, size))
            return true;
    }
    return false;
}

static unsigned in_page(mem_t offset)
{
    return (unsigned)(offset & (MEM_PAGE_SIZE - 1));
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

/* Marks what is in the page after some of its traces died. */
static void remark_page(struct cpu *cpu, struct code_page *page, mem_t offset)
{
    const struct trace_cache *cache = cpu->traces;
    memset(page->code_bytes, 0, WORDS_PER_PAGE * sizeof *page->code_bytes);
    cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] = 0;
    for (uint32_t place = page->first; place;) {
        const struct trace *t = trace_at(cache, place);
        memory_mark_code(cpu->memory, trace_start(t), t->bytes);
        mark_bytes(page, in_page(trace_start(t)), t->bytes);
        place = t->page_next;
    }
}

/* Takes the trace that *link leads to out of its page and all that leads to it by its key. */
static void kill_trace(struct cpu *cpu, uint32_t *link, struct trace *trace, bool evicted)
{
    *link = trace->page_next;
    unlink_hash(cpu->traces, trace);
    trace->key = TRACE_DEAD;
    if (trace->translations)
        cpu->engine->trace_killed(cpu->engine_self, trace, evicted);
}

/* Whether the trace's bytes are what runs now. */
static bool is_under_way(const struct cpu *cpu, const struct trace *trace)
{
    const struct trace_cache *cache = cpu->traces;
    return trace == cpu->trace || (cpu->trace == cache->scratch && trace == cache->cut);
}

static bool invalidate_in_page(struct cpu *cpu, mem_t offset, uint64_t size)
{
    bool current = false;
    struct code_page *page = &cpu->traces->pages[offset >> MEM_PAGE_SHIFT];
    if (!page->first)
        count_store(cpu, page, offset);
    if (!page->first || !holds_code(page, in_page(offset), (unsigned)size))
        return false;
    uint32_t *link = &page->first;
    while (*link) {
        struct trace *trace = trace_at(cpu->traces, *link);
        mem_t start = trace_start(trace);
        if (start < offset + size && offset < start + trace->bytes) {
            kill_trace(cpu, link, trace, false);
            current |= is_under_way(cpu, trace);
        } else {
            link = &trace->page_next;
        }
    }
    remark_page(cpu, page, offset);
    if (!page->first)
        hold_or_release(cpu, page, offset);
    return current;
}

bool trace_invalidate(struct cpu *cpu, mem_t offset, uint64_t size)
{
    bool current = false;
    while (size) {
        uint64_t left = MEM_PAGE_SIZE - in_page(offset);
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
}

/* Decodes into `trace` until a branch, the page's end or the size limits. Returns the number of instructions.
 */
static unsigned fill(const struct cpu *cpu, struct trace *trace, mem_t memory)
{
    unsigned count = 0, bytes = 0;
    const uint8_t *host = cpu->memory->host + memory;
    unsigned left = MEM_PAGE_SIZE - (unsigned)(memory & (MEM_PAGE_SIZE - 1));
    while (count < TRACE_MAX_INSNS && bytes < TRACE_MAX_BYTES - INSN_MAX_LENGTH) {
        struct insn *insn = &trace->insns[count];
        insn->offset = (uint8_t)bytes;
        if (decode_insn(cpu->decoder, (enum cpu_mode)cpu->mode, host + bytes, left - bytes, insn) !=
            DECODE_OK)
            break;
        bytes += insn->length;
        count++;
        if (ends_trace(insn))
            break;
    }
    seal(trace, count, bytes);
    return count;
}

/* Kills the traces of a part that are in the page of one of them. A page that none is left in is data again.
 */
static void evict_from_page(struct cpu *cpu, unsigned part, mem_t offset)
{
    struct trace_cache *cache = cpu->traces;
    struct code_page *page = &cache->pages[offset >> MEM_PAGE_SHIFT];
    uint32_t *link = &page->first;
    while (*link) {
        struct trace *trace = trace_at(cache, *link);
        if (is_in_part(cache, part, trace))
            kill_trace(cpu, link, trace, true);
        else
            link = &trace->page_next;
    }
    remark_page(cpu, page, offset);
    if (page->first)
        return;
    alloc_free(page->code_bytes);
    page->code_bytes = NULL;
}

static void forget_links(const struct trace_cache *cache, struct trace *trace, unsigned part)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        if (is_in_part(cache, part, trace->link[slot]))
            trace->link[slot] = NULL;
        if (is_in_part(cache, part, trace->near[slot]))
            trace->near[slot] = NULL;
    }
}

/* Links are followed to dead traces as well, so that no trace may keep one into the part. */
static void forget_links_to(struct cpu *cpu, unsigned part)
{
    struct trace_cache *cache = cpu->traces;
    for (unsigned other = 0; other < cache->ring.parts; other++) {
        uint32_t place = start_of_part(cache, other);
        while (place < cache->end[other]) {
            struct trace *trace = trace_at(cache, place);
            forget_links(cache, trace, part);
            place += size_of(trace);
        }
    }
    forget_links(cache, cache->scratch, part);
    if (is_in_part(cache, part, cache->cut))
        cache->cut = NULL;
    if (is_in_part(cache, part, cpu->trace))
        cpu->trace = NULL;
}

/* Makes the oldest part the one that new traces go to. */
static void evict_oldest(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    ring_advance(&cache->ring, cpu->clock->insns, TRACE_YOUNG);
    unsigned part = cache->ring.filling;
    uint32_t start = start_of_part(cache, part), place = start;
    if (cache->end[part] == start)
        return;
    ASSERT(!cpu->stopper);
    while (place < cache->end[part]) {
        const struct trace *trace = trace_at(cache, place);
        if (trace->key != TRACE_DEAD)
            evict_from_page(cpu, part, trace_start(trace));
        place += size_of(trace);
    }
    cache->end[part] = start;
    forget_links_to(cpu, part);
    cache->generation++;
    cache->evictions++;
}

/* Where the next trace goes. */
static uint32_t *find_room(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    unsigned part = cache->ring.filling;
    if (cache->end[part] + TRACE_LARGEST > start_of_part(cache, part + 1))
        evict_oldest(cpu);
    return &cache->end[cache->ring.filling];
}

static struct trace *build(struct cpu *cpu, mem_t memory, uint64_t key)
{
    struct trace_cache *cache = cpu->traces;
    uint32_t *end = find_room(cpu), place = *end;
    struct trace *trace = trace_at(cache, place);
    *trace = (struct trace){.key = key};
    unsigned count = fill(cpu, trace, memory);
    if (!count)
        return NULL;
    trace->enter = cpu->engine ? cpu->engine->enter : exec_first(trace);
    *end += size_of(trace);
    uint32_t *bucket = &cache->hash[hash_of(key)];
    struct code_page *page = &cache->pages[memory >> MEM_PAGE_SHIFT];
    trace->hash_next = *bucket;
    *bucket = place;
    trace->page_next = page->first;
    page->first = place;
    mark_bytes(page, in_page(memory), trace->bytes);
    if (memory_mark_code(cpu->memory, memory, trace->bytes))
        tlb_derive_memory_page(cpu, memory & ~(mem_t)(MEM_PAGE_SIZE - 1));
    return trace;
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
    for (uint32_t place = cache->hash[hash_of(key)];;) {
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

static bool same_insn(const struct insn *a, const struct insn *b)
{
    return a->fn == b->fn && a->wide == b->wide && a->row == b->row && a->offset == b->offset &&
           a->length == b->length && a->flags == b->flags && a->op_size == b->op_size &&
           a->addr_shift == b->addr_shift && a->reg == b->reg && a->rm == b->rm && a->base == b->base &&
           a->index == b->index && a->scale == b->scale && a->seg == b->seg && a->opcode == b->opcode &&
           a->modrm == b->modrm;
}

static bool is_findable(const struct trace_cache *cache, const struct trace *trace)
{
    uint32_t wanted = place_of(cache, trace), place = cache->hash[hash_of(trace->key)];
    while (place && place != wanted)
        place = trace_at(cache, place)->hash_next;
    return place != 0;
}

static bool is_marked(const struct code_page *page, unsigned first, unsigned size)
{
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++) {
        if (~page->code_bytes[word] & byte_mask(word, first, size))
            return false;
    }
    return true;
}

static bool check_trace(const struct cpu *cpu, const struct trace *trace, uint64_t page, struct error *err)
{
    mem_t start = trace_start(trace);
    unsigned bytes = 0;
    if (start >> MEM_PAGE_SHIFT != page || (start + trace->bytes - 1) >> MEM_PAGE_SHIFT != page)
        return error_set(err, "trace at %llx is in the list of page %llx", (unsigned long long)start,
                         (unsigned long long)page);
    if (!is_findable(cpu->traces, trace))
        return error_set(err, "trace at %llx is not in the hash table", (unsigned long long)start);
    if (memory_line_mask(start, trace->bytes) & ~cpu->memory->code_line[page] ||
        !is_marked(&cpu->traces->pages[page], in_page(start), trace->bytes))
        return error_set(err, "trace at %llx: its bytes are not marked as code", (unsigned long long)start);
    for (unsigned i = 0; i < trace->count; i++) {
        struct insn insn = {.offset = (uint8_t)bytes};
        mem_t at = start + bytes;
        unsigned left = MEM_PAGE_SIZE - in_page(at);
        if (decode_insn(cpu->decoder, (enum cpu_mode)(trace->key & 3), cpu->memory->host + at, left, &insn) !=
                DECODE_OK ||
            !same_insn(&insn, &trace->insns[i]) || trace->insns[i].left != trace->count - i)
            return error_set(err, "trace at %llx: instruction %u is not what is in memory",
                             (unsigned long long)start, i);
        bytes += insn.length;
    }
    return bytes == trace->bytes || error_set(err, "trace at %llx: wrong length", (unsigned long long)start);
}

/* Whether a link leads to storage of a trace, which is dead or found by its key. */
static bool leads_to_trace(const struct trace_cache *cache, const struct trace *to)
{
    for (unsigned part = 0; to && part < cache->ring.parts; part++) {
        if (is_in_part(cache, part, to))
            return place_of(cache, to) < cache->end[part] &&
                   (to->key == TRACE_DEAD || is_findable(cache, to));
    }
    return !to;
}

/* A link that is followed unchecked must lead into the page of its trace. */
static bool is_near(const struct trace *from, const struct trace *to)
{
    return !to || from->key == TRACE_DEAD || to->key == TRACE_DEAD ||
           (trace_start(from) >> MEM_PAGE_SHIFT == trace_start(to) >> MEM_PAGE_SHIFT &&
            (from->key & 3) == (to->key & 3));
}

static bool check_links(const struct trace_cache *cache, const struct trace *trace, struct error *err)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        const struct trace *near = trace->near[slot];
        if (!leads_to_trace(cache, trace->link[slot]) || !leads_to_trace(cache, near) ||
            !is_near(trace, near))
            return error_set(err, "trace at %llx: its way %u leads to no trace, or into another page",
                             (unsigned long long)trace_start(trace), slot);
    }
    return true;
}

/* Counts the traces that are alive. */
static bool check_part(const struct trace_cache *cache, unsigned part, uint64_t *alive, struct error *err)
{
    uint32_t place = start_of_part(cache, part);
    while (place < cache->end[part]) {
        const struct trace *trace = trace_at(cache, place);
        *alive += trace->key != TRACE_DEAD;
        if (!check_links(cache, trace, err))
            return false;
        place += size_of(trace);
    }
    return place == cache->end[part] || error_set(err, "traces of part %u do not end where it does", part);
}

static bool check_parts(const struct trace_cache *cache, uint64_t in_pages, struct error *err)
{
    uint64_t alive = 0;
    for (unsigned part = 0; part < cache->ring.parts; part++) {
        if (!check_part(cache, part, &alive, err))
            return false;
    }
    return alive == in_pages || error_set(err, "%llu traces are alive, %llu are in lists of pages",
                                          (unsigned long long)alive, (unsigned long long)in_pages);
}

bool trace_cache_check(const struct cpu *cpu, struct error *err)
{
    const struct trace_cache *cache = cpu->traces;
    uint64_t count = 0;
    for (uint64_t page = 0; page < cache->page_count; page++) {
        for (uint32_t place = cache->pages[page].first; place; count++) {
            const struct trace *trace = trace_at(cache, place);
            if (!check_trace(cpu, trace, page, err))
                return false;
            place = trace->page_next;
        }
    }
    return check_parts(cache, count, err);
}
