/* SPDX-License-Identifier: MIT */
/* SSE arithmetic by the host's own, for operands and results where IEEE 754 leaves no choice.
 *
 * Every function is for round-to-nearest with PE already set and masked, so that inexact results raise
 * nothing new, and for hosts whose arithmetic is IEEE 754 without excess precision. It refuses (false)
 * whatever could raise another flag or obey DAZ, FTZ or the NaN rules: operands that are not zero or normal,
 * and results near or beyond the ends of the exponent range. Zero results are taken where they are exact. The
 * soft FPU does the rest.
 */
#ifndef LATHE_CORE_X86_FPU_HOST_FLOAT_H
#define LATHE_CORE_X86_FPU_HOST_FLOAT_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    HOST_FLOAT_IS_IEEE = FLT_EVAL_METHOD == 0 && FLT_RADIX == 2 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128 &&
                         DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024
};

static inline double host_f64(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t host_f64_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float host_f32(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t host_f32_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Zero, normal, infinite or NaN: anything but a denormal. */
static inline bool f64_not_denormal(uint64_t a)
{
    return (a << 1) - 1 >= (UINT64_C(1) << 53) - 1;
}

static inline bool f32_not_denormal(uint32_t a)
{
    return (a << 1) - 1 >= (UINT32_C(1) << 24) - 1;
}

static inline bool f64_is_zero(uint64_t a)
{
    return a << 1 == 0;
}

static inline bool f32_is_zero(uint32_t a)
{
    return a << 1 == 0;
}

/* Finite, and at least twice the smallest normal number, so that no rounding was near underflow. Says as much
 * of the operands: with a NaN or an infinity among them, the result would be one. */
static inline bool f64_in_range(uint64_t a)
{
    return (a << 1) - (UINT64_C(2) << 53) < UINT64_C(0x7FD) << 53;
}

static inline bool f32_in_range(uint32_t a)
{
    return (a << 1) - (UINT32_C(2) << 24) < UINT32_C(0xFD) << 24;
}

/* Zero or normal: no flag, no NaN rule, no DAZ. */
static inline bool f64_is_plain(uint64_t a)
{
    return f64_not_denormal(a) && a << 1 < UINT64_C(0x7FF) << 53;
}

static inline bool f32_is_plain(uint32_t a)
{
    return f32_not_denormal(a) && a << 1 < UINT32_C(0xFF) << 24;
}

/* Sums are exact where they are zero. */
static inline bool f64_sum_is_plain(uint64_t a, uint64_t b, uint64_t result)
{
    return f64_not_denormal(a) && f64_not_denormal(b) && (f64_in_range(result) || f64_is_zero(result));
}

static inline bool f32_sum_is_plain(uint32_t a, uint32_t b, uint32_t result)
{
    return f32_not_denormal(a) && f32_not_denormal(b) && (f32_in_range(result) || f32_is_zero(result));
}

static inline bool host64_add(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64_bits(host_f64(a) + host_f64(b));
    return f64_sum_is_plain(a, b, *result);
}

static inline bool host32_add(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32_bits(host_f32(a) + host_f32(b));
    return f32_sum_is_plain(a, b, *result);
}

static inline bool host64_sub(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64_bits(host_f64(a) - host_f64(b));
    return f64_sum_is_plain(a, b, *result);
}

static inline bool host32_sub(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32_bits(host_f32(a) - host_f32(b));
    return f32_sum_is_plain(a, b, *result);
}

/* Products are zero by underflow too, but not where an operand is zero and the other one finite. */
static inline bool host64_mul(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64_bits(host_f64(a) * host_f64(b));
    return f64_not_denormal(a) && f64_not_denormal(b) &&
           (f64_in_range(*result) || (f64_is_zero(*result) && (f64_is_zero(a) || f64_is_zero(b))));
}

static inline bool host32_mul(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32_bits(host_f32(a) * host_f32(b));
    return f32_not_denormal(a) && f32_not_denormal(b) &&
           (f32_in_range(*result) || (f32_is_zero(*result) && (f32_is_zero(a) || f32_is_zero(b))));
}

/* Division by zero gives an infinity, which is not in range. */
static inline bool host64_div(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64_bits(host_f64(a) / host_f64(b));
    return f64_not_denormal(a) && f64_not_denormal(b) && f64_in_range(*result);
}

static inline bool host32_div(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32_bits(host_f32(a) / host_f32(b));
    return f32_not_denormal(a) && f32_not_denormal(b) && f32_in_range(*result);
}

/* Anything but a strict order selects b. */
static inline bool host64_min(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64(a) < host_f64(b) ? a : b;
    return f64_is_plain(a) && f64_is_plain(b);
}

static inline bool host32_min(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32(a) < host_f32(b) ? a : b;
    return f32_is_plain(a) && f32_is_plain(b);
}

static inline bool host64_max(uint64_t a, uint64_t b, uint64_t *result)
{
    *result = host_f64(a) > host_f64(b) ? a : b;
    return f64_is_plain(a) && f64_is_plain(b);
}

static inline bool host32_max(uint32_t a, uint32_t b, uint32_t *result)
{
    *result = host_f32(a) > host_f32(b) ? a : b;
    return f32_is_plain(a) && f32_is_plain(b);
}

/* The root of b. Normal positive numbers have normal roots. */
static inline bool host64_sqrt(uint64_t a, uint64_t b, uint64_t *result)
{
    (void)a;
    *result = host_f64_bits(__builtin_sqrt(host_f64(b)));
    return !(b >> 63) && f64_in_range(b);
}

static inline bool host32_sqrt(uint32_t a, uint32_t b, uint32_t *result)
{
    (void)a;
    *result = host_f32_bits(__builtin_sqrtf(host_f32(b)));
    return !(b >> 31) && f32_in_range(b);
}

/* Conversions. */
static inline bool host64_to_32(uint64_t a, uint32_t *result)
{
    *result = host_f32_bits((float)host_f64(a));
    return f64_not_denormal(a) && (f32_in_range(*result) || f64_is_zero(a));
}

static inline bool host32_to_64(uint32_t a, uint64_t *result)
{
    *result = host_f64_bits((double)host_f32(a));
    return f32_is_plain(a);
}

#endif
