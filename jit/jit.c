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
#include "jit/helpers.h"
#include "jit/host/host.h"
#include "jit/ir.h"
#include "jit/measure.h"
#include "jit/pass_flags.h"
#include "jit/pass_late.h"
#include "jit/pass_share.h"
#include "jit/visibility.h"

enum { DEFAULT_CACHE = 32 << 20, LEAST_CACHE = 128 << 10 };

#define DIRECT_BYTES ((size_t)DIRECT_KINDS * DIRECT_PAGES * sizeof(uint64_t))

void *jit_arena_take(struct jit *jit, size_t size)
{
    void *memory = jit->arena + jit->arena_used;
    jit->arena_used += (size + 15) & ~(size_t)15;
    ASSERT(jit->arena_used <= ARENA_SIZE);
    return memset(memory, 0, size);
}

static unsigned bucket_of(mem_t memory, uint64_t rip)
{
    return (unsigned)(((memory ^ rip << 17) * UINT64_C(0x9E3779B97F4A7C15)) >> 49) % BLOCK_BUCKETS;
}

struct jit_block *jit_find_block(const struct jit *jit, mem_t memory, uint64_t rip,
                                 const struct jit_context *context)
{
    struct jit_block *block = jit->buckets[bucket_of(memory, rip)];
    while (block &&
           (block->memory != memory || block->rip != rip || block->context != context || block->dead))
        block = block->next_in_hash;
    return block;
}

static void flush(struct jit *jit)
{
    memset(jit->buckets, 0, BLOCK_BUCKETS * sizeof *jit->buckets);
    memset(jit->jumps, 0, JUMP_ENTRIES * sizeof *jit->jumps);
    jit->arena_used = ARENA_START;
    jit->code.used = jit->code_start;
    jit_forget_contexts(jit);
    jit->stats.flushes++;
}

static void unlink_incoming(struct jit *jit, struct jit_block *block)
{
    for (struct jit_exit *exit = block->incoming; exit; exit = exit->next_incoming) {
        host_unlink(jit, exit);
        exit->target = NULL;
    }
    block->incoming = NULL;
}

static bool inherits(const struct jit_block *block)
{
    return block->inherited.code != IR_INSN;
}

static void kill_block(struct jit *jit, struct jit_block *block)
{
    block->dead = true;
    unlink_incoming(jit, block);
    struct jump_entry *jump = &jit->jumps[jump_index(block->rip)];
    if (jump->code == block->code)
        *jump = (struct jump_entry){0};
    jit->stats.killed++;
    if (inherits(block))
        return;
    struct jit_block **link = &jit->buckets[bucket_of(block->memory, block->rip)];
    while (*link != block)
        link = &(*link)->next_in_hash;
    *link = block->next_in_hash;
}

static void trace_killed(void *self, struct trace *trace)
{
    struct jit *jit = self;
    for (struct jit_block *block = trace->translations; block; block = block->next_variant)
        kill_block(jit, block);
    trace->translations = NULL;
}

static void traces_cleared(void *self)
{
    flush(self);
}

static struct jit_block *new_block(struct jit *jit, struct trace *trace, const struct jit_context *context,
                                   const struct ir_made *inherited)
{
    struct jit_block *block = jit_arena_take(jit, sizeof *block);
    block->memory = trace->key >> 2;
    block->rip = jit->cpu->rip;
    block->context = context;
    block->inherited = *inherited;
    block->source = trace;
    if (jit->measure)
        block->tally = measure_tally(jit->measure);
    return block;
}

enum { CHECK_INTERVAL = 4096 /* blocks */ };

static void assert_sound(const struct jit *jit)
{
    struct error err = {0};
    bool sound = !LATHE_CHECKED || jit_check(jit, &err);
    ASSERT(sound);
}

