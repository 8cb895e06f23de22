/* SPDX-License-Identifier: MIT */
#include "vga/screen.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/mode.h"

enum { BITS_PLANAR = 4 };

static void get_vbe(struct screen *s)
{
    s->vbe = 1;
    s->seg = 0xa000;
    s->bpp = (uint8_t)dispi_read(DISPI_BPP);
    uint16_t width = dispi_read(DISPI_VIRT_WIDTH);
    if (s->bpp == BITS_PLANAR) {
        s->model = MODEL_PLANAR;
        s->pitch = width / 8;
        s->ops = &gfx_planar;
    } else {
        s->model = MODEL_VBE;
        s->pitch = (uint16_t)(width * ((s->bpp + 7u) / 8));
        s->ops = &gfx_packed;
    }
}

static void get_std(struct screen *s, uint8_t page)
{
    ROM struct std_mode *mode = mode_find(s->mode);
    s->model = mode ? mode->model : MODEL_TEXT;
    s->seg = mode ? mode->seg : 0xb800;
    s->bpp = 8;
    s->pitch = s->columns;
    switch (s->model) {
    case MODEL_TEXT: s->pitch = (uint16_t)(s->columns * 2); break;
    case MODEL_CGA4: s->pitch = 80, s->ops = &gfx_cga4; return;
    case MODEL_CGA2: s->ops = &gfx_cga2; return;
    case MODEL_256: s->pitch = 320, s->ops = &gfx_packed; return;
    default: s->ops = &gfx_planar;
    }
    s->base = (uint16_t)(page * bda()->page_size);
}

void screen_get(struct screen *s, uint8_t page)
{
    struct bda LOW *b = bda();
    s->mode = b->mode;
    s->height = (uint8_t)b->char_height;
    s->columns = b->columns;
    s->rows = (uint16_t)(b->rows + 1);
    s->base = 0;
    s->vbe = 0;
    s->ops = 0;
    if (dispi_active())
        get_vbe(s);
    else
        get_std(s, page);
}

far_t screen_cell(const struct screen *s, unsigned column, unsigned row)
{
    return far_make(s->seg, s->base + row * s->pitch + column * 2);
}

far_t screen_map(const struct screen *s, uint32_t at)
{
    at += s->base;
    uint16_t bank = (uint16_t)(at >> 16);
    if (s->vbe && dispi_read(DISPI_BANK) != bank) /* a change is dear: the memory map is made anew */
        dispi_write(DISPI_BANK, bank);
    return far_make(s->seg, at);
}

/* The glyph of a character: modes 4 to 6 keep the upper half of their font behind a vector of its own. */
static far_t glyph(const struct screen *s, unsigned ch)
{
    if (ch >= 0x80 && (s->model == MODEL_CGA4 || s->model == MODEL_CGA2))
        return far_add(vector_get(VEC_FONT_UPPER), (ch - 0x80) * 8);
    return far_add(vector_get(VEC_FONT), ch * s->height);
}

static void put_glyph(const struct screen *s, unsigned column, unsigned row, unsigned ch, uint8_t colour)
{
    far_t font = glyph(s, ch);
    for (unsigned i = 0; i < s->height; i++)
        s->ops->put_row(s, column, row * s->height + i, far_read8(far_add(font, i)), colour);
}

void screen_put(const struct screen *s, unsigned column, unsigned row, unsigned ch, unsigned attr)
{
    if (s->model != MODEL_TEXT)
        put_glyph(s, column, row, ch, (uint8_t)attr);
    else if (attr & WRITE_CHAR_ONLY)
        far_write8(screen_cell(s, column, row), (uint8_t)ch);
    else
        far_write16(screen_cell(s, column, row), (uint16_t)(attr << 8 | ch));
}

static int is_glyph(const struct screen *s, unsigned column, unsigned row, unsigned ch)
{
    far_t font = glyph(s, ch);
    for (unsigned i = 0; i < s->height; i++)
        if (s->ops->get_row(s, column, row * s->height + i) != far_read8(far_add(font, i)))
            return 0;
    return 1;
}

/* In graphics the cell is compared with the font; blank cells are spaces, not the equally blank character 0.
 */
uint16_t screen_peek(const struct screen *s, unsigned column, unsigned row)
{
    if (s->model == MODEL_TEXT)
        return far_read16(screen_cell(s, column, row));
    for (unsigned ch = 0; ch < 256; ch++)
        if (is_glyph(s, column, row, ch))
            return (uint16_t)ch;
    return 0;
}

static void copy_row(const struct screen *s, const struct window *w, unsigned to, unsigned from)
{
    unsigned count = w->right - w->left + 1u;
    if (s->model == MODEL_TEXT)
        far_copy(screen_cell(s, w->left, to), screen_cell(s, w->left, from), count * 2);
    else
        for (unsigned i = 0; i < s->height; i++)
            s->ops->copy(s, w->left, count, to * s->height + i, from * s->height + i);
}

static void fill_row(const struct screen *s, const struct window *w, unsigned row, uint8_t attr)
{
    unsigned count = w->right - w->left + 1u;
    if (s->model == MODEL_TEXT)
        far_fill16(screen_cell(s, w->left, row), (uint16_t)(attr << 8 | ' '), count);
    else
        for (unsigned i = 0; i < s->height; i++)
            s->ops->fill(s, w->left, count, row * s->height + i, attr);
}

void screen_scroll(const struct screen *s, struct window *w, unsigned lines, uint8_t attr, int down)
{
    if (w->right >= s->columns)
        w->right = (uint8_t)(s->columns - 1);
    if (w->bottom >= s->rows)
        w->bottom = (uint8_t)(s->rows - 1);
    if (w->left > w->right || w->top > w->bottom)
        return;
    unsigned height = w->bottom - w->top + 1u;
    if (lines == 0 || lines > height)
        lines = height;
    for (unsigned i = 0; i < height; i++) {
        unsigned row = down ? w->bottom - i : w->top + i;
        if (i + lines < height)
            copy_row(s, w, row, down ? row - lines : row + lines);
        else
            fill_row(s, w, row, attr);
    }
}
