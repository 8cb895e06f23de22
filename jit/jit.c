/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "jit/jit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "config.h"
#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/base/host_time.h"
#include "core/x86/cpu.h"
#include "core/x86/engine.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/flag_recipe.h"
#include "core/x86/model.h"
#include "jit/block.h"
#include "jit/check.h"
#include "jit/heat.h"
#include "jit/helpers.h"
#include "jit/host/host.h"
#include "jit/ir.h"
#include "jit/measure.h"
#include "jit/pass_flags.h"
#include "jit/pass_late.h"
#include "jit/pass_share.h"
#include "jit/region.h"
#include "jit/room.h"
#include "jit/visibility.h"

/* Bytes of host code; and what the traces take that blocks are made from. */
enum { DEFAULT_CACHE = 11 << 20, DEFAULT_MOST = 20 << 20, LEAST_CACHE = 192 << 10 };
enum { TRACES_PER_10 = 22, TRACES_MOST_PER_10 = 20 /* bytes, of code, at first and where it has grown */ };

#define JUMP_BYTES   (JUMP_ENTRIES * sizeof(struct jump_entry))
#define DIRECT_BYTES ((size_t)DIRECT_KINDS * DIRECT_PAGES * sizeof(uint64_t))

static unsigned bucket_of(mem_t memory, uint64_t rip)
{
    return (unsigned)(((memory ^ rip << 17) * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - BLOCK_BUCKET_BITS));
}

struct jit_block *jit_find_block(const struct jit *jit, mem_t memory, uint64_t rip,
                                 const struct jit_context *context)
{
    struct jit_block *block = jit_block_at(jit, jit->buckets[bucket_of(memory, rip)]);
    while (block &&
           (block->memory != memory || block->rip != rip || block->context != context || block->dead))
        block = jit_block_at(jit, block->next_in_hash);
    return block;
}

static void flush(struct jit *jit)
{
    memset(jit->buckets, 0, BLOCK_BUCKETS * sizeof *jit->buckets);
    memset(jit->jumps, 0, JUMP_ENTRIES * sizeof *jit->jumps);
    room_clear(jit);
    jit_forget_contexts(jit);
    jit->stats.flushes++;
}

static void unlink_incoming(struct jit *jit, struct jit_block *block)
{
    struct jit_exit *exit = jit_exit_at(jit, block->incoming);
    for (; exit; exit = jit_exit_at(jit, exit->next_incoming)) {
        host_unlink(jit, exit);
        exit->target = 0;
    }
    block->incoming = 0;
}

static struct jit_part *next_of_trace(const struct jit *jit, const struct jit_part *part)
{
    return jit_part_at(jit, part->next_of_trace);
}

static void leave_trace(const struct jit *jit, const struct jit_part *part)
{
    struct jit_part *before = part->source->translations;
    if (before == part) {
        part->source->translations = next_of_trace(jit, part);
        return;
    }
    while (next_of_trace(jit, before) != part)
        before = next_of_trace(jit, before);
    before->next_of_trace = part->next_of_trace;
}

void jit_kill_block(struct jit *jit, struct jit_block *block, bool evicted)
{
    block->dead = true;
    for (unsigned i = 0; i < block->part_count; i++)
        leave_trace(jit, &block->part[i]);
    unlink_incoming(jit, block);
    struct jump_entry *jump = &jit->jumps[jump_index(block->rip)];
    if (jump->code == jit_code(jit, block))
        *jump = (struct jump_entry){0};
    jit->stats.killed += !evicted;
    jit->stats.evicted += evicted;
    if (block->inherits)
        return;
    uint32_t *link = &jit->buckets[bucket_of(block->memory, block->rip)];
    while (*link != jit_offset(jit, block))
        link = &jit_block_at(jit, *link)->next_in_hash;
    *link = block->next_in_hash;
}

static void trace_killed(void *self, struct trace *trace, bool evicted)
{
    struct jit *jit = self;
    while (trace->translations)
        jit_kill_block(jit, jit_block_of(trace->translations), evicted);
}

static void trace_moved(void *self, struct trace *trace)
{
    for (struct jit_part *part = trace->translations; part; part = next_of_trace(self, part))
        part->source = trace;
}

