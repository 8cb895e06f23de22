/* SPDX-License-Identifier: MIT */
/* Hardware task switches between 286 and 386 TSSs in any combination (SDM 3A 7).
 *
 * Everything that can fault in the old task is checked or probed first. Once the new registers are loaded the
 * switch has committed: what then fails does so in the new task, with its CS:EIP as return address.
 */
#include "core/x86/transfer.h"

#include "core/x86/access.h"
#include "core/x86/control.h"
#include "core/x86/eflags.h"
#include "core/x86/insn.h"
#include "core/x86/long_mode.h"

enum { TSS_REGISTERS = 8, TSS_SEGMENTS = 6 };

/* Offsets of a TSS format (SDM 3A figures 7-2 and 7-10). */
struct tss_layout {
    unsigned width; /* bytes of EIP, EFLAGS and general registers */
    unsigned minimum_limit;
    unsigned eip, eflags, gpr, segment, segment_stride, ldt;
    unsigned segments;     /* ES CS SS DS [FS GS] */
    unsigned dynamic_size; /* from eip: what a switch away writes */
};

static const struct tss_layout tss16 = {2, 0x2B, 0x0E, 0x10, 0x12, 0x22, 2, 0x2A, 4, 0x1C};
static const struct tss_layout tss32 = {4, 0x67, 0x20, 0x24, 0x28, 0x48, 4, 0x60, 6, 0x40};

enum { TSS_LINK = 0, TSS32_CR3 = 0x1C, TSS32_TRAP = 0x64 };

/* What a TSS gives to the incoming task. */
struct task_image {
    uint32_t cr3, eip, eflags, gpr[TSS_REGISTERS];
    uint16_t segment[TSS_SEGMENTS], ldt;
    bool trap;
};

/* One switch under way. */
struct task {
    enum task_reason reason;
    unsigned ext;
    uint16_t selector;
    struct descriptor descriptor;
    const struct tss_layout *from, *to;
    gva_t old_base, new_base;
    uint32_t old_eflags;
    uint64_t return_rip;
};

static const struct tss_layout *layout_of(bool is_386)
{
    return is_386 ? &tss32 : &tss16;
}

static bool nests(const struct task *task)
{
    return task->reason == TASK_CALL || task->reason == TASK_INTERRUPT;
}

static bool read_field(struct cpu *cpu, gva_t base, unsigned offset, unsigned size, uint32_t *value)
{
    uint64_t raw;
    if (!linear_read(cpu, (base + offset) & cpu->linear_mask, size, false, &raw))
        return false;
    *value = (uint32_t)raw;
    return true;
}

/* For pages that have been probed: these accesses fail only where a TSS or the GDT overlaps the page tables
 * that map them, and then do nothing. */
static uint32_t take_field(struct cpu *cpu, gva_t base, unsigned offset, unsigned size)
{
    uint32_t value = 0;
    if (!read_field(cpu, base, offset, size, &value))
        cpu->exception.pending = false;
    return value;
}

static void put_field(struct cpu *cpu, gva_t base, unsigned offset, unsigned size, uint32_t value)
{
    if (!linear_write(cpu, (base + offset) & cpu->linear_mask, size, false, value))
        cpu->exception.pending = false;
}

/* Kind, presence and limit of the new TSS (SDM 3A table 7-1, first rows). */
static bool check_new_tss(struct cpu *cpu, const struct task *task)
{
    const struct descriptor *d = &task->descriptor;
    bool back = task->reason == TASK_RETURN;
    unsigned type = descriptor_type(d);
    unsigned wanted = back ? TYPE_TSS16_BUSY : TYPE_TSS16;
    enum exception_vector vector = back ? VECTOR_TS : VECTOR_GP;
    if (!descriptor_is_system(d) || (type & ~8u) != wanted)
        return selector_fault(cpu, vector, task->selector, task->ext);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_NP, task->selector, task->ext);
    if (descriptor_limit(d) < layout_of(descriptor_is_386(d))->minimum_limit)
        return selector_fault(cpu, VECTOR_TS, task->selector, task->ext);
    return true;
}

static bool probe_descriptor(struct cpu *cpu, uint16_t selector, unsigned ext)
{
    gva_t address;
    if (!descriptor_locate(cpu, selector, &address))
        return selector_fault(cpu, VECTOR_TS, selector, ext);
    return linear_probe(cpu, address, 8, false, true);
}

/* Both TSSs and the descriptors whose busy bits change must be there before anything moves. */
static bool probe_memory(struct cpu *cpu, const struct task *task)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    if (tr->limit < task->from->minimum_limit)
        return selector_fault(cpu, VECTOR_TS, tr->selector, task->ext);
    if (!linear_probe(cpu, (task->old_base + task->from->eip) & cpu->linear_mask, task->from->dynamic_size,
                      false, true) ||
        !linear_probe(cpu, task->new_base, task->to->minimum_limit + 1, false, false))
        return false;
    if (nests(task) && !linear_probe(cpu, task->new_base, 2, false, true))
        return false;
    if (!nests(task) && !selector_is_null(tr->selector) && !probe_descriptor(cpu, tr->selector, task->ext))
        return false;
    return task->reason == TASK_RETURN || probe_descriptor(cpu, task->selector, task->ext);
}

