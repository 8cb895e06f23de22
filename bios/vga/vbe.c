/* SPDX-License-Identifier: MIT */
/* VBE functions by number, and those that work in a mode already set (VBE Core Functions Standard 3.0,
 * chapter 4). */
#include "vga/vbe.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/mode.h"
#include "vga/palette.h"
#include "vga/state.h"

enum { STATUS_RETRACE = 0x08, IN_RETRACE = 0x80 };

extern const char vbe_pm_start[], vbe_pm_end[];

static uint8_t bpp(void)
{
    return (uint8_t)dispi_read(DISPI_BPP);
}

void vbe_window(struct regs *r)
{
    r->ax.x = VBE_FAILED;
    if (!dispi_active() || r->bx.b.l != 0 || r->bx.b.h > 1)
        return;
    if (r->bx.b.h == 1)
        r->dx.x = dispi_read(DISPI_BANK);
    else if (r->dx.x < dispi_memory())
        dispi_write(DISPI_BANK, r->dx.x);
    else
        return;
    r->ax.x = VBE_OK;
}

static uint16_t report_scan_line(struct regs *r)
{
    uint16_t width = dispi_read(DISPI_VIRT_WIDTH);
    r->bx.x = vbe_pitch(width, bpp());
    r->cx.x = width;
    r->dx.x = vbe_max_lines(r->bx.x, bpp());
    return VBE_OK;
}

/* Bytes of a line to pixels of whole bytes in all planes. */
static uint16_t pixels_of(uint16_t bytes)
{
    return (uint16_t)(bpp() == 4 ? bytes * 8 : bytes / vbe_pixel_bytes(bpp()));
}

/* The longest line with which the visible height still fits. */
static uint16_t report_longest_line(struct regs *r)
{
    uint32_t bytes = (uint32_t)dispi_memory() * 0x10000 / dispi_read(DISPI_YRES);
    if (bpp() == 4)
        bytes /= 4;
    uint32_t pixels = bytes > 0xffff ? pixels_of(0xffff) : pixels_of((uint16_t)bytes);
    pixels &= ~7u;
    r->bx.x = vbe_pitch((uint16_t)pixels, bpp());
    r->cx.x = (uint16_t)pixels;
    r->dx.x = vbe_max_lines(r->bx.x, bpp());
    return VBE_OK;
}

/* BL 0, 2: set in pixels, in bytes; 1: get; 3: the maximum. */
uint16_t vbe_scan_line(struct regs *r)
{
    if (!dispi_active())
        return VBE_FAILED;
    uint8_t fn = r->bx.b.l;
    if (fn == 1)
        return report_scan_line(r);
    if (fn == 3)
        return report_longest_line(r);
    if (fn != 0 && fn != 2)
        return VBE_FAILED;
    uint16_t width = fn == 0 ? r->cx.x : pixels_of(r->cx.x);
    width = (uint16_t)((width + 7) & ~7);
    if (width < dispi_read(DISPI_XRES) ||
        vbe_max_lines(vbe_pitch(width, bpp()), bpp()) < dispi_read(DISPI_YRES))
        return VBE_UNSUPPORTED;
    dispi_write(DISPI_VIRT_WIDTH, width);
    return report_scan_line(r);
}

/* Until the next vertical retrace begins, but not for ever. */
static void wait_retrace(void)
{
    uint16_t status = (uint16_t)(crtc_port() + STATUS_FROM_CRTC);
    for (uint32_t tries = 0x10000; tries && in8(status) & STATUS_RETRACE; tries--)
        ;
    for (uint32_t tries = 0x10000; tries && !(in8(status) & STATUS_RETRACE); tries--)
        ;
}

static uint16_t set_start(uint16_t x, uint16_t y)
{
    uint16_t pitch = vbe_pitch(dispi_read(DISPI_VIRT_WIDTH), bpp());
    if (x + dispi_read(DISPI_XRES) > dispi_read(DISPI_VIRT_WIDTH) ||
        y + dispi_read(DISPI_YRES) > vbe_max_lines(pitch, bpp()))
        return VBE_FAILED;
    dispi_write(DISPI_X_OFFSET, x);
    dispi_write(DISPI_Y_OFFSET, y);
    return VBE_OK;
}

