/* SPDX-License-Identifier: MIT */
/*
 * Option ROMs from C0000h up to E0000h: those that the board put there, and copies of PCI expansion ROMs
 * behind them (PCI Firmware Specification 3.0, chapter 5; PnP BIOS 1.0A, chapter 3; BIOS Boot
 * Specification 1.01).
 */
#include "system/rom_scan.h"

#include "system/boot.h"
#include "system/cpu.h"
#include "system/memory_map.h"
#include "system/pci.h"
#include "system/private.h"
#include "system/regs.h"
#include "system/tables.h"

enum { ROM_FIRST = 0xc000, ROM_LIMIT = 0xe000, ROM_STEP = 0x80 };
enum { ROM_SIZE = 2, ROM_INIT = 3, ROM_PNP = 0x1a };
enum { PNP_NEXT = 6, PNP_PRODUCT = 0x10, PNP_BCV = 0x16, PNP_BEV = 0x1a };

/* Length in paragraphs of a valid ROM at this segment, else 0. */
static uint16_t rom_paragraphs(uint16_t segment)
{
    if (far_read16(segment, 0) != 0xaa55)
        return 0;
    uint32_t bytes = (uint32_t)far_read8(segment, ROM_SIZE) * 512;
    if (bytes == 0 || segment + bytes / 16 > ROM_LIMIT)
        return 0;
    uint8_t sum = 0;
    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + far_read8((uint16_t)(segment + (i >> 4)), i & 15));
    return sum ? 0 : (uint16_t)(bytes / 16);
}

static void rom_call(uint16_t segment, uint16_t entry, uint16_t ax)
{
    struct regs r;
    memset(&r, 0, sizeof r);
    r.ax = ax; /* PCI: bus and function */
    r.bx = 0xffff;
    r.dx = 0xffff;
    r.es = SEG_ROM;
    r.di = (uint16_t)NEAR(pnp_installation);
    far_call((uint32_t)segment << 16 | entry, &r);
}

/* Boot entry vectors join the boot list; boot connection vectors hook INT 13h now. */
static void rom_pnp(uint16_t segment)
{
    uint16_t header = far_read16(segment, ROM_PNP);
    while (header && far_read32(segment, header) == 0x506e5024) { /* "$PnP" */
        uint16_t bev = far_read16(segment, (uint16_t)(header + PNP_BEV));
        uint16_t bcv = far_read16(segment, (uint16_t)(header + PNP_BCV));
        uint16_t name = far_read16(segment, (uint16_t)(header + PNP_PRODUCT));
        if (bev)
            boot_add(BOOT_NETWORK, 0, segment, bev, name);
        else if (bcv)
            rom_call(segment, bcv, 0);
        header = far_read16(segment, (uint16_t)(header + PNP_NEXT));
    }
}

static uint16_t align_rom(uint32_t segment)
{
    return (uint16_t)((segment + ROM_STEP - 1) & ~(uint32_t)(ROM_STEP - 1));
}

/* Where the next ROM can go: behind all that are there. */
uint16_t rom_end_segment(void)
{
    return PRIVATE->rom_end;
}

/* Length in paragraphs after initialisation, which may shrink a ROM, or give it up. Its checksum says nothing
 * any more. */
static uint16_t remaining_paragraphs(uint16_t segment)
{
    return far_read16(segment, 0) == 0xaa55 ? (uint16_t)(far_read8(segment, ROM_SIZE) * 32) : 0;
}

/* The ROM at `segment` is done; the segment behind it. */
static uint16_t rom_done(uint16_t segment)
{
    uint16_t size = remaining_paragraphs(segment);
    uint16_t next = align_rom((uint32_t)segment + (size ? size : ROM_STEP));
    if (size && next > PRIVATE->rom_end)
        PRIVATE->rom_end = next;
    return next;
}

/* Brings a PCI ROM to `segment`; false when it has none that fits. */
static bool load_pci_rom(int f, uint16_t segment)
{
    uint32_t room = (uint32_t)(ROM_LIMIT - segment) << 4;
    return PRIVATE->has_pam && pci_copy_rom((pci_function_t)f, (uint32_t)segment << 4, room) &&
           rom_paragraphs(segment);
}

void rom_init_video(void)
{
    int vga = -1;
    PRIVATE->rom_end = ROM_FIRST;
    if (PRIVATE->has_pci)
        for (int f = pci_next(-1); f >= 0 && vga < 0; f = pci_next(f))
            if (pci_read16((pci_function_t)f, PCI_CLASS) == PCI_CLASS_VGA)
                vga = f;
    if (!rom_paragraphs(ROM_FIRST) && (vga < 0 || !load_pci_rom(vga, ROM_FIRST)))
        return;
    rom_call(ROM_FIRST, ROM_INIT, vga < 0 ? 0 : (uint16_t)vga);
    rom_done(ROM_FIRST);
    soft_interrupt_ax(0x10, 0x0003);
    PRIVATE->console_ready = 1;
}

static uint16_t init_rom(uint16_t segment, uint16_t ax)
{
    rom_call(segment, ROM_INIT, ax);
    rom_pnp(segment);
    return rom_done(segment);
}

void rom_init_others(void)
{
    for (uint16_t segment = PRIVATE->rom_end; segment < ROM_LIMIT;) {
        if (rom_paragraphs(segment))
            segment = init_rom(segment, 0);
        else
            segment = (uint16_t)(segment + ROM_STEP);
    }
    if (!PRIVATE->has_pci)
        return;
    for (int f = pci_next(-1); f >= 0; f = pci_next(f)) {
        if (pci_read16((pci_function_t)f, PCI_CLASS) == PCI_CLASS_VGA)
            continue;
        uint16_t segment = PRIVATE->rom_end;
        if (segment < ROM_LIMIT && load_pci_rom(f, segment))
            init_rom(segment, (uint16_t)f);
    }
}
