/* SPDX-License-Identifier: MIT */
/* Registers of the IBM VGA, named after IBM's "PS/2 Hardware Interface Technical Reference, Video Subsystem".
 */
#ifndef LATHE_DEVICES_VIDEO_VGA_REGS_H
#define LATHE_DEVICES_VIDEO_VGA_REGS_H

/* Ports, as offsets from 3C0h. */
enum vga_port {
    VGA_ATTRIBUTE = 0x0,
    VGA_ATTRIBUTE_READ = 0x1,
    VGA_MISC_WRITE = 0x2, /* reads: input status 0 */
    VGA_ENABLE = 0x3,
    VGA_SEQ_INDEX = 0x4,
    VGA_SEQ_DATA = 0x5,
    VGA_DAC_MASK = 0x6,
    VGA_DAC_READ_INDEX = 0x7, /* reads: DAC state */
    VGA_DAC_WRITE_INDEX = 0x8,
    VGA_DAC_DATA = 0x9,
    VGA_FEATURE_READ = 0xA,
    VGA_MISC_READ = 0xC,
    VGA_GC_INDEX = 0xE,
    VGA_GC_DATA = 0xF,
};

/* Ports, as offsets from 3B0h or 3D0h. */
enum vga_crtc_port {
    VGA_CRTC_INDEX = 0x4,
    VGA_CRTC_DATA = 0x5,
    VGA_STATUS1 = 0xA, /* writes: feature control */
};

enum vga_misc {
    MISC_COLOUR = 0x01,     /* CRTC at 3D4h, not 3B4h */
    MISC_RAM_ENABLE = 0x02, /* the CPU reaches display memory */
    MISC_CLOCK = 0x0C,
    MISC_CLOCK_28 = 0x04,
    MISC_ODD_EVEN_PAGE = 0x20,
};

enum vga_status0 {
    STATUS0_SWITCH_SENSE = 0x10,
    STATUS0_CRT_INTERRUPT = 0x80,
};

enum vga_status1 {
    STATUS1_BLANKED = 0x01, /* display enable, inverted */
    STATUS1_VERTICAL_RETRACE = 0x08,
    STATUS1_DIAGNOSTIC = 0x30,
};

enum vga_seq {
    SEQ_RESET,
    SEQ_CLOCKING_MODE,
    SEQ_MAP_MASK,
    SEQ_CHARACTER_MAP,
    SEQ_MEMORY_MODE,
    SEQ_COUNT,
};

enum vga_seq_bits {
    SEQ_RESET_RUN = 0x03, /* both resets released */
    CLOCKING_8_DOTS = 0x01,
    CLOCKING_HALF_DOT_CLOCK = 0x08,
    CLOCKING_SCREEN_OFF = 0x20,
    MEMORY_EXTENDED = 0x02,
    MEMORY_SEQUENTIAL = 0x04, /* clear: odd and even addresses write different planes */
    MEMORY_CHAIN4 = 0x08,
};

enum vga_gc {
    GC_SET_RESET,
    GC_ENABLE_SET_RESET,
    GC_COLOUR_COMPARE,
    GC_DATA_ROTATE,
    GC_READ_MAP,
    GC_MODE,
    GC_MISC,
    GC_COLOUR_DONT_CARE,
    GC_BIT_MASK,
    GC_COUNT,
};

enum vga_gc_bits {
    ROTATE_COUNT = 0x07,
    ROTATE_FUNCTION = 0x18,
    GC_MODE_WRITE = 0x03,
    GC_MODE_READ_COMPARE = 0x08,
    GC_MODE_ODD_EVEN = 0x10,
    GC_MODE_SHIFT_INTERLEAVE = 0x20,
    GC_MODE_SHIFT_256 = 0x40,
    GC_MISC_GRAPHICS = 0x01,
    GC_MISC_CHAIN_ODD_EVEN = 0x02,
    GC_MISC_MAP = 0x0C,
};

