/* SPDX-License-Identifier: MIT */
#include "jit/helpers.h"

#include "core/base/clock.h"
#include "core/x86/cpu.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/flag_recipe.h"
#include "core/x86/flags.h"
#include "jit/block.h"
#include "jit/host/host.h"
#include "jit/lower.h"

/* Someone asked to stop after the instruction under way: the next one has not begun. */
static void stop_before_next(struct cpu *cpu, const struct insn *insn)
{
    cpu->rip += insn->offset + insn->length;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - (insn->left - 1u);
}

const struct insn *jit_come_back(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu;
    return insn;
}

void jit_x87_load(struct cpu *cpu)
{
    struct jit *jit = cpu->engine_self;
    x87_fnsave(&cpu->x87, X87_PROTECTED32, jit->x87_image);
    cpu->fp.live |= FP_X87;
    cpu->fp.code = cpu->fp.data = 0;
}

static const struct insn *insn_at(const struct jit *jit, uint32_t place)
{
    return jit_insn_of(jit, jit_place_block(jit, place), jit_place_insn(place));
}

/* FIP, FDP and what goes with them, from the last instructions that the host executed for the guest; while
 * the selectors are those of then. */
static void settle_pointers(struct cpu *cpu)
{
    const struct jit *jit = cpu->engine_self;
    struct x87 *x87 = &cpu->x87;
    if (cpu->fp.code) {
        const struct jit_block *block = jit_place_block(jit, cpu->fp.code);
        unsigned number = jit_place_insn(cpu->fp.code);
        const struct insn *insn = jit_insn_of(jit, block, number);
        x87->fop = (uint16_t)((insn->opcode & 7u) << 8 | insn->modrm);
        x87->fip = jit_part_of(block, number)->rip + insn->offset;
        x87->fcs = cpu->seg[SEG_CS].selector;
    }
    if (cpu->fp.data) {
        const struct insn *insn = insn_at(jit, cpu->fp.data);
        x87->fds = cpu->seg[insn->seg].selector;
        x87->fdp = cpu->fp.offset;
    }
    cpu->fp.code = cpu->fp.data = 0;
}

void jit_x87_store(struct cpu *cpu)
{
    struct jit *jit = cpu->engine_self;
    struct x87 *x87 = &cpu->x87;
    settle_pointers(cpu);
    const struct x87 before = *x87;
    x87_frstor(x87, X87_PROTECTED32, jit->x87_image);
    x87->fop = before.fop;
    x87->fcs = before.fcs;
    x87->fds = before.fds;
    x87->fip = before.fip;
    x87->fdp = before.fdp;
    cpu->fp.live &= ~(uint32_t)FP_X87;
}

static bool looks_at_flags(const struct insn *insn)
{
    const struct insn_row *row = &insn_table[insn->row];
    return row->flags_read || row->flags_written || row->flags_undefined;
}

/* Makes the processor be in the trace that an instruction is of. */
static struct jit_block *stand_at(struct cpu *cpu, uint32_t place, const struct insn **insn)
{
    struct jit_block *block = jit_place_block(cpu->engine_self, place);
    unsigned number = jit_place_insn(place);
    const struct jit_part *part = jit_part_of(block, number);
    cpu->rip = part->rip;
    cpu->trace = jit_trace_of(cpu->engine_self, part);
    *insn = &cpu->trace->insns[number - part->first];
    return block;
}

static bool is_block_at(const struct jit_block *block, mem_t memory, uint64_t rip,
                        const struct jit_context *context)
{
    return block && block->memory == memory && block->rip == rip && block->context == context && !block->dead;
}

/* Where the instruction at cpu->rip is in guest memory, after the checks that any transfer of control makes,
 * or MEM_NONE. */
static mem_t memory_at_rip(struct cpu *cpu)
{
    gva_t linear = exec_linear_rip(cpu);
    ((struct jit *)cpu->engine_self)->stats.follows++;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget;
    cpu->current = NULL;
    if (cpu->budget <= 0 || cpu->rip >= cpu->code_end || !exec_fetch_page(cpu, linear) ||
        cpu->fetch_memory == MEM_NONE)
        return MEM_NONE;
    return cpu->fetch_memory + (linear & (MEM_PAGE_SIZE - 1));
}

static const uint8_t *code_of(const struct jit *jit, const struct jit_block *block)
{
    return block ? jit_code(jit, block) : NULL;
}

/* Settles what the host's registers and the recipe hold back of the processor's state. */
static void settle(struct cpu *cpu)
{
    flag_recipe_settle(cpu);
    if (cpu->fp.live & FP_X87)
        settle_pointers(cpu);
}

