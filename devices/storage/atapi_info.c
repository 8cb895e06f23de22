/* SPDX-License-Identifier: MIT */
/* What the drive and its disc tell about themselves: SPC-2 7.3, MMC-3 5.4 to 5.25. The disc has one session
 * with one data track. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/storage/atapi_internal.h"
#include "devices/storage/cd_sector.h"
#include "devices/storage/ide_identify.h"

enum {
    ADR_CONTROL_DATA = 0x14, /* Q mode 1; data track, copy prohibited */
    TRACK_LEAD_OUT = 0xAA,
    PROFILE_CD_ROM = 0x0008,
    PROFILE_DVD_ROM = 0x0010,
    AUDIO_STATUS_NONE = 0x15,
};

static const char vendor[] = "LATHE   ", product[] = "CD-ROM          ", revision[] = "1.0 ";

static uint8_t *clear_reply(struct atapi_cd *cd, uint32_t size)
{
    memset(cd->reply, 0, size);
    return cd->reply;
}

void cd_inquiry(struct atapi_cd *cd)
{
    enum { SIZE = 36 };
    uint8_t *data = clear_reply(cd, SIZE);
    if ((cd->packet[1] & 3) || cd->packet[2]) {
        cd_invalid_field(cd); /* no vital product data */
        return;
    }
    data[0] = 0x05; /* CD/DVD device */
    data[1] = 0x80; /* removable */
    data[3] = 0x21; /* ATAPI; response format of SFF-8020i */
    data[4] = SIZE - 5;
    memcpy(data + 8, vendor, 8);
    memcpy(data + 16, product, 16);
    memcpy(data + 32, revision, 4);
    cd_reply(cd, SIZE, cd->packet[4]);
}

void cd_read_capacity(struct atapi_cd *cd)
{
    store_be32(cd->reply, cd_sectors(cd) - 1);
    store_be32(cd->reply + 4, CD_SECTOR_DATA);
    cd_reply(cd, 8, 8);
}

/* Four bytes of address: LBA or 0, minute, second, frame. */
static void put_address(uint8_t *out, uint32_t lba, bool msf)
{
    store_be32(out, lba);
    if (msf) {
        out[0] = 0;
        cd_msf(lba, out + 1);
    }
}

static uint8_t *put_track(uint8_t *out, uint8_t track, uint32_t lba, bool msf)
{
    out[1] = ADR_CONTROL_DATA;
    out[2] = track;
    put_address(out + 4, lba, msf);
    return out + 8;
}

static void finish_toc(struct atapi_cd *cd, const uint8_t *end)
{
    uint32_t length = (uint32_t)(end - cd->reply);
    store_be16(cd->reply, (uint16_t)(length - 2));
    cd->reply[2] = cd->reply[3] = 1; /* first and last track or session */
    cd_reply(cd, length, load_be16(cd->packet + 7));
}

static void toc(struct atapi_cd *cd, bool msf)
{
    uint8_t *out = clear_reply(cd, 20) + 4, first = cd->packet[6];
    if (first > 1 && first != TRACK_LEAD_OUT) {
        cd_invalid_field(cd);
        return;
    }
    if (first <= 1)
        out = put_track(out, 1, 0, msf);
    finish_toc(cd, put_track(out, TRACK_LEAD_OUT, cd_sectors(cd), msf));
}

static void session_info(struct atapi_cd *cd, bool msf)
{
    finish_toc(cd, put_track(clear_reply(cd, 12) + 4, 1, 0, msf));
}

/* Entry of the lead-in's Q channel: PMIN, PSEC and PFRAME are at 8 to 10. */
static uint8_t *put_point(uint8_t *out, uint8_t point, const uint8_t p[3])
{
    out[0] = 1; /* session */
    out[1] = ADR_CONTROL_DATA;
    out[3] = point;
    memcpy(out + 8, p, 3);
    return out + 11;
}

static void full_toc(struct atapi_cd *cd)
{
    static const uint8_t track_1[3] = {1, 0, 0};
    uint8_t *out = clear_reply(cd, 48) + 4, msf[3];
    out = put_point(out, 0xA0, track_1);
    out = put_point(out, 0xA1, track_1);
    cd_msf(cd_sectors(cd), msf);
    out = put_point(out, 0xA2, msf);
    cd_msf(0, msf);
    finish_toc(cd, put_point(out, 1, msf));
}

/* The format is in byte 2, or by SFF-8020i in the top of byte 9. */
void cd_read_toc(struct atapi_cd *cd)
{
    uint8_t format = cd->packet[2] & 15;
    bool msf = cd->packet[1] & 2;
    if (!format)
        format = cd->packet[9] >> 6;
    switch (format) {
    case 0: toc(cd, msf); break;
    case 1: session_info(cd, msf); break;
    case 2: full_toc(cd); break;
    default: cd_invalid_field(cd); break;
    }
}

