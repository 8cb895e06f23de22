/* SPDX-License-Identifier: MIT */
/* Four-plane graphics: modes Dh to 12h and 16-colour VBE modes (IBM PS/2 Hardware Reference, "Graphics
 * controller"). */
#include "vga/screen.h"

#include "vga/dispi.h"
#include "vga/vgaregs.h"

enum { ALL_PLANES = 0x0f, WRITE_MODE_1 = 0x01, READ_MODE_1 = 0x08 };

/* All planes from the set/reset register; function copy or XOR. */
static void begin(uint8_t colour)
{
    indexed_write(PORT_SEQ, SEQ_MAP_MASK, ALL_PLANES);
    indexed_write(PORT_GFX, GFX_MODE, 0);
    indexed_write(PORT_GFX, GFX_ENABLE_SR, ALL_PLANES);
    indexed_write(PORT_GFX, GFX_SET_RESET, colour & 0x0f);
    indexed_write(PORT_GFX, GFX_FUNCTION, colour & COLOUR_XOR ? FUNCTION_XOR : FUNCTION_COPY);
}

static void end(void)
{
    indexed_write(PORT_GFX, GFX_SET_RESET, 0);
    indexed_write(PORT_GFX, GFX_ENABLE_SR, 0);
    indexed_write(PORT_GFX, GFX_FUNCTION, FUNCTION_COPY);
    indexed_write(PORT_GFX, GFX_MODE, 0);
    indexed_write(PORT_GFX, GFX_BIT_MASK, 0xff);
}

static uint32_t at(const struct screen *s, unsigned column, unsigned y)
{
    return (uint32_t)y * s->pitch + column;
}

static void set_bits(far_t p, uint8_t bits)
{
    indexed_write(PORT_GFX, GFX_BIT_MASK, bits);
    far_rmw8(p, 0);
}

static void put_row(const struct screen *s, unsigned column, unsigned y, uint8_t bits, uint8_t colour)
{
    far_t p = screen_map(s, at(s, column, y));
    begin(colour);
    if (!(colour & COLOUR_XOR)) {
        indexed_write(PORT_GFX, GFX_SET_RESET, 0);
        set_bits(p, (uint8_t)~bits);
        indexed_write(PORT_GFX, GFX_SET_RESET, colour & 0x0f);
    }
    set_bits(p, bits);
    end();
}

static uint8_t get_row(const struct screen *s, unsigned column, unsigned y)
{
    uint8_t care = indexed_read(PORT_GFX, GFX_DONT_CARE);
    indexed_write(PORT_GFX, GFX_DONT_CARE, ALL_PLANES);
    indexed_write(PORT_GFX, GFX_COMPARE, 0);
    indexed_write(PORT_GFX, GFX_MODE, READ_MODE_1);
    uint8_t zero = far_read8(screen_map(s, at(s, column, y)));
    indexed_write(PORT_GFX, GFX_MODE, 0);
    indexed_write(PORT_GFX, GFX_DONT_CARE, care);
    return (uint8_t)~zero;
}

/* The latches carry a byte of all planes across a change of bank. */
static void copy_banked(const struct screen *s, uint32_t to, uint32_t from, unsigned count)
{
    for (; count; count--) {
        far_read8(screen_map(s, from++));
        far_write8(screen_map(s, to++), 0);
    }
}

static void copy(const struct screen *s, unsigned column, unsigned count, unsigned to_y, unsigned from_y)
{
    uint32_t to = at(s, column, to_y), from = at(s, column, from_y);
    indexed_write(PORT_SEQ, SEQ_MAP_MASK, ALL_PLANES);
    indexed_write(PORT_GFX, GFX_MODE, WRITE_MODE_1);
    if ((to >> 16 | (to + count) >> 16 | from >> 16 | (from + count) >> 16) != 0)
        copy_banked(s, to, from, count);
    else
        far_copy(screen_map(s, to), screen_map(s, from), count);
    indexed_write(PORT_GFX, GFX_MODE, 0);
}

static void fill(const struct screen *s, unsigned column, unsigned count, unsigned y, uint8_t colour)
{
    begin(colour & 0x0f);
    indexed_write(PORT_GFX, GFX_BIT_MASK, 0xff);
    for (uint32_t p = at(s, column, y); count; count--)
        far_write8(screen_map(s, p++), 0);
    end();
}

static void put_pixel(const struct screen *s, unsigned x, unsigned y, uint8_t colour)
{
    begin(colour);
    set_bits(screen_map(s, at(s, x >> 3, y)), (uint8_t)(0x80 >> (x & 7)));
    end();
}

static uint8_t get_pixel(const struct screen *s, unsigned x, unsigned y)
{
    far_t p = screen_map(s, at(s, x >> 3, y));
    uint8_t colour = 0, bit = (uint8_t)(0x80 >> (x & 7));
    indexed_write(PORT_GFX, GFX_MODE, 0);
    for (uint8_t plane = 0; plane < 4; plane++) {
        indexed_write(PORT_GFX, GFX_READ_MAP, plane);
        if (far_read8(p) & bit)
            colour |= (uint8_t)(1 << plane);
    }
    indexed_write(PORT_GFX, GFX_READ_MAP, 0);
    return colour;
}

ROM_DATA struct gfx_ops gfx_planar = {put_row, get_row, copy, fill, put_pixel, get_pixel};
