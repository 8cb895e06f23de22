/* SPDX-License-Identifier: MIT */
#include "devices/video/video_frame.h"

#include "core/base/alloc.h"

void video_frame_resize(struct video_frame *frame, unsigned width, unsigned height)
{
    size_t needed = (size_t)width * height;
    if (needed > frame->capacity) {
        frame->pixels = alloc_resize(frame->pixels, needed * sizeof *frame->pixels);
        frame->capacity = needed;
    }
    frame->width = width;
    frame->height = height;
}

void video_frame_set_aspect(struct video_frame *frame, unsigned aspect_x, unsigned aspect_y)
{
    unsigned a = aspect_x, b = aspect_y;
    while (b) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    frame->aspect_x = aspect_x / a;
    frame->aspect_y = aspect_y / a;
}

void video_frame_fill(struct video_frame *frame, uint32_t pixel)
{
    for (size_t i = 0; i < (size_t)frame->width * frame->height; i++)
        frame->pixels[i] = pixel;
}

void video_frame_free(struct video_frame *frame)
{
    alloc_free(frame->pixels);
    *frame = (struct video_frame){0};
}
