/* SPDX-License-Identifier: MIT */
#include "devices/video/vga_text.h"

#include "devices/video/cp437.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_scan.h"

enum { COLUMNS_MAX = 256 };

/* Walks down the scan lines and stops at the first line of each character row. */
struct row_walk {
    struct vga_scan scan;
    unsigned line; /* next one to look at */
    unsigned counter;
    bool any;
};

static void walk_begin(struct row_walk *walk, const struct vga *vga)
{
    *walk = (struct row_walk){.line = 0};
    vga_scan_get(vga, &walk->scan);
}

static bool walk_next(struct row_walk *walk)
{
    while (walk->line < walk->scan.lines) {
        struct vga_scan_line at;
        vga_scan_line_at(&walk->scan, walk->line, &at);
        bool new_row = !walk->any || at.counter != walk->counter || walk->line == walk->scan.split;
        walk->line++;
        walk->counter = at.counter;
        walk->any = true;
        if (new_row)
            return true;
    }
    return false;
}

static void read_cells(const struct vga *vga, unsigned counter, unsigned count, unsigned plane, uint8_t *out,
                       unsigned stride)
{
    for (unsigned i = 0; i < count; i++)
        out[i * stride] = vga_plane_bytes(vga, vga_scan_address(vga, counter + i, 0))[plane];
}

static void find_cursor(const struct vga *vga, const struct row_walk *walk, struct screen_text *out)
{
    unsigned at = (unsigned)vga->crtc[CRTC_CURSOR_HIGH] << 8 | vga->crtc[CRTC_CURSOR_LOW];
    unsigned column = (at - walk->counter) & 0xFFFF;
    if (vga->crtc[CRTC_CURSOR_START] & CURSOR_OFF || column >= walk->scan.columns)
        return;
    out->cursor = true;
    out->cursor_column = column;
    out->cursor_row = out->rows;
}

static void begin_text(struct screen_text *out, unsigned columns)
{
    out->utf8.size = 0;
    out->columns = columns;
    out->rows = 0;
    out->cursor = false;
    out->cursor_column = out->cursor_row = 0;
}

static bool is_text(const struct vga *vga)
{
    return !vbe_dispi_on(&vga->dispi) && !vga_is_graphics(vga);
}

bool vga_text_read(const struct vga *vga, struct screen_text *out)
{
    struct row_walk walk;
    walk_begin(&walk, vga);
    begin_text(out, walk.scan.columns);
    if (!is_text(vga))
        return false;
    while (walk_next(&walk)) {
        uint8_t characters[COLUMNS_MAX];
        read_cells(vga, walk.counter, walk.scan.columns, 0, characters, 1);
        cp437_append_row(&out->utf8, characters, walk.scan.columns);
        find_cursor(vga, &walk, out);
        out->rows++;
    }
    return true;
}

bool vga_text_cells(const struct vga *vga, unsigned row, uint8_t *cells, unsigned columns)
{
    struct row_walk walk;
    walk_begin(&walk, vga);
    if (!is_text(vga) || columns > walk.scan.columns)
        return false;
    do {
        if (!walk_next(&walk))
            return false;
    } while (row--);
    read_cells(vga, walk.counter, columns, 0, cells, 2);
    read_cells(vga, walk.counter, columns, 1, cells + 1, 2);
    return true;
}

void screen_text_free(struct screen_text *text)
{
    buffer_free(&text->utf8);
    *text = (struct screen_text){.columns = 0};
}