/* The block at cpu->rip in whatever context is there now, which may be the one before. `last`: what it
 * was the last time, or NULL. NULL where the interpreter must go on. */
static struct jit_block *block_now(struct cpu *cpu, const struct jit_context *context, struct jit_block *last)
{
    struct jit *jit = cpu->engine_self;
    cpu->engine_context = (uint64_t)context->number << CONTEXT_SHIFT;
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE || is_block_at(last, memory, cpu->rip, context))
        return memory == MEM_NONE ? NULL : last;
    return jit_find_block(jit, memory, cpu->rip, context);
}

/* An instruction or its fetch has ended with an exception, or for another reason that the outer loop must
 * see: goes on with the guest's handler where it need not. */
static const uint8_t *after_fault(struct cpu *cpu, const struct jit_context *before)
{
    struct jit *jit = cpu->engine_self;
    settle(cpu);
    if (!exec_deliver_fault(cpu))
        return jit->routines.leave_for_boundary;
    const struct jit_context *context = jit_context_now(jit, before);
    const struct jit_block *block = context ? block_now(cpu, context, NULL) : NULL;
    return block ? jit_code(jit, block) : jit->routines.resume;
}

/* There is no code at cpu->rip, or the interpreter must fetch it. */
static const uint8_t *after_fetch(struct cpu *cpu, const struct jit_context *context)
{
    return cpu->exception.pending ? after_fault(cpu, context) : NULL;
}

const uint8_t *jit_call_handler(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine_self;
    const struct insn *insn;
    const struct jit_block *block = stand_at(cpu, place, &insn);
    jit->called[0] = *insn;
    insn = jit->called;
    jit->stats.calls++;
    jit->handled[insn->row]++;
    if (looks_at_flags(insn))
        flag_recipe_settle(cpu);
    if (insn->fn(cpu, insn) != &jit->called[1])
        return after_fault(cpu, block->context);
    if (!cpu->stop_requested && !block->dead)
        return NULL;
    stop_before_next(cpu, insn);
    return jit->routines.leave_for_boundary;
}

static bool assumptions_hold(const struct cpu *cpu, const struct jit_assumptions *assume)
{
    return (!assume->x87 || jit_x87_is_direct(cpu)) && (!assume->sse || jit_sse_is_direct(cpu));
}

const uint8_t *jit_call_fp_handler(struct cpu *cpu, uint32_t place)
{
    const struct jit *jit = cpu->engine_self;
    const struct jit_block *block = jit_place_block(jit, place);
    if (cpu->fp.live & FP_X87)
        jit_x87_store(cpu);
    cpu->fp.live = 0;
    const uint8_t *code = jit_call_handler(cpu, place);
    if (code || assumptions_hold(cpu, &block->context->assume))
        return code;
    stop_before_next(cpu, jit_insn_of(jit, block, jit_place_insn(place)));
    return jit->routines.leave_for_boundary;
}

/* Executes the instruction at cpu->rip, which goes on in the next page. False where the interpreter must see
 * to what comes next; *boundary tells whether it must look for events first. */
static bool step_over_edge(struct cpu *cpu, bool *boundary)
{
    struct trace *trace = exec_fetch_at_edge(cpu, exec_linear_rip(cpu));
    *boundary = !trace;
    if (!trace)
        return false;
    struct insn *insn = trace->insns;
    if (insn_ends_trace(insn) || lower_is_invalid(insn) || lower_touches_fp(&insn_table[insn->row]))
        return false;
    insn[1].fn = jit_come_back;
    cpu->trace = trace;
    cpu->budget--;
    *boundary = true;
    flag_recipe_settle(cpu);
    if (insn->fn(cpu, insn) != &insn[1])
        return false;
    if (cpu->stop_requested) {
        stop_before_next(cpu, insn);
        return false;
    }
    cpu->rip += insn->length;
    return true;
}

/* The same where no block can begin at cpu->rip. */
static const uint8_t *code_past_edge(struct cpu *cpu, const struct jit_context *context)
{
    struct jit *jit = cpu->engine_self;
    bool boundary;
    if (!step_over_edge(cpu, &boundary))
        return boundary ? after_fault(cpu, context) : NULL;
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return after_fetch(cpu, context);
    return code_of(jit, jit_find_block(jit, memory, cpu->rip, context));
}

