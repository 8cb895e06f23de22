/* SPDX-License-Identifier: MIT */
/* Division and square root on 128 bits: schoolbook division (Knuth 4.3.1 D) and Zimmermann's recursive square
 * root. */
#include "core/x86/fpu/uint128.h"

/* One 32-bit quotient digit of (hi:next) / d, d normalised; *hi becomes the remainder. */
static uint64_t divide_digit(uint64_t *hi, uint32_t next, uint64_t d)
{
    uint64_t dh = d >> 32, dl = (uint32_t)d;
    uint64_t q = *hi / dh, r = *hi % dh;
    while (q >> 32 || q * dl > (r << 32 | next)) {
        q--;
        r += dh;
        if (r >> 32)
            break;
    }
    *hi = (*hi << 32 | next) - q * d;
    return q;
}

uint64_t u128_div64(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *remainder)
{
    unsigned shift = clz64(d);
    struct u128 n = u128_shl((struct u128){hi, lo}, shift);
    d <<= shift;
    uint64_t r = n.hi;
    uint64_t q1 = divide_digit(&r, (uint32_t)(n.lo >> 32), d);
    uint64_t q0 = divide_digit(&r, (uint32_t)n.lo, d);
    *remainder = r >> shift;
    return q1 << 32 | q0;
}

struct u128 u128_ratio(struct u128 a, struct u128 b)
{
    struct u128 q = {0, 0};
    uint64_t digit[3] = {0};
    /* Integer part first (0 or 1), then two 64-bit digits of the fraction. */
    if (!u128_less(a, b)) {
        a = u128_sub(a, b);
        digit[0] = 1;
    }
    for (int i = 1; i < 3; i++) {
        /* a < b: estimate with the top of b, then correct the product downwards. */
        uint64_t rest;
        uint64_t estimate = a.hi >= b.hi ? UINT64_MAX : u128_div64(a.hi, a.lo, b.hi, &rest);
        struct u128 low = u128_mul64(estimate, b.lo), high = u128_mul64(estimate, b.hi);
        /* product = high * 2^64 + low, 192 bits; remainder = a * 2^64 - product */
        uint64_t p0 = low.lo, p1 = low.hi + high.lo, p2 = high.hi + (p1 < low.hi);
        uint64_t r0 = 0 - p0, r1 = a.lo - p1 - (p0 != 0);
        bool borrow = a.lo < p1 || (a.lo == p1 && p0 != 0);
        uint64_t r2 = a.hi - p2 - borrow;
        while (r2 >> 63) {
            estimate--;
            r0 += b.lo;
            uint64_t carry = r0 < b.lo;
            uint64_t sum = r1 + b.hi;
            uint64_t carry2 = sum < r1;
            r1 = sum + carry;
            carry2 += r1 < sum;
            r2 += carry2;
        }
        digit[i] = estimate;
        a = (struct u128){r1, r0};
    }
    q.hi = digit[0] << 63 | digit[1] >> 1;
    q.lo = digit[1] << 63 | digit[2] >> 1;
    return q;
}

/* Square root of a 32-bit value with one of the top two bits set, by digit pairs. */
static uint32_t sqrt32(uint32_t a, uint32_t *remainder)
{
    uint32_t root = 0, rest = 0;
    for (int i = 0; i < 16; i++) {
        rest = rest << 2 | a >> 30;
        a <<= 2;
        root <<= 1;
        if (rest > root << 1) {
            rest -= (root << 1) + 1;
            root++;
        }
    }
    *remainder = rest;
    return root;
}

static uint64_t sqrt64(uint64_t a, uint64_t *remainder)
{
    uint32_t rest;
    uint64_t s = sqrt32((uint32_t)(a >> 32), &rest);
    uint64_t n = (uint64_t)rest << 16 | ((a >> 16) & 0xffff);
    uint64_t q = n / (2 * s), u = n % (2 * s);
    s = (s << 16) + q;
    uint64_t r = (u << 16 | (a & 0xffff)) - q * q;
    if (r >> 63) {
        r += 2 * s - 1;
        s--;
    }
    *remainder = r;
    return s;
}

uint64_t u128_sqrt(struct u128 a, struct u128 *remainder)
{
    uint64_t rest, u;
    uint64_t s = sqrt64(a.hi, &rest);
    /* rest <= 2 s: the dividend has up to 65 bits, so divide halves: 2 s q <= rest * 2^32 + high half of a.lo
     */
    struct u128 n = u128_add(u128_shl((struct u128){0, rest}, 32), (struct u128){0, a.lo >> 32});
    uint64_t q = u128_div64(n.hi, n.lo, 2 * s, &u);
    struct u128 r = u128_add(u128_shl((struct u128){0, u}, 32), (struct u128){0, (uint32_t)a.lo});
    struct u128 square = u128_mul64(q, q);
    /* q can be 2^32; the root then overflows its low half into the high one, and one correction step fixes
     * it. */
    struct u128 root = u128_add(u128_shl((struct u128){0, s}, 32), (struct u128){0, q});
    r = u128_sub(r, square);
    while (r.hi >> 63) {
        struct u128 twice = u128_sub(u128_shl(root, 1), (struct u128){0, 1});
        r = u128_add(r, twice);
        root = u128_sub(root, (struct u128){0, 1});
    }
    *remainder = r;
    return root.lo;
}
