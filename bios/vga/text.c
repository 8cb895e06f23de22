/* SPDX-License-Identifier: MIT */
/* INT 10h AH=01h to 0Fh and 13h (IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 10h"). */
#include "vga/text.h"

#include "vga/bda.h"
#include "vga/mode.h"
#include "vga/screen.h"

enum { BEL = 7, BS = 8, LF = 10, CR = 13, DEFAULT_ATTR = 0x07, KEEP = -1 };
enum {
    PORT_SYSTEM_B = 0x61,
    REFRESH_TOGGLE = 0x10,
    SPEAKER = 0x03,
    PORT_PIT_CONTROL = 0x43,
    PORT_PIT_2 = 0x42
};

/* Waits for a number of 15 us refresh cycles; gives up where the refresh bit of port 61h stands still. */
static void wait_refresh(unsigned cycles)
{
    for (; cycles; cycles--) {
        uint8_t was = in8(PORT_SYSTEM_B) & REFRESH_TOGGLE;
        for (unsigned tries = 0; (in8(PORT_SYSTEM_B) & REFRESH_TOGGLE) == was; tries++)
            if (tries == 0x4000)
                return;
    }
}

static void beep(void)
{
    enum { SQUARE_WAVE_2 = 0xb6, DIVISOR = 1193182 / 900, CYCLES = 8000 };
    out8(PORT_PIT_CONTROL, SQUARE_WAVE_2);
    out8(PORT_PIT_2, DIVISOR & 0xff);
    out8(PORT_PIT_2, DIVISOR >> 8);
    uint8_t was = in8(PORT_SYSTEM_B);
    out8(PORT_SYSTEM_B, was | SPEAKER);
    wait_refresh(CYCLES);
    out8(PORT_SYSTEM_B, was & (uint8_t)~SPEAKER);
}

/* A line below the last one: scroll, filling in text modes with the attribute at the start of that line. */
static void new_line(const struct screen *s)
{
    struct window w = {0, 0, (uint8_t)(s->columns - 1), (uint8_t)(s->rows - 1)};
    uint8_t attr = s->model == MODEL_TEXT ? (uint8_t)(screen_peek(s, 0, s->rows - 1u) >> 8) : 0;
    screen_scroll(s, &w, 1, attr, 0);
}

static void put(const struct screen *s, unsigned column, unsigned row, uint8_t ch, int attr)
{
    if (attr >= 0)
        screen_put(s, column, row, ch, (unsigned)attr);
    else
        screen_put(s, column, row, ch, WRITE_CHAR_ONLY | DEFAULT_ATTR);
}

void text_teletype(uint8_t page, uint8_t ch, int attr)
{
    struct screen s;
    page &= 7;
    screen_get(&s, page);
    unsigned column = bda()->cursor_pos[page] & 0xff, row = bda()->cursor_pos[page] >> 8;
    switch (ch) {
    case BEL: beep(); return;
    case BS: column -= column != 0; break;
    case LF: row++; break;
    case CR: column = 0; break;
    default:
        put(&s, column++, row, ch, attr);
        if (column >= s.columns) {
            column = 0;
            row++;
        }
    }
    if (row >= s.rows) {
        row = s.rows - 1u;
        new_line(&s);
    }
    text_set_cursor(page, (uint16_t)(row << 8 | column));
}

/* AH=09h and 0Ah. Text runs on into the following rows, graphics ends with the row. */
static void write_repeated(struct regs *r, unsigned attr)
{
    struct screen s;
    uint8_t page = r->bx.b.h & 7;
    screen_get(&s, page);
    unsigned column = bda()->cursor_pos[page] & 0xff, row = bda()->cursor_pos[page] >> 8;
    for (unsigned count = r->cx.x; count; count--, column++) {
        if (s.model != MODEL_TEXT && column >= s.columns)
            return;
        screen_put(&s, column, row, r->ax.b.l, attr);
    }
}

static void read_char(struct regs *r)
{
    struct screen s;
    uint8_t page = r->bx.b.h & 7;
    screen_get(&s, page);
    uint16_t cell = screen_peek(&s, bda()->cursor_pos[page] & 0xff, bda()->cursor_pos[page] >> 8);
    if (s.model == MODEL_TEXT)
        r->ax.x = cell;
    else
        r->ax.b.l = (uint8_t)cell;
}

