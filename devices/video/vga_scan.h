/* SPDX-License-Identifier: MIT */
/* How the CRT controller walks through display memory, for the renderer and the text reader. */
#ifndef LATHE_DEVICES_VIDEO_VGA_SCAN_H
#define LATHE_DEVICES_VIDEO_VGA_SCAN_H

#include <stdbool.h>
#include <stdint.h>

struct vga;

/* The registers that place the picture, decoded once a frame. */
struct vga_scan {
    unsigned lines;        /* scan lines on the monitor */
    unsigned columns;      /* characters */
    unsigned repeat;       /* lines that look alike follow each other in groups of this many */
    unsigned row_lines;    /* scan lines of a character row, before doubling */
    unsigned doubling;     /* 2: each scan line is shown twice */
    unsigned split;        /* first line below the line compare */
    unsigned start, pitch; /* memory address counter: top left, and step from row to row */
    unsigned first_row_scan;
    unsigned panning;      /* dots */
    bool split_pans;       /* panning also applies below the split */
    unsigned byte_panning; /* included in start */
};

/* One scan line. */
struct vga_scan_line {
    unsigned counter; /* memory address counter at the left edge */
    unsigned row_scan;
    unsigned panning;
};

void vga_scan_get(const struct vga *vga, struct vga_scan *scan);
void vga_scan_line_at(const struct vga_scan *scan, unsigned line, struct vga_scan_line *out);

/* Plane address that the CRTC fetches for a value of its counter. */
uint32_t vga_scan_address(const struct vga *vga, unsigned counter, unsigned row_scan);

bool vga_is_graphics(const struct vga *vga);

#endif
