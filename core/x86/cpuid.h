/* SPDX-License-Identifier: MIT */
/* CPUID (SDM 2A): what a model says of itself. */
#ifndef LATHE_CORE_X86_CPUID_H
#define LATHE_CORE_X86_CPUID_H

#include <stdint.h>

struct cpu;

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

/* Where CR4 or the mode show in a leaf, the processor's present state counts. A leaf above the highest
 * answers as the highest basic one does. */
struct cpuid_result cpuid_read(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf);

#endif
