/* SPDX-License-Identifier: MIT */
#include "jit/check.h"

#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "core/x86/engine.h"
#include "jit/block.h"
#include "jit/host/host.h"
#include "jit/room.h"

static bool fail(struct error *err, const struct jit_block *block, const char *what)
{
    return error_set(err, "block at %llx (rip %llx) %s", (unsigned long long)block->memory,
                     (unsigned long long)block->rip, what);
}

static bool is_context(const struct jit *jit, const struct jit_context *context)
{
    return context >= jit->contexts && context < jit->contexts + jit->context_count &&
           context->number == (uint32_t)(context - jit->contexts) + 1;
}

static bool is_translation_of(const struct jit *jit, const struct jit_part *part, const struct trace *trace)
{
    const struct jit_part *known = trace->translations;
    while (known && known != part)
        known = jit_part_at(jit, known->next_of_trace);
    return known != NULL;
}

/* Where a part's first byte must be. */
static mem_t memory_of(const struct jit_block *block, const struct jit_part *part)
{
    gva_t from = jit_linear(block->context, block->rip), to = jit_linear(block->context, part->rip);
    return block->memory + to - from;
}

static bool check_part(const struct jit *jit, const struct jit_part *part, struct error *err)
{
    const struct jit_block *block = jit_block_of(part);
    const struct trace *source = part->source;
    mem_t memory = memory_of(block, part), page = block->memory >> MEM_PAGE_SHIFT;
    if (memory >> MEM_PAGE_SHIFT != page)
        return fail(err, block, "has a part in another page");
    if (source->key != trace_key(memory, block->context->assume.mode))
        return fail(err, block, "was made from a trace that is dead or another");
    if (!is_translation_of(jit, part, source))
        return fail(err, block, "is unknown to a trace of it");
    if (memory_line_mask(memory, source->bytes) & ~jit->cpu->memory->code_line[page])
        return fail(err, block, "has bytes that are not marked as code");
    return true;
}

static bool check_parts(const struct jit *jit, const struct jit_block *block, struct error *err)
{
    unsigned insns = 0;
    for (unsigned i = 0; i < block->part_count; i++) {
        const struct jit_part *part = &block->part[i];
        if (part->number != i || part->first != insns)
            return fail(err, block, "has parts out of order");
        if (!check_part(jit, part, err))
            return false;
        insns += part->source->count;
        if (part->rest != block->insns - insns)
            return fail(err, block, "has parts that do not count what is behind them");
    }
    return insns == block->insns || fail(err, block, "does not count its instructions");
}

static bool is_incoming(const struct jit *jit, const struct jit_block *block, const struct jit_exit *exit)
{
    const struct jit_exit *known = jit_exit_at(jit, block->incoming);
    while (known && known != exit)
        known = jit_exit_at(jit, known->next_incoming);
    return known != NULL;
}

static bool check_exit(const struct jit *jit, const struct jit_block *block, const struct jit_exit *exit,
                       struct error *err)
{
    const struct jit_block *target = jit_block_at(jit, exit->target);
    if (exit->block != jit_offset(jit, block))
        return fail(err, block, "has another block's exit");
    if (exit->has_shortcut && !jit_next_exit(exit)->hands_on)
        return fail(err, block, "has an exit without the shortcut that it names");
    if (!target)
        return host_exit_leads_to(jit, exit) == jit->code.executable + exit->stub ||
               fail(err, block, "has an exit that jumps without being linked");
    struct ir_made made = jit_handed_on(exit), inherited = jit_inherited(target);
    if (jit->options.unlinked)
        return fail(err, block, "has a linked exit, and none may be");
    if (target->dead || target->rip != exit->rip || target->context != block->context ||
        !ir_made_equal(&inherited, &made))
        return fail(err, block, "has an exit to a dead block or another than it should");
    if (!is_incoming(jit, target, exit))
        return fail(err, block, "has an exit that its target does not know");
    if (!host_exit_is_linked_to(jit, exit, target))
        return fail(err, block, "has an exit whose jump does not lead to its target");
    return true;
}

static bool check_exits(const struct jit *jit, const struct jit_block *block, struct error *err)
{
    const struct jit_exit *exit = jit_first_exit(block);
    for (unsigned i = 0; i < block->exit_count; i++, exit = jit_next_exit(exit))
        if (!check_exit(jit, block, exit, err))
            return false;
    return true;
}

/* Exits of dead blocks stay in the lists until the target dies, too. */
static bool check_incoming(const struct jit *jit, const struct jit_block *block, struct error *err)
{
    const struct jit_exit *exit = jit_exit_at(jit, block->incoming);
    for (; exit; exit = jit_exit_at(jit, exit->next_incoming))
        if (exit->target != jit_offset(jit, block) || !room_has(jit, jit_block_at(jit, exit->block)))
            return fail(err, block, "lists an exit that leads elsewhere, or is none any more");
    return true;
}

