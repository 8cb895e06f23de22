/* SPDX-License-Identifier: MIT */
/* The adapter's state, shared by the files that implement it. */
#ifndef LATHE_DEVICES_VIDEO_VGA_INTERNAL_H
#define LATHE_DEVICES_VIDEO_VGA_INTERNAL_H

#include "core/base/log.h"
#include "devices/video/vbe_dispi.h"
#include "devices/video/vga.h"
#include "devices/video/vga_dac.h"
#include "devices/video/vga_regs.h"

enum { VGA_WINDOWS = 4 };

/* What the graphics controller and the sequencer do to a CPU access, one byte of each word a plane. Derived.
 */
struct vga_path {
    uint32_t set_reset, enable_set_reset;
    uint32_t bit_mask, map_mask;
    uint32_t compare, care;
    uint8_t write_mode, rotate, function, read_plane;
    bool read_compare;
    bool chain4, write_odd_even, read_odd_even, chain_odd_even;
    uint32_t base;        /* added to each plane address: the VBE bank */
    uint32_t wrap;        /* mask of plane addresses */
    uint32_t odd_even[2]; /* map_mask for even and odd addresses where chain-4 is off */
};

struct vga {
    struct clock *clock;
    struct memory *memory;
    struct physmap *physmap;
    struct log_source log;
    mem_t vram;
    uint32_t vram_size;

    bool decode_io, decode_mem;
    uint8_t misc, feature, enable;
    uint8_t seq_index, seq[SEQ_COUNT];
    uint8_t crtc_index, crtc[CRTC_COUNT];
    uint8_t gc_index, gc[GC_COUNT];
    uint8_t attr_index, attr[ATTR_COUNT];
    bool attr_data; /* the flip-flop: the next write to 3C0h is data */
    uint32_t latch; /* plane 0 in the low byte */
    uint64_t interrupt_cleared_ns;
    struct vga_dac dac;
    struct vbe_dispi dispi;

    struct vga_path path;
    struct physmap_region *window[VGA_WINDOWS]; /* MMIO, one for each value of GC_MISC_MAP */
    struct physmap_region *linear;              /* plain memory in front of window 1 */
};

/* The four planes' bytes of each address lie side by side in video memory. */
static inline uint8_t *vga_plane_bytes(const struct vga *vga, uint32_t address)
{
    return vga->memory->host + vga->vram + 4 * (uint64_t)address;
}

/* Byte mask of a set of planes: bit n of `planes` fills byte n. */
static inline uint32_t vga_plane_mask(unsigned planes)
{
    return ((planes & 0xF) * 0x00204081u & 0x01010101u) * 0xFF;
}

/* Writes a register of the Bochs interface and acts on it: windows move, video memory is cleared. */
void vga_write_dispi(struct vga *vga, unsigned reg, uint16_t value);

/* The registers at 3C0h to 3DFh (offset 0 to 1Fh), whatever the bus decodes: the way through the PCI register
 * page.
 */
uint8_t vga_register_read(struct vga *vga, uint32_t offset);
void vga_register_write(struct vga *vga, uint32_t offset, uint8_t value);

/* Recomputes the data path and the memory windows after any register changed that they depend on. */
void vga_update(struct vga *vga);

#endif
