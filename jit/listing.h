/* SPDX-License-Identifier: MIT */
/* Disassembly, for people and for tests of code quality. It needs capstone; listing_is_available tells
 * whether this build has it. */
#ifndef LATHE_JIT_LISTING_H
#define LATHE_JIT_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

bool listing_is_available(void);

/* One line an instruction of code that runs at `address` in a mode of 16, 32 or 64 bits; without a
 * disassembler its bytes, 16 a line. */
void listing_print(FILE *out, const uint8_t *code, size_t size, uint64_t address, unsigned bits);

/* Instructions of 64-bit code. 0: no disassembler, or bytes that it does not know. */
size_t listing_count(const uint8_t *code, size_t size);

#endif
