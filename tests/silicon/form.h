/* SPDX-License-Identifier: MIT */
/* Rows of the instruction table in a form from which instructions can be written. Parsed apart from the
 * decoder, so that it, too, is tested. */
#ifndef LATHE_TESTS_SILICON_FORM_H
#define LATHE_TESTS_SILICON_FORM_H

#include "core/x86/insn.h"

enum form_immediate {
    FORM_NO_IMMEDIATE,
    FORM_IB,
    FORM_IW,
    FORM_IZ, /* 2 or 4 bytes by operand size */
    FORM_IV, /* 2, 4 or 8 bytes */
    FORM_IW_IB,
    FORM_AP, /* far pointer */
    FORM_JB,
    FORM_JZ,
    FORM_MOFFS,
};

struct form {
    const struct insn_row *row;
    uint16_t number;   /* of the row */
    uint8_t prefix;    /* mandatory one, or 0 */
    bool none;         /* NP: no 66, F2 or F3 */
    uint8_t rex;       /* REX bits that must be set */
    uint8_t opcode[3]; /* map and opcode */
    uint8_t opcode_size;
    int8_t digit;      /* ModRM.reg, or -1 */
    int16_t exact;     /* ModRM byte, or -1 */
    uint8_t immediate; /* enum form_immediate */
    bool modrm, opcode_reg;
    bool registers, memory; /* forms of the ModRM operand that exist */
    bool sized;             /* 66 chooses the operand size */
    bool string;            /* X or Y operand */
    bool far_pointer;       /* Mp or Ap */
};

void form_parse(struct form *form, unsigned row);

/* The row's operands name one that begins with `letter`. */
bool form_has_operand(const struct form *form, char letter);

/* Rows about which the tester asks. */
bool form_is_x87(const struct form *form);
bool form_is_simd(const struct form *form);

#endif
