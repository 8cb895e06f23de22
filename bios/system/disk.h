/* SPDX-License-Identifier: MIT */
/* INT 13h for hard disks and CD-ROMs. */
#ifndef BIOS_SYSTEM_DISK_H
#define BIOS_SYSTEM_DISK_H

struct regs;

void int13_disk(struct regs *r);

#endif
