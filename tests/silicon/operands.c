/* SPDX-License-Identifier: MIT */
#include "tests/silicon/operands.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/fpu/x87.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

uint64_t random_integer(struct rng *rng)
{
    uint64_t r = rng_next(rng), bit = UINT64_C(1) << (r >> 16 & 63);
    switch (r & 15) {
    case 0: return 0;
    case 1: return 1;
    case 2: return ~UINT64_C(0);
    case 3: return bit;
    case 4: return bit - 1;
    case 5: return ~bit;
    case 6: return UINT64_C(0) - bit;
    case 7: return r >> 32 & 63;
    case 8: return UINT64_C(0) - (r >> 32 & 63);
    case 9: return (uint64_t)(int64_t)(int8_t)(r >> 32);
    case 10: return r >> 32 & 0xFFFF;
    case 11: return rng_next(rng) >> (r >> 16 & 63);
    case 12: return UINT64_C(0x8080808080808080) ^ (r >> 63);
    default: return rng_next(rng);
    }
}

/* A number of the format near the exponents where things happen. */
static uint64_t random_float(struct rng *rng, unsigned fraction, unsigned exponent_bits)
{
    uint64_t r = rng_next(rng), m = rng_next(rng) >> (64 - fraction);
    unsigned top = (1u << exponent_bits) - 1, bias = top >> 1;
    const unsigned anchors[] = {0,       0,   1,   bias,    bias, bias + 31, bias + 63, bias + fraction,
                                top - 1, top, top, bias / 2};
    unsigned exponent = anchors[r % COUNT(anchors)];
    if (r >> 8 & 1)
        exponent += (unsigned)(r >> 16 & 7) - 4;
    else if (r >> 9 & 1)
        exponent = (unsigned)(r >> 16);
    switch (r >> 10 & 7) {
    case 0: m = 0; break;
    case 1: m = (UINT64_C(1) << fraction) - 1; break;
    case 2: m = UINT64_C(1) << (r >> 32) % fraction; break;
    case 3: m >>= (r >> 32) % fraction; break;
    default: break;
    }
    return (r >> 63) << (fraction + exponent_bits) | (uint64_t)(exponent & top) << fraction | m;
}

static uint64_t random_edge_bytes(struct rng *rng)
{
    static const uint8_t edges[8] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x00, 0xFF};
    uint64_t r = rng_next(rng), value = 0;
    for (unsigned i = 0; i < 64; i += 8)
        value |= (uint64_t)edges[r >> i & 7] << i;
    return value;
}

uint64_t random_lanes(struct rng *rng, unsigned kind)
{
    switch (kind & 7) {
    case 0:
    case 1: return random_float(rng, 23, 8) | random_float(rng, 23, 8) << 32;
    case 2:
    case 3: return random_float(rng, 52, 11);
    case 4: return random_edge_bytes(rng);
    case 5: return rng_next(rng) >> (rng_next(rng) & 63);
    case 6: return rng_next(rng) & 0x0F0F0F0F0F0F0F0F;
    default: return rng_next(rng);
    }
}

static uint64_t random_mantissa(struct rng *rng)
{
    uint64_t r = rng_next(rng), shape = rng_next(rng), top = UINT64_C(1) << 63;
    unsigned shift = shape >> 8 & 63;
    switch (shape & 15) {
    case 0: return top;
    case 1: return ~UINT64_C(0);
    case 2: return 0;
    case 3: return UINT64_C(3) << 62;
    case 4: return ~UINT64_C(0) << shift | top;
    case 5: return top | UINT64_C(1) << shift;
    case 6: return r >> shift;
    case 7: return top + (r >> shift);
    case 8: return (top | r) & ~UINT64_C(0) << shift;
    case 9: return ((top | r) & ~UINT64_C(0) << shift) + (UINT64_C(1) << shift >> 1);
    case 10: return ~(r >> shift);
    default: return top | r;
    }
}

void random_x87_register(struct rng *rng, uint8_t bytes[10])
{
    static const uint16_t anchors[] = {0,      0,      1,      0x3FFF, 0x3FFF, 0x7FFE, 0x7FFF,
                                       0x7FFF, 0x3F81, 0x3F6A, 0x407E, 0x3C01, 0x3BCD, 0x43FE,
                                       0x400E, 0x401E, 0x403E, 0x403A, 0x0040, 0x7FBE};
    uint64_t r = rng_next(rng), mantissa = random_mantissa(rng);
    unsigned exponent = anchors[r % COUNT(anchors)];
    if (r >> 8 & 1)
        exponent += (unsigned)(r >> 16 & 7) - 4u;
    else if (r >> 9 & 1)
        exponent = (unsigned)(r >> 16);
    else if (r >> 10 & 1)
        exponent = 0x3FFF + (unsigned)(r >> 16 & 127) - 64u;
    exponent &= 0x7FFF;
    if (exponent && r >> 57) /* keep unnormals rare */
        mantissa |= UINT64_C(1) << 63;
    store_le64(bytes, mantissa);
    store_le16(bytes + 8, (uint16_t)(exponent | (r >> 40 & 0x8000)));
}

