/* SPDX-License-Identifier: MIT */
/* Sinking of flag recipes: where only slow paths of memory accesses look before the flags die, the recipe is
 * written there, from registers that still hold its values, and the straight code saves nothing. */
#ifndef LATHE_JIT_PASS_LATE_H
#define LATHE_JIT_PASS_LATE_H

struct ir;

/* After pass_flags: moves saves into the probes that need them. */
void pass_late(struct ir *ir);

#endif
