/* SPDX-License-Identifier: MIT */
/* The inside of the floppy controller, shared by its files: fdc_82077.c (registers, phases, life),
 * fdc_command.c (command table, control commands), fdc_transfer.c (commands that touch the surface),
 * fdc_drive.c (mechanics and media). */
#ifndef LATHE_DEVICES_STORAGE_FDC_INTERNAL_H
#define LATHE_DEVICES_STORAGE_FDC_INTERNAL_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "devices/storage/fdc_82077.h"

enum fdc_dor_bit {
    DOR_DRIVE_SEL = 0x03,
    DOR_NRESET = 0x04,
    DOR_NDMAGATE = 0x08,
    DOR_MOT_EN0 = 0x10,
};

enum fdc_msr_bit { MSR_RQM = 0x80, MSR_DIO = 0x40, MSR_NON_DMA = 0x20, MSR_CMD_BSY = 0x10 };

enum fdc_dsr_bit { DSR_SW_RESET = 0x80, DSR_POWER_DOWN = 0x40, DSR_DRATE = 0x03 };

enum fdc_data_rate { DRATE_500K, DRATE_300K, DRATE_250K, DRATE_1M };

enum fdc_st0_bit {
    ST0_IC_ABNORMAL = 0x40,
    ST0_IC_INVALID = 0x80,
    ST0_IC_POLLING = 0xC0,
    ST0_SE = 0x20,
    ST0_EC = 0x10,
    ST0_H = 0x04,
};

enum fdc_st1_bit { ST1_EN = 0x80, ST1_DE = 0x20, ST1_OR = 0x10, ST1_ND = 0x04, ST1_NW = 0x02, ST1_MA = 0x01 };

enum fdc_st2_bit {
    ST2_CM = 0x40,
    ST2_DD = 0x20,
    ST2_WC = 0x10,
    ST2_SH = 0x08, /* scan equal hit */
    ST2_SN = 0x04, /* scan not satisfied */
    ST2_BC = 0x02,
    ST2_MD = 0x01,
};

enum fdc_st3_bit { ST3_WP = 0x40, ST3_RY = 0x20, ST3_T0 = 0x10, ST3_TS = 0x08, ST3_HD = 0x04 };

enum fdc_command_bit { CMD_MT = 0x80, CMD_MFM = 0x40, CMD_SK = 0x20, CMD_DIR = 0x40, CMD_LOCK = 0x80 };

/* CONFIGURE, second parameter. */
enum fdc_configure_bit { CONFIG_EIS = 0x40, CONFIG_EFIFO = 0x20, CONFIG_POLL = 0x10, CONFIG_FIFOTHR = 0x0F };

/* PERPENDICULAR MODE. */
enum fdc_perpendicular_bit { PERP_OW = 0x80, PERP_DRIVES = 0x3C, PERP_GAP_WGATE = 0x03 };

enum fdc_phase { FDC_PHASE_COMMAND, FDC_PHASE_EXECUTION, FDC_PHASE_RESULT };

/* What the execution event does at its deadline. */
enum fdc_step {
    FDC_STEP_NONE,
    FDC_STEP_ANNOUNCE_RESET, /* drive polling after a reset finds four changes */
    FDC_STEP_BEGIN,          /* command latency and implied seek are over */
    FDC_STEP_SECTOR,         /* the wanted sector has passed under the head */
    FDC_STEP_GIVE_UP,        /* two index pulses without it */
    FDC_STEP_ID,             /* an address field has passed */
    FDC_STEP_FORMAT,         /* time to lay down the next sector */
};

/* What happens with each sector that the command meets. */
enum fdc_operation {
    FDC_OP_NONE,
    FDC_OP_READ,
    FDC_OP_WRITE,
    FDC_OP_VERIFY,
    FDC_OP_READ_TRACK,
    FDC_OP_SCAN_EQUAL,
    FDC_OP_SCAN_LOW,
    FDC_OP_SCAN_HIGH,
    FDC_OP_FORMAT,
    FDC_OP_READ_ID,
};

enum {
    FDC_SELECTABLE = 4, /* drives that the chip can select; the board has two */
    FDC_SECTOR = 512,
    FDC_SIZE_CODE = 2, /* N of 512-byte sectors */
    FDC_MAX_PARAMETERS = 9,
    FDC_MAX_RESULT = 10,
    FDC_RECALIBRATE_STEPS = 79,
    FDC_MARK_BYTES = (FLOPPY_MAX_CYLINDERS * 2 * FLOPPY_MAX_SECTORS + 7) / 8,
};

struct fdc_drive {
    struct fdc *fdc;
    unsigned number;
    enum floppy_drive_type type;
    struct media *media;
    struct floppy_geometry geometry;
    uint64_t media_size; /* 0: empty */
    bool changed;        /* latch behind the DSKCHG line */
    bool written;        /* since the last flush */
    uint8_t track;       /* where the head is */
    uint8_t pcn;         /* where the controller believes it is */
    bool busy;           /* DRVx BUSY in MSR */
    bool seek_done;      /* waits for SENSE INTERRUPT STATUS */
    uint8_t seek_st0;
    struct event seek;
    uint8_t deleted[FDC_MARK_BYTES]; /* a bit a sector: written with a deleted-data mark */
};

