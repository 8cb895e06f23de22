/* SPDX-License-Identifier: MIT */
#include "core/x86/trace.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "core/x86/decode.h"
#include "core/x86/engine.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"

enum { HASH_BITS = 17, HASH_SIZE = 1 << HASH_BITS, ARENA_BYTES = 32 << 20 };

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
    struct trace *first;
    uint64_t *code_bytes; /* WORDS_PER_PAGE words, one bit a byte; NULL until the page holds code */
    uint16_t stores;      /* since it is held */
    uint8_t overwritten;  /* times that its last trace was, up to HOLD_MOST */
};

enum { HOLD_LEAST = 3, HOLD_MOST = 8 };

struct trace_cache {
    struct edge edges[EDGES];
    struct trace *hash[HASH_SIZE];
    struct code_page *pages;
    uint64_t page_count;
    uint8_t *arena;
    size_t used;
    unsigned generation;
    struct trace *scratch;
};

static struct edge *edge_of(struct trace_cache *cache, mem_t memory)
{
    return &cache->edges[(memory >> MEM_PAGE_SHIFT) % EDGES];
}

struct trace_cache *trace_cache_new(uint64_t memory_pages)
{
    struct trace_cache *cache = alloc_zeroed(sizeof *cache);
    cache->pages = alloc_array((size_t)memory_pages, sizeof *cache->pages);
    cache->page_count = memory_pages;
    cache->arena = alloc_zeroed(ARENA_BYTES);
    cache->scratch = alloc_zeroed(TRACE_LARGEST);
    return cache;
}

void trace_cache_free(struct trace_cache *cache)
{
    if (!cache)
        return;
    for (uint64_t i = 0; i < cache->page_count; i++)
        alloc_free(cache->pages[i].code_bytes);
    alloc_free(cache->pages);
    alloc_free(cache->arena);
    alloc_free(cache->scratch);
    alloc_free(cache);
}

unsigned trace_cache_generation(const struct trace_cache *cache)
{
    return cache->generation;
}

void trace_cache_clear(struct cpu *cpu)
{
    struct trace_cache *cache = cpu->traces;
    memset(cache->hash, 0, sizeof cache->hash);
    for (uint64_t i = 0; i < cache->page_count; i++) {
        cache->pages[i].first = NULL;
        cache->pages[i].stores = cache->pages[i].overwritten = 0;
        if (cache->pages[i].code_bytes)
            memset(cache->pages[i].code_bytes, 0, WORDS_PER_PAGE * sizeof(uint64_t));
    }
    memset(cpu->memory->code_line, 0, (size_t)cache->page_count * sizeof *cpu->memory->code_line);
    cache->used = 0;
    cache->generation++;
    if (cpu->engine)
        cpu->engine->traces_cleared(cpu->engine_self);
}

static unsigned hash_of(uint64_t key)
{
    return (unsigned)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - HASH_BITS));
}

static void unlink_hash(struct trace_cache *cache, struct trace *trace)
{
    struct trace **link = &cache->hash[hash_of(trace->key)];
    while (*link != trace)
        link = &(*link)->hash_next;
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

/* Marks what is left in the page after some of its traces died. */
static void remark_page(struct cpu *cpu, mem_t offset)
{
    struct code_page *page = &cpu->traces->pages[offset >> MEM_PAGE_SHIFT];
    memset(page->code_bytes, 0, WORDS_PER_PAGE * sizeof *page->code_bytes);
    if (!page->first) {
        hold_or_release(cpu, page, offset);
        return;
    }
    cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] = 0;
    for (const struct trace *t = page->first; t; t = t->page_next) {
        memory_mark_code(cpu->memory, trace_start(t), t->bytes);
        mark_bytes(page, in_page(trace_start(t)), t->bytes);
    }
}

