/* SPDX-License-Identifier: MIT */
#ifndef LATHE_CORE_X86_EXEC_STRING_286_H
#define LATHE_CORE_X86_EXEC_STRING_286_H

#include "core/x86/cpu.h"

/* A string instruction has faulted in its memory access. A 286 does not put back what it has counted ahead:
 * pointers by `step`, CX under a repeat prefix. Later models are left as they are. */
void string_fault_286(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t step);

#endif
