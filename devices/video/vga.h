/* SPDX-License-Identifier: MIT */
/* The display adapter: an IBM VGA with Bochs' VBE extensions in front of linear video memory. */
#ifndef LATHE_DEVICES_VIDEO_VGA_H
#define LATHE_DEVICES_VIDEO_VGA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem/physmap.h"
#include "core/mem/portmap.h"

struct clock;
struct error;
struct log;
struct memory;
struct state_desc;
struct vga;
struct video_frame;

struct vga_config {
    struct clock *clock;
    struct memory *memory;   /* video memory is taken from it */
    struct physmap *physmap; /* the windows between A0000h and BFFFFh go here */
    int window_priority;     /* of those windows in the map; the next higher one is used too */
    uint32_t vram_size;      /* power of two, 256 KiB to 256 MiB; 16 MiB is usual */
    struct log *log;         /* may be NULL */
};

/* Creates the adapter in its power-on state. NULL with *err on a bad size. Takes vram_size bytes of guest
 * memory. */
struct vga *vga_new(const struct vga_config *cfg, struct error *err);
void vga_free(struct vga *vga);

/* Hardware reset; video memory keeps its contents. */
void vga_reset(struct vga *vga);

/* Whether the bus lets I/O and memory cycles through to the legacy addresses (PCI command register). Both are
 * on after vga_new. */
void vga_set_decode(struct vga *vga, bool io, bool mem);

/* Offset and size of video memory in guest memory: what a linear frame buffer maps. */
mem_t vga_vram_offset(const struct vga *vga);
uint32_t vga_vram_size(const struct vga *vga);

extern const struct port_ops vga_ports_3c0;    /* 16 ports: attribute, sequencer, DAC, graphics controller */
extern const struct port_ops vga_ports_mono;   /* 12 ports from 3B0h, alive while MISC selects mono */
extern const struct port_ops vga_ports_colour; /* 16 ports from 3D0h, alive while MISC selects colour */
extern const struct port_ops vga_ports_dispi;  /* 4 ports from 1CEh: index, data at 1CFh and 1D0h */
extern const struct state_desc vga_desc;

/* Draws the picture that the monitor shows at virtual time `now_ns`. A pure function of the adapter's state;
 * the frame is resized as needed. */
void vga_render(const struct vga *vga, uint64_t now_ns, struct video_frame *frame);

/* One line for `info`: the mode in words, e.g. "text 80x25, 720x400". Returns its length as snprintf. */
int vga_describe(const struct vga *vga, char *text, unsigned size);

#endif
