/* SPDX-License-Identifier: MIT */
/* LOADALL of the 80286 (0F 05, from physical 800h) and of the 80386 (0F 07, from ES:EDI): every register and
 * every hidden part of a segment register, without a check. Undocumented; Intel's "Undocumented iAPX 286 Test
 * Instruction" and 386 errata sheets describe the tables. */
#include "core/base/bytes.h"
#include "core/mem/physmap.h"
#include "core/x86/access.h"
#include "core/x86/control.h"
#include "core/x86/descriptor.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "core/x86/operand.h"

/* Offsets in the 286's table; descriptor parts: 24 bits base, 8 bits access rights, 16 bits limit. */
enum loadall_286 {
    L286_ADDRESS = 0x800,
    L286_SIZE = 0x66,
    L286_MSW = 0x06,
    L286_TR = 0x16,
    L286_FLAGS = 0x18,
    L286_IP = 0x1A,
    L286_LDT = 0x1C,
    L286_DS = 0x1E, /* DS SS CS ES, DI SI BP SP BX DX CX AX: two bytes each */
    L286_DI = 0x26,
    L286_ES_PART = 0x36, /* ES CS SS DS GDTR LDTR IDTR TR: six bytes each */
};

/* Offsets in the 386's table; descriptor parts: access rights as in a descriptor's upper half, base, limit.
 */
enum loadall_386 {
    L386_SIZE = 0xCC,
    L386_CR0 = 0x00,
    L386_EFLAGS = 0x04,
    L386_EIP = 0x08,
    L386_EDI = 0x0C, /* EDI ESI EBP ESP EBX EDX ECX EAX */
    L386_DR6 = 0x2C,
    L386_DR7 = 0x30,
    L386_TR = 0x34,      /* TR LDTR GS FS DS SS CS ES */
    L386_TR_PART = 0x54, /* TR IDTR GDTR LDTR GS FS DS SS CS ES: twelve bytes each */
};

/* The order of the general registers in both tables: EDI first. */
static void load_gprs(struct cpu *cpu, const uint8_t *table, unsigned size)
{
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[GPR_DI - i] = load_le(table + i * size, size);
}

static unsigned stack_dpl(const struct cpu *cpu)
{
    return (cpu->seg[SEG_SS].attributes & SEG_ATTR_DPL) >> SEG_ATTR_DPL_SHIFT;
}

/* The privilege level is that of the stack segment, or 3 in V86 mode. */
static void commit(struct cpu *cpu, uint64_t cr0, uint32_t eflags)
{
    uint32_t mask = cpu->model->eflags_mask;
    cpu_set_eflags(cpu, (eflags & mask) | cpu->model->eflags_fixed);
    bool flush = ((cr0 ^ cpu->cr0) & CR0_PG) != 0;
    cpu->cr0 = (cr0 & cpu->model->cr0_mask) | cpu->model->cr0_fixed;
    cpu->cpl = (uint8_t)(cpu_is_v86(cpu) ? 3 : cpu_is_protected(cpu) ? stack_dpl(cpu) : 0);
    if (flush)
        tlb_flush(cpu, false);
    cpu_derive(cpu);
}

static uint32_t base_286(const uint8_t *part)
{
    return load_le16(part) | (uint32_t)part[2] << 16;
}

static void load_part_286(struct segment *segment, const uint8_t *part, uint16_t selector)
{
    segment->selector = selector;
    segment->base = base_286(part);
    segment->attributes = part[3];
    segment->limit = load_le16(part + 4);
}

static void load_table_286(struct descriptor_table *table, const uint8_t *part)
{
    table->base = base_286(part);
    table->limit = load_le16(part + 4);
}

/* PE can be set here, not cleared. */
bool op_loadall_286(struct cpu *cpu, const struct insn *insn)
{
    uint8_t table[L286_SIZE];
    (void)insn;
    if (cpu->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    for (unsigned i = 0; i < L286_SIZE; i++)
        table[i] = (uint8_t)physmap_read(cpu->physmap, L286_ADDRESS + i, 1);
    const uint8_t *part = table + L286_ES_PART;
    load_gprs(cpu, table + L286_DI, 2);
    load_part_286(&cpu->seg[SEG_DS], part + 18, load_le16(table + L286_DS));
    load_part_286(&cpu->seg[SEG_SS], part + 12, load_le16(table + L286_DS + 2));
    load_part_286(&cpu->seg[SEG_CS], part + 6, load_le16(table + L286_DS + 4));
    load_part_286(&cpu->seg[SEG_ES], part, load_le16(table + L286_DS + 6));
    load_table_286(&cpu->gdtr, part + 24);
    load_part_286(&cpu->seg[SEG_LDTR], part + 30, load_le16(table + L286_LDT));
    load_table_286(&cpu->idtr, part + 36);
    load_part_286(&cpu->seg[SEG_TR], part + 42, load_le16(table + L286_TR));
    cpu->next_rip = load_le16(table + L286_IP);
    commit(cpu, load_le16(table + L286_MSW) | (cpu->cr0 & CR0_PE), load_le16(table + L286_FLAGS));
    return true;
}

static void load_part_386(struct segment *segment, const uint8_t *part, uint32_t selector)
{
    segment->selector = (uint16_t)selector;
    segment->attributes = (uint16_t)(load_le32(part) >> 8 & 0xF0FF);
    segment->base = load_le32(part + 4);
    segment->limit = load_le32(part + 8);
}

static void load_table_386(struct descriptor_table *table, const uint8_t *part)
{
    table->base = load_le32(part + 4);
    table->limit = (uint16_t)load_le32(part + 8);
}

static void load_segments_386(struct cpu *cpu, const uint8_t *selectors, const uint8_t *parts)
{
    static const enum seg_index order[] = {SEG_TR, SEG_LDTR, SEG_GS, SEG_FS, SEG_DS, SEG_SS, SEG_CS, SEG_ES};
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *part = parts + 12 * (i ? i + 2 : 0); /* IDTR and GDTR stand behind TR */
        load_part_386(&cpu->seg[order[i]], part, load_le32(selectors + 4 * i));
    }
    load_table_386(&cpu->idtr, parts + 12);
    load_table_386(&cpu->gdtr, parts + 24);
}

static bool read_table_386(struct cpu *cpu, const struct insn *insn, uint8_t *table)
{
    uint64_t start = operand_wrap(insn, cpu->gpr[GPR_DI]);
    for (unsigned i = 0; i < L386_SIZE; i += 4) {
        uint64_t value;
        if (!mem_read(cpu, insn, SEG_ES, operand_wrap(insn, start + i), 4, &value))
            return false;
        store_le32(table + i, (uint32_t)value);
    }
    return true;
}

bool op_loadall_386(struct cpu *cpu, const struct insn *insn)
{
    uint8_t table[L386_SIZE];
    if (cpu->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!read_table_386(cpu, insn, table))
        return false;
    load_gprs(cpu, table + L386_EDI, 4);
    load_segments_386(cpu, table + L386_TR, table + L386_TR_PART);
    debug_register_write(cpu, 6, load_le32(table + L386_DR6));
    debug_register_write(cpu, 7, load_le32(table + L386_DR7));
    cpu->next_rip = load_le32(table + L386_EIP);
    commit(cpu, load_le32(table + L386_CR0), load_le32(table + L386_EFLAGS));
    return true;
}
