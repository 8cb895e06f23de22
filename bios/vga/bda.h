/* SPDX-License-Identifier: MIT */
/*
 * Video part of the BIOS data area, segment 40h (IBM PS/2 and PC BIOS Interface Technical Reference, "Data
 * areas"), and the interrupt vectors that belong to video.
 */
#ifndef BIOS_VGA_BDA_H
#define BIOS_VGA_BDA_H
#include "vga/mem.h"

struct bda {
    uint8_t before_equipment[0x10];
    uint16_t equipment; /* 10 */
    uint8_t before_video[0x49 - 0x12];
    uint8_t mode;           /* 49 */
    uint16_t columns;       /* 4A */
    uint16_t page_size;     /* 4C */
    uint16_t page_offset;   /* 4E */
    uint16_t cursor_pos[8]; /* 50: column, row */
    uint16_t cursor_type;   /* 60: end line, start line */
    uint8_t page;           /* 62 */
    uint16_t crtc;          /* 63: 3B4h or 3D4h */
    uint8_t msr;            /* 65: as on a CGA's 3D8h */
    uint8_t cga_palette;    /* 66: as on a CGA's 3D9h */
    uint8_t before_rows[0x84 - 0x67];
    uint8_t rows;         /* 84: minus one */
    uint16_t char_height; /* 85 */
    uint8_t video_ctl;    /* 87: enum video_ctl */
    uint8_t switches;     /* 88 */
    uint8_t modeset_ctl;  /* 89: enum modeset_ctl */
    uint8_t dcc_index;    /* 8A */
    uint8_t before_save[0xa8 - 0x8b];
    far_t save_pointer; /* A8 */
} __attribute__((packed));

enum video_ctl { VCTL_NO_EMULATION = 0x01, VCTL_MONO = 0x02, VCTL_256K = 0x60, VCTL_NO_CLEAR = 0x80 };
enum modeset_ctl {
    MCTL_VGA = 0x01,
    MCTL_GREY = 0x02,
    MCTL_MONO = 0x04,
    MCTL_NO_PALETTE = 0x08,
    MCTL_400 = 0x10,
    MCTL_200 = 0x80,
};
enum { EQUIPMENT_VIDEO = 0x30, EQUIPMENT_COLOUR_80 = 0x20 };
enum {
    VEC_PRINT_SCREEN = 0x05,
    VEC_VIDEO = 0x10,
    VEC_FONT_UPPER = 0x1f,
    VEC_OLD_VIDEO = 0x42,
    VEC_FONT = 0x43,
    VEC_VIDEO_ALIAS = 0x6d
};

/* Entries of the table at 40:A8. */
enum save_pointer {
    SAVE_PARAMETERS,
    SAVE_DYNAMIC,
    SAVE_TEXT_FONT,
    SAVE_GRAPHICS_FONT,
    SAVE_SECONDARY,
    SAVE_ENTRIES = 7
};

static inline struct bda LOW *bda(void)
{
    return (struct bda LOW *)0x400;
}

static inline far_t vector_get(unsigned n)
{
    return ((far_t LOW *)0)[n];
}

static inline void vector_set(unsigned n, far_t handler)
{
    ((far_t LOW *)0)[n] = handler;
}

#endif
