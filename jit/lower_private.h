/* SPDX-License-Identifier: MIT */
/* What the files that lower instructions share. */
#ifndef LATHE_JIT_LOWER_PRIVATE_H
#define LATHE_JIT_LOWER_PRIVATE_H

#include "core/x86/insn.h"
#include "jit/fp_form.h"
#include "jit/ir.h"
#include "jit/lower.h"

/* Where operands are, from the table's operand column. */
enum shape { SHAPE_NONE, SHAPE_RM, SHAPE_RM_R, SHAPE_R_RM, SHAPE_RM_I, SHAPE_R_RM_I, SHAPE_RM_CL };

/* What is known of DF. */
enum direction { UNKNOWN, UP, DOWN };

/* The block being lowered, and the instruction that it has come to. */
struct lower {
    struct ir *ir;
    const struct jit_assumptions *assume;
    uint64_t rip;    /* of the part */
    bool short_push; /* of a segment register with 32 bits: 16 are written */
    bool goes_on;    /* to another part of the block, at `next` */
    uint64_t next;
    const struct insn *insn;
    unsigned number;
    enum shape shape;
    enum ir_code code;
    unsigned fp_ready;                  /* enum fp_part: known to be in the host's registers */
    enum direction direction, expected; /* of string instructions; the latter of the part */
};

/* Appends the instruction's operations, or returns false, having appended none, for its handler to be called.
 */
typedef bool lower_fn(struct lower *l);

/* Appends an operation of the present instruction. */
struct ir_op *lower_add(struct lower *l, enum ir_code code, unsigned size, unsigned d, unsigned a);
struct ir_address lower_operand_address(const struct lower *l);
void lower_probe(struct lower *l, enum ir_access access, unsigned size, struct ir_address address);

/* Appends the way to the next instruction, which is in another block. */
void lower_go_on(struct lower *l);

unsigned lower_rm(struct lower *l, enum ir_access access, unsigned size);
void lower_push_value(struct lower *l, unsigned size, unsigned value);

/* lower_bits.c */
bool lower_bit(struct lower *l);
bool lower_scan(struct lower *l);
bool lower_exchange(struct lower *l);
bool lower_xchg(struct lower *l);
bool lower_double_shift(struct lower *l);
bool lower_divide(struct lower *l);
bool lower_set_carry(struct lower *l);
bool lower_set_direction(struct lower *l);
bool lower_interrupt_flag(struct lower *l);
bool lower_push_segment(struct lower *l);
bool lower_from_segment(struct lower *l);
bool lower_push_memory(struct lower *l);

/* lower_string.c */
bool lower_string(struct lower *l);

/* Instructions that the host executes on the guest's floating-point state (lower_fp.c). */
bool lower_fp(struct lower *l, const struct fp_form *form);

#endif
