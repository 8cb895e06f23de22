/* SPDX-License-Identifier: MIT */
/* 128-bit products and quotients on hosts with and without a 128-bit type. */
#ifndef LATHE_CORE_X86_WIDE_H
#define LATHE_CORE_X86_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct wide {
    uint64_t high, low;
};

struct wide wide_mul(uint64_t a, uint64_t b);
struct wide wide_mul_signed(int64_t a, int64_t b);

/* False where the divisor is zero or the quotient does not fit 64 bits. */
bool wide_div(struct wide n, uint64_t divisor, uint64_t *quotient, uint64_t *remainder);
bool wide_div_signed(struct wide n, int64_t divisor, int64_t *quotient, int64_t *remainder);

#endif
