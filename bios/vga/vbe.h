/* SPDX-License-Identifier: MIT */
/* VESA BIOS extension 3.0 on the Bochs display interface: INT 10h AH=4Fh. */
#ifndef BIOS_VGA_VBE_H
#define BIOS_VGA_VBE_H
#include "vga/mem.h"
#include "vga/regs.h"

/* Results in AX; the low byte says that the function exists. */
enum vbe_result {
    VBE_OK = 0x004f,
    VBE_FAILED = 0x014f,
    VBE_UNSUPPORTED = 0x024f,
    VBE_BAD_IN_MODE = 0x034f,
    VBE_NO_FUNCTION = 0x0100
};

struct vbe_mode {
    uint16_t number, width, height;
    uint8_t bpp;
} __attribute__((packed));

extern ROM struct vbe_mode vbe_modes[]; /* ended by number 0 */

/* Bytes from line to line (planar: of one plane), and bytes of a pixel (planar: 1). */
uint16_t vbe_pitch(uint16_t width, uint8_t bpp);
uint8_t vbe_pixel_bytes(uint8_t bpp);
/* How many lines of a pitch the video memory holds. */
uint16_t vbe_max_lines(uint16_t pitch, uint8_t bpp);
/* True where the memory and the display interface can show the mode. */
int vbe_mode_fits(ROM struct vbe_mode *m);
ROM struct vbe_mode *vbe_find(uint16_t number);
/* Lines of a character cell in a mode of this height. */
uint8_t vbe_cell_height(uint16_t height);
/* Physical address of the linear frame buffer. */
uint32_t vbe_lfb(void);

uint16_t vbe_controller_info(struct regs *r); /* 00h */
uint16_t vbe_mode_info(struct regs *r);       /* 01h */
uint16_t vbe_set_mode(struct regs *r);        /* 02h */
uint16_t vbe_get_mode(struct regs *r);        /* 03h */
uint16_t vbe_scan_line(struct regs *r);       /* 06h */
uint16_t vbe_display_start(struct regs *r);   /* 07h */
uint16_t vbe_dac_width(struct regs *r);       /* 08h */
uint16_t vbe_palette(struct regs *r);         /* 09h */
uint16_t vbe_power(struct regs *r);           /* 10h */
uint16_t vbe_edid(struct regs *r);            /* 15h */
void vbe_window(struct regs *r);              /* 05h, and the far call of the mode information */
void vbe_service(struct regs *r);

#endif
