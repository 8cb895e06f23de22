/* SPDX-License-Identifier: MIT */
/*
 * What is on the screen now, and drawing on it by character cells and pixels. Text modes keep characters in
 * memory; each graphics layout implements the same six operations (struct gfx_ops), so that everything above
 * is one code.
 */
#ifndef BIOS_VGA_SCREEN_H
#define BIOS_VGA_SCREEN_H
#include "vga/mem.h"

struct gfx_ops;

struct screen {
    uint8_t model;  /* enum mem_model */
    uint8_t mode;   /* 40:49 */
    uint8_t height; /* of a character cell */
    uint8_t bpp;    /* MODEL_VBE: bits in a pixel */
    uint16_t columns, rows;
    uint16_t pitch; /* bytes from one line to the next (text: row) */
    uint16_t seg, base;
    uint8_t vbe; /* memory above 64 KiB is reached through banks */
    const struct gfx_ops __seg_gs *ops;
};

/*
 * Columns are character columns (8 pixels), y are pixel lines, row `y` of a character is 8 pixels, bit 7
 * leftmost. Colour bit 7 asks for XOR, except with 256 colours.
 */
struct gfx_ops {
    void (*put_row)(const struct screen *s, unsigned column, unsigned y, uint8_t bits, uint8_t colour);
    uint8_t (*get_row)(const struct screen *s, unsigned column, unsigned y); /* 1 where the pixel is not 0 */
    void (*copy)(const struct screen *s, unsigned column, unsigned count, unsigned to_y, unsigned from_y);
    void (*fill)(const struct screen *s, unsigned column, unsigned count, unsigned y, uint8_t colour);
    void (*put_pixel)(const struct screen *s, unsigned x, unsigned y, uint8_t colour);
    uint8_t (*get_pixel)(const struct screen *s, unsigned x, unsigned y);
};

enum { COLOUR_XOR = 0x80 };

extern const struct gfx_ops __seg_gs gfx_cga4, gfx_cga2, gfx_planar, gfx_packed;

/* Describes the current mode and the given page of it. */
void screen_get(struct screen *s, uint8_t page);
/* Address of the character cell in a text mode. */
far_t screen_cell(const struct screen *s, unsigned column, unsigned row);
/* Address of byte `at` of the page; selects the bank in a VBE mode. */
far_t screen_map(const struct screen *s, uint32_t at);

/* Writes character count times from the position on (graphics: at most to the end of the row). */
enum { WRITE_CHAR_ONLY = 0x100 };
void screen_put(const struct screen *s, unsigned column, unsigned row, unsigned ch, unsigned attr);
/* Character and, in text modes, attribute in the upper half. */
uint16_t screen_peek(const struct screen *s, unsigned column, unsigned row);

struct window {
    uint8_t left, top, right, bottom;
};

/* Scrolls the window by lines (0 or too many: clears it), filling with attr. */
void screen_scroll(const struct screen *s, struct window *w, unsigned lines, uint8_t attr, int down);

#endif
