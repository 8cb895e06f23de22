/* SPDX-License-Identifier: MIT */
/* CMOS memory of the MC146818 (ports 70h, 71h) and what this BIOS finds in it. README.md lists the whole map.
 */
#ifndef BIOS_SYSTEM_CMOS_H
#define BIOS_SYSTEM_CMOS_H
#include <stdint.h>

enum cmos_index {
    CMOS_SECONDS = 0x00,
    CMOS_SECONDS_ALARM = 0x01,
    CMOS_MINUTES = 0x02,
    CMOS_MINUTES_ALARM = 0x03,
    CMOS_HOURS = 0x04,
    CMOS_HOURS_ALARM = 0x05,
    CMOS_WEEKDAY = 0x06,
    CMOS_DAY = 0x07,
    CMOS_MONTH = 0x08,
    CMOS_YEAR = 0x09,
    CMOS_STATUS_A = 0x0a,
    CMOS_STATUS_B = 0x0b,
    CMOS_STATUS_C = 0x0c,
    CMOS_STATUS_D = 0x0d,
    CMOS_SHUTDOWN = 0x0f,
    CMOS_FLOPPY_TYPES = 0x10,
    CMOS_EQUIPMENT = 0x14,
    CMOS_EXTENDED_LOW = 0x17,
    CMOS_EXTENDED_HIGH = 0x18,
    CMOS_EXTENDED2_LOW = 0x30,
    CMOS_EXTENDED2_HIGH = 0x31,
    CMOS_CENTURY = 0x32,
    CMOS_MEMORY_64K_LOW = 0x34,
    CMOS_MEMORY_64K_HIGH = 0x35,
    CMOS_BOOT_THIRD = 0x38, /* high nibble: third boot device; bit 0: no floppy signature check */
    CMOS_TRANSLATION = 0x39,
    CMOS_BOOT_FIRST = 0x3d,     /* low nibble first, high nibble second */
    CMOS_MEMORY_HIGH = 0x5b,    /* three bytes: 64 KiB units above 4 GiB */
    CMOS_CPU_COUNT = 0x5f,      /* less one */
    CMOS_APM_CONNECTION = 0x6f, /* ours: how APM is connected, see apm.c */
};

enum {
    STATUS_A_UPDATING = 0x80,
    STATUS_B_24H = 0x02,
    STATUS_B_BINARY = 0x04,
    STATUS_B_UPDATE_INT = 0x10,
    STATUS_B_ALARM_INT = 0x20,
    STATUS_B_PERIODIC_INT = 0x40,
    STATUS_B_SET = 0x80,
};

uint8_t cmos_read(uint8_t index);
void cmos_write(uint8_t index, uint8_t value);
/* A little-endian word from two indices. */
uint16_t cmos_read16(uint8_t low, uint8_t high);

#endif
