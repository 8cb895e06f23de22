/* SPDX-License-Identifier: MIT */
/* The translator's invariants. */
#ifndef LATHE_JIT_CHECK_H
#define LATHE_JIT_CHECK_H

#include <stdbool.h>

struct error;
struct jit;

/* For tests and debug builds, while no translated code runs: every block in the hash table is alive, found by
 * its key, made from a live trace whose bytes are marked as code; every exit that is linked jumps to a live
 * block and is known to it, every other one to its stub; the jump cache names live blocks; the direct table
 * mirrors the TLB. False with *err where one is not so. */
bool jit_check(const struct jit *jit, struct error *err);

#endif
