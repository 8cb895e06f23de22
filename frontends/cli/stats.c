/* SPDX-License-Identifier: MIT */
#include "frontends/cli/stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/host_time.h"
#include "frontends/cli/host_counter.h"
#include "frontends/embed/lathe.h"

void stats_begin(struct stats *stats, const struct lathe *lathe, bool counts)
{
    stats->first_insn = lathe_insns(lathe);
    stats->counter = counts ? host_counter_open() : -1;
    stats->host_ns = host_time_ns();
}

void stats_end(struct stats *stats, const struct lathe *lathe)
{
    stats->wall_ns = host_time_ns() - stats->host_ns;
    stats->host_insns = host_counter_take(stats->counter);
    stats->insns = lathe_insns(lathe) - stats->first_insn;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0.0;
}

static uint64_t less(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

/* Interrupts and faults that were delivered count as instructions of the interpreter. */
static void print_shares(const struct lathe_engine_stats *stats, uint64_t insns)
{
    fprintf(stderr,
            "executed: %.2f %% by translated code, %.2f %% by handlers that it called, %.2f %% interpreted\n",
            percent(less(stats->inside, stats->handled), insns), percent(stats->handled, insns),
            percent(less(insns, stats->inside), insns));
}

static void print_time(const struct lathe_engine_stats *stats, uint64_t wall_ns)
{
    uint64_t processor = stats->processor_ns;
    fputs("time: ", stderr);
    if (stats->blocks)
        fprintf(stderr, "%.1f %% translating, %.1f %% translated code and its handlers, ",
                percent(stats->translating_ns, wall_ns), percent(stats->inside_ns, wall_ns));
    fprintf(stderr, "%.1f %% interpreting, %.1f %% events of devices, %.1f %% elsewhere\n",
            percent(less(processor, stats->translating_ns + stats->inside_ns), wall_ns),
            percent(less(stats->run_ns, processor), wall_ns), percent(less(wall_ns, stats->run_ns), wall_ns));
}

static void print_host_code(const struct lathe_engine_stats *stats)
{
    fprintf(stderr,
            "host code: %.2f instructions, %.1f bytes per guest instruction on the straight way, weighted by "
            "passes; "
            "%.1f %% of all code is out of line\n",
            ratio(stats->straight_host_insns, stats->straight_insns),
            ratio(stats->straight_host_bytes, stats->straight_insns),
            percent(stats->out_of_line, stats->host_bytes));
}

static void print_blocks(const struct lathe_engine_stats *stats)
{
    fprintf(stderr,
            "translated: %" PRIu64 " blocks, %" PRIu64 " of them regions, of %" PRIu64
            " instructions, %" PRIu64 " bytes (%.1f each)\n",
            stats->blocks, stats->regions, stats->guest_insns, stats->host_bytes,
            ratio(stats->host_bytes, stats->guest_insns));
    print_host_code(stats);
    fprintf(stderr,
            "dropped: %" PRIu64 " blocks, %" PRIu64 " times all; evicted: %" PRIu64 " blocks, %" PRIu64
            " times the oldest, %" PRIu64 " times the oldest traces\n",
            stats->killed, stats->flushes, stats->evicted, stats->evictions, stats->trace_evictions);
    fprintf(stderr, "dispatched: %" PRIu64 " entries, %" PRIu64 " follows, %" PRIu64 " handler calls\n",
            stats->entries, stats->follows, stats->calls);
    fprintf(stderr, "jumps: %" PRIu64 " indirect, %.3f %% found in the jump cache\n", stats->jumps,
            percent(less(stats->jumps, stats->jump_misses), stats->jumps));
    fprintf(stderr,
            "memory: %" PRIu64 " look-ups by translated code, %.3f %% found; they served %" PRIu64
            " more operands\n",
            stats->probes, percent(less(stats->probes, stats->refused), stats->probes), stats->shared);
}

static void print_tlb(const struct lathe_engine_stats *stats)
{
    fprintf(stderr,
            "TLB: %" PRIu64 " look-ups by slow paths and fetches, %.2f %% found; %" PRIu64 " page walks\n",
            stats->tlb_lookups, percent(less(stats->tlb_lookups, stats->tlb_walks), stats->tlb_lookups),
            stats->tlb_walks);
}

enum { HANDLED_FORMS = 20 };

static void print_handled(const struct lathe *lathe)
{
    const char *mnemonic, *operands;
    uint64_t times;
    for (unsigned i = 0; i < HANDLED_FORMS; i++)
        if (lathe_engine_handled(lathe, i, &mnemonic, &operands, &times))
            fprintf(stderr, "%s %" PRIu64 " %s%s%s", i ? "," : "handled:", times, mnemonic,
                    *operands ? " " : "", operands);
    putc('\n', stderr);
}

void stats_print(const struct stats *stats, const struct lathe *lathe)
{
    struct lathe_engine_stats engine;
    lathe_engine_stats(lathe, &engine);
    fprintf(stderr, "stats: insns=%" PRIu64 " virtual=%.6fs wall=%.3fs mips=%.1f\n", lathe_insns(lathe),
            (double)lathe_time_ns(lathe) / 1e9, (double)stats->wall_ns / 1e9,
            1e3 * ratio(stats->insns, stats->wall_ns));
    fprintf(stderr, "engine: %s\n", engine.engine);
    if (engine.blocks)
        print_shares(&engine, stats->insns);
    print_time(&engine, stats->wall_ns);
    if (stats->host_insns)
        fprintf(stderr,
                "host: %.2f instructions per guest instruction, counted by the processor, in all that Lathe "
                "did\n",
                ratio(stats->host_insns, stats->insns));
    if (engine.blocks)
        print_blocks(&engine);
    print_tlb(&engine);
    if (engine.blocks)
        print_handled(lathe);
}