static void scroll(struct regs *r, int down)
{
    struct screen s;
    struct window w = {r->cx.b.l, r->cx.b.h, r->dx.b.l, r->dx.b.h};
    screen_get(&s, bda()->page);
    screen_scroll(&s, &w, r->ax.b.l, r->bx.b.h, down);
}

static void write_pixel(struct regs *r)
{
    struct screen s;
    screen_get(&s, r->bx.b.h & 7);
    if (s.ops)
        s.ops->put_pixel(&s, r->cx.x, r->dx.x, r->ax.b.l);
}

static void read_pixel(struct regs *r)
{
    struct screen s;
    screen_get(&s, r->bx.b.h & 7);
    if (s.ops)
        r->ax.b.l = s.ops->get_pixel(&s, r->cx.x, r->dx.x);
}

static void get_cursor(struct regs *r)
{
    r->cx.x = bda()->cursor_type;
    r->dx.x = bda()->cursor_pos[r->bx.b.h & 7];
}

static void get_mode(struct regs *r)
{
    r->ax.b.l = bda()->mode | (bda()->video_ctl & VCTL_NO_CLEAR);
    r->ax.b.h = (uint8_t)bda()->columns;
    r->bx.b.h = bda()->page;
}

static int colour_of(struct regs *r)
{
    struct screen s;
    screen_get(&s, bda()->page);
    return s.model == MODEL_TEXT ? KEEP : r->bx.b.l;
}

void text_service(struct regs *r)
{
    switch (r->ax.b.h) {
    case 0x01: text_set_cursor_type(r->cx.x); break;
    case 0x02: text_set_cursor(r->bx.b.h, r->dx.x); break;
    case 0x03: get_cursor(r); break;
    case 0x04: r->ax.b.h = 0; break; /* light pen: not triggered */
    case 0x05: text_set_page(r->ax.b.l); break;
    case 0x06: scroll(r, 0); break;
    case 0x07: scroll(r, 1); break;
    case 0x08: read_char(r); break;
    case 0x09: write_repeated(r, r->bx.b.l); break;
    case 0x0a: write_repeated(r, WRITE_CHAR_ONLY | r->bx.b.l); break;
    case 0x0c: write_pixel(r); break;
    case 0x0d: read_pixel(r); break;
    case 0x0e: text_teletype(bda()->page, r->ax.b.l, colour_of(r)); break;
    case 0x0f: get_mode(r); break;
    }
}

/* AL bit 0: move the cursor; bit 1: the string holds attributes too. */
void string_service(struct regs *r)
{
    enum { MOVE_CURSOR = 1, WITH_ATTRIBUTES = 2 };
    uint8_t page = r->bx.b.h & 7, flags = r->ax.b.l;
    if (flags > (MOVE_CURSOR | WITH_ATTRIBUTES))
        return;
    uint16_t old = bda()->cursor_pos[page];
    far_t p = far_make(r->es, r->bp.x);
    text_set_cursor(page, r->dx.x);
    for (unsigned count = r->cx.x; count; count--) {
        uint8_t ch = far_read8(p), attr = r->bx.b.l;
        p = far_add(p, 1);
        if (flags & WITH_ATTRIBUTES) {
            attr = far_read8(p);
            p = far_add(p, 1);
        }
        text_teletype(page, ch, attr);
    }
    if (!(flags & MOVE_CURSOR))
        text_set_cursor(page, old);
}

/* True where the printer took the character. */
static int print(uint8_t ch)
{
    uint16_t ax = ch;
    __asm__ volatile("int $0x17" : "+a"(ax) : "d"(0) : "memory", "cc");
    return !(ax & 0x2900); /* AH: I/O error, out of paper, time-out */
}

void print_screen(struct regs *r)
{
    enum { STATUS = 0x500, IDLE = 0, BUSY = 1, FAILED = 0xff };
    uint8_t LOW *status = (uint8_t LOW *)STATUS;
    struct screen s;
    (void)r;
    if (*status == BUSY)
        return;
    *status = BUSY;
    screen_get(&s, bda()->page);
    int ok = print(CR) && print(LF);
    for (unsigned row = 0; ok && row < s.rows; row++) {
        for (unsigned column = 0; ok && column < s.columns; column++) {
            uint8_t ch = (uint8_t)screen_peek(&s, column, row);
            ok = print(ch ? ch : ' ');
        }
        ok = ok && print(CR) && print(LF);
    }
    *status = ok ? IDLE : FAILED;
}
