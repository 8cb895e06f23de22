/* SPDX-License-Identifier: MIT */
#include "devices/video/vga_dac.h"

#include <string.h>

#include "devices/video/video_frame.h"

enum { STATE_WRITING = 0, STATE_READING = 3 };

void vga_dac_reset(struct vga_dac *dac)
{
    *dac = (struct vga_dac){.mask = 0xFF};
}

/* The chip fetches a colour ahead of the reads, so the index is already one further. */
static void fetch(struct vga_dac *dac)
{
    memcpy(dac->latch, &dac->colours[3 * dac->index], 3);
    dac->index++;
    dac->cycle = 0;
}

void vga_dac_set_read_index(struct vga_dac *dac, uint8_t index)
{
    dac->reading = true;
    dac->index = index;
    fetch(dac);
}

void vga_dac_set_write_index(struct vga_dac *dac, uint8_t index)
{
    dac->reading = false;
    dac->index = index;
    dac->cycle = 0;
}

uint8_t vga_dac_state(const struct vga_dac *dac)
{
    return dac->reading ? STATE_READING : STATE_WRITING;
}

uint8_t vga_dac_read(struct vga_dac *dac, bool wide)
{
    uint8_t value = dac->latch[dac->cycle];
    if (++dac->cycle == 3)
        fetch(dac);
    return wide ? value : value & 0x3F;
}

void vga_dac_write(struct vga_dac *dac, uint8_t value, bool wide)
{
    dac->latch[dac->cycle] = wide ? value : value & 0x3F;
    if (++dac->cycle < 3)
        return;
    memcpy(&dac->colours[3 * dac->index], dac->latch, 3);
    dac->index++;
    dac->cycle = 0;
}

/* Full scale is 255 in either width. */
static unsigned level(uint8_t component, bool wide)
{
    return wide ? component : (component & 0x3Fu) << 2 | (component & 0x3Fu) >> 4;
}

void vga_dac_lookup(const struct vga_dac *dac, bool wide, uint32_t pixels[256])
{
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t *rgb = &dac->colours[3 * (i & dac->mask)];
        pixels[i] = video_rgbx(level(rgb[0], wide), level(rgb[1], wide), level(rgb[2], wide));
    }
}

void vga_dac_convert(struct vga_dac *dac, bool to_wide)
{
    for (unsigned i = 0; i < sizeof dac->colours; i++)
        dac->colours[i] = (uint8_t)(to_wide ? level(dac->colours[i], false) : dac->colours[i] >> 2u);
}

const struct state_field vga_dac_fields[] = {
    STATE_SCALAR(struct vga_dac, mask),
    STATE_SCALAR(struct vga_dac, index),
    STATE_SCALAR(struct vga_dac, cycle),
    STATE_SCALAR(struct vga_dac, reading),
    STATE_ARRAY(struct vga_dac, latch),
    STATE_ARRAY(struct vga_dac, colours),
    STATE_END,
};
