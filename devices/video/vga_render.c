/* SPDX-License-Identifier: MIT */
/* From registers and display memory to a picture (IBM VGA reference, "Attribute controller", "Video DAC").
 *
 * The picture is drawn at one moment: changes that a program makes while the beam is on its way down the
 * screen show in the next picture as a whole. */
#include "devices/video/vga_render.h"

#include <stdio.h>
#include <string.h>

#include "devices/video/vga_internal.h"
#include "devices/video/vga_timing.h"
#include "devices/video/video_frame.h"

enum {
    CURSOR_BLINK_FRAMES = 8, /* on, then as long off */
    ATTRIBUTE_BLINK_FRAMES = 16,
    NO_SIGNAL_WIDTH = 640,
    NO_SIGNAL_HEIGHT = 400,
};

/* DAC index of a 4-bit value behind the plane enable: the palette register, widened by colour select. */
static uint8_t attribute_colour(const struct vga *vga, unsigned value)
{
    uint8_t select = vga->attr[ATTR_COLOUR_SELECT];
    uint8_t colour = vga->attr[value] & 0x3F;
    if (vga->attr[ATTR_MODE] & ATTR_MODE_P54)
        colour = (uint8_t)((colour & 0x0F) | (select & 3) << 4);
    return (uint8_t)(colour | (select & 0x0C) << 4);
}

static unsigned pixels_per_character(const struct vga *vga)
{
    if (vga_is_graphics(vga))
        return vga->attr[ATTR_MODE] & ATTR_MODE_8BIT ? 4 : 8;
    return vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_8_DOTS ? 8 : 9;
}

void vga_view_get(const struct vga *vga, uint64_t now_ns, struct vga_view *view)
{
    struct vga_raster raster;
    struct vga_beam beam;
    vga_raster_get(vga, &raster);
    vga_beam_at(&raster, now_ns, &beam);
    view->vga = vga;
    view->cursor_on = beam.frame / CURSOR_BLINK_FRAMES % 2 == 0;
    view->blink_on = beam.frame / ATTRIBUTE_BLINK_FRAMES % 2 == 0;
    view->char_dots = pixels_per_character(vga);
    vga_scan_get(vga, &view->scan);
    for (unsigned i = 0; i < 16; i++) {
        unsigned enabled = i & vga->attr[ATTR_PLANE_ENABLE] & 0xF;
        view->colours[i] = attribute_colour(vga, enabled);
        view->inverted[i] = attribute_colour(vga, enabled ^ 8);
    }
    vga_dac_lookup(&vga->dac, vga->dispi.enable & DISPI_8BIT_DAC, view->pixels);
}

/* No monitor syncs to a stopped CRTC or a sequencer in reset. */
static bool has_signal(const struct vga *vga)
{
    return vga->crtc[CRTC_MODE] & CRTC_MODE_RUN && (vga->seq[SEQ_RESET] & SEQ_RESET_RUN) == SEQ_RESET_RUN;
}

static bool screen_on(const struct vga *vga)
{
    return !(vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_SCREEN_OFF) &&
           vga->attr_index & ATTR_INDEX_PALETTE_SOURCE;
}

static void draw_line(const struct vga_view *view, unsigned scan_line, uint32_t *out)
{
    uint8_t dots[VGA_LINE_MAX];
    struct vga_scan_line line;
    vga_scan_line_at(&view->scan, scan_line, &line);
    if (vga_is_graphics(view->vga))
        vga_render_graphics_line(view, &line, dots);
    else
        vga_render_text_line(view, &line, dots);
    unsigned width = view->scan.columns * view->char_dots;
    for (unsigned x = 0; x < width; x++)
        out[x] = view->pixels[dots[x + line.panning]];
}

/* With the palette in the CPU's hands the whole screen has the border's colour; with the screen off it is
 * dark. */
static uint32_t blank_pixel(const struct vga_view *view)
{
    const struct vga *vga = view->vga;
    if (!has_signal(vga) || vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_SCREEN_OFF)
        return video_rgbx(0, 0, 0);
    return view->pixels[vga->attr[ATTR_OVERSCAN]];
}

static void render_vga(const struct vga_view *view, struct video_frame *frame)
{
    const struct vga_scan *scan = &view->scan;
    video_frame_resize(frame, scan->columns * view->char_dots,
                       (scan->lines + scan->repeat - 1) / scan->repeat);
    video_frame_set_aspect(frame, 4 * frame->height, 3 * frame->width);
    if (!has_signal(view->vga) || !screen_on(view->vga)) {
        video_frame_fill(frame, blank_pixel(view));
        return;
    }
    for (unsigned y = 0; y < frame->height; y++)
        draw_line(view, y * scan->repeat, frame->pixels + (size_t)y * frame->width);
}

static void render_vbe(const struct vga_view *view, struct video_frame *frame)
{
    video_frame_resize(frame, view->vga->dispi.xres, view->vga->dispi.yres);
    video_frame_set_aspect(frame, 1, 1);
    if (screen_on(view->vga))
        vga_render_vbe(view, frame);
    else
        video_frame_fill(frame, video_rgbx(0, 0, 0));
}

/* Never programmed: a dark monitor. */
static void render_dark(struct video_frame *frame)
{
    video_frame_resize(frame, NO_SIGNAL_WIDTH, NO_SIGNAL_HEIGHT);
    video_frame_set_aspect(frame, 5, 6);
    video_frame_fill(frame, video_rgbx(0, 0, 0));
}

void vga_render(const struct vga *vga, uint64_t now_ns, struct video_frame *frame)
{
    struct vga_view view;
    vga_view_get(vga, now_ns, &view);
    if (vbe_dispi_on(&vga->dispi))
        render_vbe(&view, frame);
    else if (!has_signal(vga) && (view.scan.columns < 40 || view.scan.lines < 100))
        render_dark(frame);
    else
        render_vga(&view, frame);
}

int vga_describe(const struct vga *vga, char *text, unsigned size)
{
    struct vga_scan scan;
    vga_scan_get(vga, &scan);
    unsigned width = scan.columns * pixels_per_character(vga);
    unsigned height = (scan.lines + scan.repeat - 1) / scan.repeat;
    if (vbe_dispi_on(&vga->dispi))
        return snprintf(text, size, "VBE %ux%u, %u bits a pixel", vga->dispi.xres, vga->dispi.yres,
                        vga->dispi.bpp);
    if (!has_signal(vga))
        return snprintf(text, size, "no signal");
    if (!vga_is_graphics(vga))
        return snprintf(text, size, "text %ux%u, %ux%u", scan.columns,
                        scan.lines / (scan.row_lines * scan.doubling), width, height);
    return snprintf(text, size, "graphics %ux%u, %s", width, height,
                    vga->attr[ATTR_MODE] & ATTR_MODE_8BIT ? "256 colours" : "16 colours or less");
}
