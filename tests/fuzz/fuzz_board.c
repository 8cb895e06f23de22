/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_board.h"

#include "devices/pc/machine_private.h"
#include "tests/fuzz/fuzz_code.h"
#include "tests/fuzz/fuzz_world.h"

struct driver {
    struct machine *machine;
    struct rng *rng;
    uint32_t ram_bytes;
};

static void out(const struct driver *d, unsigned port, unsigned size, uint32_t value)
{
    portmap_write(d->machine->ports, (uint16_t)port, size, value);
}

static uint32_t in(const struct driver *d, unsigned port, unsigned size)
{
    return portmap_read(d->machine->ports, (uint16_t)port, size);
}

static uint8_t byte_of(const struct driver *d)
{
    return (uint8_t)rng_next(d->rng);
}

static void pci(const struct driver *d, unsigned slot, unsigned function, unsigned reg, uint32_t value)
{
    out(d, 0xCF8, 4, UINT32_C(0x80000000) | slot << 11 | function << 8 | (reg & 0xFC));
    out(d, 0xCFC + (reg & 3), 4 >> (reg & 1), value);
}

void fuzz_board_set_up(struct machine *machine)
{
    const struct driver d = {.machine = machine};
    for (unsigned slot = 0; slot < 4; slot++) {
        for (unsigned function = 0; function < 4; function++)
            pci(&d, slot, function, 0x04, 0x07);
    }
    pci(&d, 1, 1, 0x20, 0xC001);
    pci(&d, 1, 1, 0x40, 0x80008000);
    pci(&d, 1, 3, 0x40, 0x0601);
    pci(&d, 1, 3, 0x80, 0x0001);
    pci(&d, 2, 0, 0x10, 0xE0000000);
}

/* --- Anything --------------------------------------------------------------------------------------------
 */

static void any_ports(const struct driver *d)
{
    for (unsigned i = rng_below(d->rng, 30); i > 0; i--) {
        unsigned port = fuzz_port(d->rng), size = 1u << rng_below(d->rng, 3);
        if (rng_chance(d->rng, 50))
            in(d, port, size);
        else
            out(d, port, size, rng_edge(d->rng));
    }
}

static void any_memory(const struct driver *d)
{
    for (unsigned i = rng_below(d->rng, 30); i > 0; i--) {
        uint64_t at = fuzz_address(d->rng, d->ram_bytes);
        unsigned size = 1 + rng_below(d->rng, 8);
        if (rng_chance(d->rng, 5))
            at |= rng_next(d->rng) << 32 & UINT64_C(0xF00000000);
        if (rng_chance(d->rng, 50))
            physmap_read(&d->machine->physmap, at, size);
        else
            physmap_write(&d->machine->physmap, at, size, rng_next(d->rng));
    }
}

static void bulk_memory(const struct driver *d)
{
    uint8_t bytes[3000];
    uint64_t size = rng_below(d->rng, sizeof bytes);
    physmap_read_bytes(&d->machine->physmap, fuzz_address(d->rng, d->ram_bytes), bytes, size);
    physmap_write_bytes(&d->machine->physmap, fuzz_address(d->rng, d->ram_bytes), bytes, size);
}

/* BARs over RAM, ROM, each other and the end of the address space; shadow RAM; SMRAM. */
static void pci_registers(const struct driver *d)
{
    static const uint32_t places[] = {0x000A0001, 0x000F0000, 0x00100000, 0xE0000000, 0xE0800000, 0xFF000000,
                                      0xFFFF0001, 0x00000000, 0x0000C001, 0x000001F1, 0x0000FFF1, 0x00000601,
                                      0xFFFFFFFF, 0x00010000, 0x000C0001, 0xFEC00000};
    for (unsigned i = rng_below(d->rng, 6); i > 0; i--) {
        unsigned reg = rng_chance(d->rng, 50) ? 0x10 + 4 * rng_below(d->rng, 9) : rng_below(d->rng, 256);
        if (rng_chance(d->rng, 30))
            reg = 0x58 + rng_below(d->rng, 8) + (rng_chance(d->rng, 20) ? 0x1A : 0);
        uint32_t value = rng_chance(d->rng, 60) ? places[rng_below(d->rng, 16)] : (uint32_t)rng_next(d->rng);
        pci(d, rng_below(d->rng, 4), rng_below(d->rng, 4), reg, value);
        if (rng_chance(d->rng, 30))
            pci(d, rng_below(d->rng, 4), rng_below(d->rng, 4), 0x04, byte_of(d));
    }
}

