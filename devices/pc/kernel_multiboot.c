/* SPDX-License-Identifier: MIT */
/* Multiboot 1 kernels (Multiboot Specification 0.6.96, chapter 3): header, boot information, entry. */
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/pc/kernel_private.h"

enum {
    HEADER_MAGIC = 0x1BADB002,
    HEADER_SEARCH = 8192,
    HEADER_BYTES = 12,
    KLUDGE_BYTES = 32,
    LOADER_MAGIC = 0x2BADB002,
};

enum header_flag {
    HEADER_PAGE_ALIGN = 1 << 0,
    HEADER_MEMORY_INFO = 1 << 1,
    HEADER_VIDEO = 1 << 2,
    HEADER_AOUT_KLUDGE = 1 << 16,
    HEADER_REQUIRED = 0xFFFF,
};

enum info_flag {
    INFO_MEMORY = 1 << 0,
    INFO_CMDLINE = 1 << 2,
    INFO_MODS = 1 << 3,
    INFO_MMAP = 1 << 6,
    INFO_LOADER_NAME = 1 << 9,
};

/* Offsets in the information structure, and of what follows it. */
enum info_field {
    INFO_FLAGS = 0,
    INFO_MEM_LOWER = 4,
    INFO_MEM_UPPER = 8,
    INFO_CMDLINE_AT = 16,
    INFO_MODS_COUNT = 20,
    INFO_MODS_AT = 24,
    INFO_MMAP_LENGTH = 44,
    INFO_MMAP_AT = 48,
    INFO_LOADER_NAME_AT = 64,
    INFO_SIZE = 120,
    MODULE_SIZE = 16,
    MMAP_ENTRY_SIZE = 24,
};

bool kernel_multiboot_find(const struct kernel_bytes *file, size_t *header)
{
    size_t end = file->size < HEADER_SEARCH ? file->size : HEADER_SEARCH;
    for (size_t at = 0; at + HEADER_BYTES <= end; at += 4) {
        const uint8_t *h = file->data + at;
        if (load_le32(h) == HEADER_MAGIC && HEADER_MAGIC + load_le32(h + 4) + load_le32(h + 8) == 0) {
            *header = at;
            return true;
        }
    }
    return false;
}

/* The header's own load addresses: one segment. */
static bool read_kludge(struct kernel_image *image, size_t at, struct error *err)
{
    const uint8_t *h = image->bytes.data + at;
    if (at + KLUDGE_BYTES > image->bytes.size)
        return error_set(err, "'%s': truncated multiboot header", image->file.path);
    uint32_t header = load_le32(h + 12), load = load_le32(h + 16), load_end = load_le32(h + 20);
    uint32_t bss_end = load_le32(h + 24);
    if (load > header || header - load > at)
        return error_set(err, "'%s': its multiboot header has impossible load addresses", image->file.path);
    size_t offset = at - (header - load), available = image->bytes.size - offset;
    size_t size = load_end ? load_end - load : available;
    if ((load_end && load_end < load) || size > available)
        return error_set(err, "'%s' is shorter than its multiboot header says", image->file.path);
    uint64_t total = bss_end > load && bss_end - load > size ? bss_end - load : size;
    image->segment[0] = (struct kernel_segment){offset, size, load, total};
    image->segments = 1;
    image->entry = load_le32(h + 28);
    return true;
}

bool kernel_multiboot_check(struct kernel_image *image, size_t header, struct error *err)
{
    const enum header_flag known = HEADER_PAGE_ALIGN | HEADER_MEMORY_INFO | HEADER_VIDEO;
    image->kind = KERNEL_MULTIBOOT;
    image->multiboot_flags = load_le32(image->bytes.data + header + 4);
    if (image->multiboot_flags & HEADER_REQUIRED & ~(uint32_t)known)
        return error_set(err, "'%s' requires multiboot features %04Xh that Lathe does not have",
                         image->file.path, image->multiboot_flags & HEADER_REQUIRED & ~(uint32_t)known);
    return !(image->multiboot_flags & HEADER_AOUT_KLUDGE) || read_kludge(image, header, err);
}

