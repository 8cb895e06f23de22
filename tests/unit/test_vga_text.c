/* SPDX-License-Identifier: MIT */
/* Text modes: rendering of known glyphs, cursor, blink, split screen, panning; the screen as text. */
#include <string.h>

#include "devices/video/vga_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/suite.h"
#include "tests/support/vga_bench.h"

#define WHITE 0xFFFFFFFFu
#define BLACK 0x000000FFu
#define BLUE  0x0000AAFFu
#define GREY  0xAAAAAAFFu

static const uint8_t glyph_a[16] = {0x00, 0x18, 0x3C, 0x66, 0xC3, 0xFF, 0xC3, 0x81, 0x01};

static void put(struct vga_bench *bench, unsigned cell, uint8_t character, uint8_t attribute)
{
    vga_poke(bench, 0xB8000 + 2 * cell, character);
    vga_poke(bench, 0xB8001 + 2 * cell, attribute);
}

static void put_string(struct vga_bench *bench, unsigned cell, const char *text)
{
    for (; *text; text++)
        put(bench, cell++, (uint8_t)*text, 0x07);
}

static void begin(struct vga_bench *bench, unsigned mode)
{
    vga_bench_init(bench);
    vga_bench_mode(bench, mode);
    for (unsigned i = 0; i < 0x4000 && mode != 7; i++)
        put(bench, i, ' ', 0x07);
    vga_out_indexed(bench, mode == 7 ? 0x3B4 : 0x3D4, 0x0A, 0x20); /* cursor off */
    vga_bench_glyph(bench, 'A', glyph_a, 16);
}

