/* SPDX-License-Identifier: MIT */
/* The parts of control transfer that differ where EFER.LMA is set (SDM 3A 5.8.3.1, 6.14, 7.7). Their
 * contracts are those of protection.h. */
#ifndef LATHE_CORE_X86_LONG_MODE_H
#define LATHE_CORE_X86_LONG_MODE_H

#include "core/x86/protection.h"

bool long_far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size);
bool long_far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size,
                   uint64_t return_rip);
bool long_far_return(struct cpu *cpu, unsigned op_size, uint16_t release);
bool long_interrupt(struct cpu *cpu, uint8_t vector, enum interrupt_source source, bool has_error,
                    uint32_t error, uint32_t eflags, uint64_t return_rip);
bool long_interrupt_return(struct cpu *cpu, unsigned op_size);

/* CR0.PG changes to `enable` while EFER.LME is set: enters or leaves IA-32e mode, or #GP(0) (SDM 3A 9.8.5).
 */
bool long_mode_switch(struct cpu *cpu, bool enable);

#endif
