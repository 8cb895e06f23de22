/* SPDX-License-Identifier: MIT */
#include "core/x86/debug.h"

enum breakpoint_type { BREAK_CODE, BREAK_WRITE, BREAK_IO, BREAK_READ_WRITE };

static bool enabled(const struct cpu *cpu, unsigned i)
{
    return (cpu->dr[7] >> (2 * i) & 3) != 0;
}

static unsigned type_of(const struct cpu *cpu, unsigned i)
{
    return (unsigned)(cpu->dr[7] >> (16 + 4 * i)) & 3;
}

static unsigned length_of(const struct cpu *cpu, unsigned i)
{
    static const unsigned lengths[4] = {1, 2, 8, 4};
    return lengths[cpu->dr[7] >> (18 + 4 * i) & 3];
}

/* The breakpoint's address is aligned to its length (SDM 3B 17.2.5). */
static bool overlaps(const struct cpu *cpu, unsigned i, uint64_t address, unsigned size)
{
    unsigned length = length_of(cpu, i);
    uint64_t start = cpu->dr[i] & ~(uint64_t)(length - 1);
    return address < start + length && start < address + size;
}

void debug_data_access(struct cpu *cpu, gva_t address, unsigned size, bool write)
{
    if (!debug_armed(cpu))
        return;
    for (unsigned i = 0; i < 4; i++) {
        unsigned type = type_of(cpu, i);
        if ((type == BREAK_READ_WRITE || (type == BREAK_WRITE && write)) && enabled(cpu, i) &&
            overlaps(cpu, i, address, size))
            cpu->debug_hits |= (uint32_t)DR6_B0 << i;
    }
}

void debug_io_access(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (!debug_armed(cpu) || !(cpu->cr4 & CR4_DE))
        return;
    for (unsigned i = 0; i < 4; i++) {
        if (type_of(cpu, i) == BREAK_IO && enabled(cpu, i) && overlaps(cpu, i, port, size))
            cpu->debug_hits |= (uint32_t)DR6_B0 << i;
    }
}

uint32_t debug_code_hits(const struct cpu *cpu, gva_t address)
{
    uint32_t hits = 0;
    if (!debug_armed(cpu))
        return 0;
    for (unsigned i = 0; i < 4; i++) {
        if (type_of(cpu, i) == BREAK_CODE && enabled(cpu, i) && cpu->dr[i] == address)
            hits |= (uint32_t)DR6_B0 << i;
    }
    return hits;
}
