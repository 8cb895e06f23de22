/* SPDX-License-Identifier: MIT */
/* Modes of the Bochs interface: packed pixels of 8 to 32 bits, little-endian, and 4-bit planes. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_render.h"
#include "devices/video/video_frame.h"

enum { ROW_BYTES_MAX = DISPI_MAX_XRES * 4 + 8 };

static uint32_t from_555(uint32_t v)
{
    unsigned r = v >> 10 & 31, g = v >> 5 & 31, b = v & 31;
    return video_rgbx(r << 3 | r >> 2, g << 3 | g >> 2, b << 3 | b >> 2);
}

static uint32_t from_565(uint32_t v)
{
    unsigned r = v >> 11 & 31, g = v >> 5 & 63, b = v & 31;
    return video_rgbx(r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2);
}

static uint32_t from_888(const uint8_t *bytes)
{
    return video_rgbx(bytes[2], bytes[1], bytes[0]);
}

static void draw_packed(const struct vga_view *view, const uint8_t *row, uint32_t *out)
{
    unsigned width = view->vga->dispi.xres;
    switch (view->vga->dispi.bpp) {
    case 8:
        for (unsigned x = 0; x < width; x++)
            out[x] = view->pixels[row[x]];
        break;
    case 15:
        for (unsigned x = 0; x < width; x++)
            out[x] = from_555(load_le16(row + 2 * x));
        break;
    case 16:
        for (unsigned x = 0; x < width; x++)
            out[x] = from_565(load_le16(row + 2 * x));
        break;
    case 24:
        for (unsigned x = 0; x < width; x++)
            out[x] = from_888(row + 3 * x);
        break;
    default:
        for (unsigned x = 0; x < width; x++)
            out[x] = from_888(row + 4 * x);
        break;
    }
}

static void draw_planar(const struct vga_view *view, const uint8_t *row, unsigned skip, uint32_t *out)
{
    unsigned width = view->vga->dispi.xres;
    for (unsigned x = 0; x < width + skip; x += 8) {
        uint8_t dots[8];
        vga_planar_dots(load_le32(row + x / 2), dots);
        for (unsigned i = 0; i < 8; i++) {
            unsigned at = x + i - skip; /* wraps to a large number left of the edge */
            if (at < width)
                out[at] = view->pixels[view->colours[dots[i]]];
        }
    }
}

/* Bytes of video memory from `offset`, which wraps at its end; valid until the buffer is used again. */
static const uint8_t *row_bytes(const struct vga *vga, uint64_t offset, unsigned size, uint8_t *buffer)
{
    const uint8_t *vram = vga->memory->host + vga->vram;
    uint32_t at = (uint32_t)(offset & (vga->vram_size - 1)), left = vga->vram_size - at;
    if (left >= size)
        return vram + at;
    memcpy(buffer, vram + at, left);
    memcpy(buffer + left, vram, size - left);
    return buffer;
}

void vga_render_vbe(const struct vga_view *view, struct video_frame *frame)
{
    const struct vga *vga = view->vga;
    const struct vbe_dispi *dispi = &vga->dispi;
    bool planar = dispi->bpp == 4;
    unsigned size = planar ? dispi->xres / 2u + 4 : dispi->xres * vbe_dispi_pixel_bytes(dispi);
    unsigned left = planar ? dispi->x_offset / 8u * 4 : dispi->x_offset * vbe_dispi_pixel_bytes(dispi);
    uint8_t buffer[ROW_BYTES_MAX];
    for (unsigned y = 0; y < dispi->yres; y++) {
        uint64_t offset = (uint64_t)(dispi->y_offset + y) * vbe_dispi_pitch(dispi) + left;
        const uint8_t *row = row_bytes(vga, offset, size, buffer);
        uint32_t *out = frame->pixels + (size_t)y * frame->width;
        if (planar)
            draw_planar(view, row, dispi->x_offset % 8, out);
        else
            draw_packed(view, row, out);
    }
}
