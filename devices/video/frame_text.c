/* SPDX-License-Identifier: MIT */
/* Text that a guest drew in a graphics mode, found by comparing cells with a font. */
#include <string.h>

#include "devices/video/cp437.h"
#include "devices/video/vga_text.h"
#include "devices/video/video_frame.h"

enum { CELL_WIDTH = 8, CELL_HEIGHT_MAX = 32, BLANK = 0x20 };

/* Dots of a cell, set where the colour differs from the top left one. False where a third colour shows. */
static bool cell_pattern(const struct video_frame *frame, unsigned left, unsigned top, unsigned height,
                         uint8_t *pattern)
{
    const uint32_t *first = frame->pixels + (size_t)top * frame->width + left;
    uint32_t paper = *first, ink = paper;
    for (unsigned y = 0; y < height; y++) {
        const uint32_t *row = first + (size_t)y * frame->width;
        pattern[y] = 0;
        for (unsigned x = 0; x < CELL_WIDTH; x++) {
            if (row[x] == paper)
                continue;
            if (ink == paper)
                ink = row[x];
            else if (row[x] != ink)
                return false;
            pattern[y] |= (uint8_t)(0x80 >> x);
        }
    }
    return true;
}

static bool find_glyph(const struct cell_font *font, const uint8_t *pattern, uint8_t *character)
{
    for (unsigned i = 0; i < font->count && i < 256; i++) {
        if (!memcmp(font->glyphs + (size_t)i * font->height, pattern, font->height)) {
            *character = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* Which colour is ink is not known: where the top left dot is set in the character, the pattern is inverted.
 */
static uint8_t recognise(const struct cell_font *font, uint8_t *pattern)
{
    uint8_t character, any = 0;
    for (unsigned y = 0; y < font->height; y++)
        any |= pattern[y];
    if (!any)
        return BLANK; /* one colour: a blank, or FFh-filled and as good as one */
    if (find_glyph(font, pattern, &character))
        return character;
    for (unsigned y = 0; y < font->height; y++)
        pattern[y] = (uint8_t)~pattern[y];
    return find_glyph(font, pattern, &character) ? character : BLANK;
}

void frame_text_read(const struct video_frame *frame, const struct cell_font *font, struct screen_text *out)
{
    *out = (struct screen_text){.utf8 = out->utf8};
    out->utf8.size = 0;
    if (font->height == 0 || font->height > CELL_HEIGHT_MAX)
        return;
    out->columns = frame->width / CELL_WIDTH;
    out->rows = frame->height / font->height;
    for (unsigned row = 0; row < out->rows; row++) {
        uint8_t characters[512];
        unsigned count = out->columns < sizeof characters ? out->columns : (unsigned)sizeof characters;
        for (unsigned column = 0; column < count; column++) {
            uint8_t pattern[CELL_HEIGHT_MAX];
            bool two_colours =
                cell_pattern(frame, column * CELL_WIDTH, row * font->height, font->height, pattern);
            characters[column] = two_colours ? recognise(font, pattern) : BLANK;
        }
        cp437_append_row(&out->utf8, characters, count);
    }
}
