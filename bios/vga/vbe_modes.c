/* SPDX-License-Identifier: MIT */
/* VBE mode list, mode information, mode set (VBE 3.0, 4.3 to 4.6). Numbers beyond VESA's are those other
 * Bochs-compatible BIOSes use, from 1A0h on our own. */
#include "vga/vbe.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/font.h"
#include "vga/mode.h"
#include "vga/palette.h"

ROM_DATA struct vbe_mode vbe_modes[] = {
    {0x100, 640, 400, 8},    {0x101, 640, 480, 8},
    {0x102, 800, 600, 4},    {0x103, 800, 600, 8},
    {0x104, 1024, 768, 4},   {0x105, 1024, 768, 8},
    {0x106, 1280, 1024, 4},  {0x107, 1280, 1024, 8},
    {0x10d, 320, 200, 15},   {0x10e, 320, 200, 16},
    {0x10f, 320, 200, 24},   {0x110, 640, 480, 15},
    {0x111, 640, 480, 16},   {0x112, 640, 480, 24},
    {0x113, 800, 600, 15},   {0x114, 800, 600, 16},
    {0x115, 800, 600, 24},   {0x116, 1024, 768, 15},
    {0x117, 1024, 768, 16},  {0x118, 1024, 768, 24},
    {0x119, 1280, 1024, 15}, {0x11a, 1280, 1024, 16},
    {0x11b, 1280, 1024, 24}, {0x11c, 1600, 1200, 8},
    {0x11d, 1600, 1200, 15}, {0x11e, 1600, 1200, 16},
    {0x11f, 1600, 1200, 24}, {0x140, 320, 200, 32},
    {0x141, 640, 400, 32},   {0x142, 640, 480, 32},
    {0x143, 800, 600, 32},   {0x144, 1024, 768, 32},
    {0x145, 1280, 1024, 32}, {0x146, 320, 200, 8},
    {0x147, 1600, 1200, 32}, {0x148, 1152, 864, 8},
    {0x149, 1152, 864, 15},  {0x14a, 1152, 864, 16},
    {0x14b, 1152, 864, 24},  {0x14c, 1152, 864, 32},
    {0x178, 1280, 800, 16},  {0x179, 1280, 800, 24},
    {0x17a, 1280, 800, 32},  {0x17b, 1280, 960, 16},
    {0x17c, 1280, 960, 24},  {0x17d, 1280, 960, 32},
    {0x17e, 1440, 900, 16},  {0x17f, 1440, 900, 24},
    {0x180, 1440, 900, 32},  {0x184, 1680, 1050, 16},
    {0x185, 1680, 1050, 24}, {0x186, 1680, 1050, 32},
    {0x187, 1920, 1200, 16}, {0x188, 1920, 1200, 24},
    {0x189, 1920, 1200, 32}, {0x18d, 1280, 720, 16},
    {0x18e, 1280, 720, 24},  {0x18f, 1280, 720, 32},
    {0x190, 1920, 1080, 16}, {0x191, 1920, 1080, 24},
    {0x192, 1920, 1080, 32}, {0x1a0, 1280, 720, 8},
    {0x1a1, 1280, 720, 15},  {0x1a2, 1280, 800, 8},
    {0x1a3, 1280, 800, 15},  {0x1a4, 1920, 1080, 8},
    {0x1a5, 1920, 1080, 15}, {0x1a6, 640, 400, 15},
    {0x1a7, 640, 400, 16},   {0, 0, 0, 0},
};

enum { NUMBER_MASK = 0x3fff, WITH_CRTC = 0x0800, WITH_LFB = 0x4000, NO_CLEAR = 0x8000, BDA_VBE_MODE = 0x5f };
enum {
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    PCI_ENABLE = 0x80000000,
    PCI_VGA_ID = 0x11111234,
    PCI_BAR0 = 0x10
};

#define LFB_DEFAULT 0xe0000000u

static uint32_t pci_read(uint32_t device, uint32_t reg)
{
    out32(PCI_ADDRESS, (uint32_t)PCI_ENABLE | device << 11 | reg);
    return in32(PCI_DATA);
}

