/* SPDX-License-Identifier: MIT */
/*
 * The graphics pages.
 *
 * Mode 13h is the simplest there is: 320 x 200 pixels, each a byte at A000:0000, each byte a number in a
 * palette of 256 colours. The plasma is a sum of waves; moving it costs no pixel, only the palette is turned.
 *
 * Mode 12h has 640 x 480 pixels of 16 colours in four planes of a bit each. The same byte address reaches
 * eight pixels of all four planes; the graphics controller decides what a write does: here "write mode 0 with
 * set/reset", where every bit of the bit mask register lets through a pixel of the colour in the set/reset
 * register, the others come back out of the latches that the read before the write has filled.
 */
#include "common/io.h"
#include "demo/bios.h"
#include "demo/pages.h"

enum {
    PORT_DAC_WRITE = 0x3c8,
    PORT_DAC_DATA = 0x3c9,
    PORT_STATUS = 0x3da,
    STATUS_RETRACE = 8,
    PORT_GFX = 0x3ce
};
enum { VIDEO = 0xa000, WIDTH_13 = 320, HEIGHT_13 = 200, WIDTH_12 = 640, HEIGHT_12 = 480, TEXT = 255 };

/* sin(x * 2 pi / 256) * 64 for a quarter of the circle. */
static const uint8_t quarter[65] = {
    0,  2,  3,  5,  6,  8,  9,  11, 12, 14, 16, 17, 19, 20, 22, 23, 24, 26, 27, 29, 30, 32,
    33, 34, 36, 37, 38, 39, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,
    56, 57, 58, 59, 59, 60, 60, 61, 61, 62, 62, 62, 63, 63, 63, 64, 64, 64, 64, 64, 64,
};

static int sine(unsigned x)
{
    unsigned at = x & 63;
    switch (x >> 6 & 3) {
    case 0: return quarter[at];
    case 1: return quarter[64 - at];
    case 2: return -quarter[at];
    default: return -quarter[64 - at];
    }
}

/* Waits for the start of the vertical retrace, when nobody sees the palette change; not for ever. */
static void wait_retrace(void)
{
    for (uint32_t i = 0; i < 100000 && in8(PORT_STATUS) & STATUS_RETRACE; i++)
        ;
    for (uint32_t i = 0; i < 100000 && !(in8(PORT_STATUS) & STATUS_RETRACE); i++)
        ;
}

/* A ring of 254 colours, turned by `turn`; colour 0 stays black, TEXT white. Guns have six bits. */
static void load_palette(unsigned turn)
{
    out8(PORT_DAC_WRITE, 1);
    for (unsigned i = 1; i < TEXT; i++) {
        unsigned at = i * 256 / (TEXT - 1) + turn;
        out8(PORT_DAC_DATA, (uint8_t)((sine(at) + 64) * 63 / 128));
        out8(PORT_DAC_DATA, (uint8_t)((sine(at + 85) + 64) * 63 / 128));
        out8(PORT_DAC_DATA, (uint8_t)((sine(at + 170) + 64) * 63 / 128));
    }
    for (unsigned gun = 0; gun < 3; gun++)
        out8(PORT_DAC_DATA, 63);
}

static uint8_t plasma(unsigned x, unsigned y)
{
    int wave = sine(x) + sine(y * 2) + sine((x + y * 2) / 2) + sine((x * x + y * y * 2) / 256);
    return (uint8_t)(1 + (unsigned)(wave + 256) * 253 / 512);
}

void page_plasma(void)
{
    set_mode(0x13);
    load_palette(0);
    for (unsigned y = 0; y < HEIGHT_13; y++)
        for (unsigned x = 0; x < WIDTH_13; x++)
            poke8(VIDEO, (uint16_t)(y * WIDTH_13 + x), plasma(x, y));
    put_at(9, 24, "Mode 13h - press a key", TEXT);
    for (unsigned turn = 0; poll_key() == 0; turn += 2) {
        wait_retrace();
        load_palette(turn);
    }
}

static void gfx_write(uint8_t index, uint8_t value)
{
    out16(PORT_GFX, (uint16_t)(value << 8 | index));
}

static void pixel_12(int x, int y)
{
    uint16_t at = (uint16_t)(y * (WIDTH_12 / 8) + (x >> 3));
    gfx_write(8, (uint8_t)(0x80 >> (x & 7))); /* bit mask */
    peek8(VIDEO, at);                         /* fills the latches */
    poke8(VIDEO, at, 0xff);
}

/* Bresenham's algorithm: the error says how far the pixel is from the true line. */
static void line_12(int x0, int y0, int x1, int y1, uint8_t colour)
{
    int dx = x1 > x0 ? x1 - x0 : x0 - x1, step_x = x1 > x0 ? 1 : -1;
    int dy = y1 > y0 ? y0 - y1 : y1 - y0, step_y = y1 > y0 ? 1 : -1;
    int error = dx + dy;
    gfx_write(1, 0x0f); /* enable set/reset in all planes */
    gfx_write(0, colour);
    for (;;) {
        pixel_12(x0, y0);
        if (x0 == x1 && y0 == y1)
            break;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y0 += step_y;
        }
    }
    gfx_write(8, 0xff);
    gfx_write(1, 0);
    gfx_write(0, 0);
}

/* Straight lines between two edges that seem to make a curve, in each corner. */
static void draw_net(void)
{
    enum { STEPS = 24 };
    for (int i = 0; i <= STEPS; i++) {
        int x = i * (WIDTH_12 - 1) / STEPS, y = i * (HEIGHT_12 - 1) / STEPS;
        uint8_t colour = (uint8_t)(9 + i % 6);
        line_12(0, y, x, HEIGHT_12 - 1, colour);
        line_12(WIDTH_12 - 1, HEIGHT_12 - 1 - y, WIDTH_12 - 1 - x, 0, colour);
        line_12(0, HEIGHT_12 - 1 - y, x, 0, colour);
        line_12(WIDTH_12 - 1, y, WIDTH_12 - 1 - x, HEIGHT_12 - 1, colour);
    }
}

void page_lines(void)
{
    set_mode(0x12);
    draw_net();
    for (unsigned i = 0; i < 16; i++)
        put_at(24 + 2 * i, 13, "\xdb\xdb", (uint8_t)i);
    put_at(28, 15, "Mode 12h - press a key", WHITE);
    wait_key();
}
