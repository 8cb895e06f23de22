/* SPDX-License-Identifier: MIT */
/* What far transfers, interrupts, returns and task switches share. */
#ifndef LATHE_CORE_X86_TRANSFER_H
#define LATHE_CORE_X86_TRANSFER_H

#include "core/x86/descriptor.h"
#include "core/x86/stack.h"

/* Makes a code segment current at privilege level `cpl` and continues at rip. */
void code_segment_commit(struct cpu *cpu, uint16_t selector, const struct descriptor *d, unsigned cpl,
                         uint64_t rip);

/* CS:rip and SS:sp of another privilege level, checked, with their accessed bits set. */
struct level_target {
    uint16_t cs, ss;
    const struct descriptor *code, *stack;
    unsigned cpl;
    uint64_t rip, sp;
};

/* Continues there. */
void level_commit(struct cpu *cpu, const struct level_target *target);

/* Reads SS:SP of an inner level from the current TSS; #TS where they lie beyond its limit. */
bool tss_read_stack(struct cpu *cpu, unsigned level, unsigned ext, uint16_t *ss, uint32_t *sp);

/* Checks the target of a return to CS:rip (SDM 2A, IRET and RET): #GP, #NP. */
bool return_target_check(struct cpu *cpu, uint16_t selector, struct descriptor *d);

/* Real-address and V86 code target: offset must be within CS's limit. Then CS and rip are set. */
bool real_target_check(struct cpu *cpu, uint64_t offset);
void real_target_commit(struct cpu *cpu, uint16_t selector, uint64_t offset);

enum task_reason { TASK_JUMP, TASK_CALL, TASK_INTERRUPT, TASK_RETURN };

/* Hardware task switch (SDM 3A 7.3). `selector` names a TSS whose descriptor the caller has read; its
 * privilege is checked by the caller, availability and presence here. return_rip goes into the old TSS. Where
 * it fails after the switch has committed, cpu->rip is the new task's. On success cpu->next_rip is. */
bool task_switch(struct cpu *cpu, uint16_t selector, enum task_reason reason, unsigned ext, uint32_t eflags,
                 uint64_t return_rip);

/* Through a task gate that the caller has checked. */
bool task_gate_enter(struct cpu *cpu, const struct descriptor *gate, enum task_reason reason, unsigned ext,
                     uint32_t eflags, uint64_t return_rip);

/* IRET with NT set. */
bool task_return(struct cpu *cpu);

/* Cuts an offset to an operand size of 2, 4 or 8 bytes. */
static inline uint64_t cut_offset(uint64_t offset, unsigned size)
{
    return size == 8 ? offset : offset & (size == 2 ? 0xFFFFu : 0xFFFFFFFFu);
}

/* EFLAGS bits that an IRET of this operand size at the present CPL may change, in protected and IA-32e mode.
 */
uint32_t iret_flags_mask(const struct cpu *cpu, unsigned size);

#endif
