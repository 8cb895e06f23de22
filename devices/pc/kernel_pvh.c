/* SPDX-License-Identifier: MIT */
/* Entry by Xen's x86/HVM direct boot ABI: hvm_start_info version 1, in EBX; 32-bit flat protected mode.
 *
 *    0 magic 336EC578h   4 version   8 flags   12 nr_modules   16 modlist   24 cmdline   32 rsdp
 *   40 memmap           48 memmap_entries     52 reserved
 *   module: paddr, size, cmdline, reserved (8 bytes each); map entry: addr, size (8), type, reserved (4)
 */
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/pc/kernel_private.h"

enum { START_INFO_MAGIC = 0x336EC578, START_INFO_VERSION = 1 };

enum start_info_layout {
    START_INFO = 0,
    MODULE = 64,
    MEMORY_MAP = MODULE + 32,
    MEMORY_MAP_ENTRY = 24,
    COMMAND_LINE = MEMORY_MAP + KERNEL_RANGES_MAX * MEMORY_MAP_ENTRY,
    COMMAND_LINE_MAX = 4096,
    START_INFO_BYTES = COMMAND_LINE + COMMAND_LINE_MAX,
};

/* ACPI's root pointer: on a 16-byte boundary in the BIOS area or the first KiB of the EBDA (ACPI 5.2.5.1). */
static uint32_t find_rsdp(struct physmap *physmap)
{
    uint32_t ebda = (uint32_t)physmap_read(physmap, 0x40E, 2) << 4;
    const uint32_t areas[][2] = {{ebda, ebda + 1024}, {0xE0000, 0x100000}};
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t at = areas[i][0]; at < areas[i][1]; at += 16) {
            uint8_t bytes[8];
            physmap_read_bytes(physmap, at, bytes, sizeof bytes);
            if (!memcmp(bytes, "RSD PTR ", 8))
                return at;
        }
    }
    return 0;
}

static void fill(uint8_t *info, uint32_t address, const struct kernel_image *image,
                 const struct kernel_memory *memory, uint64_t initrd)
{
    store_le32(info, START_INFO_MAGIC);
    store_le32(info + 4, START_INFO_VERSION);
    store_le64(info + 24, address + COMMAND_LINE);
    memcpy(info + COMMAND_LINE, image->append, strlen(image->append));
    if (initrd) {
        store_le32(info + 12, 1);
        store_le64(info + 16, address + MODULE);
        store_le64(info + MODULE, initrd);
        store_le64(info + MODULE + 8, image->initrd.size);
    }
    store_le64(info + 40, address + MEMORY_MAP);
    store_le32(info + 48, memory->count);
    for (unsigned i = 0; i < memory->count; i++) {
        uint8_t *entry = info + MEMORY_MAP + i * MEMORY_MAP_ENTRY;
        store_le64(entry, memory->range[i].base);
        store_le64(entry + 8, memory->range[i].size);
        store_le32(entry + 16, memory->range[i].type);
    }
}

bool kernel_pvh_place(const struct kernel_image *image, struct physmap *physmap,
                      const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err)
{
    uint64_t end, initrd;
    const struct kernel_range *low = kernel_memory_at(memory, 0);
    if (strlen(image->append) >= COMMAND_LINE_MAX)
        return error_set(err, "the command line is longer than %d characters", COMMAND_LINE_MAX - 1);
    if (!low || low->base || low->size < 0x40000)
        return error_set(err, "the BIOS reports no conventional memory");
    if (!kernel_segments_place(image, physmap, memory, &end, err) ||
        !kernel_initrd_place(image, physmap, memory, end, &initrd, err))
        return false;
    uint8_t info[START_INFO_BYTES] = {0};
    uint32_t address = (uint32_t)(low->size - sizeof info) & ~UINT32_C(4095);
    fill(info, address, image, memory, initrd);
    store_le64(info + 32, find_rsdp(physmap));
    physmap_write_bytes(physmap, address, info, sizeof info);
    *entry = (struct kernel_entry){.protected_mode = true, .ip = (uint32_t)image->entry, .ebx = address};
    return true;
}
