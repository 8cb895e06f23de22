/* SPDX-License-Identifier: MIT */
/* The screen as text, for scripts and terminals. */
#ifndef LATHE_DEVICES_VIDEO_VGA_TEXT_H
#define LATHE_DEVICES_VIDEO_VGA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buffer.h"

struct vga;
struct video_frame;

/* Owned by the caller; start from zeros, free with screen_text_free. */
struct screen_text {
    struct buffer utf8; /* rows without trailing blanks, each ended by a line feed; not NUL-terminated */
    unsigned columns, rows;
    bool cursor; /* on the screen and switched on */
    unsigned cursor_column, cursor_row;
};

/* A font of fixed cells 8 dots wide: `count` characters from code 0, `height` bytes each, 80h the leftmost
 * dot. */
struct cell_font {
    const uint8_t *glyphs;
    unsigned height, count;
};

/* Reads a text mode's characters as shown, split screen included. False (and no rows) in graphics modes. */
bool vga_text_read(const struct vga *vga, struct screen_text *out);

/* One row of a text mode as character and attribute bytes, for terminals: `cells` takes 2 * columns bytes.
 * Rows and columns are those of vga_text_read; false where there is no such row. */
bool vga_text_cells(const struct vga *vga, unsigned row, uint8_t *cells, unsigned columns);

/* Recognises text in a picture: each 8 x height cell that shows a character of the font in one colour on
 * another. Other cells read as blanks. Cells start at the top left corner. */
void frame_text_read(const struct video_frame *frame, const struct cell_font *font, struct screen_text *out);

void screen_text_free(struct screen_text *text);

#endif
