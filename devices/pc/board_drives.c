/* SPDX-License-Identifier: MIT */
/* The pc board's drives: floppies on the 82077AA, disks and CD-ROMs on the PIIX IDE channels. */
#include "core/base/error.h"
#include "core/base/log.h"
#include "devices/media/media.h"
#include "devices/pc/board_i440fx.h"

enum { DMA_FLOPPY = 2 };

static const char *const ide_names[MACHINE_IDE_DRIVES] = {"hda", "hdb", "hdc", "hdd"};

/* A drive made for the medium; an empty drive A: takes 1.44M disks, an unused drive B: is not there. */
static enum floppy_drive_type floppy_type(struct media *media, unsigned drive)
{
    struct floppy_geometry geometry;
    if (media && floppy_geometry_of(media, &geometry))
        return geometry.drive;
    return media || drive == 0 ? FLOPPY_DRIVE_1440K : FLOPPY_DRIVE_NONE;
}

static bool new_floppies(struct board *board, struct irq_line irq, struct error *err)
{
    struct machine *machine = board->machine;
    struct machine_config *config = &machine->config;
    struct fdc_config fdc = {.clock = &machine->clock,
                             .log = config->log,
                             .irq = irq,
                             .dma = board->dma,
                             .dma_channel = DMA_FLOPPY};
    for (unsigned i = 0; i < FDC_DRIVES; i++)
        fdc.drives[i] = board->floppy_type[i] = floppy_type(config->media[DRIVE_FDA + i], i);
    board->fdc = fdc_new(&fdc);
    for (unsigned i = 0; i < FDC_DRIVES; i++) {
        struct media *media = config->media[DRIVE_FDA + i];
        config->media[DRIVE_FDA + i] = NULL;
        if (media && !fdc_insert(board->fdc, i, media, err)) {
            media_close(media);
            return false;
        }
    }
    return true;
}

static struct ide_device *new_ide_device(struct board *board, unsigned number)
{
    struct machine *machine = board->machine;
    struct media *media = machine->config.media[DRIVE_HDA + number];
    machine->config.media[DRIVE_HDA + number] = NULL;
    if (machine->config.is_cdrom[DRIVE_HDA + number]) {
        board->cdrom[number] = atapi_cd_new(&(struct atapi_cd_config){
            .clock = &machine->clock, .log = machine->config.log, .name = ide_names[number], .media = media});
        return atapi_cd_device(board->cdrom[number]);
    }
    if (!media)
        return NULL;
    board->disk[number] = ata_disk_new(&(struct ata_disk_config){
        .clock = &machine->clock, .log = machine->config.log, .name = ide_names[number], .media = media});
    return ata_disk_device(board->disk[number]);
}

bool board_new_drives(struct board *board, struct irq_line floppy_irq, struct error *err)
{
    for (unsigned i = 0; i < MACHINE_IDE_DRIVES; i++) {
        struct ide_device *device = new_ide_device(board, i);
        if (device)
            piix_ide_attach(board->ide, i / 2, i % 2, device);
    }
    return new_floppies(board, floppy_irq, err);
}

void board_free_drives(struct board *board)
{
    for (unsigned i = 0; i < MACHINE_IDE_DRIVES; i++) {
        ata_disk_free(board->disk[i]);
        atapi_cd_free(board->cdrom[i]);
    }
    fdc_free(board->fdc);
    for (unsigned i = 0; i < DRIVE_COUNT; i++)
        media_close(board->machine->config.media[i]);
}

void board_register_drives(struct board *board, struct state_set *set)
{
    state_set_add(set, "fdc", &fdc_state, board->fdc);
    for (unsigned i = 0; i < MACHINE_IDE_DRIVES; i++) {
        if (board->disk[i])
            state_set_add(set, ide_names[i], &ata_disk_state, board->disk[i]);
        if (board->cdrom[i])
            state_set_add(set, ide_names[i], &atapi_cd_state, board->cdrom[i]);
    }
}

struct media *board_medium(const struct board *board, enum machine_drive drive)
{
    if (drive <= DRIVE_FDB)
        return fdc_media(board->fdc, drive);
    unsigned number = drive - DRIVE_HDA;
    if (board->cdrom[number])
        return atapi_cd_media(board->cdrom[number]);
    return board->disk[number] ? ata_disk_media(board->disk[number]) : NULL;
}

void board_insert(struct board *board, unsigned drive, struct media *media)
{
    struct error err;
    if (drive >= DRIVE_HDA) {
        atapi_cd_insert(board->cdrom[drive - DRIVE_HDA], media);
    } else if (!fdc_insert(board->fdc, drive, media, &err)) {
        log_write(&board->machine->log, LOG_ERROR, "%s", err.text);
        media_close(media);
    }
}

void board_eject(struct board *board, unsigned drive)
{
    struct error err;
    if (drive <= DRIVE_FDB)
        fdc_eject(board->fdc, drive);
    else if (!atapi_cd_eject(board->cdrom[drive - DRIVE_HDA], false, &err))
        log_write(&board->machine->log, LOG_WARN, "%s", err.text);
}
