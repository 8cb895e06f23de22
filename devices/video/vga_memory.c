/* SPDX-License-Identifier: MIT */
/* Display memory as the CPU sees it (IBM VGA reference, "Graphics controller" and "Memory mode register").
 *
 * An address selects four bytes, one a plane, which lie side by side in video memory:
 *
 *   byte    4a+0     4a+1     4a+2     4a+3
 *           plane 0  plane 1  plane 2  plane 3   of address a
 *
 * Known deviations: chain-4 packs as SVGA chips do (CPU address n is byte n of video memory, so pixel n lives
 * at plane address n / 4; IBM leaves gaps), hence modes 13h and the linear frame buffer agree. MISC's
 * odd/even page bit is kept but has no effect. */
#include "devices/video/vga_memory.h"

#include "core/base/bytes.h"
#include "devices/video/vga_internal.h"

#define REPEAT 0x01010101u

void vga_memory_update(struct vga *vga)
{
    struct vga_path *path = &vga->path;
    const uint8_t *gc = vga->gc;
    path->set_reset = vga_plane_mask(gc[GC_SET_RESET]);
    path->enable_set_reset = vga_plane_mask(gc[GC_ENABLE_SET_RESET]);
    path->compare = vga_plane_mask(gc[GC_COLOUR_COMPARE]);
    path->care = vga_plane_mask(gc[GC_COLOUR_DONT_CARE]);
    path->bit_mask = gc[GC_BIT_MASK] * REPEAT;
    path->map_mask = vga_plane_mask(vga->seq[SEQ_MAP_MASK]);
    path->rotate = gc[GC_DATA_ROTATE] & ROTATE_COUNT;
    path->function = (gc[GC_DATA_ROTATE] & ROTATE_FUNCTION) >> 3;
    path->write_mode = gc[GC_MODE] & GC_MODE_WRITE;
    path->read_compare = gc[GC_MODE] & GC_MODE_READ_COMPARE;
    path->read_plane = gc[GC_READ_MAP] & 3;
    path->chain4 = vga->seq[SEQ_MEMORY_MODE] & MEMORY_CHAIN4;
    path->write_odd_even = !(vga->seq[SEQ_MEMORY_MODE] & MEMORY_SEQUENTIAL);
    path->read_odd_even = gc[GC_MODE] & GC_MODE_ODD_EVEN;
    path->chain_odd_even = gc[GC_MISC] & GC_MISC_CHAIN_ODD_EVEN;
    path->odd_even[0] = path->map_mask & (path->write_odd_even ? vga_plane_mask(0x5) : UINT32_MAX);
    path->odd_even[1] = path->map_mask & (path->write_odd_even ? vga_plane_mask(0xA) : UINT32_MAX);

    bool banked = vbe_dispi_on(&vga->dispi);
    path->base = banked ? (uint32_t)vga->dispi.bank * DISPI_BANK_SIZE : 0;
    path->wrap = (banked ? vga->vram_size / 4 : 0x10000) - 1;
}

bool vga_memory_is_linear(const struct vga *vga)
{
    const struct vga_path *path = &vga->path;
    return path->chain4 && path->write_mode == 0 && !path->read_compare && path->enable_set_reset == 0 &&
           path->rotate == 0 && path->function == 0 && path->bit_mask == UINT32_MAX &&
           path->map_mask == UINT32_MAX;
}

/* Plane address of a CPU address within the window. */
static uint32_t plane_address(const struct vga_path *path, uint32_t cpu)
{
    uint32_t address;
    if (path->chain4)
        address = cpu >> 2;
    else if (path->chain_odd_even)
        address = (cpu & 0xFFFE) | (cpu >> 16 & 1); /* A0 chose the plane; A16 takes its place */
    else
        address = cpu & 0xFFFF;
    return (address + path->base) & path->wrap;
}

static unsigned read_plane(const struct vga_path *path, uint32_t cpu)
{
    if (path->chain4)
        return cpu & 3;
    if (path->read_odd_even)
        return (path->read_plane & 2u) | (cpu & 1);
    return path->read_plane;
}

/* Read mode 1: a bit is set where the pixel's planes all equal the wanted colour or do not matter. */
static uint8_t compare_colour(const struct vga_path *path, uint32_t latch)
{
    uint32_t differ = (latch ^ path->compare) & path->care;
    differ |= differ >> 16;
    differ |= differ >> 8;
    return (uint8_t)~differ;
}

static uint8_t read_byte(struct vga *vga, uint32_t cpu)
{
    const struct vga_path *path = &vga->path;
    vga->latch = load_le32(vga_plane_bytes(vga, plane_address(path, cpu)));
    if (path->read_compare)
        return compare_colour(path, vga->latch);
    return (uint8_t)(vga->latch >> 8 * read_plane(path, cpu));
}

static uint8_t rotate_right(uint8_t value, unsigned count)
{
    return (uint8_t)(value >> count | value << (8 - count));
}

static uint32_t combine(unsigned function, uint32_t value, uint32_t latch)
{
    switch (function) {
    case 1: return value & latch;
    case 2: return value | latch;
    case 3: return value ^ latch;
    default: return value;
    }
}

/* The four bytes that the graphics controller offers to the planes. */
static uint32_t write_data(const struct vga_path *path, uint8_t value, uint32_t latch)
{
    uint32_t mask = path->bit_mask, data;
    switch (path->write_mode) {
    case 0:
        data = rotate_right(value, path->rotate) * REPEAT;
        data = (data & ~path->enable_set_reset) | (path->set_reset & path->enable_set_reset);
        break;
    case 1: return latch;
    case 2: data = vga_plane_mask(value); break;
    default:
        mask &= rotate_right(value, path->rotate) * REPEAT;
        data = path->set_reset;
        break;
    }
    data = combine(path->function, data, latch);
    return (data & mask) | (latch & ~mask);
}

static uint32_t write_planes(const struct vga_path *path, uint32_t cpu)
{
    if (path->chain4)
        return path->map_mask & (uint32_t)0xFF << 8 * (cpu & 3);
    return path->odd_even[cpu & 1];
}

static void write_byte(struct vga *vga, uint32_t cpu, uint8_t value)
{
    const struct vga_path *path = &vga->path;
    uint32_t planes = write_planes(path, cpu);
    uint32_t address = plane_address(path, cpu);
    uint8_t *bytes = vga_plane_bytes(vga, address);
    uint32_t data = write_data(path, value, vga->latch);
    store_le32(bytes, (load_le32(bytes) & ~planes) | (data & planes));

    mem_t offset = vga->vram + 4 * (mem_t)address;
    if (memory_page_has_code(vga->memory, offset))
        memory_written(vga->memory, offset, 4);
}

static uint64_t window_read(void *self, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)read_byte(self, (uint32_t)offset + i) << 8 * i;
    return value;
}

static void window_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        write_byte(self, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
}

const struct mmio_ops vga_window_ops = {window_read, window_write, 8};
