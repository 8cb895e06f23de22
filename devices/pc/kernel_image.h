/* SPDX-License-Identifier: MIT */
/* A kernel file with its initial RAM disk and command line, parsed and ready to be placed in guest memory.
 *
 * Linux boot protocol 2.x (Documentation/arch/x86/boot.rst), Multiboot Specification 0.6.96 (multiboot 1),
 * Xen's x86/HVM direct boot ABI (PVH), ELF.
 */
#ifndef LATHE_DEVICES_PC_KERNEL_IMAGE_H
#define LATHE_DEVICES_PC_KERNEL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct kernel_image;
struct physmap;

enum kernel_kind { KERNEL_BZIMAGE, KERNEL_MULTIBOOT, KERNEL_PVH };

/* A range of the BIOS's memory map, as INT 15h E820h gives it. Type 1 is usable RAM. */
struct kernel_range {
    uint64_t base, size;
    uint32_t type;
};

enum { KERNEL_RANGES_MAX = 64, KERNEL_RANGE_RAM = 1 };

struct kernel_memory {
    struct kernel_range range[KERNEL_RANGES_MAX];
    unsigned count;
};

/* Registers at the kernel's entry. Real mode (KERNEL_BZIMAGE): cs:ip, other segments, ss:sp. 32-bit flat
 * protected mode: ip, eax, ebx. */
struct kernel_entry {
    bool protected_mode;
    uint32_t cs, ip, segment, sp;
    uint32_t eax, ebx;
};

/* Reads and checks the files; initrd and append may be NULL. NULL with *err where one is missing or wrong. */
struct kernel_image *kernel_image_open(const char *path, const char *initrd, const char *append,
                                       struct error *err);
void kernel_image_free(struct kernel_image *image);

enum kernel_kind kernel_image_kind(const struct kernel_image *image);

/* Writes everything into guest memory as the map allows. False with *err where it does not fit. */
bool kernel_image_place(const struct kernel_image *image, struct physmap *physmap,
                        const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err);

#endif
