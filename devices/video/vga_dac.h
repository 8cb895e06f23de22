/* SPDX-License-Identifier: MIT */
/* The palette DAC (Inmos G171 and its 8-bit successors): 256 colours behind an index that counts by itself.
 */
#ifndef LATHE_DEVICES_VIDEO_VGA_DAC_H
#define LATHE_DEVICES_VIDEO_VGA_DAC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/state.h"

struct vga_dac {
    uint8_t mask;         /* ANDed to each pixel */
    uint8_t index;        /* the one address register behind 3C7h and 3C8h */
    uint8_t cycle;        /* 0 red, 1 green, 2 blue */
    bool reading;         /* 3C7h was written last */
    uint8_t latch[3];     /* colour on its way in or out */
    uint8_t colours[768]; /* as written; 6 or 8 bits count, by the width in use */
};

extern const struct state_field vga_dac_fields[];

void vga_dac_reset(struct vga_dac *dac);
void vga_dac_set_read_index(struct vga_dac *dac, uint8_t index);
void vga_dac_set_write_index(struct vga_dac *dac, uint8_t index);

/* Read of 3C7h: 3 while reading, 0 while writing. */
uint8_t vga_dac_state(const struct vga_dac *dac);

/* 3C9h. `wide`: all 8 bits of a component count. */
uint8_t vga_dac_read(struct vga_dac *dac, bool wide);
void vga_dac_write(struct vga_dac *dac, uint8_t value, bool wide);

/* Converts the stored colours when the width changes, so that the picture stays the same. */
void vga_dac_convert(struct vga_dac *dac, bool to_wide);

/* Pixel words of all 256 values that can arrive, after the mask. */
void vga_dac_lookup(const struct vga_dac *dac, bool wide, uint32_t pixels[256]);

#endif
