/* SPDX-License-Identifier: MIT */
/*
 * Page "keyboard": what INT 16h makes of the keys. The BIOS's IRQ 1 handler reads scan codes from the
 * keyboard controller, follows Shift, Ctrl and Alt, and puts pairs of scan code and character into a buffer
 * of 15; INT 16h takes them out. Keys without a character (F1, arrows) have character 0 or E0h.
 */
#include "demo/bios.h"
#include "demo/pages.h"

enum { TOP = 6, BOTTOM = 19, LEFT = 3, LABEL = LIGHT_CYAN, VALUE = WHITE, NOTE = GREY };

static void show_modifiers(void)
{
    static const char *const names[] = {"RShift", "LShift", "Ctrl", "Alt", "Scroll", "Num", "Caps", "Ins"};
    uint8_t flags = peek8(0x40, 0x17);
    move_to(LEFT, 21);
    for (unsigned i = 0; i < 8; i++) {
        put_text(names[i], flags >> i & 1 ? YELLOW : DARK_GREY);
        put_char(' ', VALUE);
    }
}

static uint16_t next_key(void)
{
    uint16_t key;
    while ((key = poll_key()) == 0) {
        update_clock();
        show_modifiers();
    }
    return key;
}

static void show_key(uint16_t key, unsigned row)
{
    uint8_t scan = (uint8_t)(key >> 8), character = (uint8_t)key;
    move_to(LEFT, row);
    put_text("scan code ", NOTE);
    put_hex(scan, 2, VALUE);
    put_text("h   character ", NOTE);
    put_hex(character, 2, VALUE);
    put_text("h  ", NOTE);
    if (character >= ' ' && character != 0xe0)
        put_char((char)character, YELLOW);
}

void page_keyboard(void)
{
    unsigned row = TOP;
    draw_frame("Keyboard");
    put_at(LEFT, 4, "Press any key to see what INT 16h reports. Esc twice goes back.", NOTE);
    for (uint8_t last = 0, now = 0; last != KEY_ESC || now != KEY_ESC;) {
        uint16_t key = next_key();
        if (row > BOTTOM) {
            struct bios_regs r = {
                .ax.x = 0x0601, .bx.x = GREY << 8, .cx.x = TOP << 8 | 1, .dx.x = BOTTOM << 8 | 78};
            bios_call(0x10, &r);
            row = BOTTOM;
        }
        show_key(key, row++);
        last = now;
        now = (uint8_t)key;
    }
}
