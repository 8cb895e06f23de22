/* SPDX-License-Identifier: MIT */
#include "tests/silicon/machine.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/x86/decode.h"
#include "core/x86/tlb.h"
#include "core/x86/trace.h"
#include "jit/jit.h"
#include "tests/support/cpu_fixture.h"

/* Physical memory. */
enum {
    PHYS_GDT = 0x1000,
    PHYS_LDT = 0x1100,
    PHYS_TSS = 0x1200,
    PHYS_IDT = 0x2000,      /* 256 gates, at most 16 bytes each */
    PHYS_HANDLERS = 0x3000, /* a HLT for each vector */
    PHYS_KERNEL_STACK = 0x4000,
    KERNEL_PAGES = 5, /* 0 to 4FFFh are mapped for the supervisor */
    PHYS_TABLES = 0x8000,
    PHYS_USER = 0x20000,
    KERNEL_STACK_TOP = PHYS_KERNEL_STACK + PAGE,
};

#define KERNEL_32 UINT64_C(0xFFA50000) /* where 32-bit cases hardly ever point */
#define KERNEL_64 UINT64_C(0xFFFFC90000000000)

enum { GDT_LIMIT = 16 * 8 - 1, SELECTOR_KERNEL_CODE_32 = 0x08, SELECTOR_KERNEL_CODE_64 = 0x10 };
enum { SELECTOR_KERNEL_DATA = 0x18, SELECTOR_TSS = 0x40, SELECTOR_LDT = 0x50 };
enum { CASES_PER_CACHE = 256 }; /* dead traces make a page's list long */
enum { STEPS = 100000 };        /* instructions after which a case counts as endless */

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40 };
#define PTE_NX UINT64_C(0x8000000000000000)

struct silicon_machine {
    struct cpu_fixture f;
    struct jit *jit; /* NULL: the interpreter alone */
    unsigned mode;
    bool ends_with_int1; /* instead of INT3 */
    unsigned long cases;
    uint64_t kernel; /* linear address of physical 0 */
    gpa_t tables;    /* next free table */
    gpa_t root;      /* CR3 */
    gpa_t user[WRITABLE_PAGES];
    gpa_t code;
    uint8_t pattern[WRITABLE_PAGES][PAGE];
};

const struct silicon_engine *silicon_engine_at(unsigned i)
{
    static const struct silicon_engine engines[] = {{"interp", false}, {"jit", true}};
    return i < sizeof engines / sizeof *engines ? &engines[i] : NULL;
}

static uint8_t *physical(struct silicon_machine *m, gpa_t address)
{
    return m->f.memory.host + address;
}

/* --- Paging --- */

static gpa_t new_table(struct silicon_machine *m)
{
    gpa_t table = m->tables;
    m->tables += PAGE;
    ASSERT(m->tables <= PHYS_USER);
    return table;
}

static void map_page(struct silicon_machine *m, uint64_t linear, gpa_t frame, uint64_t bits)
{
    gpa_t table = m->root;
    for (unsigned shift = m->mode == MODE_64 ? 39 : 30; shift > 12; shift -= 9) {
        unsigned index = linear >> shift & 0x1FF;
        uint8_t *entry = physical(m, table + index * 8);
        bool pointers = m->mode == MODE_32 && shift == 30; /* only P may be set */
        if (!load_le64(entry))
            store_le64(entry, new_table(m) | (pointers ? PTE_P : PTE_P | PTE_W | PTE_U | PTE_A));
        table = load_le64(entry) & ~UINT64_C(0xFFF);
    }
    store_le64(physical(m, table + (linear >> 12 & 0x1FF) * 8), frame | bits | PTE_P | PTE_A | PTE_D);
}

static void map_memory(struct silicon_machine *m)
{
    gpa_t next = PHYS_USER;
    m->tables = PHYS_TABLES;
    m->root = new_table(m);
    for (unsigned i = 0; i < KERNEL_PAGES; i++)
        map_page(m, m->kernel + i * PAGE, i * PAGE, PTE_W);
    for (unsigned i = 0; i < WRITABLE_PAGES; i++, next += PAGE) {
        uint64_t linear = i < DATA_PAGES ? DATA + i * PAGE : STACK + (i - DATA_PAGES) * PAGE;
        m->user[i] = next;
        silicon_fill_page(m->pattern[i], i);
        memcpy(physical(m, next), m->pattern[i], PAGE);
        map_page(m, linear, next, PTE_W | PTE_U | PTE_NX);
    }
    silicon_fill_page(physical(m, next), WRITABLE_PAGES);
    map_page(m, READ_ONLY, next, PTE_U | PTE_NX);
    next += PAGE;
    m->code = next;
    memset(physical(m, next), FILLER, (CODE_PAGES + 1) * PAGE);
    for (unsigned i = 0; i < CODE_PAGES; i++, next += PAGE)
        map_page(m, CODE + i * PAGE, next, PTE_U);
    map_page(m, EXIT, next, PTE_U);
}