void cd_read_subchannel(struct atapi_cd *cd)
{
    uint8_t *data = clear_reply(cd, 24), format = cd->packet[3];
    bool msf = cd->packet[1] & 2, sub_q = cd->packet[2] & 0x40;
    uint32_t length = 4;
    data[1] = AUDIO_STATUS_NONE;
    if (sub_q && format == 1) {
        length = 16;
        data[4] = 1;
        data[5] = ADR_CONTROL_DATA;
        data[6] = data[7] = 1; /* track, index */
        put_address(data + 8, cd->next_lba, msf);
        /* Relative to the track, so without the two seconds before LBA 0. */
        put_address(data + 12, msf ? cd->next_lba - 150 : cd->next_lba, msf);
    } else if (sub_q && (format == 2 || format == 3)) {
        length = 24; /* no catalogue number, no recording code */
        data[4] = format;
    } else if (sub_q) {
        cd_invalid_field(cd);
        return;
    }
    store_be16(data + 2, (uint16_t)(length - 4));
    cd_reply(cd, length, load_be16(cd->packet + 7));
}

void cd_read_disc_information(struct atapi_cd *cd)
{
    enum { SIZE = 34 };
    uint8_t *data = clear_reply(cd, SIZE);
    store_be16(data, SIZE - 2);
    data[2] = 0x0E; /* complete disc, complete last session */
    data[3] = data[4] = data[5] = data[6] = 1;
    data[7] = 0x20; /* unrestricted use */
    memset(data + 16, 0xFF, 8);
    cd_reply(cd, SIZE, load_be16(cd->packet + 7));
}

void cd_read_track_information(struct atapi_cd *cd)
{
    enum { SIZE = 36 };
    uint8_t *data = clear_reply(cd, SIZE);
    uint32_t address = load_be32(cd->packet + 2);
    uint8_t type = cd->packet[1] & 3;
    if (type == 3 || (type == 0 ? address >= cd_sectors(cd) : address != 1)) {
        cd_invalid_field(cd);
        return;
    }
    store_be16(data, SIZE - 2);
    data[2] = data[3] = 1; /* track, session */
    data[5] = 0x04;        /* data, recorded without interruption */
    data[6] = 0x01;        /* mode 1 */
    store_be32(data + 24, cd_sectors(cd));
    cd_reply(cd, SIZE, load_be16(cd->packet + 7));
}

/* Formats 0 (physical) and 1 (copyright) of a DVD-ROM with one layer. */
void cd_read_dvd_structure(struct atapi_cd *cd)
{
    uint8_t *data = clear_reply(cd, 24);
    uint32_t allocation = load_be16(cd->packet + 8);
    if (!cd_is_dvd(cd) || cd->packet[7] > 1 || cd->packet[6]) {
        cd_invalid_field(cd);
        return;
    }
    if (cd->packet[7] == 1) {
        store_be16(data, 6);
        cd_reply(cd, 8, allocation);
        return;
    }
    store_be16(data, 22);
    data[4] = 0x01; /* DVD-ROM, part version 1 */
    data[5] = 0x0F; /* 120 mm, no maximum rate given */
    data[6] = 0x01; /* one layer, embossed */
    store_be32(data + 8, 0x030000);
    store_be32(data + 12, 0x030000 + cd_sectors(cd) - 1);
    cd_reply(cd, 24, allocation);
}

/* Features, MMC-3 5.3: number, version << 2 | persistent << 1 | current, additional bytes. */
struct feature {
    uint16_t code;
    uint8_t flags; /* FEATURE_ */
    uint8_t size;
    uint8_t bytes[12];
};

enum {
    FEATURE_PERSISTENT = 0x02,
    FEATURE_NEEDS_CD = 0x10,
    FEATURE_NEEDS_DVD = 0x20,
    FEATURE_VERSION_1 = 0x04
};

/* clang-format off */
static const struct feature features[] = {
    {0x0000, FEATURE_PERSISTENT, 8, {0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0}}, /* profiles */
    {0x0001, FEATURE_PERSISTENT, 4, {0, 0, 0, 2}},                         /* core: ATAPI */
    {0x0002, FEATURE_PERSISTENT, 0, {0}},                                  /* morphing */
    {0x0003, FEATURE_PERSISTENT, 4, {0x29, 0, 0, 0}},                      /* removable medium: tray */
    {0x0010, FEATURE_NEEDS_CD | FEATURE_NEEDS_DVD, 8, {0, 0, 8, 0, 0, 16, 0, 0}}, /* random readable */
    {0x001D, FEATURE_NEEDS_CD | FEATURE_NEEDS_DVD, 0, {0}},                /* multi-read */
    {0x001E, FEATURE_NEEDS_CD, 4, {0}},                                    /* CD read */
    {0x001F, FEATURE_NEEDS_DVD, 0, {0}},                                   /* DVD read */
    {0x0100, FEATURE_PERSISTENT, 0, {0}},                                  /* power management */
    {0x0105, FEATURE_PERSISTENT, 0, {0}},                                  /* time-out */
};
/* clang-format on */

