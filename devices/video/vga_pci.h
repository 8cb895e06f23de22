/* SPDX-License-Identifier: MIT */
/* The adapter as PCI device 1234h:1111h: linear frame buffer, memory-mapped registers, legacy decode. */
#ifndef LATHE_DEVICES_VIDEO_VGA_PCI_H
#define LATHE_DEVICES_VIDEO_VGA_PCI_H

#include "devices/chipset/pci.h"

struct vga;
struct vga_pci;

struct vga_pci_config {
    struct vga *vga; /* outlives the function */
    struct pci_bus *bus;
    unsigned slot;
    int priority;       /* of the frame buffer and the registers in the physical map */
    struct pci_bar rom; /* expansion ROM, or kind PCI_BAR_NONE */
};

/* Attaches the function. The legacy ports and windows go silent until COMMAND lets them through. */
struct vga_pci *vga_pci_new(const struct vga_pci_config *cfg);
void vga_pci_free(struct vga_pci *pci);

/* RST#: configuration space and the adapter itself. */
void vga_pci_reset(struct vga_pci *pci);

/* State of the configuration space; the adapter's own is vga_desc, loaded before or after it. */
extern const struct state_desc vga_pci_desc;

#endif
