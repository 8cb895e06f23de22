/* SPDX-License-Identifier: MIT */
/* IDENTIFY DEVICE, ATA/ATAPI-6 8.15, and the SMART data structures, 8.54.6. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/storage/ata_internal.h"
#include "devices/storage/ide_identify.h"

enum {
    CAPABILITY_DMA = 1 << 8,
    CAPABILITY_LBA = 1 << 9,
    CAPABILITY_IORDY_OFF = 1 << 10,
    CAPABILITY_IORDY = 1 << 11,
    CAPABILITY_STANDBY_TIMER = 1 << 13,
};

/* Words 82 and 85. */
enum {
    FEATURE_SMART = 1 << 0,
    FEATURE_SECURITY = 1 << 1,
    FEATURE_POWER = 1 << 3,
    FEATURE_WRITE_CACHE = 1 << 5,
    FEATURE_LOOK_AHEAD = 1 << 6,
    FEATURE_WRITE_BUFFER = 1 << 12,
    FEATURE_READ_BUFFER = 1 << 13,
    FEATURE_NOP = 1 << 14,
};

/* Words 83 and 86. */
enum { FEATURE_LBA48 = 1 << 10, FEATURE_FLUSH = 1 << 12, FEATURE_FLUSH_EXT = 1 << 13, WORD_VALID = 1 << 14 };

enum { SECURITY_SUPPORTED = 1 << 0, SECURITY_FROZEN = 1 << 3 };

static void identify_capacity(const struct ata_disk *disk, uint8_t *words)
{
    unsigned cylinders, heads, sectors;
    uint32_t lba28 = disk->sectors > 0xFFFFFFF ? 0xFFFFFFF : (uint32_t)disk->sectors;
    ata_disk_geometry(disk, &cylinders, &heads, &sectors);
    store_le16(words + 2 * 1, (uint16_t)cylinders);
    store_le16(words + 2 * 3, (uint16_t)heads);
    store_le16(words + 2 * 6, (uint16_t)sectors);
    store_le16(words + 2 * 54, (uint16_t)disk->cylinders);
    store_le16(words + 2 * 55, (uint16_t)disk->heads);
    store_le16(words + 2 * 56, (uint16_t)disk->sectors_per_track);
    store_le32(words + 2 * 57, disk->cylinders * disk->heads * disk->sectors_per_track);
    store_le32(words + 2 * 60, lba28);
    store_le64(words + 2 * 100, disk->sectors);
}

static void identify_features(const struct ata_disk *disk, uint8_t *words)
{
    const uint16_t always =
        FEATURE_SECURITY | FEATURE_POWER | FEATURE_WRITE_BUFFER | FEATURE_READ_BUFFER | FEATURE_NOP;
    const uint16_t second = FEATURE_LBA48 | FEATURE_FLUSH | FEATURE_FLUSH_EXT;
    store_le16(words + 2 * 82, always | FEATURE_SMART | FEATURE_WRITE_CACHE | FEATURE_LOOK_AHEAD);
    store_le16(words + 2 * 83, WORD_VALID | second);
    store_le16(words + 2 * 84, WORD_VALID);
    /* Security is there but no password is set: not enabled. */
    store_le16(words + 2 * 85, (uint16_t)((always & ~FEATURE_SECURITY) | (disk->smart ? FEATURE_SMART : 0) |
                                          (disk->write_cache ? FEATURE_WRITE_CACHE : 0) |
                                          (disk->look_ahead ? FEATURE_LOOK_AHEAD : 0)));
    store_le16(words + 2 * 86, second);
    store_le16(words + 2 * 87, WORD_VALID);
    store_le16(words + 2 * 128, SECURITY_SUPPORTED | SECURITY_FROZEN);
}

void ata_identify(const struct ata_disk *disk, uint8_t *words)
{
    bool second = ide_device_is_second(&disk->ide);
    memset(words, 0, ATA_SECTOR);
    store_le16(words + 2 * 0, 0x0040);  /* fixed ATA device */
    store_le16(words + 2 * 2, 0xC837);  /* complete without SET FEATURES spin-up */
    store_le16(words + 2 * 20, 0x0003); /* dual-ported cache */
    store_le16(words + 2 * 21, 512);    /* of 256 KiB */
    ide_identify_string(words, 10, 20, disk->serial);
    ide_identify_string(words, 23, 8, "1.0");
    ide_identify_string(words, 27, 40, disk->cfg.model ? disk->cfg.model : "LATHE HARDDISK");
    store_le16(words + 2 * 47, 0x8000 | ATA_MAX_MULTIPLE);
    store_le16(words + 2 * 48, 0x0001); /* 32-bit data port accesses work */
    store_le16(words + 2 * 49, CAPABILITY_DMA | CAPABILITY_LBA | CAPABILITY_IORDY_OFF | CAPABILITY_IORDY |
                                   CAPABILITY_STANDBY_TIMER);
    store_le16(words + 2 * 50, 0x4000);
    store_le16(words + 2 * 53, 0x0007); /* words 54-58, 64-70 and 88 count */
    store_le16(words + 2 * 59, (uint16_t)(disk->multiple ? 0x0100 | disk->multiple : 0));
    store_le16(words + 2 * 80, 0x007E);                   /* ATA-1 to ATA/ATAPI-6 */
    store_le16(words + 2 * 81, 0x0022);                   /* as published */
    store_le16(words + 2 * 93, second ? 0x6B00 : 0x600B); /* 80-wire cable, number by jumper, passed */
    ide_identify_modes(words, disk->mdma, disk->udma);
    identify_capacity(disk, words);
    identify_features(disk, words);
    ide_identify_checksum(words);
}

static void smart_checksum(uint8_t *data)
{
    uint8_t sum = 0;
    for (int i = 0; i < ATA_SECTOR - 1; i++)
        sum = (uint8_t)(sum + data[i]);
    data[ATA_SECTOR - 1] = (uint8_t)(0u - sum);
}

/* No attribute is measured, so none is listed. */
void ata_smart_data(const struct ata_disk *disk, uint8_t *data)
{
    (void)disk;
    memset(data, 0, ATA_SECTOR);
    store_le16(data, 0x0010); /* structure revision */
    smart_checksum(data);
}

void ata_smart_thresholds(uint8_t *data)
{
    memset(data, 0, ATA_SECTOR);
    store_le16(data, 0x0010);
    smart_checksum(data);
}
