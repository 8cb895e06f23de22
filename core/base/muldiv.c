/* SPDX-License-Identifier: MIT */
#include "core/base/muldiv.h"

struct u128 {
    uint64_t high, low;
};

static struct u128 multiply(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t middle2 = a_low * b_high + (uint32_t)middle;
    return (struct u128){a_high * b_high + (middle >> 32) + (middle2 >> 32), (middle2 << 32) | (uint32_t)low};
}

/* Bit by bit: only where the product does not fit 64 bits. Needs n.high < divisor. */
static uint64_t divide(struct u128 n, uint64_t divisor)
{
    uint64_t remainder = n.high, quotient = n.low;
    for (int i = 0; i < 64; i++) {
        uint64_t carry = remainder >> 63;
        remainder = (remainder << 1) | (quotient >> 63);
        quotient <<= 1;
        if (carry || remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

uint64_t muldiv64(uint64_t a, uint64_t b, uint64_t c)
{
    struct u128 product = multiply(a, b);
    if (!product.high)
        return product.low / c;
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((((wide)product.high << 64) | product.low) / c);
#else
    return divide(product, c);
#endif
}

uint64_t muldiv64_up(uint64_t a, uint64_t b, uint64_t c)
{
    struct u128 product = multiply(a, b);
    product.low += c - 1;
    if (product.low < c - 1)
        product.high++;
    return product.high ? divide(product, c) : product.low / c;
}