static bool check_block(const struct jit *jit, const struct jit_block *block, struct error *err)
{
    const struct jit_block *after = jit_block_at(jit, block->after_serial);
    if (!is_context(jit, block->context))
        return fail(err, block, "has no context");
    if (!block->inherits && jit_find_block(jit, block->memory, block->rip, block->context) != block)
        return fail(err, block, "cannot be found by its key, or stands there twice");
    if (after && !room_has(jit, after))
        return fail(err, block, "goes on with what is no block");
    return check_parts(jit, block, err) && check_exits(jit, block, err) && check_incoming(jit, block, err);
}

static bool check_buckets(const struct jit *jit, struct error *err)
{
    for (unsigned i = 0; i < BLOCK_BUCKETS; i++)
        for (const struct jit_block *block = jit_block_at(jit, jit->buckets[i]); block;
             block = jit_block_at(jit, block->next_in_hash))
            if (block->dead || !room_has(jit, block))
                return fail(err, block, "is dead or evicted, and can be found");
    return true;
}

static bool check_blocks(const struct jit *jit, struct error *err)
{
    for (unsigned span = 0; span < jit->ring.parts; span++)
        for (const struct jit_block *block = jit_block_at(jit, jit->span[span].blocks); block;
             block = jit_block_at(jit, block->next_in_span)) {
            if (!room_holds(jit, span, block))
                return fail(err, block, "has its data or code in another span");
            if (!block->dead && !check_block(jit, block, err))
                return false;
        }
    return check_buckets(jit, err);
}

static bool is_good_jump(const struct jit *jit, unsigned index)
{
    const struct jump_entry *entry = &jit->jumps[index];
    uint64_t rip = jump_rip(entry->key), number = (entry->key - rip) >> CONTEXT_SHIFT;
    if (!number || number > jit->context_count || jump_index(rip) != index)
        return false;
    const struct jit_context *context = &jit->contexts[number - 1];
    uint64_t linear = jit_linear(context, rip);
    const uint64_t in_page = MEM_PAGE_SIZE - 1, pages = (UINT64_C(1) << JUMP_PAGE_BITS) - 1;
    mem_t memory = (entry->where & pages) << MEM_PAGE_SHIFT | (linear & in_page);
    const struct jit_block *block = jit_find_block(jit, memory, rip, context);
    uint64_t host = (uint64_t)(uintptr_t)jit->cpu->memory->host + memory;
    return block && jit_code(jit, block) == entry->code && entry->where == jump_where(linear, memory) &&
           linear + entry->addend == host;
}

static bool check_jumps(const struct jit *jit, struct error *err)
{
    for (unsigned i = 0; i < JUMP_ENTRIES; i++)
        if (jit->jumps[i].code && !is_good_jump(jit, i))
            return error_set(err, "jump cache entry %u (rip %llx) leads to no live block", i,
                             (unsigned long long)jump_rip(jit->jumps[i].key));
    return true;
}

/* What the direct table must hold for a page. */
static uint64_t mirrored(const struct cpu *cpu, unsigned kind, uint64_t page)
{
    const struct tlb_entry *entry = tlb_find(&cpu->tlb, page);
    unsigned user = kind == DIRECT_READ_USER || kind == DIRECT_WRITE_USER;
    if (!entry)
        return 0;
    const uint64_t *tags = kind >= DIRECT_WRITE_SYSTEM ? entry->write : entry->read;
    return tags[user] == page ? entry->addend : 0;
}

static bool check_slot(const struct jit *jit, unsigned kind, uint64_t page, struct error *err)
{
    uint64_t has = jit->direct[kind * (size_t)DIRECT_PAGES + (page >> MEM_PAGE_SHIFT)];
    return has == mirrored(jit->cpu, kind, page) ||
           error_set(err, "direct table %u: page %llx is not what the TLB says", kind,
                     (unsigned long long)page);
}

/* What is in the table, and what is in the TLB. */
static bool check_direct(const struct jit *jit, struct error *err)
{
    const uint64_t *slot = jit->direct;
    for (unsigned kind = 0; kind < DIRECT_KINDS; kind++)
        for (uint64_t page = 0; page < (uint64_t)DIRECT_PAGES << MEM_PAGE_SHIFT; page += MEM_PAGE_SIZE)
            if (*slot++ && !check_slot(jit, kind, page, err))
                return false;
    for (unsigned i = 0; i < DIRECT_KINDS * TLB_ENTRIES; i++) {
        uint64_t page = jit->cpu->tlb.entry[i / DIRECT_KINDS].page;
        if (!(page >> 32) && !check_slot(jit, i % DIRECT_KINDS, page, err))
            return false;
    }
    return true;
}

bool jit_check(const struct jit *jit, struct error *err)
{
    return check_blocks(jit, err) && check_jumps(jit, err) && check_direct(jit, err);
}
