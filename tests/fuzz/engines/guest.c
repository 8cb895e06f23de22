/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/engines/guest.h"

#include <string.h>

#include "core/x86/mmu.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "tests/fuzz/engines/program.h"

/* Selectors, without RPL. */
enum {
    SEL_CODE = 0x08, /* flat, 32 bits, level 0 */
    SEL_DATA = 0x10,
    SEL_CODE3 = 0x18,
    SEL_DATA3 = 0x20,
    SEL_TSS = 0x28,
    SEL_PROGRAM = 0x30, /* code segment of the modes that have one */
    SEL_ALIAS = 0x38,   /* the same as data */
    SEL_ODD = 0x40,     /* data with an odd end */
    SEL_STACK = 0x48,
    SEL_EXPAND_DOWN = 0x50,
    SEL_READ_ONLY = 0x58,
    SEL_ODD3 = 0x60,
    SEL_LONG = 0x68, /* 64-bit code */
    SEL_LONG3 = 0x70,
    DESCRIPTORS = 20,
};

enum { HANDLER_BYTES = 64, VECTORS = 256, TSS_LIMIT = 0x200, TSS_BITMAP = 0x68, STACK_COUNTER = 0x1F00 };

/* Vectors whose handlers find an error code. */
enum { WITH_ERROR = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 };

static bool is_real(const struct guest *guest)
{
    return guest->mode == GUEST_REAL || guest->mode == GUEST_UNREAL;
}

static void draw_segments(struct guest *guest, struct rng *rng)
{
    static const uint32_t limits[] = {0xFFFF, 0x1FF6, 0x2FFE, 0xFFFD, 0x3003, 0xFFFFFFFF};
    guest->code_base = GUEST_CODE;
    guest->code_limit = 0xFFFF;
    guest->data_base = GUEST_DATA;
    guest->data_limit = 0xFFFF;
    if (guest->mode == GUEST_SEGMENTED || guest->mode == GUEST_WIDE) {
        guest->code_limit = rng_chance(rng, 50) ? GUEST_CODE_BYTES - 1 - rng_below(rng, 0x800) : 0xFFFF;
        guest->data_base += rng_chance(rng, 50) ? rng_below(rng, 32) : 0;
        guest->data_limit = limits[rng_below(rng, 6)];
    } else if (guest->mode >= GUEST_FLAT && guest->mode != GUEST_V86) {
        guest->code_base = guest->data_base = 0;
        guest->code_limit = guest->data_limit = UINT32_MAX;
        guest->code_start = GUEST_CODE;
    }
}

void guest_draw(struct guest *guest, struct rng *rng)
{
    static const char *const models[] = {"386", "486", "pentium", "pentium2", "pentium4", "max"};
    *guest = (struct guest){
        .model = models[rng_below(rng, 6)],
        .mode = (enum guest_mode)rng_below(rng, GUEST_MODES),
        .floats = rng_chance(rng, 35),
        .write_protect = rng_chance(rng, 50),
        .alignment_checks = rng_chance(rng, 8),
        .seed = rng_next(rng),
    };
    guest->wide = guest->mode == GUEST_WIDE || (guest->mode >= GUEST_FLAT && guest->mode != GUEST_V86);
    if (guest_is_long(guest))
        guest->model = rng_chance(rng, 50) ? "max" : rng_chance(rng, 50) ? "core2" : "x86-64-v2";
    guest->paging = guest_is_long(guest) || guest->mode == GUEST_PAGED || guest->mode == GUEST_USER ||
                    (guest->mode == GUEST_V86 && rng_chance(rng, 70));
    draw_segments(guest, rng);
}

/* --- Values ------------------------------------------------------------------------------------------ */

