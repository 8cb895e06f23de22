/* SPDX-License-Identifier: MIT */
/* Guest memory access by the processor.
 *
 * mem_read and mem_write are the instruction's own accesses through a segment: limit and rights checks,
 * paging, debug and alignment checks, exact faults. The fast path is inline; whatever is unusual takes
 * mem_*_slow. linear_* skip segmentation: for descriptor tables, TSS and stacks that the architecture
 * addresses by itself. All return false with cpu->exception filled when the access faults; memory is then
 * untouched.
 */
#ifndef LATHE_CORE_X86_ACCESS_H
#define LATHE_CORE_X86_ACCESS_H

#include "core/base/bytes.h"
#include "core/x86/cpu.h"

/* Slow halves: every check, page crossing, devices. `size` 1, 2, 4 or 8 bytes. On a fault the result is 0 and
 * cpu->exception.pending is set. */
uint64_t mem_read_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                       unsigned size);
void mem_write_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                    unsigned size, uint64_t value);

/* The slow halves of 16-byte accesses. False with the fault noted. */
bool mem_read16_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                     uint64_t value[2]);
bool mem_write16_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                      const uint64_t value[2]);

/* Linear accesses at any alignment. user: as at CPL 3 (else supervisor, whatever the CPL). */
bool linear_read(struct cpu *cpu, gva_t address, unsigned size, bool user, uint64_t *value);
bool linear_write(struct cpu *cpu, gva_t address, unsigned size, bool user, uint64_t value);

/* Proves that `size` bytes from `address` can be written (or read) without a fault; sets A and D bits as the
 * access would. For operations that must fault before they change anything. */
bool linear_probe(struct cpu *cpu, gva_t address, uint64_t size, bool user, bool write);

/* The limit and rights check of a segment access alone, raising #GP or #SS (SDM 3A 5.3); *address is the
 * linear one. */
bool segment_check(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size, bool write,
                   gva_t *address);

/* Translates for the given access; raises #PF. write sets D. The result is a physical address after A20. */
bool mmu_translate(struct cpu *cpu, gva_t address, bool user, bool write, gpa_t *physical);

/* As the debugger sees it: no faults, no A and D bits, no TLB fill. */
bool mmu_peek(struct cpu *cpu, gva_t address, gpa_t *physical);

/* Asks to leave the trace after the instruction under way. */
void trace_stop_after(struct cpu *cpu, const struct insn *insn);

/* The front entry of an address' set in the TLB. Its place in bytes is one shift and one mask away. */
static inline struct tlb_entry *mem_fast_entry(struct cpu *cpu, gva_t linear)
{
    enum { ENTRY_SHIFT = 6 };
    _Static_assert(sizeof(struct tlb_entry) == 1 << ENTRY_SHIFT, "entries are 64 bytes");
    uint64_t at = linear >> (MEM_PAGE_SHIFT - ENTRY_SHIFT) & (uint64_t)(TLB_SETS - 1) << ENTRY_SHIFT;
    return (struct tlb_entry *)(void *)((unsigned char *)cpu->tlb.entry + at);
}

static inline uint8_t *mem_host(const struct tlb_entry *entry, gva_t linear)
{
    return (uint8_t *)(uintptr_t)(linear + entry->addend);
}

/* Whether `size` bytes at seg:offset are open to a plain host access; then *host is where they are. */
static inline bool mem_fast_read(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size,
                                 const uint8_t **host)
{
    const struct segment *segment = &cpu->seg[seg];
    gva_t linear = (segment->base + offset) & cpu->linear_mask;
    const struct tlb_entry *entry = mem_fast_entry(cpu, linear);
    *host = mem_host(entry, linear);
    return __builtin_expect(offset + size <= segment->read_end, 1) &&
           __builtin_expect(entry->read[cpu->user] == tlb_page_of(linear + size - 1), 1);
}

static inline bool mem_fast_write(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size,
                                  uint8_t **host)
{
    const struct segment *segment = &cpu->seg[seg];
    gva_t linear = (segment->base + offset) & cpu->linear_mask;
    const struct tlb_entry *entry = mem_fast_entry(cpu, linear);
    *host = mem_host(entry, linear);
    return __builtin_expect(offset + size <= segment->write_end, 1) &&
           __builtin_expect(entry->write[cpu->user] == tlb_page_of(linear + size - 1), 1);
}

static inline bool mem_read(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                            unsigned size, uint64_t *value)
{
    const uint8_t *host;
    if (mem_fast_read(cpu, seg, offset, size, &host)) {
        *value = load_le(host, size);
        return true;
    }
    *value = mem_read_slow(cpu, insn, seg, offset, size);
    return !cpu->exception.pending;
}

/* #AC: CPL 3, CR0.AM and EFLAGS.AC, operand not at a multiple of `size`, a power of two (SDM 3A 6.15). */
bool linear_misaligned(const struct cpu *cpu, gva_t address, unsigned size);

/* Every check that an access to `size` bytes would meet, without the access; `align`: the alignment that
 * EFLAGS.AC asks of it, a power of two. */
bool mem_check(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset, unsigned size,
               unsigned align, bool write);

/* The read of a read-modify-write: whatever would stop the write stops it, so that page faults report a
 * write. */
bool mem_modify_read(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                     unsigned size, uint64_t *value);

static inline bool mem_write(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                             unsigned size, uint64_t value)
{
    uint8_t *host;
    if (mem_fast_write(cpu, seg, offset, size, &host)) {
        store_le(host, size, value);
        return true;
    }
    mem_write_slow(cpu, insn, seg, offset, size, value);
    return !cpu->exception.pending;
}

/* 16 bytes at any alignment; value[0] is the lower half. A store that faults stores nothing. */
static inline bool mem_read16(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                              uint64_t value[2])
{
    const uint8_t *host;
    if (!mem_fast_read(cpu, seg, offset, 16, &host))
        return mem_read16_slow(cpu, insn, seg, offset, value);
    value[0] = load_le64(host);
    value[1] = load_le64(host + 8);
    return true;
}

static inline bool mem_write16(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                               const uint64_t value[2])
{
    uint8_t *host;
    if (!mem_fast_write(cpu, seg, offset, 16, &host))
        return mem_write16_slow(cpu, insn, seg, offset, value);
    store_le64(host, value[0]);
    store_le64(host + 8, value[1]);
    return true;
}

/* Whether seg:offset is a multiple of 16 as a linear address. */
static inline bool mem_is_aligned16(const struct cpu *cpu, enum seg_index seg, uint64_t offset)
{
    return ((cpu->seg[seg].base + offset) & 15) == 0;
}

#endif
