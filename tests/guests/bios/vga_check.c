/* SPDX-License-Identifier: MIT */
/*
 * VGA BIOS by contract: calls the INT 10h services in every mode and compares registers, data area, memory
 * and ports with what IBM's and VESA's manuals say. Results on port E9h, verdict on port F4h.
 */
#include "../tests/guests/bios/check.h"

static struct check check;
static uint8_t buffer[2048];

/* INT 10h; the results stay here. */
static struct bios_regs r;

static void call(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
    r = (struct bios_regs){.ax.e = 0xaaaa0000u | ax, .bx.x = bx, .cx.x = cx, .dx.x = dx};
    r.di.x = r.bp.x = (uint16_t)(uintptr_t)buffer;
    __asm__("movw %%ds, %0" : "=r"(r.es));
    bios_call(0x10, &r);
}

static uint16_t peek16(uint16_t segment, uint16_t offset)
{
    return (uint16_t)(peek8(segment, offset) | peek8(segment, offset + 1) << 8);
}

static uint16_t bda16(uint16_t at)
{
    return peek16(0x40, at);
}

static uint8_t crtc(uint8_t index)
{
    out8(bda16(0x63), index);
    return in8(bda16(0x63) + 1);
}

static const struct mode {
    uint8_t number, columns, rows, height, al;
    uint16_t width, lines; /* 0: text */
    uint8_t colour_mask;
} modes[] = {
    {0x00, 40, 25, 16, 0x30, 0, 0, 0},       {0x01, 40, 25, 16, 0x30, 0, 0, 0},
    {0x02, 80, 25, 16, 0x30, 0, 0, 0},       {0x03, 80, 25, 16, 0x30, 0, 0, 0},
    {0x07, 80, 25, 16, 0x30, 0, 0, 0},       {0x04, 40, 25, 8, 0x30, 320, 200, 3},
    {0x05, 40, 25, 8, 0x30, 320, 200, 3},    {0x06, 80, 25, 8, 0x3f, 640, 200, 1},
    {0x0d, 40, 25, 8, 0x20, 320, 200, 15},   {0x0e, 80, 25, 8, 0x20, 640, 200, 15},
    {0x0f, 80, 25, 14, 0x20, 640, 350, 15},  {0x10, 80, 25, 14, 0x20, 640, 350, 15},
    {0x11, 80, 30, 16, 0x20, 640, 480, 15},  {0x12, 80, 30, 16, 0x20, 640, 480, 15},
    {0x13, 40, 25, 8, 0x20, 320, 200, 0xff},
};
enum { MODES = sizeof modes / sizeof modes[0] };

static void move(uint8_t column, uint8_t row)
{
    call(0x0200, 0, 0, (uint16_t)(row << 8 | column));
}

/* Blank cells read as character 0 in graphics and as space in text modes: here both are spaces. */
static uint8_t read_at(uint8_t column, uint8_t row)
{
    move(column, row);
    call(0x0800, 0, 0, 0);
    return r.ax.b.l ? r.ax.b.l : ' ';
}

static void write_at(uint8_t column, uint8_t row, char c, uint8_t colour, uint16_t count)
{
    move(column, row);
    call((uint16_t)(0x0900 | (uint8_t)c), colour, count, 0);
}

static void check_mode_set(const struct mode *m)
{
    call(m->number, 0, 0, 0);
    expect(&check, "AL of mode set", r.ax.b.l, m->al);
    expect(&check, "upper EAX kept", r.ax.e >> 16, 0xaaaa);
    call(0x0f00, 0xff, 0, 0);
    expect(&check, "mode", r.ax.b.l, m->number);
    expect(&check, "columns", r.ax.b.h, m->columns);
    expect(&check, "page", r.bx.x, 0x00ff);
    expect(&check, "rows", peek8(0x40, 0x84) + 1u, m->rows);
    expect(&check, "height", bda16(0x85), m->height);
    expect(&check, "CRTC", bda16(0x63), m->number == 7 || m->number == 15 ? 0x3b4 : 0x3d4);
    expect(&check, "cursor", bda16(0x50), 0);
}

