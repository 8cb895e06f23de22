/* SPDX-License-Identifier: MIT */
/*
 * Lathe's demo floppy: a small program without an operating system. Read it in this order:
 *   boot.S      the boot sector         start.S     what CPU is this, and calls to the BIOS
 *   main.c      the menu                bios.c      text, keys, time
 *   machine.c   CPU, memory, display    speed.c     measuring time
 *   keyboard.c  keys                    graphics.c  pixels
 *   power.c     the end
 */
#include "demo/bios.h"
#include "demo/pages.h"

enum { FRAME = LIGHT_BLUE, TITLE = WHITE, WIDTH = 80, BOTTOM_ROW = 23 };

static void draw_row(unsigned row, char left, char middle, char right)
{
    struct bios_regs r = {.ax.x = (uint16_t)(0x0900 | (uint8_t)middle), .bx.x = FRAME, .cx.x = WIDTH};
    move_to(0, row);
    bios_call(0x10, &r);
    move_to(0, row);
    put_char(left, FRAME);
    move_to(WIDTH - 1, row);
    r = (struct bios_regs){.ax.x = (uint16_t)(0x0900 | (uint8_t)right), .bx.x = FRAME, .cx.x = 1};
    bios_call(0x10, &r);
}

/* Box-drawing characters of code page 437: C9 CD BB top, BA sides, C8 CD BC bottom, C7 C4 B6 the line below
 * the title. */
void draw_frame(const char *title)
{
    set_mode(3);
    show_cursor(0);
    draw_row(0, '\xc9', '\xcd', '\xbb');
    for (unsigned row = 1; row < BOTTOM_ROW; row++)
        draw_row(row, '\xba', ' ', '\xba');
    draw_row(2, '\xc7', '\xc4', '\xb6');
    draw_row(BOTTOM_ROW, '\xc8', '\xcd', '\xbc');
    put_at(3, 1, "Lathe", YELLOW);
    put_text("  ", TITLE);
    put_text(title, TITLE);
    put_at(2, 24, "A PC emulator. This program runs on the bare machine, from a floppy.", DARK_GREY);
}

static void put_bcd(uint8_t value)
{
    put_hex(value, 2, LIGHT_GREEN);
}

/* INT 1Ah AH=02h and 04h: time and date of the real-time clock, two decimal digits in each byte. */
void update_clock(void)
{
    static uint8_t shown = 0xff;
    struct bios_regs time = {.ax.x = 0x0200}, date = {.ax.x = 0x0400};
    bios_call(0x1a, &time);
    if (time.flags & FLAG_CARRY || time.dx.b.h == shown)
        return;
    shown = time.dx.b.h;
    bios_call(0x1a, &date);
    move_to(57, 1);
    put_bcd(date.cx.b.h);
    put_bcd(date.cx.b.l);
    put_char('-', GREY);
    put_bcd(date.dx.b.h);
    put_char('-', GREY);
    put_bcd(date.dx.b.l);
    put_text("  ", GREY);
    put_bcd(time.cx.b.h);
    put_char(':', GREY);
    put_bcd(time.cx.b.l);
    put_char(':', GREY);
    put_bcd(time.dx.b.h);
}

/* HLT sleeps until the next interrupt: the timer's, 18 times a second, or a key's. */
uint16_t wait_key_with_clock(void)
{
    uint16_t key;
    while ((key = poll_key()) == 0) {
        update_clock();
        __asm__ volatile("hlt" : : : "memory");
    }
    return key;
}

static const struct {
    char key;
    const char *text;
    void (*page)(void);
} menu[] = {
    {'1', "This machine: CPU, memory, display", page_machine},
    {'2', "CPU speed", page_speed},
    {'3', "Keyboard and scan codes", page_keyboard},
    {'4', "Graphics: 256 colours, mode 13h", page_plasma},
    {'5', "Graphics: 640 x 480, mode 12h", page_lines},
};
enum { MENU_ROWS = sizeof menu / sizeof menu[0], MENU_TOP = 9 };

static void draw_colours(void)
{
    for (uint8_t i = 0; i < 16; i++)
        put_at(6 + i * 4u, 20, "\xdb\xdb\xdb\xdb", i);
}

static void draw_menu(void)
{
    draw_frame("Welcome");
    put_at(6, 4, "Hello from the guest.", WHITE);
    put_at(6, 5, "Everything you see is done by a boot sector, a few pages of C,", GREY);
    put_at(6, 6, "and the machine's BIOS. The source is in bios/demo/.", GREY);
    for (unsigned i = 0; i < MENU_ROWS; i++) {
        move_to(8, MENU_TOP + i);
        put_char(menu[i].key, YELLOW);
        put_text("    ", GREY);
        put_text(menu[i].text, WHITE);
    }
    put_at(8, MENU_TOP + MENU_ROWS + 1, "Esc  ", YELLOW);
    put_text("Power off", WHITE);
    draw_colours();
}

void main(void);
void main(void)
{
    for (;;) {
        draw_menu();
        char key = (char)wait_key_with_clock();
        if (key == KEY_ESC)
            power_off();
        for (unsigned i = 0; i < MENU_ROWS; i++)
            if (menu[i].key == key)
                menu[i].page();
    }
}
