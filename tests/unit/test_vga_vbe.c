/* SPDX-License-Identifier: MIT */
/* The Bochs interface: limits, banks, virtual screens, depths; the PCI function with its register page and
 * EDID. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/video/vga_pci.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"
#include "tests/support/vga_bench.h"

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, MEMORY_64K };
enum { ENABLED = 1, GETCAPS = 2, DAC_8BIT = 0x20, LFB = 0x40, NO_CLEAR = 0x80 };

static void set_mode(struct vga_bench *bench, uint16_t width, uint16_t height, uint16_t bpp, uint16_t flags)
{
    vga_out_dispi(bench, ENABLE, 0);
    vga_out_dispi(bench, XRES, width);
    vga_out_dispi(bench, YRES, height);
    vga_out_dispi(bench, BPP, bpp);
    vga_out_dispi(bench, ENABLE, ENABLED | flags);
    vga_in(bench, 0x3DA);
    vga_out(bench, 0x3C0, 0x20);
}

static uint8_t *vram(struct vga_bench *bench)
{
    return bench->memory.host + vga_vram_offset(bench->vga);
}

static void begin(struct vga_bench *bench)
{
    vga_bench_init(bench);
    vga_bench_mode(bench, 0x12);
}

START_TEST(identity_and_capabilities)
{
    struct vga_bench bench;
    begin(&bench);
    ck_assert_uint_eq(vga_in_dispi(&bench, ID), 0xB0C5);
    vga_out_dispi(&bench, ID, 0xB0C2);
    ck_assert_uint_eq(vga_in_dispi(&bench, ID), 0xB0C2);
    vga_out_dispi(&bench, ID, 0x1234);
    ck_assert_uint_eq(vga_in_dispi(&bench, ID), 0xB0C2);
    ck_assert_uint_eq(vga_in_dispi(&bench, MEMORY_64K), 256);
    vga_out_dispi(&bench, XRES, 800);
    vga_out_dispi(&bench, ENABLE, GETCAPS);
    ck_assert_uint_eq(vga_in_dispi(&bench, XRES), 2560);
    ck_assert_uint_eq(vga_in_dispi(&bench, YRES), 1600);
    ck_assert_uint_eq(vga_in_dispi(&bench, BPP), 32);
    vga_out_dispi(&bench, ENABLE, 0);
    ck_assert_uint_eq(vga_in_dispi(&bench, XRES), 800);
    ck_assert_uint_eq(portmap_read(bench.ports, 0x1CE, 2), XRES);
    ck_assert_uint_eq(portmap_read(bench.ports, 0x1CF, 2), 800);
    ck_assert_uint_eq(vga_in_dispi(&bench, 77), 0);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(nonsense_is_refused)
{
    struct vga_bench bench;
    begin(&bench);
    set_mode(&bench, 1024, 768, 16, 0);
    vga_out_dispi(&bench, XRES, 640); /* not while the mode is on */
    vga_out_dispi(&bench, BPP, 8);
    ck_assert_uint_eq(vga_in_dispi(&bench, XRES), 1024);
    ck_assert_uint_eq(vga_in_dispi(&bench, BPP), 16);
    vga_out_dispi(&bench, VIRT_WIDTH, 800); /* narrower than the screen */
    ck_assert_uint_eq(vga_in_dispi(&bench, VIRT_WIDTH), 1024);
    vga_out_dispi(&bench, BANK, 256);
    ck_assert_uint_eq(vga_in_dispi(&bench, BANK), 0);
    vga_out_dispi(&bench, X_OFFSET, 1);
    ck_assert_uint_eq(vga_in_dispi(&bench, X_OFFSET), 0);
    vga_out_dispi(&bench, Y_OFFSET, 8192 - 768 + 1);
    ck_assert_uint_eq(vga_in_dispi(&bench, Y_OFFSET), 0);
    vga_out_dispi(&bench, Y_OFFSET, 8192 - 768);
    ck_assert_uint_eq(vga_in_dispi(&bench, Y_OFFSET), 8192 - 768);
    vga_out_dispi(&bench, ENABLE, 0);
    vga_out_dispi(&bench, XRES, 0);
    vga_out_dispi(&bench, YRES, 1601);
    vga_out_dispi(&bench, BPP, 13);
    ck_assert_uint_eq(vga_in_dispi(&bench, XRES), 1024);
    ck_assert_uint_eq(vga_in_dispi(&bench, YRES), 768);
    ck_assert_uint_eq(vga_in_dispi(&bench, BPP), 16);
    vga_out_dispi(&bench, XRES, 807); /* whole characters */
    ck_assert_uint_eq(vga_in_dispi(&bench, XRES), 800);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(enabling_clears_memory_unless_asked_not_to)
{
    struct vga_bench bench;
    begin(&bench);
    vram(&bench)[0x123456] = 0x77;
    set_mode(&bench, 640, 480, 8, NO_CLEAR);
    ck_assert_uint_eq(vram(&bench)[0x123456], 0x77);
    vga_out_dispi(&bench, ENABLE, ENABLED); /* on already: nothing is cleared */
    ck_assert_uint_eq(vram(&bench)[0x123456], 0x77);
    set_mode(&bench, 640, 480, 8, 0);
    ck_assert_uint_eq(vram(&bench)[0x123456], 0);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(banks_are_plain_memory)
{
    struct vga_bench bench;
    begin(&bench);
    set_mode(&bench, 800, 600, 16, 0);
    mem_t offset;
    vga_out_dispi(&bench, BANK, 9);
    ck_assert(physmap_write_memory(&bench.map, 0xA0010, &offset));
    ck_assert_uint_eq(offset, vga_vram_offset(bench.vga) + 9 * 0x10000 + 0x10);
    vga_poke(&bench, 0xAFFFF, 0x5A);
    ck_assert_uint_eq(vram(&bench)[10 * 0x10000 - 1], 0x5A);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0000), 0xFF);
    vga_out_dispi(&bench, ENABLE, 0);
    ck_assert(!physmap_write_memory(&bench.map, 0xA0010, &offset));
    vga_bench_free(&bench);
}
END_TEST

