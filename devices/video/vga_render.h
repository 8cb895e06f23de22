/* SPDX-License-Identifier: MIT */
/* Parts of the renderer: each draws one scan line as DAC indices or pixels. */
#ifndef LATHE_DEVICES_VIDEO_VGA_RENDER_H
#define LATHE_DEVICES_VIDEO_VGA_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/video/vga_scan.h"

struct vga;
struct video_frame;

enum {
    /* 256 characters of 9 dots, and one more that panning shifts in. */
    VGA_LINE_MAX = 257 * 9,
};

/* What stays the same during one frame. */
struct vga_view {
    const struct vga *vga;
    struct vga_scan scan;
    unsigned char_dots;       /* pixels a character */
    uint8_t colours[16];      /* DAC index of each attribute value */
    uint8_t inverted[16];     /* the same with plane 3 inverted after the plane enable */
    bool cursor_on, blink_on; /* phases: cursor visible, blinking things visible */
    uint32_t pixels[256];
};

/* Phases and palettes at a moment. */
void vga_view_get(const struct vga *vga, uint64_t now_ns, struct vga_view *view);

/* Draws columns + 1 characters, unpanned, as DAC indices. */
void vga_render_text_line(const struct vga_view *view, const struct vga_scan_line *line, uint8_t *out);
void vga_render_graphics_line(const struct vga_view *view, const struct vga_scan_line *line, uint8_t *out);

/* Draws a whole VBE mode. */
void vga_render_vbe(const struct vga_view *view, struct video_frame *frame);

/* Eight dots of four planes to attribute values, leftmost first. */
void vga_planar_dots(uint32_t planes, uint8_t dots[8]);

#endif
