/* SPDX-License-Identifier: MIT */
/* Life of a disk: reset, phases, settings, state, construction. */
#include "devices/storage/ata_disk.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "devices/media/media.h"
#include "devices/storage/ata_internal.h"

enum {
    DEFAULT_HEADS = 16,
    DEFAULT_SECTORS = 63,
    MAX_CYLINDERS = 16383,
    MAX_CHS_SECTORS = 16514064, /* ATA-6, 6.2.1: what CHS words may describe */
};

void ata_disk_geometry(const struct ata_disk *disk, unsigned *cylinders, unsigned *heads, unsigned *sectors)
{
    uint64_t n = disk->sectors / (DEFAULT_HEADS * DEFAULT_SECTORS);
    *cylinders = n > MAX_CYLINDERS ? MAX_CYLINDERS : n ? (unsigned)n : 1;
    *heads = DEFAULT_HEADS;
    *sectors = DEFAULT_SECTORS;
}

void ata_set_translation(struct ata_disk *disk, unsigned heads, unsigned sectors_per_track)
{
    uint64_t reach = disk->sectors < MAX_CHS_SECTORS ? disk->sectors : MAX_CHS_SECTORS;
    uint64_t cylinders = reach / (heads * sectors_per_track);
    disk->heads = heads;
    disk->sectors_per_track = sectors_per_track;
    disk->cylinders = cylinders > UINT16_MAX ? UINT16_MAX : (uint32_t)cylinders;
}

void ata_default_translation(struct ata_disk *disk)
{
    ata_disk_geometry(disk, &disk->cylinders, &disk->heads, &disk->sectors_per_track);
}

void ata_default_settings(struct ata_disk *disk)
{
    ata_default_translation(disk);
    disk->multiple = 0;
    disk->write_cache = true;
    disk->look_ahead = true;
}

void ata_finish(struct ata_disk *disk, uint8_t status, uint8_t error, bool interrupt)
{
    disk->phase = ATA_PHASE_IDLE;
    ata_restart_standby(disk);
    if (error)
        log_write(&disk->ide.log, LOG_DEBUG, "%s: ends with status %02Xh, error %02Xh", disk->ide.name,
                  status, error);
    ide_device_finish(&disk->ide, status, error, interrupt);
}

void ata_finish_after(struct ata_disk *disk, uint64_t ns, uint8_t error)
{
    disk->phase = ATA_PHASE_FINISH;
    disk->result = error;
    ide_device_wait(&disk->ide, ns);
}

void ata_offer(struct ata_disk *disk)
{
    disk->phase = ATA_PHASE_OFFER;
    ide_device_wait(&disk->ide, ATA_COMMAND_NS);
}

static void disk_command(struct ide_device *device, uint8_t command)
{
    struct ata_disk *disk = ata_of(device);
    if (disk->power == ATA_POWER_SLEEP) {
        log_write(&device->log, LOG_GUEST, "%s: command %02Xh while asleep; only a reset wakes it",
                  device->name, command);
        device->status &= (uint8_t)~STATUS_BSY;
        return;
    }
    event_cancel(&disk->standby);
    if (ata_is_transfer(command))
        ata_transfer_command(disk, command);
    else
        ata_command(disk, command);
}

static void disk_due(struct ide_device *device)
{
    struct ata_disk *disk = ata_of(device);
    switch (disk->phase) {
    case ATA_PHASE_FINISH:
        ata_finish(disk, (uint8_t)(ATA_READY | (disk->result ? STATUS_ERR : 0)), disk->result, true);
        break;
    case ATA_PHASE_OFFER:
        device->status = ATA_READY;
        ide_device_pio(device, IDE_PIO_IN, ATA_SECTOR, true);
        break;
    case ATA_PHASE_TAKE:
        device->status = ATA_READY;
        ide_device_pio(device, IDE_PIO_OUT, ATA_SECTOR, false);
        break;
    default: ata_transfer_due(disk); break;
    }
}

static void disk_moved(struct ide_device *device)
{
    struct ata_disk *disk = ata_of(device);
    switch (disk->phase) {
    case ATA_PHASE_OFFER: ata_finish(disk, ATA_READY, 0, false); break;
    case ATA_PHASE_TAKE:
        memcpy(disk->sector_buffer, device->buffer, ATA_SECTOR);
        ata_finish_after(disk, ATA_COMMAND_NS, 0);
        break;
    default: ata_transfer_moved(disk); break;
    }
}

