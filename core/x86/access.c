/* SPDX-License-Identifier: MIT */
#include "core/x86/access.h"

#include "core/base/clock.h"
#include "core/mem/physmap.h"
#include "core/x86/debug.h"
#include "core/x86/insn.h"
#include "core/x86/mmu.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"

static unsigned left_in_page(gva_t address)
{
    return MEM_PAGE_SIZE - (unsigned)(address & (MEM_PAGE_SIZE - 1));
}

static bool segment_fault(struct cpu *cpu, enum seg_index seg)
{
    return cpu_fault_code(cpu, seg == SEG_SS ? stack_fault_vector(cpu) : VECTOR_GP, 0);
}

/* Expand-down segments hold the offsets above the limit (SDM 3A 5.3). */
static bool within_limit(const struct segment *segment, uint64_t offset, unsigned size)
{
    uint64_t last = offset + size - 1;
    if ((segment->attributes & (SEG_ATTR_CODE | SEG_ATTR_EXPAND_DOWN)) != SEG_ATTR_EXPAND_DOWN)
        return last <= segment->limit;
    uint64_t top = segment->attributes & SEG_ATTR_DB ? UINT32_MAX : UINT16_MAX;
    return offset > segment->limit && last <= top;
}

static bool right_type(const struct segment *segment, bool write)
{
    unsigned attributes = segment->attributes;
    if (!(attributes & SEG_ATTR_P))
        return false;
    if (attributes & SEG_ATTR_CODE)
        return !write && (attributes & SEG_ATTR_WRITABLE);
    return !write || (attributes & SEG_ATTR_WRITABLE);
}

bool segment_check(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size, bool write,
                   gva_t *address)
{
    const struct segment *segment = &cpu->seg[seg];
    *address = (segment->base + offset) & cpu->linear_mask;
    if (cpu->mode == MODE_64)
        return (is_canonical(*address) && is_canonical(*address + size - 1)) || segment_fault(cpu, seg);
    return (right_type(segment, write) && within_limit(segment, offset, size)) || segment_fault(cpu, seg);
}

/* Bytes of one access: up to two pages, translated before anything moves. */
struct span {
    gpa_t first, second;
    unsigned first_size;
};

/* Outside 64-bit mode segments wrap at 4 GiB; system tables may lie above that in compatibility mode. */
static gva_t linear_next(const struct cpu *cpu, gva_t address, uint64_t distance)
{
    return (address + distance) & (address >> 32 ? UINT64_MAX : cpu->linear_mask);
}

static bool translate_span(struct cpu *cpu, gva_t address, unsigned size, bool user, bool write,
                           struct span *span)
{
    unsigned left = left_in_page(address);
    span->first_size = size < left ? size : left;
    if (!mmu_translate(cpu, address, user, write, &span->first))
        return false;
    if (size <= left)
        return true;
    gva_t next = linear_next(cpu, address, left);
    if (!mmu_translate(cpu, next, user, write, &span->second))
        return false;
    /* The second page may have evicted the first; its translation stands all the same. */
    return true;
}

/* Whether all bytes lie in the one page that a fast tag stands for. */
static bool fast_tag_covers(uint64_t tag, gva_t address, uint64_t size)
{
    return tag == tlb_page_of(address) && size <= left_in_page(address);
}

bool linear_read(struct cpu *cpu, gva_t address, unsigned size, bool user, uint64_t *value)
{
    struct span span;
    const struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    if (fast_tag_covers(entry->read[user], address, size)) {
        *value = load_le(mem_host(entry, address), size);
        return true;
    }
    if (!translate_span(cpu, address, size, user, false, &span))
        return false;
    *value = physmap_read(cpu->physmap, span.first, span.first_size);
    if (span.first_size < size)
        *value |= physmap_read(cpu->physmap, span.second, size - span.first_size) << (8 * span.first_size);
    return true;
}

/* A page that no longer holds code gets its fast path back. */
static void restore_fast_write(struct cpu *cpu, gva_t address, gpa_t physical)
{
    struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    mem_t offset;
    if (entry->page == tlb_page_of(address) && entry->write[0] == TLB_NONE &&
        physmap_write_memory(cpu->physmap, physical, &offset) && !memory_page_has_code(cpu->memory, offset))
        tlb_derive_entry(cpu, entry);
}

