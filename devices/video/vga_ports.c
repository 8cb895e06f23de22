/* SPDX-License-Identifier: MIT */
/* The register ports (IBM VGA reference, "Registers"). Known deviations: 3C1h takes attribute writes as 3C0h
 * does, so that a word written to 3C0h sets index and data, as on the EGA; the diagnostic bits of input
 * status 1 always show the overscan colour. */
#include "core/base/clock.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_timing.h"

enum { NOBODY = 0xFF };

/* Bits that exist; the others read as zero. */
static const uint8_t seq_bits[SEQ_COUNT] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
static const uint8_t gc_bits[GC_COUNT] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
static const uint8_t crtc_bits[CRTC_COUNT] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F,
                                              0xFF, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                              0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF};
static const uint8_t attr_bits[ATTR_COUNT] = {
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F,
};

static bool wide_dac(const struct vga *vga)
{
    return vga->dispi.enable & DISPI_8BIT_DAC;
}

static void log_unknown(const struct vga *vga, const char *unit, unsigned index)
{
    log_write(&vga->log, LOG_GUEST, "write to %s register %02Xh, which does not exist", unit, index);
}

static void write_seq(struct vga *vga, uint8_t value)
{
    if (vga->seq_index >= SEQ_COUNT) {
        log_unknown(vga, "sequencer", vga->seq_index);
        return;
    }
    vga->seq[vga->seq_index] = value & seq_bits[vga->seq_index];
    vga_update(vga);
}

static void write_gc(struct vga *vga, uint8_t value)
{
    if (vga->gc_index >= GC_COUNT) {
        log_unknown(vga, "graphics", vga->gc_index);
        return;
    }
    vga->gc[vga->gc_index] = value & gc_bits[vga->gc_index];
    vga_update(vga);
}

static void write_attribute(struct vga *vga, uint8_t value)
{
    unsigned index = vga->attr_index & ATTR_INDEX;
    if (!vga->attr_data)
        vga->attr_index = value & (ATTR_INDEX | ATTR_INDEX_PALETTE_SOURCE);
    else if (index < ATTR_COUNT)
        vga->attr[index] = value & attr_bits[index];
    else
        log_unknown(vga, "attribute", index);
    vga->attr_data = !vga->attr_data;
}

static uint8_t read_attribute(const struct vga *vga)
{
    unsigned index = vga->attr_index & ATTR_INDEX;
    return index < ATTR_COUNT ? vga->attr[index] : 0;
}

/* The retrace end register also holds the interrupt's clear bit, which acts while it is 0. */
static void write_v_retrace_end(struct vga *vga, uint8_t value)
{
    vga->crtc[CRTC_V_RETRACE_END] = value;
    if (!(value & V_RETRACE_END_CLEAR_INT))
        vga->interrupt_cleared_ns = clock_now(vga->clock);
}

static void write_crtc(struct vga *vga, uint8_t value)
{
    unsigned index = vga->crtc_index;
    if (index >= CRTC_COUNT) {
        log_unknown(vga, "CRTC", index);
        return;
    }
    bool protected = vga->crtc[CRTC_V_RETRACE_END] & V_RETRACE_END_PROTECT;
    uint8_t *reg = &vga->crtc[index];
    if (protected && index == CRTC_OVERFLOW)
        *reg = (*reg & (uint8_t)~OVERFLOW_LINE_COMPARE) | (value & OVERFLOW_LINE_COMPARE);
    else if (index == CRTC_V_RETRACE_END)
        write_v_retrace_end(vga, value);
    else if (!protected || index > CRTC_OVERFLOW)
        *reg = value & crtc_bits[index];
}

static uint8_t read_crtc(const struct vga *vga)
{
    switch (vga->crtc_index) {
    case CRTC_LATCH_READ: return (uint8_t)(vga->latch >> 8 * (vga->gc[GC_READ_MAP] & 3));
    case CRTC_FLIP_FLOP_READ: return vga->attr_data ? 0x80 : 0;
    default: return vga->crtc_index < CRTC_COUNT ? vga->crtc[vga->crtc_index] : 0;
    }
}

/* The comparator on the DAC outputs: it trips while the border drives any gun beyond about half of full
 * scale. */