static bool invalidate_in_page(struct cpu *cpu, mem_t offset, uint64_t size)
{
    bool current = false;
    struct code_page *page = &cpu->traces->pages[offset >> MEM_PAGE_SHIFT];
    if (!page->first)
        count_store(cpu, page, offset);
    if (!page->first || !holds_code(page, in_page(offset), (unsigned)size))
        return false;
    struct trace **link = &page->first;
    while (*link) {
        struct trace *trace = *link;
        mem_t start = trace_start(trace);
        if (start < offset + size && offset < start + trace->bytes) {
            *link = trace->page_next;
            unlink_hash(cpu->traces, trace);
            trace->key = TRACE_DEAD;
            if (trace->translations)
                cpu->engine->trace_killed(cpu->engine_self, trace);
            current |= trace == cpu->trace || (cpu->trace && cpu->trace->source == trace);
        } else {
            link = &trace->page_next;
        }
    }
    remark_page(cpu, offset);
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
    trace->count = (uint16_t)count;
    trace->bytes = (uint16_t)bytes;
    for (unsigned i = 0; i < count; i++)
        trace->insns[i].left = (uint8_t)(count - i);
    trace->insns[count] = (struct insn){.fn = exec_trace_end, .offset = (uint8_t)bytes};
}

static bool ends_trace(const struct insn *insn)
{
    return insn->fn == exec_undefined || insn->fn == exec_too_long || insn_ends_trace(insn);
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

static struct trace *build(struct cpu *cpu, mem_t memory, uint64_t key)
{
    struct trace_cache *cache = cpu->traces;
    if (cache->used + TRACE_LARGEST > ARENA_BYTES)
        trace_cache_clear(cpu);
    struct trace *trace = (struct trace *)(void *)(cache->arena + cache->used);
    *trace = (struct trace){.key = key};
    unsigned count = fill(cpu, trace, memory);
    if (!count)
        return NULL;
    trace->enter = cpu->engine ? cpu->engine->enter : exec_first(trace);
    cache->used += sizeof *trace + (count + 1) * sizeof *trace->insns;
    struct trace **bucket = &cache->hash[hash_of(key)];
    struct code_page *page = &cache->pages[memory >> MEM_PAGE_SHIFT];
    trace->hash_next = *bucket;
    *bucket = trace;
    trace->page_next = page->first;
    page->first = trace;
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
    uint64_t key = trace_key(memory, mode);
    struct trace *trace = cpu->traces->hash[hash_of(key)];
    while (trace && trace->key != key)
        trace = trace->hash_next;
    return trace;
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
    *scratch = (struct trace){.key = TRACE_DEAD, .source = trace};
    memcpy(scratch->insns, trace->insns, count * sizeof *trace->insns);
    const struct insn *last = &scratch->insns[count - 1];
    seal(scratch, count, last->offset + last->length);
    return scratch;
}

struct trace *trace_single(struct cpu *cpu, mem_t memory, const uint8_t *bytes, unsigned available)
{
    struct trace *scratch = cpu->traces->scratch;
    *scratch = (struct trace){.key = TRACE_DEAD};
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
    return a->fn == b->fn && a->imm == b->imm && a->disp == b->disp && a->row == b->row &&
           a->selector == b->selector && a->offset == b->offset && a->length == b->length &&
           a->flags == b->flags && a->op_size == b->op_size && a->addr_shift == b->addr_shift &&
           a->reg == b->reg && a->rm == b->rm && a->base == b->base && a->index == b->index &&
           a->scale == b->scale && a->seg == b->seg && a->opcode == b->opcode && a->modrm == b->modrm;
}

static bool is_findable(const struct trace_cache *cache, const struct trace *trace)
{
    const struct trace *t = cache->hash[hash_of(trace->key)];
    while (t && t != trace)
        t = t->hash_next;
    return t != NULL;
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

bool trace_cache_check(const struct cpu *cpu, struct error *err)
{
    for (uint64_t page = 0; page < cpu->traces->page_count; page++) {
        for (const struct trace *t = cpu->traces->pages[page].first; t; t = t->page_next)
            if (!check_trace(cpu, t, page, err))
                return false;
    }
    return true;
}
