/* SPDX-License-Identifier: MIT */
/* Exact a * b / c with a 128-bit product, on hosts with and without a 128-bit type. */
#ifndef LATHE_CORE_BASE_MULDIV_H
#define LATHE_CORE_BASE_MULDIV_H

#include <stdint.h>

/* floor(a * b / c); the quotient must fit 64 bits, c must not be zero. */
uint64_t muldiv64(uint64_t a, uint64_t b, uint64_t c);

/* ceil(a * b / c). */
uint64_t muldiv64_up(uint64_t a, uint64_t b, uint64_t c);

#endif
