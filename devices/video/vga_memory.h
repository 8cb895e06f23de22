/* SPDX-License-Identifier: MIT */
/* The CPU's way to display memory through the sequencer and the graphics controller. */
#ifndef LATHE_DEVICES_VIDEO_VGA_MEMORY_H
#define LATHE_DEVICES_VIDEO_VGA_MEMORY_H

#include <stdbool.h>

#include "core/mem/physmap.h"

struct vga;

/* Serves each of the windows; self is the struct vga, offsets count from the window's base. */
extern const struct mmio_ops vga_window_ops;

/* Recomputes vga->path from the registers. */
void vga_memory_update(struct vga *vga);

/* Whether chain-4 accesses are plain stores and loads of video memory at the same offset. */
bool vga_memory_is_linear(const struct vga *vga);

#endif
