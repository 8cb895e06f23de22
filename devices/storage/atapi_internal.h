/* SPDX-License-Identifier: MIT */
/* The inside of a CD-ROM drive, shared by its files: atapi_cd.c (life, registers, packet protocol),
 * atapi_command.c (command table, small commands), atapi_read.c (sectors), atapi_info.c (what the drive and
 * the disc tell about themselves), atapi_mode.c (mode pages). */
#ifndef LATHE_DEVICES_STORAGE_ATAPI_INTERNAL_H
#define LATHE_DEVICES_STORAGE_ATAPI_INTERNAL_H

#include "devices/media/media.h"
#include "devices/storage/atapi_cd.h"
#include "devices/storage/ide_device.h"

/* Interrupt reason, in the sector count register. */
enum atapi_reason { REASON_COD = 0x01, REASON_IO = 0x02 };

/* Sense keys, SPC-2. */
enum sense_key {
    KEY_NO_SENSE = 0,
    KEY_NOT_READY = 2,
    KEY_MEDIUM_ERROR = 3,
    KEY_ILLEGAL_REQUEST = 5,
    KEY_UNIT_ATTENTION = 6,
};

/* Additional sense code << 8 | qualifier. */
enum sense_code {
    ASC_UNRECOVERED_READ_ERROR = 0x1100,
    ASC_PARAMETER_LIST_LENGTH = 0x1A00,
    ASC_INVALID_COMMAND = 0x2000,
    ASC_LBA_OUT_OF_RANGE = 0x2100,
    ASC_INVALID_FIELD_IN_CDB = 0x2400,
    ASC_INVALID_FIELD_IN_PARAMETERS = 0x2600,
    ASC_MEDIUM_CHANGED = 0x2800,
    ASC_RESET = 0x2900,
    ASC_COMMAND_SEQUENCE = 0x2C00,
    ASC_SAVING_NOT_SUPPORTED = 0x3900,
    ASC_NO_MEDIUM_TRAY_CLOSED = 0x3A01,
    ASC_NO_MEDIUM_TRAY_OPEN = 0x3A02,
    ASC_REMOVAL_PREVENTED = 0x5302,
    ASC_ILLEGAL_MODE_FOR_TRACK = 0x6400,
};

/* Media events of GET EVENT STATUS NOTIFICATION. */
enum media_event { EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIA = 2, EVENT_MEDIA_REMOVAL = 3 };

enum cd_phase {
    CD_PHASE_IDLE,
    CD_PHASE_ABORT,  /* due: end an ATA command with ABRT */
    CD_PHASE_DONE,   /* due: end an ATA command well */
    CD_PHASE_OFFER,  /* due: offer IDENTIFY data */
    CD_PHASE_PACKET, /* due: ask for the packet; moved: execute it */
    CD_PHASE_REPLY,  /* due: offer the next part of the reply */
    CD_PHASE_READ,   /* due: offer the next part of the sectors */
    CD_PHASE_PARAMS, /* due: ask for the parameter list */
    CD_PHASE_RESULT, /* due: status of the packet command */
};

enum {
    CD_PACKET = 12,
    CD_REPLY_MAX = 512,
    CD_PAGE_01 = 8,
    CD_PAGE_0D = 8,
    CD_PAGE_0E = 16,
    CD_DATA_SECTORS_OF_CD = 449850, /* 99:59:74 and less is a CD, more a DVD */
};

/* Latencies, ns. */
enum { CD_COMMAND_NS = 20000, CD_SEEK_NS = 500000, CD_NEXT_NS = 30000, CD_SECTOR_NS = 40000 };

struct atapi_cd {
    struct ide_device ide; /* first: ops get a pointer to it */
    struct atapi_cd_config cfg;
    uint64_t media_size; /* 0: empty */
    bool tray_open, locked;
    bool attention_reset, attention_media; /* unit attentions not yet reported */
    uint8_t event;                         /* enum media_event not yet reported */
    uint8_t sense_key;
    uint16_t sense_code;
    uint8_t mdma, udma; /* bits as in the high bytes of IDENTIFY words 63 and 88 */
    /* The command in progress. */
    uint8_t phase; /* enum cd_phase */
    uint8_t packet[CD_PACKET];
    bool by_dma;
    uint16_t limit; /* bytes a PIO block */
    uint32_t left;  /* bytes not yet moved */
    uint32_t part;  /* bytes in the IDE buffer */
    uint32_t done;  /* bytes moved, from the start of the reply or the sectors */
    uint32_t lba, sector_bytes;
    uint8_t sector_fields; /* READ CD byte 9 */
    uint32_t next_lba;
    uint8_t reply[CD_REPLY_MAX];
    /* Mode pages that MODE SELECT changes. */
    uint8_t page_01[CD_PAGE_01], page_0d[CD_PAGE_0D], page_0e[CD_PAGE_0E];
};

static inline struct atapi_cd *cd_of(struct ide_device *device)
{
    return (struct atapi_cd *)device;
}

/* atapi_cd.c: the ways in which a packet command goes on. Each leaves the drive busy until a deadline. */
void cd_good(struct atapi_cd *cd);
void cd_check(struct atapi_cd *cd, enum sense_key key, enum sense_code code);
/* Ends with CHECK CONDITION, ILLEGAL REQUEST, INVALID FIELD IN CDB. */
void cd_invalid_field(struct atapi_cd *cd);
/* Sends the first `length` bytes of the reply, cut to the allocation length. */
void cd_reply(struct atapi_cd *cd, uint32_t length, uint32_t allocation);
/* Sends `count` sectors from cd->lba on. */
void cd_send_sectors(struct atapi_cd *cd, uint32_t count, uint32_t sector_bytes, uint8_t fields);
/* Asks for a parameter list, which then comes to cd_params_came. */
void cd_ask_params(struct atapi_cd *cd, uint32_t length);

bool cd_has_disc(const struct atapi_cd *cd);
uint32_t cd_sectors(const struct atapi_cd *cd);
bool cd_is_dvd(const struct atapi_cd *cd);

/* atapi_command.c */
void cd_execute(struct atapi_cd *cd);

/* atapi_read.c */
void cd_read_10(struct atapi_cd *cd);
void cd_read_12(struct atapi_cd *cd);
void cd_read_cd(struct atapi_cd *cd);
void cd_read_cd_msf(struct atapi_cd *cd);
/* Fills the IDE buffer with cd->part bytes of the sectors from cd->done on; false where the host cannot. */
bool cd_fill(struct atapi_cd *cd);

/* atapi_info.c */
void cd_inquiry(struct atapi_cd *cd);
void cd_read_capacity(struct atapi_cd *cd);
void cd_read_toc(struct atapi_cd *cd);
void cd_read_subchannel(struct atapi_cd *cd);
void cd_read_disc_information(struct atapi_cd *cd);
void cd_read_track_information(struct atapi_cd *cd);
void cd_read_dvd_structure(struct atapi_cd *cd);
void cd_get_configuration(struct atapi_cd *cd);
void cd_get_event_status(struct atapi_cd *cd);
void cd_mechanism_status(struct atapi_cd *cd);
void cd_identify(const struct atapi_cd *cd, uint8_t *words);

/* atapi_mode.c */
void cd_mode_sense_6(struct atapi_cd *cd);
void cd_mode_sense_10(struct atapi_cd *cd);
void cd_mode_select_6(struct atapi_cd *cd);
void cd_mode_select_10(struct atapi_cd *cd);
void cd_params_came(struct atapi_cd *cd);
void cd_default_pages(struct atapi_cd *cd);

#endif