/* A character written can be read, overwritten, and XORed away. */
static void check_characters(const struct mode *m)
{
    write_at(3, 2, 'A', 15, 3);
    expect(&check, "char 1", read_at(3, 2), 'A');
    expect(&check, "char 3", read_at(5, 2), 'A');
    expect(&check, "char 4", read_at(6, 2), ' ');
    write_at(m->columns - 1, m->rows - 1, '\xe4', 15, 1);
    expect(&check, "last cell", read_at(m->columns - 1, m->rows - 1), 0xe4);
    move(3, 2);
    call(0x0a42, 15, 1, 0);
    expect(&check, "0Ah", read_at(3, 2), 'B');
    if (m->width && m->number != 0x13) {
        write_at(3, 2, 'C', 0x8f, 1);
        write_at(3, 2, 'C', 0x8f, 1);
        expect(&check, "XOR twice", read_at(3, 2), 'B');
        write_at(3, 2, 'B', 0x8f, 1);
        expect(&check, "XOR itself", read_at(3, 2), ' ');
    }
}

static void check_scroll(const struct mode *m)
{
    for (uint8_t i = 0; i < 6; i++)
        write_at(10, 5 + i, (char)('a' + i), 15, 8);
    call(0x0602, 0, 5 << 8 | 11, 10 << 8 | 14);
    expect(&check, "scrolled up", read_at(11, 5), 'c');
    expect(&check, "blank below", read_at(14, 10), ' ');
    expect(&check, "left of it", read_at(10, 5), 'a');
    expect(&check, "right of it", read_at(15, 5), 'a');
    call(0x0701, 0, 5 << 8 | 15, 10 << 8 | 16);
    expect(&check, "scrolled down", read_at(16, 6), 'a');
    expect(&check, "blank above", read_at(15, 5), ' ');
    call(0x0600, 0, 0, (uint16_t)((m->rows - 1) << 8 | (m->columns - 1)));
    expect(&check, "cleared", read_at(10, 8), ' ');
}

static void check_pixels(const struct mode *m)
{
    static const uint16_t at[][2] = {{0, 0}, {1, 1}, {7, 2}, {8, 3}, {319, 199}, {160, 101}};
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++) {
        uint8_t colour = (uint8_t)(0x0d & m->colour_mask);
        call((uint16_t)(0x0c00 | colour), 0, at[i][0], at[i][1]);
        call(0x0d00, 0, at[i][0], at[i][1]);
        expect(&check, "pixel", r.ax.b.l, colour);
        call(0x0d00, 0, at[i][0] ^ 1u, at[i][1]);
        expect(&check, "pixel beside", r.ax.b.l, 0);
        if (m->colour_mask == 0xff)
            continue;
        call((uint16_t)(0x0c81), 0, at[i][0], at[i][1]);
        call(0x0d00, 0, at[i][0], at[i][1]);
        expect(&check, "pixel XOR", r.ax.b.l, colour ^ 1u);
    }
}

static void tty(const char *text)
{
    while (*text)
        call((uint16_t)(0x0e00 | (uint8_t)*text++), 7, 0, 0);
}

static uint16_t cursor(void)
{
    call(0x0300, 0, 0, 0);
    return r.dx.x;
}

static void check_teletype(const struct mode *m)
{
    uint8_t last = m->rows - 1;
    move(0, 0);
    tty("ab\bc\r\nd");
    expect(&check, "BS", read_at(1, 0), 'c');
    expect(&check, "CR LF", read_at(0, 1), 'd');
    move(m->columns - 1, 3);
    tty("xy");
    expect(&check, "wrap", cursor(), 4 << 8 | 1);
    expect(&check, "before wrap", read_at(m->columns - 1, 3), 'x');
    expect(&check, "after wrap", read_at(0, 4), 'y');
    move(m->columns - 1, last);
    tty("z");
    expect(&check, "scroll: cursor", cursor(), (uint32_t)last << 8);
    expect(&check, "scroll: text", read_at(0, 3), 'y');
    expect(&check, "scroll: last", read_at(m->columns - 1, last - 1), 'z');
}

static void check_string(const struct mode *m)
{
    for (unsigned i = 0; i < 6; i++)
        buffer[i] = (uint8_t) "R\x0eS\x0dT\x0f"[i];
    move(0, 0);
    call(0x1300, 7, 6, 7 << 8 | 2);
    expect(&check, "string 0: cursor", cursor(), 0);
    expect(&check, "string 0: text", read_at(2, 7), 'R');
    move(0, 0);
    call(0x1303, 0, 3, 9 << 8 | 2);
    expect(&check, "string 3: cursor", cursor(), 9 << 8 | 5);
    expect(&check, "string 3: text", read_at(4, 9), 'T');
    if (!m->width)
        expect(&check, "string 3: attribute", (read_at(3, 9), r.ax.b.h), 0x0d);
}