static void traces_cleared(void *self)
{
    flush(self);
}

static void add_part(struct jit_block *block, struct trace *trace, uint64_t rip)
{
    struct jit_part *part = &block->part[block->part_count];
    part->number = block->part_count++;
    part->source = trace;
    part->rip = rip;
    part->first = block->insns;
    block->insns = (uint8_t)(block->insns + trace->count);
}

/* What becomes of a block that is run often enough. */
enum fate { TO_BE_REGION, FINAL };

static bool is_final(const struct jit *jit, enum fate fate)
{
    return fate == FINAL || jit->options.single;
}

static size_t size_of_block(const struct jit *jit, const struct region *region, bool inherits)
{
    size_t each = sizeof(struct jit_part) + (jit->measure ? sizeof(struct jit_tally *) : 0);
    return sizeof(struct jit_block) + region->count * each + (inherits ? sizeof(struct ir_made) : 0);
}

static void inherit(struct jit_block *block, const struct ir_made *inherited)
{
    if (block->inherits)
        *(struct ir_made *)(uintptr_t)jit_inherited_at(block) = *inherited;
}

static struct jit_block *new_block(struct jit *jit, const struct region *region, enum fate fate,
                                   const struct jit_context *context, const struct ir_made *inherited)
{
    bool inherits = inherited->code != IR_INSN;
    struct jit_block *block = room_take_block(jit, size_of_block(jit, region, inherits));
    block->memory = trace_start(region->trace[0]);
    block->rip = region->part[0].rip;
    block->context = context;
    block->inherits = inherits;
    block->is_measured = jit->measure != NULL;
    block->is_final = is_final(jit, fate);
    block->heat = block->is_final ? 0 : jit_hot_passes(jit);
    for (unsigned i = 0; i < region->count; i++)
        add_part(block, region->trace[i], region->part[i].rip);
    for (unsigned i = 0; i < region->count; i++)
        block->part[i].rest = (uint8_t)(block->insns - block->part[i].first - region->trace[i]->count);
    inherit(block, inherited);
    for (unsigned i = 0; block->is_measured && i < region->count; i++)
        jit_tallies_at(block)[i] = measure_tally(jit->measure);
    return block;
}

static void assert_sound(const struct jit *jit)
{
    struct error err = {0};
    bool sound = !LATHE_CHECKED || jit_check(jit, &err);
    ASSERT(sound);
}

enum { CHECK_INTERVAL = 4096 /* blocks */ };

/* In checked builds. Not while a region stands beside the block whose place it takes. */
static void check_now_and_then(struct jit *jit)
{
    if (!LATHE_CHECKED || jit->stats.blocks < jit->next_check)
        return;
    jit->next_check = jit->stats.blocks + CHECK_INTERVAL;
    assert_sound(jit);
}

/* Blocks that inherit are found by way of their trace alone. */
static void publish(struct jit *jit, struct jit_block *block)
{
    if (!block->inherits) {
        uint32_t *bucket = &jit->buckets[bucket_of(block->memory, block->rip)];
        block->next_in_hash = *bucket;
        *bucket = jit_offset(jit, block);
    }
    for (unsigned i = 0; i < block->part_count; i++) {
        struct jit_part *part = &block->part[i];
        part->next_of_trace = jit_offset(jit, part->source->translations);
        part->source->translations = part;
    }
    room_note(jit, block);
    jit->stats.blocks++;
    jit->stats.regions += block->part_count > 1;
    jit->stats.guest_insns += block->insns;
}

static unsigned address_bits(const struct jit_assumptions *assume)
{
    return assume->mode == MODE_64 ? 64 : assume->mode == MODE_32 ? 32 : 16;
}

static bool lower_region(struct jit *jit, const struct region *region, const struct jit_context *context,
                         const struct ir_made *inherited)
{
    return lower_block(jit->lowering, &context->assume, region->part, region->count, inherited, jit->ir);
}

/* Segments whose operands need no look at where they end. */
static uint8_t endless_segs(const struct jit_assumptions *assume)
{
    switch (assume->mode) {
    case MODE_64: return UINT8_MAX;
    case MODE_32: return assume->flat_segs & (uint8_t) ~(1u << SEG_CS);
    default: return 0;
    }
}

