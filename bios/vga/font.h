/* SPDX-License-Identifier: MIT */
/* Character generator: fonts in the ROM and INT 10h AH=11h. */
#ifndef BIOS_VGA_FONT_H
#define BIOS_VGA_FONT_H
#include "vga/mem.h"

struct regs;

extern ROM uint8_t font_8x8[256 * 8], font_8x14[256 * 14], font_8x16[256 * 16];

/* Fonts that the save pointer table or the ROM has for the mode just set. */
void font_after_text_mode(void);
void font_after_graphics_mode(void);
void font_service(struct regs *r);

#endif
