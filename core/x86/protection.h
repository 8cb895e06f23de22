/* SPDX-License-Identifier: MIT */
/* Segmentation, control transfers between segments and privilege levels, interrupts and tasks (SDM 3A 3, 5-8,
 * 20).
 *
 * All functions return false with cpu->exception filled when they fault; architectural state is then as the
 * SDM says it must be (unchanged, except where a task switch has committed).
 */
#ifndef LATHE_CORE_X86_PROTECTION_H
#define LATHE_CORE_X86_PROTECTION_H

#include "core/x86/cpu.h"

/* Where an interrupt came from: decides the DPL check, the EXT bit and the return address. */
enum interrupt_source {
    INTERRUPT_EXTERNAL,  /* INTR, NMI */
    INTERRUPT_EXCEPTION, /* fault, trap or abort */
    INTERRUPT_SOFTWARE,  /* INT n, INT3, INTO: DPL is checked, V86 rules apply */
    INTERRUPT_ICEBP,     /* F1: no DPL check */
};

/* Loads a data or stack segment register as MOV, POP and LDS do, in any mode. */
bool segment_load(struct cpu *cpu, enum seg_index index, uint16_t selector);

/* Sets a register to real-mode or V86 values without any check: base = selector * 16. */
void segment_set_real(struct cpu *cpu, enum seg_index index, uint16_t selector);

/* Far JMP and CALL to selector:offset. return_rip: what CALL pushes; op_size: 2, 4 or 8. They set
 * cpu->next_rip. */
bool far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size);
bool far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t return_rip);
bool far_return(struct cpu *cpu, unsigned op_size, uint16_t release);
bool interrupt_return(struct cpu *cpu, unsigned op_size);

/* Delivers an interrupt or exception through the IVT or IDT, and sets cpu->next_rip, which the caller
 * commits. return_rip: what is pushed, or stored in the old TSS. A fault in here is left pending: the caller
 * applies the double-fault rules. A fault of a new task after a task switch has cpu->rip in that task. */
bool interrupt_deliver(struct cpu *cpu, uint8_t vector, enum interrupt_source source, bool has_error,
                       uint32_t error, uint64_t return_rip);

/* INT n as an instruction: V86 IOPL and VME redirection, then interrupt_deliver. Sets cpu->next_rip. */
bool interrupt_software(struct cpu *cpu, uint8_t vector, uint64_t return_rip);

/* Whether `size` bytes of I/O at `port` are allowed (IOPL, TSS bitmap); raises #GP. */
bool io_permitted(struct cpu *cpu, uint16_t port, unsigned size);

/* What an access beyond the stack segment raises: on the 286 in real-address mode #GP as anywhere else. */
enum exception_vector stack_fault_vector(const struct cpu *cpu);

/* Stack operands through SS at the current stack width; they do not move SP when they fault. */
bool stack_push(struct cpu *cpu, unsigned size, uint64_t value);
bool stack_pop(struct cpu *cpu, unsigned size, uint64_t *value);

#endif
