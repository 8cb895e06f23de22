/* SPDX-License-Identifier: MIT */
#ifndef LATHE_TESTS_JIT_SNIPPETS_H
#define LATHE_TESTS_JIT_SNIPPETS_H

#include <stdint.h>

enum { SNIPPET_BYTES = 48 };

/* A short program that ends with a jump to itself. */
struct snippet {
    const char *name;
    unsigned bits;      /* 16: real-address mode; 32 and 64: flat */
    const char *source; /* NASM syntax, without that jump */
    unsigned size;
    uint8_t code[SNIPPET_BYTES];
};

extern const struct snippet snippets[];
extern const unsigned snippet_count;

#endif
