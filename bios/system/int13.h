/* SPDX-License-Identifier: MIT */
/* INT 13h: dispatch by drive number, and the status codes that all its parts return. */
#ifndef BIOS_SYSTEM_INT13_H
#define BIOS_SYSTEM_INT13_H
#include <stdint.h>

struct regs;

enum int13_status {
    STATUS_OK = 0x00,
    STATUS_BAD_COMMAND = 0x01,
    STATUS_ADDRESS_MARK = 0x02,
    STATUS_WRITE_PROTECTED = 0x03,
    STATUS_NOT_FOUND = 0x04,
    STATUS_CHANGED = 0x06,
    STATUS_DMA_OVERRUN = 0x08,
    STATUS_DMA_BOUNDARY = 0x09,
    STATUS_UNSUPPORTED_MEDIA = 0x0c,
    STATUS_CRC = 0x10,
    STATUS_CONTROLLER = 0x20,
    STATUS_NO_MEDIA = 0x31,
    STATUS_SEEK = 0x40,
    STATUS_TIMEOUT = 0x80,
    STATUS_NOT_READY = 0xaa,
    STATUS_NOT_LOCKED = 0xb0,
    STATUS_LOCKED = 0xb1,
    STATUS_NOT_REMOVABLE = 0xb2,
    STATUS_LOCK_COUNT = 0xb4,
    STATUS_WRITE_FAULT = 0xcc,
};

void int13_service(struct regs *r);

/* Sets AH and CF, and the status byte of the BDA that AH=01h reports. */
void int13_finish_floppy(struct regs *r, uint8_t status);
void int13_finish_disk(struct regs *r, uint8_t status);

#endif
