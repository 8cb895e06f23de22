/* SPDX-License-Identifier: MIT */
/* `lathe image`: raw disk images, blank DOS floppies, and what a file is taken for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/media_probe.h"
#include "frontends/cli/cli.h"
#include "frontends/embed/parse.h"

enum { SECTOR = 512, RESERVED_SECTORS = 1, FATS = 2 };

/* DOS floppy formats (Microsoft FAT specification, and the formats of the DOS FORMAT command). */
struct floppy_format {
    const char *name;
    uint16_t sectors, directory_entries;
    uint8_t media, cluster, fat_sectors, track, heads;
};

static const struct floppy_format formats[] = {
    {"160K", 320, 64, 0xFE, 1, 1, 8, 1},     {"180K", 360, 64, 0xFC, 1, 2, 9, 1},
    {"320K", 640, 112, 0xFF, 2, 1, 8, 2},    {"360K", 720, 112, 0xFD, 2, 2, 9, 2},
    {"720K", 1440, 112, 0xF9, 2, 3, 9, 2},   {"1.2M", 2400, 224, 0xF9, 1, 7, 15, 2},
    {"1.44M", 2880, 224, 0xF0, 1, 9, 18, 2}, {"2.88M", 5760, 240, 0xF0, 2, 9, 36, 2},
};

/* A new file: one that is there is never overwritten. */
static int create_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int create_failed(const char *path)
{
    if (errno == EEXIST)
        return cli_fail(CLI_USAGE, "image: '%s' exists already; remove it or choose another name", path);
    return cli_fail(CLI_USAGE, "image: '%s': %s", path, strerror(errno));
}

static int create_raw(const char *path, const char *size)
{
    uint64_t bytes;
    struct error err;
    if (!parse_size(size, &bytes, &err))
        return cli_fail(CLI_USAGE, "image: %s", err.text);
    if (!bytes || bytes > (uint64_t)INT64_MAX)
        return cli_fail(CLI_USAGE, "image: '%s' is no possible size", size);
    int fd = create_file(path);
    if (fd < 0)
        return create_failed(path);
    int failed = ftruncate(fd, (off_t)bytes), reason = errno;
    close(fd);
    if (!failed)
        return CLI_OK;
    unlink(path);
    return cli_fail(CLI_HOST, "image: '%s': %s", path, strerror(reason));
}

/* Boot sector of a disk that does not boot: says so through INT 10h, waits for a key, and restarts by INT
 * 19h.
 */
static void fill_boot_sector(uint8_t *sector, const struct floppy_format *format)
{
    static const uint8_t code[] = {
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x7C, /* xor ax,ax; DS, SS = 0; SP = 7C00h */
        0xFC, 0xBE, 0x5E, 0x7C,                               /* cld; mov si, message */
        0xAC, 0x84, 0xC0, 0x74, 0x09,                         /* lodsb; test al,al; jz wait */
        0xB4, 0x0E, 0xBB, 0x07, 0x00, 0xCD, 0x10, 0xEB, 0xF2, /* int 10h, AH=0Eh; again */
        0x31, 0xC0, 0xCD, 0x16, 0xCD, 0x19,                   /* wait: int 16h; int 19h */
    };
    static const char message[] = "This disk does not start a system. Change it and press a key.\r\n";
    const unsigned code_at = 0x3E, message_at = 0x5E + 0x06;
    memcpy(sector, "\xEB\x3C\x90LATHE   ", 11);
    store_le16(sector + 11, SECTOR);
    sector[13] = format->cluster;
    store_le16(sector + 14, RESERVED_SECTORS);
    sector[16] = FATS;
    store_le16(sector + 17, format->directory_entries);
    store_le16(sector + 19, format->sectors);
    sector[21] = format->media;
    store_le16(sector + 22, format->fat_sectors);
    store_le16(sector + 24, format->track);
    store_le16(sector + 26, format->heads);
    sector[38] = 0x29; /* extended BPB: serial number, label, type */
    store_le32(sector + 39, 0x4C415448);
    memcpy(sector + 43, "NO NAME    FAT12   ", 19);
    memcpy(sector + code_at, code, sizeof code);
    store_le16(sector + code_at + 11, (uint16_t)(0x7C00 + message_at));
    memcpy(sector + message_at, message, sizeof message);
    store_le16(sector + 510, 0xAA55);
}

static bool write_at(int fd, uint64_t sector, const uint8_t *bytes)
{
    return pwrite(fd, bytes, SECTOR, (off_t)(sector * SECTOR)) == SECTOR;
}

static bool write_floppy(int fd, const struct floppy_format *format)
{
    uint8_t boot[SECTOR] = {0}, fat[SECTOR] = {format->media, 0xFF, 0xFF};
    fill_boot_sector(boot, format);
    return !ftruncate(fd, (off_t)format->sectors * SECTOR) && write_at(fd, 0, boot) &&
           write_at(fd, RESERVED_SECTORS, fat) && write_at(fd, RESERVED_SECTORS + format->fat_sectors, fat);
}

static int create_floppy(const char *path, const char *name)
{
    const struct floppy_format *format = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (!strcmp(formats[i].name, name))
            format = &formats[i];
    }
    if (!format)
        return cli_fail(CLI_USAGE, "image: '%s' is none of 160K, 180K, 320K, 360K, 720K, 1.2M, 1.44M, 2.88M",
                        name);
    int fd = create_file(path);
    if (fd < 0)
        return create_failed(path);
    bool good = write_floppy(fd, format);
    good = !close(fd) && good;
    if (good)
        return CLI_OK;
    unlink(path);
    return cli_fail(CLI_HOST, "image: '%s': writing failed: %s", path, strerror(errno));
}

static int show(const char *path)
{
    enum media_kind kind;
    struct error err;
    if (!media_probe(path, &kind, &err))
        return cli_fail(CLI_USAGE, "image: %s", err.text);
    printf("%s: %s\n", path, media_kind_name(kind));
    return CLI_OK;
}

int verb_image(int count, char **arguments)
{
    if (count == 3 && !strcmp(arguments[0], "create"))
        return create_raw(arguments[1], arguments[2]);
    if (count == 3 && !strcmp(arguments[0], "floppy"))
        return create_floppy(arguments[1], arguments[2]);
    if (count == 2 && !strcmp(arguments[0], "info"))
        return show(arguments[1]);
    return cli_fail(CLI_USAGE, "image: use 'create FILE SIZE', 'floppy FILE FORMAT' or 'info FILE'");
}
