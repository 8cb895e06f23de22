/* SPDX-License-Identifier: MIT */
/* Where the beam is: the raster that the registers program, as a function of virtual time. */
#ifndef LATHE_DEVICES_VIDEO_VGA_TIMING_H
#define LATHE_DEVICES_VIDEO_VGA_TIMING_H

#include <stdbool.h>
#include <stdint.h>

struct vga;

/* One frame, in character clocks and scan lines. */
struct vga_raster {
    uint64_t dot_hz;
    unsigned char_dots;                  /* 8 or 9 */
    unsigned h_displayed, h_total;       /* characters */
    unsigned v_displayed, v_total;       /* lines */
    unsigned v_retrace, v_retrace_lines; /* first line and length */
};

struct vga_beam {
    uint64_t frame; /* frames since power-on, at this raster */
    unsigned line, character;
};

void vga_raster_get(const struct vga *vga, struct vga_raster *raster);
void vga_beam_at(const struct vga_raster *raster, uint64_t now_ns, struct vga_beam *beam);

/* Bits of input status 1 that follow the beam. */
uint8_t vga_beam_status(const struct vga *vga, uint64_t now_ns);

/* Whether a vertical display end passed since the interrupt was last cleared, and it is enabled. */
bool vga_interrupt_pending(const struct vga *vga, uint64_t now_ns);

/* Vertical lines are numbered by 10-bit registers, whose high bits lie elsewhere. */
unsigned vga_v_display_end(const struct vga *vga);
unsigned vga_line_compare(const struct vga *vga);

#endif
