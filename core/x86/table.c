/* SPDX-License-Identifier: MIT */
/* The instruction table as data: insn.def expanded. */
#include <stddef.h>

#include "core/x86/exec/handlers.h"
#include "core/x86/regs.h"

enum flag_sets {
    F_C = EFLAGS_CF,
    F_P = EFLAGS_PF,
    F_A = EFLAGS_AF,
    F_Z = EFLAGS_ZF,
    F_S = EFLAGS_SF,
    F_O = EFLAGS_OF,
    F_ALL = EFLAGS_OSZAPC
};

/* clang-format off */
#define ALL4(fn)  {fn, fn, fn, fn}
#define B(name)   {{name##_r8}, {name##_m8}}, NULL
#define V(name)   {{NULL, name##_r16, name##_r32, name##_r64}, {NULL, name##_m16, name##_m32, name##_m64}}, NULL
#define N(name)   {{name##_16, name##_16, name##_32, name##_64}, {name##_16, name##_16, name##_32, name##_64}}, NULL
#define OP(name)  {ALL4(exec_op), ALL4(exec_op)}, name
#define DOP(name) {ALL4(name##_direct), ALL4(name##_direct)}, name
#define SOP(name) {ALL4(exec_serial_op), ALL4(exec_serial_op)}, name
#define ROW(mnemonic, encoding, operands, handlers, feature, modes, class, read, written, undefined, may_fault) \
    {mnemonic, encoding, operands, handlers, feature, modes, class, read, written, undefined, may_fault},

const struct insn_row insn_table[] = {
#include "core/x86/insn.def"
};
/* clang-format on */

const unsigned insn_table_rows = sizeof insn_table / sizeof insn_table[0];
