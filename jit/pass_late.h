/* SPDX-License-Identifier: MIT */
/* Sinking of flag recipes: where only slow paths of memory accesses and exits look before the flags die, the
 * recipe is written there, from registers that still hold its values, and the straight code saves nothing. */
#ifndef LATHE_JIT_PASS_LATE_H
#define LATHE_JIT_PASS_LATE_H

#include <stdbool.h>

struct ir;

/* After pass_flags: moves saves into the probes and exits that need them. False where flags that the block
 * inherits would have to be saved in its straight code: it cannot begin without their recipe. */
bool pass_late(struct ir *ir);

#endif
