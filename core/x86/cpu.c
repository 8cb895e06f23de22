/* SPDX-License-Identifier: MIT */
#include "core/x86/cpu.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/x86/access.h"
#include "core/x86/debug.h"
#include "core/x86/decode.h"
#include "core/x86/engine.h"
#include "core/x86/insn.h"
#include "core/x86/model.h"
#include "core/x86/smm.h"
#include "core/x86/trace.h"
#include "core/x86/xcr0.h"

enum { PAT_AFTER_RESET_LOW = 0x00070406, PAT_AFTER_RESET_HIGH = 0x00070406 };
enum { MISC_ENABLE_FAST_STRINGS = 1 };

struct cpu *cpu_new(const struct cpu_config *config)
{
    struct cpu *cpu = alloc_pages(sizeof *cpu); /* where an engine finds room beside it */
    cpu->model = config->model;
    cpu->max_leaf = config->model->max_leaf;
    if (config->cpuid_limit && config->cpuid_limit < cpu->max_leaf)
        cpu->max_leaf = config->cpuid_limit;
    cpu->clock = config->clock;
    cpu->memory = config->memory;
    cpu->physmap = config->physmap;
    cpu->portmap = config->portmap;
    cpu->bus = config->bus;
    cpu->bus_self = config->bus_self;
    log_attach(config->log, &cpu->log, "cpu");
    cpu->decoder = decoder_new(cpu->model);
    cpu->traces = trace_cache_new(cpu->memory->size >> MEM_PAGE_SHIFT);
    tlb_init(&cpu->tlb);
    cpu_reset(cpu, false);
    return cpu;
}

void cpu_attach_engine(struct cpu *cpu, const struct engine_ops *ops, void *self, uint64_t *direct)
{
    cpu->engine = ops;
    cpu->engine_self = self;
    cpu->direct = direct;
    trace_cache_clear(cpu);
    tlb_derive_all(cpu);
}

void cpu_free(struct cpu *cpu)
{
    if (!cpu)
        return;
    log_detach(&cpu->log);
    decoder_free(cpu->decoder);
    trace_cache_free(cpu->traces);
    alloc_free_pages(cpu, sizeof *cpu);
}

/* The first instruction is fetched 16 bytes below the end of the address space. */
static void reset_vector(struct cpu *cpu)
{
    struct segment *cs = &cpu->seg[SEG_CS];
    if (cpu_model_has(cpu->model, FEATURE_286)) {
        cs->selector = 0xF000;
        cs->base = cpu_model_has(cpu->model, FEATURE_386) ? 0xFFFF0000 : 0xFF0000;
        cpu->rip = 0xFFF0;
    } else {
        cs->selector = 0xFFFF;
        cs->base = 0xFFFF0;
        cpu->rip = 0;
    }
}

/* Registers that both power-on and INIT set (SDM 3A table 9-1). */
static void reset_common(struct cpu *cpu)
{
    bool has_386 = cpu_model_has(cpu->model, FEATURE_386);
    memset(cpu->gpr, 0, sizeof cpu->gpr);
    memset(cpu->seg, 0, sizeof cpu->seg);
    memset(cpu->dr, 0, sizeof cpu->dr);
    memset(cpu->pdpte, 0, sizeof cpu->pdpte);
    cpu->gpr[GPR_DX] = cpu->model->signature;
    cpu_set_eflags(cpu, EFLAGS_FIXED | cpu->model->eflags_fixed);
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->seg[i] = (struct segment){
            .limit = 0xFFFF, .attributes = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE | SEG_ATTR_ACCESSED};
    cpu->seg[SEG_LDTR].attributes = SEG_ATTR_P | TYPE_LDT;
    cpu->seg[SEG_TR].attributes = SEG_ATTR_P | (has_386 ? TYPE_TSS32_BUSY : TYPE_TSS16_BUSY);
    cpu->gdtr.base = cpu->idtr.base = 0;
    cpu->gdtr.limit = 0xFFFF;
    cpu->idtr.limit = has_386 ? 0xFFFF : 0x03FF;
    reset_vector(cpu);
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->cr8 = cpu->efer = 0;
    cpu->dr[6] = DR6_FIXED;
    cpu->dr[7] = DR7_FIXED;
    cpu->cpl = 0;
    cpu->activity = CPU_RUNNING;
    cpu->shadow = SHADOW_NONE;
    cpu->nmi_pending = cpu->nmi_blocked = false;
    cpu->smi_pending = cpu->smm_nmi_blocked = false;
    cpu->smi_io = (struct smm_io){0};
    cpu->smm_debug_hits = 0;
    cpu->debug_hits = 0;
    cpu->repeating = false;
    cpu->exception.pending = false;
}

