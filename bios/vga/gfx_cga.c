/* SPDX-License-Identifier: MIT */
/* CGA graphics: even lines at B800:0000, odd ones at B800:2000; two bits a pixel (modes 4, 5) or one (mode
 * 6). */
#include "vga/screen.h"

enum { ODD_LINES = 0x2000, LINE_BYTES = 80 };

static far_t at(const struct screen *s, unsigned byte, unsigned y)
{
    return far_make(s->seg, (y & 1 ? ODD_LINES : 0) + (y >> 1) * LINE_BYTES + byte);
}

static void merge8(far_t p, uint8_t mask, uint8_t value, uint8_t colour)
{
    uint8_t old = far_read8(p);
    far_write8(p, colour & COLOUR_XOR ? old ^ value : (uint8_t)((old & ~mask) | value));
}

/* abcdefgh to aabbccdd eeffgghh */
static uint16_t double_bits(uint8_t bits)
{
    uint16_t wide = 0;
    for (unsigned i = 0; i < 8; i++)
        if (bits & 1 << i)
            wide |= (uint16_t)(3 << 2 * i);
    return wide;
}

static void put_row4(const struct screen *s, unsigned column, unsigned y, uint8_t bits, uint8_t colour)
{
    uint16_t value = (uint16_t)(double_bits(bits) & (colour & 3) * 0x5555u);
    merge8(at(s, column * 2, y), 0xff, (uint8_t)(value >> 8), colour);
    merge8(at(s, column * 2 + 1, y), 0xff, (uint8_t)value, colour);
}

static uint8_t get_row4(const struct screen *s, unsigned column, unsigned y)
{
    uint16_t pixels = far_read16(at(s, column * 2, y)); /* low byte first: leftmost pixels in bits 7-6 */
    pixels = (uint16_t)(pixels << 8 | pixels >> 8);
    uint8_t bits = 0;
    for (unsigned i = 0; i < 8; i++)
        if (pixels & 3u << 2 * i)
            bits |= (uint8_t)(1 << i);
    return bits;
}

static void copy4(const struct screen *s, unsigned column, unsigned count, unsigned to_y, unsigned from_y)
{
    far_copy(at(s, column * 2, to_y), at(s, column * 2, from_y), count * 2);
}

static void fill4(const struct screen *s, unsigned column, unsigned count, unsigned y, uint8_t colour)
{
    far_fill8(at(s, column * 2, y), (uint8_t)((colour & 3) * 0x55u), count * 2);
}

static void put_pixel4(const struct screen *s, unsigned x, unsigned y, uint8_t colour)
{
    unsigned shift = 6 - (x & 3) * 2;
    merge8(at(s, x >> 2, y), (uint8_t)(3 << shift), (uint8_t)((colour & 3) << shift), colour);
}

static uint8_t get_pixel4(const struct screen *s, unsigned x, unsigned y)
{
    return far_read8(at(s, x >> 2, y)) >> (6 - (x & 3) * 2) & 3;
}

static void put_row2(const struct screen *s, unsigned column, unsigned y, uint8_t bits, uint8_t colour)
{
    merge8(at(s, column, y), 0xff, colour & 1 ? bits : 0, colour);
}

static uint8_t get_row2(const struct screen *s, unsigned column, unsigned y)
{
    return far_read8(at(s, column, y));
}

static void copy2(const struct screen *s, unsigned column, unsigned count, unsigned to_y, unsigned from_y)
{
    far_copy(at(s, column, to_y), at(s, column, from_y), count);
}

static void fill2(const struct screen *s, unsigned column, unsigned count, unsigned y, uint8_t colour)
{
    far_fill8(at(s, column, y), colour & 1 ? 0xff : 0, count);
}

static void put_pixel2(const struct screen *s, unsigned x, unsigned y, uint8_t colour)
{
    unsigned shift = 7 - (x & 7);
    merge8(at(s, x >> 3, y), (uint8_t)(1 << shift), (uint8_t)((colour & 1) << shift), colour);
}

static uint8_t get_pixel2(const struct screen *s, unsigned x, unsigned y)
{
    return far_read8(at(s, x >> 3, y)) >> (7 - (x & 7)) & 1;
}

ROM_DATA struct gfx_ops gfx_cga4 = {put_row4, get_row4, copy4, fill4, put_pixel4, get_pixel4};
ROM_DATA struct gfx_ops gfx_cga2 = {put_row2, get_row2, copy2, fill2, put_pixel2, get_pixel2};
