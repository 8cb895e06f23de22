/* SPDX-License-Identifier: MIT */
/* Floppy driver and the floppy half of INT 13h. */
#ifndef BIOS_SYSTEM_FLOPPY_H
#define BIOS_SYSTEM_FLOPPY_H
#include <stdbool.h>
#include <stdint.h>

struct regs;

/* CMOS 10h: the drive's kind. */
enum floppy_type {
    FLOPPY_NONE = 0,
    FLOPPY_360K = 1,
    FLOPPY_1200K = 2,
    FLOPPY_720K = 3,
    FLOPPY_1440K = 4,
    FLOPPY_2880K_OLD = 5,
    FLOPPY_2880K = 6,
};

enum data_rate {
    RATE_500 = 0,
    RATE_300 = 1,
    RATE_250 = 2,
    RATE_1000 = 3
}; /* as the CCR and BDA 40:90 bits 7-6 have it */

/* BDA 40:90 */
enum media_state {
    MEDIA_RATE_SHIFT = 6,
    MEDIA_DOUBLE_STEP = 0x20,
    MEDIA_ESTABLISHED = 0x10,
    MEDIA_KIND_360_IN_360 = 3,
    MEDIA_KIND_360_IN_1200 = 4,
    MEDIA_KIND_1200_IN_1200 = 5,
    MEDIA_KIND_OTHER = 7,
};

/* Where a transfer goes. All from INT 13h registers. */
struct floppy_request {
    uint8_t drive, head, cylinder, sector, count;
    uint16_t segment, offset;
};

enum floppy_operation { FLOPPY_READ, FLOPPY_WRITE, FLOPPY_VERIFY, FLOPPY_FORMAT };

/* All return an INT 13h status, 0 for success. */
uint8_t fdc_reset(void);
uint8_t fdc_transfer(const struct floppy_request *q, enum floppy_operation operation);
uint8_t fdc_media_changed(uint8_t drive); /* 0, 06h changed, 80h no disk */
void fdc_set_media(uint8_t drive, uint8_t state);

/* One byte of the diskette parameter table that INT 1Eh points to. */
uint8_t floppy_parameter(uint8_t index);

void floppy_init(void);
void floppy_interrupt(struct regs *r); /* IRQ 6 */
void int13_floppy(struct regs *r);

#endif
