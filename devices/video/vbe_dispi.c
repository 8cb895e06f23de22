/* SPDX-License-Identifier: MIT */
/* Behaviour follows Bochs' vbe_display_api.txt. Resolution and depth are taken while the interface is off;
 * virtual size and offsets while it is on. Known deviations: one bank for reads and writes, 64 KiB
 * granularity; no DDC register. */
#include "devices/video/vbe_dispi.h"

#include "core/base/log.h"

void vbe_dispi_reset(struct vbe_dispi *dispi)
{
    *dispi = (struct vbe_dispi){
        .id = DISPI_ID5,
        .xres = 640,
        .yres = 480,
        .bpp = 8,
        .virt_width = 640,
        .vram_size = dispi->vram_size,
    };
    dispi->virt_height = dispi->yres;
}

static uint32_t bits_per_pixel(const struct vbe_dispi *dispi)
{
    return dispi->bpp == 15 ? 16 : dispi->bpp;
}

uint32_t vbe_dispi_pitch(const struct vbe_dispi *dispi)
{
    return dispi->virt_width * bits_per_pixel(dispi) / 8;
}

static bool depth_known(unsigned bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
}

static bool fits(const struct vbe_dispi *dispi, uint32_t width, uint32_t height)
{
    return (uint64_t)width * bits_per_pixel(dispi) / 8 * height <= dispi->vram_size;
}

bool vbe_dispi_valid(const struct vbe_dispi *dispi)
{
    if (!depth_known(dispi->bpp) || dispi->xres > DISPI_MAX_XRES || dispi->yres > DISPI_MAX_YRES ||
        dispi->xres % 8 || dispi->virt_width % 8 || dispi->bank >= dispi->vram_size / DISPI_BANK_SIZE)
        return false;
    return !vbe_dispi_on(dispi) || (dispi->xres && dispi->yres && dispi->virt_width >= dispi->xres &&
                                    fits(dispi, dispi->virt_width, dispi->yres));
}

static uint16_t capability(unsigned reg)
{
    switch (reg) {
    case DISPI_XRES: return DISPI_MAX_XRES;
    case DISPI_YRES: return DISPI_MAX_YRES;
    default: return DISPI_MAX_BPP;
    }
}

uint16_t vbe_dispi_read(const struct vbe_dispi *dispi, unsigned reg)
{
    if (dispi->enable & DISPI_GETCAPS && reg >= DISPI_XRES && reg <= DISPI_BPP)
        return capability(reg);
    switch (reg) {
    case DISPI_ID: return dispi->id;
    case DISPI_XRES: return dispi->xres;
    case DISPI_YRES: return dispi->yres;
    case DISPI_BPP: return dispi->bpp;
    case DISPI_ENABLE: return dispi->enable;
    case DISPI_BANK: return dispi->bank;
    case DISPI_VIRT_WIDTH: return dispi->virt_width;
    case DISPI_VIRT_HEIGHT: return dispi->virt_height;
    case DISPI_X_OFFSET: return dispi->x_offset;
    case DISPI_Y_OFFSET: return dispi->y_offset;
    case DISPI_VIDEO_MEMORY_64K: return (uint16_t)(dispi->vram_size / DISPI_BANK_SIZE);
    default: return 0;
    }
}

static void refuse(const struct log_source *log, const char *what, unsigned value)
{
    log_write(log, LOG_GUEST, "VBE: %s of %u refused", what, value);
}

static void write_size(struct vbe_dispi *dispi, unsigned reg, uint16_t value, const struct log_source *log)
{
    bool xres = reg == DISPI_XRES;
    if (vbe_dispi_on(dispi)) {
        log_write(log, LOG_GUEST, "VBE: resolution written while the mode is on");
    } else if (!value || value > (xres ? DISPI_MAX_XRES : DISPI_MAX_YRES)) {
        refuse(log, xres ? "width" : "height", value);
    } else if (xres) {
        dispi->xres = value & (uint16_t)~7u;
    } else {
        dispi->yres = value;
    }
}

static void write_bpp(struct vbe_dispi *dispi, uint16_t value, const struct log_source *log)
{
    if (value == 0)
        value = 8; /* the interface's default depth */
    if (vbe_dispi_on(dispi))
        log_write(log, LOG_GUEST, "VBE: depth written while the mode is on");
    else if (!depth_known(value))
        refuse(log, "depth", value);
    else
        dispi->bpp = value;
}

/* Lines of this pitch that the memory holds. */
static uint16_t lines_in_memory(const struct vbe_dispi *dispi)
{
    uint32_t pitch = vbe_dispi_pitch(dispi);
    uint32_t lines = pitch ? dispi->vram_size / pitch : 0;
    return (uint16_t)(lines < UINT16_MAX ? lines : UINT16_MAX);
}

