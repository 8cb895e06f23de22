/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "core/x86/mmu.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "devices/media/media.h"
#include "devices/pc/machine_private.h"
#include "tests/fuzz/fuzz_board.h"
#include "tests/fuzz/fuzz_code.h"
#include "tests/fuzz/fuzz_long.h"

enum { DISK_BYTES = 2 << 20, FLOPPY_BYTES = 1440 << 10, DISC_BYTES = 256 << 10, ROM_BYTES = 64 << 10 };

/* --- Files ----------------------------------------------------------------------------------------- */

static bool make_file(char *path, size_t room, const char *kind, off_t size, uint64_t seed)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, room, "%s/lathe-fuzz-%s-XXXXXX", dir ? dir : "/tmp", kind);
    int fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        return false;
    }
    struct rng rng = {seed};
    uint8_t sector[4096];
    for (unsigned i = 0; i < sizeof sector; i++)
        sector[i] = (uint8_t)rng_next(&rng);
    bool good = ftruncate(fd, size) == 0 && write(fd, sector, sizeof sector) == sizeof sector;
    close(fd);
    return good;
}

bool world_files_new(struct world_files *files)
{
    return make_file(files->disk, sizeof files->disk, "disk", DISK_BYTES, 1) &&
           make_file(files->floppy, sizeof files->floppy, "floppy", FLOPPY_BYTES, 2) &&
           make_file(files->disc, sizeof files->disc, "disc", DISC_BYTES, 3);
}

void world_files_free(const struct world_files *files)
{
    unlink(files->disk);
    unlink(files->floppy);
    unlink(files->disc);
}

/* --- Machine ----------------------------------------------------------------------------------------- */

void world_draw(struct world *world, struct rng *rng, const struct world_files *files)
{
    static const uint32_t sizes[] = {1 << 20, 2 << 20, 3 << 20, (2 << 20) + 4096, 5 << 20};
    static const uint64_t speeds[] = {250, 1000, 8000, 100000};
    unsigned models = 0;
    while (cpu_model_at(models))
        models++;
    *world = (struct world){
        .model = cpu_model_at(rng_below(rng, models))->name,
        .ram_bytes = sizes[rng_below(rng, 5)],
        .khz = speeds[rng_below(rng, 4)],
        .seed = rng_next(rng),
        .no_reboot = rng_chance(rng, 10),
        .disk = rng_chance(rng, 80) ? files->disk : NULL,
        .floppy = rng_chance(rng, 80) ? files->floppy : NULL,
        .disc = rng_chance(rng, 80) ? files->disc : NULL,
    };
}

