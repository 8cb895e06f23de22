/* SPDX-License-Identifier: MIT */
/* 128-bit unsigned arithmetic for the soft FPU. __int128 serves the 64x64 product only, where the host has
 * it. */
#ifndef LATHE_CORE_X86_FPU_UINT128_H
#define LATHE_CORE_X86_FPU_UINT128_H

#include <stdbool.h>
#include <stdint.h>

struct u128 {
    uint64_t hi, lo;
};

/* Leading zeros; 64 for zero. */
static inline unsigned clz64(uint64_t v)
{
    return v ? (unsigned)__builtin_clzll(v) : 64;
}

static inline bool u128_is_zero(struct u128 a)
{
    return !(a.hi | a.lo);
}

static inline bool u128_less(struct u128 a, struct u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static inline struct u128 u128_add(struct u128 a, struct u128 b)
{
    struct u128 r = {a.hi + b.hi, a.lo + b.lo};
    r.hi += r.lo < a.lo;
    return r;
}

static inline struct u128 u128_sub(struct u128 a, struct u128 b)
{
    struct u128 r = {a.hi - b.hi, a.lo - b.lo};
    r.hi -= a.lo < b.lo;
    return r;
}

/* Shift left by 0..127. */
static inline struct u128 u128_shl(struct u128 a, unsigned n)
{
    if (n == 0)
        return a;
    if (n >= 64)
        return (struct u128){a.lo << (n - 64), 0};
    return (struct u128){a.hi << n | a.lo >> (64 - n), a.lo << n};
}

/* Shift right by any amount. */
static inline struct u128 u128_shr(struct u128 a, unsigned n)
{
    if (n == 0)
        return a;
    if (n >= 128)
        return (struct u128){0, 0};
    if (n >= 64)
        return (struct u128){0, a.hi >> (n - 64)};
    return (struct u128){a.hi >> n, a.lo >> n | a.hi << (64 - n)};
}

/* Shift right by any amount; bits that fall out are ORed into bit 0 (sticky). */
static inline struct u128 u128_shr_sticky(struct u128 a, unsigned n)
{
    struct u128 r = u128_shr(a, n);
    struct u128 lost = n == 0 ? (struct u128){0, 0} : n >= 128 ? a : u128_shl(a, 128 - n);
    r.lo |= !u128_is_zero(lost);
    return r;
}

static inline struct u128 u128_mul64(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 p = (unsigned __int128)a * b;
    return (struct u128){(uint64_t)(p >> 64), (uint64_t)p};
#else
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
    uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    return (struct u128){hh + (lh >> 32) + (hl >> 32) + (mid >> 32), mid << 32 | (uint32_t)ll};
#endif
}

/* High 128 bits of the 256-bit product, truncated; the error is below 3 units in the last place. */
static inline struct u128 u128_mulhi(struct u128 a, struct u128 b)
{
    struct u128 top = u128_mul64(a.hi, b.hi);
    struct u128 m1 = u128_mul64(a.hi, b.lo);
    struct u128 m2 = u128_mul64(a.lo, b.hi);
    struct u128 mid = u128_add((struct u128){0, m1.lo}, (struct u128){0, m2.lo});
    top = u128_add(top, (struct u128){0, m1.hi});
    top = u128_add(top, (struct u128){0, m2.hi});
    return u128_add(top, (struct u128){0, mid.hi});
}

/* Quotient of (hi:lo) / d; needs hi < d. Two schoolbook steps of 32 bits. */
uint64_t u128_div64(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *remainder);

/* floor(2^127 * a / b) for normalised b (top bit set) and a < 2 b; the error is below 2 units in the last
 * place. */
struct u128 u128_ratio(struct u128 a, struct u128 b);

/* Square root of a value with bit 127 or 126 set: 64-bit root; *exact tells whether the remainder is zero. */
uint64_t u128_sqrt(struct u128 a, struct u128 *remainder);

#endif
