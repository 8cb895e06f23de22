/* SPDX-License-Identifier: MIT */
/* The raster (IBM VGA reference, "CRT controller"). It runs from power-on and never stops: a change of the
 * registers moves the beam as if the new values had always been there, and the synchronous reset has no
 * effect. */
#include "devices/video/vga_timing.h"

#include "core/base/clock.h"
#include "devices/video/vga_internal.h"

enum { DOT_HZ_25 = 25175000, DOT_HZ_28 = 28322000, VBE_HZ = 60 };

/* 10-bit value: 8 bits of a register, bits 8 and 9 from the overflow register. */
static unsigned vertical(const struct vga *vga, enum vga_crtc reg, unsigned bit8, unsigned bit9)
{
    unsigned overflow = vga->crtc[CRTC_OVERFLOW];
    return vga->crtc[reg] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

unsigned vga_v_display_end(const struct vga *vga)
{
    return vertical(vga, CRTC_V_DISPLAY_END, 1, 6);
}

unsigned vga_line_compare(const struct vga *vga)
{
    unsigned bit8 = (vga->crtc[CRTC_OVERFLOW] & OVERFLOW_LINE_COMPARE) != 0;
    unsigned bit9 = (vga->crtc[CRTC_MAX_SCAN_LINE] & MAX_SCAN_LINE_COMPARE) != 0;
    return vga->crtc[CRTC_LINE_COMPARE] | bit8 << 8 | bit9 << 9;
}

/* VBE modes have no timing registers; any monitor's 60 Hz will do. */
static void vbe_raster(const struct vga *vga, struct vga_raster *raster)
{
    raster->char_dots = 8;
    raster->h_displayed = vga->dispi.xres / 8u;
    raster->h_total = raster->h_displayed * 5 / 4 + 1;
    raster->v_displayed = vga->dispi.yres;
    raster->v_total = raster->v_displayed * 21 / 20 + 5;
    raster->v_retrace = raster->v_displayed + 1;
    raster->v_retrace_lines = 3;
    raster->dot_hz = (uint64_t)raster->h_total * 8 * raster->v_total * VBE_HZ;
}

static uint64_t dot_clock(const struct vga *vga)
{
    uint64_t hz = (vga->misc & MISC_CLOCK) == MISC_CLOCK_28 ? DOT_HZ_28 : DOT_HZ_25;
    return vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_HALF_DOT_CLOCK ? hz / 2 : hz;
}

void vga_raster_get(const struct vga *vga, struct vga_raster *raster)
{
    if (vbe_dispi_on(&vga->dispi)) {
        vbe_raster(vga, raster);
        return;
    }
    unsigned lines = vga->crtc[CRTC_MODE] & CRTC_MODE_HALF_LINES ? 2 : 1;
    unsigned retrace = vertical(vga, CRTC_V_RETRACE_START, 2, 7);
    unsigned length = (vga->crtc[CRTC_V_RETRACE_END] - retrace) & V_RETRACE_END_LINE;
    *raster = (struct vga_raster){
        .dot_hz = dot_clock(vga),
        .char_dots = vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_8_DOTS ? 8 : 9,
        .h_displayed = vga->crtc[CRTC_H_DISPLAY_END] + 1u,
        .h_total = vga->crtc[CRTC_H_TOTAL] + 5u,
        .v_displayed = (vga_v_display_end(vga) + 1) * lines,
        .v_total = (vertical(vga, CRTC_V_TOTAL, 0, 5) + 2) * lines,
        .v_retrace = retrace * lines,
        .v_retrace_lines = (length ? length : 16) * lines,
    };
}

static uint64_t line_dots(const struct vga_raster *raster)
{
    return (uint64_t)raster->char_dots * raster->h_total;
}

void vga_beam_at(const struct vga_raster *raster, uint64_t now_ns, struct vga_beam *beam)
{
    uint64_t frame_dots = line_dots(raster) * raster->v_total;
    uint64_t dots = clock_ticks(now_ns, raster->dot_hz);
    uint64_t in_frame = dots % frame_dots;
    beam->frame = dots / frame_dots;
    beam->line = (unsigned)(in_frame / line_dots(raster));
    beam->character = (unsigned)(in_frame % line_dots(raster) / raster->char_dots);
}

uint8_t vga_beam_status(const struct vga *vga, uint64_t now_ns)
{
    struct vga_raster raster;
    struct vga_beam beam;
    vga_raster_get(vga, &raster);
    vga_beam_at(&raster, now_ns, &beam);
    uint8_t status = 0;
    if (beam.line >= raster.v_displayed || beam.character >= raster.h_displayed)
        status |= STATUS1_BLANKED;
    if (beam.line - raster.v_retrace < raster.v_retrace_lines) /* unsigned: also beam.line >= v_retrace */
        status |= STATUS1_VERTICAL_RETRACE;
    return status;
}

/* Number of vertical display ends up to a moment. */
static uint64_t display_ends(const struct vga_raster *raster, uint64_t ns)
{
    struct vga_beam beam;
    vga_beam_at(raster, ns, &beam);
    return beam.frame + (beam.line >= raster->v_displayed);
}

bool vga_interrupt_pending(const struct vga *vga, uint64_t now_ns)
{
    uint8_t control = vga->crtc[CRTC_V_RETRACE_END];
    if (control & V_RETRACE_END_DISABLE_INT || !(control & V_RETRACE_END_CLEAR_INT))
        return false;
    struct vga_raster raster;
    vga_raster_get(vga, &raster);
    return display_ends(&raster, now_ns) > display_ends(&raster, vga->interrupt_cleared_ns);
}