static void give_up(const struct error *err)
{
    fprintf(stderr, "fuzz_machine: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static struct media *open_medium(const char *path, enum media_kind kind)
{
    struct error err = {{0}};
    if (!path)
        return NULL;
    struct media *media =
        media_open(&(struct media_config){.path = path, .kind = kind, .snapshot = true}, &err);
    if (!media)
        give_up(&err);
    return media;
}

static void poke(struct machine *machine, gpa_t at, const void *bytes, uint64_t size)
{
    physmap_write_bytes(&machine->physmap, at, bytes, size);
}

static void poke32(struct machine *machine, gpa_t at, uint32_t value)
{
    physmap_write(&machine->physmap, at, 4, value);
}

static void fill_with_code(uint8_t *bytes, size_t size, struct rng *rng, uint32_t ram_bytes)
{
    enum { PIECE = 2048 };
    for (size_t done = 0; done < size; done += PIECE) {
        struct code code = {.rng = rng,
                            .bytes = bytes + done,
                            .capacity = PIECE,
                            .wide = rng_chance(rng, 55),
                            .ram_bytes = ram_bytes};
        code.rex = code.wide && rng_chance(rng, 40);
        fuzz_code(&code);
    }
}

/* Segment descriptors of every kind at fixed places, so that code can name them; some spoiled. */
static void fill_gdt(struct machine *machine, struct rng *rng)
{
    static const struct {
        uint32_t base, limit; /* limit in the descriptor's units */
        uint16_t attributes;
    } kinds[] = {
        {0, 0, 0},
        {0, 0xFFFFF, 0xC09B},
        {0, 0xFFFFF, 0xC093},
        {0, 0xFFFFF, 0xC0FB},
        {0, 0xFFFFF, 0xC0F3},
        {WORLD_CODE, 0xFFFF, 0x009B},
        {0, 0xFFFF, 0x0093},
        {WORLD_TSS, 0x2FF, 0x0089},
        {WORLD_TSS + 0x100, 0x67, 0x0089},
        {WORLD_TSS + 0x200, 0x2B, 0x0081},
        {WORLD_GDT, 0xFF, 0x0082},
        {WORLD_CODE, 0xFFFFF, 0xC09F},
        {0, 0xFFF, 0x0097},
        {0, 0x00050, 0xC097},
        {0, 0xFFFFF, 0xC0F1},
        {0, 0xFFFFF, 0xC0F9},
        {WORLD_CODE, 0xFFFF, 0x00FB},
        {WORLD_STACK, 0xFFF, 0x40F3},
        {0xFFFFF000, 0xFFFFF, 0xC093},
        {0, 0xFFFFF, LONG_ATTR0},
        {0, 0xFFFFF, LONG_ATTR3},
    };
    enum { FIXED = sizeof kinds / sizeof kinds[0] };
    for (unsigned i = 0; i < WORLD_DESCRIPTORS; i++) {
        uint32_t low = (uint32_t)rng_next(rng), high = (uint32_t)rng_next(rng) | 0x8000;
        if (i < FIXED && !(i && rng_chance(rng, 8))) {
            low = kinds[i].base << 16 | (kinds[i].limit & 0xFFFF);
            high = (kinds[i].base & 0xFF000000) | (kinds[i].base >> 16 & 0xFF) | (kinds[i].limit & 0xF0000) |
                   (uint32_t)kinds[i].attributes << 8;
        } else if (rng_chance(rng, 50)) { /* a gate, or a task gate */
            low = (uint32_t)fuzz_selector(rng) << 16 | rng_below(rng, WORLD_CODE_BYTES);
            high = (high & 0x0000FF1F) | WORLD_CODE;
        }
        poke32(machine, WORLD_GDT + 8 * i, low);
        poke32(machine, WORLD_GDT + 8 * i + 4, high);
    }
}

static void fill_idt(struct machine *machine, struct rng *rng)
{
    static const uint8_t types[] = {0x8E, 0x8F, 0xEE, 0xEF, 0x86, 0x87, 0xE5, 0x0E};
    static const uint16_t selectors[] = {0x08, 0x08, 0x08, 0x28, 0x5B, 0x1B, 0x38};
    for (unsigned i = 0; i < 256; i++) {
        uint32_t offset = WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES);
        uint32_t type = rng_chance(rng, 70) ? 0x8E : types[rng_below(rng, sizeof types)];
        uint32_t selector = rng_chance(rng, 85) ? selectors[rng_below(rng, 7)] : fuzz_selector(rng);
        poke32(machine, WORLD_IDT + 8 * i, selector << 16 | (offset & 0xFFFF));
        poke32(machine, WORLD_IDT + 8 * i + 4, (offset & 0xFFFF0000) | type << 8);
        poke32(machine, WORLD_IVT + 4 * i, UINT32_C(0x10000000) | rng_below(rng, WORLD_CODE_BYTES));
    }
    const uint32_t bases[4] = {WORLD_GDT, WORLD_IDT, WORLD_IVT, WORLD_GDT};
    const uint16_t limits[4] = {8 * WORLD_DESCRIPTORS - 1, 0x7FF, 0x3FF, 0xFFFF};
    for (unsigned i = 0; i < 4; i++) {
        physmap_write(&machine->physmap, WORLD_POINTERS + 8 * i, 2, limits[i]);
        poke32(machine, WORLD_POINTERS + 8 * i + 2, bases[i]);
    }
}

static void fill_tss(struct machine *machine, struct rng *rng)
{
    for (unsigned at = 0; at < 0x400; at += 4)
        poke32(machine, WORLD_TSS + at, rng_chance(rng, 50) ? 0 : rng_edge(rng));
    for (unsigned at = 0; at < 0x200; at += 0x100) {
        gpa_t tss = WORLD_TSS + at;
        for (unsigned level = 0; level < 3; level++) {
            poke32(machine, tss + 4 + 8 * level, WORLD_STACK + 0xF00 + 0x1000 * level);
            poke32(machine, tss + 8 + 8 * level, 0x10 | (level ? fuzz_selector(rng) : 0));
        }
        poke32(machine, tss + 0x1C, rng_chance(rng, 50) ? WORLD_PD : WORLD_PDPT);
        poke32(machine, tss + 0x20, WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES));
        poke32(machine, tss + 0x24, fuzz_eflags(rng));
        poke32(machine, tss + 0x38, WORLD_STACK + 0x3000);
        for (unsigned seg = 0; seg < 6; seg++)
            poke32(machine, tss + 0x48 + 4 * seg,
                   seg == 1              ? 0x08
                   : rng_chance(rng, 70) ? 0x10
                                         : fuzz_selector(rng));
        poke32(machine, tss + 0x60, rng_chance(rng, 70) ? 0 : 0x50);
        poke32(machine, tss + 0x64, rng_chance(rng, 70) ? 0x680000 : (uint32_t)rng_next(rng));
    }
}

