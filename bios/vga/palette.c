/* SPDX-License-Identifier: MIT */
/*
 * Palette registers and DAC. The default colours are computed: the CGA's and EGA's from the bits of their
 * colour numbers, mode 13h's from its hue, saturation and intensity steps.
 */
#include "vga/palette.h"

#include "vga/bda.h"
#include "vga/mode.h"
#include "vga/save.h"

void dac_write(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    out8(PORT_DAC_WRITE, index);
    out8(PORT_DAC_DATA, red);
    out8(PORT_DAC_DATA, green);
    out8(PORT_DAC_DATA, blue);
}

/* Luminance of an RGB triple in 1/256: 30 % red, 59 % green, 11 % blue. */
static uint8_t grey_of(uint8_t red, uint8_t green, uint8_t blue)
{
    uint32_t sum = 77u * red + 151u * green + 28u * blue + 0x80;
    return (uint8_t)(sum >> 8 > 0x3f ? 0x3f : sum >> 8);
}

static void load_rgb(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    if (bda()->modeset_ctl & MCTL_GREY)
        red = green = blue = grey_of(red, green, blue);
    dac_write(index, red, green, blue);
}

/* EGA colour number: bits rgbRGB, the upper case ones two thirds of full intensity, the lower case ones one
 * third. */
static uint8_t ega_level(uint8_t colour, uint8_t bit)
{
    return (uint8_t)((colour & bit ? 0x2a : 0) + (colour & bit << 3 ? 0x15 : 0));
}

static void load_ega(uint8_t index, uint8_t colour)
{
    load_rgb(index, ega_level(colour, 4), ega_level(colour, 2), ega_level(colour, 1));
}

/* RGBI to EGA: intensity adds a third to every gun; dark yellow is shown brown. */
static uint8_t cga_to_ega(uint8_t rgb, uint8_t intensity)
{
    if (intensity)
        return rgb | 0x38;
    return rgb == 6 ? 0x14 : rgb;
}

/* Step of gun n (0 red, 1 green, 2 blue) on the 24-step hue circle, 0 to 4; it starts at blue and goes to
 * red. */
static uint8_t hue_step(uint8_t hue, uint8_t gun)
{
    uint8_t at = (uint8_t)(hue + (gun == 0 ? 20 : gun == 1 ? 12 : 4)); /* 0..3 rises after 20 */
    at = (uint8_t)(at % 24);
    if (at >= 20)
        return (uint8_t)(at - 20);
    if (at < 8)
        return 4;
    return at < 12 ? (uint8_t)(12 - at) : 0;
}

static ROM_DATA uint8_t hue_levels[9][5] = {
    {0x00, 0x10, 0x1f, 0x2f, 0x3f}, {0x1f, 0x27, 0x2f, 0x37, 0x3f}, {0x2d, 0x31, 0x36, 0x3a, 0x3f},
    {0x00, 0x07, 0x0e, 0x15, 0x1c}, {0x0e, 0x11, 0x15, 0x18, 0x1c}, {0x14, 0x16, 0x18, 0x1a, 0x1c},
    {0x00, 0x04, 0x08, 0x0c, 0x10}, {0x08, 0x0a, 0x0c, 0x0e, 0x10}, {0x0b, 0x0c, 0x0d, 0x0f, 0x10},
};
static ROM_DATA uint8_t greys[16] = {0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18,
                                     0x1c, 0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f};
static ROM_DATA uint8_t mono_levels[4] = {0x00, 0x2a, 0x00, 0x3f};

static void load_256(uint8_t i)
{
    if (i < 16)
        load_ega(i, cga_to_ega(i & 7, i & 8));
    else if (i < 32)
        load_rgb(i, greys[i - 16], greys[i - 16], greys[i - 16]);
    else if (i < 32 + 9 * 24) {
        ROM uint8_t *level = hue_levels[(i - 32) / 24];
        uint8_t hue = (uint8_t)((i - 32) % 24);
        load_rgb(i, level[hue_step(hue, 0)], level[hue_step(hue, 1)], level[hue_step(hue, 2)]);
    } else
        load_rgb(i, 0, 0, 0);
}

void palette_load_default(uint8_t kind)
{
    for (unsigned n = 0; n < 256; n++) {
        uint8_t i = (uint8_t)n;
        if (kind == DAC_256)
            load_256(i);
        else if (n >= 64)
            dac_write(i, 0, 0, 0);
        else if (kind == DAC_EGA)
            load_ega(i, i);
        else if (kind == DAC_CGA)
            load_ega(i, cga_to_ega(i & 7, i & 0x10));
        else
            dac_write(i, mono_levels[i >> 3 & 3], mono_levels[i >> 3 & 3], mono_levels[i >> 3 & 3]);
    }
}

static void palette_write(uint8_t index, uint8_t value)
{
    attr_write(index, value);
    if (index < ATTR_MODE)
        save_palette(index, value);
    else if (index == ATTR_OVERSCAN)
        save_palette(16, value);
}

static void set_all(far_t list)
{
    for (uint8_t i = 0; i < 16; i++)
        palette_write(i, far_read8(far_add(list, i)));
    palette_write(ATTR_OVERSCAN, far_read8(far_add(list, 16)));
}

static void get_all(far_t list)
{
    for (uint8_t i = 0; i < 16; i++)
        far_write8(far_add(list, i), attr_read(i));
    far_write8(far_add(list, 16), attr_read(ATTR_OVERSCAN));
}