/* An exit to another page may have had another target, in another address space. */
void jit_link_exit(struct jit *jit, struct jit_exit *exit, struct jit_block *target)
{
    uint32_t offset = jit_offset(jit, exit);
    if (exit->target) {
        uint32_t *link = &jit_block_at(jit, exit->target)->incoming;
        while (*link != offset)
            link = &jit_exit_at(jit, *link)->next_incoming;
        *link = exit->next_incoming;
    }
    host_link(jit, exit, target);
    exit->target = jit_offset(jit, target);
    exit->next_incoming = target->incoming;
    target->incoming = offset;
}

const uint8_t *jit_call_serial(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine_self;
    const struct insn *insn;
    struct jit_block *block = stand_at(cpu, place, &insn);
    jit->stats.calls++;
    jit->handled[insn->row]++;
    settle(cpu);
    uint64_t derivations = cpu->derivations, cr0 = cpu->cr0;
    bool serial = insn->fn == exec_serial_op;
    if (!(serial ? exec_serial : exec_string)(cpu, insn))
        return after_fault(cpu, block->context);
    bool same = derivations == cpu->derivations && cr0 == cpu->cr0;
    const struct jit_context *before = block->context;
    const struct jit_context *context = same ? before : jit_context_now(jit, before);
    if (!context)
        return NULL;
    struct jit_block *next = block_now(cpu, context, jit_block_at(jit, block->after_serial));
    if (!next)
        return after_fetch(cpu, context);
    block->after_serial = jit_offset(jit, next);
    return jit_code(jit, next);
}

/* An exit that is taken often goes to a block that inherits its flags. */
static void take_shortcut(struct jit *jit, struct jit_exit *exit, const struct jit_block *block)
{
    struct jit_exit *shortcut = jit_next_exit(exit);
    const struct ir_made made = jit_handed_on(shortcut);
    bool often = exit->target == jit_offset(jit, block);
    exit->heat = often ? 0 /* as good as never */ : jit_exit_heat(jit);
    struct jit_block *target = often ? jit_specialise(jit, block, &made) : NULL;
    if (target)
        jit_link_exit(jit, shortcut, target);
}

const uint8_t *jit_follow(struct cpu *cpu, uint32_t offset)
{
    struct jit *jit = cpu->engine_self;
    struct jit_exit *exit = jit_exit_at(jit, offset);
    const struct jit_block *from = jit_block_at(jit, exit->block);
    const struct jit_context *context = from->context;
    cpu->rip = exit->rip;
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return after_fetch(cpu, context);
    if (trace_runs_over_page(cpu, memory))
        return code_past_edge(cpu, context);
    struct jit_block *block = jit_block_at(jit, exit->target);
    bool known = is_block_at(block, memory, cpu->rip, context);
    if (!known)
        block = jit_find_block(jit, memory, cpu->rip, context);
    if (!block)
        return NULL;
    if (jit->options.unlinked || from->dead)
        return jit_code(jit, block);
    if (exit->has_shortcut)
        take_shortcut(jit, exit, block);
    if (!known)
        jit_link_exit(jit, exit, block);
    return jit_code(jit, block);
}

/* Makes the jump cache lead to a block. */
static void remember_jump(struct jit *jit, struct jump_entry *entry, const uint8_t *code, mem_t page)
{
    const struct cpu *cpu = jit->cpu;
    *entry = (struct jump_entry){.key = jump_key(cpu->rip, cpu->engine_context),
                                 .where = jump_where(cpu->fetch_page, page),
                                 .addend = (uint64_t)(uintptr_t)cpu->memory->host + page - cpu->fetch_page,
                                 .code = code};
}

const uint8_t *jit_follow_indirect(struct cpu *cpu)
{
    struct jit *jit = cpu->engine_self;
    struct jump_entry *entry = &jit->jumps[jump_index(cpu->rip)];
    const struct jit_context *context = &jit->contexts[(cpu->engine_context >> CONTEXT_SHIFT) - 1];
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return after_fetch(cpu, context);
    mem_t page = memory & ~(mem_t)(MEM_PAGE_SIZE - 1);
    if (entry->code && entry->key == jump_key(cpu->rip, cpu->engine_context) &&
        entry->where == jump_where(cpu->fetch_page, page)) {
        remember_jump(jit, entry, entry->code, page);
        return entry->code;
    }
    if (trace_runs_over_page(cpu, memory))
        return code_past_edge(cpu, context);
    const struct jit_block *block = jit_find_block(jit, memory, cpu->rip, context);
    if (!block)
        return NULL;
    if (!jit->options.unlinked)
        remember_jump(jit, entry, jit_code(jit, block), page);
    return jit_code(jit, block);
}

uint32_t jit_flags_image(struct cpu *cpu)
{
    flag_recipe_settle(cpu);
    return flags_get_oszapc(cpu) | EFLAGS_FIXED | EFLAGS_IF;
}
