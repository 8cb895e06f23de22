/* SPDX-License-Identifier: MIT */
/* Rows of the instruction table as bytes, with random prefixes, registers and addressing forms. */
#ifndef LATHE_TESTS_SILICON_ENCODE_H
#define LATHE_TESTS_SILICON_ENCODE_H

#include "tests/silicon/form.h"
#include "tests/support/rng.h"

struct encoding {
    uint8_t bytes[24]; /* more than 15 are possible with many prefixes: the processor raises #GP */
    unsigned size;
    unsigned disp_at, disp_size;           /* displacement or moffs; size 0: none */
    unsigned immediate_at, immediate_size; /* of the first immediate */
    unsigned op_size, addr_size;
};

enum { ENCODE_PLAIN = 1 /* only the prefixes that the row needs */ };

/* Writes an instruction of the form for MODE_32 or MODE_64; displacement and immediates are random. */
void encode_form(struct encoding *e, const struct form *form, unsigned mode, unsigned how, struct rng *rng);

#endif
