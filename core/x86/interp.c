/* SPDX-License-Identifier: MIT */
/* The interpreter's outer loop: instruction boundaries, and entry to and exit from traces.
 *
 * Counting: at trace entry the whole trace is taken off the budget, so that before an instruction
 *   retired = horizon - budget - insn->left
 * Delivering an interrupt or exception counts as one, so that no fault loop can stop time.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/muldiv.h"
#include "core/mem/physmap.h"
#include "core/x86/access.h"
#include "core/x86/debug.h"
#include "core/x86/decode.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/mmu.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "core/x86/smm.h"
#include "core/x86/wrap.h"

uint64_t cpu_insns_now(const struct cpu *cpu)
{
    if (!cpu->current)
        return cpu->clock->insns;
    return cpu->horizon - (uint64_t)cpu->budget - cpu->current->left;
}

const struct insn *exec_fault(struct cpu *cpu, const struct insn *insn)
{
    cpu->rip += insn->offset;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - insn->left;
    return NULL;
}

const struct insn *exec_raise(struct cpu *cpu, const struct insn *insn, enum exception_vector vector)
{
    if (vector == VECTOR_GP || vector == VECTOR_SS)
        cpu_fault_code(cpu, vector, 0);
    else
        cpu_fault(cpu, vector);
    return exec_fault(cpu, insn);
}

const struct insn *exec_undefined(struct cpu *cpu, const struct insn *insn)
{
    return exec_raise(cpu, insn, VECTOR_UD);
}

const struct insn *exec_too_long(struct cpu *cpu, const struct insn *insn)
{
    return exec_raise(cpu, insn, VECTOR_GP);
}

const struct insn *exec_locked(struct cpu *cpu, const struct insn *insn)
{
    if (cpu_is_protected(cpu) && cpu->cpl > cpu_iopl(cpu))
        return exec_raise(cpu, insn, VECTOR_GP);
    return insn_handler(insn)(cpu, insn);
}

const struct insn *exec_op(struct cpu *cpu, const struct insn *insn)
{
    cpu->current = insn;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - insn->left;
    if (__builtin_expect(!insn_table[insn->row].op(cpu, insn), 0))
        return exec_fault(cpu, insn);
    return exec_next(cpu, insn);
}

const struct insn *exec_far_operand(struct cpu *cpu, const struct insn *insn)
{
    cpu->gpr[GPR_FAR] = insn_far_base(insn, cpu->rip + insn->offset + insn->length);
    return insn_handler(insn)(cpu, insn);
}

/* Something beside a shadow and RF that the outer loop must see before the next instruction. */
static bool boundary_is_eventful(const struct cpu *cpu)
{
    return (cpu->eflags & EFLAGS_TF) || cpu->intr || cpu->nmi_pending || (cpu->smi_pending && !cpu->smm) ||
           cpu->activity != CPU_RUNNING || debug_armed(cpu) || cpu->debug_hits;
}

/* RF, as IRET from an exception sets it, ends with the next instruction, unless that faults. Where it masks
 * no breakpoint, and nothing can come between, it ends at once and comes back with a fault. */
static void end_resume(struct cpu *cpu)
{
    if (!(cpu->eflags & EFLAGS_RF))
        return;
    cpu->eflags &= ~(uint32_t)EFLAGS_RF;
    cpu->resumed_at = cpu->clock->insns;
}

/* A fault is pending: the first instruction after RF ended early does not end it. */
static void take_resume_back(struct cpu *cpu)
{
    if (cpu->resumed_at && cpu->resumed_at == cpu->clock->insns)
        cpu->eflags |= EFLAGS_RF;
}

/* Whether the outer loop must look before the next instruction. A shadow that has nothing to hold back, with
 * an instruction to come that ends it before anything else happens, ends at once; so does RF. */
static bool boundary_is_special(struct cpu *cpu)
{
    if (boundary_is_eventful(cpu))
        return true;
    if (cpu->budget > 0) {
        cpu->shadow = SHADOW_NONE;
        end_resume(cpu);
    }
    return cpu->shadow != SHADOW_NONE || (cpu->eflags & EFLAGS_RF);
}

