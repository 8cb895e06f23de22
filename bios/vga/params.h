/* SPDX-License-Identifier: MIT */
/* Video parameter table (40:A8, first pointer): what the registers hold in each mode. */
#ifndef BIOS_VGA_PARAMS_H
#define BIOS_VGA_PARAMS_H
#include "vga/mem.h"
#include "vga/vgaregs.h"

struct params {
    uint8_t columns, rows; /* rows minus one */
    uint8_t char_height;
    uint16_t page_size;
    uint8_t seq[4]; /* 1 to 4 */
    uint8_t misc;
    uint8_t crtc[CRTC_COUNT];
    uint8_t attr[20];
    uint8_t gfx[GFX_COUNT];
} __attribute__((packed));

/* Places in the table; the order is IBM's and programs index it. */
enum params_index {
    PARAMS_200 = 0x00, /* modes 0 to 6 */
    PARAMS_7 = 0x07,
    PARAMS_D = 0x0d,
    PARAMS_E = 0x0e,
    PARAMS_F = 0x11,
    PARAMS_10 = 0x12,
    PARAMS_350 = 0x13, /* modes 0 to 3 */
    PARAMS_400_40 = 0x17,
    PARAMS_400_80 = 0x18,
    PARAMS_7_400 = 0x19,
    PARAMS_11 = 0x1a,
    PARAMS_12 = 0x1b,
    PARAMS_13 = 0x1c,
    PARAMS_COUNT = 0x1d,
};

extern ROM struct params params_table[PARAMS_COUNT];

#endif