uint32_t vbe_lfb(void)
{
    uint32_t old = in32(PCI_ADDRESS), base = 0;
    for (uint32_t device = 0; device < 32 && !base; device++)
        if (pci_read(device, 0) == PCI_VGA_ID)
            base = pci_read(device, PCI_BAR0) & ~15u;
    out32(PCI_ADDRESS, old);
    return base ? base : LFB_DEFAULT;
}

uint8_t vbe_pixel_bytes(uint8_t bpp)
{
    return (uint8_t)((bpp + 7) / 8);
}

uint16_t vbe_pitch(uint16_t width, uint8_t bpp)
{
    return (uint16_t)(bpp == 4 ? width / 8 : width * vbe_pixel_bytes(bpp));
}

uint16_t vbe_max_lines(uint16_t pitch, uint8_t bpp)
{
    if (pitch == 0)
        return 0;
    uint32_t lines = (uint32_t)dispi_memory() * (bpp == 4 ? 0x4000 : 0x10000) / pitch;
    return (uint16_t)(lines > 0xffff ? 0xffff : lines);
}

/* The interface tells its limits in XRES and YRES while GETCAPS is set. */
static uint16_t limit(uint16_t index)
{
    uint16_t enable = dispi_read(DISPI_ENABLE);
    dispi_write(DISPI_ENABLE, enable | DISPI_GETCAPS | DISPI_NOCLEAR);
    uint16_t value = dispi_read(index);
    dispi_write(DISPI_ENABLE, enable | DISPI_NOCLEAR);
    return value;
}

int vbe_mode_fits(ROM struct vbe_mode *m)
{
    return vbe_max_lines(vbe_pitch(m->width, m->bpp), m->bpp) >= m->height && m->width <= limit(DISPI_XRES) &&
           m->height <= limit(DISPI_YRES) && m->bpp <= limit(DISPI_BPP);
}

ROM struct vbe_mode *vbe_find(uint16_t number)
{
    for (ROM struct vbe_mode *m = vbe_modes; m->number; m++)
        if (m->number == number)
            return m;
    return 0;
}

uint8_t vbe_cell_height(uint16_t height)
{
    return height < 350 ? 8 : 16;
}

/* 40:49 gets a number that no standard mode has. */
static void fill_bda(ROM struct vbe_mode *m, uint16_t request)
{
    struct bda LOW *b = bda();
    uint8_t cell = vbe_cell_height(m->height);
    b->mode = BDA_VBE_MODE;
    b->columns = m->width / 8;
    b->rows = (uint8_t)(m->height / cell - 1);
    b->char_height = cell;
    b->page_size = 0;
    b->page_offset = 0;
    b->page = 0;
    b->video_ctl = (uint8_t)((b->video_ctl & ~VCTL_NO_CLEAR) | (request & NO_CLEAR ? VCTL_NO_CLEAR : 0));
    for (unsigned i = 0; i < 8; i++)
        b->cursor_pos[i] = 0;
    vector_set(VEC_FONT, far_rom(cell == 8 ? font_8x8 : font_8x16));
}

static uint16_t at_most(uint32_t value, uint32_t limit)
{
    return (uint16_t)(value < limit ? value : limit);
}

/* Characters of 8 pixels; sync and blanking of a likely monitor. */
static void set_horizontal(uint16_t crtc, uint16_t width)
{
    uint16_t shown = width / 8, total = at_most(shown + shown / 4u, 0xff),
             sync = at_most(shown + shown / 20u, 0xff);
    indexed_write(crtc, 0x00, (uint8_t)(total - 5));
    indexed_write(crtc, 0x01, (uint8_t)(shown - 1));
    indexed_write(crtc, 0x02, (uint8_t)shown);
    indexed_write(crtc, 0x03, (uint8_t)(0x80 | ((total - 1) & 0x1f)));
    indexed_write(crtc, 0x04, (uint8_t)sync);
    indexed_write(crtc, 0x05, (uint8_t)(((total - 1) & 0x20) << 2 | ((sync + 8) & 0x1f)));
}

