/* SPDX-License-Identifier: MIT */
/* System management mode.
 *
 * Two maps of the saved state, both within SMBASE + FE00h to SMBASE + FFFFh: that of the P6 (SDM 3C, table
 * 31-1) for processors without long mode, that of AMD64 (APM 2, table 10-1), which firmware knows as revision
 * 64h, for those with it. What the P6 map calls reserved holds the hidden parts of the segment registers, as
 * on the processor; where each of them is, is ours.
 *
 * Revision identifier: SMBASE relocation is announced; I/O restart works and is not announced, because
 * firmware for virtual machines compares the whole identifier.
 *
 * Not in the maps, as on the processor: whether NMI was blocked, and debug traps that the SMI overtook.
 */
#include "core/x86/smm.h"

#include "core/base/clock.h"
#include "core/mem/physmap.h"
#include "core/x86/debug.h"
#include "core/x86/insn.h"
#include "core/x86/mmu.h"
#include "core/x86/model.h"

/* Saved values; segment fields in the order of enum seg_index. */
enum smm_field {
    F_GPR,
    F_RIP = F_GPR + 16,
    F_RFLAGS,
    F_CR0,
    F_CR3,
    F_CR4,
    F_EFER,
    F_DR6,
    F_DR7,
    F_SELECTOR,
    F_ATTRIBUTES = F_SELECTOR + SEG_COUNT,
    F_LIMIT = F_ATTRIBUTES + SEG_COUNT,
    F_BASE = F_LIMIT + SEG_COUNT,
    F_GDT_LIMIT = F_BASE + SEG_COUNT,
    F_GDT_BASE,
    F_IDT_LIMIT,
    F_IDT_BASE,
    F_CPL,
    F_SMBASE,
    F_REVISION,
    F_HALT_RESTART,
    F_IO_RESTART,
    F_IO_TRAP,
    F_IO_RIP,
    F_IO_RCX,
    F_IO_RSI,
    F_IO_RDI,
    F_COUNT
};

struct smm_image {
    uint64_t value[F_COUNT];
};

/* `count` fields from `field` on, the first at SMBASE + 8000h + offset, the others `stride` bytes apart. */
struct smm_row {
    uint8_t field, count, size;
    int8_t stride;
    uint16_t offset;
};

static const struct smm_row map_p6[] = {
    {F_SMBASE, 1, 4, 0, 0x7EF8},       {F_REVISION, 1, 4, 0, 0x7EFC},  {F_IO_RESTART, 1, 2, 0, 0x7F00},
    {F_HALT_RESTART, 1, 2, 0, 0x7F02}, {F_CPL, 1, 1, 0, 0x7F17},       {F_IO_RDI, 1, 4, 0, 0x7F18},
    {F_IO_RSI, 1, 4, 0, 0x7F1C},       {F_IO_RCX, 1, 4, 0, 0x7F20},    {F_IO_RIP, 1, 4, 0, 0x7F24},
    {F_CR4, 1, 4, 0, 0x7F28},          {F_IDT_LIMIT, 1, 4, 0, 0x7F2C}, {F_IDT_BASE, 1, 4, 0, 0x7F30},
    {F_GDT_LIMIT, 1, 4, 0, 0x7F34},    {F_GDT_BASE, 1, 4, 0, 0x7F38},  {F_ATTRIBUTES, 8, 4, 12, 0x7F3C},
    {F_LIMIT, 8, 4, 12, 0x7F40},       {F_BASE, 8, 4, 12, 0x7F44},     {F_IO_TRAP, 1, 4, 0, 0x7FA4},
    {F_SELECTOR, 8, 4, 4, 0x7FA8},     {F_DR7, 1, 4, 0, 0x7FC8},       {F_DR6, 1, 4, 0, 0x7FCC},
    {F_GPR, 8, 4, 4, 0x7FD0},          {F_RIP, 1, 4, 0, 0x7FF0},       {F_RFLAGS, 1, 4, 0, 0x7FF4},
    {F_CR3, 1, 4, 0, 0x7FF8},          {F_CR0, 1, 4, 0, 0x7FFC},
};