static void check_no_clear(const struct mode *m)
{
    write_at(4, 4, 'N', 15, 1);
    call(m->number | 0x80, 0, 0, 0);
    expect(&check, "no-clear bit", peek8(0x40, 0x87) >> 7, 1);
    expect(&check, "not cleared", read_at(4, 4), 'N');
    call(0x0f00, 0, 0, 0);
    expect(&check, "mode with bit 7", r.ax.b.l, m->number | 0x80u);
    call(m->number, 0, 0, 0);
    expect(&check, "cleared by mode set", read_at(4, 4), ' ');
}

static void check_modes(void)
{
    for (unsigned i = 0; i < MODES; i++) {
        const struct mode *m = &modes[i];
        check.context = m->number;
        check_mode_set(m);
        check_characters(m);
        check_scroll(m);
        check_teletype(m);
        check_string(m);
        call(m->number, 0, 0, 0);
        if (m->width)
            check_pixels(m);
        check_no_clear(m);
    }
    check.context = 0x14;
    call(0x14, 0, 0, 0);
    expect(&check, "unknown mode refused", peek8(0x40, 0x49), 0x13);
}

static void check_cursor_and_pages(void)
{
    check.context = 0x100;
    call(3, 0, 0, 0);
    call(0x0300, 0, 0, 0);
    expect(&check, "shape after mode set", r.cx.x, 0x0607);
    expect(&check, "CRTC start line", crtc(0x0a), 13);
    expect(&check, "CRTC end line", crtc(0x0b), 14);
    call(0x0100, 0, 0x0007, 0);
    expect(&check, "block start", crtc(0x0a), 0);
    expect(&check, "block end", crtc(0x0b), 15);
    call(0x0100, 0, 0x2000, 0);
    expect(&check, "cursor off", crtc(0x0a) & 0x20u, 0x20);
    call(0x1201, 0x34, 0, 0);
    call(0x0100, 0, 0x0203, 0);
    expect(&check, "no emulation", crtc(0x0b), 3);
    call(0x1200, 0x34, 0, 0);
    call(0x0200, 0x0300, 0, 5 << 8 | 6);
    expect(&check, "other page's cursor", crtc(0x0f), 0);
    call(0x0941, 0x0307, 1, 0);
    expect(&check, "other page's text", peek8(0xb800, 0x3000 + (5 * 80 + 6) * 2), 'A');
    call(0x0503, 0, 0, 0);
    expect(&check, "start of page 3", crtc(0x0c), 0x18);
    expect(&check, "cursor of page 3", (uint32_t)crtc(0x0e) << 8 | crtc(0x0f), 0x1800 + 5 * 80 + 6);
    expect(&check, "40:4E", bda16(0x4e), 0x3000);
    call(0x0400, 0, 0, 0);
    expect(&check, "no light pen", r.ax.b.h, 0);
}

