/* SPDX-License-Identifier: MIT */
/* Segment and gate descriptors as they stand in the GDT, LDT and IDT (SDM 3A 3.4.5, 5.8.3, 6.11, 7.2.2). */
#ifndef LATHE_CORE_X86_DESCRIPTOR_H
#define LATHE_CORE_X86_DESCRIPTOR_H

#include "core/x86/cpu.h"

/*
 * 31          24 23 22 21  20 19   16 15 14 13 12 11   8 7          0
 * | base 31:24  | G DB  L AVL | limit | P  DPL   S | type | base 23:16 |  high
 * |        base 15:0 (gate: selector) |    limit 15:0 (gate: offset)   |  low
 */
struct descriptor {
    uint32_t low, high;
};

enum {
    SELECTOR_RPL = 3,
    SELECTOR_TI = 4,
    SELECTOR_INDEX = 0xFFF8,
    ERROR_EXT = 1,
    ERROR_IDT = 2,
    ERROR_SELECTOR = 0xFFFC,
};

static inline uint32_t descriptor_base(const struct descriptor *d)
{
    return (d->high & 0xFF000000) | (d->high & 0xFF) << 16 | d->low >> 16;
}

/* Limit in bytes. */
static inline uint32_t descriptor_limit(const struct descriptor *d)
{
    uint32_t limit = (d->high & 0x000F0000) | (d->low & 0xFFFF);
    return d->high & 1u << 23 ? limit << 12 | 0xFFF : limit;
}

/* As in struct segment. */
static inline uint16_t descriptor_attributes(const struct descriptor *d)
{
    return (uint16_t)(d->high >> 8 & 0xF0FF);
}

static inline unsigned descriptor_type(const struct descriptor *d)
{
    return d->high >> 8 & 15;
}

static inline unsigned descriptor_dpl(const struct descriptor *d)
{
    return d->high >> 13 & 3;
}

static inline bool descriptor_present(const struct descriptor *d)
{
    return d->high >> 15 & 1;
}

static inline bool descriptor_is_system(const struct descriptor *d)
{
    return !(d->high >> 12 & 1);
}

static inline bool descriptor_is_code(const struct descriptor *d)
{
    return (d->high & 0x1800) == 0x1800;
}

static inline bool descriptor_is_conforming(const struct descriptor *d)
{
    return (d->high & 0x1C00) == 0x1C00;
}

static inline bool descriptor_is_writable_data(const struct descriptor *d)
{
    return (d->high & 0x1A00) == 0x1200;
}

/* Data, or code with the R bit. */
static inline bool descriptor_is_readable(const struct descriptor *d)
{
    return (d->high & 0x1800) == 0x1000 || (d->high & 0x1A00) == 0x1A00;
}

static inline bool descriptor_is_long_code(const struct descriptor *d)
{
    return (d->high & 1u << 21) != 0;
}

static inline bool descriptor_is_32bit(const struct descriptor *d)
{
    return (d->high & 1u << 22) != 0;
}

static inline uint16_t gate_selector(const struct descriptor *d)
{
    return (uint16_t)(d->low >> 16);
}

/* Offset of a 386 gate; 286 gates use its low half. */
static inline uint32_t gate_offset(const struct descriptor *d)
{
    return (d->high & 0xFFFF0000) | (d->low & 0xFFFF);
}

/* Type bit 3 tells 386 gates and TSSs from 286 ones. */
static inline bool descriptor_is_386(const struct descriptor *d)
{
    return (d->high >> 11 & 1) != 0;
}

static inline bool selector_is_null(uint16_t selector)
{
    return (selector & ERROR_SELECTOR) == 0;
}

/* Linear address of a byte of a system table: 64 bits wide wherever IA-32e mode is active. */
static inline gva_t system_address(const struct cpu *cpu, uint64_t address)
{
    return cpu_is_long(cpu) ? address : address & UINT32_MAX;
}

/* Linear address of a selector's descriptor; false where it lies outside its table. */
bool descriptor_locate(const struct cpu *cpu, uint16_t selector, gva_t *address);

/* Reads a descriptor; outside its table raises `vector` with the selector and `ext` as error code. */
bool descriptor_read(struct cpu *cpu, uint16_t selector, enum exception_vector vector, unsigned ext,
                     struct descriptor *d);

/* Sets the accessed bit in memory and in *d where it is clear. */
bool descriptor_set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *d);

/* Writes a descriptor's type field back to the GDT: the busy bit of a TSS. */
bool descriptor_write_type(struct cpu *cpu, uint16_t selector, struct descriptor *d, unsigned type);

/* Raises `vector` with a selector error code. */
bool selector_fault(struct cpu *cpu, enum exception_vector vector, uint16_t selector, unsigned ext);

/* Fills a hidden part from a descriptor, and loads it into a register (the caller derives). */
struct segment segment_from_descriptor(uint16_t selector, const struct descriptor *d);
void segment_install(struct cpu *cpu, enum seg_index index, uint16_t selector, const struct descriptor *d);

/* Null or otherwise unusable; the limit stays, as later real-mode loads show. */
void segment_set_unusable(struct cpu *cpu, enum seg_index index, uint16_t selector);

/* After a return to an outer level: drops data segments that CPL may no longer use. */
void segments_drop_privileged(struct cpu *cpu);

/* Checks and loads SS for a new privilege level: any violation is `vector` (#GP for returns, #TS for inner
 * stacks), a segment that is not present #SS. Does not load. */
bool stack_segment_check(struct cpu *cpu, uint16_t selector, unsigned cpl, enum exception_vector vector,
                         unsigned ext, struct descriptor *d);

#endif
