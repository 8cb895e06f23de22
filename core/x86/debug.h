/* SPDX-License-Identifier: MIT */
/* Debug registers: breakpoints on code, data and I/O (SDM 3B 17.2). */
#ifndef LATHE_CORE_X86_DEBUG_H
#define LATHE_CORE_X86_DEBUG_H

#include "core/x86/cpu.h"

/* Whether any breakpoint is enabled in DR7. */
static inline bool debug_armed(const struct cpu *cpu)
{
    return (cpu->dr[7] & DR7_ENABLES) != 0;
}

/* Notes data breakpoints that an access meets, for the trap after the instruction. */
void debug_data_access(struct cpu *cpu, gva_t address, unsigned size, bool write);

/* Notes I/O breakpoints (CR4.DE). */
void debug_io_access(struct cpu *cpu, uint16_t port, unsigned size);

/* DR6 bits of code breakpoints at a linear address; 0 where none is enabled there. */
uint32_t debug_code_hits(const struct cpu *cpu, gva_t address);

#endif
