/* SPDX-License-Identifier: MIT */
/* Programmable attribute map: 290549 (82441FX), 3.2.16. PAM0 at 59h: F0000h; PAM1-6 at 5Ah-5Fh: two 16 KiB
 * blocks each. */
#include "system/shadow.h"

#include "system/cmos.h"
#include "system/cpu.h"
#include "system/keyboard.h"
#include "system/memory_map.h"
#include "system/pci.h"
#include "system/private.h"

enum { PAM0 = 0x59, PAM1 = 0x5a, PAM6 = 0x5f, PAM_READ = 1, PAM_WRITE = 2 };
enum { ID_HOST_440FX = 0x12378086, BLOCK = 0x4000, SCRATCH = 0x10000, AREA = 0xc0000, RESTARTED = 0xa5 };

void shadow_rom(void); /* entry.S */

static void set_block(unsigned block, uint8_t attribute)
{
    uint8_t reg = (uint8_t)(PAM1 + block / 2);
    unsigned shift = block & 1 ? 4 : 0;
    uint8_t old = pci_read8(PCI_HOST, reg);
    pci_write8(PCI_HOST, reg, (uint8_t)((old & ~(0x0f << shift)) | attribute << shift));
}

/*
 * POST runs a second time: the processor was reset without the machine. A hard reset (PIIX, 82371SB 2.4.4)
 * makes devices, option ROMs and our own image fresh again. Where it does not clear PAM0, a note in CMOS
 * keeps us from trying for ever.
 */
static void restart(void)
{
    if (cmos_read(CMOS_APM_CONNECTION) == RESTARTED)
        return;
    cmos_write(CMOS_APM_CONNECTION, RESTARTED);
    system_reset();
}

bool shadow_open(void)
{
    if (!pci_detect() || pci_read32(PCI_HOST, PCI_VENDOR) != ID_HOST_440FX)
        return false;
    if (pci_read8(PCI_HOST, PAM0) & PAM_READ << 4)
        restart();
    shadow_rom();
    for (uint8_t reg = PAM1; reg <= PAM6; reg++) /* option ROMs start from fresh copies, too */
        pci_write8(PCI_HOST, reg, 0);
    /* Not every chipset model can read the bus and write RAM at once, so each block goes through low memory.
     */
    for (unsigned block = 0; block < 12; block++) {
        uint32_t at = AREA + block * BLOCK;
        copy_physical(SCRATCH, at, BLOCK);
        set_block(block, PAM_READ | PAM_WRITE);
        copy_physical(at, SCRATCH, BLOCK);
    }
    return true;
}

void shadow_close(uint16_t rom_end_segment)
{
    for (unsigned block = 0; block < 12; block++) {
        uint32_t segment = (AREA + block * BLOCK) >> 4;
        if (segment == SEG_PRIVATE)
            continue;
        set_block(block, segment < rom_end_segment ? PAM_READ : 0);
    }
    for (uint8_t i = 0; i < 6; i++)
        PRIVATE->pam[i] = pci_read8(PCI_HOST, (uint8_t)(PAM1 + i));
    pci_write8(PCI_HOST, PAM0, PAM_READ << 4);
}
