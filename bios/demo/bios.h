/* SPDX-License-Identifier: MIT */
/* Calls into the BIOS, and a little text output on top of INT 10h. */
#ifndef BIOS_DEMO_BIOS_H
#define BIOS_DEMO_BIOS_H
#include <stdint.h>

/* One register: all of it, its lower half, or the two bytes of that. */
union bios_reg {
    uint32_t e;
    uint16_t x;
    struct {
        uint8_t l, h;
    } b;
};

/* The layout is known to bios_call in start.S. */
struct bios_regs {
    union bios_reg ax, bx, cx, dx, si, di, bp;
    uint16_t es, flags;
};
enum { FLAG_CARRY = 0x01, FLAG_ZERO = 0x40 };

/* INT number with the registers of *r; the results are in *r afterwards. */
void bios_call(unsigned number, struct bios_regs *r);
extern uint8_t boot_drive;

enum colour {
    BLACK,
    BLUE,
    GREEN,
    CYAN,
    RED,
    MAGENTA,
    BROWN,
    GREY,
    DARK_GREY,
    LIGHT_BLUE,
    LIGHT_GREEN,
    LIGHT_CYAN,
    LIGHT_RED,
    LIGHT_MAGENTA,
    YELLOW,
    WHITE
};

void set_mode(uint8_t mode);
void move_to(unsigned column, unsigned row);
void show_cursor(int on);
/* Writes characters from the cursor on, in a colour (text modes: with background in the upper four bits). */
void put_char(char c, uint8_t colour);
void put_text(const char *text, uint8_t colour);
void put_at(unsigned column, unsigned row, const char *text, uint8_t colour);
void put_number(uint32_t value, uint8_t colour);
/* Hexadecimal with a number of digits. */
void put_hex(uint32_t value, unsigned digits, uint8_t colour);
/* Blanks a rectangle. */
void clear_area(unsigned left, unsigned top, unsigned right, unsigned bottom, uint8_t colour);

/* Next key: scan code in the upper half, character in the lower; wait for it, or 0 if there is none. */
uint16_t wait_key(void);
uint16_t poll_key(void);
/* Ticks of the system timer, 18.2 a second, since midnight. */
uint32_t timer_ticks(void);
/* A byte of memory anywhere in the first megabyte. */
uint8_t peek8(uint16_t segment, uint16_t offset);
void poke8(uint16_t segment, uint16_t offset, uint8_t value);

#endif
