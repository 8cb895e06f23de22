/* SPDX-License-Identifier: MIT */
/* The adapter as a whole: construction, reset, memory windows, state.
 *
 * A0000h to BFFFFh reach display memory through the graphics controller (vga_memory.c) at the window that
 * GC_MISC selects. Where that would be plain loads and stores (VBE banks, undisturbed chain-4), video memory
 * itself is mapped in front of the window. Known deviations: no vertical interrupt line, as on most PCI
 * boards; interlaced modes show as progressive ones. */
#include "devices/video/vga.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/mem/memory.h"
#include "devices/video/vga_internal.h"
#include "devices/video/vga_memory.h"

enum {
    VRAM_MIN = 256 << 10,
    VRAM_MAX = 256 << 20,
    WINDOW_A000_64K = 1, /* value of GC_MISC_MAP */
    NO_WINDOW = VGA_WINDOWS,
};

static const struct {
    const char *name;
    gpa_t base;
    uint64_t size;
} windows[VGA_WINDOWS] = {
    {"vga A000h 128K", 0xA0000, 0x20000},
    {"vga A000h 64K", 0xA0000, 0x10000},
    {"vga B000h 32K", 0xB0000, 0x8000},
    {"vga B800h 32K", 0xB8000, 0x8000},
};

static unsigned selected_window(const struct vga *vga)
{
    if (!vga->decode_mem || !(vga->enable & 1) || !(vga->misc & MISC_RAM_ENABLE))
        return NO_WINDOW;
    if (vbe_dispi_packed(&vga->dispi))
        return WINDOW_A000_64K;
    return (vga->gc[GC_MISC] & GC_MISC_MAP) >> 2;
}

static void update_windows(struct vga *vga)
{
    unsigned selected = selected_window(vga);
    bool packed = vbe_dispi_packed(&vga->dispi);
    bool linear = selected == WINDOW_A000_64K && (packed || vga_memory_is_linear(vga));
    if (linear)
        physmap_retarget(vga->physmap, vga->linear,
                         vga->vram + (packed ? (mem_t)vga->dispi.bank * DISPI_BANK_SIZE : 0));
    physmap_enable(vga->physmap, vga->linear, linear, linear);
    for (unsigned i = 0; i < VGA_WINDOWS; i++)
        physmap_enable(vga->physmap, vga->window[i], i == selected, i == selected);
}

void vga_update(struct vga *vga)
{
    vga_memory_update(vga);
    update_windows(vga);
}

void vga_write_dispi(struct vga *vga, unsigned reg, uint16_t value)
{
    bool wide = vga->dispi.enable & DISPI_8BIT_DAC;
    enum vbe_dispi_event event = vbe_dispi_write(&vga->dispi, reg, value, &vga->log);
    if (wide != !!(vga->dispi.enable & DISPI_8BIT_DAC))
        vga_dac_convert(&vga->dac, !wide);
    if (event == DISPI_CHANGED_CLEARED) {
        memset(vga->memory->host + vga->vram, 0, vga->vram_size);
        memory_written(vga->memory, vga->vram, vga->vram_size);
    }
    if (event != DISPI_NOTHING)
        vga_update(vga);
}

void vga_set_decode(struct vga *vga, bool io, bool mem)
{
    vga->decode_io = io;
    vga->decode_mem = mem;
    update_windows(vga);
}

mem_t vga_vram_offset(const struct vga *vga)
{
    return vga->vram;
}

uint32_t vga_vram_size(const struct vga *vga)
{
    return vga->vram_size;
}

void vga_reset(struct vga *vga)
{
    vga->misc = vga->feature = 0;
    vga->enable = 1;
    vga->seq_index = vga->crtc_index = vga->gc_index = vga->attr_index = 0;
    vga->attr_data = false;
    memset(vga->seq, 0, sizeof vga->seq);
    memset(vga->crtc, 0, sizeof vga->crtc);
    memset(vga->gc, 0, sizeof vga->gc);
    memset(vga->attr, 0, sizeof vga->attr);
    vga->latch = 0;
    vga->interrupt_cleared_ns = clock_now(vga->clock);
    vga_dac_reset(&vga->dac);
    vbe_dispi_reset(&vga->dispi);
    vga_update(vga);
}

