/* SPDX-License-Identifier: MIT */
/* Graphics modes: geometry and pixel layout of each BIOS mode, mode X, split screen, panning, odd registers.
 */
#include "tests/support/fake_clock.h"
#include "tests/support/suite.h"
#include "tests/support/vga_bench.h"

#define BLACK 0x000000FFu
#define WHITE 0xFFFFFFFFu
#define GREY  0xAAAAAAFFu

static void begin(struct vga_bench *bench, unsigned mode)
{
    vga_bench_init(bench);
    vga_bench_mode(bench, mode);
}

START_TEST(modes_have_their_sizes)
{
    static const struct {
        unsigned mode, width, height;
    } sizes[] = {
        {0x04, 320, 200}, {0x06, 640, 200}, {0x0D, 320, 200}, {0x0E, 640, 200}, {0x0F, 640, 350},
        {0x10, 640, 350}, {0x11, 640, 480}, {0x12, 640, 480}, {0x13, 320, 200},
    };
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vga_bench bench;
        begin(&bench, sizes[i].mode);
        vga_bench_render(&bench);
        ck_assert_uint_eq(bench.frame.width, sizes[i].width);
        ck_assert_uint_eq(bench.frame.height, sizes[i].height);
        /* Every mode fills a 4:3 screen. */
        ck_assert_uint_eq(bench.frame.width * bench.frame.aspect_x * 3,
                          bench.frame.height * bench.frame.aspect_y * 4);
        char text[80];
        ck_assert_int_gt(vga_describe(bench.vga, text, sizeof text), 0);
        vga_bench_free(&bench);
    }
}
END_TEST

START_TEST(cga_lines_interleave_in_two_banks)
{
    struct vga_bench bench;
    begin(&bench, 4);
    vga_poke(&bench, 0xB8000, 0x1B);           /* line 0: colours 0 1 2 3 */
    vga_poke(&bench, 0xBA000 + 79, 0xE4);      /* line 1, last byte: 3 2 1 0 */
    vga_poke(&bench, 0xB8000 + 80, 0xC0);      /* line 2 */
    vga_poke(&bench, 0xBA000 + 99 * 80, 0x03); /* line 199 */
    vga_bench_render(&bench);
    static const uint32_t colours[4] = {BLACK, 0x55FFFFFF, 0xFF55FFFF, WHITE};
    for (unsigned x = 0; x < 4; x++) {
        ck_assert_uint_eq(vga_bench_pixel(&bench, x, 0), colours[x]);
        ck_assert_uint_eq(vga_bench_pixel(&bench, 316 + x, 1), colours[3 - x]);
    }
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 2), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 199), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 1), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(cga_two_colours)
{
    struct vga_bench bench;
    begin(&bench, 6);
    vga_poke(&bench, 0xB8000 + 79, 0x81);
    vga_poke(&bench, 0xBA000, 0x40);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 632, 0), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 633, 0), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 639, 0), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 1, 1), WHITE);
    vga_bench_free(&bench);
}
END_TEST

/* Sets one pixel of a planar mode to a colour. */
static void planar_pixel(struct vga_bench *bench, unsigned bytes_a_line, unsigned x, unsigned y,
                         uint8_t colour)
{
    gpa_t address = 0xA0000 + y * bytes_a_line + x / 8;
    vga_out_indexed(bench, 0x3CE, 5, 2);
    vga_out_indexed(bench, 0x3CE, 8, (uint8_t)(0x80 >> x % 8));
    vga_peek(bench, address);
    vga_poke(bench, address, colour);
    vga_out_indexed(bench, 0x3CE, 5, 0);
    vga_out_indexed(bench, 0x3CE, 8, 0xFF);
}