/* BL 0: sixteen intense backgrounds, 1: blink. */
static void set_blink(uint8_t on)
{
    uint8_t mode = attr_read(ATTR_MODE) & (uint8_t)~ATTR_MODE_BLINK;
    attr_write(ATTR_MODE, on ? mode | ATTR_MODE_BLINK : mode);
    bda()->msr = (uint8_t)((bda()->msr & ~0x20) | (on ? 0x20 : 0));
}

static void dac_read_one(struct regs *r)
{
    out8(PORT_DAC_READ, r->bx.b.l);
    r->dx.b.h = in8(PORT_DAC_DATA);
    r->cx.b.h = in8(PORT_DAC_DATA);
    r->cx.b.l = in8(PORT_DAC_DATA);
}

static void dac_write_block(struct regs *r)
{
    far_t p = far_make(r->es, r->dx.x);
    for (uint16_t i = 0; i < r->cx.x; i++, p = far_add(p, 3))
        load_rgb((uint8_t)(r->bx.x + i), far_read8(p), far_read8(far_add(p, 1)), far_read8(far_add(p, 2)));
}

static void dac_read_block(struct regs *r)
{
    out8(PORT_DAC_READ, r->bx.b.l);
    for (uint16_t i = 0; i < 3 * r->cx.x; i++)
        far_write8(far_make(r->es, (uint32_t)r->dx.x + i), in8(PORT_DAC_DATA));
}

/* BL 0: paging mode from BH; 1: page BH. In paging mode 0 (four pages of 64) the page number is bits 3-2. */
static void set_paging(struct regs *r)
{
    uint8_t mode = attr_read(ATTR_MODE);
    if (r->bx.b.l == 0)
        attr_write(ATTR_MODE, (uint8_t)((mode & ~ATTR_MODE_P54S) | (r->bx.b.h ? ATTR_MODE_P54S : 0)));
    else
        attr_write(ATTR_SELECT, (uint8_t)(mode & ATTR_MODE_P54S ? r->bx.b.h & 15 : (r->bx.b.h & 3) << 2));
}

static void get_paging(struct regs *r)
{
    r->bx.b.l = attr_read(ATTR_MODE) >> 7;
    r->bx.b.h = attr_read(ATTR_SELECT) & 15;
    if (!r->bx.b.l)
        r->bx.b.h >>= 2;
}

static void grey_sum(uint8_t start, uint16_t count)
{
    for (; count; count--, start++) {
        out8(PORT_DAC_READ, start);
        uint8_t red = in8(PORT_DAC_DATA), green = in8(PORT_DAC_DATA), blue = in8(PORT_DAC_DATA);
        red = grey_of(red, green, blue);
        dac_write(start, red, red, red);
    }
}

static void dac_service(struct regs *r)
{
    switch (r->ax.b.l) {
    case 0x10: load_rgb(r->bx.b.l, r->dx.b.h, r->cx.b.h, r->cx.b.l); break;
    case 0x12: dac_write_block(r); break;
    case 0x13: set_paging(r); break;
    case 0x15: dac_read_one(r); break;
    case 0x17: dac_read_block(r); break;
    case 0x18: out8(PORT_DAC_MASK, r->bx.b.l); break;
    case 0x19: r->bx.x = in8(PORT_DAC_MASK); break;
    case 0x1a: get_paging(r); break;
    case 0x1b: grey_sum(r->bx.b.l, r->cx.x); break;
    }
}

void palette_service(struct regs *r)
{
    switch (r->ax.b.l) {
    case 0x00: palette_write(r->bx.b.l & 0x1f, r->bx.b.h); break;
    case 0x01: palette_write(ATTR_OVERSCAN, r->bx.b.h); break;
    case 0x02: set_all(far_make(r->es, r->dx.x)); break;
    case 0x03: set_blink(r->bx.b.l & 1); break;
    case 0x07: r->bx.b.h = attr_read(r->bx.b.l & 0x1f); break;
    case 0x08: r->bx.b.h = attr_read(ATTR_OVERSCAN); break;
    case 0x09: get_all(far_make(r->es, r->dx.x)); break;
    default: dac_service(r);
    }
}

/* A CGA's colour select register in terms of palette registers 1 to 3 (and 0 with overscan). */
static void cga_background(uint8_t colour)
{
    struct bda LOW *b = bda();
    b->cga_palette = (uint8_t)((b->cga_palette & 0xe0) | (colour & 0x1f));
    uint8_t index = (uint8_t)((colour & 7) | (colour & 8 ? 0x10 : 0));
    palette_write(ATTR_OVERSCAN, index);
    if (b->mode < 4 || b->mode == 7)
        return;
    palette_write(0, index);
    for (uint8_t i = 1; i < 4; i++)
        palette_write(i, (uint8_t)((attr_read(i) & ~0x10) | (colour & 0x10)));
}

static void cga_palette(uint8_t number)
{
    struct bda LOW *b = bda();
    b->cga_palette = (uint8_t)((b->cga_palette & ~0x20) | (number & 1 ? 0x20 : 0));
    for (uint8_t i = 1; i < 4; i++)
        palette_write(i, (uint8_t)((attr_read(i) & 0x10) | i << 1 | (number & 1)));
}

void palette_cga_service(struct regs *r)
{
    if (r->bx.b.h == 0)
        cga_background(r->bx.b.l);
    else if (bda()->mode == 4 || bda()->mode == 5)
        cga_palette(r->bx.b.l);
}
