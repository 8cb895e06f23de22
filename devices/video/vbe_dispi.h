/* SPDX-License-Identifier: MIT */
/* Registers of Bochs' display interface ("VBE DISPI", IDs B0C0h to B0C5h), as its interface text defines
 * them. */
#ifndef LATHE_DEVICES_VIDEO_VBE_DISPI_H
#define LATHE_DEVICES_VIDEO_VBE_DISPI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/state.h"

struct log_source;

enum vbe_dispi_register {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_VIDEO_MEMORY_64K,
    DISPI_COUNT,
};

enum vbe_dispi_limits {
    DISPI_ID0 = 0xB0C0,
    DISPI_ID5 = 0xB0C5,
    DISPI_MAX_XRES = 2560,
    DISPI_MAX_YRES = 1600,
    DISPI_MAX_BPP = 32,
    DISPI_BANK_SIZE = 0x10000,
};

enum vbe_dispi_enable {
    DISPI_ENABLED = 0x01,
    DISPI_GETCAPS = 0x02,
    DISPI_8BIT_DAC = 0x20,
    DISPI_LFB_ENABLED = 0x40,
    DISPI_NOCLEARMEM = 0x80,
};

/* A register file; the owner of the video memory acts on what a write returns. */
struct vbe_dispi {
    uint16_t index; /* last written to 1CEh */
    uint16_t id, xres, yres, bpp, enable, bank;
    uint16_t virt_width, virt_height, x_offset, y_offset;
    uint32_t vram_size; /* configuration */
};

enum vbe_dispi_event {
    DISPI_NOTHING,
    DISPI_CHANGED,         /* bank, or switched on or off */
    DISPI_CHANGED_CLEARED, /* switched on, and video memory is to be cleared */
};

extern const struct state_field vbe_dispi_fields[];

void vbe_dispi_reset(struct vbe_dispi *dispi);
uint16_t vbe_dispi_read(const struct vbe_dispi *dispi, unsigned reg);

/* Writes a register. Values that make no sense are logged and refused, as Bochs does. */
enum vbe_dispi_event vbe_dispi_write(struct vbe_dispi *dispi, unsigned reg, uint16_t value,
                                     const struct log_source *log);

static inline bool vbe_dispi_on(const struct vbe_dispi *dispi)
{
    return dispi->enable & DISPI_ENABLED;
}

/* A mode of 8 bits a pixel and more, whose memory is linear; 4 bits are VGA planes. */
static inline bool vbe_dispi_packed(const struct vbe_dispi *dispi)
{
    return vbe_dispi_on(dispi) && dispi->bpp >= 8;
}

/* Bytes a pixel of a packed mode: 1 to 4. */
static inline unsigned vbe_dispi_pixel_bytes(const struct vbe_dispi *dispi)
{
    return (dispi->bpp + 7u) / 8;
}

/* Bytes of video memory from one line to the next, all planes together. */
uint32_t vbe_dispi_pitch(const struct vbe_dispi *dispi);

/* False where loaded values could not have been written. */
bool vbe_dispi_valid(const struct vbe_dispi *dispi);

#endif
