/* SPDX-License-Identifier: MIT */
/* INT 10h AH=12h, 1Ah, 1Bh: alternate select, display combination, state information. */
#ifndef BIOS_VGA_INFO_H
#define BIOS_VGA_INFO_H
#include "vga/regs.h"

void select_service(struct regs *r);  /* AH=12h */
void display_service(struct regs *r); /* AH=1Ah */
void info_service(struct regs *r);    /* AH=1Bh */

#endif
