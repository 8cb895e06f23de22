/* SPDX-License-Identifier: MIT */
/* An ATAPI CD-ROM/DVD-ROM drive: packet interface of ATA/ATAPI-6, commands of MMC-3, for discs with one data
 * track.
 */
#ifndef LATHE_DEVICES_STORAGE_ATAPI_CD_H
#define LATHE_DEVICES_STORAGE_ATAPI_CD_H

#include <stdbool.h>

struct atapi_cd;
struct clock;
struct error;
struct ide_device;
struct log;
struct media;
struct state_desc;

struct atapi_cd_config {
    struct clock *clock;
    struct log *log;
    const char *name;    /* "hdc"; outlives the drive */
    struct media *media; /* owned from here on; NULL: empty */
};

struct atapi_cd *atapi_cd_new(const struct atapi_cd_config *cfg);

/* Closes the disc in it. */
void atapi_cd_free(struct atapi_cd *cd);

/* What ide_channel_attach takes. */
struct ide_device *atapi_cd_device(struct atapi_cd *cd);

/* Puts a disc in, which the drive owns from here on, in place of the old one, and closes the tray. The guest
 * sees a unit attention. */
void atapi_cd_insert(struct atapi_cd *cd, struct media *media);

/* Takes the disc out and closes it, like the eject button. Where the guest has locked the tray: false with
 * *err, and the guest sees the request, unless `force`. */
bool atapi_cd_eject(struct atapi_cd *cd, bool force, struct error *err);

struct media *atapi_cd_media(struct atapi_cd *cd);

extern const struct state_desc atapi_cd_state;

#endif
