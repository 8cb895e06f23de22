/* SPDX-License-Identifier: MIT */
/* IBM VGA reference, "CRT controller": start address, offset, row scan counter, line compare, addressing
 * modes. */
#include "devices/video/vga_scan.h"

#include "devices/video/vga_internal.h"
#include "devices/video/vga_timing.h"

bool vga_is_graphics(const struct vga *vga)
{
    return vga->gc[GC_MISC] & GC_MISC_GRAPHICS;
}

/* In 9-dot modes the codes count from the eighth dot. */
static unsigned panning_dots(const struct vga *vga)
{
    unsigned code = vga->attr[ATTR_PIXEL_PANNING];
    if (vga->attr[ATTR_MODE] & ATTR_MODE_8BIT)
        return (code & 7) / 2;
    if (!vga_is_graphics(vga) && !(vga->seq[SEQ_CLOCKING_MODE] & CLOCKING_8_DOTS))
        return code >= 8 ? 0 : code + 1;
    return code & 7;
}

/* Row scan bits that replace address bits make the lines of a row differ. */
static bool lines_differ(const struct vga *vga)
{
    unsigned scans = vga->crtc[CRTC_MAX_SCAN_LINE] & MAX_SCAN_LINE;
    unsigned mode = vga->crtc[CRTC_MODE];
    if (!vga_is_graphics(vga))
        return true;
    return (!(mode & CRTC_MODE_CMS0) && scans >= 1) || (!(mode & CRTC_MODE_CMS1) && scans >= 2);
}

void vga_scan_get(const struct vga *vga, struct vga_scan *scan)
{
    const uint8_t *crtc = vga->crtc;
    unsigned halves = crtc[CRTC_MODE] & CRTC_MODE_HALF_LINES ? 2 : 1;
    *scan = (struct vga_scan){
        .lines = (vga_v_display_end(vga) + 1) * halves,
        .columns = crtc[CRTC_H_DISPLAY_END] + 1u,
        .row_lines = (crtc[CRTC_MAX_SCAN_LINE] & MAX_SCAN_LINE) + 1u,
        .doubling = crtc[CRTC_MAX_SCAN_LINE] & MAX_SCAN_DOUBLE ? 2 : 1,
        .split = (vga_line_compare(vga) + 1) * halves,
        .pitch = crtc[CRTC_OFFSET] * 2u,
        .first_row_scan = crtc[CRTC_PRESET_ROW_SCAN] & PRESET_ROW_SCAN,
        .panning = panning_dots(vga),
        .split_pans = !(vga->attr[ATTR_MODE] & ATTR_MODE_PAN_SPLIT),
        .byte_panning = (crtc[CRTC_PRESET_ROW_SCAN] & PRESET_BYTE_PANNING) >> 5,
    };
    scan->start = ((unsigned)crtc[CRTC_START_HIGH] << 8 | crtc[CRTC_START_LOW]) + scan->byte_panning;
    scan->repeat = scan->doubling * (lines_differ(vga) ? 1 : scan->row_lines);
}

/* Row and row scan after `lines` steps. A preset beyond the last scan line counts on to 31 before it wraps.
 */
static unsigned count_rows(const struct vga_scan *scan, unsigned lines, unsigned preset, unsigned *row_scan)
{
    unsigned first = preset < scan->row_lines ? scan->row_lines - preset : 32 - preset + scan->row_lines;
    if (lines < first) {
        *row_scan = (preset + lines) % 32;
        return 0;
    }
    *row_scan = (lines - first) % scan->row_lines;
    return 1 + (lines - first) / scan->row_lines;
}

void vga_scan_line_at(const struct vga_scan *scan, unsigned line, struct vga_scan_line *out)
{
    bool below = line >= scan->split;
    unsigned lines = (below ? line - scan->split : line) / scan->doubling;
    unsigned row = count_rows(scan, lines, below ? 0 : scan->first_row_scan, &out->row_scan);
    unsigned start = scan->start;
    if (below)
        start = scan->split_pans ? scan->byte_panning : 0;
    out->counter = start + row * scan->pitch;
    out->panning = below && !scan->split_pans ? 0 : scan->panning;
}

/* Doubleword addressing is undone where chain-4 stores pixels packed (see vga_memory.c). */
static uint32_t shifted_address(const struct vga *vga, unsigned counter)
{
    unsigned mode = vga->crtc[CRTC_MODE];
    bool packed = vga->gc[GC_MODE] & GC_MODE_SHIFT_256 || vga->seq[SEQ_MEMORY_MODE] & MEMORY_CHAIN4;
    if (vga->crtc[CRTC_UNDERLINE] & UNDERLINE_DOUBLEWORD)
        return packed ? counter : counter << 2 | (counter >> 14 & 3);
    if (mode & CRTC_MODE_BYTE)
        return counter;
    return counter << 1 | (counter >> (mode & CRTC_MODE_WRAP_MA15 ? 15 : 13) & 1);
}

static uint32_t replace_bit(uint32_t address, unsigned bit, unsigned value)
{
    return (address & ~(1u << bit)) | (value & 1u) << bit;
}

uint32_t vga_scan_address(const struct vga *vga, unsigned counter, unsigned row_scan)
{
    uint32_t address = shifted_address(vga, counter & 0xFFFF);
    if (!(vga->crtc[CRTC_MODE] & CRTC_MODE_CMS0))
        address = replace_bit(address, 13, row_scan);
    if (!(vga->crtc[CRTC_MODE] & CRTC_MODE_CMS1))
        address = replace_bit(address, 14, row_scan >> 1);
    return address & 0xFFFF;
}