static void set_vertical(uint16_t crtc, uint16_t height)
{
    enum { MAX = 0x3ff, LINE_COMPARE_9 = 0x40 };
    uint16_t end = at_most(height - 1u, MAX), total = at_most(height + height / 20u - 2, MAX);
    uint16_t sync = at_most(height + height / 50u, MAX), blank = at_most(height, MAX);
    uint8_t overflow =
        (uint8_t)((total >> 8 & 1) | (end >> 8 & 1) << 1 | (sync >> 8 & 1) << 2 | (blank >> 8 & 1) << 3 |
                  0x10 | (total >> 9) << 5 | (end >> 9) << 6 | (sync >> 9) << 7);
    indexed_write(crtc, 0x06, (uint8_t)total);
    indexed_write(crtc, 0x07, overflow);
    indexed_write(crtc, CRTC_MAX_SCAN, (uint8_t)(LINE_COMPARE_9 | blank >> 9 << 5));
    indexed_write(crtc, 0x10, (uint8_t)sync);
    indexed_write(crtc, CRTC_VDISP_END, (uint8_t)end);
    indexed_write(crtc, 0x15, (uint8_t)blank);
    indexed_write(crtc, 0x16, (uint8_t)total);
    indexed_write(crtc, CRTC_VSYNC_END, (uint8_t)(0x80 | ((sync + 2) & 15)));
}

/* The dispi decides what is shown, but not every implementation of it for planes, nor what input status 1
 * tells. */
static void set_timing(ROM struct vbe_mode *m)
{
    uint16_t crtc = crtc_port();
    indexed_write(crtc, CRTC_VSYNC_END, 0);
    set_horizontal(crtc, m->width);
    set_vertical(crtc, m->height);
    indexed_write(crtc, 0x13, (uint8_t)(vbe_pitch(m->width, m->bpp) / (m->bpp == 4 ? 2 : 8)));
}

static void enable_mode(ROM struct vbe_mode *m, uint16_t request)
{
    uint16_t enable = DISPI_ENABLED;
    if (request & WITH_LFB)
        enable |= DISPI_LFB;
    if (request & NO_CLEAR)
        enable |= DISPI_NOCLEAR;
    dispi_write(DISPI_XRES, m->width);
    dispi_write(DISPI_YRES, m->height);
    dispi_write(DISPI_BPP, m->bpp);
    dispi_write(DISPI_ENABLE, enable);
    dispi_write(DISPI_BANK, 0);
    dispi_write(DISPI_VIRT_WIDTH, m->width);
    dispi_write(DISPI_X_OFFSET, 0);
    dispi_write(DISPI_Y_OFFSET, 0);
}

uint16_t vbe_set_mode(struct regs *r)
{
    uint16_t request = r->bx.x, number = request & NUMBER_MASK & (uint16_t)~WITH_CRTC;
    if (number < 0x80)
        return mode_set((uint8_t)(number | (request & NO_CLEAR ? 0x80 : 0))) ? VBE_OK : VBE_FAILED;
    ROM struct vbe_mode *m = vbe_find(number);
    if (!m || !vbe_mode_fits(m) || (request & WITH_LFB && m->bpp == 4))
        return VBE_FAILED;
    /* The standard mode beneath sets plane logic, attribute controller and DAC. */
    mode_set(m->bpp == 4 ? 0x92 : 0x93);
    set_timing(m);
    enable_mode(m, request);
    fill_bda(m, request);
    return VBE_OK;
}

uint16_t vbe_get_mode(struct regs *r)
{
    r->bx.x = bda()->mode;
    if (!dispi_active()) {
        r->bx.x |= bda()->video_ctl & VCTL_NO_CLEAR ? NO_CLEAR : 0;
        return VBE_OK;
    }
    uint16_t enable = dispi_read(DISPI_ENABLE), width = dispi_read(DISPI_XRES),
             height = dispi_read(DISPI_YRES);
    for (ROM struct vbe_mode *m = vbe_modes; m->number; m++)
        if (m->width == width && m->height == height && m->bpp == (uint8_t)dispi_read(DISPI_BPP)) {
            r->bx.x = m->number;
            r->bx.x |= enable & DISPI_LFB ? WITH_LFB : 0;
            r->bx.x |= enable & DISPI_NOCLEAR ? NO_CLEAR : 0;
            return VBE_OK;
        }
    return VBE_FAILED;
}
