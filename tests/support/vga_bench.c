/* SPDX-License-Identifier: MIT */
#include "tests/support/vga_bench.h"

#include <stdlib.h>

#include "core/base/error.h"
#include "tests/support/fake_clock.h"

enum { VRAM_SIZE = 16 << 20, WINDOW_PRIORITY = 10 };

/* clang-format off */
#define H40(retrace_end) 0x2D, 0x27, 0x28, 0x90, 0x2B, retrace_end
#define H80_TEXT         0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81
#define H80              0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80
#define V400(max_scan, cursor_start, cursor_end) \
    0xBF, 0x1F, 0x00, max_scan, cursor_start, cursor_end, 0, 0, 0, 0, 0x9C, 0x8E, 0x8F
#define V350(max_scan, cursor_start, cursor_end) \
    0xBF, 0x1F, 0x00, max_scan, cursor_start, cursor_end, 0, 0, 0, 0, 0x83, 0x85, 0x5D
#define V480 0x0B, 0x3E, 0x00, 0x40, 0, 0, 0, 0, 0, 0, 0xEA, 0x8C, 0xDF
#define EGA64 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F
#define RGBI  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17
#define CGA4  0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17
#define CGA2  0x00, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17
#define MONO  0x00, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x10, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18
#define MONO_GRAPHICS 0x00, 0x08, 0, 0, 0x18, 0x18, 0, 0, 0, 0x08, 0, 0, 0, 0x18, 0, 0
#define SAME  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define TWO   0x00, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F

static const struct vga_mode_regs modes[] = {
    {0x01, {0x08, 0x03, 0x00, 0x02}, 0x67, {H40(0xA0), V400(0x4F, 0x0D, 0x0E), 0x14, 0x1F, 0x96, 0xB9, 0xA3, 0xFF},
     {EGA64, 0x0C, 0x00, 0x0F, 0x08}, {0, 0, 0, 0, 0, 0x10, 0x0E, 0x00, 0xFF}},
    {0x03, {0x00, 0x03, 0x00, 0x02}, 0x67, {H80_TEXT, V400(0x4F, 0x0D, 0x0E), 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF},
     {EGA64, 0x0C, 0x00, 0x0F, 0x08}, {0, 0, 0, 0, 0, 0x10, 0x0E, 0x00, 0xFF}},
    {0x04, {0x09, 0x03, 0x00, 0x02}, 0x63, {H40(0x80), V400(0xC1, 0, 0), 0x14, 0x00, 0x96, 0xB9, 0xA2, 0xFF},
     {CGA4, 0x01, 0x00, 0x03, 0x00}, {0, 0, 0, 0, 0, 0x30, 0x0F, 0x00, 0xFF}},
    {0x06, {0x01, 0x01, 0x00, 0x06}, 0x63, {H80, V400(0xC1, 0, 0), 0x28, 0x00, 0x96, 0xB9, 0xC2, 0xFF},
     {CGA2, 0x01, 0x00, 0x01, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x0D, 0x00, 0xFF}},
    {0x07, {0x00, 0x03, 0x00, 0x02}, 0x66, {H80_TEXT, V400(0x4F, 0x0D, 0x0E), 0x28, 0x0F, 0x96, 0xB9, 0xA3, 0xFF},
     {MONO, 0x0E, 0x00, 0x0F, 0x08}, {0, 0, 0, 0, 0, 0x10, 0x0A, 0x00, 0xFF}},
    {0x0D, {0x09, 0x0F, 0x00, 0x06}, 0x63, {H40(0x80), V400(0xC0, 0, 0), 0x14, 0x00, 0x96, 0xB9, 0xE3, 0xFF},
     {RGBI, 0x01, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x0F, 0xFF}},
    {0x0E, {0x01, 0x0F, 0x00, 0x06}, 0x63, {H80, V400(0xC0, 0, 0), 0x28, 0x00, 0x96, 0xB9, 0xE3, 0xFF},
     {RGBI, 0x01, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x0F, 0xFF}},
    {0x0F, {0x01, 0x0F, 0x00, 0x06}, 0xA2, {H80, V350(0x40, 0, 0), 0x28, 0x0F, 0x63, 0xBA, 0xE3, 0xFF},
     {MONO_GRAPHICS, 0x0B, 0x00, 0x05, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x05, 0xFF}},
    {0x10, {0x01, 0x0F, 0x00, 0x06}, 0xA3, {H80, V350(0x40, 0, 0), 0x28, 0x0F, 0x63, 0xBA, 0xE3, 0xFF},
     {EGA64, 0x01, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x0F, 0xFF}},
    {0x11, {0x01, 0x0F, 0x00, 0x06}, 0xE3, {H80, V480, 0x28, 0x00, 0xE7, 0x04, 0xC3, 0xFF},
     {TWO, 0x01, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x01, 0xFF}},
    {0x12, {0x01, 0x0F, 0x00, 0x06}, 0xE3, {H80, V480, 0x28, 0x00, 0xE7, 0x04, 0xE3, 0xFF},
     {EGA64, 0x01, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x00, 0x05, 0x0F, 0xFF}},
    {0x13, {0x01, 0x0F, 0x00, 0x0E}, 0x63, {H80, V400(0x41, 0, 0), 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF},
     {SAME, 0x41, 0x00, 0x0F, 0x00}, {0, 0, 0, 0, 0, 0x40, 0x05, 0x0F, 0xFF}},
};
/* clang-format on */

