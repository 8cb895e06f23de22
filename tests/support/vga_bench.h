/* SPDX-License-Identifier: MIT */
/* A display adapter on its own, at the PC's addresses, and the register values of the standard modes. */
#ifndef LATHE_TESTS_SUPPORT_VGA_BENCH_H
#define LATHE_TESTS_SUPPORT_VGA_BENCH_H

#include "core/base/clock.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"
#include "devices/video/vga.h"
#include "devices/video/video_frame.h"

struct vga_bench {
    struct clock clock;
    struct memory memory;
    struct physmap map;
    struct portmap *ports;
    struct vga *vga;
    struct video_frame frame;
};

/* Register values of one mode: sequencer 1-4, MISC, CRTC, attribute 0-13h, graphics 0-8. */
struct vga_mode_regs {
    unsigned number;
    uint8_t seq[4], misc, crtc[25], attr[20], gc[9];
};

void vga_bench_init(struct vga_bench *bench);
void vga_bench_free(struct vga_bench *bench);

void vga_out(struct vga_bench *bench, uint16_t port, uint8_t value);
uint8_t vga_in(struct vga_bench *bench, uint16_t port);

/* Index, then data, at port and port + 1. */
void vga_out_indexed(struct vga_bench *bench, uint16_t port, uint8_t index, uint8_t value);
uint8_t vga_in_indexed(struct vga_bench *bench, uint16_t port, uint8_t index);
void vga_out_attribute(struct vga_bench *bench, uint8_t index, uint8_t value);
uint8_t vga_in_attribute(struct vga_bench *bench, uint8_t index);

void vga_poke(struct vga_bench *bench, gpa_t address, uint8_t value);
uint8_t vga_peek(struct vga_bench *bench, gpa_t address);

/* Sets the registers of a BIOS mode (0-7, 0Dh-13h; 3 and 7 with 16-line fonts) as a BIOS would, and colours.
 */
void vga_bench_mode(struct vga_bench *bench, unsigned number);

/* Sets a DAC colour of 6-bit components. */
void vga_bench_colour(struct vga_bench *bench, uint8_t index, uint8_t red, uint8_t green, uint8_t blue);

/* Stores one character's picture in font slot 0; returns with the text window as it was. */
void vga_bench_glyph(struct vga_bench *bench, uint8_t character, const uint8_t *rows, unsigned count);

/* Draws the picture as of the bench's clock into bench->frame. */
void vga_bench_render(struct vga_bench *bench);
uint32_t vga_bench_pixel(const struct vga_bench *bench, unsigned x, unsigned y);

/* Writes an index or data word of the Bochs interface. */
void vga_out_dispi(struct vga_bench *bench, uint16_t reg, uint16_t value);
uint16_t vga_in_dispi(struct vga_bench *bench, uint16_t reg);

#endif