/* BL 0: x, y in CX, DX; 1: get; 2: byte address in ECX; 4: is a scheduled flip done (always). */
uint16_t vbe_display_start(struct regs *r)
{
    if (!dispi_active())
        return VBE_FAILED;
    uint16_t pitch = vbe_pitch(dispi_read(DISPI_VIRT_WIDTH), bpp());
    if (r->bx.b.l & IN_RETRACE)
        wait_retrace();
    switch (r->bx.b.l & ~IN_RETRACE) {
    case 0: return set_start(r->cx.x, r->dx.x);
    case 1:
        r->bx.b.h = 0;
        r->cx.x = dispi_read(DISPI_X_OFFSET);
        r->dx.x = dispi_read(DISPI_Y_OFFSET);
        return VBE_OK;
    case 2: return set_start(pixels_of((uint16_t)(r->cx.e % pitch)), (uint16_t)(r->cx.e / pitch));
    case 4: r->cx.x = 1; return VBE_OK;
    default: return VBE_FAILED;
    }
}

/* BL 0: set BH bits a gun, 1: get. */
uint16_t vbe_dac_width(struct regs *r)
{
    if (r->bx.b.l > 1)
        return VBE_FAILED;
    if (!dispi_active() || bpp() > 8)
        return VBE_BAD_IN_MODE;
    uint16_t enable = dispi_read(DISPI_ENABLE);
    if (r->bx.b.l == 0) {
        enable &= (uint16_t)~DISPI_8BIT_DAC;
        if (r->bx.b.h >= 8)
            enable |= DISPI_8BIT_DAC;
        dispi_write(DISPI_ENABLE, enable | DISPI_NOCLEAR);
    }
    r->bx.b.h = enable & DISPI_8BIT_DAC ? 8 : 6;
    return VBE_OK;
}

static void set_colours(far_t p, uint8_t first, uint16_t count)
{
    for (; count; count--, first++, p = far_add(p, 4))
        dac_write(first, far_read8(far_add(p, 2)), far_read8(far_add(p, 1)), far_read8(p));
}

static void get_colours(far_t p, uint8_t first, uint16_t count)
{
    out8(PORT_DAC_READ, first);
    for (; count; count--, p = far_add(p, 4))
        for (uint32_t gun = 3; gun; gun--)
            far_write8(far_add(p, gun - 1), in8(PORT_DAC_DATA));
}

/* Entries of blue, green, red, nothing. */
uint16_t vbe_palette(struct regs *r)
{
    far_t p = far_make(r->es, r->di.x);
    if (r->dx.x > 255 || r->cx.x > 256 || r->cx.x + r->dx.x > 256)
        return VBE_FAILED;
    switch (r->bx.b.l) {
    case 0x80: wait_retrace(); /* fall through */
    case 0x00: set_colours(p, r->dx.b.l, r->cx.x); return VBE_OK;
    case 0x01: get_colours(p, r->dx.b.l, r->cx.x); return VBE_OK;
    case 0x02:
    case 0x03: return VBE_UNSUPPORTED; /* there is no secondary palette */
    default: return VBE_FAILED;
    }
}

static uint16_t save_restore(struct regs *r)
{
    unsigned parts = r->cx.x & STATE_ALL;
    if (!dispi_present())
        parts &= ~(unsigned)STATE_VBE;
    far_t p = far_make(r->es, r->bx.x);
    switch (r->dx.b.l) {
    case 0: r->bx.x = state_blocks(parts); return VBE_OK;
    case 1: state_save(parts, p); return VBE_OK;
    case 2: state_restore(parts, p); return VBE_OK;
    default: return VBE_FAILED;
    }
}

static uint16_t pm_interface(struct regs *r)
{
    if (r->bx.b.l != 0)
        return VBE_FAILED;
    far_t p = far_rom((ROM void *)(uintptr_t)vbe_pm_start);
    r->es = (uint16_t)(p >> 16);
    r->di.x = (uint16_t)p;
    r->cx.x = (uint16_t)(vbe_pm_end - vbe_pm_start);
    return VBE_OK;
}

void vbe_service(struct regs *r)
{
    uint16_t result = VBE_NO_FUNCTION;
    if (!dispi_present()) {
        r->ax.x = result;
        return;
    }
    switch (r->ax.b.l) {
    case 0x00: result = vbe_controller_info(r); break;
    case 0x01: result = vbe_mode_info(r); break;
    case 0x02: result = vbe_set_mode(r); break;
    case 0x03: result = vbe_get_mode(r); break;
    case 0x04: result = save_restore(r); break;
    case 0x05: vbe_window(r); return;
    case 0x06: result = vbe_scan_line(r); break;
    case 0x07: result = vbe_display_start(r); break;
    case 0x08: result = vbe_dac_width(r); break;
    case 0x09: result = vbe_palette(r); break;
    case 0x0a: result = pm_interface(r); break;
    case 0x10: result = vbe_power(r); break;
    case 0x15: result = vbe_edid(r); break;
    }
    r->ax.x = result;
}
