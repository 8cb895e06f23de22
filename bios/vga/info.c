/* SPDX-License-Identifier: MIT */
/* INT 10h AH=12h, 1Ah, 1Bh (IBM PS/2 and PC BIOS Interface Technical Reference). */
#include "vga/info.h"

#include "vga/bda.h"
#include "vga/mode.h"
#include "vga/save.h"
#include "vga/screen.h"

extern const char int05_entry[];

enum { SUPPORTED = 0x12, NO_DISPLAY = 0, MISC_RAM_ENABLE = 0x02 };
enum { SWITCHES_VGA_350 = 0x08, SWITCHES_VGA = 0x09 };

static void ega_info(struct regs *r)
{
    struct bda LOW *b = bda();
    r->bx.b.h = b->crtc == PORT_CRTC_MONO;
    r->bx.b.l = (b->video_ctl & VCTL_256K) >> 5;
    r->cx.b.h = b->switches >> 4;
    r->cx.b.l = b->switches & 15;
}

/* AL 0: 200, 1: 350, 2: 400 scan lines at the next text mode set. */
static void select_scan_lines(uint8_t which)
{
    struct bda LOW *b = bda();
    uint8_t ctl = b->modeset_ctl & (uint8_t) ~(MCTL_200 | MCTL_400);
    if (which == 0)
        ctl |= MCTL_200;
    else if (which == 2)
        ctl |= MCTL_400;
    b->modeset_ctl = ctl;
    b->switches = (uint8_t)((b->switches & 0xf0) | (which == 0 ? SWITCHES_VGA_350 : SWITCHES_VGA));
}

/* AL 0 enables, so the flag with this mask in *byte is cleared or, where it says "enabled", set. */
static void flag(uint8_t LOW *byte, uint8_t mask, int set)
{
    *byte = (uint8_t)(set ? *byte | mask : *byte & ~mask);
}

static void enable_video(int on)
{
    uint8_t misc = in8(PORT_MISC_READ);
    out8(PORT_MISC_WRITE, on ? misc | MISC_RAM_ENABLE : misc & (uint8_t)~MISC_RAM_ENABLE);
}

void select_service(struct regs *r)
{
    struct bda LOW *b = bda();
    uint8_t fn = r->bx.b.l, off = r->ax.b.l;
    if (fn == 0x10) {
        ega_info(r);
        return;
    }
    if (fn == 0x20) {
        vector_set(VEC_PRINT_SCREEN, far_rom((ROM void *)(uintptr_t)int05_entry));
        return;
    }
    if (off > 2 || (off == 2 && fn != 0x30))
        return;
    switch (fn) {
    case 0x30: select_scan_lines(off); break;
    case 0x31: flag(&b->modeset_ctl, MCTL_NO_PALETTE, off); break;
    case 0x32: enable_video(!off); break;
    case 0x33: flag(&b->modeset_ctl, MCTL_GREY, !off); break;
    case 0x34: flag(&b->video_ctl, VCTL_NO_EMULATION, off); break;
    case 0x36: mode_screen_off(off); break;
    default: return; /* 35h, display switch: there is one display only */
    }
    r->ax.b.l = SUPPORTED;
}

/* Codes of both displays from the display combination table; FFh: unknown. */
static uint16_t combination(void)
{
    enum { HEADER = 4 };
    far_t table = save_dcc_table();
    uint8_t index = bda()->dcc_index;
    if (!table || index >= far_read8(table))
        return 0xffff;
    uint16_t pair = far_read16(far_add(table, HEADER + 2u * index));
    uint8_t first = (uint8_t)pair, second = (uint8_t)(pair >> 8);
    if (first && second) /* either may be active: an odd code is monochrome */
        return (first & 1) == (bda()->crtc == PORT_CRTC_MONO) ? pair : (uint16_t)(first << 8 | second);
    return first ? pair : second;
}

