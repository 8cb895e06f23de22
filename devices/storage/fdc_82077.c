/* SPDX-License-Identifier: MIT */
/* Registers, phases, reset, state and construction of the floppy controller. */
#include "devices/storage/fdc_82077.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "devices/media/media.h"
#include "devices/storage/fdc_internal.h"

enum fdc_register { REG_SRA, REG_SRB, REG_DOR, REG_TDR, REG_MSR, REG_FIFO, REG_DSR = REG_MSR };

enum { RESET_NS = 200000, TDR_UNDRIVEN = 0xFC, DIR_UNDRIVEN = 0x7F, DIR_DSKCHG = 0x80 };

static bool in_reset(const struct fdc *fdc)
{
    return !(fdc->dor & DOR_NRESET);
}

/* INT reaches the bus only through the DMA gate of DOR. */
static void drive_line(struct fdc *fdc)
{
    irq_line_set(&fdc->cfg.irq, fdc->interrupt && (fdc->dor & DOR_NDMAGATE));
}

void fdc_set_interrupt(struct fdc *fdc, bool level)
{
    fdc->interrupt = level;
    drive_line(fdc);
}

void fdc_step_at(struct fdc *fdc, enum fdc_step step, uint64_t when)
{
    fdc->step = (uint8_t)step;
    event_at(&fdc->event, when);
}

void fdc_idle(struct fdc *fdc)
{
    fdc->phase = FDC_PHASE_COMMAND;
    fdc->fifo_position = fdc->fifo_length = 0;
    fdc->transfer.operation = FDC_OP_NONE;
}

void fdc_results(struct fdc *fdc, uint8_t length, bool interrupt)
{
    fdc->phase = FDC_PHASE_RESULT;
    fdc->fifo_position = 0;
    fdc->fifo_length = length;
    if (interrupt)
        fdc_set_interrupt(fdc, true);
}

struct fdc_drive *fdc_selected(struct fdc *fdc)
{
    return &fdc->drives[fdc->dor & DOR_DRIVE_SEL];
}

bool fdc_motor_on(const struct fdc *fdc)
{
    return fdc->dor & (DOR_MOT_EN0 << (fdc->dor & DOR_DRIVE_SEL));
}

bool fdc_uses_dma(const struct fdc *fdc)
{
    return !(fdc->hlt_nd & 1);
}

static void event_due(void *opaque, uint64_t late_ns)
{
    struct fdc *fdc = opaque;
    (void)late_ns;
    if (fdc->step != FDC_STEP_ANNOUNCE_RESET) {
        fdc_transfer_due(fdc);
        return;
    }
    fdc->step = FDC_STEP_NONE;
    fdc->reset_reports = FDC_SELECTABLE;
    fdc_set_interrupt(fdc, true);
}

/* What every kind of reset does (section 4). The heads stay where they are, but the chip forgets where. */
static void reset_core(struct fdc *fdc)
{
    event_cancel(&fdc->event);
    fdc->step = FDC_STEP_NONE;
    fdc->host_moves = false;
    fdc->reset_reports = 0;
    fdc->transfer = (struct fdc_transfer){0};
    fdc->perpendicular &= (uint8_t)~PERP_GAP_WGATE;
    fdc->configure &= CONFIG_EFIFO | CONFIG_FIFOTHR;
    if (!fdc->lock) {
        fdc->configure = CONFIG_EFIFO;
        fdc->pretrk = 0;
    }
    for (int i = 0; i < FDC_SELECTABLE; i++) {
        struct fdc_drive *drive = &fdc->drives[i];
        event_cancel(&drive->seek);
        drive->busy = drive->seek_done = false;
        drive->pcn = 0;
    }
    fdc_idle(fdc);
    fdc_set_interrupt(fdc, false);
}

static void leave_reset(struct fdc *fdc)
{
    fdc_step_at(fdc, FDC_STEP_ANNOUNCE_RESET, clock_now(fdc->event.clock) + RESET_NS);
}

/* Registers. */

static uint8_t read_sra(struct fdc *fdc)
{
    const struct fdc_drive *drive = fdc_selected(fdc);
    if (!fdc->cfg.ps2_mode)
        return 0xFF;
    return (uint8_t)((fdc->interrupt ? 0x80 : 0) | (fdc->drives[1].type == FLOPPY_DRIVE_NONE ? 0x40 : 0) |
                     (drive->type != FLOPPY_DRIVE_NONE && !drive->track ? 0 : 0x10) |
                     (fdc->transfer.head ? 0x08 : 0) | 0x04 | (fdc_drive_write_protected(drive) ? 0 : 0x02));
}