/* Zeros, infinities, NaNs, denormals, values around the ends of the formats, and what is no number at all. */
static struct float80 draw_float(struct rng *rng)
{
    static const uint16_t exponents[] = {0,      1,      0x3FFF, 0x3FFE, 0x4000, 0x7FFF,
                                         0x7FFE, 0x3F81, 0x407E, 0x3C01, 0x43FE};
    static const uint64_t mantissas[] = {0,
                                         UINT64_C(1) << 63,
                                         UINT64_MAX,
                                         UINT64_C(3) << 62,
                                         (UINT64_C(1) << 63) + 1,
                                         1,
                                         UINT64_C(1) << 62,
                                         (UINT64_C(1) << 63) | 0x800};
    struct float80 value = {.mantissa = mantissas[rng_below(rng, 8)],
                            .sign_exponent = exponents[rng_below(rng, 11)]};
    if (rng_chance(rng, 40))
        value.mantissa = rng_next(rng) | UINT64_C(1) << 63;
    if (rng_chance(rng, 30))
        value.sign_exponent = (uint16_t)(0x3FF0 + rng_below(rng, 32));
    if (rng_chance(rng, 40))
        value.sign_exponent |= 0x8000;
    return value;
}

static uint64_t draw_vector(struct rng *rng)
{
    static const uint32_t singles[] = {0,          0x80000000, 0x3F800000, 0x7F800000,
                                       0xFF800000, 0x7FC00000, 0x7F800001, 0x00000001,
                                       0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0xBF800000};
    static const uint64_t doubles[] = {UINT64_C(0x3FF0000000000000),
                                       UINT64_C(0x7FF0000000000000),
                                       UINT64_C(0x7FF0000000000001),
                                       UINT64_C(0xFFF8000000000000),
                                       1,
                                       UINT64_C(0x8000000000000000),
                                       UINT64_C(0x0010000000000000),
                                       UINT64_C(0x7FEFFFFFFFFFFFFF)};
    switch (rng_below(rng, 3)) {
    case 0: return (uint64_t)singles[rng_below(rng, 12)] << 32 | singles[rng_below(rng, 12)];
    case 1: return doubles[rng_below(rng, 8)];
    default: return rng_next(rng);
    }
}

/* --- Tables -----------------------------------------------------------------------------------------------
 */

static void fill_gdt(const struct guest *guest, struct cpu_fixture *f)
{
    unsigned big = guest->wide ? 0x4000 : 0;
    const struct {
        uint32_t base, limit;
        unsigned attributes;
    } descriptors[] = {
        [SEL_CODE / 8] = {0, UINT32_MAX, 0xC09B},
        [SEL_DATA / 8] = {0, UINT32_MAX, 0xC093},
        [SEL_CODE3 / 8] = {0, UINT32_MAX, 0xC0FB},
        [SEL_DATA3 / 8] = {0, UINT32_MAX, 0xC0F3},
        [SEL_TSS / 8] = {GUEST_TSS, TSS_LIMIT, 0x008B},
        [SEL_PROGRAM / 8] = {guest->code_base, guest->code_limit, big | 0x9B},
        [SEL_ALIAS / 8] = {guest->code_base, 0xFFFF, 0x93},
        [SEL_ODD / 8] = {guest->data_base, guest->data_limit, guest->data_limit > 0xFFFFF ? 0xC093 : 0x0093},
        [SEL_STACK / 8] = {GUEST_STACK, 0x1FFF, big | 0x93},
        [SEL_EXPAND_DOWN / 8] = {GUEST_DATA, 0x0FFF, 0x4097},
        [SEL_READ_ONLY / 8] = {GUEST_DATA, 0x2FFF, 0x0091},
        [SEL_ODD3 / 8] = {GUEST_DATA + 3, 0x2345, 0x00F3},
        [SEL_LONG / 8] = {0, UINT32_MAX, 0xA09B},
        [SEL_LONG3 / 8] = {0, UINT32_MAX, 0xA0FB},
    };
    for (unsigned i = 1; i < sizeof descriptors / sizeof descriptors[0]; i++)
        cpu_fixture_descriptor(f, GUEST_GDT + 8 * i, descriptors[i].base, descriptors[i].limit,
                               descriptors[i].attributes);
}