static void check_palette(void)
{
    check.context = 0x200;
    call(3, 0, 0, 0);
    call(0x1000, 0x2a05, 0, 0);
    call(0x1007, 0x0005, 0, 0);
    expect(&check, "palette register", r.bx.b.h, 0x2a);
    call(0x1001, 0x0300, 0, 0);
    call(0x1008, 0, 0, 0);
    expect(&check, "overscan", r.bx.b.h, 3);
    call(0x1009, 0, 0, (uint16_t)(uintptr_t)buffer);
    expect(&check, "all: 5", buffer[5], 0x2a);
    expect(&check, "all: 6", buffer[6], 0x14);
    expect(&check, "all: overscan", buffer[16], 3);
    buffer[5] = 5;
    call(0x1002, 0, 0, (uint16_t)(uintptr_t)buffer);
    call(0x1007, 5, 0, 0);
    expect(&check, "set all", r.bx.b.h, 5);
    call(0x1010, 200, 0x1122, 0x3300);
    call(0x1015, 200, 0, 0);
    expect(&check, "DAC green, blue", r.cx.x, 0x1122);
    expect(&check, "DAC red", r.dx.b.h, 0x33);
    call(0x1017, 0x14, 2, (uint16_t)(uintptr_t)buffer);
    expect(&check, "DAC brown", (uint32_t)(buffer[0] << 16 | buffer[1] << 8 | buffer[2]), 0x2a1500);
    expect(&check, "DAC 15h", (uint32_t)(buffer[3] << 16 | buffer[4] << 8 | buffer[5]), 0x2a153f - 0x15);
    buffer[0] = 1, buffer[1] = 2, buffer[2] = 3;
    call(0x1012, 100, 2, (uint16_t)(uintptr_t)buffer);
    call(0x1015, 100, 0, 0);
    expect(&check, "DAC block", (uint32_t)r.dx.b.h << 16 | r.cx.x, 0x010203);
    call(0x1010, 1, 0, 0x3f00);
    call(0x101b, 1, 1, 0);
    call(0x1015, 1, 0, 0);
    expect(&check, "grey of red", r.dx.b.h, 19);
    expect(&check, "grey is grey", r.cx.x, 19 << 8 | 19);
    call(0x1013, 0x0100, 0, 0);
    call(0x1013, 0x0701, 0, 0);
    call(0x101a, 0, 0, 0);
    expect(&check, "paging", r.bx.x, 0x0701);
    call(0x1018, 0x7f, 0, 0);
    call(0x1019, 0, 0, 0);
    expect(&check, "mask", r.bx.b.l, in8(0x3c6)); /* not every emulator has this register */
    call(0x1003, 0, 0, 0);
    call(0x1007, 0x10, 0, 0);
    expect(&check, "no blink", r.bx.b.h & 8u, 0);
    call(0x13, 0, 0, 0);
    call(0x1017, 32, 1, (uint16_t)(uintptr_t)buffer);
    expect(&check, "13h colour 32", (uint32_t)(buffer[0] << 16 | buffer[1] << 8 | buffer[2]), 0x00003f);
    call(0x1017, 40, 1, (uint16_t)(uintptr_t)buffer);
    expect(&check, "13h colour 40", (uint32_t)(buffer[0] << 16 | buffer[1] << 8 | buffer[2]), 0x3f0000);
    call(4, 0, 0, 0);
    call(0x0b00, 0x0100, 0, 0);
    call(0x1007, 1, 0, 0);
    expect(&check, "CGA palette 0", r.bx.b.h, 0x12);
    call(0x0b00, 0x0011, 0, 0);
    call(0x1007, 0, 0, 0);
    expect(&check, "CGA background", r.bx.b.h, 1);
}

static void check_fonts(void)
{
    static const uint8_t height[8] = {8, 16, 14, 8, 8, 0, 16, 0};
    check.context = 0x300;
    call(3, 0, 0, 0);
    for (uint16_t i = 0; i < 8; i++) {
        call(0x1130, (uint16_t)(i << 8), 0, 0);
        expect(&check, "info: height", r.cx.x, 16);
        expect(&check, "info: rows", r.dx.b.l, 24);
        if (height[i] && i != 0 &&
            i != 4) /* row of the bar of 'H' is there in each font, the cell below is not */
            expect(&check, "info: glyph", peek8(r.es, (uint16_t)(r.bp.x + 'L' * height[i] + height[i] / 2)),
                   0xc0);
    }
    call(0x1112, 0, 0, 0);
    expect(&check, "50 rows", peek8(0x40, 0x84), 49);
    expect(&check, "8 lines", crtc(9) & 31u, 7);
    expect(&check, "page of 50 rows", bda16(0x4c) >= 8000, 1);
    call(0x1111, 0, 0, 0);
    expect(&check, "28 rows", peek8(0x40, 0x84), 27);
    call(0x1103, 0x3f, 0, 0);
    out8(0x3c4, 3);
    expect(&check, "font blocks", in8(0x3c5), 0x3f);
    for (uint16_t lines = 0; lines < 3; lines++) {
        static const uint8_t cell[3] = {8, 14, 16};
        call(0x1200 | lines, 0x30, 0, 0);
        expect(&check, "scan lines", r.ax.b.l, 0x12);
        call(3, 0, 0, 0);
        expect(&check, "cell at scan lines", bda16(0x85), cell[lines]);
    }
    call(0x12, 0, 0, 0);
    call(0x1123, 0, 0, 0);
    call(0x1123, 3, 0, 0);
    expect(&check, "graphics rows", peek8(0x40, 0x84), 42);
    expect(&check, "graphics height", bda16(0x85), 8);
}