bool exec_serial(struct cpu *cpu, const struct insn *insn)
{
    const struct insn_row *row = &insn_table[insn->row];
    cpu->current = insn;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - insn->left;
    cpu->rip += insn->offset;
    cpu->next_rip = (cpu->rip + insn->length) & (cpu->mode == MODE_64 ? UINT64_MAX : UINT32_MAX);
    if (row->modes & NOT_REAL && cpu_is_real_like(cpu))
        return cpu_fault(cpu, VECTOR_UD);
    if (!row->op(cpu, insn))
        return false;
    cpu->rip = cpu->next_rip;
    cpu->clock->insns++;
    return !boundary_is_special(cpu);
}

const struct insn *exec_serial_op(struct cpu *cpu, const struct insn *insn)
{
    return exec_serial(cpu, insn) ? exec_goto(cpu, 0) : NULL;
}

const struct insn *exec_trace_end(struct cpu *cpu, const struct insn *insn)
{
    return exec_fall_through(cpu, cpu->rip + insn->offset);
}

const struct insn *exec_stop(struct cpu *cpu, const struct insn *insn)
{
    cpu->stopper->fn = cpu->stopper_saved;
    cpu->stopper = NULL;
    return exec_fault(cpu, insn); /* no fault: the instruction has not begun */
}

void trace_stop_after(struct cpu *cpu, const struct insn *insn)
{
    cpu->stop_requested = true;
    cpu->horizon -= (uint64_t)cpu->budget;
    cpu->budget = 0;
    if (insn->left <= 1 || cpu->stopper)
        return;
    cpu->stopper = &cpu->trace->insns[cpu->trace->count - insn->left + 1];
    cpu->stopper_saved = cpu->stopper->fn;
    cpu->stopper->fn = exec_stop;
}

void cpu_stop(struct cpu *cpu)
{
    cpu->stop_requested = true;
    if (cpu->current)
        trace_stop_after(cpu, cpu->current);
}

void cpu_refetch(struct cpu *cpu)
{
    if (!physmap_fetch_memory(cpu->physmap, mmu_bus_address(cpu, cpu->fetch_frame), &cpu->fetch_memory))
        cpu->fetch_memory = MEM_NONE;
}

/* The same from a TLB entry, whose fast half knows the host address of plain memory. */
static void refetch_from(struct cpu *cpu, const struct tlb_entry *entry)
{
    if (entry->read[0] == entry->page && !cpu->physmap->fetch_window)
        cpu->fetch_memory = entry->page + entry->addend - (uint64_t)(uintptr_t)cpu->memory->host;
    else
        cpu_refetch(cpu);
}

void cpu_spend(struct cpu *cpu, uint64_t ns)
{
    struct clock *clock = cpu->clock;
    clock_skip_to(clock, clock_now(clock) + ns);
    /* The horizon is some deadline's instruction count: it comes closer by as many as fit the time spent. */
    uint64_t closer = muldiv64_up(ns, clock->khz, 1000000);
    if (closer > (uint64_t)cpu->budget)
        closer = (uint64_t)cpu->budget;
    cpu->horizon -= closer;
    cpu->budget -= (int64_t)closer;
}

/* Whether a cached translation serves code fetches as it stands. */
static bool fetches(const struct cpu *cpu, const struct tlb_entry *entry, gva_t page)
{
    return entry->page == page && !(entry->rights & TLB_NX) && (!cpu->user || entry->rights & TLB_USER);
}

bool exec_fetch_page(struct cpu *cpu, gva_t linear)
{
    gva_t page = tlb_page_of(linear);
    if (page == cpu->fetch_page)
        return true;
    const struct tlb_entry *entry = mem_fast_entry(cpu, linear);
    if (!fetches(cpu, entry, page))
        entry = mmu_entry(cpu, linear, MMU_FETCH, cpu->user);
    if (!entry)
        return false;
    cpu->fetch_page = page;
    cpu->fetch_frame = entry->frame;
    refetch_from(cpu, entry);
    return true;
}