/* --- Descriptors, gates and the way back --- */

static void describe(struct silicon_machine *m, gpa_t at, uint32_t base, uint32_t limit, unsigned attributes)
{
    cpu_fixture_descriptor(&m->f, at, base, limit, attributes);
}

static void fill_tables(struct silicon_machine *m)
{
    describe(m, PHYS_GDT + SELECTOR_KERNEL_CODE_32, 0, UINT32_MAX, 0xC09B);
    describe(m, PHYS_GDT + SELECTOR_KERNEL_CODE_64, 0, UINT32_MAX, 0xA09B);
    describe(m, PHYS_GDT + SELECTOR_KERNEL_DATA, 0, UINT32_MAX, 0xC093);
    describe(m, PHYS_GDT + (SELECTOR_CODE_32 & ~7), 0, UINT32_MAX, 0xC0FB);
    describe(m, PHYS_GDT + (SELECTOR_DATA & ~7), 0, UINT32_MAX, 0xC0F3);
    describe(m, PHYS_GDT + (SELECTOR_CODE_64 & ~7), 0, UINT32_MAX, 0xA0FB);
    describe(m, PHYS_GDT + SELECTOR_TSS, 0, 0x206F, 0x008B);
    describe(m, PHYS_GDT + SELECTOR_LDT, 0, 0xF, 0x0082);
    describe(m, PHYS_LDT + (SELECTOR_LOW & ~7), LOW_BASE, LOW_LIMIT, 0x40F3);
    describe(m, PHYS_LDT + (SELECTOR_DOWN & ~7), DOWN_BASE, DOWN_LIMIT, 0x40F7);
}

/* As Linux: only #BP and #OF can be raised by INT n. */
static void fill_gate(struct silicon_machine *m, unsigned vector)
{
    unsigned access = vector == VECTOR_BP || vector == VECTOR_OF ? 0xEE : 0x8E;
    uint64_t handler = m->kernel + PHYS_HANDLERS + vector;
    bool wide = m->mode == MODE_64;
    gpa_t at = PHYS_IDT + vector * (wide ? 16 : 8);
    cpu_fixture_gate(&m->f, at, access, wide ? SELECTOR_KERNEL_CODE_64 : SELECTOR_KERNEL_CODE_32,
                     (uint32_t)handler, 0);
    if (wide)
        cpu_fixture_poke(&m->f, at + 8, 8, handler >> 32);
}

static void fill_tss(struct silicon_machine *m)
{
    uint64_t top = m->kernel + KERNEL_STACK_TOP;
    cpu_fixture_poke(&m->f, PHYS_TSS + 4, 4, (uint32_t)top);
    if (m->mode == MODE_64)
        cpu_fixture_poke(&m->f, PHYS_TSS + 8, 4, top >> 32);
    else
        cpu_fixture_poke(&m->f, PHYS_TSS + 8, 2, SELECTOR_KERNEL_DATA);
    cpu_fixture_poke(&m->f, PHYS_TSS + 0x66, 2, 0xFFFF); /* no I/O permission map */
}

static void set_segment(struct silicon_machine *m, unsigned index, uint16_t selector)
{
    struct segment *s = &m->f.cpu->seg[index];
    *s = (struct segment){.selector = selector, .limit = UINT32_MAX, .attributes = 0xC0F3};
    if (index == SEG_CS)
        s->attributes = selector == SELECTOR_CODE_64 ? 0xA0FB : 0xC0FB;
    if (selector == SELECTOR_LOW)
        *s = (struct segment){
            .selector = selector, .base = LOW_BASE, .limit = LOW_LIMIT, .attributes = 0x40F3};
    else if (selector == SELECTOR_DOWN)
        *s = (struct segment){
            .selector = selector, .base = DOWN_BASE, .limit = DOWN_LIMIT, .attributes = 0x40F7};
    if (m->mode == MODE_64 && index >= SEG_FS)
        s->base = index == SEG_FS ? LOW_BASE : DOWN_BASE;
    if (!(selector & ~3u)) /* null: unusable outside 64-bit mode */
        s->attributes = 0;
}

