/* SPDX-License-Identifier: MIT */
/* The save pointer table at 40:A8 and what hangs off it (IBM PS/2 and PC BIOS Interface Technical Reference).
 */
#ifndef BIOS_VGA_SAVE_H
#define BIOS_VGA_SAVE_H
#include "vga/mem.h"

extern ROM uint8_t save_table[], static_table[];

/* Entry of the table that 40:A8 points to (enum save_pointer), 0 where there is none. */
far_t save_entry(unsigned index);
/* Installs the ROM's own table. */
void save_install(void);
/* Display combination table of the secondary table. */
far_t save_dcc_table(void);
/* Tells the caller's dynamic save area, if it has one, of palette register index (16 is overscan). */
void save_palette(unsigned index, uint8_t value);

#endif