/* The trace at cpu->rip, linked to the one that control comes from, if any; NULL where the outer loop must
 * look first. */
static struct trace *find_next(struct cpu *cpu, struct trace *from, unsigned slot)
{
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget;
    cpu->current = NULL;
    gva_t linear = exec_linear_rip(cpu);
    if (cpu->budget <= 0 || cpu->rip >= cpu->code_end || !exec_fetch_page(cpu, linear) ||
        cpu->fetch_memory == MEM_NONE)
        return NULL;
    mem_t memory = cpu->fetch_memory + (linear & (MEM_PAGE_SIZE - 1));
    struct trace *next = from ? from->link[slot] : NULL;
    if (!next || next->key != trace_key(memory, cpu->mode)) {
        unsigned generation = trace_cache_generation(cpu->traces);
        next = trace_lookup(cpu, memory);
        if (from && generation == trace_cache_generation(cpu->traces))
            from->link[slot] = next;
    }
    return next && cpu->rip + next->bytes <= cpu->code_end && cpu->budget >= next->count ? next : NULL;
}

/* Width of the instruction pointer: code that runs over its end goes on at 0. */
static uint64_t ip_mask(const struct cpu *cpu)
{
    if (cpu->mode == MODE_64)
        return UINT64_MAX;
    return cpu_model_has(cpu->model, FEATURE_386) ? UINT32_MAX : UINT16_MAX;
}

const struct insn *exec_begin(struct cpu *cpu, const struct insn *insn)
{
    return exec_at(cpu, insn);
}

const struct insn *exec_resume(struct cpu *cpu)
{
    struct trace *next = find_next(cpu, NULL, 0);
    return next ? exec_enter(cpu, next) : NULL;
}

const struct insn *exec_goto_slow(struct cpu *cpu, unsigned slot)
{
    struct trace *next = find_next(cpu, cpu->trace, slot);
    return next ? exec_enter(cpu, next) : NULL;
}

const struct insn *exec_branch_slow(struct cpu *cpu, unsigned slot)
{
    struct trace *from = cpu->trace;
    gva_t page = cpu->fetch_page;
    unsigned generation = trace_cache_generation(cpu->traces);
    struct trace *next = find_next(cpu, from, slot);
    if (!next)
        return NULL;
    if (cpu->fetch_page == page && !next->bare && generation == trace_cache_generation(cpu->traces))
        from->near[slot] = next; /* bare ones make room for others at once */
    return exec_enter(cpu, next);
}

static void run_trace(struct cpu *cpu, struct trace *trace, insn_fn *enter)
{
    cpu->budget = (int64_t)(cpu->horizon - cpu->clock->insns) - trace->count;
    cpu->trace = trace;
    const struct insn *insn = enter(cpu, trace->insns);
    while (insn)
        insn = insn->fn(cpu, insn);
    if (cpu->stopper) { /* planted, but a fault came first */
        cpu->stopper->fn = cpu->stopper_saved;
        cpu->stopper = NULL;
    }
    cpu->rip &= ip_mask(cpu);
    cpu->current = NULL;
}

/* Byte `position` of the instruction at cpu->rip. False with a fault pending. */
static bool fetch_byte(struct cpu *cpu, unsigned position, uint8_t *byte)
{
    uint64_t rip = cpu->rip + position;
    if (rip >= cpu->code_end)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    gva_t linear = (cpu->seg[SEG_CS].base + rip) & cpu->linear_mask;
    const struct tlb_entry *entry = mmu_entry(cpu, linear, MMU_FETCH, cpu->user);
    if (!entry)
        return false;
    gpa_t at = mmu_bus_address(cpu, entry->frame) | (linear & (MEM_PAGE_SIZE - 1));
    *byte = physmap_fetch(cpu->physmap, at);
    return true;
}

