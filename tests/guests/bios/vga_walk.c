/* SPDX-License-Identifier: MIT */
/*
 * VGA BIOS by eye: every text, graphics and VBE mode in turn, each drawn on through INT 10h alone. A key goes
 * on to the next mode. In each mode there are: its name, the character set, the colours, characters in XOR
 * (graphics), a frame and a fan of pixels (graphics), a window that was scrolled up and one that was scrolled
 * down.
 */
#include "demo/bios.h"

static uint8_t columns;

static void call(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
    struct bios_regs r = {.ax.x = ax, .bx.x = bx, .cx.x = cx, .dx.x = dx};
    bios_call(0x10, &r);
}

static void put_name(uint16_t mode)
{
    put_at(0, 0, "Mode ", WHITE);
    put_hex(mode, 3, YELLOW);
    struct bios_regs r = {.ax.x = 0x0f00};
    bios_call(0x10, &r);
    columns = r.ax.b.h;
    put_text(" columns ", WHITE);
    put_number(columns, YELLOW);
}

static void put_character_set(void)
{
    for (unsigned i = 0; i < 256; i++) {
        move_to(i % 32, 2 + i / 32);
        call((uint16_t)(0x0900 | i), 15, 1, 0);
    }
}

static void put_colours(int graphics)
{
    for (uint16_t i = 0; i < 16; i++) {
        move_to(i * 2u, 11);
        call(0x0904, i ? i : 0x70, 2, 0);
        move_to(i * 2u, 12);
        call(0x09db, i, 2, 0);
        if (graphics && i) {
            call(0x0940 | i, 0x80 | 15, 2, 0);
        }
    }
}

static void put_pixels(unsigned width, unsigned height)
{
    for (unsigned x = 0; x < width; x += 1) {
        call(0x0c0e, 0, (uint16_t)x, (uint16_t)(height - 1));
        call(0x0c0c, 0, (uint16_t)x, (uint16_t)(height - 1 - x * 40 / width));
    }
    for (unsigned y = 104; y < height; y++) {
        call(0x0c0a, 0, 0, (uint16_t)y);
        call(0x0c0b, 0, (uint16_t)(width - 1), (uint16_t)y);
    }
}

/* A block of numbered rows, then scrolled by two rows within columns 2 to 9 and 12 to 19. */
static void put_windows(int graphics)
{
    for (uint16_t i = 0; i < 6; i++) {
        move_to(1, 14u + i);
        call((uint16_t)(0x0961 + i), (uint16_t)(9 + i), 20, 0);
    }
    uint16_t fill = graphics ? 0x02 : 0x2e;
    call(0x0602, (uint16_t)(fill << 8), 14 << 8 | 2, 19 << 8 | 9);
    call(0x0702, (uint16_t)(fill << 8), 14 << 8 | 12, 19 << 8 | 19);
}

static void show(uint16_t mode, unsigned width, unsigned height)
{
    uint32_t start = timer_ticks();
    put_name(mode);
    put_character_set();
    put_colours(width != 0);
    put_windows(width != 0);
    if (width)
        put_pixels(width, height);
    move_to(0, 21);
    put_text("Teletype:\a wraps at the end of the line as a terminal would do, eventually\r\nnext line ",
             LIGHT_GREEN);
    put_number(timer_ticks() - start, LIGHT_GREEN);
    wait_key();
}

static const struct {
    uint8_t mode;
    uint16_t width, height;
} standard[] = {
    {0x00, 0, 0},     {0x01, 0, 0},     {0x02, 0, 0},     {0x03, 0, 0},     {0x07, 0, 0},
    {0x04, 320, 200}, {0x05, 320, 200}, {0x06, 640, 200}, {0x0d, 320, 200}, {0x0e, 640, 200},
    {0x0f, 640, 350}, {0x10, 640, 350}, {0x11, 640, 480}, {0x12, 640, 480}, {0x13, 320, 200},
};

static void text_variants(void)
{
    for (uint16_t lines = 0; lines < 3; lines++) {
        call(0x1200 | lines, 0x30, 0, 0);
        set_mode(3);
        show((uint16_t)(lines << 8 | 3), 0, 0);
    }
    for (uint16_t font = 0; font < 3; font++) {
        set_mode(3);
        call(font == 0 ? 0x1111 : font == 1 ? 0x1112 : 0x1114, 0, 0, 0);
        show((uint16_t)(0x100 * font + 0xa03), 0, 0);
    }
}

static void vbe_modes(void)
{
    static const uint16_t modes[] = {0x100, 0x101, 0x103, 0x105, 0x107, 0x10d, 0x10e, 0x10f, 0x111,
                                     0x114, 0x115, 0x144, 0x145, 0x18f, 0x192, 0x102, 0x104, 0x106};
    static uint8_t info[256];
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct bios_regs r = {
            .ax.x = 0x4f01, .cx.x = modes[i], .di.x = (uint16_t)(uintptr_t)info, .es = 0x800};
        bios_call(0x10, &r);
        call(0x4f02, modes[i], 0, 0);
        show(modes[i], (unsigned)(info[0x12] | info[0x13] << 8), (unsigned)(info[0x14] | info[0x15] << 8));
    }
}

void main(void);
void main(void)
{
    for (unsigned i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        set_mode(standard[i].mode);
        show(standard[i].mode, standard[i].width, standard[i].height);
    }
    text_variants();
    vbe_modes();
    set_mode(3);
    put_text("end", WHITE);
    for (;;)
        wait_key();
}
