/* SPDX-License-Identifier: MIT */
/* From decoded guest instructions to IR. A form without a lowering becomes a call of its handler, or, where
 * it ends the trace, a return to the interpreter: coverage is complete, and each lowering is only a gain. */
#ifndef LATHE_JIT_LOWER_H
#define LATHE_JIT_LOWER_H

#include <stdbool.h>
#include <stdint.h>

struct insn;
struct insn_row;
struct ir;
struct ir_made;
struct lowering;

/* What a block may take for granted, besides its own bytes. Two blocks with different assumptions are two
 * blocks. */
struct jit_assumptions {
    uint64_t code_end; /* CS limit + 1 */
    uint64_t cs_base;
    uint8_t mode; /* enum cpu_mode */
    bool user;
    bool wide_stack;   /* the stack pointer has 32 bits */
    bool x87, sse;     /* usable by the guest, no exception unmasked or pending */
    uint8_t flat_segs; /* bit n: segment n is based at 0, 4 GiB long, readable and (but for CS) writable */
};

/* How each row of the instruction table is lowered; made once, free with lowering_free. Never NULL.
 * `short_push`: PUSH of a segment register writes 16 bits of a 32-bit slot. */
struct lowering *lowering_new(bool short_push);
void lowering_free(struct lowering *lowering);

/* A straight run of instructions whose first is at `rip`. */
struct lower_part {
    const struct insn *insns;
    unsigned count;
    uint64_t rip;
    bool down; /* string instructions are expected to go down */
};

/* Parts of which each but the last leads to the next, begun with the flags of `inherited`. The IR ends with a
 * jump or leave. False where it is too long, or where a part never leads to the next. */
bool lower_block(const struct lowering *lowering, const struct jit_assumptions *assume,
                 const struct lower_part *parts, unsigned count, const struct ir_made *inherited,
                 struct ir *ir);

/* Whether an instruction is none: it faults. */
bool lower_is_invalid(const struct insn *insn);

/* Whether a handler works on x87 or XMM registers, which must then be in struct cpu. */
bool lower_touches_fp(const struct insn_row *row);

#endif