START_TEST(glyphs_appear_dot_by_dot)
{
    struct vga_bench bench;
    begin(&bench, 3);
    put(&bench, 80 + 2, 'A', 0x1F); /* row 1, column 2: white on blue */
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.width, 720);
    ck_assert_uint_eq(bench.frame.height, 400);
    ck_assert_uint_eq(bench.frame.aspect_x * 720 * 3, bench.frame.aspect_y * 400 * 4);
    for (unsigned y = 0; y < 16; y++) {
        for (unsigned x = 0; x < 9; x++) {
            bool dot = x < 8 && glyph_a[y] >> (7 - x) & 1;
            ck_assert_uint_eq(vga_bench_pixel(&bench, 18 + x, 16 + y), dot ? WHITE : BLUE);
        }
    }
    ck_assert_uint_eq(vga_bench_pixel(&bench, 17, 16), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(line_graphics_fill_the_ninth_dot)
{
    struct vga_bench bench;
    begin(&bench, 3);
    static const uint8_t bar[16] = {0xFF, 0xFE};
    vga_bench_glyph(&bench, 0xC4, bar, 16);
    vga_bench_glyph(&bench, 0xE0, bar, 16);
    put(&bench, 0, 0xC4, 0x07);
    put(&bench, 1, 0xE0, 0x07);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 8, 0), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 8, 1), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 17, 0), BLACK); /* E0h is no line character */
    vga_out_attribute(&bench, 0x10, 0x08);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 8, 0), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(forty_columns_and_doubled_lines)
{
    struct vga_bench bench;
    begin(&bench, 1);
    put(&bench, 39, 'A', 0x0F);
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.width, 360);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 39 * 9 + 3, 1), WHITE);
    /* 200 lines doubled, 8-line characters: 25 rows still, half the height. */
    vga_out_indexed(&bench, 0x3D4, 0x09, 0xC7);
    put(&bench, 24 * 40, 'A', 0x0F);
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.height, 200);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 24 * 8 + 1), WHITE);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(cursor_blinks_with_the_frames)
{
    struct vga_bench bench;
    begin(&bench, 3);
    vga_out_indexed(&bench, 0x3D4, 0x0A, 13);
    vga_out_indexed(&bench, 0x3D4, 0x0E, 0);
    vga_out_indexed(&bench, 0x3D4, 0x0F, 81);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 12), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 13), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 17, 16 + 14), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 15), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 18, 16 + 13), BLACK);
    fake_clock_advance(&bench.clock, 8 * 14268000ull + 100000);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 13), BLACK);
    fake_clock_advance(&bench.clock, 8 * 14268000ull);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 13), GREY);
    vga_out_indexed(&bench, 0x3D4, 0x0A, 15); /* starts below its end: none */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 16 + 14), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(attribute_bit_7_blinks_or_brightens)
{
    struct vga_bench bench;
    begin(&bench, 3);
    put(&bench, 0, 'A', 0x9F);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), BLUE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    fake_clock_advance(&bench.clock, 17 * 14268000ull);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), BLUE);
    vga_out_attribute(&bench, 0x10, 0x04);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), 0x5555FFFF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(two_fonts_by_attribute_bit_3)
{
    struct vga_bench bench;
    begin(&bench, 3);
    /* Slot 4 starts at 8 KiB: 256 characters after slot 0's first. */
    static const uint8_t solid[16] = {0xFF, 0xFF, 0xFF};
    vga_out_indexed(&bench, 0x3C4, 2, 4);
    vga_out_indexed(&bench, 0x3C4, 4, 7);
    vga_out_indexed(&bench, 0x3CE, 5, 0);
    vga_out_indexed(&bench, 0x3CE, 6, 4);
    for (unsigned i = 0; i < 16; i++)
        vga_poke(&bench, 0xA2000 + 'A' * 32 + i, solid[i]);
    vga_bench_mode(&bench, 3);
    vga_out_indexed(&bench, 0x3D4, 0x0A, 0x20);
    put(&bench, 0, 'A', 0x07);
    put(&bench, 1, 'A', 0x0F);
    vga_out_indexed(&bench, 0x3C4, 3, 0x20); /* A (bit 3 set): slot 4; B: slot 0 */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 0), WHITE);
    vga_out_indexed(&bench, 0x3C4, 3, 0x10); /* the other way round */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 0), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(mono_mode_underlines)
{
    struct vga_bench bench;
    begin(&bench, 7);
    for (unsigned i = 0; i < 2000; i++) {
        vga_poke(&bench, 0xB0000 + 2 * i, ' ');
        vga_poke(&bench, 0xB0001 + 2 * i, 0x07);
    }
    vga_poke(&bench, 0xB0001, 0x01);
    vga_poke(&bench, 0xB0003, 0x09);
    vga_poke(&bench, 0xB0005, 0x07);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 15), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 8, 15), GREY);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 9, 15), WHITE); /* intensified */
    ck_assert_uint_eq(vga_bench_pixel(&bench, 18, 15), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 14), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(start_address_and_preset_row_scroll)
{
    struct vga_bench bench;
    begin(&bench, 3);
    put(&bench, 81, 'A', 0x0F);
    vga_out_indexed(&bench, 0x3D4, 0x0D, 81);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    vga_out_indexed(&bench, 0x3D4, 0x08, 0x01); /* one line up */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 0), WHITE);
    vga_out_indexed(&bench, 0x3D4, 0x0D, 80);
    vga_out_indexed(&bench, 0x3D4, 0x08, 0x20); /* one byte to the left */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(split_screen_starts_over_at_zero)
{
    struct vga_bench bench;
    begin(&bench, 3);
    put(&bench, 0, 'A', 0x0F);
    vga_out_indexed(&bench, 0x3D4, 0x0C, 0x04); /* the top shows 400h on */
    vga_out_indexed(&bench, 0x3D4, 0x18, 99);   /* line compare 99 */
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E);
    vga_out_indexed(&bench, 0x3D4, 0x07, 0x0F);
    vga_out_indexed(&bench, 0x3D4, 0x09, 0x0F);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 100), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 101), WHITE);
    /* Panning by one dot moves both parts, unless mode bit 5 stops it at the split. */
    vga_out_attribute(&bench, 0x13, 0);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 2, 101), WHITE);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 4, 101), BLACK);
    vga_out_attribute(&bench, 0x10, 0x2C);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 2, 101), BLACK);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 4, 101), WHITE);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(blank_screens)
{
    struct vga_bench bench;
    begin(&bench, 3);
    put(&bench, 0, 'A', 0x0F);
    vga_out_indexed(&bench, 0x3C4, 1, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), BLACK);
    vga_out_indexed(&bench, 0x3C4, 1, 0x00);
    vga_out_attribute(&bench, 0x11, 0x01); /* border blue; leaves the palette with the CPU */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), BLUE);
    vga_out(&bench, 0x3C0, 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), WHITE);
    vga_out(&bench, 0x3C6, 0x00); /* mask: everything is colour 0 */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 3, 1), BLACK);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(screen_reads_as_text)
{
    struct vga_bench bench;
    begin(&bench, 3);
    struct screen_text text = {.columns = 0};
    put_string(&bench, 0, "C:\\>dir");
    put_string(&bench, 80, "  two  ");
    put(&bench, 160, 0xC9, 0x07);
    put(&bench, 161, 0x81, 0x07);
    put(&bench, 162, 0x01, 0x07);
    vga_out_indexed(&bench, 0x3D4, 0x0A, 13);
    vga_out_indexed(&bench, 0x3D4, 0x0F, 80 + 5);
    ck_assert(vga_text_read(bench.vga, &text));
    ck_assert_uint_eq(text.columns, 80);
    ck_assert_uint_eq(text.rows, 25);
    static const char expected[] = "C:\\>dir\n  two\n╔ü☺\n\n";
    ck_assert_uint_ge(text.utf8.size, sizeof expected - 1);
    ck_assert_mem_eq(text.utf8.data, expected, sizeof expected - 1);
    ck_assert(text.cursor);
    ck_assert_uint_eq(text.cursor_row, 1);
    ck_assert_uint_eq(text.cursor_column, 5);

    vga_out_indexed(&bench, 0x3D4, 0x0D, 80); /* scrolled by one row */
    ck_assert(vga_text_read(bench.vga, &text));
    ck_assert_mem_eq(text.utf8.data, "  two\n", 6);

    uint8_t cells[160];
    ck_assert(vga_text_cells(bench.vga, 1, cells, 80));
    ck_assert_uint_eq(cells[0], 0xC9);
    ck_assert_uint_eq(cells[1], 0x07);
    ck_assert(!vga_text_cells(bench.vga, 25, cells, 80));

    vga_bench_mode(&bench, 0x13);
    ck_assert(!vga_text_read(bench.vga, &text));
    screen_text_free(&text);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(split_screens_read_in_order)
{
    struct vga_bench bench;
    begin(&bench, 3);
    struct screen_text text = {.columns = 0};
    put_string(&bench, 0, "status");
    put_string(&bench, 0x400, "upper");
    vga_out_indexed(&bench, 0x3D4, 0x0C, 0x04);
    vga_out_indexed(&bench, 0x3D4, 0x18, 383 & 0xFF);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E);
    vga_out_indexed(&bench, 0x3D4, 0x07, 0x1F);
    vga_out_indexed(&bench, 0x3D4, 0x09, 0x0F);
    ck_assert(vga_text_read(bench.vga, &text));
    ck_assert_uint_eq(text.rows, 25);
    ck_assert_mem_eq(text.utf8.data, "upper\n", 6);
    ck_assert_mem_eq(text.utf8.data + text.utf8.size - 8, "\nstatus\n", 8);
    screen_text_free(&text);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(text_in_graphics_is_recognised)
{
    uint8_t glyphs[256 * 16] = {0};
    memcpy(glyphs + 'A' * 16, glyph_a, sizeof glyph_a);
    glyphs['L' * 16] = 0xC0;
    glyphs['L' * 16 + 15] = 0xFF;
    struct cell_font font = {glyphs, 16, 256};
    struct video_frame frame = {.pixels = NULL};
    video_frame_resize(&frame, 32, 16);
    video_frame_fill(&frame, BLUE);
    for (unsigned y = 0; y < 16; y++) {
        for (unsigned x = 0; x < 8; x++) {
            frame.pixels[y * 32 + x] = glyph_a[y] >> (7 - x) & 1 ? WHITE : BLACK;
            frame.pixels[y * 32 + 16 + x] = glyphs['L' * 16 + y] >> (7 - x) & 1 ? WHITE : BLUE;
        }
    }
    struct screen_text text = {.columns = 0};
    frame_text_read(&frame, &font, &text);
    ck_assert_uint_eq(text.rows, 1);
    ck_assert_uint_eq(text.utf8.size, 4);
    ck_assert_mem_eq(text.utf8.data, "A L\n", 4);
    frame.pixels[5] = GREY; /* a third colour: no longer a character */
    frame_text_read(&frame, &font, &text);
    ck_assert_mem_eq(text.utf8.data, "  L\n", 4);
    screen_text_free(&text);
    video_frame_free(&frame);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        glyphs_appear_dot_by_dot,
        line_graphics_fill_the_ninth_dot,
        forty_columns_and_doubled_lines,
        cursor_blinks_with_the_frames,
        attribute_bit_7_blinks_or_brightens,
        two_fonts_by_attribute_bit_3,
        mono_mode_underlines,
        start_address_and_preset_row_scroll,
        split_screen_starts_over_at_zero,
        blank_screens,
        screen_reads_as_text,
        split_screens_read_in_order,
        text_in_graphics_is_recognised,
    };
    return suite_run("vga_text", tests, sizeof tests / sizeof *tests);
}
