/* SPDX-License-Identifier: MIT */
/* x87, MMX and SSE instructions that a host of the same architecture can execute itself: what the operand
 * column of the instruction table says about them. */
#ifndef LATHE_JIT_FP_FORM_H
#define LATHE_JIT_FP_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/x86/insn.h"

struct fp_form {
    uint8_t parts; /* enum fp_part that it works on; 0: not such an instruction */
    uint8_t bytes; /* of its memory operand; 0: by the operand size */
    bool aligned;  /* a memory operand must be a multiple of 16 */
    bool stores;   /* the memory operand is the destination */
    bool compares; /* makes CF, PF, ZF */
    bool pointers; /* FIP, and with a memory operand FDP, come to name it */
    bool has_imm;
    bool general;       /* may write a general register */
    bool loads_control; /* FLDCW */
    int8_t cond;        /* of FCMOV, as in Jcc opcodes; else -1 */
    uint8_t prefix;     /* mandatory: 66, F2, F3; 0: none */
    uint8_t map;        /* 1: 0F, 2: 0F 38, 3: 0F 3A; 0: x87 */
    uint8_t opcode;
    int8_t digit; /* ModRM.reg, or -1: a register */
};

/* Whether results are the same on every processor of the architecture; transcendentals and approximations are
 * not. */
struct fp_form fp_form_of(const struct insn_row *row);

#endif
