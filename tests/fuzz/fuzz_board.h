/* SPDX-License-Identifier: MIT */
/* Drives the chips from their ports without a processor in between: deeper into their commands than random
 * code gets. What is done depends on what the ports answer, so that a case stays the same however it is run.
 */
#ifndef LATHE_TESTS_FUZZ_BOARD_H
#define LATHE_TESTS_FUZZ_BOARD_H

#include "tests/support/rng.h"

struct machine;

/* Gives PCI functions their usual addresses and switches them on. */
void fuzz_board_set_up(struct machine *machine);

/* A few steps with some of the chips. */
void fuzz_board_step(struct machine *machine, struct rng *rng);

#endif
