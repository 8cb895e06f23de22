/* SPDX-License-Identifier: MIT */
/* INT 13h for hard disks (80h and up) and CD-ROMs (E0h and up). */
#ifndef BIOS_SYSTEM_DISK_H
#define BIOS_SYSTEM_DISK_H
#include <stdint.h>

#include "system/private.h"

struct regs;

void int13_disk(struct regs *r);

/* Functions 41h to 4Eh. */
void int13_extended(struct regs *r, device_t d);

/* The device behind a drive number, or 0. */
device_t disk_find(uint8_t drive);

/* POST: boot entries for all hard disks, those of option ROMs included, and for CD-ROMs. */
void disk_add_boot_entries(void);

#endif
