/* SPDX-License-Identifier: MIT */
/* Intel 82077AA floppy disk controller, AT mode, with up to two drives. Data sheet 290166.
 *
 * Known deviations: a medium is a raw image, so that its address fields are those of a standard format
 * (C = track, H = head, R = 1.., N = 2) and FORMAT TRACK cannot give it another one; deleted-data marks live
 * as long as the disk stays in the drive. Data reach the host a sector at a time, at the sector's end.
 */
#ifndef LATHE_DEVICES_STORAGE_FDC_82077_H
#define LATHE_DEVICES_STORAGE_FDC_82077_H

#include "core/base/irq_line.h"
#include "core/mem/portmap.h"
#include "devices/media/floppy_geometry.h"

struct clock;
struct dma;
struct error;
struct fdc;
struct log;
struct media;
struct state_desc;

enum { FDC_DRIVES = 2 };

struct fdc_config {
    struct clock *clock;
    struct log *log;
    struct irq_line irq;
    struct dma *dma; /* NULL: only programmed I/O works */
    unsigned dma_channel;
    enum floppy_drive_type drives[FDC_DRIVES]; /* FLOPPY_DRIVE_NONE: not there */
    bool ps2_mode;                             /* status registers A and B, and the PS/2 form of DIR */
    unsigned speedup; /* how many times faster than real the drives turn and step; 0: 10 */
};

/* The controller after a hardware reset, its drives empty. */
struct fdc *fdc_new(const struct fdc_config *cfg);

/* Closes the media in the drives. */
void fdc_free(struct fdc *fdc);

/* RESET pin. */
void fdc_reset(struct fdc *fdc);

/* Puts a disk into a drive (0 or 1), which owns it from here on; what was there is ejected. False with *err,
 * the medium still the caller's, where there is no such drive or it is no floppy format. */
bool fdc_insert(struct fdc *fdc, unsigned drive, struct media *media, struct error *err);

/* Takes the disk out and closes it; harmless where there is none. */
void fdc_eject(struct fdc *fdc, unsigned drive);

/* The disk in a drive, or NULL. */
struct media *fdc_media(struct fdc *fdc, unsigned drive);

/* Six ports (3F0h on a PC), and DIR/CCR alone (3F7h): the port between belongs to IDE. */
extern const struct port_ops fdc_ports, fdc_dir_ports;

extern const struct state_desc fdc_state;

#endif
