/* SPDX-License-Identifier: MIT */
/* Life of a CD-ROM drive, its ATA commands, and the packet protocol (ATA/ATAPI-6, 9.8 and 9.9). */
#include "devices/storage/atapi_cd.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "devices/storage/atapi_internal.h"

/* ATA commands of packet devices. */
enum {
    CMD_DEVICE_RESET = 0x08,
    CMD_PACKET = 0xA0,
    CMD_IDENTIFY_PACKET_DEVICE = 0xA1,
    CMD_STANDBY_IMMEDIATE = 0xE0,
    CMD_IDLE_IMMEDIATE = 0xE1,
    CMD_STANDBY = 0xE2,
    CMD_IDLE = 0xE3,
    CMD_CHECK_POWER_MODE = 0xE5,
    CMD_SLEEP = 0xE6,
    CMD_FLUSH_CACHE = 0xE7,
    CMD_IDENTIFY_DEVICE = 0xEC,
    CMD_READ_SECTORS = 0x20,
    CMD_SET_FEATURES = 0xEF,
    FEATURE_SET_TRANSFER_MODE = 0x03,
    FEATURES_DMA = 0x01,
    READY = STATUS_DRDY | STATUS_DSC,
    BLOCK_MAX = 0xFFFE, /* byte count limit of one PIO block */
    IDENTIFY_SIZE = 512,
    SIGNATURE_MID = 0x14,
    SIGNATURE_HIGH = 0xEB,
};

bool cd_has_disc(const struct atapi_cd *cd)
{
    return cd->cfg.media && !cd->tray_open;
}

uint32_t cd_sectors(const struct atapi_cd *cd)
{
    return (uint32_t)(cd->media_size / MEDIA_CD_SECTOR);
}

bool cd_is_dvd(const struct atapi_cd *cd)
{
    return cd_sectors(cd) > CD_DATA_SECTORS_OF_CD;
}

static void wait(struct atapi_cd *cd, enum cd_phase phase, uint64_t ns)
{
    cd->phase = (uint8_t)phase;
    ide_device_wait(&cd->ide, ns);
}

void cd_good(struct atapi_cd *cd)
{
    cd->sense_key = KEY_NO_SENSE;
    cd->sense_code = 0;
    wait(cd, CD_PHASE_RESULT, CD_COMMAND_NS);
}

void cd_check(struct atapi_cd *cd, enum sense_key key, enum sense_code code)
{
    cd->sense_key = (uint8_t)key;
    cd->sense_code = (uint16_t)code;
    log_write(&cd->ide.log, LOG_DEBUG, "%s: packet command %02Xh ends with sense %X/%04Xh", cd->ide.name,
              cd->packet[0], (unsigned)key, (unsigned)code);
    wait(cd, CD_PHASE_RESULT, CD_COMMAND_NS);
}

