/* SPDX-License-Identifier: MIT */
/* Random operands, weighted towards the values where things happen. */
#ifndef LATHE_TESTS_SILICON_OPERANDS_H
#define LATHE_TESTS_SILICON_OPERANDS_H

#include "tests/silicon/case.h"
#include "tests/support/rng.h"

uint64_t random_integer(struct rng *rng);

/* Two numbers of single or one of double format, or integer lanes, as `kind` says. */
uint64_t random_lanes(struct rng *rng, unsigned kind);

/* What an x87 memory operand may hold: integers, singles, doubles; the first ten bytes of a register. */
uint64_t random_x87_memory(struct rng *rng);
void random_x87_register(struct rng *rng, uint8_t bytes[10]);

/* The x87 part of a state, for x87 instructions and, lighter, for MMX ones. */
void random_x87_state(struct rng *rng, struct silicon_state *s);
void random_mmx_state(struct rng *rng, struct silicon_state *s, unsigned kind);

/* XMM registers and MXCSR. */
void random_xmm_state(struct rng *rng, struct silicon_state *s, unsigned kind);

#endif