static bool switch_sense(const struct vga *vga)
{
    const uint8_t *rgb = &vga->dac.colours[3 * (vga->attr[ATTR_OVERSCAN] & vga->dac.mask)];
    unsigned threshold = wide_dac(vga) ? 0x80 : 0x20;
    return rgb[0] >= threshold || rgb[1] >= threshold || rgb[2] >= threshold;
}

static uint8_t read_status0(const struct vga *vga)
{
    uint8_t status = 0;
    if (!switch_sense(vga))
        status |= STATUS0_SWITCH_SENSE;
    if (vga_interrupt_pending(vga, clock_now(vga->clock)))
        status |= STATUS0_CRT_INTERRUPT;
    return status;
}

/* Plane enable bits 5 and 4 choose which two of the eight colour bits the diagnostic bits show. */
static uint8_t diagnostic_bits(const struct vga *vga)
{
    static const uint8_t shift[4][2] = {{2, 0}, {5, 4}, {3, 1}, {7, 6}};
    const uint8_t *pair = shift[vga->attr[ATTR_PLANE_ENABLE] >> 4 & 3];
    unsigned colour = vga->attr[ATTR_OVERSCAN];
    return (uint8_t)((colour >> pair[0] & 1) << 5 | (colour >> pair[1] & 1) << 4);
}

static uint8_t read_status1(struct vga *vga)
{
    vga->attr_data = false;
    return vga_beam_status(vga, clock_now(vga->clock)) | diagnostic_bits(vga);
}

static uint8_t read_3c0(struct vga *vga, uint32_t offset)
{
    switch (offset) {
    case VGA_ATTRIBUTE: return vga->attr_index;
    case VGA_ATTRIBUTE_READ: return read_attribute(vga);
    case VGA_MISC_WRITE: return read_status0(vga);
    case VGA_ENABLE: return vga->enable;
    case VGA_SEQ_INDEX: return vga->seq_index;
    case VGA_SEQ_DATA: return vga->seq_index < SEQ_COUNT ? vga->seq[vga->seq_index] : 0;
    case VGA_DAC_MASK: return vga->dac.mask;
    case VGA_DAC_READ_INDEX: return vga_dac_state(&vga->dac);
    case VGA_DAC_WRITE_INDEX: return vga->dac.index;
    case VGA_DAC_DATA: return vga_dac_read(&vga->dac, wide_dac(vga));
    case VGA_FEATURE_READ: return vga->feature;
    case VGA_MISC_READ: return vga->misc;
    case VGA_GC_INDEX: return vga->gc_index;
    case VGA_GC_DATA: return vga->gc_index < GC_COUNT ? vga->gc[vga->gc_index] : 0;
    default: return NOBODY;
    }
}

static void write_misc(struct vga *vga, uint8_t value)
{
    vga->misc = value & 0xEF;
    vga_update(vga);
}

static void write_3c0(struct vga *vga, uint32_t offset, uint8_t value)
{
    switch (offset) {
    case VGA_ATTRIBUTE:
    case VGA_ATTRIBUTE_READ: write_attribute(vga, value); break;
    case VGA_MISC_WRITE: write_misc(vga, value); break;
    case VGA_SEQ_INDEX: vga->seq_index = value & 0x07; break;
    case VGA_SEQ_DATA: write_seq(vga, value); break;
    case VGA_DAC_MASK: vga->dac.mask = value; break;
    case VGA_DAC_READ_INDEX: vga_dac_set_read_index(&vga->dac, value); break;
    case VGA_DAC_WRITE_INDEX: vga_dac_set_write_index(&vga->dac, value); break;
    case VGA_DAC_DATA: vga_dac_write(&vga->dac, value, wide_dac(vga)); break;
    case VGA_GC_INDEX: vga->gc_index = value & 0x0F; break;
    case VGA_GC_DATA: write_gc(vga, value); break;
    default: log_write(&vga->log, LOG_DEBUG, "write of %02Xh to read-only port 3C%Xh", value, offset); break;
    }
}

static bool awake(const struct vga *vga)
{
    return vga->enable & 1;
}