START_TEST(planar_pixels_take_bits_from_four_planes)
{
    struct vga_bench bench;
    begin(&bench, 0x12);
    for (unsigned i = 0; i < 16; i++)
        planar_pixel(&bench, 80, 100 + i, 479, (uint8_t)i);
    vga_bench_render(&bench);
    static const uint32_t ega[16] = {0x000000FF, 0x0000AAFF, 0x00AA00FF, 0x00AAAAFF, 0xAA0000FF, 0xAA00AAFF,
                                     0xAA5500FF, 0xAAAAAAFF, 0x555555FF, 0x5555FFFF, 0x55FF55FF, 0x55FFFFFF,
                                     0xFF5555FF, 0xFF55FFFF, 0xFFFF55FF, 0xFFFFFFFF};
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(vga_bench_pixel(&bench, 100 + i, 479), ega[i]);
    /* The plane enable hides planes without touching memory. */
    vga_out_attribute(&bench, 0x12, 0x03);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 100 + 13, 479), ega[1]);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(colour_select_reaches_all_256_colours)
{
    struct vga_bench bench;
    begin(&bench, 0x0D);
    planar_pixel(&bench, 40, 0, 0, 5);
    vga_bench_colour(&bench, 0xC5, 63, 0, 0);
    vga_bench_colour(&bench, 0xB5, 0, 63, 0);
    vga_out_attribute(&bench, 0x14, 0x0C);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), 0xFF0000FF);
    vga_out_attribute(&bench, 0x10, 0x81);
    vga_out_attribute(&bench, 0x14, 0x0B);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), 0x00FF00FF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(mono_graphics_blink)
{
    struct vga_bench bench;
    begin(&bench, 0x0F);
    planar_pixel(&bench, 80, 0, 0, 1);
    planar_pixel(&bench, 80, 1, 0, 4);
    planar_pixel(&bench, 80, 2, 0, 5);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 1, 0), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 2, 0), WHITE);
    fake_clock_advance(&bench.clock, 17 * 14300000ull);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 1, 0), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 2, 0), WHITE);
    vga_bench_free(&bench);
}
END_TEST

/* Colour 0-255 as the bench's palette shows it. */
static uint32_t colour_256(unsigned i)
{
    unsigned r = i >> 5 << 3, g = (i >> 2 & 7) << 3, b = (i & 3) << 4;
    return video_rgbx(r << 2 | r >> 4, g << 2 | g >> 4, b << 2 | b >> 4);
}

START_TEST(mode_13h_is_one_byte_a_pixel)
{
    struct vga_bench bench;
    begin(&bench, 0x13);
    vga_poke(&bench, 0xA0000, 0xE0);
    vga_poke(&bench, 0xA0000 + 320 * 199 + 319, 0x1C);
    vga_poke(&bench, 0xA0000 + 320 * 50 + 101, 0x03);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), colour_256(0xE0));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 319, 199), colour_256(0x1C));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 101, 50), colour_256(0x03));
    vga_out(&bench, 0x3C6, 0x0F);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 319, 199), colour_256(0x0C));
    vga_bench_free(&bench);
}
END_TEST

/* 320x240, unchained: the usual register changes after mode 13h. */
static void set_mode_x(struct vga_bench *bench)
{
    static const uint8_t crtc[][2] = {{0x06, 0x0D}, {0x07, 0x3E}, {0x09, 0x41}, {0x10, 0xEA}, {0x11, 0xAC},
                                      {0x12, 0xDF}, {0x14, 0x00}, {0x15, 0xE7}, {0x16, 0x06}, {0x17, 0xE3}};
    vga_bench_mode(bench, 0x13);
    vga_out_indexed(bench, 0x3C4, 4, 0x06);
    vga_out(bench, 0x3C2, 0xE3);
    vga_out_indexed(bench, 0x3D4, 0x11, 0x0E);
    for (unsigned i = 0; i < sizeof crtc / sizeof crtc[0]; i++)
        vga_out_indexed(bench, 0x3D4, crtc[i][0], crtc[i][1]);
}

static void mode_x_pixel(struct vga_bench *bench, unsigned x, unsigned y, uint8_t colour)
{
    vga_out_indexed(bench, 0x3C4, 2, (uint8_t)(1 << x % 4));
    vga_poke(bench, 0xA0000 + y * 80 + x / 4, colour);
}

