/* SPDX-License-Identifier: MIT */
/* INT 10h AH=01h to 0Fh and 13h: cursor, pages, characters, strings, pixels. */
#ifndef BIOS_VGA_TEXT_H
#define BIOS_VGA_TEXT_H
#include "vga/regs.h"

/* Cursor shape, start line in the upper half (bit 5 of it: off); scaled to the cell while emulation is on. */
void text_set_cursor_type(uint16_t type);
/* Moves the cursor of a page: row in the upper half, column in the lower. */
void text_set_cursor(uint8_t page, uint16_t pos);
void text_set_page(uint8_t page);
/* Writes as a terminal does: BEL, BS, LF, CR, wrap and scroll. Attribute negative: keep (text) or 7
 * (graphics). */
void text_teletype(uint8_t page, uint8_t ch, int attr);
void text_service(struct regs *r);   /* AH=01h to 0Fh, but 0Bh */
void string_service(struct regs *r); /* AH=13h */
/* The rows of the screen to the printer, INT 5. */
void print_screen(struct regs *r);

#endif
