/* SPDX-License-Identifier: MIT */
/* INT 13h for floppy drives 00h and 01h (IBM PS/2 and PC BIOS Interface Technical Reference, INT 13h
 * diskette). */
#include "system/bda.h"
#include "system/cpu.h"
#include "system/floppy.h"
#include "system/int13.h"
#include "system/memory_map.h"
#include "system/private.h"
#include "system/regs.h"

/* Diskette parameter tables by format; fixed.S has the 1.44 MB one at its historic address. */
struct format {
    uint8_t last_track, sectors, rate, kind;
    uint8_t parameters[11];
};
enum { FORMATS = 5 };

/* clang-format off */
static const struct format formats[FORMATS] = {
    {39,  9, RATE_250,  MEDIA_KIND_360_IN_360,   {0xdf, 2, 37, 2,  9, 0x2a, 0xff, 0x50, 0xf6, 15, 8}},
    {79, 15, RATE_500,  MEDIA_KIND_1200_IN_1200, {0xdf, 2, 37, 2, 15, 0x1b, 0xff, 0x54, 0xf6, 15, 8}},
    {79,  9, RATE_250,  MEDIA_KIND_OTHER,        {0xdf, 2, 37, 2,  9, 0x2a, 0xff, 0x50, 0xf6, 15, 8}},
    {79, 18, RATE_500,  MEDIA_KIND_OTHER,        {0xaf, 2, 37, 2, 18, 0x1b, 0xff, 0x6c, 0xf6, 15, 8}},
    {79, 36, RATE_1000, MEDIA_KIND_OTHER,        {0xaf, 2, 37, 2, 36, 0x1b, 0xff, 0x53, 0xf6, 15, 8}},
};
/* clang-format on */

/* The largest format of each drive type, as an index into formats. */
static const uint8_t format_of_type[7] = {0, 0, 1, 2, 3, 4, 4};

static void transfer(struct regs *r, enum floppy_operation operation)
{
    struct floppy_request q = {.drive = r->dl,
                               .head = r->dh,
                               .cylinder = r->ch,
                               .sector = r->cl,
                               .count = r->al,
                               .segment = r->es,
                               .offset = r->bx};
    if (operation == FLOPPY_FORMAT)
        q.count = floppy_parameter(4);
    if (r->dh > 1 || q.count == 0 || (operation != FLOPPY_FORMAT && r->cl == 0)) {
        int13_finish_floppy(r, STATUS_BAD_COMMAND);
        return;
    }
    uint8_t status = fdc_transfer(&q, operation);
    if (status)
        r->al = 0;
    int13_finish_floppy(r, status);
}

static void drive_parameters(struct regs *r)
{
    uint8_t type = r->dl < 2 ? PRIVATE->floppy_type[r->dl] : 0;
    r->ax = 0;
    r->bx = type;
    r->cx = 0;
    r->dx = PRIVATE->floppy_count;
    r->es = SEG_ROM;
    r->di = 0;
    if (type) {
        const struct format *f = &formats[ROM8(format_of_type[type])];
        r->ch = ROM8(f->last_track);
        r->cl = ROM8(f->sectors);
        r->dh = 1;
        r->di = (uint16_t)NEAR(f->parameters);
    }
    regs_carry(r, 0);
    BDA->floppy_status = STATUS_OK;
}

static void drive_kind(struct regs *r)
{
    uint8_t type = PRIVATE->floppy_type[r->dl];
    r->ah = type == FLOPPY_NONE ? 0 : type == FLOPPY_360K ? 1 : 2;
    regs_carry(r, 0);
    BDA->floppy_status = STATUS_OK;
}

