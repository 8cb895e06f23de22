/* SPDX-License-Identifier: MIT */
/* Packed integer arithmetic on 64-bit words of eight bytes, four words or two doublewords. MMX operations
 * apply such a function once, SSE operations twice (SDM 2, the instruction of the function's name).
 *
 * Wrapping sums keep the lanes apart by computing the top bit of each lane separately; the rest goes lane by
 * lane. */
#ifndef LATHE_CORE_X86_EXEC_SIMD_LANES_H
#define LATHE_CORE_X86_EXEC_SIMD_LANES_H

#include <stdint.h>

#define TOPS8  UINT64_C(0x8080808080808080)
#define TOPS16 UINT64_C(0x8000800080008000)
#define TOPS32 UINT64_C(0x8000000080000000)

/* Lanes as numbers: n counts from the low end. */
static inline uint32_t lane_u8(uint64_t v, unsigned n)
{
    return (uint8_t)(v >> 8 * n);
}

static inline int32_t lane_s8(uint64_t v, unsigned n)
{
    return (int8_t)(v >> 8 * n);
}

static inline uint32_t lane_u16(uint64_t v, unsigned n)
{
    return (uint16_t)(v >> 16 * n);
}

static inline int32_t lane_s16(uint64_t v, unsigned n)
{
    return (int16_t)(v >> 16 * n);
}

static inline uint32_t lane_u32(uint64_t v, unsigned n)
{
    return (uint32_t)(v >> 32 * n);
}

static inline int32_t lane_s32(uint64_t v, unsigned n)
{
    return (int32_t)(v >> 32 * n);
}

/* A number as lane n of an otherwise zero word. */
static inline uint64_t put8(uint32_t value, unsigned n)
{
    return (uint64_t)(uint8_t)value << 8 * n;
}

static inline uint64_t put16(uint32_t value, unsigned n)
{
    return (uint64_t)(uint16_t)value << 16 * n;
}

static inline uint64_t put32(uint32_t value, unsigned n)
{
    return (uint64_t)value << 32 * n;
}

static inline uint32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return (uint32_t)(value < low ? low : value > high ? high : value);
}

/* --- Sums and differences that wrap --- */

static inline uint64_t lanes_add(uint64_t a, uint64_t b, uint64_t tops)
{
    return ((a & ~tops) + (b & ~tops)) ^ ((a ^ b) & tops);
}

static inline uint64_t lanes_sub(uint64_t a, uint64_t b, uint64_t tops)
{
    return ((a | tops) - (b & ~tops)) ^ ((a ^ ~b) & tops);
}

/* Each lane's top bit, spread over the lane: 2^width - 1 times the lane's lowest bit. */
static inline uint64_t lanes_spread(uint64_t v, uint64_t tops, unsigned width)
{
    v &= tops;
    return (v << 1) - (v >> (width - 1));
}

/* The top bit of each lane that is zero. */
static inline uint64_t lanes_zero(uint64_t v, uint64_t tops)
{
    return ~(((v & ~tops) + ~tops) | v) & tops;
}

/* The top bit of each lane where a is below b, as unsigned numbers: where a - b borrows. */
static inline uint64_t lanes_below(uint64_t a, uint64_t b, uint64_t tops)
{
    return ((~a & b) | (~(a ^ b) & lanes_sub(a, b, tops))) & tops;
}

/* All ones in the lanes where a is below b, unsigned and signed. */
static inline uint64_t mask_below(uint64_t a, uint64_t b, uint64_t tops, unsigned width)
{
    return lanes_spread(lanes_below(a, b, tops), tops, width);
}

static inline uint64_t mask_less(uint64_t a, uint64_t b, uint64_t tops, unsigned width)
{
    return mask_below(a ^ tops, b ^ tops, tops, width);
}

static inline uint64_t choose(uint64_t mask, uint64_t a, uint64_t b)
{
    return b ^ (mask & (a ^ b));
}

static inline uint64_t paddb(uint64_t a, uint64_t b)
{
    return lanes_add(a, b, TOPS8);
}

static inline uint64_t paddw(uint64_t a, uint64_t b)
{
    return lanes_add(a, b, TOPS16);
}

static inline uint64_t paddd(uint64_t a, uint64_t b)
{
    return lanes_add(a, b, TOPS32);
}

static inline uint64_t paddq(uint64_t a, uint64_t b)
{
    return a + b;
}

static inline uint64_t psubb(uint64_t a, uint64_t b)
{
    return lanes_sub(a, b, TOPS8);
}

static inline uint64_t psubw(uint64_t a, uint64_t b)
{
    return lanes_sub(a, b, TOPS16);
}

static inline uint64_t psubd(uint64_t a, uint64_t b)
{
    return lanes_sub(a, b, TOPS32);
}

