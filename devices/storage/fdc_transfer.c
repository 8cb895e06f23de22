/* SPDX-License-Identifier: MIT */
/* Commands that touch the surface: find sectors as they pass, move their data, end with ST0-ST2 and the
 * address fields that the data sheet's result phase table gives. */
#include <string.h>

#include "devices/chipset/dma_8237.h"
#include "devices/storage/fdc_internal.h"

enum { COMMAND_NS = 1000, FORMAT_FIELDS = 4 };

static uint64_t now(const struct fdc *fdc)
{
    return clock_now(fdc->event.clock);
}

static bool is_write(enum fdc_operation operation)
{
    return operation == FDC_OP_WRITE || operation == FDC_OP_FORMAT;
}

static bool is_scan(enum fdc_operation operation)
{
    return operation >= FDC_OP_SCAN_EQUAL && operation <= FDC_OP_SCAN_HIGH;
}

/* Operations for which the host supplies data. */
static bool host_supplies(enum fdc_operation operation)
{
    return is_write(operation) || is_scan(operation);
}

static void request_dma(struct fdc *fdc, bool level)
{
    if (fdc->cfg.dma)
        dma_set_dreq(fdc->cfg.dma, fdc->cfg.dma_channel, level && (fdc->dor & DOR_NDMAGATE));
}

/* Ends the command: seven result bytes and an interrupt. */
static void finish(struct fdc *fdc, bool abnormal)
{
    const struct fdc_transfer *t = &fdc->transfer;
    fdc->step = FDC_STEP_NONE;
    request_dma(fdc, false);
    fdc->fifo[0] = t->st0 | (abnormal ? ST0_IC_ABNORMAL : 0);
    fdc->fifo[1] = t->st1;
    fdc->fifo[2] = t->st2;
    fdc->fifo[3] = t->c;
    fdc->fifo[4] = t->h;
    fdc->fifo[5] = t->r;
    fdc->fifo[6] = t->n;
    log_write(&fdc->log, LOG_DEBUG, "ends with ST0 %02Xh ST1 %02Xh ST2 %02Xh C %u H %u R %u N %u",
              fdc->fifo[0], t->st1, t->st2, t->c, t->h, t->r, t->n);
    fdc_results(fdc, 7, true);
}

static void fail(struct fdc *fdc, uint8_t st1, uint8_t st2)
{
    fdc->transfer.st1 |= st1;
    fdc->transfer.st2 |= st2;
    finish(fdc, true);
}

/* Fails after the index hole has passed twice. */
static void give_up(struct fdc *fdc, uint8_t st1, uint8_t st2)
{
    fdc->transfer.st1 |= st1;
    fdc->transfer.st2 |= st2;
    fdc_step_at(fdc, FDC_STEP_GIVE_UP, now(fdc) + 2 * fdc_drive_revolution_ns(fdc_selected(fdc)));
}

/* No disk that turns: no index pulses, and the controller waits for them until it is reset. */
static bool disk_turns(struct fdc *fdc)
{
    if (fdc_selected(fdc)->media && fdc_motor_on(fdc))
        return true;
    log_write(&fdc->log, LOG_DEBUG, "drive %u has no disk or its motor is off: the command hangs",
              fdc->dor & DOR_DRIVE_SEL);
    return false;
}

static bool under_head(struct fdc *fdc, uint8_t *cylinder)
{
    return fdc_drive_readable(fdc_selected(fdc), fdc->transfer.head, fdc->rate, fdc->command & CMD_MFM,
                              cylinder);
}

/* Movement of one buffer between host and controller. */

static void ask_host(struct fdc *fdc, uint16_t length)
{
    fdc->buffer_position = 0;
    fdc->buffer_length = length;
    fdc->host_moves = true;
    fdc_set_interrupt(fdc, true);
}

/* By DMA: how much came or went; terminal count ends the command after this sector. */
static uint32_t move_by_dma(struct fdc *fdc, enum dma_direction direction, uint32_t length)
{
    if (!fdc->cfg.dma || !(fdc->dor & DOR_NDMAGATE))
        return 0;
    struct dma_result result =
        dma_transfer(fdc->cfg.dma, fdc->cfg.dma_channel, direction, fdc->buffer, length);
    fdc->transfer.done |= result.tc;
    return result.moved;
}