/* Goes on a few bytes after what faulted; a page fault's handler may repair the page instead. */
static void fill_handler(const struct guest *guest, struct cpu_fixture *f, struct rng *rng, unsigned vector)
{
    bool own_stack = guest->mode == GUEST_SEGMENTED || guest->mode == GUEST_WIDE; /* which is small */
    const unsigned counter = own_stack ? STACK_COUNTER : GUEST_COUNTER;
    static const uint8_t drop_error[] = {0x83, 0xC4, 0x04};
    const uint8_t count[] = {0x36, 0xFF, 0x05, counter & 0xFF, (uint8_t)(counter >> 8), 0, 0};
    static const uint8_t repair[] = {0x50,
                                     0x0F,
                                     0x20,
                                     0xD0,
                                     0xC1,
                                     0xE8,
                                     0x0C,
                                     0x25,
                                     0xFF,
                                     0x03,
                                     0,
                                     0,
                                     0x36,
                                     0x80,
                                     0x0C,
                                     0x85,
                                     GUEST_PT & 0xFF,
                                     GUEST_PT >> 8,
                                     0,
                                     0,
                                     0x07,
                                     0x0F,
                                     0x20,
                                     0xD8,
                                     0x0F,
                                     0x22,
                                     0xD8,
                                     0x58};
    const uint8_t step[] = {0x36, 0x83, 0x04, 0x24, (uint8_t)(1 + rng_below(rng, 6))};
    uint8_t code[HANDLER_BYTES];
    unsigned size = 0;
    bool repairs = vector == VECTOR_PF && rng_chance(rng, 60);
    if (vector < 32 && WITH_ERROR >> vector & 1) {
        memcpy(code, drop_error, sizeof drop_error);
        size = sizeof drop_error;
    }
    memcpy(code + size, count, sizeof count);
    size += sizeof count;
    const uint8_t *body = repairs ? repair : step;
    unsigned length = repairs ? sizeof repair : sizeof step;
    if (vector < 32) {
        memcpy(code + size, body, length);
        size += length;
    }
    code[size++] = 0xCF;
    cpu_fixture_load(f, GUEST_HANDLERS + vector * HANDLER_BYTES, code, size);
}

static void fill_idt(const struct guest *guest, struct cpu_fixture *f, struct rng *rng)
{
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        unsigned handler = vector < 64 ? vector : 63;
        unsigned access = rng_chance(rng, 70) ? 0x80 | TYPE_INT_GATE32 : 0x80 | TYPE_TRAP_GATE32;
        cpu_fixture_gate(f, GUEST_IDT + 8 * vector, access | (rng_chance(rng, 60) ? 0x60 : 0), SEL_CODE,
                         GUEST_HANDLERS + handler * HANDLER_BYTES, 0);
        if (vector < 64)
            fill_handler(guest, f, rng, vector);
    }
}

/* The same in 64-bit code. */
static void fill_long_handler(struct cpu_fixture *f, struct rng *rng, unsigned vector)
{
    static const uint8_t drop_error[] = {0x48, 0x83, 0xC4, 0x08};
    static const uint8_t count[] = {0xFF, 0x04, 0x25, GUEST_COUNTER & 0xFF, GUEST_COUNTER >> 8, 0, 0};
    static const uint8_t repair[] = {0x50,
                                     0x0F,
                                     0x20,
                                     0xD0,
                                     0xC1,
                                     0xE8,
                                     0x0C,
                                     0x25,
                                     0xFF,
                                     0x03,
                                     0,
                                     0,
                                     0x80,
                                     0x0C,
                                     0xC5,
                                     GUEST_LONG_PT & 0xFF,
                                     GUEST_LONG_PT >> 8,
                                     0,
                                     0,
                                     0x07,
                                     0x0F,
                                     0x20,
                                     0xD8,
                                     0x0F,
                                     0x22,
                                     0xD8,
                                     0x58};
    const uint8_t step[] = {0x83, 0x04, 0x24, (uint8_t)(1 + rng_below(rng, 6))};
    static const uint8_t leave[] = {0x48, 0xCF};
    uint8_t code[HANDLER_BYTES];
    unsigned size = 0;
    bool repairs = vector == VECTOR_PF && rng_chance(rng, 60), fault = vector < 32;
    const struct {
        const uint8_t *bytes;
        size_t size;
        bool wanted;
    } parts[] = {{drop_error, sizeof drop_error, fault && (WITH_ERROR >> vector & 1)},
                 {count, sizeof count, true},
                 {repair, sizeof repair, repairs},
                 {step, sizeof step, fault && !repairs},
                 {leave, sizeof leave, true}};
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!parts[i].wanted)
            continue;
        memcpy(code + size, parts[i].bytes, parts[i].size);
        size += (unsigned)parts[i].size;
    }
    cpu_fixture_load(f, GUEST_HANDLERS + vector * HANDLER_BYTES, code, size);
}

