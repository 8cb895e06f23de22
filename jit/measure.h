/* SPDX-License-Identifier: MIT */
/* What is counted with options.measure alone, because it costs time: passes of blocks, by their own code, and
 * what happens between translated code and C functions, by functions that stand before those. Without it no
 * code differs.
 */
#ifndef LATHE_JIT_MEASURE_H
#define LATHE_JIT_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct ir;
struct jit;
struct jit_block;

/* Passes of a part of a block, counted by its code, and what is in one that goes through. */
struct jit_tally {
    uint64_t passes;
    const uint8_t *start;          /* of its host code */
    uint32_t own, own_out_of_line; /* bytes that count; the latter, as all out of line, with the first part */
    uint32_t bytes, out_of_line;   /* without these */
    uint16_t insns, host_insns;    /* the latter of straight code */
    unsigned probes, shared, gotos;
    struct jit_tally *next_free;
};

struct measure;

/* Storage until measure_free. */
struct measure *measure_new(void);
void measure_free(struct measure *measure);

/* A tally for a part of a block that is about to be assembled. */
struct jit_tally *measure_tally(struct measure *measure);

/* Fills in the tallies of a block that was assembled from jit->ir, where it has any. */
void measure_block(struct jit *jit, const struct jit_block *block);

/* A block's code is gone for good: sums up its tallies, where it has some, for other blocks to use. */
void measure_retire(struct jit *jit, const struct jit_block *block);

/* Stands before the back end's routine of entry. */
void measure_entry(struct jit *jit);

/* Stand before the functions of helpers.h that are called so. */
const uint8_t *measure_call_handler(struct cpu *cpu, uint32_t place);
const uint8_t *measure_call_fp_handler(struct cpu *cpu, uint32_t place);
const uint8_t *measure_call_serial(struct cpu *cpu, uint32_t place);
const uint8_t *measure_follow(struct cpu *cpu, uint32_t exit);
const uint8_t *measure_follow_indirect(struct cpu *cpu);

#endif