/* Fills the buffer from the host by DMA, zeros after terminal count. False (command ended) on overrun. */
static bool fetch_by_dma(struct fdc *fdc, uint32_t length, uint32_t *got)
{
    memset(fdc->buffer, 0, sizeof fdc->buffer);
    *got = move_by_dma(fdc, DMA_FROM_MEMORY, length);
    if (*got == length || fdc->transfer.done)
        return true;
    fail(fdc, ST1_OR, 0);
    return false;
}

/* Sequence of sectors. */

static void search(struct fdc *fdc);

static unsigned sector_step(const struct fdc_transfer *t)
{
    return is_scan(t->operation) && t->dtl == 2 ? 2 : 1;
}

static bool at_end_of_track(const struct fdc_transfer *t)
{
    return t->r == t->eot || (t->r < t->eot && t->r + sector_step(t) > t->eot);
}

/* Address fields for the sector after this one. */
static void advance(struct fdc_transfer *t)
{
    if (!at_end_of_track(t)) {
        t->r = (uint8_t)(t->r + sector_step(t));
        return;
    }
    t->r = 1;
    if (!t->multi_track) {
        t->c++;
        return;
    }
    if (t->head)
        t->c++;
    t->head ^= 1;
    t->h ^= 1;
}

static void next_sector(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    bool end = at_end_of_track(t) && !(t->multi_track && !t->head);
    if (t->count_sectors && !--t->sectors_left)
        t->done = true;
    advance(t);
    if (t->done) {
        finish(fdc, false);
    } else if (end && (is_scan(t->operation) || (t->operation == FDC_OP_VERIFY && !t->count_sectors))) {
        finish(fdc, false);
    } else if (end) {
        fail(fdc, ST1_EN, 0);
    } else {
        t->st0 = (uint8_t)((t->st0 & ~ST0_H) | (t->head ? ST0_H : 0));
        search(fdc);
    }
}

/* A sector with the other kind of mark, not skipped, is the last one, and its address stays. */
static void after_sector(struct fdc *fdc)
{
    const struct fdc_transfer *t = &fdc->transfer;
    if (t->operation == FDC_OP_READ_TRACK) {
        fdc->transfer.slot++;
        advance(&fdc->transfer);
        if (t->done)
            finish(fdc, false);
        else if (t->slot >= t->eot)
            fail(fdc, ST1_EN, 0);
        else
            search(fdc);
    } else if ((t->st2 & ST2_CM) && !t->skip) {
        finish(fdc, false);
    } else {
        next_sector(fdc);
    }
}

/* One sector of each operation, as it has passed under the head. */

static void offer_sector(struct fdc *fdc)
{
    if (!fdc_uses_dma(fdc)) {
        ask_host(fdc, FDC_SECTOR);
        return;
    }
    if (move_by_dma(fdc, DMA_TO_MEMORY, FDC_SECTOR) < FDC_SECTOR && !fdc->transfer.done)
        fail(fdc, ST1_OR, 0);
    else
        after_sector(fdc);
}

static void read_sector(struct fdc *fdc, uint8_t cylinder)
{
    struct fdc_transfer *t = &fdc->transfer;
    bool deleted;
    if (!fdc_drive_read(fdc_selected(fdc), cylinder, t->head, t->r, fdc->buffer, &deleted)) {
        fail(fdc, ST1_DE, ST2_DD);
        return;
    }
    if (deleted != t->deleted)
        t->st2 |= ST2_CM;
    if (deleted != t->deleted && t->skip)
        next_sector(fdc);
    else if (t->operation == FDC_OP_VERIFY)
        after_sector(fdc);
    else
        offer_sector(fdc);
}

