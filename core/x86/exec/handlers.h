/* SPDX-License-Identifier: MIT */
/* Declarations of every handler and operation that the instruction table names, expanded from it. */
#ifndef LATHE_CORE_X86_EXEC_HANDLERS_H
#define LATHE_CORE_X86_EXEC_HANDLERS_H

#include "core/x86/insn.h"

#define B(name)                                                     name##_r8, name##_m8
#define V(name)                                                     name##_r16, name##_r32, name##_r64, name##_m16, name##_m32, name##_m64
#define N(name)                                                     name##_16, name##_32, name##_64
#define OP(name)                                                    exec_op
#define DOP(name)                                                   name##_direct
#define SOP(name)                                                   exec_serial_op
#define ROW(m, encoding, operands, handlers, f, md, c, r, w, u, mf) insn_fn handlers;
#include "core/x86/insn.def"
#undef ROW
#undef B
#undef V
#undef N
#undef OP
#undef DOP
#undef SOP

#define B(name)                                                      exec_none
#define V(name)                                                      exec_none
#define N(name)                                                      exec_none
#define OP(name)                                                     name
#define DOP(name)                                                    name
#define SOP(name)                                                    name
#define ROW(m, encoding, operands, operation, f, md, c, r, w, u, mf) insn_op operation;
#include "core/x86/insn.def"
#undef ROW
#undef B
#undef V
#undef N
#undef OP
#undef DOP
#undef SOP

#define FORM(name, width) insn_fn name##_b##width;
#include "core/x86/exec/base_forms.def"
#undef FORM

/* The handler for a memory operand whose 32-bit address has no index; the general one where there is none. */
insn_fn *exec_base_form(insn_fn *general);

/* Runs insn_table[row].op and goes on; SOP's form commits cpu->next_rip and ends the trace. DOP's operations have
 * handlers of their own, made by exec/direct.inc. */
insn_fn exec_op, exec_serial_op;

/* Computes the address of an INSN_FAR operand into GPR_FAR, then runs the instruction's own handler. */
insn_fn exec_far_operand;

/* Ends of traces, and what takes an instruction's place: an undefined opcode, an instruction longer than 15
 * bytes, the end of a trace without a branch, and the stop that trace_stop_after plants. */
insn_fn exec_undefined, exec_too_long, exec_trace_end, exec_stop;

/* Any instruction behind LOCK on a 286: #GP where CPL is above IOPL. */
insn_fn exec_locked;

#endif
