/* SPDX-License-Identifier: MIT */
#ifndef BIOS_SYSTEM_ATA_H
#define BIOS_SYSTEM_ATA_H
struct regs;
void ata_init(void);
void ata_add_disks(void);
void ata_interrupt(struct regs *r);
#endif
