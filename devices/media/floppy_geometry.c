/* SPDX-License-Identifier: MIT */
#include "devices/media/floppy_geometry.h"

#include <stddef.h>

#include "core/base/bytes.h"
#include "devices/media/media.h"

/* The eight DOS formats first, then the extended ones that format tools made. */
static const struct floppy_geometry formats[] = {
    {40, 1, 8, FLOPPY_DD, FLOPPY_DRIVE_360K},   /* 160K */
    {40, 1, 9, FLOPPY_DD, FLOPPY_DRIVE_360K},   /* 180K */
    {40, 2, 8, FLOPPY_DD, FLOPPY_DRIVE_360K},   /* 320K */
    {40, 2, 9, FLOPPY_DD, FLOPPY_DRIVE_360K},   /* 360K */
    {80, 2, 9, FLOPPY_DD, FLOPPY_DRIVE_720K},   /* 720K */
    {80, 2, 15, FLOPPY_HD, FLOPPY_DRIVE_1200K}, /* 1.2M */
    {80, 2, 18, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.44M */
    {80, 2, 36, FLOPPY_ED, FLOPPY_DRIVE_2880K}, /* 2.88M */
    {40, 2, 10, FLOPPY_DD, FLOPPY_DRIVE_360K},  /* 400K */
    {41, 2, 10, FLOPPY_DD, FLOPPY_DRIVE_360K},  /* 410K */
    {80, 2, 8, FLOPPY_DD, FLOPPY_DRIVE_720K},   /* 640K */
    {80, 2, 10, FLOPPY_DD, FLOPPY_DRIVE_720K},  /* 800K */
    {82, 2, 10, FLOPPY_DD, FLOPPY_DRIVE_720K},  /* 820K */
    {83, 2, 10, FLOPPY_DD, FLOPPY_DRIVE_720K},  /* 830K */
    {80, 2, 16, FLOPPY_HD, FLOPPY_DRIVE_1200K}, /* 1.28M */
    {80, 2, 17, FLOPPY_HD, FLOPPY_DRIVE_1200K}, /* 1.36M */
    {82, 2, 18, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.476M */
    {83, 2, 18, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.494M */
    {80, 2, 19, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.52M */
    {80, 2, 20, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.6M */
    {80, 2, 21, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.68M, DMF */
    {82, 2, 21, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.722M */
    {83, 2, 21, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.743M */
    {80, 2, 22, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.76M */
    {80, 2, 23, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.84M */
    {80, 2, 24, FLOPPY_HD, FLOPPY_DRIVE_1440K}, /* 1.92M */
    {80, 2, 39, FLOPPY_ED, FLOPPY_DRIVE_2880K}, /* 3.12M */
    {80, 2, 40, FLOPPY_ED, FLOPPY_DRIVE_2880K}, /* 3.2M */
    {80, 2, 44, FLOPPY_ED, FLOPPY_DRIVE_2880K}, /* 3.52M */
    {80, 2, 48, FLOPPY_ED, FLOPPY_DRIVE_2880K}, /* 3.84M */
};

enum { FORMAT_1440K = 6, FORMAT_2880K = 7, FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* BIOS parameter block, FAT boot sector. */
enum { BPB_BYTES_PER_SECTOR = 11, BPB_SECTORS = 19, BPB_SECTORS_PER_TRACK = 24, BPB_HEADS = 26 };

uint64_t floppy_geometry_size(const struct floppy_geometry *geometry)
{
    return (uint64_t)geometry->cylinders * geometry->heads * geometry->sectors * MEDIA_SECTOR;
}

static const struct floppy_geometry *known(uint64_t size)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (floppy_geometry_size(&formats[i]) == size)
            return &formats[i];
    }
    return NULL;
}

bool floppy_geometry_is_known(uint64_t size)
{
    return known(size) != NULL;
}

static struct floppy_geometry with_drive(unsigned cylinders, unsigned heads, unsigned sectors)
{
    struct floppy_geometry g = {(uint8_t)cylinders, (uint8_t)heads, (uint8_t)sectors, FLOPPY_DD,
                                cylinders > 42 ? FLOPPY_DRIVE_720K : FLOPPY_DRIVE_360K};
    if (sectors > 24) {
        g.density = FLOPPY_ED;
        g.drive = FLOPPY_DRIVE_2880K;
    } else if (sectors > 10) {
        g.density = FLOPPY_HD;
        g.drive = sectors > 17 ? FLOPPY_DRIVE_1440K : FLOPPY_DRIVE_1200K;
    }
    return g;
}

/* Believes a parameter block that describes a floppy and no less than the image. */
static bool from_bpb(uint64_t size, const uint8_t *sector, struct floppy_geometry *geometry)
{
    unsigned total = load_le16(sector + BPB_SECTORS), sectors = load_le16(sector + BPB_SECTORS_PER_TRACK);
    unsigned heads = load_le16(sector + BPB_HEADS);
    if (load_le16(sector + BPB_BYTES_PER_SECTOR) != MEDIA_SECTOR || !heads || heads > 2 || sectors < 8 ||
        sectors > FLOPPY_MAX_SECTORS || total % (heads * sectors))
        return false;
    unsigned cylinders = total / (heads * sectors);
    if (cylinders < 40 || cylinders > FLOPPY_MAX_CYLINDERS || (uint64_t)total * MEDIA_SECTOR < size)
        return false;
    *geometry = with_drive(cylinders, heads, sectors);
    return true;
}

bool floppy_geometry_find(uint64_t size, const uint8_t *first_sector, struct floppy_geometry *geometry)
{
    const struct floppy_geometry *exact = known(size);
    if (exact) {
        *geometry = *exact;
        return true;
    }
    if (!size || size % MEDIA_SECTOR)
        return false;
    if (first_sector && from_bpb(size, first_sector, geometry))
        return true;
    for (int i = FORMAT_1440K; i <= FORMAT_2880K; i++) {
        if (size < floppy_geometry_size(&formats[i])) {
            *geometry = formats[i];
            return true;
        }
    }
    return false;
}

bool floppy_geometry_of(struct media *media, struct floppy_geometry *geometry)
{
    uint8_t sector[MEDIA_SECTOR];
    return media_read(media, 0, sector, sizeof sector) && floppy_geometry_find(media->size, sector, geometry);
}
