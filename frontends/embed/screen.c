/* SPDX-License-Identifier: MIT */
/* What the guest's screen shows: frames, text, PNG files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "core/base/alloc.h"
#include "devices/pc/machine.h"
#include "devices/video/vga.h"
#include "devices/video/vga_text.h"
#include "frontends/embed/embed.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/png_file.h"

void lathe_frame(struct lathe *lathe, struct lathe_frame *frame)
{
    struct video_frame *picture = &lathe->frame;
    vga_render(machine_video(lathe->machine), lathe_time_ns(lathe), picture);
    *frame = (struct lathe_frame){picture->pixels, picture->width, picture->height, picture->aspect_x,
                                  picture->aspect_y};
}

const char *lathe_screen_text(struct lathe *lathe)
{
    struct screen_text text = {0};
    vga_text_read(machine_video(lathe->machine), &text);
    alloc_free(lathe->text);
    lathe->text = alloc_zeroed(text.utf8.size + 1);
    if (text.utf8.size)
        memcpy(lathe->text, text.utf8.data, text.utf8.size);
    screen_text_free(&text);
    return lathe->text;
}

const char *lathe_screen_mode(struct lathe *lathe)
{
    vga_describe(machine_video(lathe->machine), lathe->mode, sizeof lathe->mode);
    return lathe->mode;
}

bool lathe_screenshot(struct lathe *lathe, const char *path)
{
    struct lathe_frame frame;
    lathe_frame(lathe, &frame);
    return png_write(path, &frame, &lathe->error);
}