static void check_state(void)
{
    check.context = 0x400;
    call(3, 0, 0, 0);
    call(0x1200, 0x10, 0, 0);
    expect(&check, "EGA info", r.bx.x, 0x0003);
    expect(&check, "EGA switches", r.cx.b.l, 9);
    for (uint16_t fn = 0x30; fn <= 0x36; fn++) {
        call(fn == 0x30 ? 0x1202 : 0x1200, fn, 0, 0);
        expect(&check, "select", r.ax.b.l, fn == 0x35 ? 0x00 : 0x12);
    }
    call(0x1201, 0x33, 0, 0);
    call(0x1a00, 0, 0, 0);
    expect(&check, "1Ah", r.ax.b.l, 0x1a);
    expect(&check, "display", r.bx.x, 0x0008);
    call(0x1b00, 0, 0, 0);
    expect(&check, "1Bh", r.ax.b.l, 0x1b);
    expect(&check, "1Bh mode", buffer[4], 3);
    expect(&check, "1Bh columns", buffer[5], 80);
    expect(&check, "1Bh rows", buffer[0x22], 25);
    expect(&check, "1Bh colours", buffer[0x27], 16);
    expect(&check, "1Bh pages", buffer[0x29], 8);
    expect(&check, "1Bh memory", buffer[0x31], 3);
    expect(&check, "1Bh static",
           peek8((uint16_t)(buffer[2] | buffer[3] << 8), (uint16_t)(buffer[0] | buffer[1] << 8)), 0xff);
}

static void poke16(uint16_t segment, uint16_t offset, uint16_t value)
{
    poke8(segment, offset, (uint8_t)value);
    poke8(segment, offset + 1, (uint8_t)(value >> 8));
}

/* A program's own save pointer table: the ROM's, but with a palette area and fonts for modes 3 and 12h. */
static void check_save_pointers(void)
{
    static uint8_t area[256], text_font[16], graphics_font[16];
    static uint16_t table[14];
    uint16_t old_offset = bda16(0xa8), old_segment = bda16(0xaa);
    check.context = 0x410;
    for (unsigned i = 0; i < 14; i++)
        table[i] = peek16(old_segment, (uint16_t)(old_offset + 2 * i));
    expect(&check, "parameter table", table[1], 0xc000);
    expect(&check, "mode 3+ columns", peek8(table[1], (uint16_t)(table[0] + 0x18 * 64)), 80);
    uint16_t segment;
    __asm__("movw %%ds, %0" : "=r"(segment));
    table[2] = (uint16_t)(uintptr_t)area, table[3] = segment;
    table[4] = (uint16_t)(uintptr_t)text_font, table[5] = segment;
    table[6] = (uint16_t)(uintptr_t)graphics_font, table[7] = segment;
    call(0x1130, 0x0200, 0, 0); /* the 8x14 font serves for both */
    text_font[0] = 14, text_font[3] = 1, text_font[10] = 0xff, text_font[11] = 3, text_font[12] = 0xff;
    poke16(segment, (uint16_t)(uintptr_t)(text_font + 6), r.bp.x);
    poke16(segment, (uint16_t)(uintptr_t)(text_font + 8), r.es);
    graphics_font[0] = 34, graphics_font[1] = 14, graphics_font[7] = 0x12, graphics_font[8] = 0xff;
    poke16(segment, (uint16_t)(uintptr_t)(graphics_font + 3), r.bp.x);
    poke16(segment, (uint16_t)(uintptr_t)(graphics_font + 5), r.es);
    poke16(0x40, 0xa8, (uint16_t)(uintptr_t)table);
    poke16(0x40, 0xaa, segment);
    call(3, 0, 0, 0);
    expect(&check, "text font: height", bda16(0x85), 14);
    expect(&check, "text font: rows", peek8(0x40, 0x84), 27);
    expect(&check, "palette area", area[6], 0x14);
    call(0x1000, 0x0705, 0, 0);
    expect(&check, "palette area follows", area[5], 7);
    call(2, 0, 0, 0);
    expect(&check, "other mode: height", bda16(0x85), 16);
    call(0x12, 0, 0, 0);
    expect(&check, "graphics font: height", bda16(0x85), 14);
    expect(&check, "graphics font: rows", peek8(0x40, 0x84), 33);
    call(0x1b00, 0, 0, 0);
    expect(&check, "1Bh save pointers", buffer[0x32] & 0x0e, 0x0e);
    poke16(0x40, 0xa8, old_offset);
    poke16(0x40, 0xaa, old_segment);
}

