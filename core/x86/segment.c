/* SPDX-License-Identifier: MIT */
/* Segment registers: descriptor fetch, checks and loads (SDM 3A 3.4, 5.4-5.7; SDM 2 MOV, LDS). */
#include "core/x86/descriptor.h"

#include "core/x86/access.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"

enum { REAL_LIMIT = 0xFFFF };

/* Attributes that real-mode and V86 loads give: writable data, for CS as well, so that CS: stores pass. */
enum {
    REAL_ATTRIBUTES = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE | SEG_ATTR_ACCESSED,
    V86_ATTRIBUTES = REAL_ATTRIBUTES | SEG_ATTR_DPL,
};

bool selector_fault(struct cpu *cpu, enum exception_vector vector, uint16_t selector, unsigned ext)
{
    return cpu_fault_code(cpu, vector, (selector & ERROR_SELECTOR) | ext);
}

bool descriptor_locate(const struct cpu *cpu, uint16_t selector, gva_t *address)
{
    const struct segment *ldt = &cpu->seg[SEG_LDTR];
    uint32_t offset = selector & SELECTOR_INDEX;
    uint64_t base = cpu->gdtr.base;
    uint32_t limit = cpu->gdtr.limit;
    if (selector & SELECTOR_TI) {
        if (!(ldt->attributes & SEG_ATTR_P))
            return false;
        base = ldt->base;
        limit = ldt->limit;
    }
    *address = system_address(cpu, base + offset);
    return offset + 7 <= limit || limit > 0xFFFF;
}

/* A 286 ignores the last word, and the system types that came with the 386 are invalid. */
static void reduce_to_286(struct descriptor *d)
{
    d->high &= 0xFFFF;
    if (descriptor_is_system(d) && descriptor_is_386(d))
        d->high &= ~0xF00u;
}

bool descriptor_read(struct cpu *cpu, uint16_t selector, enum exception_vector vector, unsigned ext,
                     struct descriptor *d)
{
    gva_t address;
    uint64_t raw;
    if (!descriptor_locate(cpu, selector, &address))
        return selector_fault(cpu, vector, selector, ext);
    if (!linear_read(cpu, address, 8, false, &raw))
        return false;
    d->low = (uint32_t)raw;
    d->high = (uint32_t)(raw >> 32);
    if (!cpu_model_has(cpu->model, FEATURE_386))
        reduce_to_286(d);
    return true;
}

static bool write_access_byte(struct cpu *cpu, uint16_t selector, struct descriptor *d, uint32_t high)
{
    gva_t address;
    if (!descriptor_locate(cpu, selector, &address))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!linear_write(cpu, system_address(cpu, address + 5), 1, false, high >> 8 & 0xFF))
        return false;
    d->high = high;
    return true;
}

bool descriptor_set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
    if (d->high & SEG_ATTR_ACCESSED << 8)
        return true;
    return write_access_byte(cpu, selector, d, d->high | SEG_ATTR_ACCESSED << 8);
}

bool descriptor_write_type(struct cpu *cpu, uint16_t selector, struct descriptor *d, unsigned type)
{
    return write_access_byte(cpu, selector, d, (d->high & ~0xF00u) | type << 8);
}

struct segment segment_from_descriptor(uint16_t selector, const struct descriptor *d)
{
    return (struct segment){.selector = selector,
                            .base = descriptor_base(d),
                            .limit = descriptor_limit(d),
                            .attributes = descriptor_attributes(d)};
}

void segment_install(struct cpu *cpu, enum seg_index index, uint16_t selector, const struct descriptor *d)
{
    cpu->seg[index] = segment_from_descriptor(selector, d);
    cpu_derive_segment(cpu, index);
}

void segment_set_unusable(struct cpu *cpu, enum seg_index index, uint16_t selector)
{
    struct segment *segment = &cpu->seg[index];
    segment->selector = selector;
    segment->base = segment->hidden_base = 0;
    segment->attributes = 0;
    cpu_derive_segment(cpu, index);
}