static uint8_t read_srb(const struct fdc *fdc)
{
    if (!fdc->cfg.ps2_mode)
        return 0xFF;
    return (uint8_t)(0xC0 | (fdc->dor & 1) << 5 | (fdc->dor >> 4 & 3));
}

static uint8_t read_msr(const struct fdc *fdc)
{
    uint8_t value = 0;
    if (in_reset(fdc))
        return 0;
    for (int i = 0; i < FDC_SELECTABLE; i++)
        value |= (uint8_t)(fdc->drives[i].busy << i);
    switch (fdc->phase) {
    case FDC_PHASE_COMMAND: value |= MSR_RQM | (fdc->fifo_length ? MSR_CMD_BSY : 0); break;
    case FDC_PHASE_RESULT: value |= MSR_RQM | MSR_DIO | MSR_CMD_BSY; break;
    default:
        value |= MSR_CMD_BSY | (fdc_uses_dma(fdc) ? 0 : MSR_NON_DMA);
        if (fdc->host_moves)
            value |= MSR_RQM |
                     (fdc->transfer.operation <= FDC_OP_READ || fdc->transfer.operation == FDC_OP_READ_TRACK
                          ? MSR_DIO
                          : 0);
        break;
    }
    return value;
}

static bool host_reads(const struct fdc *fdc)
{
    return fdc->host_moves && (read_msr(fdc) & MSR_DIO);
}

static void buffer_step(struct fdc *fdc)
{
    if (++fdc->buffer_position < fdc->buffer_length)
        return;
    fdc->host_moves = false;
    fdc_set_interrupt(fdc, false);
    fdc_transfer_moved(fdc);
}

static uint8_t read_fifo(struct fdc *fdc)
{
    if (fdc->phase == FDC_PHASE_RESULT) {
        uint8_t value = fdc->fifo[fdc->fifo_position++];
        if (fdc->transfer.operation != FDC_OP_NONE && fdc->fifo_position == 1)
            fdc_set_interrupt(fdc, false);
        if (fdc->fifo_position == fdc->fifo_length)
            fdc_idle(fdc);
        return value;
    }
    if (fdc->phase == FDC_PHASE_EXECUTION && host_reads(fdc)) {
        uint8_t value = fdc->buffer[fdc->buffer_position];
        buffer_step(fdc);
        return value;
    }
    log_write(&fdc->log, LOG_GUEST, "data register read while there is nothing to read");
    return 0;
}

static void write_fifo(struct fdc *fdc, uint8_t value)
{
    if (in_reset(fdc))
        return;
    if (fdc->phase == FDC_PHASE_EXECUTION && fdc->host_moves && !host_reads(fdc)) {
        fdc->buffer[fdc->buffer_position] = value;
        buffer_step(fdc);
        return;
    }
    if (fdc->phase != FDC_PHASE_COMMAND) {
        log_write(&fdc->log, LOG_GUEST, "%02Xh written to the data register out of turn", value);
        return;
    }
    if (!fdc->fifo_length) {
        fdc_begin_command(fdc, value);
    } else {
        fdc->fifo[fdc->fifo_position++] = value;
    }
    if (fdc->phase == FDC_PHASE_COMMAND && fdc->fifo_length && fdc->fifo_position == fdc->fifo_length)
        fdc_execute(fdc);
}

static void write_dor(struct fdc *fdc, uint8_t value)
{
    uint8_t old = fdc->dor;
    fdc->dor = value;
    if (!(value & DOR_NRESET))
        reset_core(fdc);
    else if (!(old & DOR_NRESET))
        leave_reset(fdc);
    for (int i = 0; i < FDC_SELECTABLE; i++) {
        if (old & ~value & (DOR_MOT_EN0 << i))
            fdc_drive_flush(&fdc->drives[i]);
    }
    fdc_transfer_resume(fdc);
    drive_line(fdc);
}

static void write_dsr(struct fdc *fdc, uint8_t value)
{
    fdc->dsr = value & (uint8_t)~DSR_SW_RESET;
    fdc->rate = value & DSR_DRATE;
    if ((value & DSR_SW_RESET) && !in_reset(fdc)) {
        reset_core(fdc);
        leave_reset(fdc);
    }
}