START_TEST(mode_x_pages_and_panning)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    set_mode_x(&bench);
    mode_x_pixel(&bench, 2, 0, 0xE0);
    mode_x_pixel(&bench, 319, 239, 0x1C);
    mode_x_pixel(&bench, 7, 240, 0x03); /* second page */
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.width, 320);
    ck_assert_uint_eq(bench.frame.height, 240);
    ck_assert_uint_eq(bench.frame.aspect_x, bench.frame.aspect_y);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 2, 0), colour_256(0xE0));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 319, 239), colour_256(0x1C));
    vga_out_indexed(&bench, 0x3D4, 0x0C, 240 * 80 >> 8);
    vga_out_indexed(&bench, 0x3D4, 0x0D, (uint8_t)(240 * 80 & 0xFF));
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 7, 0), colour_256(0x03));
    /* Panning counts in half pixels here. */
    vga_out_attribute(&bench, 0x13, 6);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 4, 0), colour_256(0x03));
    vga_bench_free(&bench);
}
END_TEST

START_TEST(mode_x_splits)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    set_mode_x(&bench);
    mode_x_pixel(&bench, 0, 0, 0xE0);
    vga_out_indexed(&bench, 0x3D4, 0x0C, 0x80);
    vga_out_indexed(&bench, 0x3D4, 0x18, 2 * 100 - 1); /* line compare counts scan lines */
    vga_out_indexed(&bench, 0x3D4, 0x07, 0x2E);
    vga_out_indexed(&bench, 0x3D4, 0x09, 0x01);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), colour_256(0));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 99), colour_256(0));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 100), colour_256(0xE0));
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 101), colour_256(0));
    vga_bench_free(&bench);
}
END_TEST

START_TEST(planar_panning_and_wide_lines)
{
    struct vga_bench bench;
    begin(&bench, 0x0D);
    vga_out_indexed(&bench, 0x3D4, 0x13, 40); /* virtual lines of 640 pixels */
    planar_pixel(&bench, 80, 320 + 3, 1, 15);
    vga_out_indexed(&bench, 0x3D4, 0x0D, 40);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    vga_out_attribute(&bench, 0x13, 3);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 1), WHITE);
    vga_bench_free(&bench);
}
END_TEST

/* Any register contents give some picture within bounds (the sanitizer build watches). */
START_TEST(random_registers_render)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 0x12);
    uint32_t seed = 7;
    for (unsigned i = 0; i < 1 << 18; i++)
        bench.memory.host[vga_vram_offset(bench.vga) + i] = (uint8_t)(i * 2654435761u >> 24);
    for (unsigned round = 0; round < 150; round++) {
        for (unsigned i = 0; i < 60; i++) {
            seed = seed * 1664525 + 1013904223;
            uint8_t value = (uint8_t)(seed >> 24), index = (uint8_t)(seed >> 16 & 0x1F);
            switch (seed >> 8 & 3) {
            case 0:
                vga_out_indexed(&bench, 0x3D4, 0x11, 0);
                vga_out_indexed(&bench, 0x3D4, index % 25, value);
                break;
            case 1: vga_out_indexed(&bench, 0x3C4, (uint8_t)(1 + index % 4), value & 0xDF); break;
            case 2: vga_out_indexed(&bench, 0x3CE, index % 9, value); break;
            default: vga_out_attribute(&bench, index % 21, value); break;
            }
        }
        vga_out_indexed(&bench, 0x3D4, 0x17, (uint8_t)(vga_in_indexed(&bench, 0x3D4, 0x17) | 0x80));
        vga_out(&bench, 0x3C0, 0x20);
        vga_bench_render(&bench);
        ck_assert_uint_gt(bench.frame.width, 0);
        ck_assert_uint_le(bench.frame.width, 2304);
        ck_assert_uint_gt(bench.frame.height, 0);
        ck_assert_uint_le(bench.frame.height, 2048);
    }
    vga_bench_free(&bench);
}
END_TEST

START_TEST(a_chip_never_programmed_shows_a_dark_screen)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.width, 640);
    ck_assert_uint_eq(bench.frame.height, 400);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 320, 200), BLACK);
    vga_bench_free(&bench);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        modes_have_their_sizes,
        cga_lines_interleave_in_two_banks,
        cga_two_colours,
        planar_pixels_take_bits_from_four_planes,
        colour_select_reaches_all_256_colours,
        mono_graphics_blink,
        mode_13h_is_one_byte_a_pixel,
        mode_x_pages_and_panning,
        mode_x_splits,
        planar_panning_and_wide_lines,
        random_registers_render,
        a_chip_never_programmed_shows_a_dark_screen,
    };
    return suite_run("vga_graphics", tests, sizeof tests / sizeof *tests);
}
