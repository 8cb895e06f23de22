/* SPDX-License-Identifier: MIT */
/*
 * mkfloppy BOOT PROGRAM OUT: host tool that writes a 1.44 MB floppy image. BOOT is a boot sector with a BIOS
 * parameter block, PROGRAM goes to the reserved sectors after it, the rest is an empty FAT12 file system with
 * a volume label (Microsoft FAT specification, sections 3 and 6).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    SECTOR = 512,
    SECTORS = 2880,
    FATS = 2,
    FAT_SECTORS = 9,
    BPB_RESERVED = 14,
    BPB_LABEL = 43,
    MEDIA = 0xf0
};

static uint8_t disk[SECTORS * SECTOR];

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "mkfloppy: %s: %s\n", path, what);
    return 1;
}

/* Reads a file to `to`; its size, or 0 if it is missing or longer than max. */
static size_t load(const char *path, uint8_t *to, size_t max)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return 0;
    size_t size = fread(to, 1, max, in);
    int more = fgetc(in) != EOF;
    fclose(in);
    return more ? 0 : size;
}

static void format(unsigned reserved)
{
    disk[BPB_RESERVED] = (uint8_t)reserved;
    disk[BPB_RESERVED + 1] = (uint8_t)(reserved >> 8);
    for (unsigned i = 0; i < FATS; i++) {
        uint8_t *fat = disk + (reserved + i * FAT_SECTORS) * SECTOR;
        fat[0] = MEDIA;
        fat[1] = fat[2] = 0xff;
    }
    uint8_t *label = disk + (reserved + FATS * FAT_SECTORS) * SECTOR;
    memcpy(label, disk + BPB_LABEL, 11);
    label[11] = 0x08; /* attribute: volume label; no date, so that the image is reproducible */
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fail("usage: mkfloppy BOOT PROGRAM OUT", "arguments");
    if (load(argv[1], disk, SECTOR) != SECTOR || disk[510] != 0x55 || disk[511] != 0xaa)
        return fail("not a boot sector", argv[1]);
    size_t size = load(argv[2], disk + SECTOR, 120 * SECTOR);
    if (size == 0)
        return fail("missing, empty or larger than 60 KiB", argv[2]);
    format((unsigned)(1 + (size + SECTOR - 1) / SECTOR));
    FILE *out = fopen(argv[3], "wb");
    if (!out || fwrite(disk, 1, sizeof disk, out) != sizeof disk || fclose(out))
        return fail("cannot write", argv[3]);
    return 0;
}
