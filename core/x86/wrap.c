/* SPDX-License-Identifier: MIT */
#include "core/x86/wrap.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/mem/physmap.h"
#include "core/x86/cpu.h"
#include "core/x86/decode.h"
#include "core/x86/mmu.h"
#include "core/x86/trace.h"

enum { SEGMENT_BYTES = 0x10000 };

static uint8_t code_byte(const struct cpu *cpu, uint64_t ip)
{
    gpa_t at = mmu_bus_address(cpu, cpu->seg[SEG_CS].base + (ip & (SEGMENT_BYTES - 1)));
    return (uint8_t)physmap_read(cpu->physmap, at, 1);
}

/* Which prefixes exclude each other: of a kind, the last one counts. 0: not a prefix. */
static unsigned prefix_kind(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E: return 1;
    case 0xF0:
    case 0xF1: return 2;
    case 0xF2:
    case 0xF3: return 3;
    default: return 0;
    }
}

/* Drops the prefix that `byte` overrides. Returns the bytes that remain. */
static unsigned drop_overridden(uint8_t *bytes, unsigned count, uint8_t byte)
{
    for (unsigned i = 0; i < count; i++) {
        if (prefix_kind(bytes[i]) != prefix_kind(byte))
            continue;
        memmove(bytes + i, bytes + i + 1, count - i - 1);
        return count - 1;
    }
    return count;
}

struct trace *wrap_fetch(struct cpu *cpu)
{
    uint8_t bytes[INSN_MAX_LENGTH];
    unsigned count = 0, fetched = 0;
    bool prefixes = true;
    while (fetched < SEGMENT_BYTES) {
        uint8_t byte = code_byte(cpu, cpu->rip + count);
        prefixes = prefixes && prefix_kind(byte);
        if (prefixes) {
            unsigned kept = drop_overridden(bytes, count, byte);
            cpu->rip = (cpu->rip + count - kept) & (SEGMENT_BYTES - 1);
            count = kept;
        }
        bytes[count++] = byte;
        fetched++;
        struct trace *trace = prefixes ? NULL : trace_single(cpu, MEM_NONE, bytes, count);
        if (trace)
            return trace;
    }
    cpu->clock->insns++;
    return NULL;
}

void wrap_forget_prefixes(struct cpu *cpu)
{
    while (prefix_kind(code_byte(cpu, cpu->rip + 1)))
        cpu->rip = (cpu->rip + 1) & (SEGMENT_BYTES - 1);
}