static uint32_t fdc_read(void *self, uint32_t offset, unsigned size)
{
    struct fdc *fdc = self;
    (void)size;
    switch (offset) {
    case REG_SRA: return read_sra(fdc);
    case REG_SRB: return read_srb(fdc);
    case REG_DOR: return fdc->dor;
    case REG_TDR: return TDR_UNDRIVEN | fdc->tdr;
    case REG_MSR: return read_msr(fdc);
    case REG_FIFO: return read_fifo(fdc);
    default: return 0xFF;
    }
}

static void fdc_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct fdc *fdc = self;
    (void)size;
    switch (offset) {
    case REG_DOR: write_dor(fdc, (uint8_t)value); break;
    case REG_TDR: fdc->tdr = value & 3; break;
    case REG_DSR: write_dsr(fdc, (uint8_t)value); break;
    case REG_FIFO: write_fifo(fdc, (uint8_t)value); break;
    default: break;
    }
}

/* DIR. In AT mode only bit 7 is driven. A drive is selected only together with its motor. */
static uint32_t dir_read(void *self, uint32_t offset, unsigned size)
{
    struct fdc *fdc = self;
    bool changed = fdc_motor_on(fdc) && fdc_drive_changed_line(fdc_selected(fdc));
    bool high_density = fdc->rate == DRATE_500K || fdc->rate == DRATE_1M;
    (void)offset;
    (void)size;
    if (!fdc->cfg.ps2_mode)
        return DIR_UNDRIVEN | (changed ? DIR_DSKCHG : 0);
    return (changed ? DIR_DSKCHG : 0) | 0x78 | (uint32_t)fdc->rate << 1 | (high_density ? 0 : 1);
}

static void ccr_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct fdc *fdc = self;
    (void)offset;
    (void)size;
    fdc->rate = value & DSR_DRATE;
}

const struct port_ops fdc_ports = {fdc_read, fdc_write, 1, 1};
const struct port_ops fdc_dir_ports = {dir_read, ccr_write, 1, 1};

void fdc_reset(struct fdc *fdc)
{
    fdc->dor = 0;
    fdc->tdr = 0;
    fdc->dsr = fdc->rate = DRATE_250K;
    fdc->lock = false;
    fdc->srt_hut = fdc->hlt_nd = fdc->sc_eot = 0;
    fdc->perpendicular = 0;
    reset_core(fdc);
    for (int i = 0; i < FDC_SELECTABLE; i++)
        fdc_drive_flush(&fdc->drives[i]);
}

/* clang-format off */
static const struct state_field transfer_fields[] = {
    STATE_SCALAR(struct fdc_transfer, operation), STATE_SCALAR(struct fdc_transfer, drive),
    STATE_SCALAR(struct fdc_transfer, head), STATE_SCALAR(struct fdc_transfer, c),
    STATE_SCALAR(struct fdc_transfer, h), STATE_SCALAR(struct fdc_transfer, r),
    STATE_SCALAR(struct fdc_transfer, n), STATE_SCALAR(struct fdc_transfer, eot),
    STATE_SCALAR(struct fdc_transfer, dtl), STATE_SCALAR(struct fdc_transfer, multi_track),
    STATE_SCALAR(struct fdc_transfer, skip), STATE_SCALAR(struct fdc_transfer, deleted),
    STATE_SCALAR(struct fdc_transfer, count_sectors), STATE_SCALAR(struct fdc_transfer, sectors_left),
    STATE_SCALAR(struct fdc_transfer, fill), STATE_SCALAR(struct fdc_transfer, slot),
    STATE_SCALAR(struct fdc_transfer, done), STATE_SCALAR(struct fdc_transfer, st0),
    STATE_SCALAR(struct fdc_transfer, st1), STATE_SCALAR(struct fdc_transfer, st2), STATE_END,
};

static const struct state_field drive_fields[] = {
    STATE_SCALAR(struct fdc_drive, media_size), STATE_SCALAR(struct fdc_drive, changed),
    STATE_SCALAR(struct fdc_drive, track), STATE_SCALAR(struct fdc_drive, pcn),
    STATE_SCALAR(struct fdc_drive, busy), STATE_SCALAR(struct fdc_drive, seek_done),
    STATE_SCALAR(struct fdc_drive, seek_st0), STATE_EVENT(struct fdc_drive, seek),
    STATE_ARRAY(struct fdc_drive, deleted), STATE_END,
};

