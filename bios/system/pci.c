/* SPDX-License-Identifier: MIT */
/* Configuration mechanism 1 (PCI Local Bus 2.1, 3.7.4.1). */
#include "system/pci.h"

#include "system/cpu.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };

static uint16_t select(pci_function_t f, uint8_t reg)
{
    out32(CONFIG_ADDRESS, 0x80000000u | (uint32_t)f << 8 | (reg & 0xfc));
    return (uint16_t)(CONFIG_DATA + (reg & 3));
}

uint8_t pci_read8(pci_function_t f, uint8_t reg)
{
    return in8(select(f, reg));
}

uint16_t pci_read16(pci_function_t f, uint8_t reg)
{
    return in16(select(f, reg));
}

uint32_t pci_read32(pci_function_t f, uint8_t reg)
{
    return in32(select(f, reg));
}

void pci_write8(pci_function_t f, uint8_t reg, uint8_t value)
{
    out8(select(f, reg), value);
}

void pci_write16(pci_function_t f, uint8_t reg, uint16_t value)
{
    out16(select(f, reg), value);
}

void pci_write32(pci_function_t f, uint8_t reg, uint32_t value)
{
    out32(select(f, reg), value);
}

bool pci_detect(void)
{
    out32(CONFIG_ADDRESS, 0x80000000u);
    return in32(CONFIG_ADDRESS) == 0x80000000u && pci_read16(PCI_HOST, PCI_VENDOR) != 0xffff;
}

int pci_next(int f)
{
    for (f++; f < PCI_FUNCTIONS; f++) {
        pci_function_t first = (pci_function_t)(f & ~7);
        if ((f & 7) && !(pci_read8(first, PCI_HEADER_TYPE) & 0x80)) {
            f |= 7; /* a device of one function */
            continue;
        }
        if (pci_read16((pci_function_t)f, PCI_VENDOR) != 0xffff)
            return f;
        if (!(f & 7))
            f |= 7; /* no function 0, no device */
    }
    return -1;
}