static const struct smm_row map_amd64[] = {
    {F_SELECTOR, 6, 2, 16, 0x7E00},
    {F_ATTRIBUTES, 6, 2, 16, 0x7E02},
    {F_LIMIT, 6, 4, 16, 0x7E04},
    {F_BASE, 6, 8, 16, 0x7E08},
    {F_GDT_LIMIT, 1, 4, 0, 0x7E64},
    {F_GDT_BASE, 1, 8, 0, 0x7E68},
    {F_SELECTOR + SEG_LDTR, 2, 2, 32, 0x7E70},
    {F_ATTRIBUTES + SEG_LDTR, 2, 2, 32, 0x7E72},
    {F_LIMIT + SEG_LDTR, 2, 4, 32, 0x7E74},
    {F_BASE + SEG_LDTR, 2, 8, 32, 0x7E78},
    {F_IDT_LIMIT, 1, 4, 0, 0x7E84},
    {F_IDT_BASE, 1, 8, 0, 0x7E88},
    {F_IO_RIP, 4, 8, 8, 0x7EA0},
    {F_IO_TRAP, 1, 4, 0, 0x7EC0},
    {F_IO_RESTART, 1, 1, 0, 0x7EC8},
    {F_HALT_RESTART, 1, 1, 0, 0x7EC9},
    {F_CPL, 1, 1, 0, 0x7ECB},
    {F_EFER, 1, 8, 0, 0x7ED0},
    {F_REVISION, 1, 4, 0, 0x7EFC},
    {F_SMBASE, 1, 4, 0, 0x7F00},
    {F_CR4, 1, 8, 0, 0x7F48},
    {F_CR3, 1, 8, 0, 0x7F50},
    {F_CR0, 1, 8, 0, 0x7F58},
    {F_DR7, 1, 8, 0, 0x7F60},
    {F_DR6, 1, 8, 0, 0x7F68},
    {F_RFLAGS, 1, 8, 0, 0x7F70},
    {F_RIP, 1, 8, 0, 0x7F78},
    {F_GPR, 16, 8, -8, 0x7FF8},
};

enum { STATE_AREA = 0x8000, HANDLER_ENTRY = 0x8000 };
enum { REVISION_P6 = 0x20000, REVISION_AMD64 = 0x20064 };
enum { HALT_RESTART = 1, IO_RESTART = 0xFF, SMBASE_ALIGNMENT_586 = 0x8000 };
enum { SMM_ATTRIBUTES = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE | SEG_ATTR_ACCESSED | SEG_ATTR_G };

static bool has_long_map(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, FEATURE_LONG);
}

static const struct smm_row *map_of(const struct cpu *cpu, size_t *rows)
{
    *rows = has_long_map(cpu) ? sizeof map_amd64 / sizeof map_amd64[0] : sizeof map_p6 / sizeof map_p6[0];
    return has_long_map(cpu) ? map_amd64 : map_p6;
}

static gpa_t row_address(const struct cpu *cpu, const struct smm_row *row, unsigned i)
{
    int64_t offset = row->offset + (int64_t)row->stride * i;
    return mmu_bus_address(cpu, ((uint64_t)cpu->smbase + STATE_AREA + (uint64_t)offset) & UINT32_MAX);
}

static void store_image(struct cpu *cpu, const struct smm_image *image)
{
    size_t rows;
    const struct smm_row *map = map_of(cpu, &rows);
    for (size_t r = 0; r < rows; r++) {
        for (unsigned i = 0; i < map[r].count; i++)
            physmap_write(cpu->physmap, row_address(cpu, &map[r], i), map[r].size,
                          image->value[map[r].field + i]);
    }
}

static void load_image(struct cpu *cpu, struct smm_image *image)
{
    size_t rows;
    const struct smm_row *map = map_of(cpu, &rows);
    *image = (struct smm_image){0};
    for (size_t r = 0; r < rows; r++) {
        for (unsigned i = 0; i < map[r].count; i++)
            image->value[map[r].field + i] =
                physmap_read(cpu->physmap, row_address(cpu, &map[r], i), map[r].size);
    }
}

/* What the two maps say of the I/O instruction that an SMI follows: SDM 3C table 31-3; APM 2 figure 10-4. */
static uint32_t io_trap_value(const struct cpu *cpu, const struct smm_io *io)
{
    if (!io->valid)
        return 0;
    uint32_t port = (uint32_t)io->port << 16;
    if (has_long_map(cpu))
        return port | (uint32_t)io->size << 4 | (io->repeated ? 8u : 0u) | (io->string ? 4u : 0u) | 2u |
               (io->input ? 1u : 0u);
    uint32_t type =
        (io->immediate ? 8u : 0u) | (io->repeated ? 4u : 0u) | (io->string ? 2u : 0u) | (io->input ? 1u : 0u);
    return port | type << 4 | (uint32_t)io->size << 1 | 1u;
}

