/* SPDX-License-Identifier: MIT */
/* 128-bit products and quotients on hosts with and without a 128-bit type. */
#ifndef LATHE_CORE_X86_INT128_H
#define LATHE_CORE_X86_INT128_H

#include <stdbool.h>
#include <stdint.h>

struct i128 {
    uint64_t high, low;
};

struct i128 i128_mul(uint64_t a, uint64_t b);
struct i128 i128_mul_signed(int64_t a, int64_t b);

/* False where the divisor is zero or the quotient does not fit 64 bits. */
bool i128_div(struct i128 n, uint64_t divisor, uint64_t *quotient, uint64_t *remainder);
bool i128_div_signed(struct i128 n, int64_t divisor, int64_t *quotient, int64_t *remainder);

#endif