uint64_t random_x87_memory(struct rng *rng)
{
    static const uint64_t anchors[] = {0,
                                       1,
                                       UINT64_C(0x7FF0000000000000),
                                       UINT64_C(0x7F8000007F800000),
                                       UINT64_C(0xFFC00000FFC00000),
                                       UINT64_C(0x000FFFFFFFFFFFFF),
                                       UINT64_C(0x3FF0000000000000),
                                       UINT64_C(0x3F8000003F800000),
                                       UINT64_C(0x8000000080008000),
                                       UINT64_C(0x0000000100000001),
                                       UINT64_C(0x007FFFFF007FFFFF),
                                       UINT64_C(0x7FFFFFFFFFFFFFFF)};
    uint64_t r = rng_next(rng), v = anchors[r % COUNT(anchors)];
    switch (r >> 8 & 3) {
    case 0: return rng_next(rng);
    case 1: return v ^ (rng_next(rng) & 1) << 63 ^ (rng_next(rng) & 1) << 31;
    case 2: return v ^ rng_next(rng) >> (r >> 16 & 63);
    default: return v ^ rng_next(rng) << (r >> 16 & 63);
    }
}

/* FTW of FXSAVE: a bit for each register in use; mostly full, sometimes with room on top, sometimes anything.
 */
static uint8_t random_tags(uint64_t r, unsigned top)
{
    uint8_t tags = r >> 2 & 3 ? 0xFF : (uint8_t)(r >> 56 | (r >> 4 & 7 ? 3u << top : 0));
    if (r >> 8 & 1)
        tags &= (uint8_t) ~(1u << ((top + 7) & 7));
    return tags;
}

static void set_status(struct silicon_state *s, uint16_t control, uint16_t status)
{
    if (status & ~control & FLOAT_EXCEPTIONS)
        status |= X87_ES | X87_B;
    store_le16(s->fx + FX_CONTROL, control);
    store_le16(s->fx + FX_STATUS, status);
}

void random_x87_state(struct rng *rng, struct silicon_state *s)
{
    uint64_t r = rng_next(rng);
    uint16_t control = (uint16_t)((r & 1 ? r >> 16 : (r >> 16 | 0x3F)) & X87_CONTROL_WRITABLE) | 0x40;
    uint16_t status = r >> 32 & (X87_C0 | X87_C1 | X87_C2 | X87_C3 | 7u << X87_TOP_SHIFT | 0x7F);
    if (r >> 60) /* an error rarely waits */
        status &= (uint16_t)(control | ~0x3Fu);
    set_status(s, control, status);
    s->fx[FX_TAG] = random_tags(rng_next(rng), status >> X87_TOP_SHIFT & 7);
    for (unsigned i = 0; i < 8; i++)
        random_x87_register(rng, s->fx + FX_ST + 16 * i);
    uint64_t near = rng_next(rng);
    if (near & 1) { /* operands of nearby magnitude */
        uint16_t exponent = (uint16_t)(load_le16(s->fx + FX_ST + 8) + (near >> 8 & 127) - 64);
        store_le16(s->fx + FX_ST + 24, exponent);
    }
}

void random_mmx_state(struct rng *rng, struct silicon_state *s, unsigned kind)
{
    uint64_t r = rng_next(rng);
    uint16_t status = r >> 16 & (X87_C0 | X87_C1 | X87_C2 | X87_C3 | 7u << X87_TOP_SHIFT);
    bool waits = (r >> 32 & 31) == 0;
    set_status(s, waits ? 0x037F & ~FLOAT_PE : 0x037F, waits ? status | FLOAT_PE : status);
    s->fx[FX_TAG] = (uint8_t)(r >> 8);
    for (unsigned i = 0; i < 8; i++) {
        store_le64(s->fx + FX_ST + 16 * i, random_lanes(rng, kind));
        store_le16(s->fx + FX_ST + 16 * i + 8, (uint16_t)rng_next(rng));
    }
}

/* Unmasked exceptions in a quarter of the cases; rounding, DAZ, FTZ; sticky flags. */
static uint32_t random_mxcsr(struct rng *rng)
{
    uint64_t r = rng_next(rng);
    uint32_t masks = r >> 32 & 3 ? 0x1F80 : r >> 34 & 0x1F80;
    return (uint32_t)(masks | (r & 3) << 13 | (r >> 2 & 1) << 15 | (r >> 3 & 1) << 6 |
                      (r & 0x10 ? r >> 8 & 0x3F : 0));
}

void random_xmm_state(struct rng *rng, struct silicon_state *s, unsigned kind)
{
    store_le32(s->fx + FX_MXCSR, random_mxcsr(rng));
    for (unsigned i = 0; i < 32; i++)
        store_le64(s->fx + FX_XMM + 8 * i, random_lanes(rng, kind));
    if (kind >> 8 & 1) /* equal lanes */
        memcpy(s->fx + FX_XMM + (kind >> 12 & 7) * 16, s->fx + FX_XMM + (kind >> 16 & 7) * 16, 12);
}
