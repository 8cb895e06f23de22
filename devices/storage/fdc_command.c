/* SPDX-License-Identifier: MIT */
/* The command table (data sheet, table 5-1) and the commands that do not touch the surface. */
#include "devices/storage/fdc_internal.h"

typedef void execute_fn(struct fdc *fdc);

struct command {
    uint8_t mask, code, parameters;
    const char *name;
    execute_fn *execute;
};

enum { VERSION_82077 = 0x90, MIN_SEEK_NS = 10000, DRIVE_SELECT = 0x03, HEAD_SELECT = 0x04 };

static struct fdc_drive *named_drive(struct fdc *fdc)
{
    return &fdc->drives[fdc->fifo[0] & DRIVE_SELECT];
}

static void give_result(struct fdc *fdc, uint8_t value)
{
    fdc->fifo[0] = value;
    fdc_results(fdc, 1, false);
}

static void invalid(struct fdc *fdc)
{
    log_write(&fdc->log, LOG_GUEST, "invalid command %02Xh", fdc->command);
    give_result(fdc, ST0_IC_INVALID);
}

/* Seeks. */

/* DRVx BUSY until the interrupt is sensed; meanwhile the controller takes other commands. */
static void start_seek(struct fdc *fdc, struct fdc_drive *drive, unsigned steps, uint8_t st0)
{
    drive->busy = true;
    drive->seek_done = false;
    drive->seek_st0 = (uint8_t)(st0 | drive->number);
    event_at(&drive->seek, clock_now(drive->seek.clock) + MIN_SEEK_NS + fdc_drive_step_ns(drive, steps));
    fdc_idle(fdc);
}

void fdc_seek_finished(struct fdc *fdc, struct fdc_drive *drive)
{
    drive->seek_done = true;
    fdc_set_interrupt(fdc, true);
}

static void recalibrate(struct fdc *fdc)
{
    struct fdc_drive *drive = named_drive(fdc), *moved = fdc_selected(fdc);
    bool present = moved->type != FLOPPY_DRIVE_NONE;
    unsigned steps =
        present && moved->track < FDC_RECALIBRATE_STEPS ? moved->track : (unsigned)FDC_RECALIBRATE_STEPS;
    fdc_drive_step(moved, -(int)steps);
    drive->pcn = 0;
    start_seek(fdc, drive, steps, present && !moved->track ? ST0_SE : ST0_SE | ST0_EC | ST0_IC_ABNORMAL);
}

static void seek_by(struct fdc *fdc, int steps)
{
    struct fdc_drive *drive = named_drive(fdc);
    drive->pcn = (uint8_t)(drive->pcn + steps);
    fdc_drive_step(fdc_selected(fdc), steps);
    start_seek(fdc, drive, (unsigned)(steps < 0 ? -steps : steps),
               (uint8_t)(ST0_SE | (fdc->fifo[0] & HEAD_SELECT)));
}

static void seek(struct fdc *fdc)
{
    seek_by(fdc, fdc->fifo[1] - named_drive(fdc)->pcn);
}

static void relative_seek(struct fdc *fdc)
{
    seek_by(fdc, fdc->command & CMD_DIR ? fdc->fifo[1] : -fdc->fifo[1]);
}

static struct fdc_drive *first_done(struct fdc *fdc)
{
    for (int i = 0; i < FDC_SELECTABLE; i++) {
        if (fdc->drives[i].seek_done)
            return &fdc->drives[i];
    }
    return NULL;
}

static void sense_interrupt(struct fdc *fdc)
{
    struct fdc_drive *drive = first_done(fdc);
    if (fdc->reset_reports) {
        unsigned number = FDC_SELECTABLE - fdc->reset_reports--;
        fdc->fifo[0] = (uint8_t)(ST0_IC_POLLING | number);
        fdc->fifo[1] = fdc->drives[number].pcn;
    } else if (drive) {
        drive->seek_done = drive->busy = false;
        fdc->fifo[0] = drive->seek_st0;
        fdc->fifo[1] = drive->pcn;
    } else {
        invalid(fdc);
        return;
    }
    fdc_set_interrupt(fdc, false);
    fdc_results(fdc, 2, !fdc->reset_reports && first_done(fdc));
}

/* Settings. */

static void sense_drive_status(struct fdc *fdc)
{
    const struct fdc_drive *drive = fdc_selected(fdc);
    bool present = drive->type != FLOPPY_DRIVE_NONE;
    give_result(fdc, (uint8_t)(ST3_RY | ST3_TS | (fdc->fifo[0] & (HEAD_SELECT | DRIVE_SELECT)) |
                               (present && !drive->track ? ST3_T0 : 0) |
                               (fdc_drive_write_protected(drive) ? ST3_WP : 0)));
}

static void specify(struct fdc *fdc)
{
    fdc->srt_hut = fdc->fifo[0];
    fdc->hlt_nd = fdc->fifo[1];
    fdc_idle(fdc);
}

static void configure(struct fdc *fdc)
{
    fdc->configure = fdc->fifo[1] & 0x7F;
    fdc->pretrk = fdc->fifo[2];
    fdc_idle(fdc);
}

