/* SPDX-License-Identifier: MIT */
/* PCI configuration space (PCI Local Bus 2.1, mechanism 1), device set-up and the PCI BIOS. */
#ifndef BIOS_SYSTEM_PCI_H
#define BIOS_SYSTEM_PCI_H
#include <stdbool.h>
#include <stdint.h>

struct regs;

enum pci_register {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_CLASS_REVISION = 0x08,
    PCI_PROG_IF = 0x09,
    PCI_CLASS = 0x0a,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_ROM_BAR = 0x30,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
};

enum pci_command { PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4 };

enum pci_class { PCI_CLASS_IDE = 0x0101, PCI_CLASS_VGA = 0x0300, PCI_CLASS_BRIDGE_HOST = 0x0600 };

/* A function's address: bus << 8 | device << 3 | function. */
typedef uint16_t pci_function_t;

enum { PCI_HOST = 0, PCI_ISA_BRIDGE = 1 << 3, PCI_FUNCTIONS = 256 };

/* Fixed addresses that tables and drivers share. */
enum { PM_BASE = 0x600, SMBUS_BASE = 0x700, SCI_IRQ = 9 };

uint8_t pci_read8(pci_function_t f, uint8_t reg);
uint16_t pci_read16(pci_function_t f, uint8_t reg);
uint32_t pci_read32(pci_function_t f, uint8_t reg);
void pci_write8(pci_function_t f, uint8_t reg, uint8_t value);
void pci_write16(pci_function_t f, uint8_t reg, uint16_t value);
void pci_write32(pci_function_t f, uint8_t reg, uint32_t value);

/* True when a device answers on mechanism 1. */
bool pci_detect(void);

/* The next function after f on bus 0, or -1; start with -1. */
int pci_next(int f);

/* POST: assigns addresses and interrupts, turns decoding on. */
void pci_setup(void);

/* Copies the function's expansion ROM to C0000h + at; the bytes copied, 0 when there is none for a PC or no
 * room. */
uint32_t pci_copy_rom(pci_function_t f, uint32_t to, uint32_t room);

/* INT 1Ah AH=B1h. */
void pci_service(struct regs *r);

#endif
