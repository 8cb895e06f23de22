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

/* FIP, FDP and what goes with them, from the last instructions that the host executed for the guest; while
 * the selectors are those of then. */
static void settle_pointers(struct cpu *cpu)
{
    const struct jit *jit = cpu->engine_self;
    struct x87 *x87 = &cpu->x87;
    if (cpu->fp.code) {
        const struct jit_site *site = (const struct jit_site *)(const void *)(jit->arena + cpu->fp.code);
        const struct insn *insn = site->insn;
        x87->fop = (uint16_t)((insn->opcode & 7u) << 8 | insn->modrm);
        x87->fip = site->part->rip + insn->offset;
        x87->fcs = cpu->seg[SEG_CS].selector;
    }
    if (cpu->fp.data) {
        const struct jit_site *site = (const struct jit_site *)(const void *)(jit->arena + cpu->fp.data);
        x87->fds = cpu->seg[site->insn->seg].selector;
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

bool jit_call_handler(struct cpu *cpu, struct jit_site *site)
{
    struct jit *jit = cpu->engine_self;
    const struct insn *insn = jit->called;
    jit->called[0] = *site->insn;
    jit->stats.calls++;
    jit->handled[insn->row]++;
    cpu->rip = site->part->rip;
    cpu->trace = site->part->source;
    if (site->uses_flags)
        flag_recipe_settle(cpu);
    if (insn->fn(cpu, insn) != &jit->called[1])
        return false;
    if (!cpu->stop_requested && !site->part->block->dead)
        return true;
    stop_before_next(cpu, insn);
    return false;
}

static bool assumptions_hold(const struct cpu *cpu, const struct jit_assumptions *assume)
{
    return (!assume->x87 || jit_x87_is_direct(cpu)) && (!assume->sse || jit_sse_is_direct(cpu));
}

bool jit_call_fp_handler(struct cpu *cpu, struct jit_site *site)
{
    if (cpu->fp.live & FP_X87)
        jit_x87_store(cpu);
    cpu->fp.live = 0;
    if (!jit_call_handler(cpu, site))
        return false;
    if (assumptions_hold(cpu, &site->part->block->context->assume))
        return true;
    stop_before_next(cpu, site->insn);
    return false;
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

static const uint8_t *code_of(const struct jit_block *block)
{
    return block ? block->code : NULL;
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
        return boundary ? jit->routines.leave_for_boundary : NULL;
    mem_t memory = memory_at_rip(cpu);
    return memory == MEM_NONE ? NULL : code_of(jit_find_block(jit, memory, cpu->rip, context));
}

/* An exit to another page may have had another target, in another address space. */
void jit_link_exit(struct jit *jit, struct jit_exit *exit, struct jit_block *target)
{
    if (exit->target) {
        struct jit_exit **link = &exit->target->incoming;
        while (*link != exit)
            link = &(*link)->next_incoming;
        *link = exit->next_incoming;
    }
    host_link(jit, exit, target);
    exit->target = target;
    exit->next_incoming = target->incoming;
    target->incoming = exit;
}

const uint8_t *jit_call_serial(struct cpu *cpu, struct jit_site *site)
{
    struct jit *jit = cpu->engine_self;
    struct jit_block *block = site->part->block;
    jit->stats.calls++;
    jit->handled[site->insn->row]++;
    cpu->rip = site->part->rip;
    cpu->trace = site->part->source;
    flag_recipe_settle(cpu);
    if (cpu->fp.live & FP_X87)
        settle_pointers(cpu);
    uint64_t derivations = cpu->derivations, cr0 = cpu->cr0;
    bool serial = site->insn->fn == exec_serial_op;
    if (!(serial ? exec_serial : exec_string)(cpu, site->insn))
        return jit->routines.leave_for_boundary;
    bool same = derivations == cpu->derivations && cr0 == cpu->cr0;
    const struct jit_context *before = block->context;
    const struct jit_context *context = same ? before : jit_context_now(jit, before);
    if (!context)
        return NULL;
    cpu->engine_context = (uint64_t)context->number << CONTEXT_SHIFT;
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return NULL;
    if (!is_block_at(block->after_serial, memory, cpu->rip, context))
        block->after_serial = jit_find_block(jit, memory, cpu->rip, context);
    return code_of(block->after_serial);
}

/* An exit that is taken often goes to a block that inherits its flags. */
static void take_shortcut(struct jit *jit, struct jit_exit *exit, const struct jit_block *block)
{
    struct jit_exit *shortcut = exit->shortcut;
    const struct ir_made made = jit_handed_on(shortcut);
    bool often = exit->target == block;
    exit->heat = often ? 0 /* as good as never */ : jit_exit_heat(jit);
    struct jit_block *target = often ? jit_specialise(jit, block, &made) : NULL;
    if (target)
        jit_link_exit(jit, shortcut, target);
}

const uint8_t *jit_follow(struct cpu *cpu, struct jit_exit *exit)
{
    struct jit *jit = cpu->engine_self;
    const struct jit_context *context = exit->block->context;
    cpu->rip = exit->rip;
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return NULL;
    if (trace_runs_over_page(cpu, memory))
        return code_past_edge(cpu, context);
    bool known = is_block_at(exit->target, memory, cpu->rip, context);
    struct jit_block *block = known ? exit->target : jit_find_block(jit, memory, cpu->rip, context);
    if (!block)
        return NULL;
    if (jit->options.unlinked || exit->block->dead)
        return block->code;
    if (exit->shortcut)
        take_shortcut(jit, exit, block);
    if (!known)
        jit_link_exit(jit, exit, block);
    return block->code;
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
    mem_t memory = memory_at_rip(cpu);
    if (memory == MEM_NONE)
        return NULL;
    mem_t page = memory & ~(mem_t)(MEM_PAGE_SIZE - 1);
    if (entry->code && entry->key == jump_key(cpu->rip, cpu->engine_context) &&
        entry->where == jump_where(cpu->fetch_page, page)) {
        remember_jump(jit, entry, entry->code, page);
        return entry->code;
    }
    const struct jit_context *context = &jit->contexts[(cpu->engine_context >> CONTEXT_SHIFT) - 1];
    if (trace_runs_over_page(cpu, memory))
        return code_past_edge(cpu, context);
    const struct jit_block *block = jit_find_block(jit, memory, cpu->rip, context);
    if (!block)
        return NULL;
    if (!jit->options.unlinked)
        remember_jump(jit, entry, block->code, page);
    return block->code;
}

uint32_t jit_flags_image(struct cpu *cpu)
{
    flag_recipe_settle(cpu);
    return flags_get_oszapc(cpu) | EFLAGS_FIXED | EFLAGS_IF;
}