static void fill_long_idt(struct cpu_fixture *f, struct rng *rng)
{
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        unsigned handler = vector < 64 ? vector : 63;
        unsigned access = 0x80 | TYPE_INT_GATE32 | (rng_chance(rng, 60) ? 0x60 : 0);
        cpu_fixture_gate(f, GUEST_IDT + 16 * vector, access, SEL_LONG,
                         GUEST_HANDLERS + handler * HANDLER_BYTES, 0);
        cpu_fixture_poke(f, GUEST_IDT + 16 * vector + 8, 8, 0);
        if (vector < 64)
            fill_long_handler(f, rng, vector);
    }
}

/* Real-address mode: PUSH BP; MOV BP,SP; ADD WORD [BP+2],n; INC WORD CS:[..]; POP BP; IRET. */
static void fill_ivt(struct cpu_fixture *f, struct rng *rng)
{
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        unsigned handler = vector < 64 ? vector : 63, at = GUEST_HANDLERS + handler * HANDLER_BYTES;
        uint8_t code[] = {0x55, 0x89, 0xE5, 0x83, 0x46, 0x02, (uint8_t)(1 + rng_below(rng, 6)),
                          0x2E, 0xFF, 0x06, 0x00, 0x0F, 0x5D, 0xCF};
        if (vector == GUEST_TIMER_VECTOR)
            code[6] = 0;
        cpu_fixture_poke(f, 4 * vector, 4, handler * HANDLER_BYTES | GUEST_HANDLERS >> 4 << 16);
        if (vector < 64)
            cpu_fixture_load(f, at, code, sizeof code);
    }
}

static void fill_tss(const struct guest *guest, struct cpu_fixture *f, struct rng *rng)
{
    cpu_fixture_poke(f, GUEST_TSS + 4, 4, GUEST_KERNEL_STACK);
    cpu_fixture_poke(f, GUEST_TSS + 8, 2, guest_is_long(guest) ? 0 : SEL_DATA);
    cpu_fixture_poke(f, GUEST_TSS + 0x66, 2, TSS_BITMAP);
    for (unsigned at = 0x48; at < TSS_LIMIT; at += 8)
        if (at >= TSS_BITMAP)
            cpu_fixture_poke(f, GUEST_TSS + at, 8, rng_chance(rng, 50) ? 0 : rng_next(rng));
}

static uint32_t draw_rights(struct rng *rng, unsigned page)
{
    uint32_t frame = (page << 12) & (GUEST_RAM - 1), rights = 0x7;
    bool system = frame < GUEST_CODE;
    if (page >= 0x200)
        rights = rng_chance(rng, 30) ? 0x7 : 0;
    else if (system && page < 0x100)
        rights = 0x3;
    else if (rng_chance(rng, 25))
        rights = rng_below(rng, 8);
    return rights | (rng_chance(rng, 10) ? 0x100 : 0);
}

static void fill_long_tables(struct cpu_fixture *f, struct rng *rng)
{
    cpu_fixture_poke(f, GUEST_PML4, 8, GUEST_PDPT | 7);
    cpu_fixture_poke(f, GUEST_PML4 + 8 * 511, 8, GUEST_PDPT | 7);
    cpu_fixture_poke(f, GUEST_PDPT, 8, GUEST_DIRECTORY | 7);
    cpu_fixture_poke(f, GUEST_PDPT + 8 * 3, 8, GUEST_DIRECTORY | 7); /* GUEST_HIGH, cut to 32 bits */
    cpu_fixture_poke(f, GUEST_PDPT + 8 * 511, 8, GUEST_DIRECTORY | 7);
    cpu_fixture_poke(f, GUEST_DIRECTORY, 8, GUEST_LONG_PT | 7);
    cpu_fixture_poke(f, GUEST_DIRECTORY + 8, 8, (GUEST_LONG_PT + 0x1000) | 7);
    cpu_fixture_poke(f, GUEST_DIRECTORY + 16, 8, 0x87);
    for (unsigned page = 0; page < 1024; page++) {
        uint64_t entry = ((page << 12) & (GUEST_RAM - 1)) | draw_rights(rng, page);
        bool code = page >= GUEST_CODE >> 12 && page < (GUEST_CODE + GUEST_CODE_BYTES) >> 12;
        if (!code && page >= GUEST_CODE >> 12 && rng_chance(rng, 20))
            entry |= UINT64_C(1) << 63;
        cpu_fixture_poke(f, GUEST_LONG_PT + 8 * page, 8, entry);
    }
}