START_TEST(depths_decode)
{
    static const struct {
        uint16_t bpp;
        uint32_t value, pixel;
    } depths[] = {
        {15, 0x7C1F, 0xFF00FFFF},   {16, 0x07E0, 0x00FF00FF},     {16, 0x8410, 0x848284FF},
        {24, 0x123456, 0x123456FF}, {32, 0xAA123456, 0x123456FF},
    };
    struct vga_bench bench;
    begin(&bench);
    for (unsigned i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        set_mode(&bench, 640, 480, depths[i].bpp, LFB);
        unsigned bytes = (depths[i].bpp + 7u) / 8;
        for (unsigned b = 0; b < bytes; b++)
            vram(&bench)[(640 * 3 + 5) * bytes + b] = (uint8_t)(depths[i].value >> 8 * b);
        vga_bench_render(&bench);
        ck_assert_uint_eq(bench.frame.width, 640);
        ck_assert_uint_eq(bench.frame.height, 480);
        ck_assert_uint_eq(vga_bench_pixel(&bench, 5, 3), depths[i].pixel);
        ck_assert_uint_eq(vga_bench_pixel(&bench, 6, 3), 0x000000FF);
    }
    vga_bench_free(&bench);
}
END_TEST

START_TEST(eight_bits_go_through_the_dac)
{
    struct vga_bench bench;
    begin(&bench);
    vga_bench_colour(&bench, 0xF0, 0x3F, 0x20, 0);
    set_mode(&bench, 640, 480, 8, DAC_8BIT);
    vram(&bench)[0] = 0xF0;
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), 0xFF8200FF); /* colours kept when the width changed */
    vga_bench_colour(&bench, 0xF0, 0x01, 0xFE, 0x80);
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 0, 0), 0x01FE80FF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(virtual_screens_scroll)
{
    struct vga_bench bench;
    begin(&bench);
    set_mode(&bench, 640, 480, 32, 0);
    vga_out_dispi(&bench, VIRT_WIDTH, 1024);
    ck_assert_uint_eq(vga_in_dispi(&bench, VIRT_HEIGHT), 4096);
    vga_out_dispi(&bench, X_OFFSET, 384);
    vga_out_dispi(&bench, Y_OFFSET, 3616);
    ck_assert_uint_eq(vga_in_dispi(&bench, X_OFFSET), 384);
    memset(vram(&bench) + (16 << 20) - 4, 0xFF, 4); /* the very last pixel */
    vga_bench_render(&bench);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 639, 479), 0xFFFFFFFF);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 638, 479), 0x000000FF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(four_bits_are_planes_behind_banks)
{
    struct vga_bench bench;
    begin(&bench);
    set_mode(&bench, 1280, 1024, 4, 0);
    unsigned address = 1000 * 160 + 5; /* beyond 64 KiB of each plane */
    vga_out_dispi(&bench, BANK, (uint16_t)(address >> 16));
    vga_out_indexed(&bench, 0x3C4, 2, 0x0A);
    vga_poke(&bench, 0xA0000 + (address & 0xFFFF), 0x20);
    vga_bench_render(&bench);
    ck_assert_uint_eq(bench.frame.width, 1280);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 42, 1000), 0x55FF55FF);
    ck_assert_uint_eq(vga_bench_pixel(&bench, 41, 1000), 0x000000FF);
    vga_out_dispi(&bench, VIRT_WIDTH, 1288);
    vga_out_dispi(&bench, X_OFFSET, 5);
    vga_bench_render(&bench);
    address = 1000 * 160 + 5;
    unsigned y = address / 161, x = address % 161 * 8 + 2 - 5;
    ck_assert_uint_eq(vga_bench_pixel(&bench, x, y), 0x55FF55FF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(retrace_runs_in_vbe_modes)
{
    struct vga_bench bench;
    begin(&bench);
    set_mode(&bench, 1024, 768, 32, 0);
    unsigned retraces = 0, changes = 0;
    bool last = false;
    for (unsigned i = 0; i < 100000; i++) {
        clock_skip_to(&bench.clock, i * 1000ull); /* 100 ms: six frames */
        bool now = vga_in(&bench, 0x3DA) & 8;
        changes += now != last;
        retraces += now;
        last = now;
    }
    ck_assert_uint_ge(changes, 11);
    ck_assert_uint_le(changes, 13);
    ck_assert_uint_gt(retraces, 100);
    vga_bench_free(&bench);
}
END_TEST

/* --- PCI --- */

struct pci_bench {
    struct vga_bench video;
    struct pci_bus *bus;
    struct vga_pci *pci;
};

enum { SLOT = 2 };
enum { FRAME_BUFFER = 0xE0000000u, REGISTERS = 0xFEB00000u };

static void pci_begin(struct pci_bench *bench)
{
    vga_bench_init(&bench->video);
    bench->bus = pci_new(&(struct pci_config){.ports = bench->video.ports, .physmap = &bench->video.map});
    bench->pci = vga_pci_new(
        &(struct vga_pci_config){.vga = bench->video.vga, .bus = bench->bus, .slot = SLOT, .priority = 5});
}

static void pci_place(struct pci_bench *bench)
{
    pci_config_write(bench->bus, SLOT, 0, PCI_BAR0, 4, FRAME_BUFFER);
    pci_config_write(bench->bus, SLOT, 0, PCI_BAR0 + 8, 4, REGISTERS);
    pci_config_write(bench->bus, SLOT, 0, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
}

static void pci_end(struct pci_bench *bench)
{
    vga_pci_free(bench->pci);
    pci_free(bench->bus);
    vga_bench_free(&bench->video);
}

START_TEST(pci_header_and_frame_buffer)
{
    struct pci_bench bench;
    pci_begin(&bench);
    ck_assert_uint_eq(pci_config_read(bench.bus, SLOT, 0, PCI_VID, 4), 0x11111234);
    ck_assert_uint_eq(pci_config_read(bench.bus, SLOT, 0, PCI_RID, 4), 0x03000002);
    pci_config_write(bench.bus, SLOT, 0, PCI_BAR0, 4, UINT32_MAX);
    ck_assert_uint_eq(pci_config_read(bench.bus, SLOT, 0, PCI_BAR0, 4), 0xFF000008);
    ck_assert_uint_eq(vga_in(&bench.video, 0x3C3), 0xFF); /* silent until enabled */
    pci_place(&bench);
    ck_assert_uint_eq(vga_in(&bench.video, 0x3C3), 0x01);
    vga_poke(&bench.video, FRAME_BUFFER + 0xABCDEF, 0x42);
    ck_assert_uint_eq(vram(&bench.video)[0xABCDEF], 0x42);
    vga_bench_mode(&bench.video, 0x13);
    vga_poke(&bench.video, 0xA0007, 0x43);
    ck_assert_uint_eq(vga_peek(&bench.video, FRAME_BUFFER + 7), 0x43);
    vga_pci_reset(bench.pci);
    ck_assert_uint_eq(vga_in(&bench.video, 0x3C3), 0xFF);
    ck_assert_uint_eq(vga_peek(&bench.video, FRAME_BUFFER + 7), 0xFF);
    pci_end(&bench);
}
END_TEST

START_TEST(register_page)
{
    struct pci_bench bench;
    pci_begin(&bench);
    pci_place(&bench);
    struct physmap *map = &bench.video.map;
    ck_assert_uint_eq(physmap_read(map, REGISTERS + 0x500, 2), 0xB0C5);
    physmap_write(map, REGISTERS + 0x500 + 2 * XRES, 2, 1280);
    ck_assert_uint_eq(vga_in_dispi(&bench.video, XRES), 1280);
    ck_assert_uint_eq(physmap_read(map, REGISTERS + 0x500 + 2 * XRES, 4), 1280 | 480 << 16);
    physmap_write(map, REGISTERS + 0x402, 1, 0x67); /* 3C2h */
    ck_assert_uint_eq(physmap_read(map, REGISTERS + 0x40C, 1), 0x67);
    physmap_write(map, REGISTERS + 0x414, 2, 0x5A0F); /* 3D4h: index and data */
    ck_assert_uint_eq(vga_in_indexed(&bench.video, 0x3D4, 0x0F), 0x5A);
    ck_assert_uint_eq(physmap_read(map, REGISTERS + 0x600, 4), 0);
    /* Without I/O decode the page still works. */
    pci_config_write(bench.bus, SLOT, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    ck_assert_uint_eq(vga_in(&bench.video, 0x3CC), 0xFF);
    ck_assert_uint_eq(physmap_read(map, REGISTERS + 0x40C, 1), 0x67);
    pci_end(&bench);
}
END_TEST

START_TEST(edid_block)
{
    struct pci_bench bench;
    pci_begin(&bench);
    pci_place(&bench);
    uint8_t edid[128], sum = 0;
    physmap_read_bytes(&bench.video.map, REGISTERS, edid, sizeof edid);
    for (unsigned i = 0; i < sizeof edid; i++)
        sum = (uint8_t)(sum + edid[i]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(load_le64(edid), 0x00FFFFFFFFFFFF00ull);
    ck_assert_uint_eq(load_be16(edid + 8), ('L' - '@') << 10 | ('T' - '@') << 5 | ('H' - '@'));
    ck_assert_uint_eq(load_le16(edid + 54), 6500); /* 65 MHz */
    ck_assert_uint_eq(edid[56] | (edid[58] & 0xF0u) << 4, 1024);
    ck_assert_uint_eq(edid[59] | (edid[61] & 0xF0u) << 4, 768);
    pci_end(&bench);
}
END_TEST

START_TEST(pci_state_round_trips)
{
    struct pci_bench a, b;
    pci_begin(&a);
    pci_begin(&b);
    pci_place(&a);
    vga_bench_mode(&a.video, 3);
    set_mode(&a.video, 800, 600, 8, 0);
    vga_out_dispi(&a.video, BANK, 3);
    ck_assert(state_round_trip(&vga_pci_desc, a.pci, b.pci));
    ck_assert(state_round_trip(&vga_desc, a.video.vga, b.video.vga));
    vga_poke(&b.video, FRAME_BUFFER + 0x30005, 0x42);
    ck_assert_uint_eq(vga_peek(&b.video, 0xA0005), 0x42);
    pci_end(&a);
    pci_end(&b);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        identity_and_capabilities,
        nonsense_is_refused,
        enabling_clears_memory_unless_asked_not_to,
        banks_are_plain_memory,
        depths_decode,
        eight_bits_go_through_the_dac,
        virtual_screens_scroll,
        four_bits_are_planes_behind_banks,
        retrace_runs_in_vbe_modes,
        pci_header_and_frame_buffer,
        register_page,
        edid_block,
        pci_state_round_trips,
    };
    return suite_run("vga_vbe", tests, sizeof tests / sizeof *tests);
}
