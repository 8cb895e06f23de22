/* SPDX-License-Identifier: MIT */
/* What CPU this is. */
#ifndef BIOS_DEMO_CPU_H
#define BIOS_DEMO_CPU_H
#include <stdint.h>

struct cpu {
    uint8_t class; /* 3, 4, ... as in 80386, 80486; with CPUID its family */
    uint8_t has_cpuid;
    uint8_t has_tsc;
    uint8_t has_fpu;
    uint32_t highest;   /* leaf of CPUID */
    uint32_t signature; /* leaf 1 EAX */
    uint32_t features;  /* leaf 1 EDX */
    char vendor[13];
    char brand[49]; /* empty where the CPU has none */
};

void cpu_identify(struct cpu *cpu);
/* Low half of the time stamp counter. */
uint32_t cpu_tsc(void);

#endif