/* Code in a device or across a device's edge: byte by byte, so that only bytes of the instruction are read.
 */
static struct trace *fetch_from_device(struct cpu *cpu)
{
    uint8_t bytes[INSN_MAX_LENGTH];
    for (unsigned count = 1; count <= INSN_MAX_LENGTH; count++) {
        if (!fetch_byte(cpu, count - 1, &bytes[count - 1]))
            return NULL;
        struct trace *trace = trace_single(cpu, MEM_NONE, bytes, count);
        if (trace)
            return trace;
    }
    return NULL;
}

static unsigned least(uint64_t a, uint64_t b)
{
    return (unsigned)(a < b ? a : b);
}

/* An instruction near the end of a page or of the segment. The next page is translated, and may fault, only
 * when the instruction is known to go on there. */
struct trace *exec_fetch_at_edge(struct cpu *cpu, gva_t linear)
{
    if (cpu_model_wraps(cpu->model))
        return wrap_fetch(cpu);
    uint8_t bytes[INSN_MAX_LENGTH];
    unsigned most = least(INSN_MAX_LENGTH, cpu->code_end - cpu->rip);
    unsigned first = least(most, MEM_PAGE_SIZE - (linear & (MEM_PAGE_SIZE - 1)));
    mem_t memory = cpu->fetch_memory + (linear & (MEM_PAGE_SIZE - 1));
    memcpy(bytes, cpu->memory->host + memory, first);
    struct trace *trace = trace_runs_over_page(cpu, memory) ? NULL : trace_single(cpu, memory, bytes, first);
    if (trace)
        return trace;
    if (first == most) {
        cpu_fault_code(cpu, VECTOR_GP, 0);
        return NULL;
    }
    const struct tlb_entry *next = mmu_entry(cpu, (linear + first) & cpu->linear_mask, MMU_FETCH, cpu->user);
    mem_t second;
    if (!next)
        return NULL;
    if (!physmap_fetch_memory(cpu->physmap, mmu_bus_address(cpu, next->frame), &second))
        return fetch_from_device(cpu);
    memcpy(bytes + first, cpu->memory->host + second, most - first);
    trace = trace_single(cpu, memory, bytes, most);
    if (!trace)
        cpu_fault_code(cpu, VECTOR_GP, 0);
    return trace;
}

/* The trace at cpu->rip, at most `limit` instructions long. NULL with a fault pending. */
static struct trace *next_trace(struct cpu *cpu, uint64_t limit)
{
    gva_t linear = exec_linear_rip(cpu);
    if (cpu->rip >= cpu->code_end && cpu->mode != MODE_64) {
        cpu_fault_code(cpu, VECTOR_GP, 0);
        return NULL;
    }
    if (!exec_fetch_page(cpu, linear))
        return NULL;
    if (cpu->fetch_memory == MEM_NONE)
        return cpu_model_wraps(cpu->model) ? wrap_fetch(cpu) : fetch_from_device(cpu);
    struct trace *trace = trace_lookup(cpu, cpu->fetch_memory + (linear & (MEM_PAGE_SIZE - 1)));
    bool fits = trace && cpu->rip + trace->bytes <= cpu->code_end;
    if (fits && limit > trace->count)
        return trace;
    if (trace && trace->bare)
        trace = trace_restore(cpu, trace);
    if (!trace || cpu->rip + trace->insns[0].length > cpu->code_end)
        return exec_fetch_at_edge(cpu, linear);
    if (!fits)
        return trace_prefix(cpu, trace, 1);
    return trace->count > limit ? trace_prefix(cpu, trace, (unsigned)limit) : trace;
}

