/* SPDX-License-Identifier: MIT */
/* Random guest code: instructions of the table with operands that aim at what can break. */
#ifndef LATHE_TESTS_FUZZ_CODE_H
#define LATHE_TESTS_FUZZ_CODE_H

#include <stddef.h>

#include "tests/support/rng.h"

struct code {
    struct rng *rng;
    uint8_t *bytes;
    size_t size, capacity;
    bool wide;          /* 32-bit operands and addresses by default */
    bool rex;           /* with REX prefixes */
    uint32_t ram_bytes; /* of the machine that runs it */
};

/* Appends the low `size` bytes of a value, as far as there is room. */
static inline void code_put(struct code *code, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size && code->size < code->capacity; i++)
        code->bytes[code->size++] = (uint8_t)(value >> (8 * i));
}

/* Addresses, ports and selectors that something is behind, or just not. */
uint32_t fuzz_address(struct rng *rng, uint32_t ram_bytes);
uint16_t fuzz_port(struct rng *rng);
uint16_t fuzz_selector(struct rng *rng);
uint32_t fuzz_cr0(struct rng *rng);
uint32_t fuzz_eflags(struct rng *rng);

/* Appends an instruction of any row of the table. */
void fuzz_row(struct code *code);

/* Fills the buffer to its capacity. */
void fuzz_code(struct code *code);

#endif
