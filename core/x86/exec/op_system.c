/* SPDX-License-Identifier: MIT */
/* Descriptor-table, control and debug registers; TLB and cache control; HLT (SDM 2). */
#include "core/x86/access.h"
#include "core/x86/control.h"
#include "core/x86/descriptor.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "core/x86/operand.h"
#include "core/x86/smm.h"

static bool privileged(struct cpu *cpu)
{
    return cpu->cpl == 0 || cpu_fault_code(cpu, VECTOR_GP, 0);
}

static bool load_table(struct cpu *cpu, const struct insn *insn, struct descriptor_table *table)
{
    uint64_t start = operand_offset(cpu, insn), limit, base;
    enum seg_index seg = (enum seg_index)insn->seg;
    unsigned base_size = cpu->mode == MODE_64 ? 8 : 4;
    if (!privileged(cpu) || !mem_read(cpu, insn, seg, start, 2, &limit) ||
        !mem_read(cpu, insn, seg, operand_wrap(insn, start + 2), base_size, &base))
        return false;
    if (cpu->mode != MODE_64 && insn->op_size == 2)
        base &= 0xFFFFFF;
    if (!is_canonical(base))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    table->limit = (uint16_t)limit;
    table->base = base;
    return true;
}

bool op_lgdt(struct cpu *cpu, const struct insn *insn)
{
    return load_table(cpu, insn, &cpu->gdtr);
}

bool op_lidt(struct cpu *cpu, const struct insn *insn)
{
    return load_table(cpu, insn, &cpu->idtr);
}

/* Every 32-bit processor stores the whole base, whatever the operand size; a 286 fills the last byte with
 * ones. The operand as a whole is aligned to 4 bytes (SDM 3A table 6-7), its base is not: it goes by words.
 */
static bool store_table(struct cpu *cpu, const struct insn *insn, const struct descriptor_table *table)
{
    uint64_t start = operand_offset(cpu, insn), base = table->base;
    enum seg_index seg = (enum seg_index)insn->seg;
    unsigned base_size = cpu->mode == MODE_64 ? 8 : 4;
    if (!cpu_model_has(cpu->model, FEATURE_386))
        base |= 0xFF000000;
    if (!mem_check(cpu, insn, seg, start, 2, 4, true) ||
        !mem_check(cpu, insn, seg, operand_wrap(insn, start + 2), base_size, 1, true))
        return false;
    for (unsigned i = 0; i < base_size; i += 2) {
        if (!mem_write(cpu, insn, seg, operand_wrap(insn, start + 2 + i), 2, base >> (8 * i) & 0xFFFF))
            return false;
    }
    return mem_write(cpu, insn, seg, start, 2, table->limit);
}

bool op_sgdt(struct cpu *cpu, const struct insn *insn)
{
    return store_table(cpu, insn, &cpu->gdtr);
}

bool op_sidt(struct cpu *cpu, const struct insn *insn)
{
    return store_table(cpu, insn, &cpu->idtr);
}

static bool store_word(struct cpu *cpu, const struct insn *insn, uint64_t value)
{
    if (insn->flags & INSN_MEM)
        return operand_write(cpu, insn, 2, value & 0xFFFF);
    return operand_write(cpu, insn, insn->op_size, value);
}

bool op_sldt(struct cpu *cpu, const struct insn *insn)
{
    return store_word(cpu, insn, cpu->seg[SEG_LDTR].selector);
}

bool op_str(struct cpu *cpu, const struct insn *insn)
{
    return store_word(cpu, insn, cpu->seg[SEG_TR].selector);
}

/* In IA-32e mode LDT and TSS descriptors have 16 bytes; the third dword is the upper half of the base, which
 * must be canonical. */
static bool read_base_high(struct cpu *cpu, uint16_t selector, const struct descriptor *d, uint64_t *base)
{
    gva_t address;
    uint64_t high;
    *base = 0;
    if (!cpu_is_long(cpu))
        return true;
    if (!descriptor_locate(cpu, (uint16_t)(selector + 8), &address))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!linear_read(cpu, address, 8, false, &high))
        return false;
    if (high >> 32 & 0x1F00 || !is_canonical(high << 32 | descriptor_base(d)))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    *base = high << 32;
    return true;
}

bool op_lldt(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, base;
    struct descriptor d;
    if (!privileged(cpu) || !operand_read(cpu, insn, 2, &value))
        return false;
    uint16_t selector = (uint16_t)value;
    if (selector_is_null(selector)) {
        segment_set_unusable(cpu, SEG_LDTR, selector);
        return true;
    }
    if (selector & SELECTOR_TI)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, &d))
        return false;
    if (!descriptor_is_system(&d) || descriptor_type(&d) != TYPE_LDT)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(&d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    if (!read_base_high(cpu, selector, &d, &base))
        return false;
    segment_install(cpu, SEG_LDTR, selector, &d);
    cpu->seg[SEG_LDTR].base |= base;
    return true;
}