/* Intermediate code ready for the back end. `loops`: it leads to its own start. */
static bool prepare(struct jit *jit, const struct region *region, const struct jit_context *context,
                    const struct ir_made *inherited, bool loops)
{
    const struct share_options share = {.bits = address_bits(&context->assume),
                                        .sharing = region->trace[0]->apart,
                                        .loops = loops,
                                        .endless_segs = endless_segs(&context->assume)};
    if (!lower_region(jit, region, context, inherited))
        return false;
    pass_flags(jit->ir);
    if (share.sharing != SHARE_NOTHING) {
        pass_share(jit->ir, &share);
        pass_flags(jit->ir);
    }
    return pass_late(jit->ir);
}

/* Whether a way out of the last part leads to the region's start with the flags that it began with. */
static bool is_loop(const struct jit *jit, const struct region *region, const struct ir_made *inherited)
{
    unsigned last = region->insns - region->trace[region->count - 1]->count;
    for (unsigned i = 0; i < jit->ir->count; i++) {
        const struct ir_op *op = &jit->ir->op[i];
        if (op->insn >= last && ir_leads_to(op, region->part[0].rip, inherited))
            return true;
    }
    return false;
}

/* The same where a loop is one for the sharing of look-ups, too. */
static bool prepare_final(struct jit *jit, const struct region *region, const struct jit_context *context,
                          const struct ir_made *inherited)
{
    if (!prepare(jit, region, context, inherited, false))
        return false;
    if (jit->options.unlinked || region->trace[0]->each_pass || !is_loop(jit, region, inherited))
        return true;
    return (prepare(jit, region, context, inherited, true) && is_loop(jit, region, inherited)) ||
           prepare(jit, region, context, inherited, false);
}

/* Makes a block of traces, of which the first runs at its rip in a context. NULL where that cannot be done,
 * as for want of room. */
static struct jit_block *make_block(struct jit *jit, const struct region *region, enum fate fate,
                                    const struct jit_context *context, const struct ir_made *inherited)
{
    if (!room_is_left(jit))
        return NULL;
    bool ready = is_final(jit, fate) ? prepare_final(jit, region, context, inherited)
                                     : prepare(jit, region, context, inherited, false);
    if (!ready)
        return NULL;
    struct jit_block *block = new_block(jit, region, fate, context, inherited);
    size_t before = jit->code.used;
    if (!host_emit(jit, block, jit->ir))
        return NULL;
    jit->stats.host_bytes += jit->code.used - before;
    publish(jit, block);
    show_block(jit, block);
    measure_block(jit, block);
    return block;
}

/* The same on the clock. */
static struct jit_block *translate(struct jit *jit, const struct region *region, enum fate fate,
                                   const struct jit_context *context, const struct ir_made *inherited)
{
    if (!jit->measure)
        return make_block(jit, region, fate, context, inherited);
    uint64_t since = host_time_ns();
    struct jit_block *block = make_block(jit, region, fate, context, inherited);
    jit->measured.translating_ns += host_time_ns() - since;
    return block;
}

static struct jit_block *find_variant(const struct jit *jit, const struct trace *trace, uint64_t rip,
                                      const struct jit_context *context, const struct ir_made *inherited)
{
    for (const struct jit_part *part = trace->translations; part; part = next_of_trace(jit, part)) {
        struct jit_block *block = jit_block_of(part);
        struct ir_made made = jit_inherited(block);
        if (jit_part_is_entry(part) && block->rip == rip && block->context == context &&
            ir_made_equal(&made, inherited))
            return block;
    }
    return NULL;
}

enum { MOST_VARIANTS = 8 };

static bool has_many_variants(const struct jit *jit, const struct trace *trace)
{
    unsigned count = 0;
    for (const struct jit_part *part = trace->translations; part; part = next_of_trace(jit, part))
        count += jit_part_is_entry(part);
    return count >= MOST_VARIANTS;
}