static uint32_t page_entry(struct rng *rng, uint32_t frame, uint32_t ram_bytes)
{
    uint32_t random = (uint32_t)rng_next(rng);
    if (rng_chance(rng, 6))
        frame = fuzz_address(rng, ram_bytes) & 0xFFFFF000;
    uint32_t flags = rng_chance(rng, 85) ? 7 : random & 7;
    return frame | flags | (rng_chance(rng, 30) ? random & 0x160 : 0) |
           (rng_chance(rng, 3) ? random & 0xFFF : 0);
}

/* Identity for the first 4 MiB with accidents, the rest at random; once for each paging mode. */
static void fill_page_tables(struct machine *machine, struct rng *rng)
{
    uint32_t ram = (uint32_t)machine->config.ram_bytes;
    for (unsigned i = 0; i < 1024; i++) {
        uint32_t directory = i == 0                ? WORLD_PT | 7
                             : rng_chance(rng, 50) ? (uint32_t)rng_next(rng)
                                                   : i << 22 | 0x80 | (rng_below(rng, 512) & 0x167);
        poke32(machine, WORLD_PD + 4 * i, directory);
        poke32(machine, WORLD_PT + 4 * i, page_entry(rng, i << 12, ram));
        poke32(machine, WORLD_PDPT + 0x2000 + 8 * i, page_entry(rng, i << 12, ram));
        poke32(machine, WORLD_PDPT + 0x2004 + 8 * i, rng_chance(rng, 2) ? rng_edge(rng) : 0);
    }
    for (unsigned i = 0; i < 512; i++) {
        uint32_t directory =
            i < 2 ? (WORLD_PDPT + 0x2000 + 0x1000 * i) | 7 : i << 21 | 0x80 | (rng_below(rng, 512) & 0x167);
        poke32(machine, WORLD_PDPT + 0x1000 + 8 * i, directory);
        poke32(machine, WORLD_PDPT + 0x1004 + 8 * i, rng_chance(rng, 2) ? rng_edge(rng) : 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        poke32(machine, WORLD_PDPT + 8 * i, i == 0 || rng_chance(rng, 50) ? (WORLD_PDPT + 0x1000) | 1 : 0);
        poke32(machine, WORLD_PDPT + 8 * i + 4, 0);
    }
}

/* Data that also makes sense as physical region descriptors of the IDE bus master. */
static void fill_data(struct machine *machine, struct rng *rng)
{
    for (unsigned at = 0; at < 0x2000; at += 8) {
        poke32(machine, WORLD_DATA + at, fuzz_address(rng, (uint32_t)machine->config.ram_bytes));
        poke32(machine, WORLD_DATA + at + 4,
               rng_below(rng, 0x800) | (rng_chance(rng, 20) ? UINT32_C(0x80000000) : 0));
    }
}

static void fill_memory(struct machine *machine, struct rng *rng)
{
    static uint8_t code[WORLD_CODE_BYTES];
    fill_with_code(code, sizeof code, rng, (uint32_t)machine->config.ram_bytes);
    poke(machine, WORLD_CODE, code, sizeof code);
    fill_gdt(machine, rng);
    fill_idt(machine, rng);
    fill_tss(machine, rng);
    fill_page_tables(machine, rng);
    fill_data(machine, rng);
    fuzz_long_fill(machine, rng);
}

/* A system ROM of random code whose reset vector goes to random code in RAM. */
static void fill_rom(uint8_t *rom, struct rng *rng, uint32_t ram_bytes)
{
    fill_with_code(rom, ROM_BYTES, rng, ram_bytes);
    uint8_t *vector = rom + ROM_BYTES - 16;
    vector[0] = 0xEA;
    store_le16(vector + 1, (uint16_t)rng_next(rng));
    store_le16(vector + 3, WORLD_CODE >> 4);
}

struct machine *world_machine(const struct world *world)
{
    uint8_t *rom = malloc(ROM_BYTES), *option_rom = malloc(ROM_BYTES / 2);
    struct rng rng = {world->seed};
    struct error err = {{0}};
    if (!rom || !option_rom)
        abort();
    fill_rom(rom, &rng, world->ram_bytes);
    fill_with_code(option_rom, ROM_BYTES / 2, &rng, world->ram_bytes);
    struct machine_config config = {
        .ram_bytes = world->ram_bytes,
        .khz = world->khz,
        .seed = world->seed,
        .cpu_model = world->model,
        .engine = world->engine,
        .bios = {rom, ROM_BYTES},
        .vgabios = {option_rom, ROM_BYTES / 2},
        .debugcon = true,
        .no_reboot = world->no_reboot,
        .media = {[DRIVE_FDA] = open_medium(world->floppy, MEDIA_FLOPPY),
                  [DRIVE_HDA] = open_medium(world->disk, MEDIA_DISK),
                  [DRIVE_HDC] = open_medium(world->disc, MEDIA_CDROM)},
        .is_cdrom = {[DRIVE_HDC] = true},
    };
    struct machine *machine = machine_new(&config, &err);
    if (!machine)
        give_up(&err);
    free(rom);
    free(option_rom);
    fill_memory(machine, &rng);
    if (rng_chance(&rng, 80))
        fuzz_board_set_up(machine);
    return machine;
}

/* --- Processor --------------------------------------------------------------------------------------- */

static void seat_segment(struct cpu *cpu, enum seg_index index, uint16_t selector, uint32_t base,
                         uint32_t limit, unsigned attributes)
{
    cpu->seg[index] = (struct segment){
        .base = base, .limit = limit, .selector = selector, .attributes = (uint16_t)attributes};
}

static void seat_real(struct cpu *cpu, struct rng *rng, bool v86)
{
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(cpu, (enum seg_index)i,
                         rng_chance(rng, 70) ? (uint16_t)(0x1000 * rng_below(rng, 16))
                                             : (uint16_t)rng_next(rng));
    segment_set_real(cpu, SEG_CS, WORLD_CODE >> 4);
    segment_set_real(cpu, SEG_SS, WORLD_STACK >> 4);
    if (!v86 && rng_chance(rng, 20)) { /* limits left over from protected mode */
        cpu->seg[SEG_DS].limit = cpu->seg[SEG_ES].limit = UINT32_MAX;
        cpu->seg[SEG_SS].limit = rng_edge(rng);
    }
    cpu->cpl = v86 ? 3 : 0;
    cpu->rip = rng_below(rng, WORLD_CODE_BYTES);
}

static void seat_protected(struct cpu *cpu, struct rng *rng)
{
    static const enum seg_index data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    unsigned ring = rng_chance(rng, 60) ? 0 : rng_below(rng, 4);
    bool wide = rng_chance(rng, 70), flat = rng_chance(rng, 80);
    cpu->cpl = (uint8_t)ring;
    seat_segment(cpu, SEG_CS, (uint16_t)((ring == 3 ? 0x18 : 0x08) | ring), flat ? 0 : WORLD_CODE,
                 flat ? UINT32_MAX : 0xFFFF, (wide ? 0xC09Bu : 0x009Bu) | ring << 5);
    cpu->rip = (flat ? WORLD_CODE : 0) + rng_below(rng, WORLD_CODE_BYTES);
    seat_segment(cpu, SEG_SS, (uint16_t)((ring == 3 ? 0x20 : 0x10) | ring), 0, UINT32_MAX,
                 (rng_chance(rng, 80) ? 0xC093u : 0x0093u) | ring << 5);
    for (unsigned i = 0; i < 4; i++)
        seat_segment(cpu, data[i], (uint16_t)((ring == 3 ? 0x20 : 0x10) | ring), 0,
                     rng_chance(rng, 80) ? UINT32_MAX : rng_edge(rng),
                     (rng_chance(rng, 90) ? 0xC093u : (uint32_t)rng_next(rng) & 0xF01Fu) | ring << 5);
}

static void seat_paging(struct cpu *cpu, struct rng *rng)
{
    if (!rng_chance(rng, 60))
        return;
    cpu->cr4 = rng_next(rng) & cpu->model->cr4_mask;
    bool pae = (cpu->cr4 & CR4_PAE) != 0;
    cpu->cr3 = pae ? WORLD_PDPT : WORLD_PD;
    cpu->cr0 |= CR0_PG | (rng_next(rng) & cpu->model->cr0_mask & CR0_WP);
    if (pae && !mmu_load_pdptes(cpu, cpu->cr3)) {
        cpu->exception.pending = false;
        cpu->cr0 &= ~CR0_PG;
    }
}

static void seat_registers(struct cpu *cpu, struct rng *rng, uint32_t ram_bytes)
{
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = rng_chance(rng, 60) ? fuzz_address(rng, ram_bytes) : rng_edge(rng);
    cpu->gpr[GPR_SP] = WORLD_STACK + 0x8000 + rng_below(rng, 64);
    cpu->gdtr = (struct descriptor_table){WORLD_GDT, 8 * WORLD_DESCRIPTORS - 1};
    bool real = !(cpu->cr0 & CR0_PE);
    cpu->idtr = (struct descriptor_table){real ? WORLD_IVT : WORLD_IDT, real ? 0x3FF : 0x7FF};
    seat_segment(cpu, SEG_TR, 0x38, WORLD_TSS, 0x2FF, 0x8B);
    seat_segment(cpu, SEG_LDTR, 0x50, WORLD_GDT, 0xFF, 0x82);
}

/* What a processor without 32-bit registers and descriptors can hold. */
static void reduce_to_16_bits(struct cpu *cpu)
{
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] &= 0xFFFF;
    if (cpu->rip > 0xFFFF) {
        cpu->seg[SEG_CS].base = WORLD_CODE;
        cpu->rip = (cpu->rip - WORLD_CODE) & 0xFFFF;
    }
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        cpu->seg[i].base &= 0xFFFFFF;
        cpu->seg[i].limit &= 0xFFFF;
        cpu->seg[i].attributes &= 0xFF;
    }
    cpu->seg[SEG_TR].attributes = 0x83;
    cpu->cr0 &= ~CR0_PG;
}

