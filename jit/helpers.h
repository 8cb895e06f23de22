/* SPDX-License-Identifier: MIT */
/* C functions that translated code calls, with the guest's registers and the budget stored in the processor.
 */
#ifndef LATHE_JIT_HELPERS_H
#define LATHE_JIT_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct insn;
struct jit;
struct jit_block;
struct jit_exit;

/* Follows an instruction that is called, so that its handler returns. */
const struct insn *jit_come_back(struct cpu *cpu, const struct insn *insn);

/* Executes the instruction at a place (block.h). NULL: go on after it; else host code to go on with, where it
 * faulted that of the guest's handler, or what leaves. */
const uint8_t *jit_call_handler(struct cpu *cpu, uint32_t place);

/* The same for one that works on floating-point state, which leaves the host's registers before. */
const uint8_t *jit_call_fp_handler(struct cpu *cpu, uint32_t place);

/* Executes the instruction at a place, one that may change mode, mappings and control. Host code to go on
 * with, which is that of the next block, or what leaves; NULL: resume at cpu->rip. */
const uint8_t *jit_call_serial(struct cpu *cpu, uint32_t place);

/* The x87 state between struct cpu and jit->x87_image. After a load it counts as live, after a store not. */
void jit_x87_load(struct cpu *cpu);
void jit_x87_store(struct cpu *cpu);

/* Host code of the block at the target of the exit at an offset in the arena, linked where that may be; NULL:
 * resume at cpu->rip, which is set. */
const uint8_t *jit_follow(struct cpu *cpu, uint32_t offset);

/* Makes an exit lead straight to a block, and no longer to the one it was linked to. */
void jit_link_exit(struct jit *jit, struct jit_exit *exit, struct jit_block *target);

/* The same as jit_follow for an indirect jump to cpu->rip, which it enters in the jump cache. */
const uint8_t *jit_follow_indirect(struct cpu *cpu);

/* OSZAPC as an EFLAGS image, after settling the recipe. */
uint32_t jit_flags_image(struct cpu *cpu);

#endif