void vga_bench_init(struct vga_bench *bench)
{
    *bench = (struct vga_bench){.vga = NULL};
    struct error err;
    fake_clock_init(&bench->clock);
    if (!memory_init(&bench->memory, VRAM_SIZE + (1 << 20), &err))
        abort();
    physmap_init(&bench->map, &bench->memory);
    bench->ports = portmap_new(NULL);
    bench->vga = vga_new(&(struct vga_config){.clock = &bench->clock,
                                              .memory = &bench->memory,
                                              .physmap = &bench->map,
                                              .window_priority = WINDOW_PRIORITY,
                                              .vram_size = VRAM_SIZE},
                         &err);
    if (!bench->vga || !portmap_add(bench->ports, "vga", 0x3C0, 16, &vga_ports_3c0, bench->vga, &err) ||
        !portmap_add(bench->ports, "vga mono", 0x3B0, 12, &vga_ports_mono, bench->vga, &err) ||
        !portmap_add(bench->ports, "vga colour", 0x3D0, 16, &vga_ports_colour, bench->vga, &err) ||
        !portmap_add(bench->ports, "vbe", 0x1CE, 4, &vga_ports_dispi, bench->vga, &err))
        abort();
}

void vga_bench_free(struct vga_bench *bench)
{
    video_frame_free(&bench->frame);
    vga_free(bench->vga);
    portmap_free(bench->ports);
    physmap_free(&bench->map);
    memory_free(&bench->memory);
}

void vga_out(struct vga_bench *bench, uint16_t port, uint8_t value)
{
    portmap_write(bench->ports, port, 1, value);
}

uint8_t vga_in(struct vga_bench *bench, uint16_t port)
{
    return (uint8_t)portmap_read(bench->ports, port, 1);
}

void vga_out_indexed(struct vga_bench *bench, uint16_t port, uint8_t index, uint8_t value)
{
    portmap_write(bench->ports, port, 2, index | (uint32_t)value << 8);
}

uint8_t vga_in_indexed(struct vga_bench *bench, uint16_t port, uint8_t index)
{
    vga_out(bench, port, index);
    return vga_in(bench, (uint16_t)(port + 1));
}

static uint16_t status_port(struct vga_bench *bench)
{
    return vga_in(bench, 0x3CC) & 1 ? 0x3DA : 0x3BA;
}

void vga_out_attribute(struct vga_bench *bench, uint8_t index, uint8_t value)
{
    vga_in(bench, status_port(bench));
    vga_out(bench, 0x3C0, index);
    vga_out(bench, 0x3C0, value);
}

uint8_t vga_in_attribute(struct vga_bench *bench, uint8_t index)
{
    vga_in(bench, status_port(bench));
    vga_out(bench, 0x3C0, index);
    uint8_t value = vga_in(bench, 0x3C1);
    vga_in(bench, status_port(bench));
    return value;
}

void vga_poke(struct vga_bench *bench, gpa_t address, uint8_t value)
{
    physmap_write(&bench->map, address, 1, value);
}

uint8_t vga_peek(struct vga_bench *bench, gpa_t address)
{
    return (uint8_t)physmap_read(&bench->map, address, 1);
}

void vga_bench_colour(struct vga_bench *bench, uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    vga_out(bench, 0x3C8, index);
    vga_out(bench, 0x3C9, red);
    vga_out(bench, 0x3C9, green);
    vga_out(bench, 0x3C9, blue);
}

/* Bits 0-2 are two thirds of blue, green, red; bits 3-5 one third: the EGA's 64 colours. */
static void load_ega_colours(struct vga_bench *bench)
{
    for (unsigned i = 0; i < 64; i++)
        vga_bench_colour(bench, (uint8_t)i, (uint8_t)((i >> 2 & 1) * 42 + (i >> 5 & 1) * 21),
                         (uint8_t)((i >> 1 & 1) * 42 + (i >> 4 & 1) * 21),
                         (uint8_t)((i & 1) * 42 + (i >> 3 & 1) * 21));
}

