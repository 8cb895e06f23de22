/* SPDX-License-Identifier: MIT */
/* READ(10), READ(12), READ CD and READ CD MSF: MMC-3, 5.15 to 5.18. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/storage/atapi_internal.h"
#include "devices/storage/cd_sector.h"

/* READ CD, byte 9: which fields of a sector are sent. */
enum field_bit {
    FIELD_SYNC = 0x80,
    FIELD_SUBHEADER = 0x40,
    FIELD_HEADER = 0x20,
    FIELD_USER_DATA = 0x10,
    FIELD_PARITY = 0x08,
    FIELD_C2_ERRORS = 0x06,
};

enum { TYPE_ANY = 0, TYPE_MODE_1 = 2 };

static bool in_range(const struct atapi_cd *cd, uint32_t lba, uint32_t count)
{
    return lba <= cd_sectors(cd) && count <= cd_sectors(cd) - lba;
}

static void start_read(struct atapi_cd *cd, uint32_t lba, uint32_t count, uint32_t sector_bytes,
                       uint8_t fields)
{
    if (!in_range(cd, lba, count)) {
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
    } else if (!count || !sector_bytes) {
        cd_good(cd);
    } else {
        cd->lba = lba;
        cd_send_sectors(cd, count, sector_bytes, fields);
    }
}

void cd_read_10(struct atapi_cd *cd)
{
    start_read(cd, load_be32(cd->packet + 2), load_be16(cd->packet + 7), CD_SECTOR_DATA, FIELD_USER_DATA);
}

void cd_read_12(struct atapi_cd *cd)
{
    start_read(cd, load_be32(cd->packet + 2), load_be32(cd->packet + 6), CD_SECTOR_DATA, FIELD_USER_DATA);
}

/* A mode 1 sector has no subheader: that field is empty. */
static uint32_t bytes_of(uint8_t fields)
{
    return (fields & FIELD_SYNC ? CD_SECTOR_SYNC : 0u) + (fields & FIELD_HEADER ? CD_SECTOR_HEADER : 0u) +
           (fields & FIELD_USER_DATA ? CD_SECTOR_DATA : 0u) + (fields & FIELD_PARITY ? CD_SECTOR_PARITY : 0u);
}

static void read_fields(struct atapi_cd *cd, uint32_t lba, uint32_t count)
{
    uint8_t fields = cd->packet[9], type = cd->packet[1] >> 2 & 7;
    bool gap =
        (fields & FIELD_SYNC) && !(fields & FIELD_HEADER) && (fields & (FIELD_USER_DATA | FIELD_PARITY));
    if (type != TYPE_ANY && type != TYPE_MODE_1)
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_ILLEGAL_MODE_FOR_TRACK);
    else if ((fields & FIELD_C2_ERRORS) || (cd->packet[10] & 7) || gap)
        cd_invalid_field(cd);
    else
        start_read(cd, lba, count, bytes_of(fields), fields);
}

void cd_read_cd(struct atapi_cd *cd)
{
    read_fields(cd, load_be32(cd->packet + 2), load_be32(cd->packet + 5) & 0xFFFFFF);
}

static uint32_t lba_of(const uint8_t *msf)
{
    return (msf[0] * 60u + msf[1]) * 75 + msf[2] - 150;
}

void cd_read_cd_msf(struct atapi_cd *cd)
{
    uint32_t start = lba_of(cd->packet + 3), end = lba_of(cd->packet + 6);
    if (start > end)
        cd_invalid_field(cd);
    else
        read_fields(cd, start, end - start);
}

/* The chosen fields of one sector, one after the other; false where the host cannot read it. */
static bool build_sector(struct atapi_cd *cd, uint32_t lba, uint8_t *out)
{
    uint8_t data[CD_SECTOR_DATA], raw[CD_SECTOR_RAW];
    uint8_t fields = cd->sector_fields;
    if (!media_read(cd->cfg.media, (uint64_t)lba * CD_SECTOR_DATA, data, sizeof data))
        return false;
    cd_sector_build(lba, data, raw);
    if (fields & FIELD_SYNC) {
        memcpy(out, raw, CD_SECTOR_SYNC);
        out += CD_SECTOR_SYNC;
    }
    if (fields & FIELD_HEADER) {
        memcpy(out, raw + CD_SECTOR_SYNC, CD_SECTOR_HEADER);
        out += CD_SECTOR_HEADER;
    }
    if (fields & FIELD_USER_DATA) {
        memcpy(out, data, CD_SECTOR_DATA);
        out += CD_SECTOR_DATA;
    }
    if (fields & FIELD_PARITY)
        memcpy(out, raw + CD_SECTOR_RAW - CD_SECTOR_PARITY, CD_SECTOR_PARITY);
    return true;
}

bool cd_fill(struct atapi_cd *cd)
{
    uint8_t sector[CD_SECTOR_RAW];
    if (cd->sector_fields == FIELD_USER_DATA)
        return media_read(cd->cfg.media, (uint64_t)cd->lba * CD_SECTOR_DATA + cd->done, cd->ide.buffer,
                          cd->part);
    for (uint32_t have = 0; have < cd->part;) {
        uint32_t position = cd->done + have, within = position % cd->sector_bytes;
        uint32_t size = cd->sector_bytes - within;
        if (!build_sector(cd, cd->lba + position / cd->sector_bytes, sector))
            return false;
        if (size > cd->part - have)
            size = cd->part - have;
        memcpy(cd->ide.buffer + have, sector + within, size);
        have += size;
    }
    return true;
}
