/* SPDX-License-Identifier: MIT */
/* Booting from CD-ROM (El Torito 1.0). */
#ifndef BIOS_SYSTEM_ELTORITO_H
#define BIOS_SYSTEM_ELTORITO_H
#include <stdint.h>

struct regs;

void eltorito_boot(uint8_t device);   /* prints why not and returns, or does not return */
void eltorito_status(struct regs *r); /* INT 13h AH=4Ah-4Dh */
void int13_emulated(struct regs *r);  /* INT 13h for the emulated drive */

#endif