static void write_sector(struct fdc *fdc, uint8_t cylinder)
{
    struct fdc_transfer *t = &fdc->transfer;
    uint32_t got;
    if (fdc_uses_dma(fdc) && !fetch_by_dma(fdc, FDC_SECTOR, &got))
        return;
    if (!fdc_drive_write(fdc_selected(fdc), cylinder, t->head, t->r, fdc->buffer, t->deleted)) {
        t->st0 |= ST0_EC;
        finish(fdc, true);
        return;
    }
    next_sector(fdc);
}

/* Sectors come as they lie on the track; a wrong address is noted and does not stop it. */
static void read_track_sector(struct fdc *fdc, uint8_t cylinder)
{
    struct fdc_transfer *t = &fdc->transfer;
    unsigned r = t->slot % fdc_selected(fdc)->geometry.sectors + 1u;
    bool deleted;
    if (!fdc_drive_read(fdc_selected(fdc), cylinder, t->head, r, fdc->buffer, &deleted)) {
        fail(fdc, ST1_DE, ST2_DD);
        return;
    }
    if (t->c != cylinder || t->h != t->head || t->r != r || t->n != FDC_SIZE_CODE)
        t->st1 |= ST1_ND;
    if (deleted)
        t->st2 |= ST2_CM;
    offer_sector(fdc);
}

/* Disk against host, FFh on either side matching anything. */
static int compare(const uint8_t *disk, const uint8_t *host, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (disk[i] != host[i] && disk[i] != 0xFF && host[i] != 0xFF)
            return disk[i] < host[i] ? -1 : 1;
    }
    return 0;
}

static void scan_sector(struct fdc *fdc, uint8_t cylinder)
{
    struct fdc_transfer *t = &fdc->transfer;
    uint8_t disk[FDC_SECTOR];
    uint32_t size = FDC_SECTOR;
    bool deleted;
    if (fdc_uses_dma(fdc) && !fetch_by_dma(fdc, FDC_SECTOR, &size))
        return;
    if (!fdc_drive_read(fdc_selected(fdc), cylinder, t->head, t->r, disk, &deleted)) {
        fail(fdc, ST1_DE, ST2_DD);
        return;
    }
    if (deleted)
        t->st2 |= ST2_CM;
    int order = compare(disk, fdc->buffer, size);
    t->st2 &= (uint8_t) ~(ST2_SH | ST2_SN);
    if (!order) {
        t->st2 |= ST2_SH;
        finish(fdc, false);
    } else if ((order < 0 && t->operation == FDC_OP_SCAN_LOW) ||
               (order > 0 && t->operation == FDC_OP_SCAN_HIGH)) {
        finish(fdc, false);
    } else {
        t->st2 |= ST2_SN;
        next_sector(fdc);
    }
}

static void sector_passed(struct fdc *fdc)
{
    uint8_t cylinder;
    enum fdc_operation operation = fdc->transfer.operation;
    if (!disk_turns(fdc))
        return;
    if (!under_head(fdc, &cylinder) || !fdc->transfer.r ||
        (operation != FDC_OP_READ_TRACK && fdc->transfer.r > fdc_selected(fdc)->geometry.sectors)) {
        fail(fdc, ST1_MA, 0); /* another disk came in the meantime */
        return;
    }
    if (operation == FDC_OP_READ_TRACK)
        read_track_sector(fdc, cylinder);
    else if (operation == FDC_OP_WRITE)
        write_sector(fdc, cylinder);
    else if (is_scan(operation))
        scan_sector(fdc, cylinder);
    else
        read_sector(fdc, cylinder);
}

/* FORMAT TRACK. */

static void next_format_sector(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    uint64_t end;
    fdc_drive_slot_at(fdc_selected(fdc), t->slot, fdc->sc_eot, &end);
    fdc_step_at(fdc, FDC_STEP_FORMAT, end);
}

