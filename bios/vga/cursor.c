/* SPDX-License-Identifier: MIT */
/* Cursor shape and place, display page. */
#include "vga/bda.h"
#include "vga/mode.h"
#include "vga/screen.h"
#include "vga/text.h"

enum { CURSOR_OFF = 0x20, CGA_LINES = 8 };

/*
 * Programs give cursor lines for a cell of 8 lines. Two or three lines at the bottom are an underline and
 * stay one above the last line of a taller cell; anything bigger is scaled.
 */
static uint16_t emulate(uint16_t type, uint8_t height)
{
    uint8_t start = (uint8_t)(type >> 8), end = (uint8_t)type;
    if (height <= CGA_LINES || start & 0xe0 || end >= CGA_LINES || start > end)
        return type;
    uint8_t lines = (uint8_t)(end - start);
    if (end >= 6 && lines <= 2) {
        end = (uint8_t)(height - 2);
        start = (uint8_t)(end - lines);
    } else {
        start = (uint8_t)(start * height / CGA_LINES);
        end = (uint8_t)((end + 1) * height / CGA_LINES - 1);
    }
    return (uint16_t)(start << 8 | end);
}

void text_set_cursor_type(uint16_t type)
{
    struct bda LOW *b = bda();
    b->cursor_type = type;
    if (!(b->video_ctl & VCTL_NO_EMULATION))
        type = emulate(type, (uint8_t)b->char_height);
    indexed_write(b->crtc, CRTC_CURSOR_START, (uint8_t)(type >> 8));
    indexed_write(b->crtc, CRTC_CURSOR_END, (uint8_t)type);
}

static void crtc_write_pair(uint8_t index, uint16_t value)
{
    indexed_write(bda()->crtc, index, (uint8_t)(value >> 8));
    indexed_write(bda()->crtc, index + 1, (uint8_t)value);
}

void text_set_cursor(uint8_t page, uint16_t pos)
{
    struct bda LOW *b = bda();
    page &= 7;
    b->cursor_pos[page] = pos;
    if (page != b->page)
        return;
    struct screen s;
    screen_get(&s, page);
    if (s.model == MODEL_TEXT)
        crtc_write_pair(CRTC_CURSOR_HIGH, (uint16_t)((s.base >> 1) + (pos >> 8) * s.columns + (pos & 0xff)));
}

void text_set_page(uint8_t page)
{
    struct bda LOW *b = bda();
    struct screen s;
    page &= 7;
    screen_get(&s, page);
    if (s.vbe)
        return;
    b->page = page;
    b->page_offset = s.base;
    crtc_write_pair(CRTC_START_HIGH, s.model == MODEL_TEXT ? s.base >> 1 : s.base);
    text_set_cursor(page, b->cursor_pos[page]);
}