static void set_system_registers(struct silicon_machine *m)
{
    struct cpu *cpu = m->f.cpu;
    bool wide = m->mode == MODE_64;
    cpu->gdtr = (struct descriptor_table){.base = m->kernel + PHYS_GDT, .limit = GDT_LIMIT};
    cpu->idtr = (struct descriptor_table){.base = m->kernel + PHYS_IDT, .limit = wide ? 4095 : 2047};
    cpu->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    cpu->cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
    cpu->cr3 = m->root;
    cpu->efer = EFER_NXE | (wide ? EFER_LME | EFER_LMA : 0);
    for (unsigned i = 0; i < 4; i++)
        cpu->pdpte[i] = load_le64(physical(m, m->root + 8 * i));
    cpu->seg[SEG_TR] = (struct segment){
        .selector = SELECTOR_TSS, .base = m->kernel + PHYS_TSS, .limit = 0x68, .attributes = 0x008B};
    cpu->seg[SEG_LDTR] = (struct segment){
        .selector = SELECTOR_LDT, .base = m->kernel + PHYS_LDT, .limit = 15, .attributes = 0x0082};
    tlb_flush(cpu, true);
}

/* Every trace is translated the first time. */
static bool attach_translator(struct silicon_machine *m)
{
    struct jit_options options = {.threshold = 0};
    struct error err;
    m->jit = jit_is_available() ? jit_new(m->f.cpu, &options, &err) : NULL;
    return m->jit != NULL;
}

struct silicon_machine *silicon_machine_new(const struct silicon_engine *engine, unsigned mode)
{
    struct silicon_machine *m = alloc_zeroed(sizeof *m);
    m->mode = mode;
    m->kernel = mode == MODE_64 ? KERNEL_64 : KERNEL_32;
    cpu_fixture_init(&m->f, "max");
    map_memory(m);
    fill_tables(m);
    for (unsigned vector = 0; vector < 256; vector++)
        fill_gate(m, vector);
    fill_tss(m);
    memset(physical(m, PHYS_HANDLERS), 0xF4, 256);
    set_system_registers(m);
    if (engine->translates && !attach_translator(m)) {
        silicon_machine_free(m);
        return NULL;
    }
    return m;
}

void silicon_machine_free(struct silicon_machine *m)
{
    if (!m)
        return;
    jit_free(m->jit);
    cpu_fixture_free(&m->f);
    alloc_free(m);
}

bool silicon_machine_is_kernel(unsigned mode, uint64_t address)
{
    uint64_t base = mode == MODE_64 ? KERNEL_64 : KERNEL_32;
    return address >= base && address < base + KERNEL_PAGES * PAGE;
}

void silicon_machine_describe(struct silicon_machine *m, uint16_t selector, uint32_t rights, uint32_t limit)
{
    describe(m, (selector & 4 ? PHYS_LDT : PHYS_GDT) + (selector & ~7u), 0, limit, rights >> 8 & 0xF0FF);
}

void silicon_machine_show_exit(struct silicon_machine *m, const uint8_t page[PAGE])
{
    uint8_t *copy = physical(m, m->code + CODE_PAGES * PAGE);
    memcpy(copy, page, PAGE);
    copy[silicon_exit_address(m->mode) - EXIT] = FILLER;
}

void silicon_machine_end_with(struct silicon_machine *m, bool int1)
{
    const uint8_t byte = int1 ? 0xF1 : FILLER;
    m->ends_with_int1 = int1;
    cpu_fixture_load(&m->f, m->code + CODE_PAGES * PAGE + silicon_exit_address(m->mode) - EXIT, &byte, 1);
}

bool silicon_machine_decode(const struct silicon_machine *m, const uint8_t *bytes, unsigned size,
                            struct insn *insn)
{
    *insn = (struct insn){0};
    return decode_insn(m->f.cpu->decoder, (enum cpu_mode)m->mode, bytes, size, insn) == DECODE_OK;
}

/* --- One case --- */

static void load_registers(struct silicon_machine *m, const struct silicon_state *s)
{
    struct cpu *cpu = m->f.cpu;
    memcpy(cpu->gpr, s->gpr, sizeof s->gpr);
    cpu->rip = cpu->next_rip = s->rip;
    cpu_set_eflags(cpu, (uint32_t)s->rflags);
    x87_fxrstor(&cpu->x87, true, s->fx);
    cpu->mxcsr = load_le32(s->fx + FX_MXCSR);
    for (unsigned i = 0; i < 16; i++) {
        cpu->xmm[i][0] = load_le64(s->fx + FX_XMM + 16 * i);
        cpu->xmm[i][1] = load_le64(s->fx + FX_XMM + 16 * i + 8);
    }
    for (unsigned i = 0; i < 6; i++)
        set_segment(m, i, s->seg[i]);
}

static void wake_up(struct silicon_machine *m)
{
    struct cpu *cpu = m->f.cpu;
    cpu->cpl = 3;
    cpu->activity = CPU_RUNNING;
    cpu->shadow = SHADOW_NONE;
    cpu->debug_hits = 0;
    cpu->exception.pending = false;
    cpu->stop_requested = false;
    cpu->repeating = false;
    cpu->dr[6] = DR6_FIXED;
    m->f.shutdowns = 0;
    cpu_derive(cpu);
}

