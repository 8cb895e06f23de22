/* SPDX-License-Identifier: MIT */
/* The decoder: bytes to struct insn, driven by the instruction table. */
#ifndef LATHE_CORE_X86_DECODE_H
#define LATHE_CORE_X86_DECODE_H

#include "core/x86/insn.h"
#include "core/x86/regs.h"

struct cpu_model;
struct decoder;

enum { INSN_MAX_LENGTH = 15 };

enum decode_result {
    DECODE_OK,   /* *insn is complete; an undefined opcode decodes to exec_undefined */
    DECODE_MORE, /* the instruction goes on behind the bytes given, or behind INSN_MAX_LENGTH bytes on models
                  * without a longest instruction */
};

/* A decoder for one CPU model: rows of features that it lacks do not exist. Never NULL; free with
 * decoder_free. */
struct decoder *decoder_new(const struct cpu_model *model);
void decoder_free(struct decoder *decoder);

/* Decodes one instruction from `available` bytes. insn->offset is taken as given (it enters branch
 * displacements). */
enum decode_result decode_insn(const struct decoder *decoder, enum cpu_mode mode, const uint8_t *bytes,
                               unsigned available, struct insn *insn);

/* The handler that the table names for a decoded instruction: insn->fn but where something stands before it
 * (exec_far_operand, exec_stop) or does the same sooner (base_forms.def). */
insn_fn *insn_handler(const struct insn *insn);

#endif