/* --- Disks ------------------------------------------------------------------------------------------------
 */

static void start_ide(const struct driver *d, unsigned base)
{
    static const uint8_t commands[] = {0x20, 0x21, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40,
                                       0x42, 0x70, 0x90, 0x91, 0xA0, 0xA0, 0xA0, 0xA1, 0xC4, 0xC5,
                                       0xC6, 0xC8, 0xCA, 0xE0, 0xE1, 0xE7, 0xEA, 0xEC, 0xEF, 0x08,
                                       0x10, 0xF8, 0xF5, 0xE5, 0x27, 0x37, 0xB0, 0x00};
    struct rng *rng = d->rng;
    static const uint8_t devices[] = {0xA0, 0xE0, 0xB0, 0x40};
    out(d, base + 6, 1, devices[rng_below(rng, 4)] | (rng_chance(rng, 20) ? byte_of(d) & 0x1F : 0));
    for (unsigned i = 1; i <= 5; i++) {
        if (rng_chance(rng, 20))
            out(d, base + i, 1, byte_of(d));
        out(d, base + i, 1, rng_chance(rng, 70) ? rng_below(rng, 4) : byte_of(d));
    }
    if (rng_chance(rng, 10))
        out(d, base + 0x206, 1, byte_of(d));
    uint8_t command = commands[rng_below(rng, sizeof commands)];
    if (base == 0x170 && rng_chance(rng, 60))
        command = 0xA0;
    out(d, base + 7, 1, rng_chance(rng, 95) ? command : byte_of(d));
    if (!rng_chance(rng, 40))
        return;
    unsigned master = base == 0x1F0 ? 0xC000 : 0xC008;
    uint32_t table =
        rng_chance(rng, 70) ? WORLD_DATA + 8 * rng_below(rng, 64) : fuzz_address(rng, d->ram_bytes);
    out(d, master + 4, 4, table);
    out(d, master + 2, 1, 0x66);
    out(d, master, 1, 1 | rng_below(rng, 2) << 3);
}

static void send_packet(const struct driver *d, unsigned base)
{
    static const uint8_t packets[] = {0x00, 0x03, 0x12, 0x1B, 0x1E, 0x23, 0x25, 0x28, 0x28, 0x2B, 0x42,
                                      0x43, 0x44, 0x45, 0x46, 0x47, 0x4A, 0x4B, 0x4E, 0x51, 0x55, 0x5A,
                                      0xA8, 0xAD, 0xB9, 0xBD, 0xBE, 0xBB, 0xA4, 0xBE, 0x5C, 0x52};
    uint8_t packet[12];
    packet[0] = rng_chance(d->rng, 95) ? packets[rng_below(d->rng, sizeof packets)] : byte_of(d);
    for (unsigned i = 1; i < 12; i++)
        packet[i] = rng_chance(d->rng, 60) ? (uint8_t)rng_below(d->rng, 3) : byte_of(d);
    for (unsigned i = 0; i < 12; i += 2)
        out(d, base, 2, packet[i] | (uint32_t)packet[i + 1] << 8);
}

static void ide(const struct driver *d)
{
    unsigned base = rng_chance(d->rng, 50) ? 0x1F0 : 0x170;
    uint32_t status = in(d, base + 7, 1);
    if (status & 0x80) /* BSY */
        return;
    if (!(status & 0x08) || rng_chance(d->rng, 5)) { /* DRQ */
        start_ide(d, base);
        return;
    }
    if ((in(d, base + 2, 1) & 7) == 1 && base == 0x170) {
        send_packet(d, base);
        return;
    }
    bool writes = rng_chance(d->rng, 50);
    for (unsigned i = rng_chance(d->rng, 70) ? 256 : rng_below(d->rng, 1100); i > 0; i--) {
        unsigned size = rng_chance(d->rng, 97) ? 2 : 1u << rng_below(d->rng, 3);
        if (writes)
            out(d, base, size, (uint32_t)rng_next(d->rng));
        else
            in(d, base, size);
    }
}

static void program_dma(const struct driver *d)
{
    uint32_t address = fuzz_address(d->rng, d->ram_bytes);
    out(d, 0x0C, 1, 0);
    out(d, 0x0B, 1, rng_chance(d->rng, 80) ? 0x42u + 4 * (1 + rng_below(d->rng, 2)) : byte_of(d));
    out(d, 0x04, 1, address & 0xFF);
    out(d, 0x04, 1, address >> 8 & 0xFF);
    out(d, 0x81, 1, rng_chance(d->rng, 80) ? address >> 16 & 0xFF : byte_of(d));
    out(d, 0x05, 1, byte_of(d));
    out(d, 0x05, 1, rng_below(d->rng, 16));
    out(d, 0x0A, 1, 2);
    if (rng_chance(d->rng, 20))
        out(d, 0x09, 1, rng_below(d->rng, 8));
}