static void store_registers(const struct cpu *cpu, struct silicon_state *s)
{
    memset(s->fx, 0, sizeof s->fx);
    x87_fxsave(&cpu->x87, true, s->fx);
    store_le32(s->fx + FX_MXCSR, cpu->mxcsr);
    for (unsigned i = 0; i < 16; i++) {
        store_le64(s->fx + FX_XMM + 16 * i, cpu->xmm[i][0]);
        store_le64(s->fx + FX_XMM + 16 * i + 8, cpu->xmm[i][1]);
    }
    memcpy(s->gpr, cpu->gpr, sizeof s->gpr);
    s->rip = cpu->rip;
    s->rflags = cpu_get_eflags(cpu);
    for (unsigned i = 0; i < 6; i++)
        s->seg[i] = cpu->seg[i].selector;
}

static bool pushes_error_code(unsigned vector)
{
    return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

/* What the exception's delivery put on the kernel's stack replaces the handler's registers. */
static void take_frame(struct silicon_machine *m, struct silicon_outcome *o)
{
    unsigned slot = m->mode == MODE_64 ? 8 : 4;
    uint64_t frame[5];
    for (unsigned i = 0; i < 5; i++)
        frame[i] = load_le(physical(m, KERNEL_STACK_TOP - (5 - i) * slot), slot);
    o->out.rip = frame[0];
    o->out.seg[SEG_CS] = (uint16_t)frame[1];
    o->out.rflags = frame[2];
    o->out.gpr[GPR_SP] = frame[3];
    o->out.seg[SEG_SS] = (uint16_t)frame[4];
    if (pushes_error_code((unsigned)o->vector))
        o->error = (uint32_t)load_le(physical(m, KERNEL_STACK_TOP - 6 * slot), slot);
}

static void take_outcome(struct silicon_machine *m, struct silicon_outcome *o)
{
    struct cpu *cpu = m->f.cpu;
    uint64_t handler = cpu->rip - m->kernel - PHYS_HANDLERS - 1;
    store_registers(cpu, &o->out);
    o->error = 0;
    o->cr2 = 0;
    if (m->f.shutdowns || cpu->activity != CPU_HALTED || handler > 255) {
        o->vector = m->f.shutdowns ? SHUT_DOWN : NEVER_ENDED;
        return;
    }
    o->vector = (int)handler;
    take_frame(m, o);
    if (o->vector == VECTOR_PF)
        o->cr2 = cpu->cr2;
    if (o->vector == (m->ends_with_int1 ? VECTOR_DB : VECTOR_BP) &&
        o->out.rip == silicon_exit_address(m->mode) + 1) {
        o->vector = RAN_TO_END;
        o->out.rip--;
    }
}

static void reset_memory(struct silicon_machine *m, const struct silicon_outcome *o)
{
    for (unsigned i = 0; i < WRITABLE_PAGES; i++) {
        if (memcmp(o->memory[i], m->pattern[i], PAGE) != 0)
            memcpy(physical(m, m->user[i]), m->pattern[i], PAGE);
    }
}

static void fill_memory(struct silicon_machine *m, const struct silicon_case *c)
{
    for (unsigned i = 0; i < c->patches; i++) {
        for (unsigned k = 0; k < c->patch[i].size; k++) {
            int page = silicon_page_index(c->patch[i].address + k);
            if (page >= 0)
                *physical(m, m->user[page] + (c->patch[i].address + k) % PAGE) = c->patch[i].bytes[k];
        }
    }
}

void silicon_machine_run(struct silicon_machine *m, const struct silicon_case *c, struct silicon_outcome *o)
{
    uint8_t code[CASE_CODE + 8];
    unsigned offset = (unsigned)(c->in.rip - CODE);
    unsigned size = silicon_code_bytes(c, code, CODE_PAGES * PAGE - offset);
    cpu_fixture_load(&m->f, m->code + offset, code, size);
    if (m->cases++ % CASES_PER_CACHE == 0)
        trace_cache_clear(m->f.cpu);
    fill_memory(m, c);
    load_registers(m, &c->in);
    wake_up(m);
    cpu_run(m->f.cpu, m->f.clock.insns + STEPS);
    take_outcome(m, o);
    for (unsigned i = 0; i < WRITABLE_PAGES; i++)
        memcpy(o->memory[i], physical(m, m->user[i]), PAGE);
    reset_memory(m, o);
    memset(code, FILLER, size);
    cpu_fixture_load(&m->f, m->code + offset, code, size);
}