/* All of RAM twice, with rights that differ from page to page, then a 4 MiB page. */
static void fill_page_tables(struct cpu_fixture *f, struct rng *rng)
{
    for (unsigned page = 0; page < 1024; page++)
        cpu_fixture_poke(f, GUEST_PT + 4 * page, 4,
                         ((page << 12) & (GUEST_RAM - 1)) | draw_rights(rng, page));
    cpu_fixture_poke(f, GUEST_PD, 4, GUEST_PT | 0x7);
    cpu_fixture_poke(f, GUEST_PD + 4, 4, 0x87);
}

void guest_fill(const struct guest *guest, struct cpu_fixture *f)
{
    struct rng rng = {guest->seed};
    uint8_t program[GUEST_CODE_BYTES];
    for (unsigned at = GUEST_DATA; at < GUEST_DATA + 0x5000; at += 8)
        cpu_fixture_poke(f, at, 8, guest->floats ? draw_vector(&rng) : rng_next(&rng));
    if (is_real(guest)) {
        fill_ivt(f, &rng);
    } else {
        fill_gdt(guest, f);
        fill_tss(guest, f, &rng);
        if (guest_is_long(guest)) {
            fill_long_idt(f, &rng);
            fill_long_tables(f, &rng);
        } else {
            fill_idt(guest, f, &rng);
            fill_page_tables(f, &rng);
        }
    }
    program_make(guest, &rng, program);
    cpu_fixture_load(f, GUEST_CODE, program, sizeof program);
}

void guest_disturb(const struct guest *guest, struct cpu_fixture *f, struct rng *rng)
{
    uint64_t value = rng_next(rng);
    uint32_t at = program_place(guest, rng) - guest->code_start;
    if (rng_chance(rng, 50))
        cpu_fixture_poke(f, GUEST_CODE + at, 1u << rng_below(rng, 4), value);
    else if (!is_real(guest))
        cpu_fixture_poke(f,
                         guest_is_long(guest) ? GUEST_LONG_PT + 8 * (GUEST_DATA / 4096 + rng_below(rng, 16))
                                              : GUEST_PT + 4 * (GUEST_DATA / 4096 + rng_below(rng, 16)),
                         1, 1 + rng_below(rng, 3) * 2);
}

/* --- Processor --------------------------------------------------------------------------------------------
 */

static void seat_segment(struct cpu *cpu, enum seg_index index, unsigned selector, uint32_t base,
                         uint32_t limit, unsigned attributes)
{
    cpu->seg[index] = (struct segment){
        .base = base, .limit = limit, .selector = (uint16_t)selector, .attributes = (uint16_t)attributes};
}

static void seat_real(const struct guest *guest, struct cpu *cpu)
{
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(cpu, (enum seg_index)i, GUEST_DATA / 16);
    segment_set_real(cpu, SEG_CS, GUEST_CODE / 16);
    segment_set_real(cpu, SEG_SS, GUEST_STACK / 16);
    if (guest->mode == GUEST_UNREAL)
        cpu->seg[SEG_DS].limit = cpu->seg[SEG_ES].limit = cpu->seg[SEG_FS].limit = UINT32_MAX;
}

