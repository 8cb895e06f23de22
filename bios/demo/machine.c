/* SPDX-License-Identifier: MIT */
/* Page "machine": CPU, memory and display, each asked in the way an operating system asks. */
#include "demo/bios.h"
#include "demo/cpu.h"
#include "demo/pages.h"

enum { LABEL = LIGHT_CYAN, VALUE = WHITE, NOTE = GREY, LEFT = 3, VALUES = 20, ROW_FEATURES = 10 };

static void label(unsigned row, const char *text)
{
    put_at(LEFT, row, text, LABEL);
    move_to(VALUES, row);
}

static const struct {
    uint8_t bit;
    const char *name;
} features[] = {
    {0, "fpu"},  {1, "vme"},  {3, "pse"},   {4, "tsc"},  {5, "msr"},  {6, "pae"},   {8, "cx8"},  {9, "apic"},
    {11, "sep"}, {13, "pge"}, {15, "cmov"}, {16, "pat"}, {23, "mmx"}, {24, "fxsr"}, {25, "sse"}, {26, "sse2"},
};

static void show_cpuid(const struct cpu *cpu)
{
    label(4, "Vendor");
    put_text(cpu->vendor, VALUE);
    put_text("  family ", NOTE);
    put_number(cpu->signature >> 8 & 15, VALUE);
    put_text(" model ", NOTE);
    put_number(cpu->signature >> 4 & 15, VALUE);
    put_text(" stepping ", NOTE);
    put_number(cpu->signature & 15, VALUE);
    if (cpu->brand[0]) {
        label(5, "Name");
        put_text(cpu->brand, VALUE);
    }
    label(6, "Features");
    for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (i == ROW_FEATURES)
            move_to(VALUES, 7);
        if (cpu->features >> features[i].bit & 1) {
            put_text(features[i].name, VALUE);
            put_char(' ', VALUE);
        }
    }
}

static void show_cpu(void)
{
    struct cpu cpu;
    cpu_identify(&cpu);
    label(3, "CPU");
    if (cpu.class > 4)
        put_text(cpu.class == 5 ? "Pentium class" : "Pentium Pro class or later", VALUE);
    else
        put_text(cpu.class == 4 ? "80486" : "80386", VALUE);
    put_text(cpu.has_fpu ? ", with x87" : ", without x87", VALUE);
    if (cpu.has_cpuid)
        show_cpuid(&cpu);
    else
        put_text(", no CPUID", NOTE);
}

/* One entry of the memory map that INT 15h AX=E820h gives (ACPI specification, chapter 15). */
struct range {
    uint32_t base, base_high, length, length_high, type;
};

/* Asks for the entry that *next stands for; false at the end or where there is no E820h. */
static int e820(struct range *range, uint32_t *next)
{
    enum { SMAP = 0x534d4150 };
    struct bios_regs r = {.ax.e = 0xe820, .bx.e = *next, .cx.e = sizeof *range, .dx.e = SMAP};
    r.di.x = (uint16_t)(uintptr_t)range;
    __asm__("movw %%ds, %0" : "=r"(r.es));
    bios_call(0x15, &r);
    *next = r.bx.e;
    return !(r.flags & FLAG_CARRY) && r.ax.e == SMAP;
}

static void show_range(const struct range *range, unsigned row)
{
    static const char *const kinds[] = {"?", "memory", "reserved", "ACPI tables", "ACPI NVS", "bad"};
    move_to(VALUES, row);
    put_hex(range->base_high, 1, VALUE);
    put_hex(range->base, 8, VALUE);
    put_text("  ", NOTE);
    put_number(range->length_high << 22 | range->length >> 10, VALUE);
    put_text(" KiB ", NOTE);
    put_text(kinds[range->type <= 5 ? range->type : 0], range->type == 1 ? LIGHT_GREEN : NOTE);
}

static unsigned show_map(unsigned row)
{
    struct range range;
    uint32_t next = 0;
    unsigned first = row;
    while (row < first + 7 && e820(&range, &next)) {
        show_range(&range, row++);
        if (next == 0)
            break;
    }
    return row;
}

static void show_memory(void)
{
    struct bios_regs r = {.ax.x = 0};
    bios_call(0x12, &r);
    label(9, "Memory");
    put_number(r.ax.x, VALUE);
    put_text(" KiB below 640 KiB", NOTE);
    r = (struct bios_regs){.ax.x = 0x8800};
    bios_call(0x15, &r);
    if (!(r.flags & FLAG_CARRY)) {
        put_text(", ", NOTE);
        put_number(r.ax.x, VALUE);
        put_text(r.ax.x >= 0xfc00 ? " KiB or more above 1 MiB" : " KiB above 1 MiB", NOTE);
    }
    label(10, "Memory map");
    if (show_map(10) == 10)
        put_text("none (no INT 15h, E820h)", NOTE);
}

static uint8_t vbe[512];

/* VBE's controller information: signature, version, far pointer to a name, memory in units of 64 KiB. */
static void show_vbe(void)
{
    struct bios_regs r = {.ax.x = 0x4f00, .di.x = (uint16_t)(uintptr_t)vbe};
    __asm__("movw %%ds, %0" : "=r"(r.es));
    for (unsigned i = 0; i < 4; i++)
        vbe[i] = (uint8_t) "VBE2"[i];
    bios_call(0x10, &r);
    label(19, "VESA BIOS");
    if (r.ax.x != 0x004f) {
        put_text("none", NOTE);
        return;
    }
    put_number(vbe[5], VALUE);
    put_char('.', VALUE);
    put_number(vbe[4], VALUE);
    put_text(", ", NOTE);
    put_number((uint32_t)(vbe[0x12] | vbe[0x13] << 8) * 64, VALUE);
    put_text(" KiB, ", NOTE);
    uint16_t segment = (uint16_t)(vbe[8] | vbe[9] << 8), offset = (uint16_t)(vbe[6] | vbe[7] << 8);
    char c;
    for (unsigned i = 0; i < 40 && (c = (char)peek8(segment, offset++)) != 0; i++)
        put_char(c, VALUE);
}

static void show_display(void)
{
    struct bios_regs r = {.ax.x = 0x1a00};
    bios_call(0x10, &r);
    label(18, "Display");
    if (r.ax.b.l == 0x1a)
        put_text(r.bx.b.l == 8 ? "VGA, colour" : r.bx.b.l == 7 ? "VGA, monochrome" : "older than VGA", VALUE);
    else
        put_text("no VGA", VALUE);
    show_vbe();
    label(20, "Disks");
    r = (struct bios_regs){.ax.x = 0x0800, .dx.x = 0x80};
    bios_call(0x13, &r);
    put_text("booted from ", NOTE);
    put_hex(boot_drive, 2, VALUE);
    put_text("h, hard disks: ", NOTE);
    put_number(r.flags & FLAG_CARRY ? 0 : r.dx.b.l, VALUE);
}

void page_machine(void)
{
    draw_frame("This machine");
    show_cpu();
    show_memory();
    show_display();
    wait_key_with_clock();
}
