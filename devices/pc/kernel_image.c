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
static bool open_file(struct kernel_file *file, const char *path, struct error *err)
{
    struct stat info;
    file->path = alloc_string(path);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not keep us waiting */
    if (fd < 0)
        return error_set(err, "'%s': %s", path, strerror(errno));
    bool good = true;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        good = error_set(err, "'%s' is not a regular file", path);
    else if (info.st_size == 0)
        good = error_set(err, "'%s' is empty", path);
    else if (info.st_size > KERNEL_FILE_MAX)
        good = error_set(err, "'%s' is larger than 1 GiB", path);
    if (!good) {
        close(fd);
        return false;
    }
    file->fd = fd;
    file->size = (uint64_t)info.st_size;
    file->modified = info.st_mtim;
    return true;
}

static void close_file(struct kernel_file *file)
{
    if (file->size)
        close(file->fd);
    alloc_free(file->path);
}

static bool read_part(const struct kernel_file *file, uint64_t offset, void *bytes, size_t size,
                      struct error *err)
{
    return media_handle_read(file->fd, offset, bytes, size) ||
           error_set(err, "'%s': cannot read all of it: %s", file->path,
                     errno ? strerror(errno) : "the file became shorter");
}

static bool read_whole(const struct kernel_file *file, struct kernel_bytes *bytes, struct error *err)
{
    *bytes = (struct kernel_bytes){alloc_zeroed((size_t)file->size), (size_t)file->size};
    return read_part(file, 0, bytes->data, bytes->size, err);
}

/* Finds out now whether it can be read, but keeps nothing. */
static bool open_initrd(struct kernel_image *image, const char *path, struct error *err)
{
    uint8_t first;
    return open_file(&image->initrd, path, err) && read_part(&image->initrd, 0, &first, 1, err);
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
    if (is_bzimage(&image->bytes))
        return kernel_bzimage_check(image, err);
    bool multiboot = kernel_multiboot_find(&image->bytes, &header);
    if (multiboot && !kernel_multiboot_check(image, header, err))
        return false;
    if (multiboot && image->segments)
        return true; /* the header says where everything goes */
    if (is_elf(&image->bytes))
        return kernel_elf_check(image, multiboot, err);
    return error_set(err,
                     "'%s' is no kernel: a bzImage, or an ELF file with a multiboot header or PVH note "
                     "is wanted",
                     image->file.path);
}

static bool open_kernel(struct kernel_image *image, const char *path, struct error *err)
{
    struct kernel_bytes *bytes = &image->bytes;
    if (!open_file(&image->file, path, err) || !read_whole(&image->file, bytes, err) || !parse(image, err))
        return false;
    if (bytes->size > KERNEL_HEAD_BYTES)
        *bytes = (struct kernel_bytes){alloc_resize(bytes->data, KERNEL_HEAD_BYTES), KERNEL_HEAD_BYTES};
    return true;
}

struct kernel_image *kernel_image_open(const char *path, const char *initrd, const char *append,
                                       struct error *err)
{
    struct kernel_image *image = alloc_zeroed(sizeof *image);
    image->append = alloc_string(append ? append : "");
    bool good = open_kernel(image, path, err) || error_prefix(err, "--kernel: ");
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
    alloc_free(image->bytes.data);
    close_file(&image->file);
    close_file(&image->initrd);
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
        if (!kernel_file_copy(&image->file, physmap, segment->file_offset, segment->file_size,
                              segment->address, err))
            return false;
        zero(physmap, segment->address + segment->file_size, segment->size - segment->file_size);
        if (segment->address + segment->size > *end)
            *end = segment->address + segment->size;
    }
    return true;
}

static bool is_unchanged(const struct kernel_file *file)
{
    struct stat info;
    return !fstat(file->fd, &info) && (uint64_t)info.st_size == file->size &&
           info.st_mtim.tv_sec == file->modified.tv_sec && info.st_mtim.tv_nsec == file->modified.tv_nsec;
}

bool kernel_file_copy(const struct kernel_file *file, struct physmap *physmap, uint64_t offset, uint64_t size,
                      uint64_t address, struct error *err)
{
    uint8_t chunk[COPY_CHUNK];
    if (!is_unchanged(file))
        return error_set(err, "'%s' has changed since Lathe was started", file->path);
    for (uint64_t done = 0; done < size;) {
        size_t part = size - done < sizeof chunk ? (size_t)(size - done) : sizeof chunk;
        if (!read_part(file, offset + done, chunk, part, err))
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
    return kernel_file_copy(&image->initrd, physmap, 0, image->initrd.size, *address, err);
}
