/* SPDX-License-Identifier: MIT */
/* The inside of a disk, shared by its files: ata_disk.c (life and registers), ata_transfer.c (sectors),
 * ata_command.c (everything else), ata_identify.c. */
#ifndef LATHE_DEVICES_STORAGE_ATA_INTERNAL_H
#define LATHE_DEVICES_STORAGE_ATA_INTERNAL_H

#include "devices/storage/ata_disk.h"
#include "devices/storage/ide_device.h"

enum ata_command {
    ATA_NOP = 0x00,
    ATA_RECALIBRATE = 0x10, /* to 1Fh */
    ATA_READ_SECTORS = 0x20,
    ATA_READ_SECTORS_NO_RETRY = 0x21,
    ATA_READ_SECTORS_EXT = 0x24,
    ATA_READ_DMA_EXT = 0x25,
    ATA_READ_NATIVE_MAX_EXT = 0x27,
    ATA_READ_MULTIPLE_EXT = 0x29,
    ATA_WRITE_SECTORS = 0x30,
    ATA_WRITE_SECTORS_NO_RETRY = 0x31,
    ATA_WRITE_SECTORS_EXT = 0x34,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_WRITE_MULTIPLE_EXT = 0x39,
    ATA_WRITE_VERIFY = 0x3C,
    ATA_READ_VERIFY = 0x40,
    ATA_READ_VERIFY_NO_RETRY = 0x41,
    ATA_READ_VERIFY_EXT = 0x42,
    ATA_SEEK = 0x70, /* to 7Fh */
    ATA_INITIALIZE_DEVICE_PARAMETERS = 0x91,
    ATA_STANDBY_IMMEDIATE_OLD = 0x94,
    ATA_IDLE_IMMEDIATE_OLD = 0x95,
    ATA_STANDBY_OLD = 0x96,
    ATA_IDLE_OLD = 0x97,
    ATA_CHECK_POWER_MODE_OLD = 0x98,
    ATA_SLEEP_OLD = 0x99,
    ATA_SMART = 0xB0,
    ATA_READ_MULTIPLE = 0xC4,
    ATA_WRITE_MULTIPLE = 0xC5,
    ATA_SET_MULTIPLE = 0xC6,
    ATA_READ_DMA = 0xC8,
    ATA_READ_DMA_NO_RETRY = 0xC9,
    ATA_WRITE_DMA = 0xCA,
    ATA_WRITE_DMA_NO_RETRY = 0xCB,
    ATA_STANDBY_IMMEDIATE = 0xE0,
    ATA_IDLE_IMMEDIATE = 0xE1,
    ATA_STANDBY = 0xE2,
    ATA_IDLE = 0xE3,
    ATA_READ_BUFFER = 0xE4,
    ATA_CHECK_POWER_MODE = 0xE5,
    ATA_SLEEP = 0xE6,
    ATA_FLUSH_CACHE = 0xE7,
    ATA_WRITE_BUFFER = 0xE8,
    ATA_FLUSH_CACHE_EXT = 0xEA,
    ATA_IDENTIFY_DEVICE = 0xEC,
    ATA_SET_FEATURES = 0xEF,
    ATA_SECURITY_FREEZE_LOCK = 0xF5,
    ATA_READ_NATIVE_MAX = 0xF8,
};

enum {
    ATA_SECTOR = 512,
    ATA_MAX_MULTIPLE = 16,
    ATA_DMA_CHUNK = IDE_BUFFER / ATA_SECTOR, /* sectors moved at one deadline */
    ATA_READY = STATUS_DRDY | STATUS_DSC,
};

/* Latencies, ns: of a late drive with its cache warm, so that guests see time pass but do not wait. */
enum { ATA_COMMAND_NS = 5000, ATA_NEXT_NS = 20000, ATA_SEEK_NS = 200000, ATA_SECTOR_NS = 15000 };

enum ata_phase {
    ATA_PHASE_IDLE,
    ATA_PHASE_FINISH, /* due: report `result` */
    ATA_PHASE_OFFER,  /* due: let the host read one block of information */
    ATA_PHASE_TAKE,   /* due: ask for the sector buffer */
    ATA_PHASE_READ,   /* due: read a block and offer it */
    ATA_PHASE_ASK,    /* due: ask for a block */
    ATA_PHASE_WRITE,  /* due: write the block that came */
};

enum ata_power { ATA_POWER_ACTIVE, ATA_POWER_IDLE, ATA_POWER_STANDBY, ATA_POWER_SLEEP };

struct ata_disk {
    struct ide_device ide; /* first: ops get a pointer to it */
    struct ata_disk_config cfg;
    char serial[21];
    uint64_t sectors;
    uint32_t cylinders, heads, sectors_per_track; /* current translation */
    uint8_t multiple;                             /* sectors a block of READ/WRITE MULTIPLE; 0: off */
    uint8_t phase;                                /* enum ata_phase */
    uint8_t result;                               /* error register at the end of ATA_PHASE_FINISH */
    /* The transfer in progress. */
    uint64_t lba;
    uint32_t left;  /* sectors not yet moved */
    uint32_t block; /* most sectors between two interrupts */
    uint32_t count; /* sectors in the buffer */
    bool ext, by_dma;
    uint64_t next_lba; /* where the heads are: sequential access costs less */
    /* Settings. */
    bool write_cache, look_ahead, keep_settings, smart;
    uint8_t mdma, udma; /* bits as in the high bytes of IDENTIFY words 63 and 88 */
    uint8_t power;      /* enum ata_power */
    uint8_t standby_timer;
    struct event standby;
    uint8_t sector_buffer[ATA_SECTOR]; /* of READ BUFFER and WRITE BUFFER */
};

static inline struct ata_disk *ata_of(struct ide_device *device)
{
    return (struct ata_disk *)device;
}

/* ata_disk.c: ends the command after `ns` with this error register (0: success). */
void ata_finish_after(struct ata_disk *disk, uint64_t ns, uint8_t error);
/* Ends it now: sets the registers, interrupts, restarts the standby timer. */
void ata_finish(struct ata_disk *disk, uint8_t status, uint8_t error, bool interrupt);
/* Offers `ide.buffer[0..512)` to the host after the command latency. */
void ata_offer(struct ata_disk *disk);
void ata_default_translation(struct ata_disk *disk);
void ata_default_settings(struct ata_disk *disk);
/* CHS translation with as many whole cylinders as words 54-58 of IDENTIFY DEVICE can describe. */
void ata_set_translation(struct ata_disk *disk, unsigned heads, unsigned sectors_per_track);

/* ata_transfer.c */
void ata_transfer_command(struct ata_disk *disk, uint8_t command);
bool ata_is_transfer(uint8_t command);
void ata_transfer_due(struct ata_disk *disk);
void ata_transfer_moved(struct ata_disk *disk);
/* Address in the registers; false where the current translation has no such sector. */
bool ata_get_address(const struct ata_disk *disk, bool ext, uint64_t *lba);
void ata_set_address(struct ata_disk *disk, bool ext, uint64_t lba);

/* ata_command.c: everything that moves no sectors. */
void ata_command(struct ata_disk *disk, uint8_t command);
void ata_restart_standby(struct ata_disk *disk);

/* ata_identify.c: fills `words`, 512 bytes. */
void ata_identify(const struct ata_disk *disk, uint8_t *words);
void ata_smart_data(const struct ata_disk *disk, uint8_t *data);
void ata_smart_thresholds(uint8_t *data);

#endif
