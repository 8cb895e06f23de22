/* SPDX-License-Identifier: MIT */
/* Random programs that get somewhere: loops, calls and branches between known places, memory operands that
 * mostly lead to data, arithmetic whose flags are looked at later; and a share of everything else. */
#ifndef LATHE_TESTS_FUZZ_ENGINES_PROGRAM_H
#define LATHE_TESTS_FUZZ_ENGINES_PROGRAM_H

#include "tests/fuzz/engines/guest.h"

/* Offset in the data segment that an access may aim at: data, code, edges of pages and of the segment. */
uint32_t program_data(const struct guest *guest, struct rng *rng);

/* Offset in the code segment of a place where an instruction of the program begins; now and then not quite.
 */
uint32_t program_place(const struct guest *guest, struct rng *rng);

/* Writes GUEST_CODE_BYTES of program. */
void program_make(const struct guest *guest, struct rng *rng, uint8_t *bytes);

#endif
