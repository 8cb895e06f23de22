/* SPDX-License-Identifier: MIT */
#include "core/x86/undefined.h"

#include "core/x86/regs.h"

enum flag_sets {
    F_C = EFLAGS_CF,
    F_P = EFLAGS_PF,
    F_A = EFLAGS_AF,
    F_S = EFLAGS_SF,
    F_O = EFLAGS_OF,
    F_ALL = EFLAGS_OSZAPC
};

#define UNDEFINED(mnemonic, when, what, flags) {mnemonic, when, what, flags},

const struct insn_undefined insn_undefined_table[] = {
#include "core/x86/insn_undefined.def"
};

const unsigned insn_undefined_rows = sizeof insn_undefined_table / sizeof insn_undefined_table[0];
