/* SPDX-License-Identifier: MIT */
/* Palette registers and DAC: default colours and INT 10h AH=0Bh and 10h. */
#ifndef BIOS_VGA_PALETTE_H
#define BIOS_VGA_PALETTE_H
#include "vga/regs.h"

/* Loads all 256 DAC registers with the colours of a kind of mode (enum dac_kind), grey if 40:89 says so. */
void palette_load_default(uint8_t kind);
void palette_service(struct regs *r);     /* AH=10h */
void palette_cga_service(struct regs *r); /* AH=0Bh */
void dac_write(uint8_t index, uint8_t red, uint8_t green, uint8_t blue);

#endif
