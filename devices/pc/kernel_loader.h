/* SPDX-License-Identifier: MIT */
/* The device that puts a --kernel into guest memory when our option ROM (bios/kernel_loader) asks for it.
 *
 * A PCI function without BARs except the ROM, and eight I/O ports:
 *
 *   base + 0, 1 byte    write: command   01h  a list of memory ranges is at the address in DATA: load
 *                       read:  status    00h  nothing loaded yet    01h  real-mode entry
 *                                        02h  protected-mode entry  FFh  failed
 *   base + 4, 4 bytes   DATA: write: argument of the next command
 *                             read: after a load, one after the other: CS, IP, other segments, SP (real
 *                             mode) or EIP, EAX, EBX (protected mode)
 *
 * The list is what INT 15h E820h gave: a doubleword count, then entries of 20 bytes: base, size, type.
 */
#ifndef LATHE_DEVICES_PC_KERNEL_LOADER_H
#define LATHE_DEVICES_PC_KERNEL_LOADER_H

#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"
#include "devices/chipset/pci.h"

struct kernel_image;

enum { KERNEL_LOADER_PORTS = 8, KERNEL_LOADER_VENDOR = 0x1234, KERNEL_LOADER_DEVICE = 0x4B4C };

enum { KERNEL_LOADER_QUEUE = 4 };

struct kernel_loader_config {
    struct log *log;
    struct physmap *physmap;
    const struct kernel_image *image; /* outlives the device */
    mem_t rom;                        /* where the option ROM is in guest memory */
    uint32_t rom_size;                /* a power of two, at least 4 KiB */
    void (*failed)(void *self);       /* the kernel cannot be loaded; the reason is in the log */
    void *self;
};

struct kernel_loader {
    struct kernel_loader_config cfg;
    struct log_source log;
    struct pci_function pci;
    uint8_t status;
    uint32_t argument;
    uint32_t queue[KERNEL_LOADER_QUEUE]; /* what DATA gives */
    uint32_t position, length;
};

struct kernel_loader *kernel_loader_new(const struct kernel_loader_config *cfg);
void kernel_loader_free(struct kernel_loader *loader);
void kernel_loader_reset(struct kernel_loader *loader);

extern const struct port_ops kernel_loader_ports;
extern const struct state_desc kernel_loader_state;

#endif
