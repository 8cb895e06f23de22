/* SPDX-License-Identifier: MIT */
/* The state that a generated case starts from: registers, and for each instruction its address registers and
 * what its operands hold. */
#ifndef LATHE_TESTS_SILICON_PREPARE_H
#define LATHE_TESTS_SILICON_PREPARE_H

#include "tests/silicon/case.h"
#include "tests/silicon/encode.h"

/* Registers and flags before anything is known of the instructions. */
void prepare_registers(struct silicon_case *c, bool lean, struct rng *rng);

/* Gives the next instruction of the case, at in.rip + size, something to work on. Displacement and immediates
 * of the encoding may change. */
void prepare_operands(struct silicon_case *c, const struct form *form, struct encoding *e,
                      const struct insn *insn, struct rng *rng);

#endif
