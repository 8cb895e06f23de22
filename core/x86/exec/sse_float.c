/* SPDX-License-Identifier: MIT */
#include "core/x86/exec/sse_float.h"

/* An unmasked fault on an operand keeps the results from being computed, so their flags stay as they were. */
bool sse_retire_slow(struct cpu *cpu, uint8_t flags)
{
    unsigned masks = cpu->mxcsr >> MXCSR_MASKS_SHIFT & FLOAT_EXCEPTIONS;
    cpu->mxcsr |= flags & ~masks & FLOAT_FAULTS ? flags & FLOAT_FAULTS : flags;
    return cpu_fault(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD);
}
