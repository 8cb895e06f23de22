/* SPDX-License-Identifier: MIT */
/*
 * PCI devices get their addresses and interrupts: I/O upwards from C000h, memory downwards from FEC00000h,
 * prefetchable memory upwards from E0000000h. All devices are on bus 0; the board has no PCI-to-PCI bridge.
 */
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/pci.h"

enum { IO_START = 0xc000, BAR_IO = 1, BAR_64 = 4, BAR_PREFETCH = 8, ROM_ENABLE = 1, ROM_MAX = 0x1000000 };

static const uint32_t memory_top = 0xfec00000, memory_limit = 0xf0000000, prefetch_start = 0xe0000000;

enum {
    ID_HOST_440FX = 0x12378086,
    ID_PIIX3_ISA = 0x70008086,
    ID_PIIX4_ISA = 0x71108086,
    ID_PIIX4_PM = 0x71138086
};

enum {
    PIRQ_ROUTE_A = 0x60,
    PIIX4_PM_BASE = 0x40,
    PIIX4_PM_ENABLE = 0x80,
    PIIX4_SMBUS_BASE = 0x90,
    PIIX4_SMBUS_CONFIG = 0xd2
};
enum { PORT_ELCR1 = 0x4d0, PORT_ELCR2 = 0x4d1 };

/* The ISA interrupt behind each of PIRQA# to PIRQD#. */
static const uint8_t pirq_irq[4] = {10, 10, 11, 11};

struct windows {
    uint32_t io, memory, prefetch;
};

/* Size of a BAR from the bits that stay zero, 0 for none. */
static uint32_t bar_size(pci_function_t f, uint8_t reg, uint32_t mask)
{
    uint32_t old = pci_read32(f, reg);
    pci_write32(f, reg, reg == PCI_ROM_BAR ? ~1u : ~0u);
    uint32_t bits = pci_read32(f, reg) & mask;
    pci_write32(f, reg, old);
    if (bits == 0)
        return 0;
    if (mask == 0xfffffffc)
        bits |= 0xffff0000; /* I/O BARs may decode 16 bits only */
    return ~bits + 1;
}

static uint32_t take_up(uint32_t *next, uint32_t size)
{
    uint32_t at = (*next + size - 1) & ~(size - 1);
    *next = at + size;
    return at;
}

static uint32_t take_down(uint32_t *next, uint32_t size)
{
    *next = (*next - size) & ~(size - 1);
    return *next;
}

/* Places one BAR; returns the registers it occupies. */
static unsigned place_bar(pci_function_t f, uint8_t reg, struct windows *w)
{
    uint32_t kind = pci_read32(f, reg);
    if (kind & BAR_IO) {
        uint32_t size = bar_size(f, reg, 0xfffffffc);
        if (size && size <= 0x1000)
            pci_write32(f, reg, take_up(&w->io, size));
        return 1;
    }
    uint32_t size = bar_size(f, reg, 0xfffffff0);
    if (size && (kind & BAR_PREFETCH) && w->prefetch + size <= ROM32(memory_limit) &&
        w->prefetch + size > w->prefetch)
        pci_write32(f, reg, take_up(&w->prefetch, size));
    else if (size && w->memory - size >= ROM32(memory_limit))
        pci_write32(f, reg, take_down(&w->memory, size));
    if ((kind & 6) != BAR_64)
        return 1;
    pci_write32(f, (uint8_t)(reg + 4), 0);
    return 2;
}

/* Expansion ROMs get an address too, though they stay off: network boot code turns its own on to read more of
 * itself. */
static void place_rom(pci_function_t f, struct windows *w)
{
    uint32_t size = bar_size(f, PCI_ROM_BAR, 0xfffff800);
    if (size && size <= ROM_MAX && w->memory - size >= ROM32(memory_limit))
        pci_write32(f, PCI_ROM_BAR, take_down(&w->memory, size));
}

static void route_interrupt(pci_function_t f)
{
    uint8_t pin = pci_read8(f, PCI_INTERRUPT_PIN);
    if (pin == 0 || pin > 4)
        return;
    unsigned slot = f >> 3 & 0x1f;
    pci_write8(f, PCI_INTERRUPT_LINE, ROM8(pirq_irq[(slot - 1 + pin - 1) & 3]));
}

