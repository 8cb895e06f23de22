/* SPDX-License-Identifier: MIT */
/* Model-specific registers (SDM 4). */
#ifndef LATHE_CORE_X86_MSR_H
#define LATHE_CORE_X86_MSR_H

#include "core/x86/cpu.h"

/* False where the register does not exist on this model or the value sets reserved bits: the caller raises
 * #GP. */
bool msr_read(struct cpu *cpu, uint32_t index, uint64_t *value);
bool msr_write(struct cpu *cpu, uint32_t index, uint64_t value);

#endif
