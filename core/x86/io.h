/* SPDX-License-Identifier: MIT */
/* Port accesses by instructions that are already permitted: the access, its I/O breakpoints, and the time it
 * takes. */
#ifndef LATHE_CORE_X86_IO_H
#define LATHE_CORE_X86_IO_H

#include "core/x86/cpu.h"

/* size: 1, 2 or 4. The clock must be exact (cpu_insns_now). */
uint32_t io_read(struct cpu *cpu, uint16_t port, unsigned size);
void io_write(struct cpu *cpu, uint16_t port, unsigned size, uint32_t value);

#endif
