/* SPDX-License-Identifier: MIT */
/* Graphics modes (IBM VGA reference, "Graphics mode register" and "Attribute mode control").
 *
 * Each character clock the serialisers send eight dots of four bits; with the attribute controller in 8-bit
 * mode two such dots make one pixel. */
#include "core/base/bytes.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_render.h"

void vga_planar_dots(uint32_t planes, uint8_t dots[8])
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t bits = planes >> (7 - i) & 0x01010101u;
        dots[i] = (uint8_t)((bits | bits >> 7 | bits >> 14 | bits >> 21) & 0xF);
    }
}

/* CGA: pairs of bits of plane 0, then plane 1; planes 2 and 3 give the upper pair. */
static void interleaved_dots(uint32_t planes, uint8_t dots[8])
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned low = planes >> (i / 4 * 8 + 6 - i % 4 * 2) & 3;
        unsigned high = planes >> (16 + i / 4 * 8 + 6 - i % 4 * 2) & 3;
        dots[i] = (uint8_t)(low | high << 2);
    }
}

/* Bytes of the planes in turn, high half first. */
static void byte_dots(uint32_t planes, uint8_t dots[8])
{
    for (unsigned i = 0; i < 8; i++)
        dots[i] = planes >> (i / 2 * 8 + (i % 2 ? 0 : 4)) & 0xF;
}

static void shift_out(const struct vga *vga, uint32_t planes, uint8_t dots[8])
{
    if (vga->gc[GC_MODE] & GC_MODE_SHIFT_256)
        byte_dots(planes, dots);
    else if (vga->gc[GC_MODE] & GC_MODE_SHIFT_INTERLEAVE)
        interleaved_dots(planes, dots);
    else
        vga_planar_dots(planes, dots);
}

/* In 8-bit mode the palette registers are out of the way. */
static void emit_pairs(const struct vga *vga, const uint8_t dots[8], uint8_t out[4])
{
    uint8_t enable = (uint8_t)((vga->attr[ATTR_PLANE_ENABLE] & 0xF) * 0x11);
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(dots[2 * i] << 4 | dots[2 * i + 1]) & enable;
}

/* Blinking graphics inverts plane 3 after the plane enable, half of the time: mode 0Fh's palette relies on
 * it. */
static void emit_dots(const struct vga_view *view, const uint8_t dots[8], uint8_t out[8])
{
    bool invert = view->vga->attr[ATTR_MODE] & ATTR_MODE_BLINK && !view->blink_on;
    const uint8_t *colours = invert ? view->inverted : view->colours;
    for (unsigned i = 0; i < 8; i++)
        out[i] = colours[dots[i]];
}

static unsigned clock_divider_shift(const struct vga *vga)
{
    if (vga->crtc[CRTC_UNDERLINE] & UNDERLINE_COUNT_BY_4)
        return 2;
    return vga->crtc[CRTC_MODE] & CRTC_MODE_COUNT_BY_2 ? 1 : 0;
}

void vga_render_graphics_line(const struct vga_view *view, const struct vga_scan_line *line, uint8_t *out)
{
    const struct vga *vga = view->vga;
    unsigned shift = clock_divider_shift(vga);
    bool pairs = vga->attr[ATTR_MODE] & ATTR_MODE_8BIT;
    for (unsigned column = 0; column <= view->scan.columns; column++) {
        uint32_t address = vga_scan_address(vga, line->counter + (column >> shift), line->row_scan);
        uint8_t dots[8];
        shift_out(vga, load_le32(vga_plane_bytes(vga, address)), dots);
        if (pairs)
            emit_pairs(vga, dots, out);
        else
            emit_dots(view, dots, out);
        out += view->char_dots;
    }
}