/* SDM 3A table 6-5. */
static bool is_contributory(uint8_t vector)
{
    return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

static bool makes_double_fault(uint8_t first, uint8_t second)
{
    if (first == VECTOR_PF)
        return second == VECTOR_PF || is_contributory(second);
    return is_contributory(first) && is_contributory(second);
}

void cpu_enter_shutdown(struct cpu *cpu, const char *why)
{
    log_write(&cpu->log, LOG_INFO, "%s at %04X:%08llX", why, cpu->seg[SEG_CS].selector,
              (unsigned long long)cpu->rip);
    cpu->activity = CPU_SHUTDOWN;
    cpu->stop_requested = true;
    if (cpu->bus->shutdown)
        cpu->bus->shutdown(cpu->bus_self);
}

/* Delivers until it sticks: faults on the way follow the double-fault rules. */
static void deliver(struct cpu *cpu, struct exception what, enum interrupt_source source)
{
    for (;;) {
        cpu->exception.pending = false;
        cpu->next_rip = cpu->rip;
        cpu->clock->insns++;
        if (interrupt_deliver(cpu, what.vector, source, what.has_error, what.error, cpu->rip)) {
            cpu->rip = cpu->next_rip;
            return;
        }
        struct exception second = cpu->exception;
        cpu->exception.pending = false;
        if (source == INTERRUPT_EXCEPTION && what.vector == VECTOR_DF) {
            cpu_enter_shutdown(cpu, "triple fault");
            return;
        }
        if (source == INTERRUPT_EXCEPTION && makes_double_fault(what.vector, second.vector))
            second = (struct exception){.vector = VECTOR_DF, .has_error = true};
        log_write(&cpu->log, LOG_DEBUG, "vector %u while delivering vector %u", second.vector, what.vector);
        what = second;
        source = INTERRUPT_EXCEPTION;
    }
}

static void deliver_fault(struct cpu *cpu)
{
    struct exception what = cpu->exception;
    take_resume_back(cpu);
    log_write(&cpu->log, LOG_DEBUG, "vector %u error %04X at %04X:%08llX cr2 %08llX", what.vector, what.error,
              cpu->seg[SEG_CS].selector, (unsigned long long)cpu->rip, (unsigned long long)cpu->cr2);
    cpu->shadow = SHADOW_NONE;
    cpu->debug_hits = 0;
    deliver(cpu, what, INTERRUPT_EXCEPTION);
}

bool exec_deliver_fault(struct cpu *cpu)
{
    if (!cpu->exception.pending || cpu->stop_requested || cpu->clock->insns >= cpu->horizon)
        return false;
    cpu->rip &= ip_mask(cpu);
    cpu->current = NULL;
    deliver_fault(cpu);
    cpu->budget = (int64_t)(cpu->horizon - cpu->clock->insns);
    return !cpu->stop_requested && !boundary_is_special(cpu);
}

static void deliver_debug_trap(struct cpu *cpu, uint32_t hits)
{
    cpu->dr[6] |= hits;
    cpu->debug_hits = 0;
    deliver(cpu, (struct exception){.vector = VECTOR_DB}, INTERRUPT_EXCEPTION);
}

static bool intr_deliverable(const struct cpu *cpu)
{
    return cpu->intr && (cpu->eflags & EFLAGS_IF);
}

bool cpu_is_idle(const struct cpu *cpu)
{
    if (cpu->activity != CPU_HALTED)
        return cpu->activity == CPU_SHUTDOWN;
    return !intr_deliverable(cpu) && !(cpu->nmi_pending && !cpu->nmi_blocked) && !smi_deliverable(cpu) &&
           !cpu->debug_hits;
}

/* HLT ends with an interrupt or a debug trap. False where the processor stays asleep. An SMI finds the
 * processor halted, because it must know. */
static bool wake(struct cpu *cpu)
{
    if (cpu_is_idle(cpu))
        return false;
    if (!smi_deliverable(cpu))
        cpu->activity = CPU_RUNNING;
    return true;
}

/* An interrupt is about to be delivered, perhaps between two iterations of a string instruction. */
static void leave_string(struct cpu *cpu)
{
    if (cpu->repeating && cpu_model_wraps(cpu->model))
        wrap_forget_prefixes(cpu);
}

/* What comes between two instructions (SDM 3A 6.9). True where something was delivered. */
static bool serve_boundary(struct cpu *cpu)
{
    if (cpu->exception.pending) {
        deliver_fault(cpu);
        return true;
    }
    if (smi_deliverable(cpu)) {
        smm_enter(cpu);
        return true;
    }
    if (cpu->shadow & SHADOW_MOV_SS)
        return false;
    if (cpu->debug_hits) {
        deliver_debug_trap(cpu, cpu->debug_hits);
        return true;
    }
    if (cpu->nmi_pending && !cpu->nmi_blocked) {
        cpu->nmi_pending = false;
        cpu->nmi_blocked = true;
        leave_string(cpu);
        deliver(cpu, (struct exception){.vector = VECTOR_NMI}, INTERRUPT_EXTERNAL);
        return true;
    }
    if (cpu->shadow == SHADOW_NONE && intr_deliverable(cpu)) {
        uint8_t vector = cpu->bus->acknowledge(cpu->bus_self);
        leave_string(cpu);
        deliver(cpu, (struct exception){.vector = vector}, INTERRUPT_EXTERNAL);
        return true;
    }
    return false;
}

/* Whether TF asks for a trap behind the instruction that has just run: each, or with DEBUGCTL.BTF those that
 * went elsewhere than to `next` (SDM 3B 17.4.3). */
static bool step_is_due(const struct cpu *cpu, uint64_t next)
{
    if (cpu->step_settled || cpu->shadow & SHADOW_MOV_SS)
        return false;
    return !(cpu->msr.debugctl & DEBUGCTL_BTF) || (cpu->rip != next && !cpu->repeating);
}

/* One instruction, with code breakpoints before and the single-step trap after it (SDM 3B 17.3). */
static void run_single(struct cpu *cpu)
{
    bool stepping = (cpu->eflags & EFLAGS_TF) != 0;
    uint32_t resume = cpu->eflags & EFLAGS_RF;
    uint32_t hits = resume || cpu->shadow & SHADOW_MOV_SS ? 0 : debug_code_hits(cpu, exec_linear_rip(cpu));
    if (hits) {
        cpu->dr[6] |= hits;
        cpu_fault(cpu, VECTOR_DB);
        return;
    }
    struct trace *trace = next_trace(cpu, 1);
    if (!trace)
        return;
    uint64_t horizon = cpu->horizon, next = cpu->rip + trace->insns[0].length;
    cpu->eflags &= ~(uint32_t)EFLAGS_RF;
    cpu->shadow = SHADOW_NONE;
    cpu->step_settled = false;
    cpu->horizon = cpu->clock->insns + 1;
    run_trace(cpu, trace, trace->insns[0].fn);
    cpu->horizon = horizon;
    if (cpu->exception.pending) {
        cpu->eflags |= resume;
        return;
    }
    if (stepping && step_is_due(cpu, next))
        cpu->debug_hits |= DR6_BS;
}

static void run_some(struct cpu *cpu)
{
    cpu->repeating = false;
    if ((cpu->eflags & (EFLAGS_TF | EFLAGS_RF)) || cpu->shadow || debug_armed(cpu)) {
        run_single(cpu);
        return;
    }
    struct trace *trace = next_trace(cpu, cpu->horizon - cpu->clock->insns);
    if (trace)
        run_trace(cpu, trace, trace->key == TRACE_DEAD ? trace->insns[0].fn : trace->enter);
}

void cpu_run(struct cpu *cpu, uint64_t horizon)
{
    cpu->horizon = horizon;
    cpu->stop_requested = false;
    cpu->resumed_at = 0;
    while (cpu->clock->insns < cpu->horizon && !cpu->stop_requested) {
        if (cpu->activity != CPU_RUNNING && !wake(cpu))
            break;
        if (!serve_boundary(cpu))
            run_some(cpu);
    }
    if (cpu->exception.pending)
        take_resume_back(cpu);
    cpu->current = NULL;
}
