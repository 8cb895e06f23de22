/* SPDX-License-Identifier: MIT */
/* Control and debug registers: what a write checks, flushes and recomputes (SDM 3A 2.5, 4.10.4; 3B 17.2). */
#ifndef LATHE_CORE_X86_CONTROL_H
#define LATHE_CORE_X86_CONTROL_H

#include "core/x86/cpu.h"

/* MOV to CR0, CR3, CR4 after the privilege check: #GP(0) on values that the manual forbids. */
bool control_write_cr0(struct cpu *cpu, uint64_t value);
bool control_write_cr3(struct cpu *cpu, uint64_t value);
bool control_write_cr4(struct cpu *cpu, uint64_t value);

/* CR8, the task priority: four bits. Without a local APIC it is only kept. */
bool control_write_cr8(struct cpu *cpu, uint64_t value);

/* WRMSR to EFER. False where the value sets bits that the model lacks, or changes LME while paging is on. */
bool control_write_efer(struct cpu *cpu, uint64_t value);

/* CR3 as a task switch loads it: pointer registers and non-global translations change with it. */
bool control_load_cr3(struct cpu *cpu, uint64_t value);

/* DR0-DR7 by their architectural number, after all checks; reserved bits take their fixed values. */
uint64_t debug_register_read(const struct cpu *cpu, unsigned number);
void debug_register_write(struct cpu *cpu, unsigned number, uint64_t value);

#endif