void cd_invalid_field(struct atapi_cd *cd)
{
    cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void begin_data(struct atapi_cd *cd, uint32_t length)
{
    cd->sense_key = KEY_NO_SENSE;
    cd->sense_code = 0;
    cd->left = length;
    cd->done = 0;
}

void cd_reply(struct atapi_cd *cd, uint32_t length, uint32_t allocation)
{
    begin_data(cd, length < allocation ? length : allocation);
    wait(cd, cd->left ? CD_PHASE_REPLY : CD_PHASE_RESULT, CD_COMMAND_NS);
}

static uint32_t part_size(const struct atapi_cd *cd)
{
    uint32_t most = cd->by_dma ? IDE_BUFFER : cd->limit;
    if (cd->phase == CD_PHASE_READ && cd->by_dma)
        most = IDE_BUFFER / cd->sector_bytes * cd->sector_bytes;
    return cd->left < most ? cd->left : most;
}

/* Time until the next part of the sectors is there: those that it reaches into. */
static uint64_t part_ns(struct atapi_cd *cd, bool first)
{
    uint32_t position = cd->lba + cd->done / cd->sector_bytes;
    uint64_t sectors = part_size(cd) / cd->sector_bytes + 1;
    uint64_t ns = sectors * CD_SECTOR_NS;
    if (!first)
        return ns;
    return ns + (position == cd->next_lba ? CD_NEXT_NS : CD_SEEK_NS);
}

void cd_send_sectors(struct atapi_cd *cd, uint32_t count, uint32_t sector_bytes, uint8_t fields)
{
    uint64_t bytes = (uint64_t)count * sector_bytes;
    if (bytes > UINT32_MAX) {
        cd_invalid_field(cd);
        return;
    }
    begin_data(cd, (uint32_t)bytes);
    cd->sector_bytes = sector_bytes;
    cd->sector_fields = fields;
    cd->phase = CD_PHASE_READ;
    uint64_t ns = part_ns(cd, true);
    cd->next_lba = cd->lba + count;
    wait(cd, CD_PHASE_READ, ns);
}

void cd_ask_params(struct atapi_cd *cd, uint32_t length)
{
    begin_data(cd, length);
    wait(cd, CD_PHASE_PARAMS, CD_COMMAND_NS);
}

/* Registers. */

static void set_reason(struct atapi_cd *cd, uint8_t reason)
{
    cd->ide.now.count = reason;
}

static void set_byte_count(struct atapi_cd *cd, uint32_t count)
{
    cd->ide.now.lba_mid = (uint8_t)count;
    cd->ide.now.lba_high = (uint8_t)(count >> 8);
}

static void ask_packet(struct atapi_cd *cd)
{
    set_reason(cd, REASON_COD);
    cd->ide.status = READY;
    ide_device_pio(&cd->ide, IDE_PIO_OUT, CD_PACKET, false);
}

/* One part of the data: by PIO with its size in the byte count registers and an interrupt. */
static void move_part(struct atapi_cd *cd, bool in)
{
    uint32_t even = (cd->part + 1) & ~1u;
    cd->ide.status = READY;
    set_reason(cd, in ? REASON_IO : 0);
    if (cd->by_dma) {
        ide_device_dma(&cd->ide, in ? IDE_DMA_IN : IDE_DMA_OUT, even);
        return;
    }
    set_byte_count(cd, cd->part);
    ide_device_pio(&cd->ide, in ? IDE_PIO_IN : IDE_PIO_OUT, even, true);
}

static void offer_reply(struct atapi_cd *cd)
{
    cd->part = part_size(cd);
    memcpy(cd->ide.buffer, cd->reply + cd->done, cd->part);
    cd->ide.buffer[cd->part] = 0;
    move_part(cd, true);
}

static void offer_sectors(struct atapi_cd *cd)
{
    cd->part = part_size(cd);
    if (!cd_has_disc(cd)) {
        cd_check(cd, KEY_NOT_READY, ASC_NO_MEDIUM_TRAY_OPEN);
        return;
    }
    if (!cd_fill(cd)) {
        cd_check(cd, KEY_MEDIUM_ERROR, ASC_UNRECOVERED_READ_ERROR);
        return;
    }
    move_part(cd, true);
}

/* Parameter lists fit one part. */
static void ask_params(struct atapi_cd *cd)
{
    cd->part = cd->left;
    move_part(cd, false);
}

static void finish(struct atapi_cd *cd, uint8_t status, uint8_t error)
{
    cd->phase = CD_PHASE_IDLE;
    ide_device_finish(&cd->ide, status, error, true);
}

static void report_result(struct atapi_cd *cd)
{
    uint8_t error = (uint8_t)(cd->sense_key << 4);
    if (cd->sense_key == KEY_ILLEGAL_REQUEST)
        error |= ERROR_ABRT;
    set_reason(cd, REASON_IO | REASON_COD);
    finish(cd, cd->sense_key ? READY | STATUS_ERR : READY, error);
}

static void cd_due(struct ide_device *device)
{
    struct atapi_cd *cd = cd_of(device);
    switch (cd->phase) {
    case CD_PHASE_ABORT: finish(cd, READY | STATUS_ERR, ERROR_ABRT); break;
    case CD_PHASE_DONE: finish(cd, READY, 0); break;
    case CD_PHASE_OFFER:
        device->status = READY;
        ide_device_pio(device, IDE_PIO_IN, IDENTIFY_SIZE, true);
        break;
    case CD_PHASE_PACKET: ask_packet(cd); break;
    case CD_PHASE_REPLY: offer_reply(cd); break;
    case CD_PHASE_READ: offer_sectors(cd); break;
    case CD_PHASE_PARAMS: ask_params(cd); break;
    case CD_PHASE_RESULT: report_result(cd); break;
    default: break;
    }
}

static void part_moved(struct atapi_cd *cd)
{
    cd->done += cd->part;
    cd->left -= cd->part;
    if (!cd->left)
        wait(cd, CD_PHASE_RESULT, CD_COMMAND_NS);
    else
        wait(cd, (enum cd_phase)cd->phase,
             cd->phase == CD_PHASE_READ ? part_ns(cd, false) : (uint64_t)CD_COMMAND_NS);
}

static void cd_moved(struct ide_device *device)
{
    struct atapi_cd *cd = cd_of(device);
    switch (cd->phase) {
    case CD_PHASE_OFFER:
        cd->phase = CD_PHASE_IDLE;
        ide_device_finish(device, READY, 0, false);
        break;
    case CD_PHASE_PACKET:
        memcpy(cd->packet, device->buffer, CD_PACKET);
        cd_execute(cd);
        break;
    case CD_PHASE_PARAMS: cd_params_came(cd); break;
    default: part_moved(cd); break;
    }
}

/* ATA commands. */

static void start_packet(struct atapi_cd *cd)
{
    uint32_t limit = cd->ide.now.lba_mid | (uint32_t)cd->ide.now.lba_high << 8;
    cd->by_dma = cd->ide.now.features & FEATURES_DMA;
    /* Odd limits hold for the last block only; none given means the most. */
    cd->limit = (uint16_t)(limit < 2 || limit > BLOCK_MAX ? BLOCK_MAX : limit & ~1u);
    wait(cd, CD_PHASE_PACKET, CD_COMMAND_NS);
}

static void set_features(struct atapi_cd *cd)
{
    uint8_t mode = cd->ide.now.count, bit = (uint8_t)(1 << (mode & 7));
    bool ok = cd->ide.now.features == FEATURE_SET_TRANSFER_MODE;
    if (ok && mode >> 3 == 4 && bit <= 1 << 2) {
        cd->mdma = bit;
        cd->udma = 0;
    } else if (ok && mode >> 3 == 8 && bit <= 1 << 5) {
        cd->udma = bit;
        cd->mdma = 0;
    } else {
        ok = ok && (mode >> 3 == 0 ? (mode & 7) <= 1 : mode >> 3 == 1 && (mode & 7) <= 4);
    }
    wait(cd, ok ? CD_PHASE_DONE : CD_PHASE_ABORT, CD_COMMAND_NS);
}

static void cd_command(struct ide_device *device, uint8_t command)
{
    struct atapi_cd *cd = cd_of(device);
    switch (command) {
    case CMD_DEVICE_RESET: ide_device_reset(device, IDE_RESET_DEVICE); break;
    case CMD_PACKET: start_packet(cd); break;
    case CMD_IDENTIFY_PACKET_DEVICE:
        cd_identify(cd, device->buffer);
        wait(cd, CD_PHASE_OFFER, CD_COMMAND_NS);
        break;
    case CMD_SET_FEATURES: set_features(cd); break;
    case CMD_CHECK_POWER_MODE:
        device->now.count = 0xFF;
        wait(cd, CD_PHASE_DONE, CD_COMMAND_NS);
        break;
    case CMD_STANDBY_IMMEDIATE:
    case CMD_IDLE_IMMEDIATE:
    case CMD_STANDBY:
    case CMD_IDLE:
    case CMD_SLEEP:
    case CMD_FLUSH_CACHE: wait(cd, CD_PHASE_DONE, CD_COMMAND_NS); break;
    case CMD_IDENTIFY_DEVICE:
    case CMD_READ_SECTORS:
        ide_device_signature(device, SIGNATURE_MID, SIGNATURE_HIGH);
        wait(cd, CD_PHASE_ABORT, CD_COMMAND_NS);
        break;
    default:
        log_write(&device->log, LOG_GUEST, "%s: unknown command %02Xh", device->name, command);
        wait(cd, CD_PHASE_ABORT, CD_COMMAND_NS);
        break;
    }
}

/* A packet device is not "ready" after a reset: its status is 0 until the first command. */
static void cd_reset(struct ide_device *device, enum ide_reset kind)
{
    struct atapi_cd *cd = cd_of(device);
    cd->phase = CD_PHASE_IDLE;
    cd->left = 0;
    if (kind == IDE_RESET_HARD) {
        cd->attention_reset = true;
        cd->locked = false;
        cd->mdma = cd->udma = 0;
        cd->sense_key = KEY_NO_SENSE;
        cd->sense_code = 0;
        cd_default_pages(cd);
    }
    ide_device_signature(device, SIGNATURE_MID, SIGNATURE_HIGH);
    device->status = 0;
}

static const struct ide_device_ops cd_ops = {
    .command = cd_command, .due = cd_due, .moved = cd_moved, .reset = cd_reset, .packet = true};

/* Discs. */

void atapi_cd_insert(struct atapi_cd *cd, struct media *media)
{
    media_close(cd->cfg.media);
    cd->cfg.media = media;
    cd->media_size = media->size;
    cd->tray_open = false;
    cd->attention_media = true;
    cd->event = EVENT_NEW_MEDIA;
    log_write(&cd->ide.log, LOG_INFO, "%s: '%s' inserted, %u sectors", cd->ide.name, media->name,
              (unsigned)cd_sectors(cd));
}

bool atapi_cd_eject(struct atapi_cd *cd, bool force, struct error *err)
{
    if (cd->locked && !force) {
        cd->event = EVENT_EJECT_REQUEST;
        return error_set(err, "the guest has locked the tray of %s; it was told of the request",
                         cd->ide.name);
    }
    media_close(cd->cfg.media);
    cd->cfg.media = NULL;
    cd->media_size = 0;
    cd->tray_open = true;
    cd->locked = false;
    cd->event = EVENT_MEDIA_REMOVAL;
    return true;
}

/* clang-format off */
static const struct state_field cd_fields[] = {
    STATE_STRUCT(struct atapi_cd, ide, ide_device_fields), STATE_SCALAR(struct atapi_cd, media_size),
    STATE_SCALAR(struct atapi_cd, tray_open), STATE_SCALAR(struct atapi_cd, locked),
    STATE_SCALAR(struct atapi_cd, attention_reset), STATE_SCALAR(struct atapi_cd, attention_media),
    STATE_SCALAR(struct atapi_cd, event), STATE_SCALAR(struct atapi_cd, sense_key),
    STATE_SCALAR(struct atapi_cd, sense_code), STATE_SCALAR(struct atapi_cd, mdma),
    STATE_SCALAR(struct atapi_cd, udma), STATE_SCALAR(struct atapi_cd, phase),
    STATE_ARRAY(struct atapi_cd, packet), STATE_SCALAR(struct atapi_cd, by_dma),
    STATE_SCALAR(struct atapi_cd, limit), STATE_SCALAR(struct atapi_cd, left),
    STATE_SCALAR(struct atapi_cd, part), STATE_SCALAR(struct atapi_cd, done),
    STATE_SCALAR(struct atapi_cd, lba), STATE_SCALAR(struct atapi_cd, sector_bytes),
    STATE_SCALAR(struct atapi_cd, sector_fields), STATE_SCALAR(struct atapi_cd, next_lba),
    STATE_ARRAY(struct atapi_cd, reply), STATE_ARRAY(struct atapi_cd, page_01),
    STATE_ARRAY(struct atapi_cd, page_0d), STATE_ARRAY(struct atapi_cd, page_0e), STATE_END,
};
/* clang-format on */

static bool sane(const struct atapi_cd *cd)
{
    return cd->phase <= CD_PHASE_RESULT && cd->limit >= 2 && cd->limit <= BLOCK_MAX &&
           cd->part <= IDE_BUFFER &&
           (cd->phase != CD_PHASE_REPLY ||
            (cd->done <= CD_REPLY_MAX && cd->left && cd->left <= CD_REPLY_MAX - cd->done)) &&
           (cd->phase != CD_PHASE_PARAMS || (cd->left && cd->left <= CD_REPLY_MAX)) &&
           (cd->phase != CD_PHASE_READ || (cd->left && cd->sector_bytes && cd->sector_bytes <= 2352));
}

/* The disc must be that of the saved machine; one that it had taken out goes out here too. */
static bool cd_loaded(void *self, struct error *err)
{
    struct atapi_cd *cd = self;
    if (!ide_device_loaded(&cd->ide, err))
        return false;
    if (!sane(cd))
        return error_set(err, "state: '%s' is damaged", cd->ide.name);
    if (!cd->media_size) {
        media_close(cd->cfg.media);
        cd->cfg.media = NULL;
    } else if (!cd->cfg.media || cd->cfg.media->size != cd->media_size) {
        return error_set(err, "state: %s held another disc when it was saved", cd->ide.name);
    }
    return true;
}

const struct state_desc atapi_cd_state = {"atapi_cd", 1, cd_fields, .after_load = cd_loaded};

struct atapi_cd *atapi_cd_new(const struct atapi_cd_config *cfg)
{
    struct atapi_cd *cd = alloc_zeroed(sizeof *cd);
    ide_device_init(&cd->ide, &cd_ops, cfg->name, cfg->clock, cfg->log);
    cd->cfg = *cfg;
    cd->media_size = cfg->media ? cfg->media->size : 0;
    cd->limit = BLOCK_MAX;
    cd_default_pages(cd);
    return cd;
}

void atapi_cd_free(struct atapi_cd *cd)
{
    if (!cd)
        return;
    ide_device_free(&cd->ide);
    media_close(cd->cfg.media);
    alloc_free(cd);
}

struct ide_device *atapi_cd_device(struct atapi_cd *cd)
{
    return &cd->ide;
}

struct media *atapi_cd_media(struct atapi_cd *cd)
{
    return cd->cfg.media;
}