static void set_combination(uint16_t pair)
{
    far_t table = save_dcc_table();
    if (!table)
        return;
    for (uint8_t i = 0; i < far_read8(table); i++) {
        uint16_t entry = far_read16(far_add(table, 4 + 2u * i));
        uint16_t swapped = (uint16_t)(entry << 8 | entry >> 8);
        if (pair == entry || pair == swapped) {
            bda()->dcc_index = i;
            return;
        }
    }
}

void display_service(struct regs *r)
{
    if (r->ax.b.l == 0)
        r->bx.x = combination();
    else if (r->ax.b.l == 1)
        set_combination(r->bx.x);
    else
        return;
    r->ax.b.l = 0x1a;
}

/* Bits of the state byte at 2Dh, from the two bytes of mode-set control and the blink bit. */
static uint8_t misc_state(void)
{
    struct bda LOW *b = bda();
    uint8_t state = 0x01; /* all modes on all displays */
    state |= b->modeset_ctl & MCTL_GREY;
    state |= b->crtc == PORT_CRTC_MONO ? 0x04 : 0;
    state |= b->modeset_ctl & MCTL_NO_PALETTE;
    state |= b->video_ctl & VCTL_NO_EMULATION ? 0 : 0x10;
    return state | (b->msr & 0x20);
}

static uint8_t scan_lines_code(unsigned mode)
{
    if (mode == 0x11 || mode == 0x12)
        return 3;
    if (mode == 0x0f || mode == 0x10)
        return 1;
    if (mode > 3 && mode != 7)
        return 0;
    return bda()->modeset_ctl & MCTL_200 ? 0 : bda()->modeset_ctl & MCTL_400 ? 2 : 1;
}

/* Which override tables a program has hung up at 40:A8; 31h of the state table. */
static uint8_t save_state_bits(void)
{
    uint8_t bits = save_dcc_table() ? 0x10 : 0;
    bits |= save_entry(SAVE_DYNAMIC) ? 0x02 : 0;
    bits |= save_entry(SAVE_TEXT_FONT) ? 0x04 : 0;
    return bits | (save_entry(SAVE_GRAPHICS_FONT) ? 0x08 : 0);
}

static void fill_info(uint8_t *t)
{
    struct bda LOW *b = bda();
    ROM struct std_mode *mode = mode_find(b->mode);
    far_t font = far_rom(static_table);
    uint16_t codes = combination();
    uint8_t fonts = indexed_read(PORT_SEQ, SEQ_FONT);
    *(far_t *)t = font;
    far_copy(far_local(t + 0x04), far_make(0x40, 0x49),
             0x22 - 0x04); /* mode to 3x9 register, as in the BDA */
    t[0x22] = (uint8_t)(b->rows + 1);
    *(uint16_t *)(t + 0x23) = b->char_height;
    t[0x25] = (uint8_t)codes;
    t[0x26] = (uint8_t)(codes >> 8);
    *(uint16_t *)(t + 0x27) = mode ? mode->colours : 0;
    t[0x29] = mode ? mode->pages : 1;
    t[0x2a] = scan_lines_code(b->mode);
    t[0x2b] = (uint8_t)((fonts & 3) | (fonts >> 2 & 4));      /* primary block, bits 4, 1, 0 */
    t[0x2c] = (uint8_t)((fonts >> 2 & 3) | (fonts >> 3 & 4)); /* secondary block, bits 5, 3, 2 */
    t[0x2d] = misc_state();
    t[0x31] = (b->video_ctl & VCTL_256K) >> 5;
    t[0x32] = save_state_bits();
}

void info_service(struct regs *r)
{
    uint8_t table[0x40];
    if (r->bx.x != 0)
        return;
    for (unsigned i = 0; i < sizeof table; i++)
        table[i] = 0;
    fill_info(table);
    far_copy(far_make(r->es, r->di.x), far_local(table), sizeof table);
    r->ax.b.l = 0x1b;
}