/* Without a printer the screen is not printed, and that is said at 0050:0000. */
static void check_print_screen(void)
{
    check.context = 0x420;
    call(3, 0, 0, 0);
    call(0x1200, 0x20, 0, 0);
    expect(&check, "INT 5 in the ROM", peek8(0, 5 * 4 + 3), 0xc0);
    bios_call(5, &r);
    expect(&check, "print status", peek8(0x50, 0) == 0 || peek8(0x50, 0) == 0xff, 1);
}

static void check_save_restore(void)
{
    check.context = 0x500;
    call(3, 0, 0, 0);
    call(0x1c00, 0, 7, 0);
    expect(&check, "1Ch", r.ax.b.l, 0x1c);
    expect(&check, "fits the buffer", r.bx.x * 64u <= sizeof buffer, 1);
    move(12, 8);
    call(0x1010, 77, 0x0102, 0x0300);
    call(0x1c01, (uint16_t)(uintptr_t)buffer, 7, 0);
    call(0x13, 0, 0, 0);
    call(0x1c02, (uint16_t)(uintptr_t)buffer, 7, 0);
    call(0x0f00, 0, 0, 0);
    expect(&check, "mode back", r.ax.x, 80 << 8 | 3);
    expect(&check, "cursor back", cursor(), 8 << 8 | 12);
    expect(&check, "CRTC back", crtc(9), 0x4f);
    call(0x1015, 77, 0, 0);
    expect(&check, "DAC back", (uint32_t)r.dx.b.h << 16 | r.cx.x, 0x030102);
    out8(0x3ce, 6);
    expect(&check, "graphics controller back", in8(0x3cf), 0x0e);
}

static uint16_t info16(unsigned at)
{
    return (uint16_t)(buffer[at] | buffer[at + 1] << 8);
}

static void check_vbe_mode(uint16_t number)
{
    check.context = number;
    call(0x4f01, 0, number, 0);
    expect(&check, "mode info", r.ax.x, 0x004f);
    uint16_t width = info16(0x12), lines = info16(0x14), pitch = info16(0x10);
    uint8_t bpp = buffer[0x19];
    expect(&check, "attributes", info16(0) & 0x1b, 0x1b);
    expect(&check, "LFB attribute", info16(0) >> 7 & 1, bpp != 4);
    call(0x4f02, bpp == 4 ? number : number | 0x4000u, 0, 0);
    expect(&check, "set", r.ax.x, 0x004f);
    call(0x4f03, 0, 0, 0);
    expect(&check, "get", r.bx.x, bpp == 4 ? number : number | 0x4000u);
    call(0x4f06, 1, 0, 0);
    expect(&check, "pitch", r.bx.x, pitch);
    expect(&check, "pixels", r.cx.x, width);
    call(0x4f06, 0, width + 64, 0);
    expect(&check, "wider", r.ax.x == 0x004f ? r.cx.x : width + 64u, width + 64u);
    uint16_t room = r.ax.x == 0x004f && r.dx.x > lines;
    call(0x4f07, 0, room ? 8 : 0, room ? 1 : 0);
    expect(&check, "display start", r.ax.x, 0x004f);
    call(0x4f07, 1, 0, 0);
    expect(&check, "display start x", r.cx.x, room ? 8 : 0);
    call(0x4f07, 0, 60000, 0);
    expect(&check, "display start refused", r.ax.x, 0x014f);
    call(0x4f05, 0, 0, 1);
    call(0x4f05, 0x0100, 0, 0);
    expect(&check, "window", r.dx.x, 1);
    call(0x4f08, 0x0800, 0, 0);
    expect(&check, "DAC width", r.ax.x, bpp <= 8 ? 0x004f : 0x034f);
    if (bpp <= 8)
        expect(&check, "DAC width 8", r.bx.b.h, 8);
}

static void check_vbe_modes(void)
{
    static uint16_t list[112];
    for (unsigned i = 0; i < 111 && (list[i] = info16(0x22 + 2 * i)) != 0xffff; i++)
        list[i + 1] = 0xffff;
    for (unsigned i = 0; list[i] != 0xffff; i++)
        check_vbe_mode(list[i]);
    check.context = 0x600;
    expect(&check, "has modes", list[0] != 0xffff && list[20] != 0xffff, 1);
}

