/* SPDX-License-Identifier: MIT */
/* Which EFLAGS bits a program may change (SDM 1 3.4.3, 2B POPF). */
#ifndef LATHE_CORE_X86_EFLAGS_H
#define LATHE_CORE_X86_EFLAGS_H

#include "core/x86/cpu.h"
#include "core/x86/model.h"

/* Open to every privilege level. */
#define EFLAGS_ANY_LEVEL                                                                                     \
    ((uint32_t)(EFLAGS_OSZAPC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID))

/* Replaces the bits of `mask` that the model has; the caller derives. */
static inline void eflags_write(struct cpu *cpu, uint32_t value, uint32_t mask)
{
    mask &= cpu->model->eflags_mask;
    cpu_set_eflags(cpu, (cpu_get_eflags(cpu) & ~mask) | (value & mask));
}

#endif
