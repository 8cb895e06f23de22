/* SPDX-License-Identifier: MIT */
#include "jit/measure.h"

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/host_time.h"
#include "core/x86/cpu.h"
#include "core/x86/decode.h"
#include "core/x86/model.h"
#include "jit/block.h"
#include "jit/helpers.h"

enum { CHUNK = 1024 /* tallies */ };

/* Blocks' code knows where their tallies are, so that these never move. */
struct chunk {
    struct jit_tally tally[CHUNK];
    unsigned used;
    struct chunk *next;
};

struct measure {
    struct chunk *chunks; /* the first one is being filled */
    struct jit_tally *free;
    struct decoder *decoder;
    uint64_t (*enter)(struct cpu *cpu, const uint8_t *code); /* the back end's */
};

/* Host code is decoded by the guest's decoder: both are x86. */
struct measure *measure_new(void)
{
    struct measure *measure = alloc_zeroed(sizeof *measure);
    measure->decoder = decoder_new(cpu_model_find("max"));
    return measure;
}

void measure_free(struct measure *measure)
{
    if (!measure)
        return;
    while (measure->chunks) {
        struct chunk *chunk = measure->chunks;
        measure->chunks = chunk->next;
        alloc_free(chunk);
    }
    decoder_free(measure->decoder);
    alloc_free(measure);
}

struct jit_tally *measure_tally(struct measure *measure)
{
    struct jit_tally *tally = measure->free;
    if (tally) {
        measure->free = tally->next_free;
        tally->next_free = NULL;
        return tally;
    }
    if (!measure->chunks || measure->chunks->used == CHUNK) {
        struct chunk *chunk = alloc_zeroed(sizeof *chunk);
        chunk->next = measure->chunks;
        measure->chunks = chunk;
    }
    return &measure->chunks->tally[measure->chunks->used++];
}

enum { OWN_INSNS = 4 /* of emit_count */ };

static unsigned host_insns(const struct decoder *decoder, const uint8_t *code, unsigned bytes)
{
    unsigned count = 0;
    for (unsigned at = 0; at < bytes; count++) {
        struct insn insn = {.offset = 0};
        if (decode_insn(decoder, MODE_64, code + at, bytes - at, &insn) != DECODE_OK)
            break;
        at += insn.length;
    }
    return count;
}

/* What lies between the starts of two parts. */
static void measure_code(const struct jit *jit, struct jit_tally *tally, const uint8_t *end)
{
    uint32_t bytes = (uint32_t)(end - tally->start);
    tally->bytes = bytes - tally->own;
    tally->host_insns = (uint16_t)(host_insns(jit->measure->decoder, tally->start, bytes) - OWN_INSNS);
}

void measure_block(struct jit *jit, const struct jit_block *block)
{
    struct jit_tally *first = jit_tally_of(&block->part[0]);
    const uint8_t *end = jit_code(jit, block) + block->straight_bytes;
    if (!first)
        return;
    for (unsigned i = block->part_count; i-- > 0;) {
        struct jit_tally *tally = jit_tally_of(&block->part[i]);
        tally->insns = block->part[i].source->count;
        measure_code(jit, tally, end);
        end = tally->start;
        jit->stats.host_bytes -= tally->own;
    }
    first->out_of_line = block->code_bytes - block->straight_bytes - first->own_out_of_line;
    jit->stats.host_bytes -= first->own_out_of_line;
    for (unsigned i = 0; i < jit->ir->count; i++) {
        const struct ir_op *op = &jit->ir->op[i];
        struct jit_tally *tally = jit_tally_of(jit_part_of(block, op->insn));
        tally->probes += op->code == IR_PROBE;
        tally->shared += op->code == IR_SHARED;
        tally->gotos += op->code == IR_GOTO;
    }
}

/* --- Time --------------------------------------------------------------------------------------------------
 */

/* Instructions retired when the budget is what it says and none of a block's is left. */
static uint64_t retired(const struct cpu *cpu)
{
    return cpu->horizon - (uint64_t)cpu->budget;
}

/* The same when translated code was left by an exit. */
static uint64_t retired_at(const struct cpu *cpu, uint64_t exit)
{
    const struct jit *jit = cpu->engine_self;
    const struct jit_block *block = jit_place_block(jit, (uint32_t)exit);
    switch (exit >> EXIT_KIND_SHIFT) {
    case EXIT_BOUNDARY: return cpu->clock->insns;
    case EXIT_RESUME: return retired(cpu);
    case EXIT_START: return retired(cpu) - (jit_is_hot(block) ? 0 : block->insns);
    default: return retired(cpu) - jit_left_of(block, jit_place_insn((uint32_t)exit));
    }
}

