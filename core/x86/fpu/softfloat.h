/* SPDX-License-Identifier: MIT */
/* IEEE 754 and x87 extended arithmetic on bit patterns, in integers only: the same result on every host.
   Semantics: Intel SDM volume 1, chapters 4, 8 and 11. float32 and float64 values are plain uint32_t and
   uint64_t. f80_ functions follow x87 rules (NaN with the larger significand, unsupported encodings,
   precision control), f32_ and f64_ functions follow SSE rules (NaN of the first operand, DAZ, FTZ). */
#ifndef LATHE_CORE_X86_FPU_SOFTFLOAT_H
#define LATHE_CORE_X86_FPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

/* sign_exponent: bit 15 sign, bits 14..0 exponent biased by 16383; mantissa: bit 63 is the explicit integer
 * bit. */
struct float80 {
    uint64_t mantissa;
    uint16_t sign_exponent;
};

/* As encoded in FPU control word RC and MXCSR RC. */
enum float_rounding { FLOAT_NEAREST, FLOAT_DOWN, FLOAT_UP, FLOAT_CHOP };

/* As in the FPU status and control words, and in MXCSR. */
enum float_exception {
    FLOAT_IE = 1 << 0,
    FLOAT_DE = 1 << 1,
    FLOAT_ZE = 1 << 2,
    FLOAT_OE = 1 << 3,
    FLOAT_UE = 1 << 4,
    FLOAT_PE = 1 << 5,
    FLOAT_EXCEPTIONS = 0x3f,
    /* Faults on operands: while one is unmasked, nothing is computed. */
    FLOAT_FAULTS = FLOAT_IE | FLOAT_DE | FLOAT_ZE,
};

/* Context of an operation. `flags` is sticky: operations only set bits. `masks` (1 = masked) matters where
   the unmasked response differs in value: wrapped exponents, tiny but exact results. */
struct float_env {
    uint8_t rounding;  /* enum float_rounding */
    uint8_t precision; /* significand bits of f80_ results: 24, 53 or 64 */
    uint8_t masks;
    uint8_t flags;
    bool rounded_up; /* the last rounding enlarged the magnitude (x87 C1) */
    bool daz, ftz;   /* f32_ and f64_ only */
};

enum float_order { FLOAT_LESS, FLOAT_EQUAL, FLOAT_GREATER, FLOAT_UNORDERED };

/* As C0-C3 of FXAM sort them. */
enum f80_class { F80_UNSUPPORTED, F80_NAN, F80_NORMAL, F80_INFINITY, F80_ZERO, F80_DENORMAL };

enum { F80_BIAS = 16383, F80_EXPONENT_MAX = 0x7fff };
#define F80_INTEGER_BIT (UINT64_C(1) << 63)
#define F80_QUIET_BIT   (UINT64_C(1) << 62)
#define F64_DEFAULT_NAN UINT64_C(0xfff8000000000000)
#define F32_DEFAULT_NAN UINT32_C(0xffc00000)

static inline struct float80 f80_make(bool sign, unsigned exponent, uint64_t mantissa)
{
    return (struct float80){mantissa, (uint16_t)((unsigned)sign << 15 | exponent)};
}

static inline bool f80_sign(struct float80 a)
{
    return a.sign_exponent >> 15;
}

static inline unsigned f80_exponent(struct float80 a)
{
    return a.sign_exponent & 0x7fff;
}

/* The "real indefinite": the negative quiet NaN that masked invalid operations return. */
static inline struct float80 f80_default_nan(void)
{
    return f80_make(true, F80_EXPONENT_MAX, F80_INTEGER_BIT | F80_QUIET_BIT);
}

enum f80_class f80_classify(struct float80 a);

/* --- Extended precision: results rounded to env->precision, exponent range always 15 bits. --- */
struct float80 f80_add(struct float_env *env, struct float80 a, struct float80 b);
struct float80 f80_sub(struct float_env *env, struct float80 a, struct float80 b);
struct float80 f80_mul(struct float_env *env, struct float80 a, struct float80 b);
struct float80 f80_div(struct float_env *env, struct float80 a, struct float80 b);
struct float80 f80_sqrt(struct float_env *env, struct float80 a);
struct float80 f80_round_to_integral(struct float_env *env, struct float80 a);
/* a * 2^trunc(b) (FSCALE). */
struct float80 f80_scale(struct float_env *env, struct float80 a, struct float80 b);
/* FXTRACT: returns the significand of a as a number in [1,2), *exponent gets its unbiased exponent. */
struct float80 f80_extract(struct float_env *env, struct float80 a, struct float80 *exponent);

