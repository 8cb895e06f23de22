/* SPDX-License-Identifier: MIT */
/* The packet command table, and the commands that neither read nor describe: MMC-3, SPC-2. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/storage/atapi_internal.h"

enum { SENSE_SIZE = 18, SENSE_CURRENT_FIXED = 0x70 };

enum command_flag {
    FLAG_NEEDS_DISC = 1,
    FLAG_NO_ATTENTION = 2, /* works while a unit attention is pending, and leaves it */
};

typedef void execute_fn(struct atapi_cd *cd);

struct command {
    execute_fn *execute;
    uint8_t flags;
};

static void test_unit_ready(struct atapi_cd *cd)
{
    cd_good(cd);
}

/* Reports the last command's sense, or a unit attention that none has met yet. */
static void request_sense(struct atapi_cd *cd)
{
    uint8_t *data = cd->reply, key = cd->sense_key;
    uint16_t code = cd->sense_code;
    if (!key && (cd->attention_reset || cd->attention_media)) {
        key = KEY_UNIT_ATTENTION;
        code = cd->attention_reset ? ASC_RESET : ASC_MEDIUM_CHANGED;
        if (cd->attention_reset)
            cd->attention_reset = false;
        else
            cd->attention_media = false;
    }
    memset(data, 0, SENSE_SIZE);
    data[0] = SENSE_CURRENT_FIXED;
    data[2] = key;
    data[7] = SENSE_SIZE - 8;
    data[12] = (uint8_t)(code >> 8);
    data[13] = (uint8_t)code;
    cd_reply(cd, SENSE_SIZE, cd->packet[4]);
}

/* The disc stays in an open tray: LoEj with Start takes it in again. */
static void move_tray(struct atapi_cd *cd, bool load)
{
    if (load == !cd->tray_open) {
        cd_good(cd);
        return;
    }
    if (!load && cd->locked) {
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_REMOVAL_PREVENTED);
        return;
    }
    cd->tray_open = !load;
    cd->event = EVENT_NONE;
    if (cd->cfg.media) {
        cd->attention_media = load;
        cd->event = load ? EVENT_NEW_MEDIA : EVENT_MEDIA_REMOVAL;
    }
    cd_good(cd);
}

static void start_stop_unit(struct atapi_cd *cd)
{
    bool start = cd->packet[4] & 1, load_eject = cd->packet[4] & 2;
    if (load_eject)
        move_tray(cd, start);
    else if (start && !cd_has_disc(cd))
        cd_check(cd, KEY_NOT_READY, cd->tray_open ? ASC_NO_MEDIUM_TRAY_OPEN : ASC_NO_MEDIUM_TRAY_CLOSED);
    else
        cd_good(cd);
}

static void prevent_allow(struct atapi_cd *cd)
{
    cd->locked = cd->packet[4] & 1;
    cd_good(cd);
}

static void seek(struct atapi_cd *cd)
{
    uint32_t lba = load_be32(cd->packet + 2);
    if (lba >= cd_sectors(cd)) {
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
        return;
    }
    cd->next_lba = lba;
    cd_good(cd);
}

/* There is no audio track to play. */
static void play_audio(struct atapi_cd *cd)
{
    cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_ILLEGAL_MODE_FOR_TRACK);
}

static void pause_resume(struct atapi_cd *cd)
{
    cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_COMMAND_SEQUENCE);
}

/* clang-format off */
static const struct command commands[256] = {
    [0x00] = {test_unit_ready, FLAG_NEEDS_DISC},
    [0x03] = {request_sense, FLAG_NO_ATTENTION},
    [0x12] = {cd_inquiry, FLAG_NO_ATTENTION},
    [0x15] = {cd_mode_select_6, 0},
    [0x1A] = {cd_mode_sense_6, 0},
    [0x1B] = {start_stop_unit, 0},
    [0x1E] = {prevent_allow, 0},
    [0x25] = {cd_read_capacity, FLAG_NEEDS_DISC},
    [0x28] = {cd_read_10, FLAG_NEEDS_DISC},
    [0x2B] = {seek, FLAG_NEEDS_DISC},
    [0x42] = {cd_read_subchannel, FLAG_NEEDS_DISC},
    [0x43] = {cd_read_toc, FLAG_NEEDS_DISC},
    [0x45] = {play_audio, FLAG_NEEDS_DISC},
    [0x46] = {cd_get_configuration, FLAG_NO_ATTENTION},
    [0x47] = {play_audio, FLAG_NEEDS_DISC},
    [0x4A] = {cd_get_event_status, FLAG_NO_ATTENTION},
    [0x4B] = {pause_resume, FLAG_NEEDS_DISC},
    [0x4E] = {test_unit_ready, FLAG_NEEDS_DISC}, /* STOP PLAY/SCAN: nothing plays */
    [0x51] = {cd_read_disc_information, FLAG_NEEDS_DISC},
    [0x52] = {cd_read_track_information, FLAG_NEEDS_DISC},
    [0x55] = {cd_mode_select_10, 0},
    [0x5A] = {cd_mode_sense_10, 0},
    [0xA5] = {play_audio, FLAG_NEEDS_DISC},
    [0xA8] = {cd_read_12, FLAG_NEEDS_DISC},
    [0xAD] = {cd_read_dvd_structure, FLAG_NEEDS_DISC},
    [0xB9] = {cd_read_cd_msf, FLAG_NEEDS_DISC},
    [0xBB] = {test_unit_ready, 0}, /* SET CD SPEED: one speed fits all */
    [0xBD] = {cd_mechanism_status, 0},
    [0xBE] = {cd_read_cd, FLAG_NEEDS_DISC},
};
/* clang-format on */

/* True where a pending unit attention ended the command instead. */
static bool attention(struct atapi_cd *cd)
{
    if (cd->attention_reset) {
        cd->attention_reset = false;
        cd_check(cd, KEY_UNIT_ATTENTION, ASC_RESET);
        return true;
    }
    if (cd->attention_media) {
        cd->attention_media = false;
        cd_check(cd, KEY_UNIT_ATTENTION, ASC_MEDIUM_CHANGED);
        return true;
    }
    return false;
}

void cd_execute(struct atapi_cd *cd)
{
    const struct command *command = &commands[cd->packet[0]];
    const uint8_t *p = cd->packet;
    log_write(&cd->ide.log, LOG_DEBUG, "%s: packet %02X %02X %02X%02X%02X%02X %02X%02X%02X%02X %02X %02X",
              cd->ide.name, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11]);
    if (!(command->flags & FLAG_NO_ATTENTION) && attention(cd))
        return;
    if (!command->execute) {
        log_write(&cd->ide.log, LOG_GUEST, "%s: unknown packet command %02Xh", cd->ide.name, p[0]);
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_INVALID_COMMAND);
        return;
    }
    if ((command->flags & FLAG_NEEDS_DISC) && !cd_has_disc(cd)) {
        cd_check(cd, KEY_NOT_READY, cd->tray_open ? ASC_NO_MEDIUM_TRAY_OPEN : ASC_NO_MEDIUM_TRAY_CLOSED);
        return;
    }
    command->execute(cd);
}