void world_seat(struct machine *machine, struct rng *rng)
{
    struct cpu *cpu = machine->cpu;
    bool has_386 = cpu_model_has(cpu->model, FEATURE_386);
    unsigned mode = rng_below(rng, 10);
    if (!cpu_model_has(cpu->model, FEATURE_286))
        mode = 0;
    uint32_t flags = fuzz_eflags(rng) & cpu->model->eflags_mask & ~(uint32_t)EFLAGS_VM;
    cpu->cr0 = (fuzz_cr0(rng) & cpu->model->cr0_mask & ~(CR0_PG | CR0_PE)) | cpu->model->cr0_fixed;
    cpu->cr4 = cpu->efer = 0;
    for (unsigned i = GPR_R8; i <= GPR_R15; i++)
        cpu->gpr[i] = 0;
    cpu->shadow = SHADOW_NONE;
    cpu->exception.pending = false;
    cpu->activity = CPU_RUNNING;
    if (mode < 3) {
        seat_real(cpu, rng, false);
    } else {
        cpu->cr0 |= CR0_PE;
        seat_paging(cpu, rng);
        if (mode < 5 && has_386) {
            flags |= EFLAGS_VM;
            seat_real(cpu, rng, true);
        } else {
            seat_protected(cpu, rng);
        }
    }
    seat_registers(cpu, rng, (uint32_t)machine->config.ram_bytes);
    if (rng_chance(rng, 80))
        cpu->dr[7] = DR7_FIXED;
    if (!has_386)
        reduce_to_16_bits(cpu);
    if (mode >= 5 && cpu_model_has(cpu->model, FEATURE_LONG) && rng_chance(rng, 60))
        fuzz_long_seat(machine, rng);
    cpu_set_eflags(cpu, flags | EFLAGS_FIXED | cpu->model->eflags_fixed);
    tlb_flush(cpu, false);
    cpu_derive(cpu);
}