static uint8_t block_3c0_read(struct vga *vga, uint32_t offset)
{
    return awake(vga) || offset == VGA_ENABLE ? read_3c0(vga, offset) : NOBODY;
}

static void block_3c0_write(struct vga *vga, uint32_t offset, uint8_t value)
{
    if (offset == VGA_ENABLE) {
        vga->enable = value & 1;
        vga_update(vga);
    } else if (awake(vga)) {
        write_3c0(vga, offset, value);
    }
}

static bool crtc_block_awake(const struct vga *vga, bool colour)
{
    return awake(vga) && !(vga->misc & MISC_COLOUR) == !colour;
}

static uint8_t crtc_block_read(struct vga *vga, uint32_t offset, bool colour)
{
    if (!crtc_block_awake(vga, colour))
        return NOBODY;
    switch (offset) {
    case VGA_CRTC_INDEX: return vga->crtc_index;
    case VGA_CRTC_DATA: return read_crtc(vga);
    case VGA_STATUS1: return read_status1(vga);
    default: return NOBODY;
    }
}

static void crtc_block_write(struct vga *vga, uint32_t offset, uint8_t value, bool colour)
{
    if (!crtc_block_awake(vga, colour))
        return;
    switch (offset) {
    case VGA_CRTC_INDEX: vga->crtc_index = value & 0x3F; break;
    case VGA_CRTC_DATA: write_crtc(vga, value); break;
    case VGA_STATUS1: vga->feature = value & 0x0B; break;
    default: break;
    }
}

uint8_t vga_register_read(struct vga *vga, uint32_t offset)
{
    return offset < 0x10 ? block_3c0_read(vga, offset) : crtc_block_read(vga, offset - 0x10, true);
}

void vga_register_write(struct vga *vga, uint32_t offset, uint8_t value)
{
    if (offset < 0x10)
        block_3c0_write(vga, offset, value);
    else
        crtc_block_write(vga, offset - 0x10, value, true);
}

static uint32_t ports_3c0_read(void *self, uint32_t offset, unsigned size)
{
    struct vga *vga = self;
    (void)size;
    return vga->decode_io ? block_3c0_read(vga, offset) : NOBODY;
}

static void ports_3c0_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct vga *vga = self;
    (void)size;
    if (vga->decode_io)
        block_3c0_write(vga, offset, (uint8_t)value);
}

static uint32_t ports_mono_read(void *self, uint32_t offset, unsigned size)
{
    struct vga *vga = self;
    (void)size;
    return vga->decode_io ? crtc_block_read(vga, offset, false) : NOBODY;
}

static void ports_mono_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct vga *vga = self;
    (void)size;
    if (vga->decode_io)
        crtc_block_write(vga, offset, (uint8_t)value, false);
}

static uint32_t ports_colour_read(void *self, uint32_t offset, unsigned size)
{
    struct vga *vga = self;
    (void)size;
    return vga->decode_io ? crtc_block_read(vga, offset, true) : NOBODY;
}

static void ports_colour_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct vga *vga = self;
    (void)size;
    if (vga->decode_io)
        crtc_block_write(vga, offset, (uint8_t)value, true);
}

static uint32_t ports_dispi_read(void *self, uint32_t offset, unsigned size)
{
    const struct vga *vga = self;
    (void)size;
    if (!vga->decode_io)
        return UINT32_MAX;
    return offset == 0 ? vga->dispi.index : vbe_dispi_read(&vga->dispi, vga->dispi.index);
}

static void ports_dispi_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct vga *vga = self;
    (void)size;
    if (!vga->decode_io)
        return;
    if (offset == 0)
        vga->dispi.index = (uint16_t)value;
    else
        vga_write_dispi(vga, vga->dispi.index, (uint16_t)value);
}

const struct port_ops vga_ports_3c0 = {ports_3c0_read, ports_3c0_write, 1, 1};
const struct port_ops vga_ports_mono = {ports_mono_read, ports_mono_write, 1, 1};
const struct port_ops vga_ports_colour = {ports_colour_read, ports_colour_write, 1, 1};
const struct port_ops vga_ports_dispi = {ports_dispi_read, ports_dispi_write, 1, 2};
