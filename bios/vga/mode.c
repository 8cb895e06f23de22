/* SPDX-License-Identifier: MIT */
/* INT 10h AH=00h, and what the other services need to know of a standard mode. */
#include "vga/mode.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/font.h"
#include "vga/palette.h"
#include "vga/save.h"
#include "vga/text.h"

static ROM_DATA struct std_mode modes[] = {
    {0x00, MODEL_TEXT, DAC_CGA, PARAMS_200 + 0, 0xb800, 0x2c, 8, 16},
    {0x01, MODEL_TEXT, DAC_CGA, PARAMS_200 + 1, 0xb800, 0x28, 8, 16},
    {0x02, MODEL_TEXT, DAC_CGA, PARAMS_200 + 2, 0xb800, 0x2d, 8, 16},
    {0x03, MODEL_TEXT, DAC_CGA, PARAMS_200 + 3, 0xb800, 0x29, 8, 16},
    {0x04, MODEL_CGA4, DAC_CGA, PARAMS_200 + 4, 0xb800, 0x2a, 1, 4},
    {0x05, MODEL_CGA4, DAC_CGA, PARAMS_200 + 5, 0xb800, 0x2e, 1, 4},
    {0x06, MODEL_CGA2, DAC_CGA, PARAMS_200 + 6, 0xb800, 0x1e, 1, 2},
    {0x07, MODEL_TEXT, DAC_MONO, PARAMS_7_400, 0xb000, 0x29, 8, 0},
    {0x0d, MODEL_PLANAR, DAC_CGA, PARAMS_D, 0xa000, 0x29, 8, 16},
    {0x0e, MODEL_PLANAR, DAC_CGA, PARAMS_E, 0xa000, 0x29, 4, 16},
    {0x0f, MODEL_PLANAR, DAC_MONO, PARAMS_F, 0xa000, 0x29, 2, 0},
    {0x10, MODEL_PLANAR, DAC_EGA, PARAMS_10, 0xa000, 0x29, 2, 16},
    {0x11, MODEL_PLANAR, DAC_EGA, PARAMS_11, 0xa000, 0x29, 1, 2},
    {0x12, MODEL_PLANAR, DAC_EGA, PARAMS_12, 0xa000, 0x29, 1, 16},
    {0x13, MODEL_256, DAC_256, PARAMS_13, 0xa000, 0x29, 1, 256},
};

enum { MODE_COUNT = sizeof modes / sizeof modes[0], MODE_NO_CLEAR = 0x80 };
enum { AL_TEXT_OR_CGA4 = 0x30, AL_CGA2 = 0x3f, AL_LATER = 0x20 };

ROM struct std_mode *mode_find(uint8_t mode)
{
    for (unsigned i = 0; i < MODE_COUNT; i++)
        if (modes[i].mode == mode)
            return &modes[i];
    return 0;
}

uint8_t mode_params_index(ROM struct std_mode *mode)
{
    uint8_t ctl = bda()->modeset_ctl;
    if (mode->mode == 7)
        return ctl & MCTL_400 ? PARAMS_7_400 : PARAMS_7;
    if (mode->mode > 3 || ctl & MCTL_200)
        return mode->params;
    if (ctl & MCTL_400)
        return mode->mode < 2 ? PARAMS_400_40 : PARAMS_400_80;
    return (uint8_t)(PARAMS_350 + mode->mode);
}

far_t mode_params(ROM struct std_mode *mode)
{
    far_t table = save_entry(SAVE_PARAMETERS);
    if (!table)
        table = far_rom(params_table);
    return far_add(table, mode_params_index(mode) * sizeof(struct params));
}

void mode_screen_off(int off)
{
    uint8_t clocking = indexed_read(PORT_SEQ, SEQ_CLOCKING) & (uint8_t)~CLOCKING_SCREEN_OFF;
    if (off)
        clocking |= CLOCKING_SCREEN_OFF;
    indexed_write(PORT_SEQ, SEQ_CLOCKING, clocking);
}