static void save_old_task(struct cpu *cpu, const struct task *task)
{
    const struct tss_layout *tss = task->from;
    uint32_t eflags = task->old_eflags;
    if (task->reason == TASK_RETURN)
        eflags &= ~(uint32_t)EFLAGS_NT;
    put_field(cpu, task->old_base, tss->eip, tss->width, (uint32_t)task->return_rip);
    put_field(cpu, task->old_base, tss->eflags, tss->width, eflags);
    for (unsigned i = 0; i < TSS_REGISTERS; i++)
        put_field(cpu, task->old_base, tss->gpr + i * tss->width, tss->width, (uint32_t)cpu->gpr[i]);
    for (unsigned i = 0; i < tss->segments; i++)
        put_field(cpu, task->old_base, tss->segment + i * tss->segment_stride, 2, cpu->seg[i].selector);
}

static struct task_image read_new_task(struct cpu *cpu, const struct task *task)
{
    const struct tss_layout *tss = task->to;
    struct task_image image = {.cr3 = (uint32_t)cpu->cr3};
    image.eip = take_field(cpu, task->new_base, tss->eip, tss->width);
    image.eflags = take_field(cpu, task->new_base, tss->eflags, tss->width);
    for (unsigned i = 0; i < TSS_REGISTERS; i++) {
        image.gpr[i] = take_field(cpu, task->new_base, tss->gpr + i * tss->width, tss->width);
        if (tss->width == 2 && cpu_model_has(cpu->model, FEATURE_386))
            image.gpr[i] |= 0xFFFF0000; /* as observed; the manual leaves it open */
    }
    for (unsigned i = 0; i < tss->segments; i++)
        image.segment[i] =
            (uint16_t)take_field(cpu, task->new_base, tss->segment + i * tss->segment_stride, 2);
    image.ldt = (uint16_t)take_field(cpu, task->new_base, tss->ldt, 2);
    if (tss == &tss32) {
        image.cr3 = take_field(cpu, task->new_base, TSS32_CR3, 4);
        image.trap = take_field(cpu, task->new_base, TSS32_TRAP, 2) & 1;
    }
    return image;
}

static void set_type(struct cpu *cpu, uint16_t selector, struct descriptor *d, unsigned type)
{
    if (!descriptor_write_type(cpu, selector, d, type))
        cpu->exception.pending = false;
}

static void clear_busy(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (descriptor_read(cpu, selector, VECTOR_TS, 0, &d))
        set_type(cpu, selector, &d, descriptor_type(&d) & ~2u);
    else
        cpu->exception.pending = false;
}

/* Busy bits, back link and TR (SDM 3A 7.3 steps 7 to 12, table 7-2). */
static void change_links(struct cpu *cpu, struct task *task)
{
    struct segment *tr = &cpu->seg[SEG_TR];
    struct descriptor *d = &task->descriptor;
    if (nests(task))
        put_field(cpu, task->new_base, TSS_LINK, 2, tr->selector);
    else if (!selector_is_null(tr->selector))
        clear_busy(cpu, tr->selector);
    if (task->reason != TASK_RETURN)
        set_type(cpu, task->selector, d, descriptor_type(d) | 2);
    segment_install(cpu, SEG_TR, task->selector, d);
}

/* Registers of the new task; selectors with unusable hidden parts, which load_segments then qualifies. */
static void load_registers(struct cpu *cpu, const struct task *task, const struct task_image *image)
{
    uint32_t mask =
        (EFLAGS_ANY_LEVEL | EFLAGS_RF | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP) &
        cpu->model->eflags_mask;
    cpu_set_eflags(cpu, (image->eflags & mask) | (nests(task) ? EFLAGS_NT : 0u));
    for (unsigned i = 0; i < TSS_REGISTERS; i++)
        cpu->gpr[i] = image->gpr[i];
    for (unsigned i = 0; i < TSS_SEGMENTS; i++)
        segment_set_unusable(cpu, (enum seg_index)i, image->segment[i]);
    segment_set_unusable(cpu, SEG_LDTR, image->ldt);
    cpu->cpl = cpu_is_v86(cpu) ? 3 : image->segment[SEG_CS] & SELECTOR_RPL;
    cpu->cr0 |= CR0_TS;
    cpu->dr[7] &= ~UINT64_C(0x155); /* L0-L3 and LE belong to the old task */
    cpu->rip = cpu->next_rip = image->eip;
    cpu_derive(cpu);
}

static bool load_ldt(struct cpu *cpu, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    if (selector_is_null(selector))
        return true;
    if (selector & SELECTOR_TI)
        return selector_fault(cpu, VECTOR_TS, selector, ext);
    if (!descriptor_read(cpu, selector, VECTOR_TS, ext, &d))
        return false;
    if (!descriptor_is_system(&d) || descriptor_type(&d) != TYPE_LDT || !descriptor_present(&d))
        return selector_fault(cpu, VECTOR_TS, selector, ext);
    segment_install(cpu, SEG_LDTR, selector, &d);
    return true;
}

