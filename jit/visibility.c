/* SPDX-License-Identifier: MIT */
#include "jit/visibility.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "jit/block.h"
#include "jit/ir.h"
#include "jit/jit.h"
#include "jit/listing.h"

/* --- The map of perf --------------------------------------------------------------------------------------
 */

static void map_line(const struct jit *jit, const uint8_t *code, size_t size, const char *what, uint64_t rip)
{
    fprintf(jit->perf_map, "%" PRIxPTR " %zx %s", (uintptr_t)code, size, what);
    if (rip)
        fprintf(jit->perf_map, "%" PRIx64, rip);
    putc('\n', jit->perf_map);
}

bool perf_map_open(struct jit *jit, struct error *err)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    jit->perf_map = fopen(path, "w");
    if (!jit->perf_map)
        return error_set(err, "perf-map: %s: %s", path, strerror(errno));
    map_line(jit, jit->code.executable, jit->code_start, "translator_routines", 0);
    return true;
}

void perf_map_close(struct jit *jit)
{
    if (jit->perf_map)
        fclose(jit->perf_map);
    jit->perf_map = NULL;
}

/* --- The dump of a block ----------------------------------------------------------------------------------
 */

static unsigned bits_of(const struct jit_block *block)
{
    switch (block->context->assume.mode) {
    case MODE_64: return 64;
    case MODE_32: return 32;
    default: return 16;
    }
}

/* Rows of the instruction table first; what a disassembler makes of the same bytes behind them. */
static void dump_part(const struct jit *jit, const struct jit_part *part, unsigned bits)
{
    const uint8_t *bytes = jit->cpu->memory->host + trace_start(part->source);
    const struct trace *trace = jit_trace_of(jit, part);
    for (unsigned i = 0; i < trace->count; i++) {
        const struct insn *insn = &trace->insns[i];
        const struct insn_row *row = &insn_table[insn->row];
        fprintf(stderr, "  %u: %s %s (%s)\n", part->first + i, row->mnemonic, row->operands, row->encoding);
        listing_print(stderr, bytes + insn->offset, insn->length, part->rip + insn->offset, bits);
    }
}

static void dump_block(const struct jit *jit, const struct jit_block *block)
{
    fprintf(stderr, "%s at %" PRIx64 ", linear %" PRIx64 ", physical %" PRIx64 ", %u-bit, %u instructions\n",
            block->part_count > 1 ? "region" : "block", block->rip, jit_linear(block->context, block->rip),
            (uint64_t)block->memory, bits_of(block), block->insns);
    for (unsigned i = 0; i < block->part_count; i++)
        dump_part(jit, &block->part[i], bits_of(block));
    fprintf(stderr, "intermediate:\n");
    ir_dump(jit->ir, stderr);
    fprintf(stderr, "host:\n");
    const uint8_t *code = jit_code(jit, block), *stubs = code + block->straight_bytes;
    listing_print(stderr, code, block->straight_bytes, (uintptr_t)code, 64);
    fprintf(stderr, "out of line:\n");
    listing_print(stderr, stubs, (size_t)(block->code_bytes - block->straight_bytes), (uintptr_t)stubs, 64);
}

void show_block(const struct jit *jit, const struct jit_block *block)
{
    uint64_t linear = jit_linear(block->context, block->rip);
    if (jit->options.dumps && (jit->options.dump_pc == block->rip || jit->options.dump_pc == linear))
        dump_block(jit, block);
    if (jit->perf_map)
        map_line(jit, jit_code(jit, block), block->code_bytes, "guest:", linear);
}

/* --- What handlers execute --------------------------------------------------------------------------------
 */

/* Whether a row comes before another: more often executed, or as often and earlier in the table. */
static bool precedes(const struct jit *jit, unsigned row, unsigned other)
{
    return jit->handled[row] != jit->handled[other] ? jit->handled[row] > jit->handled[other] : row < other;
}

bool jit_handled(const struct jit *jit, unsigned place, unsigned *row, uint64_t *times)
{
    unsigned last = insn_table_rows; /* none */
    for (unsigned i = 0; i <= place; i++) {
        unsigned next = insn_table_rows;
        for (unsigned one = 0; one < insn_table_rows; one++) {
            bool left = jit->handled[one] && (last == insn_table_rows || precedes(jit, last, one));
            if (left && (next == insn_table_rows || precedes(jit, one, next)))
                next = one;
        }
        if (next == insn_table_rows)
            return false;
        last = next;
    }
    *row = last;
    *times = jit->handled[last];
    return true;
}
