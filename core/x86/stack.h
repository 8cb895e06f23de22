/* SPDX-License-Identifier: MIT */
/* Stack frames that the processor builds by itself: all checks first, then all writes, so that they either
 * happen or fault as a whole. */
#ifndef LATHE_CORE_X86_STACK_H
#define LATHE_CORE_X86_STACK_H

#include "core/x86/cpu.h"

enum { STACK_FRAME_MAX = 40 }; /* a call gate pushes up to 4 + 31 */

/* Values in the order of their pushes, for a stack that need not be the current one. */
struct stack_frame {
    struct segment ss;
    uint64_t sp;   /* before the pushes; after stack_frame_check: behind them */
    uint64_t mask; /* width of the stack pointer */
    unsigned size; /* bytes a push */
    bool user;
    bool flat; /* 64-bit: no limit, canonical addresses */
    unsigned count;
    uint64_t value[STACK_FRAME_MAX];
    gva_t address[STACK_FRAME_MAX];
};

/* A frame at ss:sp as seen from privilege level `cpl`. */
void stack_frame_init(struct stack_frame *frame, const struct segment *ss, uint64_t sp, unsigned size,
                      unsigned cpl);

/* A frame on the current stack. */
void stack_frame_current(const struct cpu *cpu, struct stack_frame *frame, unsigned size);

void stack_frame_push(struct stack_frame *frame, uint64_t value);

/* Raises #SS(error) or #PF where a push would. */
bool stack_frame_check(struct cpu *cpu, struct stack_frame *frame, uint32_t error);

/* The same for CALL, with error code 0, and #AC where EFLAGS.AC asks for it. (#AC under the delivery of an
 * exception would never end.) */
bool stack_frame_check_call(struct cpu *cpu, struct stack_frame *frame);

/* Writes what stack_frame_check has passed. Fails only where the guest's tables change under the sequence. */
bool stack_frame_write(struct cpu *cpu, const struct stack_frame *frame);

/* Width of the stack pointer that a stack segment gives. */
uint64_t stack_mask(const struct segment *ss);

/* Sets SP or ESP; a 16-bit stack keeps the upper half. */
void stack_pointer_set(struct cpu *cpu, uint64_t mask, uint64_t value);

/* Reads at SP + offset without moving SP. */
bool stack_read(struct cpu *cpu, unsigned offset, unsigned size, uint64_t *value);

/* Moves SP up. */
void stack_release(struct cpu *cpu, unsigned bytes);

#endif
