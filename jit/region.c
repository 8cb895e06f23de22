/* SPDX-License-Identifier: MIT */
#include "jit/region.h"

#include <string.h>

#include "core/x86/cpu.h"
#include "core/x86/trace.h"
#include "jit/heat.h"

/* A trace's instructions, for as long as the region lives. */
static const struct insn *insns_for(const struct jit *jit, struct region *region, struct trace *trace)
{
    if (!trace->bare)
        return trace->insns;
    struct insn *insns = &region->decoded[region->decoded_count];
    memcpy(insns, trace_whole(jit->cpu, trace)->insns, trace->count * sizeof *insns);
    region->decoded_count += trace->count;
    return insns;
}

static void append(const struct jit *jit, struct region *region, struct trace *trace, uint64_t rip)
{
    region->trace[region->count] = trace;
    region->part[region->count] = (struct lower_part){
        .insns = insns_for(jit, region, trace), .count = trace->count, .rip = rip, .down = trace->down};
    region->count++;
    region->insns += trace->count;
}

void region_begin(const struct jit *jit, struct region *region, struct trace *trace, uint64_t rip)
{
    region->count = region->insns = region->decoded_count = 0;
    append(jit, region, trace, rip);
}

void region_shorten(struct region *region)
{
    region->count--;
    region->insns -= region->trace[region->count]->count;
}

/* Where control may come next, and how often it has come there. */
struct way {
    struct trace *trace; /* NULL: none that can be a new part of the region */
    uint64_t rip;
    uint32_t passes; /* 0 where it leads back into the region, whose passes tell nothing of this way */
};

static uint32_t passes_of(const struct jit *jit, const struct trace *trace, uint64_t rip,
                          const struct jit_context *context)
{
    uint32_t passes = heat_of(jit, trace);
    const struct jit_part *part = trace->translations;
    for (; part; part = jit_part_at(jit, part->next_of_trace)) {
        const struct jit_block *block = jit_block_of(part);
        if (jit_part_is_entry(part) && block->rip == rip && block->context == context)
            passes += jit_hot_passes(jit) - block->heat;
    }
    return passes;
}

static bool has(const struct region *region, const struct trace *trace)
{
    for (unsigned i = 0; i < region->count; i++)
        if (region->trace[i] == trace)
            return true;
    return false;
}

/* The trace that a direct exit leads to, where it is in the region's page and known. */
static struct way find_way(const struct jit *jit, const struct jit_context *context,
                           const struct region *region, const struct ir_op *op)
{
    struct way way = {.rip = op->target};
    gva_t here = jit_linear(context, region->part[0].rip), there = jit_linear(context, op->target);
    if ((here ^ there) >= MEM_PAGE_SIZE)
        return way;
    mem_t memory = trace_start(region->trace[0]) + there - here;
    struct trace *trace = trace_find(jit->cpu, memory, context->assume.mode);
    if (!trace || has(region, trace) || way.rip + trace->bytes > context->assume.code_end)
        return way;
    way.trace = trace;
    way.passes = passes_of(jit, trace, way.rip, context);
    return way;
}

enum { SELDOM = 4 /* one way is taken so much less often than the other */ };

/* Whether control mostly goes this way: nearly as often as it came to the region. */
static bool is_usual(const struct jit *jit, const struct way *way, const struct way *other)
{
    uint32_t entered = jit_hot_passes(jit);
    return way->passes >= entered - entered / SELDOM && way->passes / SELDOM >= other->passes;
}

/* The direct ways on from the region's end, the more usual first. False where there is none. */
static bool find_ways(const struct jit *jit, const struct jit_context *context, const struct region *region,
                      struct way way[2])
{
    const struct ir_op *last = &jit->ir->op[jit->ir->count - 1];
    if (last->code == IR_INSN) /* the end of the last instruction */
        last--;
    if (last->code != IR_JUMP)
        return false;
    way[0] = find_way(jit, context, region, last);
    way[1] = (struct way){0};
    const struct ir_op *branch = last - 1;
    if ((branch->code != IR_BRANCH && branch->code != IR_BRANCHZ) || branch->insn != last->insn)
        return true;
    way[1] = find_way(jit, context, region, branch);
    if (way[1].passes > way[0].passes) {
        struct way first = way[0];
        way[0] = way[1];
        way[1] = first;
    }
    return true;
}

bool region_extend(const struct jit *jit, const struct jit_context *context, struct region *region)
{
    struct way way[2];
    if (region->count == MOST_PARTS || !find_ways(jit, context, region, way))
        return false;
    struct trace *next = way[0].trace;
    if (!next || !is_usual(jit, &way[0], &way[1]) || region->insns + next->count > MOST_REGION_INSNS)
        return false;
    append(jit, region, next, way[0].rip);
    return true;
}