/* A store to a page that holds code as well, as the stacks of real-mode programs are. */
static void write_beside_code(struct cpu *cpu, struct tlb_entry *entry, gva_t address, unsigned size,
                              uint64_t value)
{
    uint8_t *host = mem_host(entry, address);
    mem_t offset = (mem_t)(host - cpu->memory->host);
    store_le(host, size, value);
    if (cpu->memory->code_line[offset >> MEM_PAGE_SHIFT] & memory_line_mask(offset, size))
        memory_written(cpu->memory, offset, size);
    if (!memory_page_has_code(cpu->memory, offset))
        tlb_derive_entry(cpu, entry);
}

bool linear_write(struct cpu *cpu, gva_t address, unsigned size, bool user, uint64_t value)
{
    struct span span;
    struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    if (fast_tag_covers(entry->write[user], address, size)) {
        store_le(mem_host(entry, address), size, value);
        return true;
    }
    if (entry->beside_code >> user & 1 && fast_tag_covers(entry->read[user], address, size)) {
        write_beside_code(cpu, entry, address, size, value);
        return true;
    }
    if (!translate_span(cpu, address, size, user, true, &span))
        return false;
    physmap_write(cpu->physmap, span.first, span.first_size, value);
    if (span.first_size < size)
        physmap_write(cpu->physmap, span.second, size - span.first_size, value >> (8 * span.first_size));
    else
        restore_fast_write(cpu, address, span.first);
    return true;
}

bool linear_probe(struct cpu *cpu, gva_t address, uint64_t size, bool user, bool write)
{
    const struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    if (fast_tag_covers(write ? entry->write[user] : entry->read[user], address, size))
        return true;
    for (uint64_t done = 0; done < size; done += left_in_page(address + done)) {
        gpa_t physical;
        if (!mmu_translate(cpu, linear_next(cpu, address, done), user, write, &physical))
            return false;
    }
    return true;
}

bool linear_misaligned(const struct cpu *cpu, gva_t address, unsigned size)
{
    return (address & (size - 1)) && cpu->cpl == 3 && (cpu->eflags & EFLAGS_AC) && (cpu->cr0 & CR0_AM);
}

/* Makes the clock exact for whatever the access may reach. */
static void enter_slow(struct cpu *cpu, const struct insn *insn)
{
    if (!insn)
        return;
    cpu->current = insn;
    cpu->clock->insns = cpu_insns_now(cpu);
}

/* An operand that wraps around its segment's end, on models where offsets do. */
static bool wraps_around(const struct cpu *cpu, uint64_t offset, unsigned size)
{
    return offset + size > 0x10000 && cpu_model_wraps(cpu->model);
}

static uint64_t read_around(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        uint64_t byte;
        if (!linear_read(cpu, cpu->seg[seg].base + ((offset + i) & 0xFFFF), 1, false, &byte))
            return 0;
        value |= byte << (8 * i);
    }
    return value;
}

static void write_around(struct cpu *cpu, enum seg_index seg, uint64_t offset, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        gva_t address = cpu->seg[seg].base + ((offset + i) & 0xFFFF);
        if (!linear_write(cpu, address, 1, false, value >> (8 * i) & 0xFF))
            return;
    }
}

uint64_t mem_read_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                       unsigned size)
{
    gva_t address;
    uint64_t value = 0;
    enter_slow(cpu, insn);
    if (wraps_around(cpu, offset, size))
        return read_around(cpu, seg, offset, size);
    if (!segment_check(cpu, seg, offset, size, false, &address))
        return 0;
    if (linear_misaligned(cpu, address, size)) {
        cpu_fault_code(cpu, VECTOR_AC, 0);
        return 0;
    }
    if (!linear_read(cpu, address, size, cpu->user, &value))
        return 0;
    debug_data_access(cpu, address, size, false);
    return value;
}

