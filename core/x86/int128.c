/* SPDX-License-Identifier: MIT */
#include "core/x86/int128.h"

struct i128 i128_mul(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t middle2 = a_low * b_high + (uint32_t)middle;
    return (struct i128){a_high * b_high + (middle >> 32) + (middle2 >> 32), (middle2 << 32) | (uint32_t)low};
}

struct i128 i128_mul_signed(int64_t a, int64_t b)
{
    struct i128 product = i128_mul((uint64_t)a, (uint64_t)b);
    if (a < 0)
        product.high -= (uint64_t)b;
    if (b < 0)
        product.high -= (uint64_t)a;
    return product;
}

static struct i128 negate(struct i128 v)
{
    v.low = 0 - v.low;
    v.high = ~v.high + (v.low == 0);
    return v;
}

bool i128_div(struct i128 n, uint64_t divisor, uint64_t *quotient, uint64_t *remainder)
{
    if (n.high >= divisor)
        return false;
    if (!n.high) {
        *quotient = n.low / divisor;
        *remainder = n.low % divisor;
        return true;
    }
    uint64_t rest = n.high, low = n.low;
    for (int i = 0; i < 64; i++) {
        bool carry = (rest >> 63) != 0;
        rest = rest << 1 | low >> 63;
        low <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            low |= 1;
        }
    }
    *quotient = low;
    *remainder = rest;
    return true;
}

bool i128_div_signed(struct i128 n, int64_t divisor, int64_t *quotient, int64_t *remainder)
{
    bool negative = (n.high >> 63) != 0, opposite = negative != (divisor < 0);
    uint64_t q, r;
    uint64_t magnitude = divisor < 0 ? 0 - (uint64_t)divisor : (uint64_t)divisor;
    if (!i128_div(negative ? negate(n) : n, magnitude, &q, &r))
        return false;
    if (q > (UINT64_C(1) << 63) - !opposite)
        return false;
    *quotient = (int64_t)(opposite ? 0 - q : q);
    *remainder = (int64_t)(negative ? 0 - r : r);
    return true;
}