bool op_ltr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, base;
    struct descriptor d;
    if (!privileged(cpu) || !operand_read(cpu, insn, 2, &value))
        return false;
    uint16_t selector = (uint16_t)value;
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (selector & SELECTOR_TI)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, &d))
        return false;
    unsigned type = descriptor_type(&d);
    bool usable = type == TYPE_TSS32 || (type == TYPE_TSS16 && !cpu_is_long(cpu));
    if (!descriptor_is_system(&d) || !usable)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(&d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    if (!read_base_high(cpu, selector, &d, &base) || !descriptor_write_type(cpu, selector, &d, type | 2))
        return false;
    segment_install(cpu, SEG_TR, selector, &d);
    cpu->seg[SEG_TR].base |= base;
    return true;
}

bool op_smsw(struct cpu *cpu, const struct insn *insn)
{
    return store_word(cpu, insn, cpu->cr0);
}

/* PE can be set but not cleared. */
bool op_lmsw(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!privileged(cpu) || !operand_read(cpu, insn, 2, &value))
        return false;
    return control_write_cr0(cpu, (cpu->cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | (value & 0xF));
}

bool op_clts(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!privileged(cpu))
        return false;
    cpu->cr0 &= ~CR0_TS;
    return true;
}

static unsigned control_size(const struct cpu *cpu)
{
    return cpu->mode == MODE_64 ? 8 : 4;
}

static bool control_exists(const struct cpu *cpu, unsigned number)
{
    return number == 0 || number == 2 || number == 3 || (number == 4 && cpu->model->cr4_mask != 0) ||
           number == 8; /* only REX names it */
}

bool op_mov_from_cr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = 0;
    if (!control_exists(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD);
    if (!privileged(cpu))
        return false;
    switch (insn->reg) {
    case 0: value = cpu->cr0; break;
    case 2: value = cpu->cr2; break;
    case 3: value = cpu->cr3; break;
    case 4: value = cpu->cr4; break;
    default: value = cpu->cr8; break;
    }
    reg_write(cpu, insn->rm, control_size(cpu), value);
    return true;
}

bool op_mov_to_cr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = reg_read(cpu, insn->rm, control_size(cpu));
    if (!control_exists(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD);
    if (!privileged(cpu))
        return false;
    switch (insn->reg) {
    case 0: return control_write_cr0(cpu, value);
    case 2: cpu->cr2 = value; return true;
    case 3: return control_write_cr3(cpu, value);
    case 4: return control_write_cr4(cpu, value);
    default: return control_write_cr8(cpu, value);
    }
}

/* Number behind the alias of DR4 and DR5, or a fault: #UD with CR4.DE, #GP by privilege, #DB by DR7.GD. */
static bool debug_number(struct cpu *cpu, const struct insn *insn, unsigned *number)
{
    *number = insn->reg;
    if (*number > 7)
        return cpu_fault(cpu, VECTOR_UD);
    if (*number == 4 || *number == 5) {
        if (cpu->cr4 & CR4_DE)
            return cpu_fault(cpu, VECTOR_UD);
        *number += 2;
    }
    if (!privileged(cpu))
        return false;
    if (cpu->dr[7] & DR7_GD) {
        cpu->dr[6] |= DR6_BD;
        return cpu_fault(cpu, VECTOR_DB);
    }
    return true;
}

bool op_mov_from_dr(struct cpu *cpu, const struct insn *insn)
{
    unsigned number;
    if (!debug_number(cpu, insn, &number))
        return false;
    reg_write(cpu, insn->rm, control_size(cpu), debug_register_read(cpu, number));
    return true;
}

bool op_mov_to_dr(struct cpu *cpu, const struct insn *insn)
{
    unsigned number;
    uint64_t value = reg_read(cpu, insn->rm, control_size(cpu));
    if (!debug_number(cpu, insn, &number))
        return false;
    if (number >= 6 && value >> 32)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    debug_register_write(cpu, number, value);
    return true;
}

/* Only the effective address counts: neither segment rights nor a mapping are needed. One that is not
 * canonical does nothing. */
bool op_invlpg(struct cpu *cpu, const struct insn *insn)
{
    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD);
    if (!privileged(cpu))
        return false;
    gva_t address = (cpu->seg[insn->seg].base + operand_offset(cpu, insn)) & cpu->linear_mask;
    if (is_canonical(address))
        tlb_flush_page(cpu, address);
    return true;
}

/* No cache is modelled: memory is always coherent. */
bool op_invd(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return privileged(cpu);
}

bool op_wbinvd(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return privileged(cpu);
}

bool op_hlt(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!privileged(cpu))
        return false;
    cpu->activity = CPU_HALTED;
    return true;
}

bool op_rsm(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return smm_resume(cpu);
}
