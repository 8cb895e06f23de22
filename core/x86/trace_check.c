/* SPDX-License-Identifier: MIT */
/* The trace cache compared with itself and with what is in memory. */
#include "core/base/error.h"
#include "core/x86/trace_cache.h"

static bool same_insn(const struct insn *a, const struct insn *b)
{
    return a->fn == b->fn && a->wide == b->wide && a->row == b->row && a->offset == b->offset &&
           a->length == b->length && a->flags == b->flags && a->op_size == b->op_size &&
           a->addr_shift == b->addr_shift && a->reg == b->reg && a->rm == b->rm && a->base == b->base &&
           a->index == b->index && a->scale == b->scale && a->seg == b->seg && a->opcode == b->opcode &&
           a->modrm == b->modrm;
}

/* Whether it is instruction i, as far as that can be seen. */
static bool is_insn_of(const struct trace *trace, unsigned i, const struct insn *insn)
{
    return trace->bare || (same_insn(insn, &trace->insns[i]) && trace->insns[i].left == trace->count - i);
}

static bool is_findable(const struct trace_cache *cache, const struct trace *trace)
{
    uint32_t wanted = trace_place(cache, trace), place = cache->hash[trace_hash(trace->key)];
    while (place && place != wanted)
        place = trace_at(cache, place)->hash_next;
    return place != 0;
}

static bool is_marked(const struct code_page *page, unsigned first, unsigned size)
{
    for (unsigned word = first / 64; word <= (first + size - 1) / 64; word++) {
        if (~page->code_bytes[word] & trace_byte_mask(word, first, size))
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
        !is_marked(&cpu->traces->pages[page], trace_in_page(start), trace->bytes))
        return error_set(err, "trace at %llx: its bytes are not marked as code", (unsigned long long)start);
    for (unsigned i = 0; i < trace->count; i++) {
        struct insn insn = {.offset = (uint8_t)bytes};
        mem_t at = start + bytes;
        unsigned left = MEM_PAGE_SIZE - trace_in_page(at);
        if (decode_insn(cpu->decoder, trace_mode(trace->key), cpu->memory->host + at, left, &insn) !=
                DECODE_OK ||
            !is_insn_of(trace, i, &insn))
            return error_set(err, "trace at %llx: instruction %u is not what is in memory",
                             (unsigned long long)start, i);
        bytes += insn.length;
    }
    return bytes == trace->bytes || error_set(err, "trace at %llx: wrong length", (unsigned long long)start);
}

/* Whether a place is one where traces are. */
static bool is_filled(const struct trace_cache *cache, uintptr_t place)
{
    if (place >= BARE_START)
        return place < cache->bare_end;
    uintptr_t part = (place - FIRST_PLACE) / cache->part_bytes;
    return part < cache->ring.parts && place < cache->end[part];
}

/* Whether a link leads to storage of a trace, which is dead or found by its key. */
static bool leads_to_trace(const struct trace_cache *cache, const struct trace *to)
{
    return !to || (is_filled(cache, (uintptr_t)to - (uintptr_t)cache->arena) &&
                   (to->key == TRACE_DEAD || is_findable(cache, to)));
}

/* A link that is followed unchecked must lead into the page of its trace. */
static bool is_near(const struct trace *from, const struct trace *to)
{
    return !to || from->key == TRACE_DEAD || to->key == TRACE_DEAD ||
           (!to->bare && trace_start(from) >> MEM_PAGE_SHIFT == trace_start(to) >> MEM_PAGE_SHIFT &&
            trace_mode(from->key) == trace_mode(to->key));
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
    uint32_t place = trace_part_start(cache, part);
    while (place < cache->end[part]) {
        const struct trace *trace = trace_at(cache, place);
        *alive += trace->key != TRACE_DEAD;
        if (!check_links(cache, trace, err))
            return false;
        place += trace_size(trace);
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
    for (uint32_t place = BARE_START; place < cache->bare_end; place += TRACE_BARE)
        alive += trace_at(cache, place)->key != TRACE_DEAD;
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