static void load_attributes(const struct params *p)
{
    attr_reset();
    for (uint8_t i = 0; i < ATTR_COUNT; i++) {
        out8(PORT_ATTR, i);
        out8(PORT_ATTR, i < sizeof p->attr ? p->attr[i] : 0);
    }
}

void mode_load_registers(const struct params *p)
{
    indexed_write(PORT_SEQ, SEQ_RESET, 1); /* clocks stop while the clock source changes */
    indexed_write(PORT_SEQ, SEQ_CLOCKING, p->seq[0] | CLOCKING_SCREEN_OFF);
    out8(PORT_MISC_WRITE, p->misc);
    for (uint8_t i = SEQ_MAP_MASK; i < SEQ_COUNT; i++)
        indexed_write(PORT_SEQ, i, p->seq[i - 1]);
    indexed_write(PORT_SEQ, SEQ_RESET, 3);
    uint16_t crtc = crtc_port();
    indexed_write(crtc, CRTC_VSYNC_END, 0); /* bit 7 protects registers 0 to 7 */
    for (uint8_t i = 0; i < CRTC_COUNT; i++)
        indexed_write(crtc, i, p->crtc[i]);
    for (uint8_t i = 0; i < GFX_COUNT; i++)
        indexed_write(PORT_GFX, i, p->gfx[i]);
    load_attributes(p);
}

/* The palette registers stay out of reach until index bit 5 is set again. */
static void show(void)
{
    attr_reset();
    out8(PORT_ATTR, ATTR_SHOW);
    mode_screen_off(0);
}

static void clear_memory(ROM struct std_mode *mode)
{
    far_t start = far_make(mode->seg, 0);
    if (mode->model == MODEL_TEXT)
        far_fill16(start, 0x0720, 0x4000);
    else
        far_fill16(start, 0, mode->seg == 0xb800 ? 0x4000 : 0x8000);
}

static void fill_bda(ROM struct std_mode *mode, const struct params *p, uint8_t number)
{
    struct bda LOW *b = bda();
    b->mode = mode->mode;
    b->columns = p->columns;
    b->page_size = p->page_size;
    b->page_offset = 0;
    b->page = 0;
    b->crtc = crtc_port();
    b->msr = mode->msr;
    b->cga_palette = mode->mode == 6 ? 0x3f : 0x30;
    b->rows = p->rows;
    b->char_height = p->char_height;
    b->video_ctl = (uint8_t)((b->video_ctl & 0x7f) | (number & MODE_NO_CLEAR));
    for (unsigned i = 0; i < 8; i++)
        b->cursor_pos[i] = 0;
}

static void load_palette(ROM struct std_mode *mode, const struct params *p)
{
    if (bda()->modeset_ctl & MCTL_NO_PALETTE)
        return;
    uint8_t dac = mode->dac;
    if (mode->model == MODEL_TEXT && dac == DAC_CGA && p->char_height > 8)
        dac = DAC_EGA; /* the EGA's palette registers reach into 64 colours */
    palette_load_default(dac);
    for (unsigned i = 0; i <= ATTR_OVERSCAN; i++)
        save_palette(i == ATTR_OVERSCAN ? 16 : i & 15, p->attr[i == ATTR_MODE ? 0 : i]);
}

int mode_set(uint8_t number)
{
    ROM struct std_mode *mode = mode_find(number & (uint8_t)~MODE_NO_CLEAR);
    if (!mode)
        return 0;
    struct params p;
    far_copy(far_local(&p), mode_params(mode), sizeof p);
    dispi_disable();
    mode_screen_off(1);
    mode_load_registers(&p);
    out8(PORT_DAC_MASK, 0xff);
    load_palette(mode, &p);
    if (!(number & MODE_NO_CLEAR))
        clear_memory(mode);
    fill_bda(mode, &p, number);
    if (mode->model == MODEL_TEXT)
        font_after_text_mode();
    else
        font_after_graphics_mode();
    if (mode->model == MODEL_TEXT)
        text_set_cursor_type(0x0607);
    show();
    return 1;
}
