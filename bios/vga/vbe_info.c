/* SPDX-License-Identifier: MIT */
/* VBE controller and mode information, power management, EDID (VBE 3.0, 4.3, 4.4; VBE/PM 1.0; VBE/DDC 1.1).
 */
#include "vga/vbe.h"

#include "vga/dispi.h"
#include "vga/mode.h"

extern const char vbe_window_entry[];

enum {
    VBE_VERSION = 0x0300,
    INFO_BYTES = 256,
    INFO2_BYTES = 512,
    MODE_LIST = 0x22,
    SOFTWARE_VERSION = 0x0100
};
enum { CAP_DAC_WIDTH = 0x01 };

static ROM_DATA char oem_string[] = "Lathe VGA BIOS";
static ROM_DATA char vendor_string[] = "Lathe contributors";
static ROM_DATA char product_string[] = "Bochs display interface";
static ROM_DATA char revision_string[] = "1.0";

static void put16(far_t p, unsigned at, uint32_t value)
{
    far_write16(far_add(p, at), (uint16_t)value);
}

static void put32(far_t p, unsigned at, uint32_t value)
{
    put16(p, at, value);
    put16(p, at + 2, value >> 16);
}

static void put_mode_list(far_t p)
{
    unsigned at = MODE_LIST;
    for (ROM struct vbe_mode *m = vbe_modes; m->number; m++)
        if (vbe_mode_fits(m)) {
            put16(p, at, m->number);
            at += 2;
        }
    put16(p, at, 0xffff);
}

uint16_t vbe_controller_info(struct regs *r)
{
    far_t p = far_make(r->es, r->di.x);
    int is_vbe2 = far_read16(p) == ('V' | 'B' << 8) && far_read16(far_add(p, 2)) == ('E' | '2' << 8);
    far_fill8(p, 0, is_vbe2 ? INFO2_BYTES : INFO_BYTES);
    put32(p, 0x00, 'V' | 'E' << 8 | 'S' << 16 | 'A' << 24);
    put16(p, 0x04, VBE_VERSION);
    put32(p, 0x06, far_rom(oem_string));
    put32(p, 0x0a, CAP_DAC_WIDTH);
    put32(p, 0x0e, far_add(p, MODE_LIST));
    put16(p, 0x12, dispi_memory());
    if (is_vbe2) {
        put16(p, 0x14, SOFTWARE_VERSION);
        put32(p, 0x16, far_rom(vendor_string));
        put32(p, 0x1a, far_rom(product_string));
        put32(p, 0x1e, far_rom(revision_string));
    }
    put_mode_list(p);
    return VBE_OK;
}

/* Size and position of red, green, blue and unused bits. */
struct pixel_format {
    uint8_t bpp, masks[8];
};
static ROM_DATA struct pixel_format formats[] = {
    {15, {5, 10, 5, 5, 5, 0, 1, 15}},
    {16, {5, 11, 6, 5, 5, 0, 0, 0}},
    {24, {8, 16, 8, 8, 8, 0, 0, 0}},
    {32, {8, 16, 8, 8, 8, 0, 8, 24}},
};

static void put_masks(far_t p, uint8_t bpp)
{
    enum { MASKS = 0x1f, LINEAR_MASKS = 0x36 };
    for (unsigned i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].bpp == bpp) {
            far_copy(far_add(p, MASKS), far_rom(formats[i].masks), 8);
            far_copy(far_add(p, LINEAR_MASKS), far_rom(formats[i].masks), 8);
        }
}

static void put_window(far_t p)
{
    far_write8(far_add(p, 0x02), 0x07); /* window A: exists, read, write; no window B */
    put16(p, 0x04, 64);
    put16(p, 0x06, 64);
    put16(p, 0x08, 0xa000);
    put32(p, 0x0c, far_rom((ROM void *)(uintptr_t)vbe_window_entry));
}

static void put_layout(far_t p, ROM struct vbe_mode *m)
{
    enum { MODEL_IS_PLANAR = 3, MODEL_IS_PACKED = 4, MODEL_IS_DIRECT = 6 };
    uint16_t pitch = vbe_pitch(m->width, m->bpp);
    uint32_t pages = vbe_max_lines(pitch, m->bpp) / m->height;
    pages = pages > 256 ? 255 : pages - 1;
    put16(p, 0x10, pitch);
    put16(p, 0x12, m->width);
    put16(p, 0x14, m->height);
    put16(p, 0x16, (unsigned)vbe_cell_height(m->height) << 8 | 8u); /* character cell */
    far_write8(far_add(p, 0x18), m->bpp == 4 ? 4 : 1);
    far_write8(far_add(p, 0x19), m->bpp);
    far_write8(far_add(p, 0x1a), 1);
    far_write8(far_add(p, 0x1b), m->bpp == 4   ? MODEL_IS_PLANAR
                                 : m->bpp == 8 ? MODEL_IS_PACKED
                                               : MODEL_IS_DIRECT);
    far_write8(far_add(p, 0x1d), (uint8_t)pages);
    far_write8(far_add(p, 0x1e), 1);
    put16(p, 0x32, pitch);
    put16(p, 0x34, pages << 8 | pages);
}

