/* SPDX-License-Identifier: MIT */
/* Floating point with a 128-bit significand for the transcendentals: struct unrounded with bit 127 set. Each
   operation errs by a few units of 2^-127, so a result is right to about 120 bits before the one rounding
   to 64. */
#ifndef LATHE_CORE_X86_FPU_WIDE_H
#define LATHE_CORE_X86_FPU_WIDE_H

#include "core/x86/fpu/softfloat_parts.h"

/* m (not zero) / 2^127 * 2^exponent, normalised. */
struct unrounded wide_normalise(bool sign, int32_t exponent, struct u128 m);
struct unrounded wide_from_parts(struct parts a);
struct unrounded wide_mul(struct unrounded a, struct unrounded b);
struct unrounded wide_div(struct unrounded a, struct unrounded b);
/* Both finite; PARTS_ZERO where they cancel. */
struct unrounded wide_add(struct unrounded a, struct unrounded b);
/* |a| < 1 as a fraction of 2^128, rounded down. */
struct u128 wide_fraction(struct unrounded a);

/* Power series s (1 + z c0 + z^2 c1 + ...), or with alternating signs s (1 - z c0 + z^2 c1 - ...), by
   Horner's rule. The result is never taken for exact. */
enum wide_series {
    WIDE_SIN,   /* alternating, z = s^2: sin s */
    WIDE_COS,   /* alternating, s = 1, z = x^2: cos x */
    WIDE_EXP,   /* z = s >= 0: e^s - 1 */
    WIDE_EXP_N, /* alternating, z = |s|: 1 - e^-|s| */
    WIDE_ATAN,  /* alternating, z = s^2 */
    WIDE_ATANH, /* z = s^2 */
};
struct unrounded wide_series(enum wide_series which, struct unrounded s, struct u128 z);

extern const struct unrounded wide_one, wide_pi, wide_ln2, wide_2_log2e;

/* atan(k/16) for k = 1..16. */
struct unrounded wide_atan_sixteenth(unsigned k);

#endif