static void change_medium(struct machine *machine, const struct world *world, struct rng *rng)
{
    bool floppy = rng_chance(rng, 50);
    struct input input = {.kind = INPUT_EJECT};
    input.u.media.drive = floppy ? DRIVE_FDA : DRIVE_HDC;
    if (rng_chance(rng, 50)) {
        input.kind = INPUT_INSERT;
        input.u.media.media =
            open_medium(floppy ? world->floppy : world->disc, floppy ? MEDIA_FLOPPY : MEDIA_CDROM);
        if (!input.u.media.media)
            return;
    }
    machine_post(machine, input);
}

void world_disturb(struct machine *machine, const struct world *world, struct rng *rng)
{
    for (unsigned i = rng_below(rng, 6); i > 0; i--) {
        struct input input = {.kind = INPUT_KEY};
        switch (rng_below(rng, 8)) {
        case 0:
            input.kind = INPUT_MOUSE;
            input.u.mouse.dx = (int16_t)rng_edge(rng);
            input.u.mouse.dy = (int16_t)rng_edge(rng);
            input.u.mouse.buttons = (uint8_t)rng_below(rng, 8);
            break;
        case 1:
            input.kind = INPUT_SERIAL;
            input.u.serial.port = (uint8_t)rng_below(rng, 2);
            input.u.serial.byte = (uint8_t)rng_next(rng);
            break;
        case 2: change_medium(machine, world, rng); continue;
        case 3:
            if (!rng_chance(rng, 20))
                continue;
            input.kind = rng_chance(rng, 50) ? INPUT_RESET : INPUT_POWER_BUTTON;
            break;
        default:
            input.u.key.usage = (uint16_t)rng_below(rng, 256);
            input.u.key.down = rng_chance(rng, 60);
            break;
        }
        machine_post(machine, input);
    }
}
