/* SPDX-License-Identifier: MIT */
/* What the random machine needs for IA-32e mode: its tables, and a processor seated in it. */
#ifndef LATHE_TESTS_FUZZ_FUZZ_LONG_H
#define LATHE_TESTS_FUZZ_FUZZ_LONG_H

#include "tests/support/rng.h"

struct cpu;
struct machine;

/* Attributes of the 64-bit code segments of levels 0 and 3, which the GDT has at these selectors. */
enum { LONG_CODE0 = 0x98, LONG_CODE3 = 0xA0, LONG_ATTR0 = 0xA09B, LONG_ATTR3 = 0xA0FB };

/* Fills in 4-level page tables, a 64-bit IDT and a 64-bit TSS. */
void fuzz_long_fill(struct machine *machine, struct rng *rng);

/* Puts a processor that has long mode into 64-bit or compatibility mode. To be called last before cpu_derive.
 */
void fuzz_long_seat(struct machine *machine, struct rng *rng);

#endif