static void check_vbe_text(void)
{
    check.context = 0x101;
    call(0x4f02, 0x101, 0, 0);
    write_at(78, 29, '\xb3', 12, 1);
    expect(&check, "char in 101h", read_at(78, 29), 0xb3);
    call(0x0c07, 0, 639, 479);
    call(0x0d00, 0, 639, 479);
    expect(&check, "pixel in 101h", r.ax.b.l, 7);
    call(0x4f09, 0, 1, 9);
    buffer[0] = 1, buffer[1] = 2, buffer[2] = 3;
    call(0x4f09, 0, 1, 9);
    call(0x1015, 9, 0, 0);
    expect(&check, "4F09h", (uint32_t)r.dx.b.h << 16 | r.cx.x, 0x030201);
    call(0x4f04, 0, 15, 0);
    expect(&check, "4F04h size", r.ax.x, 0x004f);
    call(0x4f04, (uint16_t)(uintptr_t)buffer, 15, 1);
    call(3, 0, 0, 0);
    call(0x4f04, (uint16_t)(uintptr_t)buffer, 15, 2);
    call(0x4f03, 0, 0, 0);
    expect(&check, "4F04h mode back", r.bx.x & 0x3fff, 0x101);
    expect(&check, "4F04h memory kept", read_at(78, 29), 0xb3);
    call(0x4f02, 0x4102, 0, 0);
    expect(&check, "no LFB with planes", r.ax.x, 0x014f);
    call(0x4f02, 0x1f0, 0, 0);
    expect(&check, "no such mode", r.ax.x, 0x014f);
    call(0x4f02, 3, 0, 0);
    call(0x4f03, 0, 0, 0);
    expect(&check, "standard mode by VBE", r.bx.x, 3);
}

static void check_vbe(void)
{
    check.context = 0x600;
    for (unsigned i = 0; i < 4; i++)
        buffer[i] = (uint8_t) "VBE2"[i];
    call(0x4f00, 0, 0, 0);
    expect(&check, "VBE", r.ax.x, 0x004f);
    expect(&check, "signature", info16(0) | (uint32_t)info16(2) << 16, 0x41534556);
    expect(&check, "version", info16(4) >= 0x200, 1);
    check_vbe_modes();
    check_vbe_text();
    check.context = 0x601;
    call(0x4f15, 1, 0, 0);
    uint8_t sum = 0;
    for (unsigned i = 0; i < 128; i++)
        sum = (uint8_t)(sum + buffer[i]);
    expect(&check, "EDID", r.ax.x, 0x004f);
    expect(&check, "EDID sum", sum, 0);
    expect(&check, "EDID header", info16(0) | (uint32_t)info16(6) << 16, 0x00ffff00);
    call(0x4f10, 0, 0, 0);
    expect(&check, "power", r.ax.x, 0x004f);
    call(0x4f10, 0x0401, 0, 0);
    call(0x4f10, 2, 0, 0);
    expect(&check, "power off", r.bx.b.h, 4);
    call(0x4f10, 0x0001, 0, 0);
    call(0x4f0a, 0, 0, 0);
    expect(&check, "PM interface", r.ax.x, 0x004f);
    expect(&check, "PM window", peek8(r.es, r.di.x) >= 8 && peek8(r.es, r.di.x) < r.cx.x, 1);
    call(0x4f77, 0, 0, 0);
    expect(&check, "unknown VBE function", r.ax.b.l != 0x4f, 1);
}

/*
 * The protected mode interface is copied here and called from a 32-bit segment that has this program's base.
 * Between MOV CR0 and the way back no interrupt may come, and nothing but the call happens.
 */
__attribute__((used)) static struct {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed)) gdt_pointer;
static uint64_t gdt[5];
static uint8_t pm_code[1024];
__attribute__((used)) static struct {
    uint32_t eax, ebx, ecx, edx, edi, entry;
    uint32_t out_eax, out_edx;
} pm;

__asm__(".pushsection .text.pm_call, \"ax\"\n"
        ".globl pm_call\n"
        "pm_call: pushal; cli; lgdtl %cs:gdt_pointer; movl %cr0, %eax; orb $1, %al; movl %eax, %cr0\n"
        "        ljmpw $8, $1f\n"
        "        .code32\n"
        "1:      movw $16, %ax; movw %ax, %ds; movw %ax, %es; movw %ax, %ss\n"
        "        movl pm, %eax; movl pm+4, %ebx; movl pm+8, %ecx; movl pm+12, %edx; movl pm+16, %edi\n"
        "        call *pm+20\n"
        "        movl %eax, pm+24; movl %edx, pm+28\n"
        "        ljmp $24, $2f\n"
        "        .code16\n"
        "2:      movw $32, %ax; movw %ax, %ds; movw %ax, %es; movw %ax, %ss\n"
        "        movl %cr0, %eax; andb $0xfe, %al; movl %eax, %cr0\n"
        "        ljmpw $0x800, $3f\n"
        "3:      movw %cs, %ax; movw %ax, %ds; movw %ax, %es; movw %ax, %ss; sti; popal; retl\n"
        ".popsection\n"
        ".code16gcc");