void cpu_reset(struct cpu *cpu, bool init)
{
    if (cpu->smm && cpu->bus->smiact)
        cpu->bus->smiact(cpu->bus_self, false);
    cpu->smm = false;
    uint64_t cache_bits = init ? cpu->cr0 & (CR0_CD | CR0_NW) : CR0_CD | CR0_NW;
    reset_common(cpu);
    cpu->cr0 = (cache_bits & cpu->model->cr0_mask) | cpu->model->cr0_fixed;
    if (!init) {
        memset(&cpu->msr, 0, sizeof cpu->msr);
        cpu->smbase = SMBASE_AFTER_RESET;
        cpu->msr.pat = (uint64_t)PAT_AFTER_RESET_HIGH << 32 | PAT_AFTER_RESET_LOW;
        cpu->msr.misc_enable = MISC_ENABLE_FAST_STRINGS;
        cpu->msr.tsc_offset = 0 - cpu_tsc_ticks(cpu);
        x87_reset(&cpu->x87);
        cpu->ferr = cpu->ignne = false;
        cpu->mxcsr = 0x1F80;
        cpu->xcr0 = XCR0_X87;
        memset(cpu->xmm, 0, sizeof cpu->xmm);
    }
    tlb_flush(cpu, false);
    cpu_derive(cpu);
    cpu_stop(cpu);
}

uint64_t cpu_tsc_ticks(const struct cpu *cpu)
{
    return clock_ticks(clock_now(cpu->clock), cpu->clock->nominal_khz * 1000);
}

/* Moves the base of ES, CS, SS or DS out of 64-bit mode's way, and back after it. */
static void settle_base(const struct cpu *cpu, struct segment *segment)
{
    uint64_t *from = cpu->mode == MODE_64 ? &segment->base : &segment->hidden_base;
    uint64_t *to = cpu->mode == MODE_64 ? &segment->hidden_base : &segment->base;
    if (*from) {
        *to = *from;
        *from = 0;
    }
}

/* Fast-path ends: 0 wherever an access needs more than a compare. */
static void derive_ends(struct cpu *cpu, enum seg_index index)
{
    struct segment *segment = &cpu->seg[index];
    unsigned attributes = segment->attributes;
    if (index < SEG_FS)
        settle_base(cpu, segment);
    bool checked = debug_armed(cpu) || (cpu->cpl == 3 && (cpu->cr0 & CR0_AM) && (cpu->eflags & EFLAGS_AC));
    segment->read_end = segment->write_end = 0;
    if (checked || (cpu->mode != MODE_64 && !(attributes & SEG_ATTR_P)))
        return;
    uint64_t end = cpu->mode == MODE_64 ? UINT64_MAX : (uint64_t)segment->limit + 1;
    bool code = (attributes & SEG_ATTR_CODE) != 0, writable = (attributes & SEG_ATTR_WRITABLE) != 0;
    if (cpu->mode != MODE_64 && !code && (attributes & SEG_ATTR_EXPAND_DOWN))
        return;
    if (cpu->mode == MODE_64 || !code || writable)
        segment->read_end = end;
    if (cpu->mode == MODE_64 || (!code && writable))
        segment->write_end = end;
}

/* Readable and, but for CS, writable. */
static bool is_flat(const struct segment *segment, bool code)
{
    const uint64_t end = UINT64_C(1) << 32;
    return segment->base == 0 && segment->read_end == end && (code || segment->write_end == end);
}

void cpu_derive_segment(struct cpu *cpu, enum seg_index index)
{
    derive_ends(cpu, index);
    unsigned bit = 1u << index;
    bool flat = is_flat(&cpu->seg[index], index == SEG_CS);
    cpu->flat_segs = (uint8_t)(flat ? cpu->flat_segs | bit : cpu->flat_segs & ~bit);
    cpu->derivations++;
}

static uint32_t decode_mode(const struct cpu *cpu)
{
    if (cpu_is_64bit(cpu))
        return MODE_64;
    return cpu->seg[SEG_CS].attributes & SEG_ATTR_DB ? MODE_32 : MODE_16;
}

