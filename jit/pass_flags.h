/* SPDX-License-Identifier: MIT */
/* Flag liveness: which operations' flags are looked at, which must be left as a recipe in the processor's
 * state because a fault, a call or an exit may look, and which reads find them there rather than in the
 * host's flags. */
#ifndef LATHE_JIT_PASS_FLAGS_H
#define LATHE_JIT_PASS_FLAGS_H

struct ir;

/* Fills flags_live, save_flags and reload_flags of every operation, and turns operations whose flags are live
 * but which cannot make them exactly into calls of their handlers. */
void pass_flags(struct ir *ir);

#endif