void pm_call(void);

static void pm_function(unsigned n, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    pm.ebx = ebx, pm.ecx = ecx, pm.edx = edx;
    pm.eax = 0x4f00;
    pm.edi = (uint32_t)(uintptr_t)buffer;
    pm.entry = (uint32_t)(uintptr_t)pm_code + (uint32_t)(pm_code[2 * n] | pm_code[2 * n + 1] << 8);
    pm_call();
    expect(&check, "PM function", pm.out_eax & 0xffff, 0x004f);
}

static void check_pm_interface(void)
{
    check.context = 0x602;
    call(0x4f0a, 0, 0, 0);
    expect(&check, "PM length", r.cx.x < sizeof pm_code, 1);
    for (uint16_t i = 0; i < sizeof pm_code; i++)
        pm_code[i] = peek8(r.es, (uint16_t)(r.di.x + i));
    gdt_pointer.limit = sizeof gdt - 1;
    gdt_pointer.base = 0x8000u + (uint32_t)(uintptr_t)gdt;
    gdt[1] = 0x00409b008000ffff; /* base 8000h, 64 KiB: 32-bit code, 32-bit data, 16-bit code, 16-bit data */
    gdt[2] = 0x004093008000ffff;
    gdt[3] = 0x00009b008000ffff;
    gdt[4] = 0x000093008000ffff;
    call(0x4f02, 0x4111, 0, 0);
    pm_function(0, 0, 0, 5);
    pm_function(0, 0x0100, 0, 0);
    expect(&check, "PM window", pm.out_edx & 0xffff, 5);
    call(0x4f06, 0, 704, 0);
    uint32_t start = (7 * 704 + 16) * 2 / 4; /* line 7, pixel 16 */
    pm_function(1, 0, start & 0xffff, start >> 16);
    call(0x4f07, 1, 0, 0);
    expect(&check, "PM display start", (uint32_t)r.dx.x << 16 | r.cx.x, 7 << 16 | 16);
    buffer[0] = 11, buffer[1] = 22, buffer[2] = 33;
    pm_function(2, 0, 1, 99);
    call(0x1015, 99, 0, 0);
    expect(&check, "PM palette", (uint32_t)r.dx.b.h << 16 | r.cx.x, 33 << 16 | 22 << 8 | 11);
}

/* How much of the caller's stack the deepest services take: programs call INT 10h with little left. */
static void check_stack(void)
{
    enum { BELOW = 2048, PATTERN = 0x5a, LIMIT = 400 };
    static const uint16_t deep[] = {0x0003, 0x0e0a, 0x0e41, 0x0602, 0x1301, 0x1b00, 0x1112,
                                    0x1c01, 0x0012, 0x0e41, 0x0941, 0x0841, 0x0602, 0x0003,
                                    0x4f00, 0x4f02, 0x0e0a, 0x4f01, 0x0003};
    check.context = 0x700;
    uint16_t segment, stack;
    __asm__("movw %%ss, %0; movw %%sp, %1" : "=r"(segment), "=r"(stack));
    unsigned most = 0;
    for (unsigned i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        for (uint16_t at = BELOW; at > 200; at--)
            poke8(segment, (uint16_t)(stack - at), PATTERN);
        call(deep[i], deep[i] == 0x4f02 ? 0x101 : 7, deep[i] == 0x1301 ? 4 : 0, 0);
        unsigned used = BELOW;
        while (used > 200 && peek8(segment, (uint16_t)(stack - used)) == PATTERN)
            used--;
        most = used > most ? used : most;
    }
    say("deepest stack, with the test's own frames: ");
    say_number(most);
    say("\n");
    expect(&check, "stack within limit", most <= LIMIT, 1);
}

void main(void);
void main(void)
{
    say("vga_check\n");
    check_modes();
    check_cursor_and_pages();
    check_palette();
    check_fonts();
    check_state();
    check_save_pointers();
    check_print_screen();
    check_save_restore();
    check_vbe();
    check_pm_interface();
    check_stack();
    set_mode(3);
    put_number(check.failed, WHITE);
    finish(&check);
}
