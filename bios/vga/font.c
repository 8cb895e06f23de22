/* SPDX-License-Identifier: MIT */
/*
 * INT 10h AH=11h. Text fonts live in plane 2: eight blocks of 8 KiB, 32 bytes a character; block n starts at
 * 0, 4000h, 8000h, C000h, 2000h, 6000h, A000h, E000h (sequencer register 3 chooses two of them).
 */
#include "vga/font.h"

#include "vga/bda.h"
#include "vga/mode.h"
#include "vga/regs.h"
#include "vga/save.h"
#include "vga/screen.h"
#include "vga/text.h"

enum { GLYPH_BYTES = 32, PLANE_2 = 0x04, FONT_SEGMENT = 0xa000 };

struct load {
    far_t font;
    uint16_t count, first;
    uint8_t height, block;
};

static far_t rom_font(uint8_t height)
{
    return height <= 8 ? far_rom(font_8x8) : height <= 14 ? far_rom(font_8x14) : far_rom(font_8x16);
}

/* Plane 2 linear at A0000h; the other planes are out of reach meanwhile. */
static void open_plane_2(void)
{
    indexed_write(PORT_SEQ, SEQ_MAP_MASK, PLANE_2);
    indexed_write(PORT_SEQ, SEQ_MEMORY, 0x07);
    indexed_write(PORT_GFX, GFX_READ_MAP, 2);
    indexed_write(PORT_GFX, GFX_MODE, 0x00);
    indexed_write(PORT_GFX, GFX_MISC, 0x04);
}

static void close_plane_2(void)
{
    indexed_write(PORT_SEQ, SEQ_MAP_MASK, 0x03);
    indexed_write(PORT_SEQ, SEQ_MEMORY, 0x03);
    indexed_write(PORT_GFX, GFX_READ_MAP, 0);
    indexed_write(PORT_GFX, GFX_MODE, 0x10);
    indexed_write(PORT_GFX, GFX_MISC, crtc_port() == PORT_CRTC_MONO ? 0x0a : 0x0e);
}

static void load_glyphs(const struct load *l)
{
    uint32_t at = (uint32_t)((l->block & 3) << 14 | (l->block & 4) << 11) + l->first * GLYPH_BYTES;
    far_t from = l->font;
    open_plane_2();
    for (unsigned i = 0; i < l->count; i++, at += GLYPH_BYTES) {
        far_t to = far_make(FONT_SEGMENT, at);
        far_copy(to, from, l->height);
        if (l->height < GLYPH_BYTES)
            far_fill8(far_add(to, l->height), 0, GLYPH_BYTES - (uint32_t)l->height);
        from = far_add(from, l->height);
    }
    close_plane_2();
}

static unsigned scan_lines(void)
{
    uint8_t overflow = indexed_read(bda()->crtc, 7), end = indexed_read(bda()->crtc, CRTC_VDISP_END);
    unsigned lines = end + 1u + (overflow & 2 ? 0x100 : 0) + (overflow & 0x40 ? 0x200 : 0);
    return indexed_read(bda()->crtc, CRTC_MAX_SCAN) & 0x80 ? lines / 2 : lines; /* double scan */
}

/* Rows, page size and CRTC follow the height of the characters. */
static void recalculate(uint8_t height)
{
    struct bda LOW *b = bda();
    unsigned lines = scan_lines();
    unsigned rows = lines / height;
    uint8_t max_scan = indexed_read(b->crtc, CRTC_MAX_SCAN) & 0xe0;
    indexed_write(b->crtc, CRTC_MAX_SCAN, (uint8_t)(max_scan | (height - 1)));
    unsigned end = rows * height << (max_scan >> 7);
    indexed_write(b->crtc, CRTC_VDISP_END, (uint8_t)(end - 1));
    indexed_write(b->crtc, CRTC_UNDERLINE, b->mode == 7 ? height - 1 : 0x1f);
    b->char_height = height;
    b->rows = (uint8_t)(rows - 1);
    b->page_size = (uint16_t)((rows * b->columns * 2 + 0x7ff) & ~0x7ffu);
    text_set_cursor_type(b->cursor_type);
}

/* AL 00h to 04h, and 10h to 14h with recalculation. */
static void text_font(struct regs *r)
{
    uint8_t fn = r->ax.b.l & 0x0f;
    struct load l = {0, 256, 0, 0, r->bx.b.l & 7};
    if (fn == 0) {
        l.font = far_make(r->es, r->bp.x);
        l.count = r->cx.x;
        l.first = r->dx.x;
        l.height = r->bx.b.h;
    } else {
        l.height = fn == 1 ? 14 : fn == 2 ? 8 : 16;
        l.font = rom_font(l.height);
    }
    if (l.height == 0 || l.height > GLYPH_BYTES)
        return;
    load_glyphs(&l);
    if (r->ax.b.l & 0x10)
        recalculate(l.height);
}

