/* SPDX-License-Identifier: MIT */
/* I/O permission: IOPL and the TSS's bit map (SDM 1 19.5). */
#include "core/x86/access.h"
#include "core/x86/descriptor.h"
#include "core/x86/protection.h"

enum { TSS_IO_MAP_BASE = 0x66, TSS32_MINIMUM_LIMIT = 0x67 };

/* The processor always reads two bytes of the map, so both must lie within the TSS. */
static bool map_allows(struct cpu *cpu, uint16_t port, unsigned size)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint64_t base, bits;
    if (!(tr->attributes & SEG_ATTR_P) || !(tr->attributes & 8) || tr->limit < TSS32_MINIMUM_LIMIT)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!linear_read(cpu, system_address(cpu, tr->base + TSS_IO_MAP_BASE), 2, false, &base))
        return false;
    uint64_t offset = base + port / 8u;
    if (offset + 1 > tr->limit)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!linear_read(cpu, system_address(cpu, tr->base + offset), 2, false, &bits))
        return false;
    if (bits >> (port & 7) & ((1u << size) - 1))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return true;
}

bool io_permitted(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (!cpu_is_protected(cpu) || (!cpu_is_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)))
        return true;
    return map_allows(cpu, port, size);
}