static void seat_protected(const struct guest *guest, struct cpu *cpu)
{
    unsigned ring = guest->mode == GUEST_USER ? 3 : 0, dpl = ring << 5, big = guest->wide ? 0x4000 : 0;
    bool flat = guest->code_base == 0;
    unsigned data = 0x93 | dpl | (guest->data_limit > 0xFFFFF ? 0xC000u : 0);
    unsigned data_selector = flat ? ring ? SEL_DATA3 : SEL_DATA : SEL_ODD;
    seat_segment(cpu, SEG_CS, (flat ? ring ? SEL_CODE3 : SEL_CODE : SEL_PROGRAM) | ring, guest->code_base,
                 guest->code_limit, big | 0x9B | dpl | (flat ? 0xC000u : 0));
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        if (i != SEG_CS)
            seat_segment(cpu, (enum seg_index)i, data_selector | ring, guest->data_base, guest->data_limit,
                         data);
    if (!flat) {
        seat_segment(cpu, SEG_ES, SEL_ALIAS, guest->code_base, 0xFFFF, 0x93);
        seat_segment(cpu, SEG_SS, SEL_STACK, GUEST_STACK, 0x1FFF, big | 0x93);
        seat_segment(cpu, SEG_FS, SEL_EXPAND_DOWN, GUEST_DATA, 0xFFF, 0x4097);
    }
    cpu->cpl = (uint8_t)ring;
}

/* Flat segments, but for FS and GS, and everything that 64-bit mode wants. */
static void seat_long(const struct guest *guest, struct cpu *cpu, struct rng *rng)
{
    unsigned ring = guest->mode == GUEST_LONG_USER ? 3 : 0, dpl = ring << 5;
    seat_segment(cpu, SEG_CS, (ring ? SEL_LONG3 : SEL_LONG) | ring, 0, UINT32_MAX, 0xA09B | dpl);
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        if (i != SEG_CS)
            seat_segment(cpu, (enum seg_index)i, (ring ? SEL_DATA3 : SEL_DATA) | ring, 0, UINT32_MAX,
                         0xC093 | dpl);
    cpu->seg[SEG_FS].base = rng_chance(rng, 50) ? GUEST_DATA + rng_below(rng, 32) : GUEST_HIGH + GUEST_DATA;
    cpu->seg[SEG_GS].base = rng_chance(rng, 80) ? GUEST_DATA : rng_next(rng) >> 17;
    cpu->msr.kernel_gs_base = GUEST_DATA;
    cpu->msr.star = (uint64_t)SEL_LONG << 32 | (uint64_t)SEL_CODE3 << 48;
    cpu->msr.lstar = program_place(guest, rng);
    cpu->msr.fmask = rng_next(rng) & EFLAGS_OSZAPC;
    cpu->efer = (EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE) & cpu_model_efer_mask(cpu->model);
    cpu->cr4 |= CR4_PAE;
    cpu->cr3 = GUEST_PML4;
    cpu->cpl = (uint8_t)ring;
    for (unsigned i = GPR_R8; i <= GPR_R15; i++)
        cpu->gpr[i] = rng_chance(rng, 60) ? program_data(guest, rng) : rng_next(rng);
}

static void seat_control(const struct guest *guest, struct cpu *cpu, struct rng *rng)
{
    cpu->cr0 = CR0_ET | (is_real(guest) ? 0 : CR0_PE) | cpu->model->cr0_fixed;
    cpu->cr4 =
        (CR4_PSE | CR4_PGE | CR4_OSFXSR | (rng_chance(rng, 50) ? CR4_OSXMMEXCPT : 0)) & cpu->model->cr4_mask;
    if (rng_chance(rng, 5))
        cpu->cr0 |= rng_chance(rng, 50) ? CR0_TS : CR0_EM;
    if (rng_chance(rng, 50))
        cpu->cr0 |= CR0_NE;
    if (guest->write_protect)
        cpu->cr0 |= CR0_WP & cpu->model->cr0_mask;
    if (guest->alignment_checks)
        cpu->cr0 |= CR0_AM & cpu->model->cr0_mask;
    if (guest->paging) {
        cpu->cr0 |= CR0_PG;
        cpu->cr3 = GUEST_PD;
    }
    cpu->gdtr = (struct descriptor_table){GUEST_GDT, 8 * DESCRIPTORS - 1};
    unsigned gate_bytes = guest_is_long(guest) ? 16 : 8;
    cpu->idtr = is_real(guest) ? (struct descriptor_table){0, 0x3FF}
                               : (struct descriptor_table){GUEST_IDT, (uint16_t)(gate_bytes * VECTORS - 1)};
    seat_segment(cpu, SEG_TR, SEL_TSS, GUEST_TSS, TSS_LIMIT, 0x8B);
    cpu->dr[7] = DR7_FIXED;
    if (rng_chance(rng, 3)) {
        cpu->dr[0] = program_place(guest, rng) + guest->code_base;
        cpu->dr[7] |= 1;
    }
}

