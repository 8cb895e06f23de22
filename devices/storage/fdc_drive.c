/* SPDX-License-Identifier: MIT */
/* Floppy drives: heads, rotation, change line, and the disks in them. */
#include <string.h>

#include "core/base/error.h"
#include "devices/media/media.h"
#include "devices/storage/fdc_internal.h"

enum {
    DEFAULT_SPEEDUP = 10,
    REVOLUTION_300_RPM = 200000000, /* ns */
    REVOLUTION_360_RPM = 166666667,
    NS_PER_MS = 1000000,
    LAST_TRACK = FLOPPY_MAX_CYLINDERS - 1, /* where the head meets the stop */
};

static unsigned speedup(const struct fdc_drive *drive)
{
    return drive->fdc->cfg.speedup ? drive->fdc->cfg.speedup : DEFAULT_SPEEDUP;
}

uint64_t fdc_drive_revolution_ns(const struct fdc_drive *drive)
{
    unsigned ns = drive->type == FLOPPY_DRIVE_1200K ? REVOLUTION_360_RPM : REVOLUTION_300_RPM;
    return ns / speedup(drive);
}

/* Step rate time: 16 - SRT ms at 500 kbit/s, longer or shorter with the data rate (table 5-10). */
uint64_t fdc_drive_step_ns(const struct fdc_drive *drive, unsigned steps)
{
    static const uint16_t percent[] = {100, 167, 200, 50};
    uint64_t units = 16 - (drive->fdc->srt_hut >> 4);
    return steps * units * NS_PER_MS * percent[drive->fdc->rate] / 100 / speedup(drive);
}

void fdc_drive_step(struct fdc_drive *drive, int steps)
{
    int track = drive->track + steps;
    if (steps && drive->media)
        drive->changed = false;
    drive->track = (uint8_t)(track < 0 ? 0 : track > LAST_TRACK ? LAST_TRACK : track);
}

/* 360K drives have no change line. */
bool fdc_drive_changed_line(const struct fdc_drive *drive)
{
    return drive->type != FLOPPY_DRIVE_NONE && drive->type != FLOPPY_DRIVE_360K &&
           (drive->changed || !drive->media);
}

/* The sensor of an empty drive sees no notch either. */
bool fdc_drive_write_protected(const struct fdc_drive *drive)
{
    return drive->type != FLOPPY_DRIVE_NONE && (!drive->media || drive->media->read_only);
}

static bool drive_reads_density(enum floppy_drive_type type, enum floppy_density density)
{
    switch (type) {
    case FLOPPY_DRIVE_360K:
    case FLOPPY_DRIVE_720K: return density == FLOPPY_DD;
    case FLOPPY_DRIVE_1200K:
    case FLOPPY_DRIVE_1440K: return density <= FLOPPY_HD;
    default: return true;
    }
}

/* Double density turns faster in a 1.2M drive, so that its bits come at 300 instead of 250 kbit/s. */
static enum fdc_data_rate rate_of(const struct fdc_drive *drive)
{
    switch (drive->geometry.density) {
    case FLOPPY_DD: return drive->type == FLOPPY_DRIVE_1200K ? DRATE_300K : DRATE_250K;
    case FLOPPY_HD: return DRATE_500K;
    default: return DRATE_1M;
    }
}

bool fdc_drive_readable(const struct fdc_drive *drive, unsigned head, uint8_t rate, bool mfm,
                        uint8_t *cylinder)
{
    bool double_step = drive->type == FLOPPY_DRIVE_1200K && drive->geometry.drive == FLOPPY_DRIVE_360K;
    *cylinder = (uint8_t)(drive->track >> double_step);
    return mfm && rate == rate_of(drive) && drive_reads_density(drive->type, drive->geometry.density) &&
           !(double_step && drive->track & 1) && *cylinder < drive->geometry.cylinders &&
           head < drive->geometry.heads;
}

/* The index hole passes at multiples of the revolution. A slot that began a moment ago still counts: its gap
 * is under the head, and the last sector's deadline may be noticed late. */
uint64_t fdc_drive_slot_at(const struct fdc_drive *drive, unsigned slot, unsigned slots, uint64_t *end)
{
    uint64_t turn = fdc_drive_revolution_ns(drive), now = clock_now(drive->seek.clock);
    uint64_t begin = turn * (slot % slots) / slots, grace = turn / slots / 4;
    uint64_t start = now - now % turn + begin;
    while (start + grace < now)
        start += turn;
    *end = start - begin + turn * (slot % slots + 1) / slots;
    return start;
}