void cpu_derive(struct cpu *cpu)
{
    uint32_t user = cpu->cpl == 3;
    if (user != cpu->user)
        cpu->fetch_page = FETCH_NONE;
    cpu->user = user;
    cpu->mode = decode_mode(cpu);
    bool wide = cpu->mode == MODE_64;
    cpu->linear_mask = wide ? UINT64_MAX : UINT32_MAX;
    cpu->sp_mask = wide ? UINT64_MAX : cpu->seg[SEG_SS].attributes & SEG_ATTR_DB ? UINT32_MAX : UINT16_MAX;
    cpu->sp_keep = cpu->sp_mask == UINT16_MAX ? ~cpu->sp_mask : 0;
    cpu->code_end = wide ? UINT64_MAX : (uint64_t)cpu->seg[SEG_CS].limit + 1;
    cpu->physical_mask =
        ((UINT64_C(1) << cpu->model->physical_bits) - 1) & ~(cpu->a20_masked ? UINT64_C(1) << 20 : 0);
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        cpu_derive_segment(cpu, (enum seg_index)i);
}

bool cpu_fault(struct cpu *cpu, enum exception_vector vector)
{
    cpu->exception = (struct exception){.pending = true, .vector = (uint8_t)vector};
    return false;
}

bool cpu_fault_code(struct cpu *cpu, enum exception_vector vector, uint32_t error)
{
    cpu->exception =
        (struct exception){.pending = true, .has_error = true, .vector = (uint8_t)vector, .error = error};
    return false;
}

void cpu_set_intr(struct cpu *cpu, bool level)
{
    if (level == cpu->intr)
        return;
    cpu->intr = level;
    if (level && cpu->current)
        cpu_stop(cpu);
}

void cpu_pulse_nmi(struct cpu *cpu)
{
    cpu->nmi_pending = true;
    if (cpu->current)
        cpu_stop(cpu);
}

/* The port access under way raised the SMI: what restarting its instruction takes. */
static void note_smi_io(struct cpu *cpu)
{
    const struct insn *insn = cpu->current;
    const struct insn_row *row = &insn_table[insn->row];
    cpu->smi_io = cpu->io;
    cpu->smi_io.string = row->op == NULL; /* INS and OUTS are not plain operations */
    cpu->smi_io.repeated = (insn->flags & (INSN_REP | INSN_REPNE)) != 0;
    cpu->smi_io.immediate = row->op && insn->opcode < 0xEC;
    /* Operations that end a trace have moved RIP to themselves. */
    cpu->smi_io.rip = row->op ? cpu->rip : cpu->rip + insn->offset;
    cpu->smi_io.rcx = cpu->gpr[GPR_CX];
    cpu->smi_io.rsi = cpu->gpr[GPR_SI];
    cpu->smi_io.rdi = cpu->gpr[GPR_DI];
}

void cpu_pulse_smi(struct cpu *cpu)
{
    if (!cpu_model_has(cpu->model, FEATURE_RSM) || cpu->smi_pending)
        return;
    cpu->smi_pending = true;
    if (!cpu->current)
        return;
    if (cpu->io.valid && !cpu->smm)
        note_smi_io(cpu);
    cpu_stop(cpu);
}

bool cpu_holds_init(const struct cpu *cpu)
{
    return cpu->smm && cpu->activity != CPU_SHUTDOWN;
}

void cpu_set_ignne(struct cpu *cpu, bool level)
{
    cpu->ignne = level;
}

void cpu_set_a20(struct cpu *cpu, bool enabled)
{
    if (cpu->a20_masked == !enabled)
        return;
    cpu->a20_masked = !enabled;
    cpu_derive(cpu);
    tlb_derive_all(cpu);
    if (cpu->fetch_page != FETCH_NONE)
        cpu_refetch(cpu);
    if (cpu->current)
        cpu_stop(cpu);
}

void cpu_map_changed(void *opaque, gpa_t base, uint64_t size)
{
    struct cpu *cpu = opaque;
    (void)base;
    (void)size;
    /* The translation stands: only what is behind its frame is another. */
    if (cpu->fetch_page != FETCH_NONE)
        cpu_refetch(cpu);
    tlb_derive_all(cpu);
    if (cpu->current)
        cpu_stop(cpu);
}

void cpu_code_written(void *opaque, mem_t offset, uint64_t size)
{
    struct cpu *cpu = opaque;
    if (trace_invalidate(cpu, offset, size) && cpu->current)
        trace_stop_after(cpu, cpu->current);
}