/* A raw image holds sectors of its own geometry only. */
static void lay_down_sector(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    struct fdc_drive *drive = fdc_selected(fdc);
    uint8_t cylinder, bytes[FDC_SECTOR];
    t->c = fdc->buffer[0];
    t->h = fdc->buffer[1];
    t->r = fdc->buffer[2];
    t->n = fdc->buffer[3];
    if (!under_head(fdc, &cylinder) || t->c != cylinder || t->h != t->head || t->n != FDC_SIZE_CODE ||
        !t->r || t->r > drive->geometry.sectors) {
        log_write(&fdc->log, LOG_WARN,
                  "format of C %u H %u R %u N %u does not fit the image in drive %u: sector left as it was",
                  t->c, t->h, t->r, t->n, drive->number);
        return;
    }
    memset(bytes, t->fill, sizeof bytes);
    if (!fdc_drive_write(drive, cylinder, t->head, t->r, bytes, false))
        t->st0 |= ST0_EC;
}

static void format_sector(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    uint32_t got;
    if (!disk_turns(fdc) || (fdc_uses_dma(fdc) && !fetch_by_dma(fdc, FORMAT_FIELDS, &got)))
        return;
    lay_down_sector(fdc);
    t->slot++;
    if ((t->st0 & ST0_EC) || !--t->sectors_left)
        finish(fdc, t->st0 & ST0_EC);
    else if (fdc_uses_dma(fdc))
        next_format_sector(fdc);
    else
        ask_host(fdc, FORMAT_FIELDS);
}

static void begin_format(struct fdc *fdc)
{
    if (!fdc->transfer.sectors_left)
        finish(fdc, false);
    else if (fdc_uses_dma(fdc))
        next_format_sector(fdc);
    else
        ask_host(fdc, FORMAT_FIELDS);
}

/* READ ID. */

static void begin_read_id(struct fdc *fdc)
{
    struct fdc_drive *drive = fdc_selected(fdc);
    uint64_t end;
    fdc->transfer.slot = (uint8_t)fdc_drive_next_slot(drive, drive->geometry.sectors);
    fdc_step_at(fdc, FDC_STEP_ID,
                fdc_drive_slot_at(drive, fdc->transfer.slot, drive->geometry.sectors, &end));
}

static void id_passed(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    uint8_t cylinder;
    if (!disk_turns(fdc))
        return;
    if (!under_head(fdc, &cylinder)) {
        fail(fdc, ST1_MA, 0);
        return;
    }
    t->c = cylinder;
    t->h = t->head;
    t->r = (uint8_t)(t->slot + 1);
    t->n = FDC_SIZE_CODE;
    finish(fdc, false);
}

/* Waits for the sector that the address fields name. */
static void wait_for_sector(struct fdc *fdc)
{
    const struct fdc_transfer *t = &fdc->transfer;
    const struct fdc_drive *drive = fdc_selected(fdc);
    unsigned slot = t->operation == FDC_OP_READ_TRACK ? t->slot : t->r - 1u;
    uint64_t end;
    fdc_drive_slot_at(drive, slot, drive->geometry.sectors, &end);
    fdc_step_at(fdc, FDC_STEP_SECTOR, end);
}

static void search(struct fdc *fdc)
{
    const struct fdc_transfer *t = &fdc->transfer;
    uint8_t cylinder;
    if (!under_head(fdc, &cylinder)) {
        give_up(fdc, ST1_MA, 0);
        return;
    }
    bool found = t->c == cylinder && t->h == t->head && t->n == FDC_SIZE_CODE && t->r &&
                 t->r <= fdc_selected(fdc)->geometry.sectors;
    if (t->operation != FDC_OP_READ_TRACK && !found)
        give_up(fdc, ST1_ND, t->c == cylinder ? 0 : ST2_WC);
    else if (host_supplies(t->operation) && !fdc_uses_dma(fdc))
        ask_host(fdc, FDC_SECTOR);
    else
        wait_for_sector(fdc);
}

static void begin(struct fdc *fdc)
{
    uint8_t cylinder;
    if (!disk_turns(fdc))
        return;
    if (is_write(fdc->transfer.operation) && fdc_drive_write_protected(fdc_selected(fdc))) {
        fail(fdc, ST1_NW, 0);
        return;
    }
    request_dma(fdc, fdc_uses_dma(fdc) && fdc->transfer.operation != FDC_OP_READ_ID);
    if (fdc->transfer.operation == FDC_OP_FORMAT)
        begin_format(fdc);
    else if (fdc->transfer.operation != FDC_OP_READ_ID)
        search(fdc);
    else if (under_head(fdc, &cylinder))
        begin_read_id(fdc);
    else
        give_up(fdc, ST1_MA, 0);
}

