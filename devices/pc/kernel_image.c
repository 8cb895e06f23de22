/* SPDX-License-Identifier: MIT */
#include "devices/pc/kernel_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/pc/kernel_private.h"

enum { KERNEL_FILE_MAX = 1 << 30, HDRS_AT = 0x202, BOOT_FLAG_AT = 0x1FE, HEADER_LEAST = 0x206 };

static bool read_stream(FILE *file, const char *path, struct kernel_bytes *bytes, struct error *err)
{
    struct stat info;
    if (fstat(fileno(file), &info) || !S_ISREG(info.st_mode))
        return error_set(err, "'%s' is not a regular file", path);
    if (info.st_size == 0)
        return error_set(err, "'%s' is empty", path);
    if (info.st_size > KERNEL_FILE_MAX)
        return error_set(err, "'%s' is larger than 1 GiB", path);
    bytes->size = (size_t)info.st_size;
    bytes->data = alloc_zeroed(bytes->size);
    return fread(bytes->data, 1, bytes->size, file) == bytes->size ||
           error_set(err, "'%s': cannot read all of it: %s", path,
                     ferror(file) ? strerror(errno) : "the file became shorter");
}

static bool read_file(const char *path, struct kernel_bytes *bytes, struct error *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not keep us waiting */
    FILE *file = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!file)
        return error_set(err, "'%s': %s", path, strerror(errno));
    bool good = read_stream(file, path, bytes, err);
    fclose(file);
    return good;
}

static bool is_elf(const struct kernel_bytes *file)
{
    static const char magic[] = "\177ELF";
    return file->size >= 52 && !memcmp(file->data, magic, 4);
}

static bool is_bzimage(const struct kernel_bytes *file)
{
    return file->size >= HEADER_LEAST && load_le16(file->data + BOOT_FLAG_AT) == 0xAA55 &&
           !memcmp(file->data + HDRS_AT, "HdrS", 4);
}

static bool parse(struct kernel_image *image, struct error *err)
{
    size_t header;
    if (is_bzimage(&image->file))
        return kernel_bzimage_check(image, err);
    bool multiboot = kernel_multiboot_find(&image->file, &header);
    if (multiboot && !kernel_multiboot_check(image, header, err))
        return false;
    if (multiboot && image->segments)
        return true; /* the header says where everything goes */
    if (is_elf(&image->file))
        return kernel_elf_check(image, multiboot, err);
    return error_set(err,
                     "'%s' is no kernel: a bzImage, or an ELF file with a multiboot header or PVH note "
                     "is wanted",
                     image->path);
}

struct kernel_image *kernel_image_open(const char *path, const char *initrd, const char *append,
                                       struct error *err)
{
    struct kernel_image *image = alloc_zeroed(sizeof *image);
    image->path = alloc_string(path);
    image->append = alloc_string(append ? append : "");
    if (initrd)
        image->initrd_path = alloc_string(initrd);
    bool good = (read_file(path, &image->file, err) && parse(image, err)) || error_prefix(err, "--kernel: ");
    if (good && initrd)
        good = read_file(initrd, &image->initrd, err) || error_prefix(err, "--initrd: ");
    if (good)
        return image;
    kernel_image_free(image);
    return NULL;
}

void kernel_image_free(struct kernel_image *image)
{
    if (!image)
        return;
    alloc_free(image->file.data);
    alloc_free(image->initrd.data);
    alloc_free(image->path);
    alloc_free(image->initrd_path);
    alloc_free(image->append);
    alloc_free(image);
}

enum kernel_kind kernel_image_kind(const struct kernel_image *image)
{
    return image->kind;
}

bool kernel_image_place(const struct kernel_image *image, struct physmap *physmap,
                        const struct kernel_memory *memory, struct kernel_entry *entry, struct error *err)
{
    *entry = (struct kernel_entry){0};
    switch (image->kind) {
    case KERNEL_BZIMAGE: return kernel_bzimage_place(image, physmap, memory, entry, err);
    case KERNEL_MULTIBOOT: return kernel_multiboot_place(image, physmap, memory, entry, err);
    default: return kernel_pvh_place(image, physmap, memory, entry, err);
    }
}

const struct kernel_range *kernel_memory_at(const struct kernel_memory *memory, uint64_t address)
{
    for (unsigned i = 0; i < memory->count; i++) {
        const struct kernel_range *range = &memory->range[i];
        if (range->type == KERNEL_RANGE_RAM && address >= range->base && address - range->base < range->size)
            return range;
    }
    return NULL;
}

bool kernel_memory_has(const struct kernel_memory *memory, uint64_t address, uint64_t size)
{
    const struct kernel_range *range = kernel_memory_at(memory, address);
    return range && size <= range->size - (address - range->base);
}

static void zero(struct physmap *physmap, uint64_t address, uint64_t size)
{
    static const uint8_t zeros[4096];
    while (size) {
        uint64_t part = size < sizeof zeros ? size : sizeof zeros;
        physmap_write_bytes(physmap, address, zeros, part);
        address += part;
        size -= part;
    }
}

bool kernel_segments_place(const struct kernel_image *image, struct physmap *physmap,
                           const struct kernel_memory *memory, uint64_t *end, struct error *err)
{
    *end = 0;
    for (unsigned i = 0; i < image->segments; i++) {
        const struct kernel_segment *segment = &image->segment[i];
        if (!kernel_memory_has(memory, segment->address, segment->size))
            return error_set(err, "the kernel wants %llXh, %llu bytes, where the BIOS reports no RAM",
                             (unsigned long long)segment->address, (unsigned long long)segment->size);
        physmap_write_bytes(physmap, segment->address, image->file.data + segment->file_offset,
                            segment->file_size);
        zero(physmap, segment->address + segment->file_size, segment->size - segment->file_size);
        if (segment->address + segment->size > *end)
            *end = segment->address + segment->size;
    }
    return true;
}

bool kernel_initrd_place(const struct kernel_image *image, struct physmap *physmap,
                         const struct kernel_memory *memory, uint64_t end, uint64_t *address,
                         struct error *err)
{
    const uint64_t high = 0x100000;
    *address = 0;
    if (!image->initrd.size)
        return true;
    *address = ((end > high ? end : high) + 4095) & ~UINT64_C(4095);
    if (!kernel_memory_has(memory, *address, image->initrd.size))
        return error_set(err, "initrd of %zu bytes does not fit into RAM; try more --mem",
                         image->initrd.size);
    physmap_write_bytes(physmap, *address, image->initrd.data, image->initrd.size);
    return true;
}
