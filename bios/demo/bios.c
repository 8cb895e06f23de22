/* SPDX-License-Identifier: MIT */
#include "demo/bios.h"

void set_mode(uint8_t mode)
{
    struct bios_regs r = {.ax.x = mode};
    bios_call(0x10, &r);
}

void move_to(unsigned column, unsigned row)
{
    struct bios_regs r = {.ax.x = 0x0200, .dx.x = (uint16_t)(row << 8 | column)};
    bios_call(0x10, &r);
}

void show_cursor(int on)
{
    struct bios_regs r = {.ax.x = 0x0100, .cx.x = on ? 0x0607 : 0x2000};
    bios_call(0x10, &r);
}

/* AH=09h writes with a colour but does not move the cursor, AH=0Eh moves it but keeps the colour: both
 * together. */
void put_char(char c, uint8_t colour)
{
    if (c >= ' ' || c < 0) {
        struct bios_regs r = {.ax.x = (uint16_t)(0x0900 | (uint8_t)c), .bx.x = colour, .cx.x = 1};
        bios_call(0x10, &r);
    }
    struct bios_regs r = {.ax.x = (uint16_t)(0x0e00 | (uint8_t)c), .bx.x = colour};
    bios_call(0x10, &r);
}

void put_text(const char *text, uint8_t colour)
{
    while (*text)
        put_char(*text++, colour);
}

void put_at(unsigned column, unsigned row, const char *text, uint8_t colour)
{
    move_to(column, row);
    put_text(text, colour);
}

void put_number(uint32_t value, uint8_t colour)
{
    char digits[11];
    unsigned at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    put_text(digits + at, colour);
}

void put_hex(uint32_t value, unsigned digits, uint8_t colour)
{
    while (digits--)
        put_char("0123456789ABCDEF"[value >> 4 * digits & 15], colour);
}

void clear_area(unsigned left, unsigned top, unsigned right, unsigned bottom, uint8_t colour)
{
    struct bios_regs r = {.ax.x = 0x0600,
                          .bx.x = (uint16_t)(colour << 8),
                          .cx.x = (uint16_t)(top << 8 | left),
                          .dx.x = (uint16_t)(bottom << 8 | right)};
    bios_call(0x10, &r);
}

uint16_t wait_key(void)
{
    struct bios_regs r = {.ax.x = 0};
    bios_call(0x16, &r);
    return r.ax.x;
}

uint16_t poll_key(void)
{
    struct bios_regs r = {.ax.x = 0x0100};
    bios_call(0x16, &r);
    return r.flags & FLAG_ZERO ? 0 : wait_key();
}

uint32_t timer_ticks(void)
{
    struct bios_regs r = {.ax.x = 0};
    bios_call(0x1a, &r);
    return (uint32_t)r.cx.x << 16 | r.dx.x;
}

uint8_t peek8(uint16_t segment, uint16_t offset)
{
    uint8_t value;
    __asm__ volatile("pushw %%es; movw %1, %%es; movb %%es:(%2), %0; popw %%es"
                     : "=q"(value)
                     : "r"(segment), "r"((uint32_t)offset)
                     : "memory");
    return value;
}

void poke8(uint16_t segment, uint16_t offset, uint8_t value)
{
    __asm__ volatile("pushw %%es; movw %1, %%es; movb %0, %%es:(%2); popw %%es"
                     :
                     : "q"(value), "r"(segment), "r"((uint32_t)offset)
                     : "memory");
}