void fdc_transfer_due(struct fdc *fdc)
{
    enum fdc_step step = fdc->step;
    fdc->step = FDC_STEP_NONE;
    switch (step) {
    case FDC_STEP_BEGIN: begin(fdc); break;
    case FDC_STEP_SECTOR: sector_passed(fdc); break;
    case FDC_STEP_GIVE_UP: finish(fdc, true); break;
    case FDC_STEP_ID: id_passed(fdc); break;
    case FDC_STEP_FORMAT: format_sector(fdc); break;
    default: break;
    }
}

void fdc_transfer_moved(struct fdc *fdc)
{
    if (!disk_turns(fdc))
        return;
    if (fdc->transfer.operation == FDC_OP_FORMAT)
        next_format_sector(fdc);
    else if (host_supplies(fdc->transfer.operation))
        wait_for_sector(fdc);
    else
        after_sector(fdc);
}

/* Start of a command: parameters, then what can be told at once. */

static void take_address(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    const uint8_t *p = fdc->fifo;
    uint8_t code = fdc->command & 0x1F;
    t->c = p[1];
    t->h = p[2];
    t->r = p[3];
    t->n = p[4];
    t->eot = fdc->sc_eot = p[5];
    t->dtl = p[7];
    t->multi_track = (fdc->command & CMD_MT) && t->operation != FDC_OP_READ_TRACK;
    t->skip = (fdc->command & CMD_SK) && !is_write(t->operation) && t->operation != FDC_OP_READ_TRACK;
    t->deleted = code == 0x0C || code == 0x09;
    t->count_sectors = t->operation == FDC_OP_VERIFY && (p[0] & 0x80);
    t->sectors_left = t->dtl;
}

/* Implied seek (EIS in CONFIGURE): as SEEK, then the command. */
static uint64_t implied_seek(struct fdc *fdc)
{
    struct fdc_transfer *t = &fdc->transfer;
    struct fdc_drive *drive = &fdc->drives[t->drive], *moved = fdc_selected(fdc);
    int steps = t->c - drive->pcn;
    if (!(fdc->configure & CONFIG_EIS) || t->operation == FDC_OP_FORMAT || t->operation == FDC_OP_READ_ID ||
        !steps)
        return 0;
    fdc_drive_step(moved, steps);
    drive->pcn = t->c;
    t->st0 |= ST0_SE;
    return fdc_drive_step_ns(moved, (unsigned)(steps < 0 ? -steps : steps));
}

void fdc_transfer_start(struct fdc *fdc, enum fdc_operation operation)
{
    struct fdc_transfer *t = &fdc->transfer;
    const uint8_t *p = fdc->fifo;
    *t = (struct fdc_transfer){
        .operation = (uint8_t)operation, .drive = p[0] & 3, .head = p[0] >> 2 & 1, .st0 = p[0] & 7};
    if (operation == FDC_OP_FORMAT) {
        t->n = p[1];
        t->sectors_left = fdc->sc_eot = p[2];
        t->fill = p[4];
    } else if (operation != FDC_OP_READ_ID) {
        take_address(fdc);
    }
    fdc->phase = FDC_PHASE_EXECUTION;
    fdc_set_interrupt(fdc, false);
    fdc_step_at(fdc, FDC_STEP_BEGIN, now(fdc) + COMMAND_NS + implied_seek(fdc));
}

void fdc_transfer_resume(struct fdc *fdc)
{
    if (fdc->phase == FDC_PHASE_EXECUTION && fdc->step == FDC_STEP_NONE && !fdc->host_moves)
        fdc_step_at(fdc, FDC_STEP_BEGIN, now(fdc) + COMMAND_NS);
}
