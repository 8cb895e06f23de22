/* SPDX-License-Identifier: MIT */
/* What must always hold between two calls of cpu_run, for tests and fuzzers. */
#ifndef LATHE_CORE_X86_CHECK_H
#define LATHE_CORE_X86_CHECK_H

#include <stdbool.h>

struct cpu;
struct error;

/* Everything derived agrees with what it derives from: traces with the bytes in memory, fast halves of the
 * TLB with the physical map, segment ends and mode bits with the registers, the fetch page with the map.
 * False with *err where something does not. Slow. */
bool cpu_check(struct cpu *cpu, struct error *err);

#endif