static void add_windows(struct vga *vga, int priority)
{
    for (unsigned i = 0; i < VGA_WINDOWS; i++)
        vga->window[i] = physmap_add(vga->physmap, &(struct physmap_region){
                                                       .name = windows[i].name,
                                                       .kind = PHYSMAP_MMIO,
                                                       .priority = priority,
                                                       .base = windows[i].base,
                                                       .size = windows[i].size,
                                                       .ops = &vga_window_ops,
                                                       .self = vga,
                                                   });
    vga->linear = physmap_add(vga->physmap, &(struct physmap_region){
                                                .name = "vga linear window",
                                                .kind = PHYSMAP_MEMORY,
                                                .priority = priority + 1,
                                                .base = windows[WINDOW_A000_64K].base,
                                                .size = windows[WINDOW_A000_64K].size,
                                                .offset = vga->vram,
                                            });
}

struct vga *vga_new(const struct vga_config *cfg, struct error *err)
{
    uint32_t size = cfg->vram_size;
    if (size < VRAM_MIN || size > VRAM_MAX || size & (size - 1)) {
        error_set(err, "vga: %" PRIu32 " KiB of video memory; a power of two from 256 KiB to 256 MiB works",
                  size >> 10);
        return NULL;
    }
    struct vga *vga = alloc_zeroed(sizeof *vga);
    vga->clock = cfg->clock;
    vga->memory = cfg->memory;
    vga->physmap = cfg->physmap;
    vga->vram_size = vga->dispi.vram_size = size;
    vga->vram = memory_take(cfg->memory, size);
    vga->decode_io = vga->decode_mem = true;
    log_attach(cfg->log, &vga->log, "vga");
    add_windows(vga, cfg->window_priority);
    vga_reset(vga);
    return vga;
}

void vga_free(struct vga *vga)
{
    if (!vga)
        return;
    for (unsigned i = 0; i < VGA_WINDOWS; i++)
        physmap_remove(vga->physmap, vga->window[i]);
    physmap_remove(vga->physmap, vga->linear);
    log_detach(&vga->log);
    alloc_free(vga);
}

static bool after_load(void *self, struct error *err)
{
    struct vga *vga = self;
    if (!vbe_dispi_valid(&vga->dispi) || vga->dac.cycle > 2)
        return error_set(err, "vga: the saved registers are damaged");
    vga_update(vga);
    return true;
}

static const struct state_field vga_fields[] = {
    STATE_SCALAR(struct vga, decode_io),
    STATE_SCALAR(struct vga, decode_mem),
    STATE_SCALAR(struct vga, misc),
    STATE_SCALAR(struct vga, feature),
    STATE_SCALAR(struct vga, enable),
    STATE_SCALAR(struct vga, seq_index),
    STATE_ARRAY(struct vga, seq),
    STATE_SCALAR(struct vga, crtc_index),
    STATE_ARRAY(struct vga, crtc),
    STATE_SCALAR(struct vga, gc_index),
    STATE_ARRAY(struct vga, gc),
    STATE_SCALAR(struct vga, attr_index),
    STATE_ARRAY(struct vga, attr),
    STATE_SCALAR(struct vga, attr_data),
    STATE_SCALAR(struct vga, latch),
    STATE_SCALAR(struct vga, interrupt_cleared_ns),
    STATE_STRUCT(struct vga, dac, vga_dac_fields),
    STATE_STRUCT(struct vga, dispi, vbe_dispi_fields),
    STATE_END,
};

const struct state_desc vga_desc = {"vga", 1, vga_fields, .after_load = after_load};
