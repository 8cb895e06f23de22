/* SPDX-License-Identifier: MIT */
/* Inside of the soft FPU: numbers taken apart, arithmetic on the parts, rounding to a format.
   Every operation is: unpack -> special cases -> exact or sticky 128-bit result -> one rounding routine ->
   pack. */
#ifndef LATHE_CORE_X86_FPU_SOFTFLOAT_PARTS_H
#define LATHE_CORE_X86_FPU_SOFTFLOAT_PARTS_H

#include "core/x86/fpu/softfloat.h"
#include "core/x86/fpu/uint128.h"

/* Order matters: everything from PARTS_QNAN on needs the NaN rules. */
enum parts_kind { PARTS_ZERO, PARTS_FINITE, PARTS_INFINITY, PARTS_QNAN, PARTS_SNAN, PARTS_UNSUPPORTED };

/* An operand. FINITE: value = mantissa / 2^63 * 2^exponent with bit 63 of the mantissa set.
   NaN: the mantissa as float80 holds it (integer bit set, payload left-aligned), SNaN not quietened. */
struct parts {
    uint64_t mantissa;
    int32_t exponent;
    uint8_t kind;
    bool sign;
    bool denormal;
};

/* A result before rounding. FINITE: value = m / 2^127 * 2^exponent, bit 127 set, bit 0 sticky.
   PARTS_QNAN here means: invalid operation, IE raised, deliver the default NaN. */
struct unrounded {
    struct u128 m;
    int32_t exponent;
    uint8_t kind;
    bool sign;
};

/* What to round to. wrap: what an unmasked overflow or underflow takes from or adds to the exponent; 0 where
   the result of such an operation is never stored (memory destinations, SSE). */
struct float_target {
    uint8_t precision;
    int16_t emin, emax;
    int16_t wrap;
};

struct float_format {
    struct float_target target;
    uint8_t fraction_bits;
    uint8_t exponent_bits;
};

extern const struct float_format float32_format, float64_format;

enum { F80_EMIN = -16382, F80_EMAX = 16383, F80_WRAP = 24576 };

/* A rounded finite magnitude: mantissa top-aligned (bit 63 clear where denormal); infinite: overflow to
 * infinity. */
struct rounded {
    uint64_t mantissa;
    int32_t exponent;
    bool infinite;
};

struct rounded float_round(struct float_env *env, const struct float_target *target, bool sign,
                           int32_t exponent, struct u128 m);

struct parts parts_from_f80_slow(struct float80 a);

/* Unpack float80. */
static inline struct parts parts_from_f80(struct float80 a)
{
    unsigned exponent = f80_exponent(a);
    if (exponent - 1u < F80_EXPONENT_MAX - 1u && a.mantissa >> 63)
        return (struct parts){a.mantissa, (int32_t)exponent - F80_BIAS, PARTS_FINITE, f80_sign(a), false};
    return parts_from_f80_slow(a);
}

/* Unpack float32 or float64. */
struct parts parts_from_bits(const struct float_format *format, uint64_t bits);
struct parts parts_from_int(int64_t a);

/* Zeroes a denormal where env->daz says so. */
static inline struct parts parts_daz(const struct float_env *env, struct parts a)
{
    if (a.denormal && env->daz)
        a = (struct parts){0, 0, PARTS_ZERO, a.sign, false};
    return a;
}

static inline void parts_raise_denormal(struct float_env *env, struct parts a, struct parts b)
{
    if (a.denormal | b.denormal)
        env->flags |= FLOAT_DE;
}

/* Operands below PARTS_QNAN only. */
struct unrounded parts_add(struct float_env *env, struct parts a, struct parts b);
struct unrounded parts_mul(struct float_env *env, struct parts a, struct parts b);
struct unrounded parts_div(struct float_env *env, struct parts a, struct parts b);
struct unrounded parts_sqrt(struct float_env *env, struct parts a);
enum float_order parts_compare(struct float_env *env, struct parts a, struct parts b, bool quiet);

/* Rounds to an integer of the given width as f80_to_int. Any operand. */
int64_t parts_to_int(struct float_env *env, struct parts a, unsigned bits);
/* Rounds a finite value to an integral one by env->rounding (PE, rounded_up); may become PARTS_ZERO. */
struct parts parts_round_integral(struct float_env *env, struct parts a);

/* Finish an x87 register result. precision: 24, 53 or 64. */
struct float80 f80_finish(struct float_env *env, struct unrounded r, unsigned precision);
struct float80 f80_pack_parts(struct parts a);
/* x87 NaN rules for one or two operands of which at least one is PARTS_QNAN or above. */
struct float80 f80_nan(struct float_env *env, struct parts a, struct parts b);
struct float80 f80_nan1(struct float_env *env, struct parts a);

/* f80 arithmetic where an operand came from memory in another format. */
struct float80 f80_add_parts(struct float_env *env, struct parts a, struct parts b);
struct float80 f80_sub_parts(struct float_env *env, struct parts a, struct parts b);
struct float80 f80_mul_parts(struct float_env *env, struct parts a, struct parts b);
struct float80 f80_div_parts(struct float_env *env, struct parts a, struct parts b);

/* Finish to float32 or float64, overflow and underflow included. */
uint64_t bits_finish(struct float_env *env, const struct float_format *format, struct unrounded r);
/* A quietened NaN in the format, payload cut at the right. */
uint64_t bits_from_nan(const struct float_format *format, struct parts a);

#endif
