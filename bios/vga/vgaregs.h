/* SPDX-License-Identifier: MIT */
/* VGA ports and the registers that the BIOS names (IBM PS/2 Hardware Interface Technical Reference, "Video
 * Subsystem"). */
#ifndef BIOS_VGA_VGAREGS_H
#define BIOS_VGA_VGAREGS_H
#include "common/io.h"

enum vga_port {
    PORT_CRTC_MONO = 0x3b4,
    PORT_ATTR = 0x3c0,
    PORT_ATTR_READ = 0x3c1,
    PORT_MISC_WRITE = 0x3c2,
    PORT_ENABLE = 0x3c3,
    PORT_SEQ = 0x3c4,
    PORT_DAC_MASK = 0x3c6,
    PORT_DAC_READ = 0x3c7,
    PORT_DAC_WRITE = 0x3c8,
    PORT_DAC_DATA = 0x3c9,
    PORT_FEATURE_READ = 0x3ca,
    PORT_MISC_READ = 0x3cc,
    PORT_GFX = 0x3ce,
    PORT_CRTC_COLOUR = 0x3d4,
    STATUS_FROM_CRTC = 6, /* input status 1 and feature control: CRTC port + 6 */
};

enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_FONT, SEQ_MEMORY, SEQ_COUNT };
enum { CLOCKING_SCREEN_OFF = 0x20 };
enum {
    GFX_SET_RESET,
    GFX_ENABLE_SR,
    GFX_COMPARE,
    GFX_FUNCTION,
    GFX_READ_MAP,
    GFX_MODE,
    GFX_MISC,
    GFX_DONT_CARE,
    GFX_BIT_MASK,
    GFX_COUNT
};
enum { FUNCTION_COPY = 0x00, FUNCTION_XOR = 0x18 };
enum {
    CRTC_MAX_SCAN = 0x09,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_VSYNC_END = 0x11,
    CRTC_VDISP_END = 0x12,
    CRTC_UNDERLINE = 0x14,
    CRTC_COUNT = 0x19
};
enum { ATTR_MODE = 0x10, ATTR_OVERSCAN = 0x11, ATTR_SELECT = 0x14, ATTR_COUNT = 0x15, ATTR_SHOW = 0x20 };
enum { ATTR_MODE_BLINK = 0x08, ATTR_MODE_P54S = 0x80 };

/* Index and data in one 16-bit write: sequencer, CRTC and graphics controller. */
static inline void indexed_write(uint16_t port, uint8_t index, uint8_t value)
{
    out16(port, (uint16_t)(value << 8 | index));
}

static inline uint8_t indexed_read(uint16_t port, uint8_t index)
{
    out8(port, index);
    return in8((uint16_t)(port + 1));
}

/* The CRTC's port by the I/O address bit of the miscellaneous output register. */
uint16_t crtc_port(void);
/* Reads input status 1, so that the next write to 3C0h is an index. */
void attr_reset(void);
/* Attribute controller access; display stays on, the flip-flop is left at "index". */
uint8_t attr_read(uint8_t index);
void attr_write(uint8_t index, uint8_t value);

#endif
