/* SPDX-License-Identifier: MIT */
/* What the processor calls itself. */
#ifndef BIOS_SYSTEM_CPU_NAME_H
#define BIOS_SYSTEM_CPU_NAME_H
#include <stdbool.h>
#include <stdint.h>

/* Prints the brand string, or vendor and family, or what a processor without CPUID must be. */
void cpu_print_name(void);

/* CPUID leaf 1: EAX and EDX; false without CPUID. */
bool cpu_identify(uint32_t *signature, uint32_t *features);

#endif