/* Blocks that inherit are found by way of their trace alone. */
static void publish(struct jit *jit, struct jit_block *block)
{
    if (!inherits(block)) {
        struct jit_block **bucket = &jit->buckets[bucket_of(block->memory, block->rip)];
        block->next_in_hash = *bucket;
        *bucket = block;
    }
    block->next_variant = block->source->translations;
    block->source->translations = block;
    jit->stats.blocks++;
    jit->stats.guest_insns += block->source->count;
    if (jit->stats.blocks % CHECK_INTERVAL == 0)
        assert_sound(jit);
}

enum { MOST_ARENA = 64 << 10 /* of one block with all that hangs on it */ };

static bool has_room(const struct jit *jit)
{
    return jit->arena_used + MOST_ARENA <= ARENA_SIZE;
}

static unsigned address_bits(const struct jit_assumptions *assume)
{
    return assume->mode == MODE_64 ? 64 : assume->mode == MODE_32 ? 32 : 16;
}

/* Makes a block of a trace that runs at cpu->rip. NULL where that cannot be done; *full says whether for want
 * of room. */
static struct jit_block *make_block(struct jit *jit, struct trace *trace, const struct jit_context *context,
                                    const struct ir_made *inherited, bool *full)
{
    *full = !has_room(jit);
    if (*full || !lower_block(jit->lowering, &context->assume, trace->insns, trace->count, jit->cpu->rip,
                              inherited, jit->ir))
        return NULL;
    pass_flags(jit->ir);
    if (!trace->separate) {
        pass_share(jit->ir, address_bits(&context->assume));
        pass_flags(jit->ir);
    }
    if (!pass_late(jit->ir))
        return NULL;
    struct jit_block *block = new_block(jit, trace, context, inherited);
    size_t before = jit->code.used;
    *full = !host_emit(jit, block, jit->ir);
    if (*full)
        return NULL;
    jit->stats.host_bytes += jit->code.used - before;
    publish(jit, block);
    show_block(jit, block);
    measure_block(jit, block);
    return block;
}

/* The same on the clock. */
static struct jit_block *translate(struct jit *jit, struct trace *trace, const struct jit_context *context,
                                   const struct ir_made *inherited, bool *full)
{
    if (!jit->measure)
        return make_block(jit, trace, context, inherited, full);
    uint64_t since = host_time_ns();
    struct jit_block *block = make_block(jit, trace, context, inherited, full);
    jit->measured.translating_ns += host_time_ns() - since;
    return block;
}

static struct jit_block *find_variant(const struct trace *trace, uint64_t rip,
                                      const struct jit_context *context, const struct ir_made *inherited)
{
    struct jit_block *block = trace->translations;
    while (block &&
           (block->rip != rip || block->context != context || !ir_made_equal(&block->inherited, inherited)))
        block = block->next_variant;
    return block;
}

enum { MOST_VARIANTS = 8 };

static bool has_many_variants(const struct trace *trace)
{
    unsigned count = 0;
    for (const struct jit_block *block = trace->translations; block; block = block->next_variant)
        count++;
    return count >= MOST_VARIANTS;
}

struct jit_block *jit_specialise(struct jit *jit, const struct jit_block *block, const struct ir_made *made)
{
    bool full;
    struct jit_block *found = find_variant(block->source, block->rip, block->context, made);
    if (found || has_many_variants(block->source))
        return found;
    return translate(jit, block->source, block->context, made, &full);
}

/* In 64-bit mode translated code looks at no segment's end: breakpoints and alignment checks are the
 * interpreter's. */
static bool is_checked(const struct cpu *cpu)
{
    return cpu->mode == MODE_64 && cpu->seg[SEG_DS].read_end != UINT64_MAX;
}

/* The translation of the trace about to run, or NULL where it is to be interpreted. When all is full the
 * traces are cleared, and with them this one. */