static uint64_t enter(struct cpu *cpu, const uint8_t *code)
{
    struct jit *jit = cpu->engine_self;
    struct jit_measured *measured = &jit->measured;
    uint64_t insns = retired(cpu), elsewhere = measured->translating_ns, since = host_time_ns();
    uint64_t exit = jit->measure->enter(cpu, code);
    measured->inside_ns += host_time_ns() - since - (measured->translating_ns - elsewhere);
    measured->inside += retired_at(cpu, exit) - insns;
    return exit;
}

void measure_entry(struct jit *jit)
{
    jit->measure->enter = jit->routines.enter;
    jit->routines.enter = enter;
}

/* --- Helpers -----------------------------------------------------------------------------------------------
 */

static struct jit_measured *measured_by(struct cpu *cpu)
{
    return &((struct jit *)cpu->engine_self)->measured;
}

/* The same before an instruction of a block. */
static uint64_t retired_before(const struct cpu *cpu, uint32_t place)
{
    return retired(cpu) - jit_left_of(jit_place_block(cpu->engine_self, place), jit_place_insn(place));
}

/* A handler has run. Where something else than what is behind it comes next, it may have faulted, and the
 * delivery counts. */
static const uint8_t *count_handled(struct cpu *cpu, uint64_t before, const uint8_t *code)
{
    measured_by(cpu)->handled += code ? cpu->clock->insns - before : 1;
    return code;
}

const uint8_t *measure_call_handler(struct cpu *cpu, uint32_t place)
{
    uint64_t before = retired_before(cpu, place);
    return count_handled(cpu, before, jit_call_handler(cpu, place));
}

const uint8_t *measure_call_fp_handler(struct cpu *cpu, uint32_t place)
{
    uint64_t before = retired_before(cpu, place);
    return count_handled(cpu, before, jit_call_fp_handler(cpu, place));
}

/* Each iteration of a string instruction is one, and so may be an instruction behind it that goes on in the
 * next page. */
const uint8_t *measure_call_serial(struct cpu *cpu, uint32_t place)
{
    uint64_t before = retired_before(cpu, place);
    const uint8_t *code = jit_call_serial(cpu, place);
    measured_by(cpu)->handled += cpu->clock->insns - before;
    return code;
}

/* The dispatcher itself executes what goes on in the next page. */
const uint8_t *measure_follow(struct cpu *cpu, uint32_t exit)
{
    uint64_t before = retired(cpu);
    const uint8_t *code = jit_follow(cpu, exit);
    measured_by(cpu)->handled += cpu->clock->insns - before;
    return code;
}

const uint8_t *measure_follow_indirect(struct cpu *cpu)
{
    uint64_t before = retired(cpu);
    const uint8_t *code = jit_follow_indirect(cpu);
    measured_by(cpu)->jump_misses++;
    measured_by(cpu)->handled += cpu->clock->insns - before;
    return code;
}

/* --- Sums --------------------------------------------------------------------------------------------------
 */

static void add_tally(struct jit_measured *sum, const struct jit_tally *tally)
{
    sum->passes += tally->passes;
    sum->insns += tally->passes * tally->insns;
    sum->host_insns += tally->passes * tally->host_insns;
    sum->host_bytes += tally->passes * tally->bytes;
    sum->out_of_line += tally->out_of_line;
    sum->probes += tally->passes * tally->probes;
    sum->shared += tally->passes * tally->shared;
    sum->jumps += tally->passes * tally->gotos;
}

void measure_retire(struct jit *jit, const struct jit_block *block)
{
    for (unsigned i = 0; i < block->part_count && block->is_measured; i++) {
        struct jit_tally *tally = jit_tally_of(&block->part[i]);
        add_tally(&jit->measured, tally);
        *tally = (struct jit_tally){.next_free = jit->measure->free};
        jit->measure->free = tally;
    }
}

bool jit_measure(const struct jit *jit, struct jit_measured *sum)
{
    *sum = jit->measured;
    if (!jit->measure)
        return false;
    for (const struct chunk *chunk = jit->measure->chunks; chunk; chunk = chunk->next) {
        for (unsigned i = 0; i < chunk->used; i++)
            add_tally(sum, &chunk->tally[i]);
    }
    return true;
}