static enum vbe_dispi_event switch_on(struct vbe_dispi *dispi, uint16_t value, const struct log_source *log)
{
    if (dispi->xres == 0 || !fits(dispi, dispi->xres, dispi->yres)) {
        log_write(log, LOG_GUEST, "VBE: %ux%u at %u bits does not fit %u KiB of video memory", dispi->xres,
                  dispi->yres, dispi->bpp, dispi->vram_size >> 10);
        dispi->enable = value & (uint16_t)~DISPI_ENABLED;
        return DISPI_CHANGED;
    }
    dispi->enable = value;
    dispi->bank = dispi->x_offset = dispi->y_offset = 0;
    dispi->virt_width = dispi->xres;
    dispi->virt_height = lines_in_memory(dispi);
    return value & DISPI_NOCLEARMEM ? DISPI_CHANGED : DISPI_CHANGED_CLEARED;
}

static enum vbe_dispi_event write_enable(struct vbe_dispi *dispi, uint16_t value,
                                         const struct log_source *log)
{
    value &= DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB_ENABLED | DISPI_NOCLEARMEM;
    if (value & DISPI_ENABLED && !vbe_dispi_on(dispi))
        return switch_on(dispi, value, log);
    dispi->enable = value;
    if (!vbe_dispi_on(dispi))
        dispi->bank = 0;
    return DISPI_CHANGED;
}

static enum vbe_dispi_event write_bank(struct vbe_dispi *dispi, uint16_t value, const struct log_source *log)
{
    uint32_t banks = dispi->vram_size / DISPI_BANK_SIZE;
    if (dispi->bpp == 4)
        banks = banks > 4 ? banks / 4 : 1; /* a bank spans four planes */
    if (value >= banks) {
        refuse(log, "bank", value);
        return DISPI_NOTHING;
    }
    dispi->bank = value;
    return DISPI_CHANGED;
}

static void write_virt_width(struct vbe_dispi *dispi, uint16_t value, const struct log_source *log)
{
    value &= (uint16_t)~7u;
    if (!vbe_dispi_on(dispi) || value < dispi->xres || !fits(dispi, value, dispi->yres)) {
        refuse(log, "virtual width", value);
        return;
    }
    dispi->virt_width = value;
    dispi->virt_height = lines_in_memory(dispi);
    dispi->x_offset = dispi->y_offset = 0;
}

static void write_offset(struct vbe_dispi *dispi, unsigned reg, uint16_t value, const struct log_source *log)
{
    bool x = reg == DISPI_X_OFFSET;
    int limit = x ? dispi->virt_width - dispi->xres : dispi->virt_height - dispi->yres;
    if (!vbe_dispi_on(dispi) || value > limit)
        refuse(log, x ? "x offset" : "y offset", value);
    else if (x)
        dispi->x_offset = value;
    else
        dispi->y_offset = value;
}

static void write_id(struct vbe_dispi *dispi, uint16_t value, const struct log_source *log)
{
    if (value >= DISPI_ID0 && value <= DISPI_ID5)
        dispi->id = value; /* a driver asks for an older revision */
    else
        refuse(log, "ID", value);
}

enum vbe_dispi_event vbe_dispi_write(struct vbe_dispi *dispi, unsigned reg, uint16_t value,
                                     const struct log_source *log)
{
    switch (reg) {
    case DISPI_ID: write_id(dispi, value, log); break;
    case DISPI_XRES:
    case DISPI_YRES: write_size(dispi, reg, value, log); break;
    case DISPI_BPP: write_bpp(dispi, value, log); break;
    case DISPI_ENABLE: return write_enable(dispi, value, log);
    case DISPI_BANK: return write_bank(dispi, value, log);
    case DISPI_VIRT_WIDTH: write_virt_width(dispi, value, log); break;
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET: write_offset(dispi, reg, value, log); break;
    default: log_write(log, LOG_GUEST, "VBE: write of %u to read-only register %u", value, reg); break;
    }
    return DISPI_NOTHING;
}

const struct state_field vbe_dispi_fields[] = {
    STATE_SCALAR(struct vbe_dispi, index),       STATE_SCALAR(struct vbe_dispi, id),
    STATE_SCALAR(struct vbe_dispi, xres),        STATE_SCALAR(struct vbe_dispi, yres),
    STATE_SCALAR(struct vbe_dispi, bpp),         STATE_SCALAR(struct vbe_dispi, enable),
    STATE_SCALAR(struct vbe_dispi, bank),        STATE_SCALAR(struct vbe_dispi, virt_width),
    STATE_SCALAR(struct vbe_dispi, virt_height), STATE_SCALAR(struct vbe_dispi, x_offset),
    STATE_SCALAR(struct vbe_dispi, y_offset),    STATE_END,
};
