/* SPDX-License-Identifier: MIT */
/* System management mode: entry, state save map, resume (SDM 3C 31; AMD64 APM 2, 10). */
#ifndef LATHE_CORE_X86_SMM_H
#define LATHE_CORE_X86_SMM_H

#include "core/x86/cpu.h"

enum { SMBASE_AFTER_RESET = 0x30000 };

/* Whether an SMI must be taken at this instruction boundary (SDM 3A table 6-2: before debug traps, NMI and
 * INTR, after the trap of a task switch). */
static inline bool smi_deliverable(const struct cpu *cpu)
{
    return cpu->smi_pending && !cpu->smm && cpu->shadow == SHADOW_NONE && !(cpu->debug_hits & DR6_BT);
}

/* Takes the pending SMI: saves the state below SMBASE + 10000h and continues at SMBASE + 8000h. */
void smm_enter(struct cpu *cpu);

/* RSM: back to the saved state, with cpu->next_rip set; shutdown where that state is impossible. #UD and
 * false outside SMM. */
bool smm_resume(struct cpu *cpu);

#endif