static void floppy(const struct driver *d)
{
    static const uint8_t commands[] = {0x46, 0xE6, 0xC5, 0x45, 0x4A, 0x07, 0x0F, 0x08, 0x03, 0x4D,
                                       0x10, 0x12, 0x13, 0x0E, 0x14, 0x94, 0x02, 0x56, 0xD1, 0xD9,
                                       0xDD, 0x2F, 0x8F, 0xCC, 0x49, 0x18, 0x33, 0x8E};
    struct rng *rng = d->rng;
    if (rng_chance(rng, 30))
        program_dma(d);
    if (rng_chance(rng, 25))
        out(d, 0x3F2, 1, rng_chance(rng, 80) ? 0x1C : byte_of(d));
    if (rng_chance(rng, 5))
        out(d, 0x3F7 - 3 * rng_below(rng, 2), 1, byte_of(d));
    for (unsigned i = 0; i < 40; i++) {
        uint32_t main_status = in(d, 0x3F4, 1);
        if (!(main_status & 0x80)) /* RQM */
            return;
        if (main_status & 0x40) /* DIO: it has something to say */
            in(d, 0x3F5, 1);
        else if (main_status & 0x10) /* CB: parameters, or data without DMA */
            out(d, 0x3F5, 1, rng_chance(rng, 85) ? rng_below(rng, 4) : byte_of(d));
        else
            out(d, 0x3F5, 1, rng_chance(rng, 95) ? commands[rng_below(rng, sizeof commands)] : byte_of(d));
    }
}

/* --- Video
 * -------------------------------------------------------------------------------------------------- */

static void indexed(const struct driver *d, unsigned port, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (rng_chance(d->rng, 70)) {
            out(d, port, 1, i);
            out(d, port + 1, 1, rng_chance(d->rng, 50) ? byte_of(d) : rng_edge(d->rng) & 0xFF);
        }
    }
}

static void vga_registers(const struct driver *d)
{
    struct rng *rng = d->rng;
    if (rng_chance(rng, 60))
        out(d, 0x3C2, 1, rng_chance(rng, 80) ? 0x67 : byte_of(d));
    unsigned crtc = in(d, 0x3CC, 1) & 1 ? 0x3D4 : 0x3B4;
    if (rng_chance(rng, 50))
        indexed(d, 0x3C4, 5);
    if (rng_chance(rng, 50)) {
        out(d, crtc, 2, 0x0011); /* unlock */
        indexed(d, crtc, 25);
    }
    if (rng_chance(rng, 50))
        indexed(d, 0x3CE, 9);
    for (unsigned i = 0; i < 21 && rng_chance(rng, 95); i++) {
        in(d, crtc + 6, 1);
        out(d, 0x3C0, 1, i);
        out(d, 0x3C0, 1, byte_of(d));
    }
    in(d, crtc + 6, 1);
    out(d, 0x3C0, 1, rng_chance(rng, 80) ? 0x20 : 0);
    for (unsigned i = rng_below(rng, 20); i > 0; i--)
        out(d, 0x3C6 + rng_below(rng, 4), 1, byte_of(d));
}

static void dispi(const struct driver *d, unsigned index, uint32_t value)
{
    out(d, 0x1CE, 2, index);
    out(d, 0x1CF, 2, value);
}

static void vbe_mode(const struct driver *d)
{
    static const uint8_t depths[] = {4, 8, 15, 16, 24, 32, 0, 33};
    struct rng *rng = d->rng;
    if (rng_chance(rng, 70))
        dispi(d, 4, 0);
    dispi(d, 1, rng_chance(rng, 70) ? 8 * rng_below(rng, 250) : rng_edge(rng));
    dispi(d, 2, rng_chance(rng, 70) ? rng_below(rng, 1300) : rng_edge(rng));
    dispi(d, 3, depths[rng_below(rng, 8)]);
    if (rng_chance(rng, 80))
        dispi(d, 4, 1 | (byte_of(d) & 0xE2));
    for (unsigned i = 5; i <= 10; i++) {
        if (rng_chance(rng, 40))
            dispi(d, i, rng_edge(rng));
    }
}

/* --- The small chips ------------------------------------------------------------------------------------ */

