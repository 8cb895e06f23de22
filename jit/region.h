/* SPDX-License-Identifier: MIT */
/* Regions: the ways that control mostly takes through the traces of a page. */
#ifndef LATHE_JIT_REGION_H
#define LATHE_JIT_REGION_H

#include "jit/block.h"

/* Traces in the order in which control comes to them. */
struct region {
    struct trace *trace[MOST_PARTS];
    struct lower_part part[MOST_PARTS];
    unsigned count;
    unsigned insns;                         /* of all */
    struct insn decoded[MOST_REGION_INSNS]; /* of bare traces */
    unsigned decoded_count;
};

/* A trace that runs at rip, alone. The region stays where it is. */
void region_begin(const struct jit *jit, struct region *region, struct trace *trace, uint64_t rip);

/* Adds the trace that mostly comes next, as far as translations have counted, to a region whose intermediate
 * code is in jit->ir. False where there is none. */
bool region_extend(const struct jit *jit, const struct jit_context *context, struct region *region);

/* Takes the last trace away again. */
void region_shorten(struct region *region);

#endif
