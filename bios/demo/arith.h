/* SPDX-License-Identifier: MIT */
/* Arithmetic on 64-bit intermediate results, which gcc -m16 has no library for. */
#ifndef BIOS_DEMO_ARITH_H
#define BIOS_DEMO_ARITH_H
#include <stdint.h>

/* a * b / c without overflow in between; all ones where the quotient does not fit. */
static inline uint32_t mul_div(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t low, high;
    __asm__("mull %3" : "=a"(low), "=d"(high) : "0"(a), "r"(b) : "cc");
    if (high >= c)
        return 0xffffffffu;
    __asm__("divl %2" : "+a"(low), "+d"(high) : "r"(c) : "cc");
    return low;
}

#endif