struct jit_block *jit_specialise(struct jit *jit, const struct jit_block *block, const struct ir_made *made)
{
    struct trace *trace = block->part[0].source;
    struct jit_block *found = find_variant(jit, trace, block->rip, block->context, made);
    if (found || has_many_variants(jit, trace))
        return found;
    struct region region;
    region_begin(jit, &region, trace, block->rip);
    return translate(jit, &region, TO_BE_REGION, block->context, made);
}

/* What leads to a block leads from now on to another that does the same. */
static void hand_over(struct jit *jit, struct jit_block *from, struct jit_block *to)
{
    while (from->incoming)
        jit_link_exit(jit, jit_exit_at(jit, from->incoming), to);
    struct jump_entry *jump = &jit->jumps[jump_index(from->rip)];
    if (jump->code == jit_code(jit, from))
        jump->code = jit_code(jit, to);
}

/* A block that is run often gives way to one of all the traces that mostly follow. */
static void make_region(struct jit *jit, struct jit_block *block)
{
    struct region region;
    const struct ir_made inherited = jit_inherited(block);
    room_provide(jit);
    if (block->dead)
        return;
    region_begin(jit, &region, block->part[0].source, block->rip);
    while (lower_region(jit, &region, block->context, &inherited) &&
           region_extend(jit, block->context, &region))
        ;
    struct jit_block *made = NULL;
    for (; region.count && !made; region_shorten(&region))
        made = translate(jit, &region, FINAL, block->context, &inherited);
    if (!made)
        return;
    hand_over(jit, block, made);
    jit_kill_block(jit, block, false);
}

/* In 64-bit mode translated code looks at no segment's end: breakpoints and alignment checks are the
 * interpreter's. */
static bool is_checked(const struct cpu *cpu)
{
    return cpu->mode == MODE_64 && cpu->seg[SEG_DS].read_end != UINT64_MAX;
}

/* The translation of the trace about to run, or NULL where it is to be interpreted. With too many
 * contexts the traces are cleared, and with them this one. */
static struct jit_block *block_for(struct jit *jit, struct trace *trace)
{
    static const struct ir_made nothing = {0};
    struct cpu *cpu = jit->cpu;
    if (!trace->translations && !heat_has_reached(jit, trace, jit->options.threshold))
        return NULL;
    if (!jit->translates || is_checked(cpu))
        return NULL;
    const struct jit_context *context = jit_context_now(jit, NULL);
    if (!context)
        return NULL;
    struct jit_block *block = find_variant(jit, trace, cpu->rip, context, &nothing);
    if (!block)
        room_provide(jit); /* a bare trace may die of it */
    if (!block && trace->key != TRACE_DEAD) {
        struct region region;
        region_begin(jit, &region, trace, cpu->rip);
        block = translate(jit, &region, TO_BE_REGION, context, &nothing);
        check_now_and_then(jit);
    }
    return block;
}

enum { LOST_UNIT = 10 /* 2^10 instructions of the guest */ };

enum { LOST_AHEAD = 8 /* at the least: each page that a loop comes to may not have been used before */ };

/* Whether a block has just been left for what it should not have expected, and was more than once in
 * 2^LOST_UNIT instructions, on the average. */
static bool is_often_lost(struct jit *jit, struct jit_block *block)
{
    uint32_t now = (uint32_t)((jit->cpu->horizon - (uint64_t)jit->cpu->budget) >> LOST_UNIT);
    if (!block->lost)
        block->lost_since = now;
    unsigned least = jit_exit_heat(jit) + (block->ahead_bytes ? (unsigned)LOST_AHEAD : 0);
    if (++block->lost < least || block->dead)
        return false;
    bool often = now - block->lost_since < block->lost;
    block->lost = 0;
    return often;
}

/* A block whose operands are often not where they could share a look-up is made anew with less of that, one
 * whose string instructions go the other way with those expected to. */
static void learn_from(struct jit *jit, enum exit_kind kind, struct jit_block *block, unsigned insn)
{
    if (!is_often_lost(jit, block))
        return;
    struct trace *trace = kind == EXIT_LOST ? block->part[0].source : jit_part_of(block, insn)->source;
    if (kind == EXIT_LOST && block->ahead_bytes && !trace->each_pass)
        trace->each_pass = true;
    else if (kind == EXIT_LOST)
        trace->apart++;
    else
        trace->down = !trace->down;
    trace_killed(jit, trace, false);
}