/* AL 20h to 24h: BL 0: DL rows, 1: 14, 2: 25, 3: 43. */
static void graphics_font(struct regs *r)
{
    static ROM_DATA uint8_t rows[4] = {0, 14, 25, 43};
    struct bda LOW *b = bda();
    switch (r->ax.b.l) {
    case 0x20: vector_set(VEC_FONT_UPPER, far_make(r->es, r->bp.x)); return;
    case 0x21:
        vector_set(VEC_FONT, far_make(r->es, r->bp.x));
        b->char_height = r->cx.x;
        break;
    default:
        b->char_height = r->ax.b.l == 0x22 ? 14 : r->ax.b.l == 0x23 ? 8 : 16;
        vector_set(VEC_FONT, rom_font((uint8_t)b->char_height));
    }
    uint8_t n = r->bx.b.l == 0 ? r->dx.b.l : rows[r->bx.b.l & 3];
    b->rows = (uint8_t)(n - 1);
}

/* The alternate fonts replace glyphs that look wrong nine dots wide; this font needs none: an empty list. */
static ROM_DATA uint8_t no_alternates[1] = {0};

static void font_info(struct regs *r)
{
    far_t p;
    switch (r->bx.b.h) {
    case 0: p = vector_get(VEC_FONT_UPPER); break;
    case 1: p = vector_get(VEC_FONT); break;
    case 2: p = far_rom(font_8x14); break;
    case 3: p = far_rom(font_8x8); break;
    case 4: p = far_rom(font_8x8 + 128 * 8); break;
    case 5:
    case 7: p = far_rom(no_alternates); break;
    case 6: p = far_rom(font_8x16); break;
    default: return;
    }
    r->es = (uint16_t)(p >> 16);
    r->bp.x = (uint16_t)p;
    r->cx.x = bda()->char_height;
    r->dx.b.l = bda()->rows;
}

void font_service(struct regs *r)
{
    switch (r->ax.b.l) {
    case 0x00:
    case 0x01:
    case 0x02:
    case 0x04:
    case 0x10:
    case 0x11:
    case 0x12:
    case 0x14: text_font(r); break;
    case 0x03:
    case 0x13: indexed_write(PORT_SEQ, SEQ_FONT, r->bx.b.l); break;
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24: graphics_font(r); break;
    case 0x30: font_info(r); break;
    }
}

/* True where a list of modes, ended by FFh, has the current one. */
static int lists_mode(far_t list)
{
    for (uint8_t mode; (mode = far_read8(list)) != 0xff; list = far_add(list, 1))
        if (mode == bda()->mode)
            return 1;
    return 0;
}

/* Save pointer entry 2: height, block, count, first, font, rows (FFh: all that fit), modes. */
static void override_text(far_t t)
{
    struct load l;
    l.height = far_read8(t);
    l.block = far_read8(far_add(t, 1)) & 7;
    l.count = far_read16(far_add(t, 2));
    l.first = far_read16(far_add(t, 4));
    l.font = far_make(far_read16(far_add(t, 8)), far_read16(far_add(t, 6)));
    if (l.height == 0 || l.height > GLYPH_BYTES)
        return;
    load_glyphs(&l);
    recalculate(l.height);
    uint8_t rows = far_read8(far_add(t, 10));
    if (rows != 0xff)
        bda()->rows = (uint8_t)(rows - 1);
}

void font_after_text_mode(void)
{
    uint8_t height = (uint8_t)bda()->char_height;
    struct load l = {rom_font(height), 256, 0, height, 0};
    far_t t = save_entry(SAVE_TEXT_FONT);
    load_glyphs(&l);
    vector_set(VEC_FONT, l.font);
    if (t && lists_mode(far_add(t, 11)))
        override_text(t);
}

/* Save pointer entry 3: rows, height (a word), font, modes. */
void font_after_graphics_mode(void)
{
    far_t t = save_entry(SAVE_GRAPHICS_FONT);
    vector_set(VEC_FONT, rom_font((uint8_t)bda()->char_height));
    if (!t || !lists_mode(far_add(t, 7)))
        return;
    bda()->rows = (uint8_t)(far_read8(t) - 1);
    bda()->char_height = far_read16(far_add(t, 1));
    vector_set(VEC_FONT, far_make(far_read16(far_add(t, 5)), far_read16(far_add(t, 3))));
}