static bool load_code(struct cpu *cpu, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_TS, ext);
    if (!descriptor_read(cpu, selector, VECTOR_TS, ext, &d))
        return false;
    unsigned dpl = descriptor_dpl(&d), rpl = selector & SELECTOR_RPL;
    if (!descriptor_is_code(&d) || (descriptor_is_conforming(&d) ? dpl > rpl : dpl != rpl))
        return selector_fault(cpu, VECTOR_TS, selector, ext);
    if (!descriptor_present(&d))
        return selector_fault(cpu, VECTOR_NP, selector, ext);
    if (!descriptor_set_accessed(cpu, selector, &d))
        return false;
    segment_install(cpu, SEG_CS, selector, &d);
    cpu_derive(cpu);
    return true;
}

static bool load_stack(struct cpu *cpu, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    if (!stack_segment_check(cpu, selector, cpu->cpl, VECTOR_TS, ext, &d) ||
        !descriptor_set_accessed(cpu, selector, &d))
        return false;
    segment_install(cpu, SEG_SS, selector, &d);
    cpu_derive(cpu);
    return true;
}

static bool load_data(struct cpu *cpu, enum seg_index index, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    if (selector_is_null(selector))
        return true;
    if (!descriptor_read(cpu, selector, VECTOR_TS, ext, &d))
        return false;
    unsigned dpl = descriptor_dpl(&d);
    bool privileged = !descriptor_is_conforming(&d) && (dpl < cpu->cpl || dpl < (selector & SELECTOR_RPL));
    if (!descriptor_is_readable(&d) || privileged)
        return selector_fault(cpu, VECTOR_TS, selector, ext);
    if (!descriptor_present(&d))
        return selector_fault(cpu, VECTOR_NP, selector, ext);
    if (!descriptor_set_accessed(cpu, selector, &d))
        return false;
    segment_install(cpu, index, selector, &d);
    return true;
}

/* Qualifies the new task's selectors, in the order of SDM 3A table 7-1. */
static bool load_segments(struct cpu *cpu, const struct task_image *image, unsigned ext)
{
    static const enum seg_index data[] = {SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    if (!load_ldt(cpu, image->ldt, ext))
        return false;
    if (cpu_is_v86(cpu)) {
        for (unsigned i = 0; i < TSS_SEGMENTS; i++)
            segment_set_real(cpu, (enum seg_index)i, image->segment[i]);
        cpu_derive(cpu);
    } else {
        if (!load_code(cpu, image->segment[SEG_CS], ext) || !load_stack(cpu, image->segment[SEG_SS], ext))
            return false;
        for (unsigned i = 0; i < 4; i++) {
            if (!load_data(cpu, data[i], image->segment[data[i]], ext))
                return false;
        }
    }
    return image->eip <= cpu->seg[SEG_CS].limit || cpu_fault_code(cpu, VECTOR_GP, ext);
}

static bool perform(struct cpu *cpu, struct task *task)
{
    save_old_task(cpu, task);
    struct task_image image = read_new_task(cpu, task);
    change_links(cpu, task);
    load_registers(cpu, task, &image);
    if (image.cr3 != cpu->cr3 && (cpu->cr0 & CR0_PG) && !control_load_cr3(cpu, image.cr3))
        return false;
    if (!load_segments(cpu, &image, task->ext))
        return false;
    if (image.trap)
        cpu->debug_hits |= DR6_BT;
    return true;
}

bool task_switch(struct cpu *cpu, uint16_t selector, enum task_reason reason, unsigned ext, uint32_t eflags,
                 uint64_t return_rip)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    struct task task = {.reason = reason,
                        .ext = ext,
                        .selector = selector,
                        .from = layout_of((tr->attributes & 8) != 0),
                        .old_base = tr->base,
                        .old_eflags = eflags,
                        .return_rip = return_rip};
    enum exception_vector vector = reason == TASK_RETURN ? VECTOR_TS : VECTOR_GP;
    if (selector_is_null(selector) || selector & SELECTOR_TI)
        return selector_fault(cpu, vector, selector, ext);
    if (!descriptor_read(cpu, selector, vector, ext, &task.descriptor) || !check_new_tss(cpu, &task))
        return false;
    task.to = layout_of(descriptor_is_386(&task.descriptor));
    task.new_base = descriptor_base(&task.descriptor);
    return probe_memory(cpu, &task) && perform(cpu, &task);
}

bool task_gate_enter(struct cpu *cpu, const struct descriptor *gate, enum task_reason reason, unsigned ext,
                     uint32_t eflags, uint64_t return_rip)
{
    return task_switch(cpu, gate_selector(gate), reason, ext, eflags, return_rip);
}

bool task_return(struct cpu *cpu)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint32_t link;
    if (!read_field(cpu, tr->base, TSS_LINK, 2, &link))
        return false;
    return task_switch(cpu, (uint16_t)link, TASK_RETURN, 0, cpu_get_eflags(cpu), cpu->next_rip);
}
