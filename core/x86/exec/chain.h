/* SPDX-License-Identifier: MIT */
/* How handlers hand over to the next instruction and the next trace. */
#ifndef LATHE_CORE_X86_EXEC_CHAIN_H
#define LATHE_CORE_X86_EXEC_CHAIN_H

#include "config.h"
#include "core/x86/cpu.h"
#include "core/x86/insn.h"
#include "core/x86/trace.h"

/* Linear address of cpu->rip. */
static inline gva_t exec_linear_rip(const struct cpu *cpu)
{
    return (cpu->seg[SEG_CS].base + cpu->rip) & cpu->linear_mask;
}

/* Runs (or, unchained, returns) an instruction. */
static inline const struct insn *exec_at(struct cpu *cpu, const struct insn *insn)
{
#if LATHE_CHAINED
    return insn->fn(cpu, insn);
#else
    (void)cpu;
    return insn;
#endif
}

/* Runs the first instruction of a trace without asking the engine. */
insn_fn exec_begin;

/* What `enter` of a trace is without an engine. Unchained handlers must not nest, so there it is a step of
 * its own. */
static inline insn_fn *exec_first(const struct trace *trace)
{
    return LATHE_CHAINED ? trace->insns[0].fn : exec_begin;
}

static inline const struct insn *exec_next(struct cpu *cpu, const struct insn *insn)
{
    return exec_at(cpu, insn + 1);
}

/* Leaves the trace because of cpu->exception: cpu->rip and the clock name the faulting instruction. Returns
 * NULL. */
const struct insn *exec_fault(struct cpu *cpu, const struct insn *insn);

/* Raises an exception and leaves. */
const struct insn *exec_raise(struct cpu *cpu, const struct insn *insn, enum exception_vector vector);

/* Makes fetch_page the page of the linear address. False with a page fault pending. */
bool exec_fetch_page(struct cpu *cpu, gva_t linear);

/* The instruction at cpu->rip, whose linear address is given, as a trace of its own outside the cache, where
 * it may go on in the next page. NULL with a fault pending. */
struct trace *exec_fetch_at_edge(struct cpu *cpu, gva_t linear);

/* Executes the last instruction of a trace, one of a SOP row, and commits cpu->rip. False where the outer
 * loop must look before the next one. */
bool exec_serial(struct cpu *cpu, const struct insn *insn);

/* The same for a string instruction that ends a trace: a repeated one, INS or OUTS. */
bool exec_string(struct cpu *cpu, const struct insn *insn);

/* Delivers the exception with which an instruction or its fetch has just ended, as the outer loop would, and
 * makes the budget what is left then. False where that must look first, or nothing is pending. */
bool exec_deliver_fault(struct cpu *cpu);

/* Goes on at cpu->rip, from no trace: as exec_goto_slow without a link to set. */
const struct insn *exec_resume(struct cpu *cpu);

/* Find the trace for cpu->rip by the long way and enter it; NULL where the outer loop must look first.
 * `slot`: which link of the trace under way to set. exec_branch_slow is for direct branches, whose way is
 * always the same. */
const struct insn *exec_goto_slow(struct cpu *cpu, unsigned slot);
const struct insn *exec_branch_slow(struct cpu *cpu, unsigned slot);

/* Enters a trace that the budget covers and the code segment holds. */
static inline const struct insn *exec_enter(struct cpu *cpu, struct trace *trace)
{
    cpu->budget -= trace->count;
    cpu->trace = trace;
    return trace->enter(cpu, trace->insns);
}

/* Continues at cpu->rip after the last instruction of the trace under way. */
static inline const struct insn *exec_goto(struct cpu *cpu, unsigned slot)
{
    struct trace *next = cpu->trace->link[slot];
    gva_t linear = exec_linear_rip(cpu);
    uint64_t in_page = linear - cpu->fetch_page; /* at least a page off where the page is another */
    if (__builtin_expect(next != NULL, 1) && in_page < MEM_PAGE_SIZE &&
        next->key == trace_key(cpu->fetch_memory + in_page, cpu->mode) && cpu->budget >= next->count &&
        cpu->rip + next->bytes <= cpu->code_end)
        return exec_enter(cpu, next);
    return exec_goto_slow(cpu, slot);
}

/* Whether a direct branch to `target`, not cut to any width, may enter where it went before. Both ends are in
 * one page, so the bytes are those that the link was made for as long as they have not changed; code_end
 * catches what wraps. */
static inline bool exec_branch_is_near(const struct cpu *cpu, const struct trace *next, uint64_t target)
{
    return __builtin_expect(next != NULL, 1) && __builtin_expect(next->key != TRACE_DEAD, 1) &&
           __builtin_expect(cpu->budget >= next->count, 1) &&
           __builtin_expect(target + next->bytes <= cpu->code_end, 1);
}

/* Continues at `target` on the way that falls out of the trace under way. */
static inline const struct insn *exec_fall_through(struct cpu *cpu, uint64_t target)
{
    struct trace *next = cpu->trace->near[0];
    cpu->rip = target;
    return exec_branch_is_near(cpu, next, target) ? exec_enter(cpu, next) : exec_branch_slow(cpu, 0);
}

#endif
