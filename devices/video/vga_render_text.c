/* SPDX-License-Identifier: MIT */
/* Text modes (IBM VGA reference, "Alphanumeric modes"). Plane 0 holds characters, plane 1 attributes, plane 2
 * the fonts, 32 bytes a character.
 *
 *   attribute   7: blink or background intensity   6-4: background   3: intensity or font   2-0: foreground
 */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_render.h"

enum {
    PLANE_CHARACTER = 0,
    PLANE_ATTRIBUTE = 1,
    PLANE_FONT = 2,
    FONT_STRIDE = 32,
    ATTRIBUTE_BLINK = 0x80,
    ATTRIBUTE_FONT_A = 0x08,
    UNDERLINED_MASK = 0x77, /* foreground 1 on background 0 */
    UNDERLINED = 0x01,
};

/* What stays the same along one scan line. */
struct text_line {
    const struct vga_view *view;
    unsigned row_scan;
    uint32_t font[2];   /* plane address: of font B, and of font A */
    bool underline;     /* this scan line is the underline */
    bool cursor;        /* the cursor covers this scan line now */
    unsigned cursor_at; /* counter value */
    bool blink, nine_dots, line_graphics;
};

/* The eight font slots lie 16 KiB apart, then another four between them. */
static uint32_t font_address(const struct vga *vga, unsigned number)
{
    if (!(vga->seq[SEQ_MEMORY_MODE] & MEMORY_EXTENDED))
        return 0;
    return (number & 3) << 14 | (number & 4) << 11;
}

static bool cursor_covers(const struct vga_view *view, unsigned row_scan)
{
    const uint8_t *crtc = view->vga->crtc;
    unsigned start = crtc[CRTC_CURSOR_START] & CURSOR_LINE, end = crtc[CRTC_CURSOR_END] & CURSOR_LINE;
    return view->cursor_on && !(crtc[CRTC_CURSOR_START] & CURSOR_OFF) && row_scan >= start && row_scan <= end;
}

static void begin_line(struct text_line *text, const struct vga_view *view, const struct vga_scan_line *line)
{
    const struct vga *vga = view->vga;
    unsigned map = vga->seq[SEQ_CHARACTER_MAP], mode = vga->attr[ATTR_MODE];
    unsigned skew = (vga->crtc[CRTC_CURSOR_END] & CURSOR_SKEW) >> 5;
    *text = (struct text_line){
        .view = view,
        .row_scan = line->row_scan,
        .underline = line->row_scan == (vga->crtc[CRTC_UNDERLINE] & UNDERLINE_LINE),
        .cursor = cursor_covers(view, line->row_scan),
        .blink = mode & ATTR_MODE_BLINK,
        .nine_dots = !(vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_8_DOTS),
        .line_graphics = mode & ATTR_MODE_LINE_GRAPHICS,
    };
    text->font[0] = font_address(vga, (map & 3) | (map >> 2 & 4));
    text->font[1] = font_address(vga, (map >> 2 & 3) | (map >> 3 & 4));
    text->cursor_at = ((unsigned)vga->crtc[CRTC_CURSOR_HIGH] << 8 | vga->crtc[CRTC_CURSOR_LOW]) + skew;
}

/* Dots of one character on this scan line; bit 8 is the leftmost, bit 0 the ninth. */
static unsigned character_dots(const struct text_line *text, uint8_t character, uint8_t attribute,
                               bool cursor)
{
    uint32_t glyph = text->font[(attribute & ATTRIBUTE_FONT_A) != 0] + character * (unsigned)FONT_STRIDE;
    unsigned dots = (unsigned)vga_plane_bytes(text->view->vga, glyph + text->row_scan)[PLANE_FONT] << 1;
    if (text->line_graphics && (character & 0xE0) == 0xC0)
        dots |= dots >> 1 & 1; /* box drawing runs through the gap */
    if (text->blink && attribute & ATTRIBUTE_BLINK && !text->view->blink_on)
        dots = 0;
    if (text->underline && (attribute & UNDERLINED_MASK) == UNDERLINED)
        dots = 0x1FF;
    return cursor ? 0x1FF : dots;
}

static uint8_t *draw_character(const struct text_line *text, unsigned counter, uint8_t *out)
{
    const struct vga_view *view = text->view;
    const uint8_t *cell = vga_plane_bytes(view->vga, vga_scan_address(view->vga, counter, text->row_scan));
    uint8_t attribute = cell[PLANE_ATTRIBUTE];
    bool cursor = text->cursor && ((counter ^ text->cursor_at) & 0xFFFF) == 0;
    unsigned dots = character_dots(text, cell[PLANE_CHARACTER], attribute, cursor);
    uint8_t ink = view->colours[attribute & 0x0F];
    uint8_t paper = view->colours[attribute >> 4 & (text->blink ? 0x7 : 0xF)];
    for (unsigned i = 0; i < 8; i++)
        *out++ = dots >> (8 - i) & 1 ? ink : paper;
    if (text->nine_dots)
        *out++ = dots & 1 ? ink : paper;
    return out;
}

void vga_render_text_line(const struct vga_view *view, const struct vga_scan_line *line, uint8_t *out)
{
    struct text_line text;
    begin_line(&text, view, line);
    for (unsigned column = 0; column <= view->scan.columns; column++)
        out = draw_character(&text, line->counter + column, out);
}
