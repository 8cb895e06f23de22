/* SPDX-License-Identifier: MIT */
#ifndef LATHE_JIT_HOST_X86_64_ROUTINES_MEMORY_H
#define LATHE_JIT_HOST_X86_64_ROUTINES_MEMORY_H

struct assembler;
struct jit;

/* Routines for stores to pages that may hold code as well, of the supervisor and of user code. They find in
 * R8 the linear address, below 4 GiB, of bytes within a page, and in R10 how many they are, less one: no more
 * than touches two lines. They return without carry and with the host addend in R10 where nothing but a store
 * has to be done, as there is no code in these lines; else with carry. Clobbers R10 and flags alone. */
void make_memory_routines(struct assembler *as, struct jit *jit);

#endif