/* Builds the information block: structure, memory map, module, strings. */
struct info_block {
    uint8_t bytes[INFO_SIZE + MODULE_SIZE + KERNEL_RANGES_MAX * MMAP_ENTRY_SIZE + 4 * 4096];
    uint32_t address, used;
};

static uint32_t add_string(struct info_block *info, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > 4096)
        size = 4096;
    uint32_t address = info->address + info->used;
    memcpy(info->bytes + info->used, text, size - 1);
    info->used += (uint32_t)size;
    return address;
}

static void add_memory(struct info_block *info, const struct kernel_memory *memory)
{
    const struct kernel_range *low = kernel_memory_at(memory, 0);
    const struct kernel_range *high = kernel_memory_at(memory, 0x100000);
    store_le32(info->bytes + INFO_MEM_LOWER, low ? (uint32_t)(low->size >> 10) : 0);
    store_le32(info->bytes + INFO_MEM_UPPER,
               high ? (uint32_t)((high->base + high->size - 0x100000) >> 10) : 0);
    store_le32(info->bytes + INFO_MMAP_AT, info->address + info->used);
    store_le32(info->bytes + INFO_MMAP_LENGTH, memory->count * MMAP_ENTRY_SIZE);
    for (unsigned i = 0; i < memory->count; i++) {
        uint8_t *entry = info->bytes + info->used;
        store_le32(entry, MMAP_ENTRY_SIZE - 4);
        store_le64(entry + 4, memory->range[i].base);
        store_le64(entry + 12, memory->range[i].size);
        store_le32(entry + 20, memory->range[i].type);
        info->used += MMAP_ENTRY_SIZE;
    }
}

static void add_module(struct info_block *info, const struct kernel_image *image, uint64_t address)
{
    uint8_t *module = info->bytes + info->used;
    store_le32(info->bytes + INFO_MODS_COUNT, 1);
    store_le32(info->bytes + INFO_MODS_AT, info->address + info->used);
    info->used += MODULE_SIZE;
    store_le32(module, (uint32_t)address);
    store_le32(module + 4, (uint32_t)(address + image->initrd.size));
    store_le32(module + 8, add_string(info, image->initrd.path));
}

/* The command line begins with the kernel's name, as boot loaders have it. */
static void add_command_line(struct info_block *info, const struct kernel_image *image)
{
    uint32_t address = add_string(info, image->file.path);
    if (*image->append) {
        info->bytes[info->used - 1] = ' ';
        add_string(info, image->append);
    }
    store_le32(info->bytes + INFO_CMDLINE_AT, address);
}

bool kernel_multiboot_place(const struct kernel_image *image, struct physmap *physmap,
                            const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err)
{
    uint64_t end, initrd;
    if (!kernel_segments_place(image, physmap, memory, &end, err) ||
        !kernel_initrd_place(image, physmap, memory, end, &initrd, err))
        return false;
    /* At the top of conventional memory, where kernels of a megabyte and up leave it alone. */
    const struct kernel_range *low = kernel_memory_at(memory, 0);
    struct info_block info = {.used = INFO_SIZE};
    if (!low || low->base || low->size < 0x40000)
        return error_set(err, "the BIOS reports no conventional memory");
    info.address = (uint32_t)(low->size - sizeof info.bytes) & ~UINT32_C(4095);
    add_memory(&info, memory);
    if (initrd)
        add_module(&info, image, initrd);
    add_command_line(&info, image);
    store_le32(info.bytes + INFO_LOADER_NAME_AT, add_string(&info, "Lathe"));
    store_le32(info.bytes + INFO_FLAGS,
               INFO_MEMORY | INFO_CMDLINE | (initrd ? INFO_MODS : 0) | INFO_MMAP | INFO_LOADER_NAME);
    physmap_write_bytes(physmap, info.address, info.bytes, info.used);
    *entry = (struct kernel_entry){
        .protected_mode = true, .ip = (uint32_t)image->entry, .eax = LOADER_MAGIC, .ebx = info.address};
    return true;
}
