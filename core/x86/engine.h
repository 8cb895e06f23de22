/* SPDX-License-Identifier: MIT */
/* What an engine that translates code attaches to a processor. The interpreter alone is no engine: it needs
 * none. */
#ifndef LATHE_CORE_X86_ENGINE_H
#define LATHE_CORE_X86_ENGINE_H

#include <stdbool.h>

#include "core/x86/insn.h"

struct cpu;
struct trace;

struct engine_ops {
    /* Runs instead of a trace's first instruction, with the trace taken off the budget; goes on like a
     * handler. */
    insn_fn *enter;
    /* The bytes of a trace were overwritten: cpu->trace may still be under way. Or the trace is to make room
     * for others, between traces. */
    void (*trace_killed)(void *self, struct trace *trace, bool evicted);
    /* A trace with translations stands elsewhere now, between traces. */
    void (*trace_moved)(void *self, struct trace *trace);
    /* All traces are gone, and with them whatever was made from them. */
    void (*traces_cleared)(void *self);
};

/* The table that an engine for 32-bit guests looks up instead of the TLB: for each linear page below 4 GiB
 * the host addend, or 0 where an access must take the slow path. One such array for each kind of access, in
 * this order. It mirrors the fast half of the TLB's entries exactly. */
enum tlb_direct_kind {
    DIRECT_READ_SYSTEM,
    DIRECT_READ_USER,
    DIRECT_WRITE_SYSTEM,
    DIRECT_WRITE_USER,
    DIRECT_KINDS
};

enum { DIRECT_PAGES = 1 << 20 };

/* Attaches an engine, and gives the TLB a direct table of DIRECT_KINDS * DIRECT_PAGES zeroed words (owned by
 * the caller, outlives the processor's use of it). Both may be NULL. Present traces are forgotten. */
void cpu_attach_engine(struct cpu *cpu, const struct engine_ops *ops, void *self, uint64_t *direct);

#endif
