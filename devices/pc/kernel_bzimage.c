/* SPDX-License-Identifier: MIT */
/* Linux kernels by their 16-bit entry, so that the kernel asks the BIOS itself for memory map, disks and
 * video. Documentation/arch/x86/boot.rst, "The real-mode kernel header", "Memory layout", "Running the
 * kernel".
 *
 *            protocol 2.02 and up      before
 *   setup    10000h                    90000h
 *   heap     to 1DE00h                 to 99600h
 *   cmdline  1E000h                    99800h
 *   kernel   100000h, or 10000h for a zImage
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/pc/kernel_private.h"

enum setup_field {
    SETUP_SECTS = 0x1F1,
    SYSSIZE = 0x1F4,
    VID_MODE = 0x1FA,
    HEADER_VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    SETUP_MOVE_SIZE = 0x212,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21C,
    HEAP_END_PTR = 0x224,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22C,
    CMDLINE_SIZE = 0x238,
    INIT_SIZE = 0x260,
    OLD_CMD_LINE_MAGIC = 0x20,
    OLD_CMD_LINE_OFFSET = 0x22,
};

enum loadflag { LOADED_HIGH = 0x01, CAN_USE_HEAP = 0x80 };

enum {
    SECTOR = 512,
    PARAGRAPH = 16,
    LOADER_UNDEFINED = 0xFF,
    OLD_MAGIC = 0xA33F,
    HIGH_ADDRESS = 0x100000,
    ZIMAGE_ADDRESS = 0x10000,
    ZIMAGE_MAX = 0x80000,
    NEW_BASE = 0x10000,
    NEW_HEAP_END = 0xE000,
    OLD_BASE = 0x90000,
    OLD_HEAP_END = 0x9800,
    OLD_CMDLINE_MAX = 255,
    NEW_CMDLINE_MAX = 0x1FFF, /* up to 20000h */
    OLD_INITRD_MAX = 0x37FFFFFF,
};

enum vid_mode { VID_NORMAL = 0xFFFF, VID_EXTENDED = 0xFFFE, VID_ASK = 0xFFFD };

/* What the header says, with the defaults of older protocols. */
struct setup {
    unsigned version, setup_bytes, base, heap_end, cmdline_max;
    bool high;
    uint64_t kernel_address, kernel_bytes, least_bytes, init_bytes, initrd_max;
};

static uint32_t header_field(const struct kernel_image *image, unsigned offset, unsigned size)
{
    return offset + size <= image->bytes.size ? (uint32_t)load_le(image->bytes.data + offset, size) : 0;
}

static void read_setup(const struct kernel_image *image, struct setup *setup)
{
    unsigned sectors = image->bytes.data[SETUP_SECTS];
    setup->version = header_field(image, HEADER_VERSION, 2);
    setup->high = header_field(image, LOADFLAGS, 1) & LOADED_HIGH;
    bool modern = setup->version >= 0x202 && setup->high;
    setup->setup_bytes = (1 + (sectors ? sectors : 4)) * SECTOR;
    setup->base = modern ? NEW_BASE : OLD_BASE;
    setup->heap_end = modern ? NEW_HEAP_END : OLD_HEAP_END;
    setup->cmdline_max = modern ? NEW_CMDLINE_MAX : OLD_CMDLINE_MAX;
    if (setup->version >= 0x206 && header_field(image, CMDLINE_SIZE, 4) < setup->cmdline_max)
        setup->cmdline_max = header_field(image, CMDLINE_SIZE, 4);
    setup->kernel_address = setup->high ? HIGH_ADDRESS : ZIMAGE_ADDRESS;
    setup->kernel_bytes = image->file.size > setup->setup_bytes ? image->file.size - setup->setup_bytes : 0;
    uint64_t paragraphs = setup->version >= 0x204 ? header_field(image, SYSSIZE, 4) : 0;
    setup->least_bytes = paragraphs ? (paragraphs - 1) * PARAGRAPH + 1 : 0; /* the last may be short */
    setup->init_bytes = setup->version >= 0x20A ? header_field(image, INIT_SIZE, 4) : 0;
    setup->initrd_max = setup->version >= 0x203 ? header_field(image, INITRD_ADDR_MAX, 4) : OLD_INITRD_MAX;
}

bool kernel_bzimage_check(struct kernel_image *image, struct error *err)
{
    struct setup setup;
    read_setup(image, &setup);
    image->kind = KERNEL_BZIMAGE;
    if (setup.version < 0x200)
        return error_set(err, "'%s': Linux boot protocol %x.%02x; 2.00 or newer is wanted", image->file.path,
                         setup.version >> 8, setup.version & 0xFF);
    if (!setup.kernel_bytes || setup.setup_bytes < LOADFLAGS + 1)
        return error_set(err, "'%s' is a truncated bzImage", image->file.path);
    if (setup.kernel_bytes < setup.least_bytes)
        return error_set(err, "'%s' is a truncated bzImage: %llu bytes, where its header says at least %llu",
                         image->file.path, (unsigned long long)image->file.size,
                         (unsigned long long)(setup.setup_bytes + setup.least_bytes));
    if (!setup.high && setup.kernel_bytes > ZIMAGE_MAX)
        return error_set(err, "'%s' is a damaged zImage: too large to load low", image->file.path);
    if (strlen(image->append) > setup.cmdline_max)
        return error_set(err, "the command line has %zu characters; this kernel takes %u",
                         strlen(image->append), setup.cmdline_max);
    return true;
}