static bool format_fits_drive(const struct format *f, uint8_t type)
{
    uint8_t rate = ROM8(f->rate), last = ROM8(f->last_track);
    switch (type) {
    case FLOPPY_360K: return last == 39;
    case FLOPPY_1200K: return last == 39 || ROM8(f->sectors) == 15;
    case FLOPPY_720K: return last == 79 && rate == RATE_250;
    case FLOPPY_1440K: return last == 79 && (rate == RATE_250 || ROM8(f->sectors) == 18);
    default: return last == 79 && ROM8(f->sectors) != 15;
    }
}

static void use_format(uint8_t drive, const struct format *f)
{
    uint8_t rate = ROM8(f->rate), kind = ROM8(f->kind), step = 0;
    if (PRIVATE->floppy_type[drive] == FLOPPY_1200K && ROM8(f->last_track) == 39) {
        rate = RATE_300; /* the drive turns at 360 instead of 300 rpm */
        kind = MEDIA_KIND_360_IN_1200;
        step = MEDIA_DOUBLE_STEP;
    }
    fdc_set_media(drive, (uint8_t)(rate << MEDIA_RATE_SHIFT | MEDIA_ESTABLISHED | kind | step));
}

/* AH=18h: which medium the next format makes; answers with its parameter table. */
static void set_media_type(struct regs *r)
{
    uint8_t type = PRIVATE->floppy_type[r->dl];
    uint8_t status = fdc_media_changed(r->dl);
    if (status == STATUS_TIMEOUT) {
        int13_finish_floppy(r, status);
        return;
    }
    for (unsigned i = 0; i < FORMATS; i++) {
        const struct format *f = &formats[i];
        if (ROM8(f->last_track) != r->ch || ROM8(f->sectors) != (r->cl & 0x3f) || !format_fits_drive(f, type))
            continue;
        use_format(r->dl, f);
        r->es = SEG_ROM;
        r->di = (uint16_t)NEAR(f->parameters);
        int13_finish_floppy(r, STATUS_OK);
        return;
    }
    int13_finish_floppy(r, STATUS_UNSUPPORTED_MEDIA);
}

/* AH=17h, the AT's older form: AL = 1 360K in 360K, 2 360K in 1.2M, 3 1.2M in 1.2M, 4 720K. */
static void set_disk_type(struct regs *r)
{
    static const uint8_t format_of_al[5] = {0, 0, 0, 1, 2};
    if (r->al == 0 || r->al > 4) {
        int13_finish_floppy(r, STATUS_BAD_COMMAND);
        return;
    }
    uint8_t status = fdc_media_changed(r->dl);
    if (status != STATUS_TIMEOUT) {
        use_format(r->dl, &formats[ROM8(format_of_al[r->al])]);
        status = STATUS_OK;
    }
    int13_finish_floppy(r, status);
}

void int13_floppy(struct regs *r)
{
    if (r->ah == 0x08) {
        drive_parameters(r);
        return;
    }
    if (r->ah == 0x01) {
        uint8_t last = BDA->floppy_status;
        int13_finish_floppy(r, last);
        return;
    }
    if (r->dl > 1 || (PRIVATE->floppy_type[r->dl] == FLOPPY_NONE && r->ah != 0x15 && r->ah != 0x00)) {
        int13_finish_floppy(r, r->dl > 1 ? STATUS_BAD_COMMAND : STATUS_TIMEOUT);
        return;
    }
    switch (r->ah) {
    case 0x00: int13_finish_floppy(r, PRIVATE->floppy_count ? fdc_reset() : STATUS_TIMEOUT); break;
    case 0x02: transfer(r, FLOPPY_READ); break;
    case 0x03: transfer(r, FLOPPY_WRITE); break;
    case 0x04: transfer(r, FLOPPY_VERIFY); break;
    case 0x05: transfer(r, FLOPPY_FORMAT); break;
    case 0x15: drive_kind(r); break;
    case 0x16: int13_finish_floppy(r, fdc_media_changed(r->dl)); break;
    case 0x17: set_disk_type(r); break;
    case 0x18: set_media_type(r); break;
    default: int13_finish_floppy(r, STATUS_BAD_COMMAND); break;
    }
}
