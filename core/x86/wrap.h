/* SPDX-License-Identifier: MIT */
/* Instruction fetch of processors on which IP wraps within the code segment and prefixes have no limit. */
#ifndef LATHE_CORE_X86_WRAP_H
#define LATHE_CORE_X86_WRAP_H

struct cpu;
struct trace;

/* The instruction at cpu->rip, byte by byte around the segment's end; cpu->rip moves up to the first prefix
 * that no later one overrides. NULL where the whole segment is prefixes: time has then passed. */
struct trace *wrap_fetch(struct cpu *cpu);

/* Before an interrupt between two iterations of a string instruction: the 8086 returns to the last of its
 * prefixes, and so forgets the others. */
void wrap_forget_prefixes(struct cpu *cpu);

#endif
