/* SPDX-License-Identifier: MIT */
/*
 * Memory size from CMOS and the INT 15h memory services. The map that E820h gives out:
 *
 *   0 - EBDA RAM | EBDA - 640K reserved | F0000 - 1M reserved (ROM) | 1M - tables RAM | tables ACPI reclaim,
 * then NVS | FFFC0000 - 4G reserved (ROM) | 4G and up RAM
 */
#include "system/memory.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/cpu.h"
#include "system/memory_map.h"
#include "system/private.h"
#include "system/regs.h"

enum { MIB = 0x100000, SMAP = 0x534d4150, RANGE_BYTES = 20 };
enum range_kind { RANGE_RAM = 1, RANGE_RESERVED = 2, RANGE_ACPI = 3, RANGE_NVS = 4 };

void memory_detect(void)
{
    uint32_t units = cmos_read16(CMOS_MEMORY_64K_LOW, CMOS_MEMORY_64K_HIGH);
    if (units)
        PRIVATE->memory_below_4g = 16u * MIB + (units << 16);
    else
        PRIVATE->memory_below_4g =
            MIB + ((uint32_t)cmos_read16(CMOS_EXTENDED2_LOW, CMOS_EXTENDED2_HIGH) << 10);
    PRIVATE->memory_above_4g =
        cmos_read16(CMOS_MEMORY_HIGH, CMOS_MEMORY_HIGH + 1) | (uint32_t)cmos_read(CMOS_MEMORY_HIGH + 2) << 16;
    PRIVATE->tables_start = PRIVATE->memory_below_4g;
    PRIVATE->tables_reclaim_end = PRIVATE->memory_below_4g;
}

/* KiB above 1 MiB that programs may use. */
static uint32_t extended_kib(void)
{
    return (PRIVATE->tables_start - MIB) >> 10;
}

void memory_extended(struct regs *r)
{
    uint32_t kib = extended_kib();
    r->ax = (uint16_t)(kib > 0xfc00 ? 0xfc00 : kib); /* 63 MiB: more has confused callers */
    regs_carry(r, 0);
}

void memory_e801(struct regs *r)
{
    uint32_t kib = extended_kib();
    uint32_t low = kib > 0x3c00 ? 0x3c00 : kib; /* up to 16 MiB in KiB, the rest in 64 KiB */
    r->ax = (uint16_t)low;
    r->bx = (uint16_t)((kib - low) >> 6);
    r->cx = r->ax;
    r->dx = r->bx;
    regs_carry(r, 0);
}

struct range {
    uint32_t base, base_high, end; /* end 0 with base_high 0 means 4 GiB */
    uint8_t kind;
};

/* Range number n; false behind the last. */
static bool range_get(uint32_t n, struct range *range)
{
    uint32_t top = PRIVATE->memory_below_4g;
    uint32_t ebda = (uint32_t)BDA->memory_kib << 10;
    range->base_high = 0;
    range->kind = RANGE_RESERVED;
    switch (n) {
    case 0: range->base = 0, range->end = ebda, range->kind = RANGE_RAM; return true;
    case 1: range->base = ebda, range->end = 0xa0000; return true;
    case 2: range->base = 0xf0000, range->end = MIB; return true;
    case 3: range->base = MIB, range->end = PRIVATE->tables_start, range->kind = RANGE_RAM; return true;
    case 4:
        range->base = PRIVATE->tables_start, range->end = PRIVATE->tables_reclaim_end,
        range->kind = RANGE_ACPI;
        return true;
    case 5: range->base = PRIVATE->tables_reclaim_end, range->end = top, range->kind = RANGE_NVS; return true;
    case 6: range->base = 0xfffc0000, range->end = 0; return true;
    case 7:
        range->base = 0, range->base_high = 1, range->kind = RANGE_RAM;
        return PRIVATE->memory_above_4g != 0;
    default: return false;
    }
}

static bool range_next(uint32_t *n, struct range *range)
{
    while (range_get(*n, range)) {
        if (range->base_high || range->base != range->end)
            return true;
        ++*n; /* empty: no tables */
    }
    return false;
}

static void store_range(struct regs *r, const struct range *range)
{
    uint32_t size = range->end - range->base, size_high = 0;
    if (range->base_high) {
        size = PRIVATE->memory_above_4g << 16;
        size_high = PRIVATE->memory_above_4g >> 16;
    }
    far_write32(r->es, r->di, range->base);
    far_write32(r->es, (uint16_t)(r->di + 4), range->base_high);
    far_write32(r->es, (uint16_t)(r->di + 8), size);
    far_write32(r->es, (uint16_t)(r->di + 12), size_high);
    far_write32(r->es, (uint16_t)(r->di + 16), range->kind);
}

void memory_e820(struct regs *r)
{
    struct range range, after;
    uint32_t n = r->ebx;
    if (r->edx != SMAP || r->ecx < RANGE_BYTES || !range_next(&n, &range)) {
        r->ah = 0x86;
        regs_carry(r, 1);
        return;
    }
    store_range(r, &range);
    n++;
    r->ebx = range_next(&n, &after) ? n : 0;
    r->eax = SMAP;
    r->ecx = RANGE_BYTES;
    regs_carry(r, 0);
}

/* AH=87h: CX words, from and to the descriptors that the caller filled in at ES:SI + 10h and + 18h. */
void memory_move(struct regs *r)
{
    uint32_t source = far_read32(r->es, (uint16_t)(r->si + 0x12)) & 0xffffff;
    uint32_t target = far_read32(r->es, (uint16_t)(r->si + 0x1a)) & 0xffffff;
    source |= (uint32_t)far_read8(r->es, (uint16_t)(r->si + 0x17)) << 24; /* 386 and up: bits 31 to 24 */
    target |= (uint32_t)far_read8(r->es, (uint16_t)(r->si + 0x1f)) << 24;
    if (r->cx > 0x8000) {
        r->ah = 2;
        regs_carry(r, 1);
        return;
    }
    bool a20 = a20_get();
    if (!a20)
        a20_set(true);
    copy_physical(target, source, (uint32_t)r->cx * 2);
    if (!a20)
        a20_set(false);
    r->ah = 0;
    regs_carry(r, 0);
}