static uint16_t profile(const struct atapi_cd *cd)
{
    if (!cd_has_disc(cd))
        return 0;
    return cd_is_dvd(cd) ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

static bool is_current(const struct atapi_cd *cd, const struct feature *feature)
{
    return (feature->flags & FEATURE_PERSISTENT) ||
           (profile(cd) == PROFILE_CD_ROM && (feature->flags & FEATURE_NEEDS_CD)) ||
           (profile(cd) == PROFILE_DVD_ROM && (feature->flags & FEATURE_NEEDS_DVD));
}

static uint8_t *put_feature(const struct atapi_cd *cd, const struct feature *feature, uint8_t *out)
{
    store_be16(out, feature->code);
    out[2] = (uint8_t)((feature->flags & (FEATURE_PERSISTENT | FEATURE_VERSION_1)) |
                       (is_current(cd, feature) ? 1 : 0));
    out[3] = feature->size;
    memcpy(out + 4, feature->bytes, feature->size);
    if (feature->code == 0) { /* each profile says whether it is current */
        out[6] = profile(cd) == PROFILE_DVD_ROM;
        out[10] = profile(cd) == PROFILE_CD_ROM;
    }
    return out + 4 + feature->size;
}

void cd_get_configuration(struct atapi_cd *cd)
{
    enum { RT_ALL, RT_CURRENT, RT_ONE, RT_RESERVED };
    uint8_t *out = clear_reply(cd, 8) + 8, type = cd->packet[1] & 3;
    uint16_t start = load_be16(cd->packet + 2);
    if (type == RT_RESERVED) {
        cd_invalid_field(cd);
        return;
    }
    for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++) {
        const struct feature *feature = &features[i];
        if ((type == RT_ONE ? feature->code == start : feature->code >= start) &&
            (type != RT_CURRENT || is_current(cd, feature)))
            out = put_feature(cd, feature, out);
    }
    store_be32(cd->reply, (uint32_t)(out - cd->reply) - 4);
    store_be16(cd->reply + 6, profile(cd));
    cd_reply(cd, (uint32_t)(out - cd->reply), load_be16(cd->packet + 7));
}

/* Polled only. Class 4, media, is the one supported. */
void cd_get_event_status(struct atapi_cd *cd)
{
    enum { CLASS_MEDIA = 4, NO_EVENT_AVAILABLE = 0x80 };
    uint8_t *data = clear_reply(cd, 8);
    if (!(cd->packet[1] & 1)) {
        cd_invalid_field(cd);
        return;
    }
    data[3] = 1 << CLASS_MEDIA;
    if (!(cd->packet[4] & 1 << CLASS_MEDIA)) {
        store_be16(data, 2);
        data[2] = NO_EVENT_AVAILABLE;
        cd_reply(cd, 4, load_be16(cd->packet + 7));
        return;
    }
    store_be16(data, 6);
    data[2] = CLASS_MEDIA;
    data[4] = cd->event;
    data[5] = (uint8_t)((cd->tray_open ? 1 : 0) | (cd_has_disc(cd) ? 2 : 0));
    cd->event = EVENT_NONE;
    cd_reply(cd, 8, load_be16(cd->packet + 7));
}

void cd_mechanism_status(struct atapi_cd *cd)
{
    uint8_t *data = clear_reply(cd, 8);
    data[1] = cd->tray_open ? 0x10 : 0;
    data[2] = (uint8_t)(cd->next_lba >> 16);
    data[3] = (uint8_t)(cd->next_lba >> 8);
    data[4] = (uint8_t)cd->next_lba;
    cd_reply(cd, 8, load_be16(cd->packet + 8));
}

void cd_identify(const struct atapi_cd *cd, uint8_t *words)
{
    const uint16_t commands = 0x4218; /* NOP, DEVICE RESET, PACKET, power management */
    memset(words, 0, 512);
    store_le16(words + 2 * 0, 0x85C0); /* CD-ROM, removable, DRQ within 50 us, 12-byte packets */
    ide_identify_string(words, 10, 20, "LT-CD-0001");
    ide_identify_string(words, 23, 8, "1.0");
    ide_identify_string(words, 27, 40, "LATHE CD-ROM");
    store_le16(words + 2 * 49, 0x0F00); /* DMA, LBA, IORDY */
    store_le16(words + 2 * 50, 0x4000);
    store_le16(words + 2 * 53, 0x0006); /* words 64-70 and 88 count */
    ide_identify_modes(words, cd->mdma, cd->udma);
    store_le16(words + 2 * 80, 0x007E);
    store_le16(words + 2 * 81, 0x0022);
    store_le16(words + 2 * 82, commands);
    store_le16(words + 2 * 83, 0x4000);
    store_le16(words + 2 * 84, 0x4000);
    store_le16(words + 2 * 85, commands);
    store_le16(words + 2 * 87, 0x4000);
    store_le16(words + 2 * 93, ide_device_is_second(&cd->ide) ? 0x6B00 : 0x600B);
    ide_identify_checksum(words);
}
