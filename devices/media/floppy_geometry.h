/* SPDX-License-Identifier: MIT */
/* Floppy formats: how the bytes of a raw image lie on the disk, and which drive reads it. */
#ifndef LATHE_DEVICES_MEDIA_FLOPPY_GEOMETRY_H
#define LATHE_DEVICES_MEDIA_FLOPPY_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

struct media;

/* How densely the surface is written: sets the data rate together with the drive. */
enum floppy_density { FLOPPY_DD, FLOPPY_HD, FLOPPY_ED };

/* Drive types, numbered as in CMOS byte 10h. */
enum floppy_drive_type {
    FLOPPY_DRIVE_NONE,
    FLOPPY_DRIVE_360K,
    FLOPPY_DRIVE_1200K,
    FLOPPY_DRIVE_720K,
    FLOPPY_DRIVE_1440K,
    FLOPPY_DRIVE_2880K,
};

struct floppy_geometry {
    uint8_t cylinders, heads, sectors; /* sectors of 512 bytes on each track */
    enum floppy_density density;
    enum floppy_drive_type drive; /* the drive made for this format */
};

enum { FLOPPY_MAX_CYLINDERS = 86, FLOPPY_MAX_SECTORS = 48, FLOPPY_MAX_SIZE = 86 * 2 * 48 * 512 };

/* The format of an image of `size` bytes; its first sector (may be NULL) decides by its BIOS parameter block
 * where the size fits no known format. A smaller image gets the 1.44M (or 2.88M) format, whose end it does
 * not fill. False where it is no multiple of 512, empty, or larger than any floppy. */
bool floppy_geometry_find(uint64_t size, const uint8_t *first_sector, struct floppy_geometry *geometry);

/* Whether the size is exactly one of the known formats. */
bool floppy_geometry_is_known(uint64_t size);

/* The format of an open floppy medium. */
bool floppy_geometry_of(struct media *media, struct floppy_geometry *geometry);

/* Bytes on such a disk. */
uint64_t floppy_geometry_size(const struct floppy_geometry *geometry);

#endif