static inline uint64_t psubq(uint64_t a, uint64_t b)
{
    return a - b;
}

/* --- Saturation --- */

static inline uint64_t paddsb(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++)
        r |= put8(clamp(lane_s8(a, n) + lane_s8(b, n), INT8_MIN, INT8_MAX), n);
    return r;
}

static inline uint64_t paddsw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(clamp(lane_s16(a, n) + lane_s16(b, n), INT16_MIN, INT16_MAX), n);
    return r;
}

static inline uint64_t paddusb(uint64_t a, uint64_t b)
{
    uint64_t sum = lanes_add(a, b, TOPS8);
    return sum | mask_below(sum, a, TOPS8, 8);
}

static inline uint64_t paddusw(uint64_t a, uint64_t b)
{
    uint64_t sum = lanes_add(a, b, TOPS16);
    return sum | mask_below(sum, a, TOPS16, 16);
}

static inline uint64_t psubsb(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++)
        r |= put8(clamp(lane_s8(a, n) - lane_s8(b, n), INT8_MIN, INT8_MAX), n);
    return r;
}

static inline uint64_t psubsw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(clamp(lane_s16(a, n) - lane_s16(b, n), INT16_MIN, INT16_MAX), n);
    return r;
}

static inline uint64_t psubusb(uint64_t a, uint64_t b)
{
    return lanes_sub(a, b, TOPS8) & ~mask_below(a, b, TOPS8, 8);
}

static inline uint64_t psubusw(uint64_t a, uint64_t b)
{
    return lanes_sub(a, b, TOPS16) & ~mask_below(a, b, TOPS16, 16);
}

/* --- Logic and comparison --- */

static inline uint64_t pand(uint64_t a, uint64_t b)
{
    return a & b;
}

static inline uint64_t pandn(uint64_t a, uint64_t b)
{
    return ~a & b;
}

static inline uint64_t por(uint64_t a, uint64_t b)
{
    return a | b;
}

static inline uint64_t pxor(uint64_t a, uint64_t b)
{
    return a ^ b;
}

/* All ones where true. */
static inline uint64_t pcmpeqb(uint64_t a, uint64_t b)
{
    return lanes_spread(lanes_zero(a ^ b, TOPS8), TOPS8, 8);
}

static inline uint64_t pcmpeqw(uint64_t a, uint64_t b)
{
    return lanes_spread(lanes_zero(a ^ b, TOPS16), TOPS16, 16);
}

static inline uint64_t pcmpeqd(uint64_t a, uint64_t b)
{
    return lanes_spread(lanes_zero(a ^ b, TOPS32), TOPS32, 32);
}

static inline uint64_t pcmpgtb(uint64_t a, uint64_t b)
{
    return mask_less(b, a, TOPS8, 8);
}

static inline uint64_t pcmpgtw(uint64_t a, uint64_t b)
{
    return mask_less(b, a, TOPS16, 16);
}

static inline uint64_t pcmpgtd(uint64_t a, uint64_t b)
{
    return mask_less(b, a, TOPS32, 32);
}

/* --- Products --- */

static inline uint64_t pmullw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(lane_u16(a, n) * lane_u16(b, n), n);
    return r;
}

static inline uint64_t pmulhw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16((uint32_t)(lane_s16(a, n) * lane_s16(b, n)) >> 16, n);
    return r;
}

static inline uint64_t pmulhuw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(lane_u16(a, n) * lane_u16(b, n) >> 16, n);
    return r;
}

static inline uint64_t pmaddwd(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 2; n++) {
        uint32_t low = (uint32_t)(lane_s16(a, 2 * n) * lane_s16(b, 2 * n));
        uint32_t high = (uint32_t)(lane_s16(a, 2 * n + 1) * lane_s16(b, 2 * n + 1));
        r |= put32(low + high, n);
    }
    return r;
}

static inline uint64_t pmuludq(uint64_t a, uint64_t b)
{
    return (uint64_t)lane_u32(a, 0) * lane_u32(b, 0);
}

/* --- Averages, minima, maxima (SSE) --- */

static inline uint64_t pavgb(uint64_t a, uint64_t b)
{
    return (a | b) - ((a ^ b) >> 1 & ~TOPS8);
}

static inline uint64_t pavgw(uint64_t a, uint64_t b)
{
    return (a | b) - ((a ^ b) >> 1 & ~TOPS16);
}

static inline uint64_t pminub(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS8, 8), a, b);
}

static inline uint64_t pmaxub(uint64_t a, uint64_t b)
{
    return choose(mask_below(a, b, TOPS8, 8), b, a);
}

static inline uint64_t pminsw(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS16, 16), a, b);
}