uint16_t vbe_mode_info(struct regs *r)
{
    enum {
        SUPPORTED = 0x01,
        EXTENDED = 0x02,
        TTY = 0x04,
        COLOUR = 0x08,
        GRAPHICS = 0x10,
        NOT_VGA = 0x20,
        LFB = 0x80
    };
    far_t p = far_make(r->es, r->di.x);
    ROM struct vbe_mode *m = vbe_find(r->cx.x & 0x3fff);
    if (!m || !vbe_mode_fits(m))
        return VBE_FAILED;
    far_fill8(p, 0, INFO_BYTES);
    put16(p, 0x00, SUPPORTED | EXTENDED | TTY | COLOUR | GRAPHICS | NOT_VGA | (m->bpp == 4 ? 0u : LFB));
    put_window(p);
    put_layout(p, m);
    put_masks(p, m->bpp);
    if (m->bpp != 4)
        put32(p, 0x28, vbe_lfb());
    put32(p, 0x3e, 400u * 1000 * 1000); /* highest pixel clock */
    return VBE_OK;
}

/* States: 0 on, 1 standby (screen off), 4 off (syncs held, too). */
uint16_t vbe_power(struct regs *r)
{
    enum { ON = 0, STANDBY = 1, OFF = 4, VERSION = 0x10, CRTC_MODE = 0x17, CRTC_RUN = 0x80 };
    uint16_t crtc = crtc_port();
    uint8_t run = indexed_read(crtc, CRTC_MODE), clocking = indexed_read(PORT_SEQ, SEQ_CLOCKING);
    switch (r->bx.b.l) {
    case 0: r->bx.x = (STANDBY | OFF) << 8 | VERSION; return VBE_OK;
    case 1:
        if (r->bx.b.h != ON && r->bx.b.h != STANDBY && r->bx.b.h != OFF)
            return VBE_FAILED;
        mode_screen_off(r->bx.b.h != ON);
        indexed_write(crtc, CRTC_MODE, r->bx.b.h == OFF ? run & (uint8_t)~CRTC_RUN : run | CRTC_RUN);
        return VBE_OK;
    case 2:
        r->bx.b.h = !(run & CRTC_RUN) ? OFF : clocking & CLOCKING_SCREEN_OFF ? STANDBY : ON;
        return VBE_OK;
    default: return VBE_FAILED;
    }
}

/*
 * EDID 1.3 of a multi-frequency monitor (VESA E-EDID standard A). The last byte, the checksum, is computed.
 *   preferred timing 1024x768 at 60 Hz, 65 MHz; range 50-85 Hz, 30-95 kHz, 270 MHz
 */
static ROM_DATA uint8_t edid[127] = {
    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x32, 0x88, /* maker "LTH" */
    0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x24, 0x01, 0x03, /* product, serial, week 1 of 2026,
                                                                   version 1.3 */
    0x0e, 0x20, 0x18, 0x78, 0x0a, /* analogue, 32 x 24 cm, gamma 2.2, RGB, preferred */
    0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54, /* sRGB primaries */
    0x21, 0x08, 0x00,                                           /* 640x480, 800x600, 1024x768 at 60 Hz */
    0xd1, 0xc0, 0x81, 0xc0, 0x81, 0x00, 0x81, 0x80,             /* 1920x1080, 1280x720, 1280x800, 1280x1024 */
    0xa9, 0x40, 0xb3, 0x00, 0x95, 0x00, 0x71, 0x40,             /* 1600x1200, 1680x1050, 1440x900, 1152x864 */
    0x64, 0x19, 0x00, 0x40, 0x41, 0x00, 0x26, 0x30, 0x18, 0x88, 0x36, 0x00, 0x40, 0xf0, 0x10,
    0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0xfd, 0x00, 50,   85,   30,   95,   27,   0x00, 0x0a,
    ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  0x00, 0x00, 0x00, 0xfc, 0x00, 'L',  'a',  't',  'h',
    'e',  ' ',  'd',  'i',  's',  'p',  'l',  'a',  'y',  0x00, 0x00, 0x00, 0xff, 0x00, '1',
    0x0a, ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  ' ',  0x00, /* no extension blocks */
};

uint16_t vbe_edid(struct regs *r)
{
    far_t p = far_make(r->es, r->di.x);
    if (r->cx.x != 0 || r->bx.b.l > 1)
        return VBE_FAILED;
    if (r->bx.b.l == 0) {
        r->bx.x = 0x0102; /* a second a block, DDC2 */
        return VBE_OK;
    }
    if (r->dx.x != 0)
        return VBE_FAILED;
    uint8_t sum = 0;
    for (unsigned i = 0; i < sizeof edid; i++) {
        far_write8(far_add(p, i), edid[i]);
        sum = (uint8_t)(sum + edid[i]);
    }
    far_write8(far_add(p, sizeof edid), (uint8_t)-sum);
    return VBE_OK;
}