/* Where a block was entered that has done nothing: it has run often, or the rest of the budget is too little
 * for it. */
static const struct insn *leave_at_start(struct jit *jit, struct jit_block *block)
{
    jit->cpu->rip = block->rip;
    if (jit_is_hot(block))
        make_region(jit, block);
    else
        jit->cpu->budget += block->insns;
    return exec_resume(jit->cpu);
}

/* Back to the interpreter before an instruction of a block. */
static const struct insn *leave_at(struct jit *jit, enum exit_kind kind, struct jit_block *block,
                                   unsigned number)
{
    const struct jit_part *part = jit_part_of(block, number);
    struct trace *trace = jit_trace_of(jit, part);
    const struct insn *insn = &trace->insns[number - part->first];
    if (kind == EXIT_LOST && block->ahead_bytes) /* other regions would be lost at the same operands */
        jit->traces_apart = block->part_count - part->number - 1u;
    if (kind != EXIT_LEAVE)
        learn_from(jit, kind, block, number);
    else
        jit->handled[insn->row]++;
    jit->cpu->rip = part->rip;
    jit->cpu->trace = trace;
    return exec_at(jit->cpu, insn);
}

static const struct insn *go_on(struct jit *jit, uint64_t exit)
{
    uint32_t place = (uint32_t)exit;
    enum exit_kind kind = (enum exit_kind)(exit >> EXIT_KIND_SHIFT);
    switch (kind) {
    case EXIT_BOUNDARY: return NULL;
    case EXIT_RESUME: return exec_resume(jit->cpu);
    case EXIT_START: return leave_at_start(jit, jit_place_block(jit, place));
    default: return leave_at(jit, kind, jit_place_block(jit, place), jit_place_insn(place));
    }
}

/* Whether a trace belongs to a pass that is interpreted, and counts it. */
static bool is_apart(struct jit *jit)
{
    bool apart = jit->traces_apart > 0;
    jit->traces_apart -= apart;
    return apart;
}

/* The trace under way has no block. A bare one may be dead by now. */
static const struct insn *interpret(struct cpu *cpu, const struct insn *insn)
{
    struct trace *trace = cpu->trace;
    if (!trace->bare)
        return exec_at(cpu, insn);
    if (trace->key == TRACE_DEAD) {
        cpu->budget += trace->count;
        return exec_resume(cpu);
    }
    cpu->trace = trace_restore(cpu, trace);
    return exec_at(cpu, cpu->trace->insns);
}

static const struct insn *enter(struct cpu *cpu, const struct insn *insn)
{
    struct jit *jit = cpu->engine_self;
    struct trace *trace = cpu->trace;
    unsigned generation = trace_cache_generation(cpu->traces), count = trace->count;
    struct jit_block *block = is_apart(jit) ? NULL : block_for(jit, trace);
    bool interprets = block ? cpu->budget + count < block->insns /* a region, near the horizon */
                            : generation == trace_cache_generation(cpu->traces);
    if (interprets)
        return interpret(cpu, insn);
    cpu->budget += count;
    if (!block)
        return exec_resume(cpu);
    jit->stats.entries++;
    cpu->engine_context = (uint64_t)block->context->number << CONTEXT_SHIFT;
    uint64_t exit = jit->routines.enter(cpu, jit_code(jit, block));
    flag_recipe_settle(cpu);
    if (cpu->fp.live & FP_X87)
        jit_x87_store(cpu);
    cpu->fp.live = 0;
    return go_on(jit, exit);
}

static const struct engine_ops engine = {.enter = enter,
                                         .trace_killed = trace_killed,
                                         .trace_moved = trace_moved,
                                         .traces_cleared = traces_cleared};