/* Quotient of one FPREM or FPREM1 step. */
struct f80_quotient {
    uint8_t low_bits; /* its low three bits */
    bool complete;    /* the reduction is done (C2 = 0) */
    bool valid;       /* false: NaN or invalid operands */
};
/* FPREM (nearest = false) or FPREM1 (nearest = true). */
struct float80 f80_remainder(struct float_env *env, struct float80 a, struct float80 b, bool nearest,
                             struct f80_quotient *quotient);

/* quiet = true: only signalling NaNs and unsupported encodings raise IE (FUCOM); false: every NaN (FCOM). */
enum float_order f80_compare(struct float_env *env, struct float80 a, struct float80 b, bool quiet);

/* Conversions. Those from memory formats raise IE for signalling NaNs and DE for denormals, as FLD does. */
struct float80 f80_from_f32(struct float_env *env, uint32_t a);
struct float80 f80_from_f64(struct float_env *env, uint64_t a);
struct float80 f80_from_int(int64_t a);
uint32_t f80_to_f32(struct float_env *env, struct float80 a);
uint64_t f80_to_f64(struct float_env *env, struct float80 a);
/* To a signed integer of `bits` (16, 32, 64), sign-extended; the integer indefinite (most negative) with IE
   where it does not fit. */
int64_t f80_to_int(struct float_env *env, struct float80 a, unsigned bits);
/* To packed BCD, 18 digits and sign; *high gets bytes 8 and 9. And back: digits above 9 count by their value.
 */
uint64_t f80_to_bcd(struct float_env *env, struct float80 a, uint16_t *high);
struct float80 f80_from_bcd(uint64_t low, uint16_t high);

/* --- Single and double precision (SSE). --- */
uint32_t f32_add(struct float_env *env, uint32_t a, uint32_t b);
uint32_t f32_sub(struct float_env *env, uint32_t a, uint32_t b);
uint32_t f32_mul(struct float_env *env, uint32_t a, uint32_t b);
uint32_t f32_div(struct float_env *env, uint32_t a, uint32_t b);
uint32_t f32_sqrt(struct float_env *env, uint32_t a);
/* MINSS, MAXSS: b where both are zero or either is a NaN (every NaN raises IE). */
uint32_t f32_min(struct float_env *env, uint32_t a, uint32_t b);
uint32_t f32_max(struct float_env *env, uint32_t a, uint32_t b);
enum float_order f32_compare(struct float_env *env, uint32_t a, uint32_t b, bool quiet);
/* ROUNDSS; the caller drops PE where imm8 bit 3 says so. */
uint32_t f32_round_to_integral(struct float_env *env, uint32_t a);
uint64_t f32_to_f64(struct float_env *env, uint32_t a);
int64_t f32_to_int(struct float_env *env, uint32_t a, unsigned bits);
uint32_t f32_from_int(struct float_env *env, int64_t a);

uint64_t f64_add(struct float_env *env, uint64_t a, uint64_t b);
uint64_t f64_sub(struct float_env *env, uint64_t a, uint64_t b);
uint64_t f64_mul(struct float_env *env, uint64_t a, uint64_t b);
uint64_t f64_div(struct float_env *env, uint64_t a, uint64_t b);
uint64_t f64_sqrt(struct float_env *env, uint64_t a);
uint64_t f64_min(struct float_env *env, uint64_t a, uint64_t b);
uint64_t f64_max(struct float_env *env, uint64_t a, uint64_t b);
enum float_order f64_compare(struct float_env *env, uint64_t a, uint64_t b, bool quiet);
uint64_t f64_round_to_integral(struct float_env *env, uint64_t a);
uint32_t f64_to_f32(struct float_env *env, uint64_t a);
int64_t f64_to_int(struct float_env *env, uint64_t a, unsigned bits);
uint64_t f64_from_int(struct float_env *env, int64_t a);

#endif
