/* SPDX-License-Identifier: MIT */
#include "devices/pc/kernel_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/media_file.h"
#include "devices/pc/kernel_private.h"

enum { KERNEL_FILE_MAX = 1 << 30, COPY_CHUNK = 65536 };
enum { HDRS_AT = 0x202, BOOT_FLAG_AT = 0x1FE, HEADER_LEAST = 0x206 };

/* Opens a file that is not empty and not absurdly large. */
static bool open_file(const char *path, int *fd, struct stat *info, struct error *err)
{
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not keep us waiting */
    if (*fd < 0)
        return error_set(err, "'%s': %s", path, strerror(errno));
    bool good = true;
    if (fstat(*fd, info) || !S_ISREG(info->st_mode))
        good = error_set(err, "'%s' is not a regular file", path);
    else if (info->st_size == 0)
        good = error_set(err, "'%s' is empty", path);
    else if (info->st_size > KERNEL_FILE_MAX)
        good = error_set(err, "'%s' is larger than 1 GiB", path);
    if (!good)
        close(*fd);
    return good;
}

static bool read_part(int fd, const char *path, uint64_t offset, void *bytes, size_t size, struct error *err)
{
    return media_handle_read(fd, offset, bytes, size) ||
           error_set(err, "'%s': cannot read all of it: %s", path,
                     errno ? strerror(errno) : "the file became shorter");
}

static bool read_file(const char *path, struct kernel_bytes *bytes, struct error *err)
{
    int fd;
    struct stat info;
    if (!open_file(path, &fd, &info, err))
        return false;
    *bytes = (struct kernel_bytes){alloc_zeroed((size_t)info.st_size), (size_t)info.st_size};
    bool good = read_part(fd, path, 0, bytes->data, bytes->size, err);
    close(fd);
    return good;
}

/* Finds out now whether it can be read, but keeps nothing. */
static bool open_initrd(struct kernel_image *image, const char *path, struct error *err)
{
    int fd;
    uint8_t first;
    struct stat info;
    image->initrd_path = alloc_string(path);
    if (!open_file(path, &fd, &info, err))
        return false;
    image->initrd = (struct kernel_initrd){fd, (uint64_t)info.st_size, info.st_mtim};
    return read_part(fd, path, 0, &first, 1, err);
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
    bool good = (read_file(path, &image->file, err) && parse(image, err)) || error_prefix(err, "--kernel: ");
    if (good && initrd)
        good = open_initrd(image, initrd, err) || error_prefix(err, "--initrd: ");
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
    if (image->initrd.size)
        close(image->initrd.fd);
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

static bool is_unchanged(const struct kernel_initrd *initrd)
{
    struct stat info;
    return !initrd->size || (!fstat(initrd->fd, &info) && (uint64_t)info.st_size == initrd->size &&
                             info.st_mtim.tv_sec == initrd->modified.tv_sec &&
                             info.st_mtim.tv_nsec == initrd->modified.tv_nsec);
}

bool kernel_initrd_copy(const struct kernel_image *image, struct physmap *physmap, uint64_t address,
                        struct error *err)
{
    uint8_t chunk[COPY_CHUNK];
    if (!is_unchanged(&image->initrd))
        return error_set(err, "'%s' has changed since Lathe was started", image->initrd_path);
    for (uint64_t done = 0; done < image->initrd.size;) {
        uint64_t left = image->initrd.size - done;
        size_t part = left < sizeof chunk ? (size_t)left : sizeof chunk;
        if (!read_part(image->initrd.fd, image->initrd_path, done, chunk, part, err))
            return false;
        physmap_write_bytes(physmap, address + done, chunk, part);
        done += part;
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
        return error_set(err, "initrd of %llu bytes does not fit into RAM; try more --mem",
                         (unsigned long long)image->initrd.size);
    return kernel_initrd_copy(image, physmap, *address, err);
}
