/* SPDX-License-Identifier: MIT */
#include "tests/support/protected_fixture.h"

#include "core/x86/protection.h"

static void describe(struct cpu_fixture *f, unsigned selector, uint32_t base, uint32_t limit,
                     unsigned attributes)
{
    cpu_fixture_descriptor(f, PF_GDT + selector, base, limit, attributes);
}

static void fill_gdt(struct cpu_fixture *f)
{
    describe(f, SEL_CODE0, 0, 0xFFFFFFFF, ATTR_CODE0);
    describe(f, SEL_DATA0, 0, 0xFFFFFFFF, ATTR_DATA0);
    describe(f, SEL_CODE3, 0, 0xFFFFFFFF, ATTR_CODE3);
    describe(f, SEL_DATA3, 0, 0xFFFFFFFF, ATTR_DATA3);
    describe(f, SEL_TSS, PF_TSS, 0xFF, 0x8B);
    describe(f, SEL_LDT, PF_LDT, 0x3F, 0x82);
    describe(f, SEL_CONFORMING0, 0, 0xFFFFFFFF, 0xC09F);
    describe(f, SEL_CODE0_16, 0, 0xFFFFF, 0x009B);
    describe(f, SEL_DATA0_16, 0, 0xFFFF, 0x0093);
    cpu_fixture_gate(f, PF_GDT + SEL_CALL_GATE, 0xEC, SEL_CODE0, PF_CODE + 0x100, 2);
    cpu_fixture_gate(f, PF_GDT + SEL_TASK_GATE, 0xE5, SEL_TSS_B, 0, 0);
    describe(f, SEL_TSS_B, PF_TSS_B, 0x67, 0x89);
    describe(f, SEL_TSS_C, PF_TSS_C, 0x2B, 0x81);
    describe(f, SEL_ABSENT_DATA, 0, 0xFFFFFFFF, 0xC013);
    describe(f, SEL_ABSENT_CODE, 0, 0xFFFFFFFF, 0xC01B);
    describe(f, SEL_CODE1, 0, 0xFFFFFFFF, 0xC0BB);
    describe(f, SEL_DATA1, 0, 0xFFFFFFFF, 0xC0B3);
    describe(f, SEL_READ_ONLY, 0, 0xFFFFFFFF, 0xC0F1);
    describe(f, SEL_EXECUTE_ONLY, 0, 0xFFFFFFFF, 0xC0F9);
    describe(f, SEL_SMALL_CODE, PF_CODE, 0xFFF, 0x409B);
    describe(f, SEL_EXPAND_DOWN, 0, 0xFFF, 0x4097);
    describe(f, SEL_SPARE, 0, 0, 0);
}

static void set_segment(struct cpu_fixture *f, enum seg_index index, unsigned selector, uint32_t base,
                        uint32_t limit, unsigned attributes)
{
    f->cpu->seg[index] = (struct segment){
        .base = base, .limit = limit, .selector = (uint16_t)selector, .attributes = (uint16_t)attributes};
}

static void set_flat(struct cpu_fixture *f, unsigned code, unsigned data, unsigned dpl)
{
    static const enum seg_index all[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned i = 0; i < 5; i++)
        set_segment(f, all[i], data | dpl, 0, 0xFFFFFFFF, ATTR_DATA0 | dpl << 5);
    set_segment(f, SEG_CS, code | dpl, 0, 0xFFFFFFFF, ATTR_CODE0 | dpl << 5);
    f->cpu->cpl = (uint8_t)dpl;
}

static void fill_tss(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, PF_TSS + 4, 4, PF_STACK0);
    cpu_fixture_poke(f, PF_TSS + 8, 4, SEL_DATA0);
    cpu_fixture_poke(f, PF_TSS + 12, 4, PF_STACK1);
    cpu_fixture_poke(f, PF_TSS + 16, 4, SEL_DATA1 | 1);
    cpu_fixture_poke(f, PF_TSS + 0x66, 2, 0x88); /* I/O map behind a 32-byte redirection map */
}

void protected_fixture_init(struct cpu_fixture *f)
{
    protected_fixture_init_model(f, "pentiumpro");
}

void protected_fixture_init_model(struct cpu_fixture *f, const char *model)
{
    cpu_fixture_init(f, model);
    struct cpu *cpu = f->cpu;
    fill_gdt(f);
    fill_tss(f);
    for (unsigned i = 0; i < PF_IDT_VECTORS; i++)
        cpu_fixture_gate(f, PF_IDT + 8 * i, 0x8E, SEL_CODE0, PF_CODE + 0x1000 + 16 * i, 0);
    cpu->gdtr = (struct descriptor_table){.base = PF_GDT, .limit = SEL_LIMIT - 1};
    cpu->idtr = (struct descriptor_table){.base = PF_IDT, .limit = PF_IDT_VECTORS * 8 - 1};
    cpu->cr0 |= CR0_PE;
    set_flat(f, SEL_CODE0, SEL_DATA0, 0);
    set_segment(f, SEG_TR, SEL_TSS, PF_TSS, 0xFF, 0x8B);
    set_segment(f, SEG_LDTR, 0, 0, 0, 0);
    cpu->rip = cpu->next_rip = PF_CODE;
    cpu->gpr[GPR_SP] = PF_STACK0;
    cpu_derive(cpu);
}

void protected_fixture_user(struct cpu_fixture *f)
{
    set_flat(f, SEL_CODE3, SEL_DATA3, 3);
    f->cpu->gpr[GPR_SP] = PF_STACK3;
    cpu_derive(f->cpu);
}

void protected_fixture_v86(struct cpu_fixture *f, unsigned iopl)
{
    struct cpu *cpu = f->cpu;
    cpu->eflags |= EFLAGS_VM | iopl << 12;
    cpu->cpl = 3;
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(cpu, (enum seg_index)i, 0x3000);
    segment_set_real(cpu, SEG_CS, 0x1000);
    segment_set_real(cpu, SEG_SS, 0x2000);
    cpu->gpr[GPR_SP] = 0x1000;
    cpu->rip = cpu->next_rip = 0;
    cpu_derive(cpu);
}

void protected_fixture_execute(struct cpu_fixture *f, const void *bytes, uint64_t size, uint64_t insns)
{
    cpu_fixture_load(f, f->cpu->seg[SEG_CS].base + f->cpu->rip, bytes, size);
    cpu_fixture_run(f, insns);
}