static void seat_floats(struct cpu *cpu, struct rng *rng)
{
    x87_fninit(&cpu->x87);
    cpu->x87.top = (uint8_t)rng_below(rng, 8);
    for (unsigned i = 0; i < 8; i++)
        if (rng_chance(rng, 60))
            x87_set(&cpu->x87, i, draw_float(rng));
    x87_fldcw(&cpu->x87, (uint16_t)(0x7F | rng_below(rng, 16) << 8));
    if (rng_chance(rng, 15))
        x87_fldcw(&cpu->x87, (uint16_t)rng_next(rng));
    if (rng_chance(rng, 30))
        x87_set_status(&cpu->x87, (uint16_t)(rng_next(rng) & (rng_chance(rng, 80) ? 0x473F : 0x477F)) |
                                      (uint16_t)(cpu->x87.top << X87_TOP_SHIFT));
    for (unsigned i = 0; i < 8; i++) {
        cpu->xmm[i][0] = draw_vector(rng);
        cpu->xmm[i][1] = draw_vector(rng);
    }
    cpu->mxcsr = 0x1F80 | (rng_chance(rng, 50) ? (uint32_t)rng_next(rng) & 0xE07F : 0);
    if (rng_chance(rng, 15))
        cpu->mxcsr = (uint32_t)rng_next(rng);
    cpu->mxcsr &= cpu_model_mxcsr_mask(cpu->model);
}

static uint32_t draw_eflags(const struct guest *guest, const struct cpu *cpu, struct rng *rng)
{
    uint32_t flags = EFLAGS_FIXED | ((uint32_t)rng_next(rng) & EFLAGS_OSZAPC);
    if (rng_chance(rng, 70))
        flags |= EFLAGS_IF;
    if (rng_chance(rng, 3))
        flags |= EFLAGS_TF;
    if (guest->mode == GUEST_V86 || rng_chance(rng, 20))
        flags |= rng_chance(rng, 80) ? EFLAGS_IOPL : 0;
    if (guest->mode == GUEST_V86)
        flags |= EFLAGS_VM;
    if (guest->alignment_checks)
        flags |= EFLAGS_AC & cpu->model->eflags_mask;
    return flags;
}

void guest_seat(const struct guest *guest, struct cpu_fixture *f, struct rng *rng)
{
    struct cpu *cpu = f->cpu;
    cpu_reset(cpu, false);
    memset(cpu->gpr, 0, sizeof cpu->gpr);
    cpu->efer = 0;
    seat_control(guest, cpu, rng);
    if (guest_is_long(guest))
        seat_long(guest, cpu, rng);
    else if (is_real(guest) || guest->mode == GUEST_V86)
        seat_real(guest, cpu);
    else
        seat_protected(guest, cpu);
    if (guest->mode == GUEST_V86)
        cpu->cpl = 3;
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = rng_chance(rng, 80) ? program_data(guest, rng) : rng_edge(rng);
    if (guest_is_long(guest))
        cpu->gpr[rng_below(rng, 8)] |= rng_chance(rng, 60) ? GUEST_HIGH : rng_next(rng);
    cpu->gpr[GPR_SP] = guest->code_base ? 0x1000 : GUEST_STACK + 0x1000;
    cpu->gpr[GPR_SP] += rng_below(rng, 8);
    if (guest_is_long(guest) && rng_chance(rng, 50))
        cpu->gpr[GPR_SP] |= GUEST_HIGH;
    cpu->rip = program_place(guest, rng);
    cpu_set_eflags(cpu, draw_eflags(guest, cpu, rng));
    seat_floats(cpu, rng);
    cpu->user = cpu->cpl == 3;
    tlb_flush(cpu, false);
    cpu_derive(cpu);
}
