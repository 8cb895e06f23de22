/* SPDX-License-Identifier: MIT */
/*
 * PCI BIOS 2.1, 16-bit (INT 1Ah AH=B1h). The same file, compiled for 32 bits, is the service behind the
 * BIOS32 directory (bios32.S): it therefore touches nothing but registers, ports and its stack.
 */
#include "system/pci.h"

#include "system/cpu.h"
#include "system/regs.h"

enum pci_bios_status {
    PCI_SUCCESSFUL = 0x00,
    PCI_UNSUPPORTED = 0x81,
    PCI_BAD_VENDOR = 0x83,
    PCI_NOT_FOUND = 0x86,
    PCI_BAD_REGISTER = 0x87,
    PCI_SET_FAILED = 0x88,
};

static void finish(struct regs *r, enum pci_bios_status status)
{
    r->ah = (uint8_t)status;
    regs_carry(r, status != PCI_SUCCESSFUL);
}

static void present(struct regs *r)
{
    r->edx = 0x20494350; /* "PCI " */
    r->al = 0x01;        /* configuration mechanism 1, no special cycles */
    r->bx = 0x0210;
    r->cl = 0; /* last bus */
    finish(r, PCI_SUCCESSFUL);
}

/* The SI-th function for which register `reg`, shifted right, equals `wanted`. */
static void find(struct regs *r, uint8_t reg, unsigned shift, uint32_t wanted)
{
    uint16_t index = r->si;
    for (int f = pci_next(-1); f >= 0; f = pci_next(f)) {
        if (pci_read32((pci_function_t)f, reg) >> shift != wanted)
            continue;
        if (index-- == 0) {
            r->bx = (uint16_t)f;
            finish(r, PCI_SUCCESSFUL);
            return;
        }
    }
    finish(r, PCI_NOT_FOUND);
}

static void find_device(struct regs *r)
{
    if (r->dx == 0xffff)
        finish(r, PCI_BAD_VENDOR);
    else
        find(r, PCI_VENDOR, 0, (uint32_t)r->cx << 16 | r->dx);
}

static void access(struct regs *r)
{
    pci_function_t f = r->bx;
    uint8_t reg = (uint8_t)r->di;
    uint8_t size = (uint8_t)(1u << ((r->al - 8) % 3));
    if (r->di > 0xff || (reg & (size - 1))) {
        finish(r, PCI_BAD_REGISTER);
        return;
    }
    switch (r->al) {
    case 0x08: r->cl = pci_read8(f, reg); break;
    case 0x09: r->cx = pci_read16(f, reg); break;
    case 0x0a: r->ecx = pci_read32(f, reg); break;
    case 0x0b: pci_write8(f, reg, r->cl); break;
    case 0x0c: pci_write16(f, reg, r->cx); break;
    default: pci_write32(f, reg, r->ecx); break;
    }
    finish(r, PCI_SUCCESSFUL);
}

void pci_service(struct regs *r)
{
    uint8_t function = r->al & 0x7f; /* bit 7 set: the same from protected mode */
    if (function >= 0x08 && function <= 0x0d) {
        access(r);
        return;
    }
    switch (function) {
    case 0x01: present(r); break;
    case 0x02: find_device(r); break;
    case 0x03: find(r, PCI_CLASS_REVISION, 8, r->ecx & 0xffffff); break;
    default: finish(r, PCI_UNSUPPORTED); break;
    }
}