static void capture_segments(const struct cpu *cpu, uint64_t *v)
{
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        v[F_SELECTOR + i] = cpu->seg[i].selector;
        v[F_ATTRIBUTES + i] = cpu->seg[i].attributes;
        v[F_LIMIT + i] = cpu->seg[i].limit;
        v[F_BASE + i] = cpu->seg[i].base;
    }
    v[F_GDT_LIMIT] = cpu->gdtr.limit;
    v[F_GDT_BASE] = cpu->gdtr.base;
    v[F_IDT_LIMIT] = cpu->idtr.limit;
    v[F_IDT_BASE] = cpu->idtr.base;
}

/* RF is set between two iterations of a string instruction, as in the image that an interrupt pushes. */
static void capture(const struct cpu *cpu, struct smm_image *image)
{
    uint64_t *v = image->value;
    for (unsigned i = 0; i < 16; i++)
        v[F_GPR + i] = cpu->gpr[i];
    v[F_RIP] = cpu->rip;
    v[F_RFLAGS] = cpu_get_eflags(cpu) | (cpu->repeating ? EFLAGS_RF : 0u);
    v[F_CR0] = cpu->cr0;
    v[F_CR3] = cpu->cr3;
    v[F_CR4] = cpu->cr4;
    v[F_EFER] = cpu->efer;
    v[F_DR6] = cpu->dr[6];
    v[F_DR7] = cpu->dr[7];
    capture_segments(cpu, v);
    v[F_CPL] = cpu->cpl;
    v[F_SMBASE] = cpu->smbase;
    v[F_REVISION] = has_long_map(cpu) ? REVISION_AMD64 : REVISION_P6;
    v[F_HALT_RESTART] = cpu->activity == CPU_HALTED ? HALT_RESTART : 0;
    v[F_IO_RESTART] = 0;
    v[F_IO_TRAP] = io_trap_value(cpu, &cpu->smi_io);
    v[F_IO_RIP] = cpu->smi_io.rip;
    v[F_IO_RCX] = cpu->smi_io.rcx;
    v[F_IO_RSI] = cpu->smi_io.rsi;
    v[F_IO_RDI] = cpu->smi_io.rdi;
}

/* Segments of the handler: 4 GiB each, 16-bit, as in real-address mode (SDM 3C table 31-4). */
static void set_handler_segments(struct cpu *cpu)
{
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        cpu->seg[i] = (struct segment){.limit = UINT32_MAX, .attributes = SMM_ATTRIBUTES};
    cpu->seg[SEG_CS].selector = (uint16_t)(cpu->smbase >> 4);
    cpu->seg[SEG_CS].base = cpu->smbase;
}

static void set_signal(struct cpu *cpu, bool in_smm)
{
    cpu->smm = in_smm;
    if (cpu->bus->smiact)
        cpu->bus->smiact(cpu->bus_self, in_smm);
}

void smm_enter(struct cpu *cpu)
{
    struct smm_image image;
    capture(cpu, &image);
    log_write(&cpu->log, LOG_DEBUG, "SMI at %04X:%08llX", cpu->seg[SEG_CS].selector,
              (unsigned long long)cpu->rip);
    cpu->smi_pending = false;
    cpu->smi_io = (struct smm_io){0};
    set_signal(cpu, true);
    store_image(cpu, &image);
    cpu->smm_nmi_blocked = cpu->nmi_blocked;
    cpu->nmi_blocked = true;
    cpu->smm_debug_hits = cpu->debug_hits;
    cpu->debug_hits = 0;
    cpu->repeating = false;
    cpu->activity = CPU_RUNNING;
    cpu_set_eflags(cpu, EFLAGS_FIXED);
    cpu->cr0 &= ~(CR0_PE | CR0_EM | CR0_TS | CR0_PG);
    cpu->cr4 = cpu->efer = 0;
    cpu->dr[7] = DR7_FIXED;
    cpu->cpl = 0;
    cpu->rip = HANDLER_ENTRY;
    set_handler_segments(cpu);
    tlb_flush(cpu, false);
    cpu_derive(cpu);
    cpu->clock->insns++;
}