/* Bits 0-2 as above, bit 4 is intensity: the CGA's 16 colours. */
static void load_cga_colours(struct vga_bench *bench)
{
    for (unsigned i = 0; i < 64; i++) {
        uint8_t light = i & 0x10 ? 21 : 0;
        vga_bench_colour(bench, (uint8_t)i, (uint8_t)((i >> 2 & 1) * 42 + light),
                         (uint8_t)((i >> 1 & 1) * 42 + light), (uint8_t)((i & 1) * 42 + light));
    }
}

static void load_colours(struct vga_bench *bench, unsigned number)
{
    if (number == 0x13) {
        for (unsigned i = 0; i < 256; i++)
            vga_bench_colour(bench, (uint8_t)i, (uint8_t)(i >> 5 << 3), (uint8_t)((i >> 2 & 7) << 3),
                             (uint8_t)((i & 3) << 4));
    } else if ((number >= 4 && number <= 6) || number == 0x0D || number == 0x0E) {
        load_cga_colours(bench);
    } else if (number == 7 || number == 0x0F) {
        for (unsigned i = 0; i < 64; i++) {
            uint8_t grey = (uint8_t)((i >> 3 & 1) * 42 + (i >> 4 & 1) * 21);
            vga_bench_colour(bench, (uint8_t)i, grey, grey, grey);
        }
    } else {
        load_ega_colours(bench);
    }
}

static void load_registers(struct vga_bench *bench, const struct vga_mode_regs *mode)
{
    vga_out_indexed(bench, 0x3C4, 0, 1);
    for (uint8_t i = 0; i < 4; i++)
        vga_out_indexed(bench, 0x3C4, i + 1, mode->seq[i]);
    vga_out(bench, 0x3C2, mode->misc);
    vga_out_indexed(bench, 0x3C4, 0, 3);
    uint16_t crtc = mode->misc & 1 ? 0x3D4 : 0x3B4;
    vga_out_indexed(bench, crtc, 0x11, 0);
    for (uint8_t i = 0; i < 25; i++)
        vga_out_indexed(bench, crtc, i, mode->crtc[i]);
    for (uint8_t i = 0; i < 9; i++)
        vga_out_indexed(bench, 0x3CE, i, mode->gc[i]);
    for (uint8_t i = 0; i < 21; i++)
        vga_out_attribute(bench, i, i < 20 ? mode->attr[i] : 0);
    vga_out(bench, 0x3C0, 0x20);
    vga_out(bench, 0x3C6, 0xFF);
}

void vga_bench_mode(struct vga_bench *bench, unsigned number)
{
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (modes[i].number == number) {
            load_registers(bench, &modes[i]);
            load_colours(bench, number);
            return;
        }
    }
    abort();
}

void vga_bench_glyph(struct vga_bench *bench, uint8_t character, const uint8_t *rows, unsigned count)
{
    uint8_t map = vga_in_indexed(bench, 0x3C4, 2), memory = vga_in_indexed(bench, 0x3C4, 4);
    uint8_t mode = vga_in_indexed(bench, 0x3CE, 5), misc = vga_in_indexed(bench, 0x3CE, 6);
    vga_out_indexed(bench, 0x3C4, 2, 0x04);
    vga_out_indexed(bench, 0x3C4, 4, 0x07);
    vga_out_indexed(bench, 0x3CE, 5, 0x00);
    vga_out_indexed(bench, 0x3CE, 6, 0x04);
    for (unsigned i = 0; i < count; i++)
        vga_poke(bench, 0xA0000 + character * 32u + i, rows[i]);
    vga_out_indexed(bench, 0x3C4, 2, map);
    vga_out_indexed(bench, 0x3C4, 4, memory);
    vga_out_indexed(bench, 0x3CE, 5, mode);
    vga_out_indexed(bench, 0x3CE, 6, misc);
}

void vga_bench_render(struct vga_bench *bench)
{
    vga_render(bench->vga, clock_now(&bench->clock), &bench->frame);
}

uint32_t vga_bench_pixel(const struct vga_bench *bench, unsigned x, unsigned y)
{
    if (x >= bench->frame.width || y >= bench->frame.height)
        abort();
    return bench->frame.pixels[(size_t)y * bench->frame.width + x];
}

void vga_out_dispi(struct vga_bench *bench, uint16_t reg, uint16_t value)
{
    portmap_write(bench->ports, 0x1CE, 2, reg);
    portmap_write(bench->ports, 0x1CF, 2, value);
}

uint16_t vga_in_dispi(struct vga_bench *bench, uint16_t reg)
{
    portmap_write(bench->ports, 0x1CE, 2, reg);
    return (uint16_t)portmap_read(bench->ports, 0x1D0, 2);
}