/* PIRQ lines to ISA interrupts, those level triggered (82371SB, 2.2.11 and 2.5.6). */
static void setup_isa_bridge(pci_function_t f)
{
    uint16_t level = 0;
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t irq = ROM8(pirq_irq[i]);
        pci_write8(f, (uint8_t)(PIRQ_ROUTE_A + i), irq);
        level |= (uint16_t)(1u << irq);
    }
    level |= 1u << SCI_IRQ;
    out8(PORT_ELCR1, (uint8_t)level);
    out8(PORT_ELCR2, (uint8_t)(level >> 8));
}

/* Power management registers at PM_BASE, decoded; interrupt 9 is wired (82371AB, 7.1 and 7.2). */
static void setup_power_management(pci_function_t f)
{
    pci_write32(f, PIIX4_PM_BASE, PM_BASE | 1);
    pci_write8(f, PIIX4_PM_ENABLE, 1);
    pci_write32(f, PIIX4_SMBUS_BASE, SMBUS_BASE | 1);
    pci_write8(f, PIIX4_SMBUS_CONFIG, 0x09);
    pci_write8(f, PCI_INTERRUPT_LINE, SCI_IRQ);
}

static void setup_function(pci_function_t f, struct windows *w)
{
    uint32_t id = pci_read32(f, PCI_VENDOR);
    if (id == ID_HOST_440FX)
        return;
    if ((pci_read8(f, PCI_HEADER_TYPE) & 0x7f) != 0)
        return;
    uint16_t command = pci_read16(f, PCI_COMMAND);
    pci_write16(f, PCI_COMMAND, command & (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned bar = 0; bar < 6;)
        bar += place_bar(f, (uint8_t)(PCI_BAR0 + 4 * bar), w);
    place_rom(f, w);
    route_interrupt(f);
    if (id == ID_PIIX3_ISA || id == ID_PIIX4_ISA)
        setup_isa_bridge(f);
    else if (id == ID_PIIX4_PM)
        setup_power_management(f);
    uint16_t on = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
    if (pci_read16(f, PCI_CLASS) == PCI_CLASS_IDE) {
        on |= PCI_COMMAND_MASTER;
        pci_write16(f, 0x40, 0x8000); /* IDETIM: both channels decode their ISA ports (82371SB, 2.3.9) */
        pci_write16(f, 0x42, 0x8000);
    }
    pci_write16(f, PCI_COMMAND, command | on);
}

void pci_setup(void)
{
    struct windows w = {IO_START, ROM32(memory_top), ROM32(prefetch_start)};
    for (int f = pci_next(-1); f >= 0; f = pci_next(f))
        setup_function((pci_function_t)f, &w);
}

/* Offset of the image for PCs (code type 0) in an expansion ROM mapped at `base`; its length, 0 if none. */
static uint32_t find_pc_image(uint32_t base, uint32_t size, uint32_t *offset)
{
    uint8_t head[0x1a], data[0x16];
    for (*offset = 0; *offset + sizeof head < size;) {
        copy_physical(NEAR(head), base + *offset, sizeof head);
        uint32_t pcir = (uint32_t)(head[0x18] | head[0x19] << 8);
        if (head[0] != 0x55 || head[1] != 0xaa || pcir == 0 || *offset + pcir + sizeof data > size)
            return 0;
        copy_physical(NEAR(data), base + *offset + pcir, sizeof data);
        uint32_t length = (uint32_t)(data[0x10] | data[0x11] << 8) * 512;
        if (data[0] != 'P' || data[1] != 'C' || data[2] != 'I' || data[3] != 'R' || length == 0)
            return 0;
        if (data[0x14] == 0)
            return length > (uint32_t)head[2] * 512 ? length : (uint32_t)head[2] * 512;
        if (data[0x15] & 0x80)
            return 0;
        *offset += length;
    }
    return 0;
}

uint32_t pci_copy_rom(pci_function_t f, uint32_t to, uint32_t room)
{
    uint32_t size = bar_size(f, PCI_ROM_BAR, 0xfffff800);
    uint32_t base = pci_read32(f, PCI_ROM_BAR) & 0xfffff800;
    if (size == 0 || base == 0)
        return 0;
    uint16_t command = pci_read16(f, PCI_COMMAND);
    pci_write32(f, PCI_ROM_BAR, base | ROM_ENABLE);
    pci_write16(f, PCI_COMMAND, command | PCI_COMMAND_MEMORY);
    uint32_t offset;
    uint32_t length = find_pc_image(base, size, &offset);
    if (length > room)
        length = 0;
    if (length)
        copy_physical(to, base + offset, length);
    pci_write32(f, PCI_ROM_BAR, base);
    pci_write16(f, PCI_COMMAND, command);
    return length;
}