static void *reserve_at(void *hint, size_t bytes)
{
    void *memory =
        mmap(hint, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Address space that host code reaches from `anchor` with a displacement of 32 bits. */
static void *reserve_near(const void *anchor, size_t bytes)
{
    const intptr_t step = 32 << 20, reach = (intptr_t)1 << 30;
    for (intptr_t distance = step; distance<reach; distance = distance> 0 ? -distance : step - distance) {
        intptr_t wanted = ((intptr_t)anchor & ~(intptr_t)(MEM_PAGE_SIZE - 1)) + distance;
        void *memory = reserve_at((void *)wanted, bytes);
        intptr_t found = (intptr_t)memory - (intptr_t)anchor;
        if (!memory || (found > -reach && found < reach))
            return memory;
        munmap(memory, bytes);
    }
    errno = ENOMEM;
    return NULL;
}

static size_t cache_size(const struct jit_options *options)
{
    size_t size = options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE;
    return size < LEAST_CACHE ? LEAST_CACHE : size;
}

static size_t most_cache(const struct jit_options *options)
{
    size_t size = cache_size(options), most = options->cache_bytes ? options->cache_most : DEFAULT_MOST;
    return most < size ? size : most;
}

/* The room for code, for what hangs on it and for traces. */
static void divide_room(struct jit *jit)
{
    size_t size = cache_size(&jit->options), most = most_cache(&jit->options), spans = most / (size / SPANS);
    jit->code_start = jit->code.used;
    room_init(jit, spans < RING_MOST_PARTS ? (unsigned)spans : RING_MOST_PARTS);
    trace_cache_limit(jit->cpu, size / 10 * TRACES_PER_10, most / 10 * TRACES_MOST_PER_10);
}

bool jit_is_available(void)
{
    return true;
}

struct jit *jit_new(struct cpu *cpu, const struct jit_options *options, struct error *err)
{
    struct jit *jit = alloc_zeroed(sizeof *jit);
    jit->cpu = cpu;
    jit->options = *options;
    jit->translates = cpu_model_has(cpu->model, FEATURE_386);
    jit->direct = reserve_near(cpu, DIRECT_BYTES);
    ASSERT(cpu->memory->size >> MEM_PAGE_SHIFT >> JUMP_PAGE_BITS == 0);
    jit->jumps = reserve_near(cpu, JUMP_BYTES);
    jit->arena_size = room_arena_bytes(most_cache(options));
    jit->arena = reserve_near(cpu, jit->arena_size);
    bool reserved = jit->direct && jit->jumps && jit->arena;
    if (!reserved || !code_cache_init(&jit->code, most_cache(options), options->perf_map, err)) {
        if (!reserved)
            error_set(err, "no address space for the translator: %s; use --engine interp", strerror(errno));
        jit_free(jit);
        return NULL;
    }
    jit->buckets = alloc_array(BLOCK_BUCKETS, sizeof *jit->buckets);
    jit->handled = alloc_array(insn_table_rows, sizeof *jit->handled);
    jit->ir = alloc_zeroed(sizeof *jit->ir);
    jit->emitter = host_new_emitter();
    jit->called[1].fn = jit_come_back;
    jit->lowering = lowering_new(cpu_model_has(cpu->model, FEATURE_LONG));
    jit->measure = options->measure ? measure_new() : NULL;
    host_make_routines(jit);
    if (jit->measure)
        measure_entry(jit);
    divide_room(jit);
    if (options->perf_map && !perf_map_open(jit, err)) {
        jit_free(jit);
        return NULL;
    }
    cpu_attach_engine(cpu, &engine, jit, jit->direct);
    return jit;
}

void jit_free(struct jit *jit)
{
    if (!jit)
        return;
    if (jit->cpu->engine_self == jit) {
        assert_sound(jit);
        jit->cpu->engine = NULL;
        cpu_attach_engine(jit->cpu, NULL, NULL, NULL);
    }
    if (jit->direct)
        munmap(jit->direct, DIRECT_BYTES);
    if (jit->jumps)
        munmap(jit->jumps, JUMP_BYTES);
    if (jit->arena)
        munmap(jit->arena, jit->arena_size);
    perf_map_close(jit);
    code_cache_free(&jit->code);
    lowering_free(jit->lowering);
    measure_free(jit->measure);
    alloc_free(jit->handled);
    alloc_free(jit->ir);
    alloc_free(jit->emitter);
    alloc_free(jit->buckets);
    alloc_free(jit);
}

const struct jit_stats *jit_get_stats(const struct jit *jit)
{
    return &jit->stats;
}