bool mem_modify_read(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                     unsigned size, uint64_t *value)
{
    gva_t address;
    uint8_t *host;
    if (mem_fast_write(cpu, seg, offset, size, &host) || wraps_around(cpu, offset, size))
        return mem_read(cpu, insn, seg, offset, size, value);
    enter_slow(cpu, insn);
    if (!segment_check(cpu, seg, offset, size, true, &address))
        return false;
    if (linear_misaligned(cpu, address, size))
        return cpu_fault_code(cpu, VECTOR_AC, 0);
    return linear_probe(cpu, address, size, cpu->user, true) && mem_read(cpu, insn, seg, offset, size, value);
}

bool mem_check(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset, unsigned size,
               unsigned align, bool write)
{
    gva_t address;
    enter_slow(cpu, insn);
    if (!segment_check(cpu, seg, offset, size, write, &address))
        return false;
    if (linear_misaligned(cpu, address, align))
        return cpu_fault_code(cpu, VECTOR_AC, 0);
    return linear_probe(cpu, address, size, cpu->user, write);
}

void mem_write_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                    unsigned size, uint64_t value)
{
    gva_t address;
    enter_slow(cpu, insn);
    if (wraps_around(cpu, offset, size)) {
        write_around(cpu, seg, offset, size, value);
        return;
    }
    if (!segment_check(cpu, seg, offset, size, true, &address))
        return;
    if (linear_misaligned(cpu, address, size)) {
        cpu_fault_code(cpu, VECTOR_AC, 0);
        return;
    }
    if (linear_write(cpu, address, size, cpu->user, value))
        debug_data_access(cpu, address, size, true);
}

/* `size` bytes, 1 to 8, from `at` on within a translated access. */
static uint64_t span_read(struct cpu *cpu, const struct span *span, unsigned at, unsigned size)
{
    if (at >= span->first_size)
        return physmap_read(cpu->physmap, span->second + at - span->first_size, size);
    if (at + size <= span->first_size)
        return physmap_read(cpu->physmap, span->first + at, size);
    unsigned first = span->first_size - at;
    return physmap_read(cpu->physmap, span->first + at, first) |
           physmap_read(cpu->physmap, span->second, size - first) << (8 * first);
}

static void span_write(struct cpu *cpu, const struct span *span, unsigned at, unsigned size, uint64_t value)
{
    unsigned first = at >= span->first_size ? 0 : span->first_size - at;
    if (first >= size) {
        physmap_write(cpu->physmap, span->first + at, size, value);
        return;
    }
    if (first)
        physmap_write(cpu->physmap, span->first + at, first, value);
    gpa_t rest = span->second + at + first - span->first_size;
    physmap_write(cpu->physmap, rest, size - first, value >> (8 * first));
}

/* Every check of a 16-byte access, and its translation. */
static bool begin16(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset, bool write,
                    gva_t *address, struct span *span)
{
    enter_slow(cpu, insn);
    if (!segment_check(cpu, seg, offset, 16, write, address))
        return false;
    if (linear_misaligned(cpu, *address, 16))
        return cpu_fault_code(cpu, VECTOR_AC, 0);
    return translate_span(cpu, *address, 16, cpu->user, write, span);
}

bool mem_read16_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                     uint64_t value[2])
{
    gva_t address;
    struct span span;
    if (!begin16(cpu, insn, seg, offset, false, &address, &span))
        return false;
    value[0] = span_read(cpu, &span, 0, 8);
    value[1] = span_read(cpu, &span, 8, 8);
    debug_data_access(cpu, address, 16, false);
    return true;
}

bool mem_write16_slow(struct cpu *cpu, const struct insn *insn, enum seg_index seg, uint64_t offset,
                      const uint64_t value[2])
{
    gva_t address;
    struct span span;
    if (!begin16(cpu, insn, seg, offset, true, &address, &span))
        return false;
    span_write(cpu, &span, 0, 8, value[0]);
    span_write(cpu, &span, 8, 8, value[1]);
    if (span.first_size == 16)
        restore_fast_write(cpu, address, span.first);
    debug_data_access(cpu, address, 16, true);
    return true;
}