unsigned fdc_drive_next_slot(const struct fdc_drive *drive, unsigned slots)
{
    uint64_t turn = fdc_drive_revolution_ns(drive), now = clock_now(drive->seek.clock);
    return (unsigned)((now % turn * slots + turn - 1) / turn) % slots;
}

static uint32_t sector_index(const struct fdc_drive *drive, uint8_t cylinder, unsigned head, unsigned sector)
{
    return ((uint32_t)cylinder * drive->geometry.heads + head) * drive->geometry.sectors + sector - 1;
}

bool fdc_drive_read(struct fdc_drive *drive, uint8_t cylinder, unsigned head, unsigned sector, uint8_t *bytes,
                    bool *deleted)
{
    uint32_t index = sector_index(drive, cylinder, head, sector);
    *deleted = drive->deleted[index / 8] >> (index % 8) & 1;
    return media_read(drive->media, (uint64_t)index * FDC_SECTOR, bytes, FDC_SECTOR);
}

bool fdc_drive_write(struct fdc_drive *drive, uint8_t cylinder, unsigned head, unsigned sector,
                     const uint8_t *bytes, bool deleted)
{
    uint32_t index = sector_index(drive, cylinder, head, sector);
    uint8_t bit = (uint8_t)(1 << (index % 8));
    drive->deleted[index / 8] = (uint8_t)((drive->deleted[index / 8] & ~bit) | (deleted ? bit : 0));
    drive->written = true;
    return media_write(drive->media, (uint64_t)index * FDC_SECTOR, bytes, FDC_SECTOR);
}

void fdc_drive_flush(struct fdc_drive *drive)
{
    if (drive->media && drive->written)
        media_flush(drive->media);
    drive->written = false;
}

static void seek_due(void *opaque, uint64_t late_ns)
{
    struct fdc_drive *drive = opaque;
    (void)late_ns;
    fdc_seek_finished(drive->fdc, drive);
}

void fdc_drive_init(struct fdc_drive *drive, struct fdc *fdc, unsigned number, enum floppy_drive_type type)
{
    static const char *const names[] = {"fda", "fdb", "fdc", "fdd"};
    *drive = (struct fdc_drive){.fdc = fdc, .number = number, .type = type, .changed = true};
    event_init(&drive->seek, fdc->cfg.clock, names[number], seek_due, drive);
}

void fdc_drive_free(struct fdc_drive *drive)
{
    event_cancel(&drive->seek);
    fdc_drive_flush(drive);
    media_close(drive->media);
    drive->media = NULL;
}

bool fdc_insert(struct fdc *fdc, unsigned number, struct media *media, struct error *err)
{
    struct fdc_drive *drive = number < FDC_DRIVES ? &fdc->drives[number] : NULL;
    struct floppy_geometry geometry;
    if (!drive || drive->type == FLOPPY_DRIVE_NONE)
        return error_set(err, "this machine has no floppy drive %c:", (int)('A' + number));
    if (!floppy_geometry_of(media, &geometry) || floppy_geometry_size(&geometry) > media->size)
        return error_set(err, "'%s' is no floppy disk image", media->name);
    fdc_eject(fdc, number);
    drive->media = media;
    drive->media_size = media->size;
    drive->geometry = geometry;
    log_write(&fdc->log, LOG_INFO, "%s: '%s' inserted: %u cylinders, %u heads, %u sectors%s",
              drive->seek.name, media->name, geometry.cylinders, geometry.heads, geometry.sectors,
              media->read_only ? ", write protected" : "");
    fdc_transfer_resume(fdc);
    return true;
}

void fdc_eject(struct fdc *fdc, unsigned number)
{
    struct fdc_drive *drive = &fdc->drives[number % FDC_SELECTABLE];
    if (!drive->media)
        return;
    fdc_drive_flush(drive);
    media_close(drive->media);
    drive->media = NULL;
    drive->media_size = 0;
    drive->changed = true;
    memset(drive->deleted, 0, sizeof drive->deleted);
}

struct media *fdc_media(struct fdc *fdc, unsigned number)
{
    return number < FDC_DRIVES ? fdc->drives[number].media : NULL;
}