static void keyboard_controller(const struct driver *d)
{
    static const uint8_t commands[] = {0x20, 0x60, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB, 0xAD, 0xAE, 0xC0,
                                       0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD4, 0xD4, 0xE0, 0xF0};
    struct rng *rng = d->rng;
    for (unsigned i = rng_below(rng, 8); i > 0; i--) {
        if (rng_chance(rng, 40))
            out(d, 0x64, 1, rng_chance(rng, 95) ? commands[rng_below(rng, sizeof commands)] : byte_of(d));
        if (rng_chance(rng, 70))
            out(d, 0x60, 1, rng_chance(rng, 60) ? 0xE0 | rng_below(rng, 32) : byte_of(d));
        if (in(d, 0x64, 1) & 1)
            in(d, 0x60, 1);
    }
}

static void clock_chip(const struct driver *d)
{
    for (unsigned i = rng_below(d->rng, 10); i > 0; i--) {
        out(d, 0x70, 1, rng_chance(d->rng, 80) ? rng_below(d->rng, 14) : byte_of(d));
        if (rng_chance(d->rng, 70))
            out(d, 0x71, 1, rng_chance(d->rng, 50) ? rng_below(d->rng, 60) : byte_of(d));
        else
            in(d, 0x71, 1);
    }
}

static void timer_chip(const struct driver *d)
{
    for (unsigned i = rng_below(d->rng, 10); i > 0; i--) {
        if (rng_chance(d->rng, 50))
            out(d, 0x43, 1, byte_of(d));
        unsigned port = 0x40 + rng_below(d->rng, 3);
        if (rng_chance(d->rng, 60))
            out(d, port, 1, rng_chance(d->rng, 50) ? rng_below(d->rng, 4) : byte_of(d));
        else
            in(d, port, 1);
        if (rng_chance(d->rng, 20))
            out(d, 0x61, 1, byte_of(d));
    }
}

static void interrupt_controllers(const struct driver *d)
{
    unsigned port = rng_chance(d->rng, 50) ? 0x20 : 0xA0;
    if (rng_chance(d->rng, 40)) {
        out(d, port, 1, 0x11 | (byte_of(d) & 0x0E));
        out(d, port + 1, 1, rng_chance(d->rng, 80) ? 0x20 : byte_of(d));
        out(d, port + 1, 1, port == 0x20 ? 4 : 2);
        out(d, port + 1, 1, rng_chance(d->rng, 70) ? 1 : byte_of(d));
        out(d, port + 1, 1, 0);
    }
    for (unsigned i = rng_below(d->rng, 6); i > 0; i--) {
        out(d, port + rng_below(d->rng, 2), 1, byte_of(d));
        in(d, port + rng_below(d->rng, 2), 1);
    }
}

static void registers_at(const struct driver *d, unsigned base, unsigned count)
{
    for (unsigned i = rng_below(d->rng, 16); i > 0; i--) {
        unsigned port = base + rng_below(d->rng, count), size = 1u << rng_below(d->rng, 3);
        if (rng_chance(d->rng, 70))
            out(d, port, size, rng_edge(d->rng));
        else
            in(d, port, size);
    }
}

static void serial_ports(const struct driver *d)
{
    registers_at(d, rng_chance(d->rng, 50) ? 0x3F8 : 0x2F8, 8);
}

static void power_management(const struct driver *d)
{
    registers_at(d, 0x600, 0x40);
    if (rng_chance(d->rng, 20))
        out(d, 0xB2, 1, byte_of(d));
}

static void dma_controllers(const struct driver *d)
{
    registers_at(d, rng_chance(d->rng, 50) ? 0x00 : 0xC0, 0x20);
    registers_at(d, 0x80, 0x10);
}

typedef void step_fn(const struct driver *d);

void fuzz_board_step(struct machine *machine, struct rng *rng)
{
    static step_fn *const steps[] = {any_ports,
                                     any_memory,
                                     bulk_memory,
                                     pci_registers,
                                     ide,
                                     ide,
                                     ide,
                                     floppy,
                                     floppy,
                                     vga_registers,
                                     vbe_mode,
                                     keyboard_controller,
                                     clock_chip,
                                     timer_chip,
                                     interrupt_controllers,
                                     serial_ports,
                                     power_management,
                                     dma_controllers};
    const struct driver d = {machine, rng, (uint32_t)machine->config.ram_bytes};
    for (unsigned i = rng_below(rng, 6); i > 0; i--)
        steps[rng_below(rng, sizeof steps / sizeof steps[0])](&d);
}
