/* SPDX-License-Identifier: MIT */
#include "devices/media/media_probe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/floppy_geometry.h"
#include "devices/media/media_file.h"

enum {
    BOOT_SIGNATURE_AT = 510,
    BOOT_SIGNATURE = 0xAA55,
    PARTITIONS_AT = 446,
    BZIMAGE_MAGIC_AT = 0x202, /* Linux boot protocol, "HdrS" */
    MULTIBOOT_SEARCH = 8192,
    MULTIBOOT_MAGIC = 0x1BADB002,
    MULTIBOOT_AOUT_KLUDGE = 1 << 16,
    ISO_DESCRIPTORS_AT = 0x8000, /* ECMA-119 8.1: sector 16 */
    ISO_VOLUME_SIZE = 80,
};

struct magic {
    size_t offset, size;
    const char *bytes;
    const char *name;
};

static const struct magic containers[] = {
    {0, 4, "QFI\xFB", "qcow2"},
    {0, 4, "KDMV", "VMDK"},
    {0, 8, "conectix", "VHD"},
    {0, 8, "vhdxfile", "VHDX"},
    {0x40, 4, "\x7F\x10\xDA\xBE", "VDI"},
    {0, 3, "\x1F\x8B\x08", "gzip"},
    {0, 6,
     "\xFD"
     "7zXZ\0",
     "xz"},
    {0, 3, "BZh", "bzip2"},
    {0, 4, "\x28\xB5\x2F\xFD", "zstd"},
    {0, 4, "PK\3\4", "zip"},
    {0, 12, "\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0", "raw 2352-byte CD sector"},
};

static bool has(const uint8_t *head, size_t have, size_t offset, const void *bytes, size_t size)
{
    return offset + size <= have && !memcmp(head + offset, bytes, size);
}

const char *media_container_name(const uint8_t *head, size_t have)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
        const struct magic *magic = &containers[i];
        if (has(head, have, magic->offset, magic->bytes, magic->size))
            return magic->name;
    }
    return NULL;
}

const char *media_kind_name(enum media_kind kind)
{
    static const char *const names[] = {"unknown", "floppy", "disk", "CD-ROM", "kernel"};
    return names[kind];
}

bool media_is_iso(const uint8_t *head, size_t have, uint32_t *sectors)
{
    const size_t at = ISO_DESCRIPTORS_AT;
    *sectors = 0;
    if (has(head, have, at + 1, "CD001", 5)) {
        if (head[at] == 1 && at + ISO_VOLUME_SIZE + 4 <= have)
            *sectors = load_le32(head + at + ISO_VOLUME_SIZE);
        return true;
    }
    return has(head, have, at + 9, "CDROM", 5) || has(head, have, at + 1, "BEA01", 5);
}

static bool is_boot_sector(const uint8_t *head, size_t have)
{
    return have >= MEDIA_SECTOR && load_le16(head + BOOT_SIGNATURE_AT) == BOOT_SIGNATURE;
}

/* A header that carries its own load addresses: without them only an ELF file says where it goes. */
static bool is_multiboot(const uint8_t *head, size_t have)
{
    size_t end = have < MULTIBOOT_SEARCH ? have : MULTIBOOT_SEARCH;
    for (size_t at = 0; at + 12 <= end; at += 4) {
        uint32_t magic = load_le32(head + at), flags = load_le32(head + at + 4);
        if (magic == MULTIBOOT_MAGIC && magic + flags + load_le32(head + at + 8) == 0)
            return flags & MULTIBOOT_AOUT_KLUDGE;
    }
    return false;
}

static bool is_kernel(const uint8_t *head, size_t have)
{
    return has(head, have, 0,
               "\x7F"
               "ELF",
               4) ||
           (is_boot_sector(head, have) && has(head, have, BZIMAGE_MAGIC_AT, "HdrS", 4)) ||
           (!is_boot_sector(head, have) && is_multiboot(head, have));
}

/* At least one entry in use, none with a status other than 00h and 80h. */
static bool has_partitions(const uint8_t *head)
{
    bool any = false;
    for (int i = 0; i < 4; i++) {
        const uint8_t *entry = head + PARTITIONS_AT + 16 * i;
        if (entry[0] & 0x7F)
            return false;
        any |= entry[4] != 0 && load_le32(entry + 12) != 0;
    }
    return any;
}

enum media_kind media_recognise(const uint8_t *head, size_t have, uint64_t size)
{
    struct floppy_geometry geometry;
    uint32_t sectors;
    if (is_kernel(head, have))
        return MEDIA_KERNEL;
    if (media_is_iso(head, have, &sectors))
        return MEDIA_CDROM;
    if (!size || size % MEDIA_SECTOR || media_container_name(head, have))
        return MEDIA_UNKNOWN;
    if (floppy_geometry_is_known(size))
        return MEDIA_FLOPPY;
    if (is_boot_sector(head, have) && !has_partitions(head) && floppy_geometry_find(size, head, &geometry))
        return MEDIA_FLOPPY;
    if (is_boot_sector(head, have) || size > FLOPPY_MAX_SIZE)
        return MEDIA_DISK;
    return MEDIA_UNKNOWN;
}

static bool read_head(const struct media_handle *handle, const char *path, uint8_t *head, size_t *have,
                      struct error *err)
{
    *have = handle->size < MEDIA_PROBE_BYTES ? (size_t)handle->size : MEDIA_PROBE_BYTES;
    if (!*have)
        return error_set(err, "'%s' is empty", path);
    if (!media_handle_read(handle->fd, 0, head, *have))
        return error_set(err, "'%s': cannot read: %s", path, strerror(errno));
    return true;
}

bool media_probe(const char *path, enum media_kind *kind, struct error *err)
{
    struct media_handle handle;
    size_t have;
    if (!media_handle_open(&handle, path, false, err))
        return false;
    uint8_t *head = alloc_zeroed(MEDIA_PROBE_BYTES);
    bool ok = read_head(&handle, path, head, &have, err);
    if (ok) {
        const char *container = media_container_name(head, have);
        *kind = media_recognise(head, have, handle.size);
        if (container && *kind == MEDIA_UNKNOWN)
            ok = error_set(err, "'%s' is a %s file; a raw image is needed (convert or unpack it first)", path,
                           container);
    }
    alloc_free(head);
    close(handle.fd);
    return ok;
}