static struct jit_block *block_for(struct jit *jit, struct trace *trace)
{
    static const struct ir_made nothing = {0};
    struct cpu *cpu = jit->cpu;
    if (!trace->translations && trace->heat < jit->options.threshold) {
        trace->heat++;
        return NULL;
    }
    if (!jit->translates || is_checked(cpu))
        return NULL;
    const struct jit_context *context = jit_context_now(jit);
    if (!context)
        return NULL;
    bool full = false;
    struct jit_block *block = find_variant(trace, cpu->rip, context, &nothing);
    if (!block && trace->key != TRACE_DEAD)
        block = translate(jit, trace, context, &nothing, &full);
    if (full)
        trace_cache_clear(cpu);
    return block;
}

/* A block whose operands are often not where they could share a look-up is made anew without. */
static void count_lost(struct jit *jit, struct jit_block *block)
{
    if (++block->lost < jit_exit_heat(jit) || block->dead)
        return;
    block->source->separate = true;
    trace_killed(jit, block->source);
}

static const struct insn *enter(struct cpu *cpu, const struct insn *insn)
{
    struct jit *jit = cpu->engine_self;
    struct trace *trace = cpu->trace;
    unsigned generation = trace_cache_generation(cpu->traces), count = trace->count;
    struct jit_block *block = block_for(jit, trace);
    if (!block && generation == trace_cache_generation(cpu->traces))
        return exec_at(cpu, insn);
    cpu->budget += count;
    if (!block)
        return exec_resume(cpu);
    jit->stats.entries++;
    cpu->engine_context = (uint64_t)block->context->number << CONTEXT_SHIFT;
    const struct jit_exit *exit = jit->routines.enter(cpu, block->code);
    flag_recipe_settle(cpu);
    if (cpu->fp.live & FP_X87)
        jit_x87_store(cpu);
    cpu->fp.live = 0;
    if (!exit)
        return NULL;
    if (exit->kind == EXIT_RESUME)
        return exec_resume(cpu);
    if (exit->kind == EXIT_LOST)
        count_lost(jit, exit->block);
    else
        jit->handled[exit->insn->row]++;
    cpu->rip = exit->block->rip;
    cpu->trace = exit->block->source;
    return exec_at(cpu, exit->insn);
}

static const struct engine_ops engine = {
    .enter = enter, .trace_killed = trace_killed, .traces_cleared = traces_cleared};

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
    jit->arena = reserve_at(NULL, ARENA_SIZE);
    if (!jit->direct || !jit->arena ||
        !code_cache_init(&jit->code, cache_size(options), options->perf_map, err)) {
        if (!jit->direct || !jit->arena)
            error_set(err, "no address space for the translator: %s; use --engine interp", strerror(errno));
        jit_free(jit);
        return NULL;
    }
    jit->jumps = alloc_array(JUMP_ENTRIES, sizeof *jit->jumps);
    jit->buckets = alloc_array(BLOCK_BUCKETS, sizeof *jit->buckets);
    jit->handled = alloc_array(insn_table_rows, sizeof *jit->handled);
    jit->ir = alloc_zeroed(sizeof *jit->ir);
    jit->emitter = host_new_emitter();
    jit->called[1].fn = jit_come_back;
    jit->lowering = lowering_new();
    jit->arena_used = ARENA_START;
    jit->resume.kind = EXIT_RESUME;
    jit->measure = options->measure ? measure_new() : NULL;
    host_make_routines(jit);
    if (jit->measure)
        measure_entry(jit);
    jit->code_start = jit->code.used;
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
    if (jit->arena)
        munmap(jit->arena, ARENA_SIZE);
    perf_map_close(jit);
    code_cache_free(&jit->code);
    lowering_free(jit->lowering);
    measure_free(jit->measure);
    alloc_free(jit->handled);
    alloc_free(jit->ir);
    alloc_free(jit->emitter);
    alloc_free(jit->jumps);
    alloc_free(jit->buckets);
    alloc_free(jit);
}

const struct jit_stats *jit_get_stats(const struct jit *jit)
{
    return &jit->stats;
}