/* The vga= argument is the boot loader's to understand. */
static uint16_t video_mode(const char *append)
{
    for (const char *at = append; (at = strstr(at, "vga=")); at += 4) {
        if (at != append && at[-1] != ' ')
            continue;
        if (!strncmp(at + 4, "ask", 3))
            return VID_ASK;
        if (!strncmp(at + 4, "ext", 3))
            return VID_EXTENDED;
        if (!strncmp(at + 4, "normal", 6))
            return VID_NORMAL;
        return (uint16_t)strtoul(at + 4, NULL, 0);
    }
    return VID_NORMAL;
}

/* The initrd goes as high as the kernel allows, out of the way of what it unpacks. */
static bool place_initrd(const struct kernel_image *image, const struct setup *setup, struct physmap *physmap,
                         const struct kernel_memory *memory, uint64_t *address, struct error *err)
{
    uint64_t size = image->initrd.size;
    const struct kernel_range *high = kernel_memory_at(memory, HIGH_ADDRESS);
    uint64_t end = high ? high->base + high->size : 0;
    if (end > setup->initrd_max + 1)
        end = setup->initrd_max + 1;
    uint64_t kernel_end =
        HIGH_ADDRESS + (setup->init_bytes > setup->kernel_bytes ? setup->init_bytes : setup->kernel_bytes);
    if (!setup->high)
        kernel_end = HIGH_ADDRESS;
    if (end < size || ((end - size) & ~UINT64_C(4095)) < kernel_end)
        return error_set(err, "initrd of %llu bytes does not fit into RAM beside the kernel; try more --mem",
                         (unsigned long long)size);
    *address = (end - size) & ~UINT64_C(4095);
    return kernel_file_copy(&image->initrd, physmap, 0, size, *address, err);
}

/* Fills in the fields of the setup header that are the boot loader's. */
static void fill_header(const struct kernel_image *image, const struct setup *setup, uint8_t *header,
                        uint64_t initrd)
{
    store_le16(header + VID_MODE, video_mode(image->append));
    header[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    if (image->initrd.size) {
        store_le32(header + RAMDISK_IMAGE, (uint32_t)initrd);
        store_le32(header + RAMDISK_SIZE, (uint32_t)image->initrd.size);
    }
    if (setup->version >= 0x201) {
        store_le16(header + HEAP_END_PTR, (uint16_t)(setup->heap_end - 0x200));
        header[LOADFLAGS] |= CAN_USE_HEAP;
    }
    if (setup->version >= 0x202) {
        store_le32(header + CMD_LINE_PTR, setup->base + setup->heap_end);
    } else {
        store_le16(header + OLD_CMD_LINE_MAGIC, OLD_MAGIC);
        store_le16(header + OLD_CMD_LINE_OFFSET, (uint16_t)setup->heap_end);
        store_le16(header + SETUP_MOVE_SIZE, (uint16_t)(setup->heap_end + strlen(image->append) + 1));
    }
}

static void place_setup(const struct kernel_image *image, const struct setup *setup, struct physmap *physmap,
                        uint64_t initrd)
{
    /* Headers grew; the part that is filled in may exceed a small setup. */
    uint8_t *copy = alloc_zeroed(setup->setup_bytes + SECTOR);
    memcpy(copy, image->bytes.data, setup->setup_bytes);
    fill_header(image, setup, copy, initrd);
    physmap_write_bytes(physmap, setup->base, copy, setup->setup_bytes);
    alloc_free(copy);
    physmap_write_bytes(physmap, setup->base + setup->heap_end, image->append, strlen(image->append) + 1);
}

bool kernel_bzimage_place(const struct kernel_image *image, struct physmap *physmap,
                          const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err)
{
    struct setup setup;
    read_setup(image, &setup);
    uint64_t initrd = 0;
    if (!kernel_memory_has(memory, setup.kernel_address, setup.kernel_bytes))
        return error_set(err, "kernel of %llu bytes does not fit into RAM; try more --mem",
                         (unsigned long long)setup.kernel_bytes);
    if (image->initrd.size && !place_initrd(image, &setup, physmap, memory, &initrd, err))
        return false;
    if (!kernel_file_copy(&image->file, physmap, setup.setup_bytes, setup.kernel_bytes, setup.kernel_address,
                          err))
        return false;
    place_setup(image, &setup, physmap, initrd);
    uint32_t segment = setup.base >> 4;
    *entry = (struct kernel_entry){.cs = segment + 0x20, .segment = segment, .sp = setup.heap_end};
    return true;
}
