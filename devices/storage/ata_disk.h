/* SPDX-License-Identifier: MIT */
/* An ATA hard disk: ATA/ATAPI-6 general feature set with CHS, 28-bit and 48-bit addresses, PIO and DMA. */
#ifndef LATHE_DEVICES_STORAGE_ATA_DISK_H
#define LATHE_DEVICES_STORAGE_ATA_DISK_H

#include <stdint.h>

struct ata_disk;
struct clock;
struct ide_device;
struct log;
struct media;
struct state_desc;

struct ata_disk_config {
    struct clock *clock;
    struct log *log;
    const char *name;   /* "hda"; outlives the disk */
    const char *model;  /* up to 40 characters; NULL: "LATHE HARDDISK" */
    const char *serial; /* up to 20 characters; NULL: made from the name */
    struct media *media;
};

/* A disk over cfg->media, which it closes when it is freed. It is ready after a reset of its channel. */
struct ata_disk *ata_disk_new(const struct ata_disk_config *cfg);
void ata_disk_free(struct ata_disk *disk);

/* What ide_channel_attach takes. */
struct ide_device *ata_disk_device(struct ata_disk *disk);

struct media *ata_disk_media(struct ata_disk *disk);

/* The default CHS translation, as words 1, 3 and 6 of IDENTIFY DEVICE give it to a BIOS. */
void ata_disk_geometry(const struct ata_disk *disk, unsigned *cylinders, unsigned *heads, unsigned *sectors);

extern const struct state_desc ata_disk_state;

#endif
