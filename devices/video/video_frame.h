/* SPDX-License-Identifier: MIT */
/* A picture as a display adapter shows it: what windows draw and screenshots store. */
#ifndef LATHE_DEVICES_VIDEO_VIDEO_FRAME_H
#define LATHE_DEVICES_VIDEO_VIDEO_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* Owned by the caller; start from zeros, reuse it from frame to frame, free with video_frame_free.
 *
 * Each pixel is a host-endian word 0xRRGGBBFF (SDL's RGBX8888); rows follow each other without padding. Scan
 * lines that the adapter repeats appear once. A pixel is aspect_x : aspect_y wide to high on the monitor, so
 * a window of width * aspect_x by height * aspect_y (scaled) has the right shape. */
struct video_frame {
    uint32_t *pixels;
    unsigned width, height;
    unsigned aspect_x, aspect_y;
    size_t capacity; /* pixels allocated */
};

/* Pixel word of an 8-bit colour triple. */
static inline uint32_t video_rgbx(unsigned red, unsigned green, unsigned blue)
{
    return (uint32_t)red << 24 | (uint32_t)green << 16 | (uint32_t)blue << 8 | 0xFF;
}

/* Gives the frame a size; the pixels are undefined until drawn. */
void video_frame_resize(struct video_frame *frame, unsigned width, unsigned height);

/* Stores aspect_x : aspect_y in lowest terms; neither may be zero. */
void video_frame_set_aspect(struct video_frame *frame, unsigned aspect_x, unsigned aspect_y);

/* Fills the whole frame with one colour. */
void video_frame_fill(struct video_frame *frame, uint32_t pixel);

void video_frame_free(struct video_frame *frame);

#endif
