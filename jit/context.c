/* SPDX-License-Identifier: MIT */
/* Assumptions under which code is translated: found by comparing three words, at each entry from the
 * interpreter. */
#include <string.h>

#include "core/x86/cpu.h"
#include "jit/block.h"

enum { X87_ALL_MASKED = 0x3F, MXCSR_ALL_MASKED = 0x1F80 };

bool jit_x87_is_direct(const struct cpu *cpu)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && (cpu->x87.control & X87_ALL_MASKED) == X87_ALL_MASKED &&
           !cpu->ferr;
}

bool jit_sse_is_direct(const struct cpu *cpu)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && (cpu->cr4 & CR4_OSFXSR) &&
           (cpu->mxcsr & MXCSR_ALL_MASKED) == MXCSR_ALL_MASKED;
}

/* Everything but code_end and cs_base in one word; the lowest byte is flat_segs. */
enum { BITS_MODE = 8, BITS_USER = 10, BITS_WIDE_STACK, BITS_X87, BITS_SSE };

static uint32_t bits_now(const struct cpu *cpu)
{
    return cpu->flat_segs | cpu->mode << BITS_MODE | cpu->user << BITS_USER |
           (uint32_t)(cpu->sp_mask != UINT16_MAX) << BITS_WIDE_STACK |
           (uint32_t)jit_x87_is_direct(cpu) << BITS_X87 | (uint32_t)jit_sse_is_direct(cpu) << BITS_SSE;
}

static struct jit_assumptions unpack(const struct cpu *cpu, uint32_t bits)
{
    return (struct jit_assumptions){.code_end = cpu->code_end,
                                    .cs_base = cpu->seg[SEG_CS].base,
                                    .mode = bits >> BITS_MODE & 3,
                                    .user = bits >> BITS_USER & 1,
                                    .x87 = bits >> BITS_X87 & 1,
                                    .sse = bits >> BITS_SSE & 1,
                                    .wide_stack = bits >> BITS_WIDE_STACK & 1,
                                    .flat_segs = (uint8_t)bits};
}

static bool is_same(const struct jit_context *context, const struct cpu *cpu, uint32_t bits)
{
    return context->bits == bits && context->assume.code_end == cpu->code_end &&
           context->assume.cs_base == cpu->seg[SEG_CS].base;
}

static unsigned slot_of(const struct cpu *cpu, uint32_t bits)
{
    uint64_t key = cpu->seg[SEG_CS].base ^ cpu->code_end << 20 ^ (uint64_t)bits << 40;
    return (unsigned)(key * UINT64_C(0x9E3779B97F4A7C15) >> 58) % CONTEXT_SLOTS;
}

void jit_forget_contexts(struct jit *jit)
{
    jit->context_count = 0;
    memset(jit->context_slots, 0, sizeof jit->context_slots);
}

static const struct jit_context *find(const struct jit *jit, uint32_t bits)
{
    for (unsigned i = 0; i < jit->context_count; i++)
        if (is_same(&jit->contexts[i], jit->cpu, bits))
            return &jit->contexts[i];
    return NULL;
}

const struct jit_context *jit_context_now(struct jit *jit, const struct jit_context *guess)
{
    const struct cpu *cpu = jit->cpu;
    uint32_t bits = bits_now(cpu);
    if (guess && is_same(guess, cpu, bits))
        return guess;
    const struct jit_context **slot = &jit->context_slots[slot_of(cpu, bits)];
    if (*slot && is_same(*slot, cpu, bits))
        return *slot;
    *slot = find(jit, bits);
    if (*slot)
        return *slot;
    if (jit->context_count == CONTEXTS) {
        trace_cache_clear(jit->cpu);
        return NULL;
    }
    struct jit_context *context = &jit->contexts[jit->context_count];
    *context =
        (struct jit_context){.number = ++jit->context_count, .bits = bits, .assume = unpack(cpu, bits)};
    return *slot = context;
}
