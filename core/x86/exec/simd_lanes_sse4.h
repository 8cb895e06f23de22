/* SPDX-License-Identifier: MIT */
/* Packed integer functions that came with SSSE3 and SSE4, on 64-bit words as in simd_lanes.h (SDM 2, the
 * instruction of the function's name). */
#ifndef LATHE_CORE_X86_EXEC_SIMD_LANES_SSE4_H
#define LATHE_CORE_X86_EXEC_SIMD_LANES_SSE4_H

#include "core/x86/exec/simd_lanes.h"

/* --- Two words to one: sums and differences of neighbours, those of `low` first --- */

static inline uint64_t phaddw(uint64_t low, uint64_t high)
{
    return put16(lane_u16(low, 0) + lane_u16(low, 1), 0) | put16(lane_u16(low, 2) + lane_u16(low, 3), 1) |
           put16(lane_u16(high, 0) + lane_u16(high, 1), 2) | put16(lane_u16(high, 2) + lane_u16(high, 3), 3);
}

static inline uint64_t phsubw(uint64_t low, uint64_t high)
{
    return put16(lane_u16(low, 0) - lane_u16(low, 1), 0) | put16(lane_u16(low, 2) - lane_u16(low, 3), 1) |
           put16(lane_u16(high, 0) - lane_u16(high, 1), 2) | put16(lane_u16(high, 2) - lane_u16(high, 3), 3);
}

static inline uint32_t clamp16(int32_t value)
{
    return clamp(value, INT16_MIN, INT16_MAX);
}

static inline uint64_t phaddsw(uint64_t low, uint64_t high)
{
    return put16(clamp16(lane_s16(low, 0) + lane_s16(low, 1)), 0) |
           put16(clamp16(lane_s16(low, 2) + lane_s16(low, 3)), 1) |
           put16(clamp16(lane_s16(high, 0) + lane_s16(high, 1)), 2) |
           put16(clamp16(lane_s16(high, 2) + lane_s16(high, 3)), 3);
}

static inline uint64_t phsubsw(uint64_t low, uint64_t high)
{
    return put16(clamp16(lane_s16(low, 0) - lane_s16(low, 1)), 0) |
           put16(clamp16(lane_s16(low, 2) - lane_s16(low, 3)), 1) |
           put16(clamp16(lane_s16(high, 0) - lane_s16(high, 1)), 2) |
           put16(clamp16(lane_s16(high, 2) - lane_s16(high, 3)), 3);
}

static inline uint64_t phaddd(uint64_t low, uint64_t high)
{
    return put32(lane_u32(low, 0) + lane_u32(low, 1), 0) | put32(lane_u32(high, 0) + lane_u32(high, 1), 1);
}

static inline uint64_t phsubd(uint64_t low, uint64_t high)
{
    return put32(lane_u32(low, 0) - lane_u32(low, 1), 0) | put32(lane_u32(high, 0) - lane_u32(high, 1), 1);
}

/* Unsigned words from signed doublewords, saturated. */
static inline uint64_t packusdw(uint64_t low, uint64_t high)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 2; n++)
        r |= put16(clamp(lane_s32(low, n), 0, UINT16_MAX), n) |
             put16(clamp(lane_s32(high, n), 0, UINT16_MAX), n + 2);
    return r;
}

/* --- Signs and absolute values --- */

/* a where b is positive, -a where it is negative, 0 where it is 0. */
static inline uint32_t with_sign_of(int32_t b, uint32_t a)
{
    return b > 0 ? a : b < 0 ? 0 - a : 0;
}

static inline uint64_t psignb(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++)
        r |= put8(with_sign_of(lane_s8(b, n), lane_u8(a, n)), n);
    return r;
}

static inline uint64_t psignw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(with_sign_of(lane_s16(b, n), lane_u16(a, n)), n);
    return r;
}

static inline uint64_t psignd(uint64_t a, uint64_t b)
{
    return put32(with_sign_of(lane_s32(b, 0), lane_u32(a, 0)), 0) |
           put32(with_sign_of(lane_s32(b, 1), lane_u32(a, 1)), 1);
}

/* Of b; a is overwritten. */
static inline uint64_t pabsb(uint64_t a, uint64_t b)
{
    (void)a;
    return psignb(b, b);
}

static inline uint64_t pabsw(uint64_t a, uint64_t b)
{
    (void)a;
    return psignw(b, b);
}

static inline uint64_t pabsd(uint64_t a, uint64_t b)
{
    (void)a;
    return psignd(b, b);
}

/* --- Products --- */

/* Unsigned bytes of a by signed ones of b, neighbours summed and saturated. */
static inline uint64_t pmaddubsw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++) {
        int32_t low = (int32_t)lane_u8(a, 2 * n) * lane_s8(b, 2 * n);
        int32_t high = (int32_t)lane_u8(a, 2 * n + 1) * lane_s8(b, 2 * n + 1);
        r |= put16(clamp16(low + high), n);
    }
    return r;
}

static inline uint64_t pmulhrsw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16((uint32_t)(((lane_s16(a, n) * lane_s16(b, n) >> 14) + 1) >> 1), n);
    return r;
}

static inline uint64_t pmulld(uint64_t a, uint64_t b)
{
    return put32(lane_u32(a, 0) * lane_u32(b, 0), 0) | put32(lane_u32(a, 1) * lane_u32(b, 1), 1);
}

static inline uint64_t pmuldq(uint64_t a, uint64_t b)
{
    return (uint64_t)((int64_t)lane_s32(a, 0) * lane_s32(b, 0));
}

/* --- Comparisons, minima, maxima --- */

static inline uint64_t pcmpeqq(uint64_t a, uint64_t b)
{
    return a == b ? UINT64_MAX : 0;
}

static inline uint64_t pcmpgtq(uint64_t a, uint64_t b)
{
    return (int64_t)a > (int64_t)b ? UINT64_MAX : 0;
}

static inline uint64_t pminsb(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS8, 8), a, b);
}

static inline uint64_t pmaxsb(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS8, 8), b, a);
}

static inline uint64_t pminuw(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS16, 16), a, b);
}

static inline uint64_t pmaxuw(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS16, 16), b, a);
}

static inline uint64_t pminsd(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS32, 32), a, b);
}

static inline uint64_t pmaxsd(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS32, 32), b, a);
}

static inline uint64_t pminud(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS32, 32), a, b);
}

static inline uint64_t pmaxud(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS32, 32), b, a);
}

/* --- Masks: each lane's top bit, spread over the lane --- */

static inline uint64_t spread8(uint64_t a)
{
    return lanes_spread(a, TOPS8, 8);
}

static inline uint64_t spread32(uint64_t a)
{
    return lanes_spread(a, TOPS32, 32);
}

static inline uint64_t spread64(uint64_t a)
{
    return 0 - (a >> 63);
}

#endif