/* Combinations that no instruction can establish (SDM 2B RSM; APM 2, 10.3.6). */
static bool is_possible(const struct cpu *cpu, const struct smm_image *image)
{
    const uint64_t *v = image->value;
    uint64_t cr0 = v[F_CR0], cr4 = v[F_CR4], efer = v[F_EFER];
    if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
        return false;
    if ((cr0 & CR0_NW) && !(cr0 & CR0_CD) && (cpu->model->cr0_mask & CR0_NW))
        return false;
    if ((cr0 >> 32) || (cr4 & ~(uint64_t)cpu->model->cr4_mask) || (v[F_DR6] >> 32) || (v[F_DR7] >> 32))
        return false;
    if ((efer & EFER_LMA) && (!(efer & EFER_LME) || !(cr0 & CR0_PG) || !(cr4 & CR4_PAE)))
        return false;
    return cpu_model_has(cpu->model, FEATURE_CMOV) || v[F_SMBASE] % SMBASE_ALIGNMENT_586 == 0;
}

static void restore_segments(struct cpu *cpu, const uint64_t *v)
{
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->seg[i] = (struct segment){.selector = (uint16_t)v[F_SELECTOR + i],
                                       .attributes = (uint16_t)(v[F_ATTRIBUTES + i] & 0xF0FF),
                                       .limit = (uint32_t)v[F_LIMIT + i],
                                       .base = v[F_BASE + i]};
    cpu->gdtr = (struct descriptor_table){.limit = (uint16_t)v[F_GDT_LIMIT], .base = v[F_GDT_BASE]};
    cpu->idtr = (struct descriptor_table){.limit = (uint16_t)v[F_IDT_LIMIT], .base = v[F_IDT_BASE]};
}

static uint8_t level_of(const struct cpu *cpu, uint64_t saved)
{
    if (!cpu_is_protected(cpu))
        return 0;
    return cpu_is_v86(cpu) ? 3 : saved & 3;
}

/* The I/O instruction is to be executed again, from the registers that it had found. */
static void restart_io(struct cpu *cpu, const uint64_t *v)
{
    cpu->next_rip = v[F_IO_RIP];
    cpu->gpr[GPR_CX] = v[F_IO_RCX];
    cpu->gpr[GPR_SI] = v[F_IO_RSI];
    cpu->gpr[GPR_DI] = v[F_IO_RDI];
}

static void restore(struct cpu *cpu, const struct smm_image *image)
{
    const uint64_t *v = image->value;
    uint32_t eflags = (uint32_t)v[F_RFLAGS] & cpu->model->eflags_mask;
    for (unsigned i = 0; i < 16; i++)
        cpu->gpr[i] = v[F_GPR + i];
    cpu->next_rip = v[F_RIP];
    cpu_set_eflags(cpu, eflags | EFLAGS_FIXED);
    cpu->cr0 = (v[F_CR0] & cpu->model->cr0_mask) | cpu->model->cr0_fixed;
    cpu->cr3 = v[F_CR3];
    cpu->cr4 = v[F_CR4];
    cpu->efer = v[F_EFER];
    cpu->dr[6] = v[F_DR6];
    cpu->dr[7] = v[F_DR7];
    restore_segments(cpu, v);
    cpu->cpl = level_of(cpu, v[F_CPL]);
    cpu->smbase = (uint32_t)v[F_SMBASE];
    if (v[F_HALT_RESTART] & HALT_RESTART)
        cpu->activity = CPU_HALTED;
    if ((v[F_IO_RESTART] & 0xFF) == IO_RESTART)
        restart_io(cpu, v);
    cpu->nmi_blocked = cpu->smm_nmi_blocked;
    cpu->debug_hits = cpu->smm_debug_hits;
    cpu->smm_nmi_blocked = false;
    cpu->smm_debug_hits = 0;
}

static bool reload_pointers(struct cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PG) || !(cpu->cr4 & CR4_PAE) || cpu_is_long(cpu) || mmu_load_pdptes(cpu, cpu->cr3))
        return true;
    cpu->exception.pending = false;
    return false;
}

bool smm_resume(struct cpu *cpu)
{
    struct smm_image image;
    if (!cpu->smm)
        return cpu_fault(cpu, VECTOR_UD);
    load_image(cpu, &image);
    if (!is_possible(cpu, &image)) {
        cpu_enter_shutdown(cpu, "RSM to an impossible state");
        return true;
    }
    set_signal(cpu, false);
    restore(cpu, &image);
    tlb_flush(cpu, false);
    cpu_derive(cpu);
    if (!reload_pointers(cpu))
        cpu_enter_shutdown(cpu, "RSM to reserved bits in a page-directory pointer");
    return true;
}