struct fdc_transfer {
    uint8_t operation; /* enum fdc_operation */
    uint8_t drive, head;
    uint8_t c, h, r, n, eot, dtl;
    bool multi_track, skip, deleted; /* MT, SK; the mark that the command wants or writes */
    bool count_sectors;              /* VERIFY with EC */
    uint8_t sectors_left;            /* VERIFY with EC, FORMAT */
    uint8_t fill;                    /* FORMAT's D */
    uint8_t slot;                    /* READ TRACK, FORMAT, READ ID: sectors since the index hole */
    bool done;                       /* terminal count, or all of it moved */
    uint8_t st0, st1, st2;
};

struct fdc {
    struct fdc_config cfg;
    struct log_source log;
    uint8_t dor, tdr, dsr, rate;
    uint8_t phase; /* enum fdc_phase */
    uint8_t command;
    uint8_t fifo[FDC_MAX_RESULT]; /* parameters, then results */
    uint8_t fifo_length, fifo_position;
    bool interrupt;        /* INT before the DMA gate */
    uint8_t reset_reports; /* SENSE INTERRUPT STATUS answers still due after a reset */
    /* SPECIFY, CONFIGURE, PERPENDICULAR MODE, LOCK, and what DUMPREG shows besides. */
    uint8_t srt_hut, hlt_nd, configure, pretrk, perpendicular, sc_eot;
    bool lock;
    /* Execution. */
    uint8_t step; /* enum fdc_step */
    struct fdc_transfer transfer;
    struct event event;
    bool host_moves; /* non-DMA: the host fills or empties the buffer now */
    uint16_t buffer_position, buffer_length;
    uint8_t buffer[FDC_SECTOR];
    struct fdc_drive drives[FDC_SELECTABLE];
};

/* fdc_82077.c */
void fdc_set_interrupt(struct fdc *fdc, bool level);
void fdc_step_at(struct fdc *fdc, enum fdc_step step, uint64_t when);
/* Enters the result phase with `length` bytes that are in the FIFO. */
void fdc_results(struct fdc *fdc, uint8_t length, bool interrupt);
void fdc_idle(struct fdc *fdc);
/* The drive that DOR selects, which is what the pins reach whatever a command says. */
struct fdc_drive *fdc_selected(struct fdc *fdc);
bool fdc_motor_on(const struct fdc *fdc);
bool fdc_uses_dma(const struct fdc *fdc);

/* fdc_command.c */
void fdc_begin_command(struct fdc *fdc, uint8_t command);
void fdc_execute(struct fdc *fdc);
void fdc_seek_finished(struct fdc *fdc, struct fdc_drive *drive);

/* fdc_transfer.c */
void fdc_transfer_start(struct fdc *fdc, enum fdc_operation operation);
void fdc_transfer_due(struct fdc *fdc);
/* Non-DMA: the host has moved the last byte of the buffer. */
void fdc_transfer_moved(struct fdc *fdc);
/* A disk began to turn: a command that waits for index pulses goes on. */
void fdc_transfer_resume(struct fdc *fdc);

/* fdc_drive.c */
void fdc_drive_init(struct fdc_drive *drive, struct fdc *fdc, unsigned number, enum floppy_drive_type type);
void fdc_drive_free(struct fdc_drive *drive);
/* Moves the head by `steps` (negative: outwards); a step with a disk in the drive clears the change latch. */
void fdc_drive_step(struct fdc_drive *drive, int steps);
uint64_t fdc_drive_step_ns(const struct fdc_drive *drive, unsigned steps);
bool fdc_drive_changed_line(const struct fdc_drive *drive);
bool fdc_drive_write_protected(const struct fdc_drive *drive);
/* Cylinder of the disk under the head; false where nothing is written there that this data rate and head
 * could read. */
bool fdc_drive_readable(const struct fdc_drive *drive, unsigned head, uint8_t rate, bool mfm,
                        uint8_t *cylinder);
uint64_t fdc_drive_revolution_ns(const struct fdc_drive *drive);
/* When slot `slot` (0 begins at the index hole) next begins, or just began; *end: when it is past. */
uint64_t fdc_drive_slot_at(const struct fdc_drive *drive, unsigned slot, unsigned slots, uint64_t *end);
/* The slot whose beginning passes the head next. */
unsigned fdc_drive_next_slot(const struct fdc_drive *drive, unsigned slots);
bool fdc_drive_read(struct fdc_drive *drive, uint8_t cylinder, unsigned head, unsigned sector, uint8_t *bytes,
                    bool *deleted);
bool fdc_drive_write(struct fdc_drive *drive, uint8_t cylinder, unsigned head, unsigned sector,
                     const uint8_t *bytes, bool deleted);
void fdc_drive_flush(struct fdc_drive *drive);

#endif