/* In real-address mode a load leaves limit, granularity and size as they are, which "unreal" modes build on;
 * up to the 486, CS is the exception. */
void segment_set_real(struct cpu *cpu, enum seg_index index, uint16_t selector)
{
    struct segment *segment = &cpu->seg[index];
    segment->selector = selector;
    segment->base = (uint64_t)selector << 4;
    if (cpu_is_v86(cpu)) {
        segment->limit = REAL_LIMIT;
        segment->attributes = V86_ATTRIBUTES;
    } else if (index == SEG_CS && !cpu_model_has(cpu->model, FEATURE_TSC)) {
        segment->limit = REAL_LIMIT;
        segment->attributes = REAL_ATTRIBUTES;
    } else {
        segment->attributes = (segment->attributes & (SEG_ATTR_DB | SEG_ATTR_G)) | REAL_ATTRIBUTES;
    }
    cpu_derive_segment(cpu, index);
}

bool stack_segment_check(struct cpu *cpu, uint16_t selector, unsigned cpl, enum exception_vector vector,
                         unsigned ext, struct descriptor *d)
{
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, vector, ext);
    if (!descriptor_read(cpu, selector, vector, ext, d))
        return false;
    if ((selector & SELECTOR_RPL) != cpl || !descriptor_is_writable_data(d) || descriptor_dpl(d) != cpl)
        return selector_fault(cpu, vector, selector, ext);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_SS, selector, ext);
    return true;
}

static bool load_stack_segment(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (selector_is_null(selector) && cpu_is_64bit(cpu) && cpu->cpl < 3 &&
        (selector & SELECTOR_RPL) == cpu->cpl) {
        segment_set_unusable(cpu, SEG_SS, selector);
        cpu_derive(cpu);
        return true;
    }
    if (!stack_segment_check(cpu, selector, cpu->cpl, VECTOR_GP, 0, &d) ||
        !descriptor_set_accessed(cpu, selector, &d))
        return false;
    segment_install(cpu, SEG_SS, selector, &d);
    cpu_derive(cpu);
    return true;
}

static bool load_data_segment(struct cpu *cpu, enum seg_index index, uint16_t selector)
{
    struct descriptor d;
    if (selector_is_null(selector)) {
        segment_set_unusable(cpu, index, selector);
        return true;
    }
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, &d))
        return false;
    if (!descriptor_is_readable(&d))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    unsigned dpl = descriptor_dpl(&d);
    if (!descriptor_is_conforming(&d) && ((selector & SELECTOR_RPL) > dpl || cpu->cpl > dpl))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(&d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    if (!descriptor_set_accessed(cpu, selector, &d))
        return false;
    segment_install(cpu, index, selector, &d);
    return true;
}

bool segment_load(struct cpu *cpu, enum seg_index index, uint16_t selector)
{
    if (cpu_is_real_like(cpu)) {
        segment_set_real(cpu, index, selector);
        return true;
    }
    return index == SEG_SS ? load_stack_segment(cpu, selector) : load_data_segment(cpu, index, selector);
}

void segments_drop_privileged(struct cpu *cpu)
{
    static const enum seg_index data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned i = 0; i < 4; i++) {
        unsigned attributes = cpu->seg[data[i]].attributes;
        bool conforming =
            (attributes & (SEG_ATTR_CODE | SEG_ATTR_EXPAND_DOWN)) == (SEG_ATTR_CODE | SEG_ATTR_EXPAND_DOWN);
        unsigned dpl = (attributes & SEG_ATTR_DPL) >> SEG_ATTR_DPL_SHIFT;
        if (conforming || dpl >= cpu->cpl)
            continue;
        cpu->seg[data[i]].selector =
            0; /* the base stays: 64-bit programs have theirs in FS under a null selector */
        cpu->seg[data[i]].attributes = 0;
        cpu_derive_segment(cpu, data[i]);
    }
}
