/* SPDX-License-Identifier: MIT */
#ifndef LATHE_JIT_HOST_X86_64_ROUTINES_STRING_H
#define LATHE_JIT_HOST_X86_64_ROUTINES_STRING_H

struct assembler;
struct jit;

/* Routines that do what one page holds of a repeated string instruction. They find in R10 a count above 0, in
 * R8 and, where there is a source, R11 the host addresses of elements that lie within a page each. From there
 * on they go up or down. They return in R10 how many were done, not more than the budget holds; comparisons
 * in R9 whether one has ended the instruction, and leave its recipe. Nothing of the guest's registers
 * changes. Clobbers R8 to R11, R13 and flags. */
void make_string_routines(struct assembler *as, struct jit *jit);

#endif