static void perpendicular_mode(struct fdc *fdc)
{
    uint8_t value = fdc->fifo[0], drives = value & PERP_OW ? value : fdc->perpendicular;
    fdc->perpendicular = (uint8_t)((drives & PERP_DRIVES) | (value & PERP_GAP_WGATE));
    fdc_idle(fdc);
}

static void lock(struct fdc *fdc)
{
    fdc->lock = fdc->command & CMD_LOCK;
    give_result(fdc, (uint8_t)(fdc->lock << 4));
}

static void version(struct fdc *fdc)
{
    give_result(fdc, VERSION_82077);
}

static void dumpreg(struct fdc *fdc)
{
    for (int i = 0; i < FDC_SELECTABLE; i++)
        fdc->fifo[i] = fdc->drives[i].pcn;
    fdc->fifo[4] = fdc->srt_hut;
    fdc->fifo[5] = fdc->hlt_nd;
    fdc->fifo[6] = fdc->sc_eot;
    fdc->fifo[7] = (uint8_t)(fdc->lock << 7 | fdc->perpendicular);
    fdc->fifo[8] = fdc->configure;
    fdc->fifo[9] = fdc->pretrk;
    fdc_results(fdc, 10, false);
}

/* Commands that address the surface differ in what happens to each sector. */

static void read_data(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_READ);
}

static void write_data(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_WRITE);
}

static void read_track(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_READ_TRACK);
}

static void verify(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_VERIFY);
}

static void format_track(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_FORMAT);
}

static void read_id(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_READ_ID);
}

static void scan_equal(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_SCAN_EQUAL);
}

static void scan_low(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_SCAN_LOW);
}

static void scan_high(struct fdc *fdc)
{
    fdc_transfer_start(fdc, FDC_OP_SCAN_HIGH);
}

/* The 82078's PART ID (18h) is an invalid command here, which is how drivers tell the two apart. */
static const struct command commands[] = {
    {0x1F, 0x06, 8, "READ DATA", read_data},
    {0x1F, 0x0C, 8, "READ DELETED DATA", read_data},
    {0x1F, 0x05, 8, "WRITE DATA", write_data},
    {0x1F, 0x09, 8, "WRITE DELETED DATA", write_data},
    {0x1F, 0x02, 8, "READ TRACK", read_track},
    {0x1F, 0x16, 8, "VERIFY", verify},
    {0x1F, 0x0D, 5, "FORMAT TRACK", format_track},
    {0x1F, 0x11, 8, "SCAN EQUAL", scan_equal},
    {0x1F, 0x19, 8, "SCAN LOW OR EQUAL", scan_low},
    {0x1F, 0x1D, 8, "SCAN HIGH OR EQUAL", scan_high},
    {0x1F, 0x0A, 1, "READ ID", read_id},
    {0xFF, 0x07, 1, "RECALIBRATE", recalibrate},
    {0xFF, 0x08, 0, "SENSE INTERRUPT STATUS", sense_interrupt},
    {0xFF, 0x03, 2, "SPECIFY", specify},
    {0xFF, 0x04, 1, "SENSE DRIVE STATUS", sense_drive_status},
    {0xFF, 0x0F, 2, "SEEK", seek},
    {0xBF, 0x8F, 2, "RELATIVE SEEK", relative_seek},
    {0xFF, 0x13, 3, "CONFIGURE", configure},
    {0xFF, 0x12, 1, "PERPENDICULAR MODE", perpendicular_mode},
    {0x7F, 0x14, 0, "LOCK", lock},
    {0xFF, 0x10, 0, "VERSION", version},
    {0xFF, 0x0E, 0, "DUMPREG", dumpreg},
};

static const struct command unknown = {0, 0, 0, "invalid", invalid};

static const struct command *find_command(uint8_t byte)
{
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if ((byte & commands[i].mask) == commands[i].code)
            return &commands[i];
    }
    return &unknown;
}

void fdc_begin_command(struct fdc *fdc, uint8_t byte)
{
    const struct command *command = find_command(byte);
    fdc->command = byte;
    fdc->fifo_position = 0;
    fdc->fifo_length = command->parameters;
    if (!command->parameters)
        command->execute(fdc);
}

void fdc_execute(struct fdc *fdc)
{
    const struct command *command = find_command(fdc->command);
    const uint8_t *p = fdc->fifo;
    log_write(&fdc->log, LOG_DEBUG, "%s %02X: %02X %02X %02X %02X %02X %02X %02X %02X", command->name,
              fdc->command, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
    if (p[0] % FDC_SELECTABLE != (fdc->dor & DOR_DRIVE_SEL) && command->parameters != 3 &&
        command->execute != specify && command->execute != perpendicular_mode)
        log_write(&fdc->log, LOG_GUEST, "%s for drive %u while DOR selects drive %u", command->name,
                  p[0] % FDC_SELECTABLE, fdc->dor & DOR_DRIVE_SEL);
    command->execute(fdc);
}