enum vga_attr {
    ATTR_PALETTE = 0x00, /* to 0Fh */
    ATTR_MODE = 0x10,
    ATTR_OVERSCAN = 0x11,
    ATTR_PLANE_ENABLE = 0x12,
    ATTR_PIXEL_PANNING = 0x13,
    ATTR_COLOUR_SELECT = 0x14,
    ATTR_COUNT = 0x15,
};

enum vga_attr_bits {
    ATTR_INDEX = 0x1F,
    ATTR_INDEX_PALETTE_SOURCE = 0x20, /* clear: the screen shows overscan only */
    ATTR_MODE_GRAPHICS = 0x01,
    ATTR_MODE_MONO = 0x02,
    ATTR_MODE_LINE_GRAPHICS = 0x04,
    ATTR_MODE_BLINK = 0x08,
    ATTR_MODE_PAN_SPLIT = 0x20, /* panning ends at the line compare */
    ATTR_MODE_8BIT = 0x40,
    ATTR_MODE_P54 = 0x80, /* palette bits 5 and 4 come from colour select */
};

enum vga_crtc {
    CRTC_H_TOTAL,
    CRTC_H_DISPLAY_END,
    CRTC_H_BLANK_START,
    CRTC_H_BLANK_END,
    CRTC_H_RETRACE_START,
    CRTC_H_RETRACE_END,
    CRTC_V_TOTAL,
    CRTC_OVERFLOW,
    CRTC_PRESET_ROW_SCAN,
    CRTC_MAX_SCAN_LINE,
    CRTC_CURSOR_START,
    CRTC_CURSOR_END,
    CRTC_START_HIGH,
    CRTC_START_LOW,
    CRTC_CURSOR_HIGH,
    CRTC_CURSOR_LOW,
    CRTC_V_RETRACE_START,
    CRTC_V_RETRACE_END,
    CRTC_V_DISPLAY_END,
    CRTC_OFFSET,
    CRTC_UNDERLINE,
    CRTC_V_BLANK_START,
    CRTC_V_BLANK_END,
    CRTC_MODE,
    CRTC_LINE_COMPARE,
    CRTC_COUNT,
    /* Not IBM's, but in every later chip. */
    CRTC_LATCH_READ = 0x22,
    CRTC_FLIP_FLOP_READ = 0x24,
};

enum vga_crtc_bits {
    OVERFLOW_LINE_COMPARE = 0x10,
    MAX_SCAN_LINE = 0x1F,
    MAX_SCAN_LINE_COMPARE = 0x40,
    MAX_SCAN_DOUBLE = 0x80,
    PRESET_ROW_SCAN = 0x1F,
    PRESET_BYTE_PANNING = 0x60,
    CURSOR_OFF = 0x20,
    CURSOR_LINE = 0x1F,
    CURSOR_SKEW = 0x60,
    V_RETRACE_END_LINE = 0x0F,
    V_RETRACE_END_CLEAR_INT = 0x10,   /* 0 clears */
    V_RETRACE_END_DISABLE_INT = 0x20, /* 0 enables */
    V_RETRACE_END_PROTECT = 0x80,
    UNDERLINE_LINE = 0x1F,
    UNDERLINE_COUNT_BY_4 = 0x20,
    UNDERLINE_DOUBLEWORD = 0x40,
    CRTC_MODE_CMS0 = 0x01, /* clear: row scan bit 0 replaces memory address bit 13 */
    CRTC_MODE_CMS1 = 0x02, /* clear: row scan bit 1 replaces memory address bit 14 */
    CRTC_MODE_HALF_LINES = 0x04,
    CRTC_MODE_COUNT_BY_2 = 0x08,
    CRTC_MODE_WRAP_MA15 = 0x20,
    CRTC_MODE_BYTE = 0x40,
    CRTC_MODE_RUN = 0x80,
};

#endif
