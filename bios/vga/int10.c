/* SPDX-License-Identifier: MIT */
/* Start of the option ROM, and the INT 10h functions by number. */
#include "vga/int10.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/font.h"
#include "vga/info.h"
#include "vga/mode.h"
#include "vga/palette.h"
#include "vga/save.h"
#include "vga/state.h"
#include "vga/text.h"
#include "vga/vbe.h"

extern const char int10_entry[];

/* AH=00h. Returns what IBM's BIOS leaves in AL, which some programs look at. */
static void set_mode_service(struct regs *r)
{
    uint8_t number = r->ax.b.l;
    if (mode_set(number))
        r->ax.b.l = (number & 0x7f) == 6 ? 0x3f : (number & 0x7f) > 7 ? 0x20 : 0x30;
}

void int10_dispatch(struct regs *r)
{
    switch (r->ax.b.h) {
    case 0x00: set_mode_service(r); break;
    case 0x0b: palette_cga_service(r); break;
    case 0x10: palette_service(r); break;
    case 0x11: font_service(r); break;
    case 0x12: select_service(r); break;
    case 0x13: string_service(r); break;
    case 0x1a: display_service(r); break;
    case 0x1b: info_service(r); break;
    case 0x1c: state_service(r); break;
    case 0x4f: vbe_service(r); break;
    default: text_service(r);
    }
}

static void fill_bda(void)
{
    struct bda LOW *b = bda();
    b->equipment = (uint16_t)((b->equipment & ~EQUIPMENT_VIDEO) | EQUIPMENT_COLOUR_80);
    b->video_ctl = VCTL_256K;
    b->switches = 0xf9; /* feature bits open, EGA switches "colour, enhanced" */
    b->modeset_ctl = MCTL_VGA | MCTL_400;
    b->dcc_index = 2;
}

static void set_vectors(void)
{
    far_t entry = far_rom((ROM void *)(uintptr_t)int10_entry);
    vector_set(VEC_OLD_VIDEO, vector_get(VEC_VIDEO));
    vector_set(VEC_VIDEO, entry);
    vector_set(VEC_VIDEO_ALIAS, entry);
    vector_set(VEC_FONT_UPPER, far_rom(font_8x8 + 128 * 8));
    vector_set(VEC_FONT, far_rom(font_8x16));
}

void post_main(struct regs *r)
{
    (void)r;
    out8(PORT_ENABLE, 1); /* video subsystem */
    fill_bda();
    set_vectors();
    save_install();
    dispi_init();
    mode_set(3);
}