static inline uint64_t pmaxsw(uint64_t a, uint64_t b)
{
    return choose(mask_less(a, b, TOPS16, 16), b, a);
}

static inline uint64_t psadbw(uint64_t a, uint64_t b)
{
    uint64_t below = mask_below(a, b, TOPS8, 8), larger = choose(below, b, a), smaller = choose(below, a, b);
    uint64_t distance = larger - smaller; /* no lane borrows */
    uint64_t words =
        (distance & UINT64_C(0x00FF00FF00FF00FF)) + (distance >> 8 & UINT64_C(0x00FF00FF00FF00FF));
    return words * UINT64_C(0x0001000100010001) >> 48;
}

/* --- Shifts of every lane by one count --- */

static inline uint64_t psllw(uint64_t a, uint64_t count)
{
    uint64_t low = count > 15 ? 0 : UINT64_C(0x0001000100010001) * (uint16_t)(0xFFFFu << count);
    return count > 15 ? 0 : (a << count) & low;
}

static inline uint64_t pslld(uint64_t a, uint64_t count)
{
    return count > 31 ? 0 : put32(lane_u32(a, 0) << count, 0) | put32(lane_u32(a, 1) << count, 1);
}

static inline uint64_t psllq(uint64_t a, uint64_t count)
{
    return count > 63 ? 0 : a << count;
}

static inline uint64_t psrlw(uint64_t a, uint64_t count)
{
    return count > 15 ? 0 : (a >> count) & UINT64_C(0x0001000100010001) * (0xFFFFu >> count);
}

static inline uint64_t psrld(uint64_t a, uint64_t count)
{
    return count > 31 ? 0 : put32(lane_u32(a, 0) >> count, 0) | put32(lane_u32(a, 1) >> count, 1);
}

static inline uint64_t psrlq(uint64_t a, uint64_t count)
{
    return count > 63 ? 0 : a >> count;
}

static inline uint64_t psraw(uint64_t a, uint64_t count)
{
    unsigned shift = count > 15 ? 15 : (unsigned)count;
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16((uint32_t)(lane_s16(a, n) >> shift), n);
    return r;
}

static inline uint64_t psrad(uint64_t a, uint64_t count)
{
    unsigned shift = count > 31 ? 31 : (unsigned)count;
    return put32((uint32_t)(lane_s32(a, 0) >> shift), 0) | put32((uint32_t)(lane_s32(a, 1) >> shift), 1);
}

/* --- Two words to one: the lanes of `low`, then those of `high`, narrowed --- */

static inline uint64_t packsswb(uint64_t low, uint64_t high)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put8(clamp(lane_s16(low, n), INT8_MIN, INT8_MAX), n) |
             put8(clamp(lane_s16(high, n), INT8_MIN, INT8_MAX), n + 4);
    return r;
}

static inline uint64_t packuswb(uint64_t low, uint64_t high)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put8(clamp(lane_s16(low, n), 0, UINT8_MAX), n) |
             put8(clamp(lane_s16(high, n), 0, UINT8_MAX), n + 4);
    return r;
}

static inline uint64_t packssdw(uint64_t low, uint64_t high)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 2; n++)
        r |= put16(clamp(lane_s32(low, n), INT16_MIN, INT16_MAX), n) |
             put16(clamp(lane_s32(high, n), INT16_MIN, INT16_MAX), n + 2);
    return r;
}

/* --- Lanes of the low halves of a and b in turn; the high halves are the caller's to shift down --- */

/* The bytes of a 32-bit number, each in a word. */
static inline uint64_t bytes_apart(uint32_t v)
{
    uint64_t halves = (v | (uint64_t)v << 16) & UINT64_C(0x0000FFFF0000FFFF);
    return (halves | halves << 8) & UINT64_C(0x00FF00FF00FF00FF);
}

static inline uint64_t interleave_bw(uint32_t a, uint32_t b)
{
    return bytes_apart(a) | bytes_apart(b) << 8;
}

static inline uint64_t interleave_wd(uint32_t a, uint32_t b)
{
    return put16(a, 0) | put16(b, 1) | put16(a >> 16, 2) | put16(b >> 16, 3);
}

static inline uint64_t interleave_dq(uint32_t a, uint32_t b)
{
    return put32(a, 0) | put32(b, 1);
}

/* --- Shuffles --- */

/* PSHUFW: each two bits of `order` choose a word. */
static inline uint64_t pshufw(uint64_t a, unsigned order)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(lane_u16(a, order >> 2 * n & 3), n);
    return r;
}

/* The top bits of eight bytes as a number. */
static inline unsigned byte_signs(uint64_t a)
{
    /* Byte n's sign meets 2^(56 - 7n) of the factor at bit 56 + n; no other product gets there. */
    return (unsigned)((a >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56);
}

#endif