static void disk_reset(struct ide_device *device, enum ide_reset kind)
{
    struct ata_disk *disk = ata_of(device);
    disk->phase = ATA_PHASE_IDLE;
    if (kind == IDE_RESET_HARD) {
        disk->keep_settings = false;
        disk->mdma = disk->udma = 0;
        disk->standby_timer = 0;
        disk->power = ATA_POWER_IDLE;
        event_cancel(&disk->standby);
    }
    if (kind != IDE_RESET_DIAGNOSTIC && !disk->keep_settings)
        ata_default_settings(disk);
    if (disk->power == ATA_POWER_SLEEP)
        disk->power = ATA_POWER_STANDBY;
    ide_device_signature(device, 0, 0);
    device->status = ATA_READY;
}

static const struct ide_device_ops disk_ops = {
    .command = disk_command, .due = disk_due, .moved = disk_moved, .reset = disk_reset};

static void standby_due(void *opaque, uint64_t late_ns)
{
    struct ata_disk *disk = opaque;
    (void)late_ns;
    if (disk->phase == ATA_PHASE_IDLE && disk->power < ATA_POWER_STANDBY)
        disk->power = ATA_POWER_STANDBY;
}

/* clang-format off */
static const struct state_field disk_fields[] = {
    STATE_STRUCT(struct ata_disk, ide, ide_device_fields), STATE_SCALAR(struct ata_disk, sectors),
    STATE_SCALAR(struct ata_disk, cylinders), STATE_SCALAR(struct ata_disk, heads),
    STATE_SCALAR(struct ata_disk, sectors_per_track), STATE_SCALAR(struct ata_disk, multiple),
    STATE_SCALAR(struct ata_disk, phase), STATE_SCALAR(struct ata_disk, result),
    STATE_SCALAR(struct ata_disk, lba), STATE_SCALAR(struct ata_disk, left),
    STATE_SCALAR(struct ata_disk, block), STATE_SCALAR(struct ata_disk, count),
    STATE_SCALAR(struct ata_disk, ext), STATE_SCALAR(struct ata_disk, by_dma),
    STATE_SCALAR(struct ata_disk, next_lba), STATE_SCALAR(struct ata_disk, write_cache),
    STATE_SCALAR(struct ata_disk, look_ahead), STATE_SCALAR(struct ata_disk, keep_settings),
    STATE_SCALAR(struct ata_disk, smart), STATE_SCALAR(struct ata_disk, mdma),
    STATE_SCALAR(struct ata_disk, udma), STATE_SCALAR(struct ata_disk, power),
    STATE_SCALAR(struct ata_disk, standby_timer), STATE_EVENT(struct ata_disk, standby),
    STATE_ARRAY(struct ata_disk, sector_buffer), STATE_END,
};
/* clang-format on */

static bool disk_loaded(void *self, struct error *err)
{
    struct ata_disk *disk = self;
    if (!ide_device_loaded(&disk->ide, err))
        return false;
    if (disk->sectors != disk->cfg.media->size / ATA_SECTOR)
        return error_set(err, "state: '%s' has another size than when it was saved", disk->cfg.media->name);
    if (!disk->heads || disk->heads > 16 || !disk->sectors_per_track || disk->multiple > ATA_MAX_MULTIPLE ||
        disk->count > ATA_DMA_CHUNK || disk->block > ATA_DMA_CHUNK || disk->phase > ATA_PHASE_WRITE)
        return error_set(err, "state: '%s' is damaged", disk->ide.name);
    return true;
}

const struct state_desc ata_disk_state = {"ata_disk", 1, disk_fields, .after_load = disk_loaded};

struct ata_disk *ata_disk_new(const struct ata_disk_config *cfg)
{
    struct ata_disk *disk = alloc_zeroed(sizeof *disk);
    ide_device_init(&disk->ide, &disk_ops, cfg->name, cfg->clock, cfg->log);
    event_init(&disk->standby, cfg->clock, cfg->name, standby_due, disk);
    disk->cfg = *cfg;
    disk->sectors = cfg->media->size / ATA_SECTOR;
    if (cfg->serial)
        snprintf(disk->serial, sizeof disk->serial, "%s", cfg->serial);
    else
        snprintf(disk->serial, sizeof disk->serial, "LT-%s-0001", cfg->name);
    disk->smart = true;
    disk->power = ATA_POWER_IDLE;
    ata_default_settings(disk);
    return disk;
}

void ata_disk_free(struct ata_disk *disk)
{
    if (!disk)
        return;
    event_cancel(&disk->standby);
    ide_device_free(&disk->ide);
    media_close(disk->cfg.media);
    alloc_free(disk);
}

struct ide_device *ata_disk_device(struct ata_disk *disk)
{
    return &disk->ide;
}

struct media *ata_disk_media(struct ata_disk *disk)
{
    return disk->cfg.media;
}
