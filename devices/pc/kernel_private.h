/* SPDX-License-Identifier: MIT */
/* Shared by the kernel formats: the image's contents and helpers to place things. */
#ifndef LATHE_DEVICES_PC_KERNEL_PRIVATE_H
#define LATHE_DEVICES_PC_KERNEL_PRIVATE_H

#include <time.h>

#include "core/mem/physmap.h"
#include "devices/pc/kernel_image.h"

struct kernel_bytes {
    uint8_t *data; /* owned */
    size_t size;
};

/* Kernel and initial RAM disk stay in their files, for they may be large: they are read when they are placed.
 */
struct kernel_file {
    char *path; /* owned */
    int fd;
    uint64_t size;            /* 0: none */
    struct timespec modified; /* so that every reset of the guest finds the same */
};

/* Part of the file that goes to a physical address; what exceeds `file_size` is zeroed. */
struct kernel_segment {
    size_t file_offset, file_size;
    uint64_t address, size;
};

enum { KERNEL_SEGMENTS_MAX = 64, KERNEL_HEAD_BYTES = 256 * 512 /* the largest setup of a bzImage */ };

struct kernel_image {
    enum kernel_kind kind;
    struct kernel_file file, initrd;
    struct kernel_bytes bytes; /* of the file: all while it is parsed, then its first KERNEL_HEAD_BYTES */
    char *append;              /* owned; never NULL */
    /* ELF and multiboot. */
    struct kernel_segment segment[KERNEL_SEGMENTS_MAX];
    unsigned segments;
    uint64_t entry;
    uint32_t multiboot_flags;
};

/* Each parser: false with *err where the file is damaged. */
bool kernel_bzimage_check(struct kernel_image *image, struct error *err);
bool kernel_multiboot_check(struct kernel_image *image, size_t header, struct error *err);
bool kernel_elf_check(struct kernel_image *image, bool multiboot, struct error *err);

/* Offset of a valid multiboot 1 header in the first 8 KiB. */
bool kernel_multiboot_find(const struct kernel_bytes *file, size_t *header);

bool kernel_bzimage_place(const struct kernel_image *image, struct physmap *physmap,
                          const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err);
bool kernel_multiboot_place(const struct kernel_image *image, struct physmap *physmap,
                            const struct kernel_memory *memory, struct kernel_entry *entry,
                            struct error *err);
bool kernel_pvh_place(const struct kernel_image *image, struct physmap *physmap,
                      const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err);

/* Usable range that contains an address; NULL where none does. */
const struct kernel_range *kernel_memory_at(const struct kernel_memory *memory, uint64_t address);

/* Whether [address, address + size) is usable RAM. */
bool kernel_memory_has(const struct kernel_memory *memory, uint64_t address, uint64_t size);

/* Places the segments of an ELF or multiboot kernel; *end: behind the last of them. */
bool kernel_segments_place(const struct kernel_image *image, struct physmap *physmap,
                           const struct kernel_memory *memory, uint64_t *end, struct error *err);

/* Copies [offset, offset + size) of a file to `address`. False with *err where the file has changed since. */
bool kernel_file_copy(const struct kernel_file *file, struct physmap *physmap, uint64_t offset, uint64_t size,
                      uint64_t address, struct error *err);

/* A page-aligned place for the initrd behind `end`; 0 and no error where there is no initrd. */
bool kernel_initrd_place(const struct kernel_image *image, struct physmap *physmap,
                         const struct kernel_memory *memory, uint64_t end, uint64_t *address,
                         struct error *err);

#endif