static const struct state_field fdc_fields[] = {
    STATE_SCALAR(struct fdc, dor), STATE_SCALAR(struct fdc, tdr), STATE_SCALAR(struct fdc, dsr),
    STATE_SCALAR(struct fdc, rate), STATE_SCALAR(struct fdc, phase), STATE_SCALAR(struct fdc, command),
    STATE_ARRAY(struct fdc, fifo), STATE_SCALAR(struct fdc, fifo_length),
    STATE_SCALAR(struct fdc, fifo_position), STATE_SCALAR(struct fdc, interrupt),
    STATE_SCALAR(struct fdc, reset_reports), STATE_SCALAR(struct fdc, srt_hut),
    STATE_SCALAR(struct fdc, hlt_nd), STATE_SCALAR(struct fdc, configure),
    STATE_SCALAR(struct fdc, pretrk), STATE_SCALAR(struct fdc, perpendicular),
    STATE_SCALAR(struct fdc, sc_eot), STATE_SCALAR(struct fdc, lock), STATE_SCALAR(struct fdc, step),
    STATE_STRUCT(struct fdc, transfer, transfer_fields), STATE_EVENT(struct fdc, event),
    STATE_SCALAR(struct fdc, host_moves), STATE_SCALAR(struct fdc, buffer_position),
    STATE_SCALAR(struct fdc, buffer_length), STATE_ARRAY(struct fdc, buffer),
    STATE_STRUCT_ARRAY(struct fdc, drives, drive_fields), STATE_END,
};
/* clang-format on */

static bool sane(const struct fdc *fdc)
{
    return fdc->rate <= DRATE_1M && fdc->phase <= FDC_PHASE_RESULT && fdc->fifo_length <= FDC_MAX_RESULT &&
           fdc->fifo_position <= fdc->fifo_length && fdc->buffer_length <= FDC_SECTOR &&
           (!fdc->host_moves || fdc->buffer_position < fdc->buffer_length) &&
           (fdc->phase != FDC_PHASE_RESULT || fdc->fifo_position < fdc->fifo_length) &&
           fdc->step <= FDC_STEP_FORMAT && fdc->transfer.operation <= FDC_OP_READ_ID &&
           (fdc->transfer.operation != FDC_OP_FORMAT || fdc->sc_eot || fdc->step != FDC_STEP_FORMAT);
}

/* The disks in the drives must be those of the saved machine; one that it had ejected goes out here too. */
static bool fdc_loaded(void *self, struct error *err)
{
    struct fdc *fdc = self;
    if (!sane(fdc))
        return error_set(err, "state: the floppy controller's part is damaged");
    for (unsigned i = 0; i < FDC_SELECTABLE; i++) {
        struct fdc_drive *drive = &fdc->drives[i];
        bool changed = drive->changed;
        if (drive->media && !drive->media_size)
            fdc_eject(fdc, i);
        drive->changed = changed;
        if (drive->media_size != (drive->media ? drive->media->size : 0))
            return error_set(err, "state: drive %c: held another disk when it was saved", (int)('A' + i));
    }
    return true;
}

const struct state_desc fdc_state = {"fdc", 1, fdc_fields, .after_load = fdc_loaded};

struct fdc *fdc_new(const struct fdc_config *cfg)
{
    struct fdc *fdc = alloc_zeroed(sizeof *fdc);
    fdc->cfg = *cfg;
    log_attach(cfg->log, &fdc->log, "fdc");
    event_init(&fdc->event, cfg->clock, "fdc", event_due, fdc);
    for (unsigned i = 0; i < FDC_SELECTABLE; i++)
        fdc_drive_init(&fdc->drives[i], fdc, i, i < FDC_DRIVES ? cfg->drives[i] : FLOPPY_DRIVE_NONE);
    fdc_reset(fdc);
    return fdc;
}

void fdc_free(struct fdc *fdc)
{
    if (!fdc)
        return;
    event_cancel(&fdc->event);
    for (int i = 0; i < FDC_SELECTABLE; i++)
        fdc_drive_free(&fdc->drives[i]);
    log_detach(&fdc->log);
    alloc_free(fdc);
}
