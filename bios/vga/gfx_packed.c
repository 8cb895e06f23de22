/* SPDX-License-Identifier: MIT */
/*
 * One pixel after the other: mode 13h, and VBE modes of 8 to 32 bits through the 64 KiB window. In direct
 * colour the 16 text colours are turned into RGB.
 */
#include "vga/screen.h"

#include "vga/mode.h"

enum { BANK = 0x10000, CHUNK = 32 };

static unsigned pixel_bytes(const struct screen *s)
{
    return (s->bpp + 7u) / 8;
}

static uint32_t at(const struct screen *s, unsigned x, unsigned y)
{
    return (uint32_t)y * s->pitch + x * pixel_bytes(s);
}

/* RGBI to levels of 8 bits, cut to the widths of the pixel format. */
static uint32_t pixel_value(const struct screen *s, uint8_t colour)
{
    if (s->bpp == 8)
        return colour;
    uint32_t base = colour & 8 ? 0x55 : 0;
    uint32_t red = base + (colour & 4 ? 0xaa : 0);
    uint32_t green = base + ((colour & 2) == 0 ? 0 : (colour & 15) == 6 ? 0x55 : 0xaa);
    uint32_t blue = base + (colour & 1 ? 0xaa : 0);
    if (s->bpp == 15)
        return red >> 3 << 10 | green >> 3 << 5 | blue >> 3;
    if (s->bpp == 16)
        return red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
    return red << 16 | green << 8 | blue;
}

/* The address of byte p, given that of byte p - 1: only the first byte of a bank asks for a new one. */
static far_t next_byte(const struct screen *s, far_t last, uint32_t p)
{
    return (p & (BANK - 1)) == 0 ? screen_map(s, p) : far_add(last, 1);
}

/* Writes the pixel at p, whose address is *byte, and moves both to the next pixel. */
static uint32_t put_value(const struct screen *s, uint32_t p, far_t *byte, uint32_t value, int flip)
{
    for (unsigned n = pixel_bytes(s); n; n--, value >>= 8) {
        far_write8(*byte, (uint8_t)(flip ? far_read8(*byte) ^ value : value));
        *byte = next_byte(s, *byte, ++p);
    }
    return p;
}

static int is_xor(const struct screen *s, uint8_t colour)
{
    return s->bpp != 8 && colour & COLOUR_XOR;
}

static void put_row(const struct screen *s, unsigned column, unsigned y, uint8_t bits, uint8_t colour)
{
    uint32_t p = at(s, column * 8, y), value = pixel_value(s, colour);
    far_t byte = screen_map(s, p);
    int flip = is_xor(s, colour);
    for (unsigned i = 0; i < 8; i++, bits = (uint8_t)(bits << 1))
        p = put_value(s, p, &byte, bits & 0x80 ? value : 0, flip);
}

static uint32_t get_value(const struct screen *s, unsigned x, unsigned y)
{
    uint32_t p = at(s, x, y), value = 0;
    far_t byte = screen_map(s, p);
    for (unsigned i = 0; i < pixel_bytes(s); i++, byte = next_byte(s, byte, ++p))
        value |= (uint32_t)far_read8(byte) << 8 * i;
    return value;
}

static uint8_t get_row(const struct screen *s, unsigned column, unsigned y)
{
    uint8_t bits = 0;
    for (unsigned i = 0; i < 8; i++)
        bits = (uint8_t)(bits << 1 | (get_value(s, column * 8 + i, y) != 0));
    return bits;
}

static uint32_t bank_left(uint32_t p)
{
    return BANK - (p & (BANK - 1));
}

/* Through a buffer, as source and destination may lie in different banks. */
static void copy(const struct screen *s, unsigned column, unsigned count, unsigned to_y, unsigned from_y)
{
    uint8_t chunk[CHUNK];
    uint32_t to = at(s, column * 8, to_y), from = at(s, column * 8, from_y);
    uint32_t left = count * 8 * pixel_bytes(s);
    while (left) {
        uint32_t n = left < CHUNK ? left : CHUNK;
        if (n > bank_left(to))
            n = bank_left(to);
        if (n > bank_left(from))
            n = bank_left(from);
        far_copy(far_local(chunk), screen_map(s, from), n);
        far_copy(screen_map(s, to), far_local(chunk), n);
        to += n;
        from += n;
        left -= n;
    }
}

static void fill(const struct screen *s, unsigned column, unsigned count, unsigned y, uint8_t colour)
{
    uint32_t value = pixel_value(s, colour), p = at(s, column * 8, y);
    far_t byte = screen_map(s, p);
    for (unsigned i = 0; i < count * 8; i++)
        p = put_value(s, p, &byte, value, 0);
}

static void put_pixel(const struct screen *s, unsigned x, unsigned y, uint8_t colour)
{
    uint32_t p = at(s, x, y);
    far_t byte = screen_map(s, p);
    put_value(s, p, &byte, pixel_value(s, colour), is_xor(s, colour));
}

static uint8_t get_pixel(const struct screen *s, unsigned x, unsigned y)
{
    uint32_t value = get_value(s, x, y);
    if (s->bpp == 8)
        return (uint8_t)value;
    for (uint8_t colour = 0; colour < 16; colour++)
        if (pixel_value(s, colour) == value)
            return colour;
    return (uint8_t)value;
}

ROM_DATA struct gfx_ops gfx_packed = {put_row, get_row, copy, fill, put_pixel, get_pixel};
