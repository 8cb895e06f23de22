/* SPDX-License-Identifier: MIT */
/* VGA registers: read-back, protection, port decode, flip-flop, DAC sequencing, raster timing, state. */
#include "tests/support/fake_clock.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"
#include "tests/support/vga_bench.h"

START_TEST(registers_read_back_their_bits)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0xE3);
    ck_assert_uint_eq(vga_in(&bench, 0x3CC), 0xE3);
    static const uint8_t seq[] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
    for (uint8_t i = 0; i < 5; i++) {
        vga_out_indexed(&bench, 0x3C4, i, 0xFF);
        ck_assert_uint_eq(vga_in_indexed(&bench, 0x3C4, i), seq[i]);
    }
    static const uint8_t gc[] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
    for (uint8_t i = 0; i < 9; i++) {
        vga_out_indexed(&bench, 0x3CE, i, 0xFF);
        ck_assert_uint_eq(vga_in_indexed(&bench, 0x3CE, i), gc[i]);
    }
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x00);
    for (uint8_t i = 0; i <= 0x18; i++) {
        uint8_t value = (uint8_t)(i * 7 & 0x2F);
        vga_out_indexed(&bench, 0x3D4, i, value);
        ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, i), value);
    }
    for (uint8_t i = 0; i < 0x15; i++) {
        vga_out_attribute(&bench, i, (uint8_t)(0x0F - i / 2));
        ck_assert_uint_eq(vga_in_attribute(&bench, i), (uint8_t)(0x0F - i / 2));
    }
    vga_out(&bench, 0x3DA, 0xFF);
    ck_assert_uint_eq(vga_in(&bench, 0x3CA), 0x0B);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(missing_registers_change_nothing)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0x63);
    vga_out_indexed(&bench, 0x3C4, 6, 0xFF);
    vga_out_indexed(&bench, 0x3CE, 0x0C, 0xFF);
    vga_out_indexed(&bench, 0x3D4, 0x30, 0xFF);
    vga_out_attribute(&bench, 0x1F, 0xFF);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3C4, 6), 0);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3CE, 0x0C), 0);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x30), 0);
    ck_assert_uint_eq(vga_in_attribute(&bench, 0x1F), 0);
    ck_assert_uint_eq(vga_in(&bench, 0x3CB), 0xFF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(crtc_protection_spares_line_compare)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 3);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x11), 0x8E);
    vga_out_indexed(&bench, 0x3D4, 0x00, 0x11);
    vga_out_indexed(&bench, 0x3D4, 0x06, 0x22);
    vga_out_indexed(&bench, 0x3D4, 0x07, 0x00);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x00), 0x5F);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x06), 0xBF);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x07), 0x0F);
    vga_out_indexed(&bench, 0x3D4, 0x08, 0x05);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x08), 0x05);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E);
    vga_out_indexed(&bench, 0x3D4, 0x00, 0x11);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x00), 0x11);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(misc_moves_the_crtc_ports)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0x63);
    vga_out_indexed(&bench, 0x3D4, 0x0F, 0x55);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3B4, 0x0F), 0xFF);
    ck_assert_uint_eq(vga_in(&bench, 0x3BA), 0xFF);
    vga_out(&bench, 0x3C2, 0x62);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3B4, 0x0F), 0x55);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x0F), 0xFF);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(subsystem_enable_and_bus_decode_silence_the_ports)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0x63);
    vga_out(&bench, 0x3C3, 0);
    ck_assert_uint_eq(vga_in(&bench, 0x3CC), 0xFF);
    vga_out(&bench, 0x3C2, 0x00);
    vga_out(&bench, 0x3C3, 1);
    ck_assert_uint_eq(vga_in(&bench, 0x3CC), 0x63);
    vga_set_decode(bench.vga, false, true);
    vga_out(&bench, 0x3C3, 0);
    ck_assert_uint_eq(vga_in(&bench, 0x3CC), 0xFF);
    vga_set_decode(bench.vga, true, true);
    ck_assert_uint_eq(vga_in(&bench, 0x3CC), 0x63);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(attribute_flip_flop)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0x63);
    vga_in(&bench, 0x3DA);
    vga_out(&bench, 0x3C0, 0x31);
    ck_assert_uint_eq(vga_in(&bench, 0x3C0), 0x31);
    ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x24), 0x80);
    vga_out(&bench, 0x3C0, 0x2A); /* data for 11h */
    ck_assert_uint_eq(vga_in(&bench, 0x3C1), 0x2A);
    ck_assert_uint_eq(vga_in(&bench, 0x3C0), 0x31);
    vga_out(&bench, 0x3C0, 0x05); /* index again */
    vga_in(&bench, 0x3DA);
    vga_out(&bench, 0x3C0, 0x06); /* still index: the flip-flop was cleared */
    vga_out(&bench, 0x3C0, 0x17);
    ck_assert_uint_eq(vga_in_attribute(&bench, 0x05), 0x00);
    ck_assert_uint_eq(vga_in_attribute(&bench, 0x06), 0x17);
    portmap_write(bench.ports, 0x3C0, 2, 0x2107); /* a word: index 7, data 21h */
    ck_assert_uint_eq(vga_in_attribute(&bench, 0x07), 0x21);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(dac_counts_by_itself)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C8, 0xFE);
    ck_assert_uint_eq(vga_in(&bench, 0x3C7), 0);
    for (uint8_t i = 1; i <= 9; i++) /* wraps from FFh to 00h */
        vga_out(&bench, 0x3C9, (uint8_t)(i | 0xC0));
    ck_assert_uint_eq(vga_in(&bench, 0x3C8), 0x01);
    vga_out(&bench, 0x3C7, 0xFE);
    ck_assert_uint_eq(vga_in(&bench, 0x3C7), 3);
    ck_assert_uint_eq(vga_in(&bench, 0x3C8), 0xFF); /* fetched ahead */
    for (uint8_t i = 1; i <= 9; i++)
        ck_assert_uint_eq(vga_in(&bench, 0x3C9), i);
    /* A colour is stored when its blue arrives, not before. */
    vga_out(&bench, 0x3C8, 0xFE);
    vga_out(&bench, 0x3C9, 0x3F);
    vga_out(&bench, 0x3C9, 0x3F);
    vga_out(&bench, 0x3C7, 0xFE);
    ck_assert_uint_eq(vga_in(&bench, 0x3C9), 1);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(dac_is_eight_bits_wide_on_request)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out_dispi(&bench, 4, 0x20);
    vga_bench_colour(&bench, 5, 0xFF, 0x81, 0x40);
    vga_out(&bench, 0x3C7, 5);
    ck_assert_uint_eq(vga_in(&bench, 0x3C9), 0xFF);
    ck_assert_uint_eq(vga_in(&bench, 0x3C9), 0x81);
    ck_assert_uint_eq(vga_in(&bench, 0x3C9), 0x40);
    vga_out_dispi(&bench, 4, 0);
    vga_out(&bench, 0x3C7, 5);
    ck_assert_uint_eq(vga_in(&bench, 0x3C9), 0x3F);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(switch_sense_follows_the_border_colour)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_out(&bench, 0x3C2, 0x63);
    vga_bench_colour(&bench, 0, 4, 4, 4);
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x10, 0x10);
    vga_bench_colour(&bench, 0, 0, 0x3F, 0);
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x10, 0);
    vga_bench_free(&bench);
}
END_TEST

/* Time of the next change of (status 1 & bit) to `level`, found by small steps. */
static uint64_t wait_status(struct vga_bench *bench, uint8_t bit, bool level)
{
    for (unsigned i = 0; i < 400000; i++) {
        if (((vga_in(bench, 0x3DA) & bit) != 0) == level)
            return clock_now(&bench->clock);
        fake_clock_advance(&bench->clock, 100);
    }
    ck_abort_msg("status bit %02X never became %d", bit, level);
    return 0;
}

START_TEST(retrace_follows_the_programmed_timing)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 3);
    wait_status(&bench, 8, true);
    wait_status(&bench, 8, false);
    uint64_t start = wait_status(&bench, 8, true);
    uint64_t end = wait_status(&bench, 8, false);
    uint64_t next = wait_status(&bench, 8, true);
    /* 28.322 MHz, 900 dots a line, 449 lines: 70.09 Hz; retrace lasts two lines. */
    ck_assert_uint_le(next - start, 14268500);
    ck_assert_uint_ge(next - start, 14267500);
    ck_assert_uint_le(end - start, 63700);
    ck_assert_uint_ge(end - start, 63400);
    vga_bench_mode(&bench, 0x12);
    wait_status(&bench, 8, false);
    start = wait_status(&bench, 8, true);
    wait_status(&bench, 8, false);
    next = wait_status(&bench, 8, true);
    /* 25.175 MHz, 800 dots, 525 lines: 59.94 Hz. */
    ck_assert_uint_le(next - start, 16683800);
    ck_assert_uint_ge(next - start, 16682800);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(display_enable_falls_each_line_and_in_the_vertical_gap)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 3);
    wait_status(&bench, 8, true);
    ck_assert_uint_eq(vga_in(&bench, 0x3DA) & 9, 9);
    wait_status(&bench, 1, false); /* first line */
    uint64_t line = wait_status(&bench, 1, true);
    uint64_t begin = wait_status(&bench, 1, false);
    uint64_t next = wait_status(&bench, 1, true);
    ck_assert_uint_le(next - line, 31900); /* 31.78 us a line */
    ck_assert_uint_ge(next - line, 31600);
    ck_assert_uint_le(next - begin, 25600); /* 80 of 100 characters */
    ck_assert_uint_ge(next - begin, 25200);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(vertical_interrupt_flag)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 3);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E); /* enabled, cleared */
    fake_clock_advance(&bench.clock, 30000000);
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x80, 0);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x1E); /* armed */
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x80, 0);
    fake_clock_advance(&bench.clock, 15000000);
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x80, 0x80);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x0E);
    vga_out_indexed(&bench, 0x3D4, 0x11, 0x3E); /* disabled */
    fake_clock_advance(&bench.clock, 15000000);
    ck_assert_uint_eq(vga_in(&bench, 0x3C2) & 0x80, 0);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(state_round_trips_into_another_adapter)
{
    struct vga_bench a, b;
    vga_bench_init(&a);
    vga_bench_init(&b);
    vga_bench_mode(&a, 0x13);
    vga_out(&a, 0x3C7, 0x40);
    vga_in(&a, 0x3C9);
    vga_out_indexed(&a, 0x3CE, 0x08, 0x5A);
    vga_out_dispi(&a, 1, 800);
    ck_assert(state_round_trip(&vga_desc, a.vga, b.vga));
    ck_assert_uint_eq(vga_in_indexed(&b, 0x3CE, 0x08), 0x5A);
    ck_assert_uint_eq(vga_in(&b, 0x3C8), 0x41);
    ck_assert_uint_eq(vga_in_dispi(&b, 1), 800);
    /* The windows follow: mode 13h answers at A000h. */
    vga_out_indexed(&b, 0x3CE, 0x08, 0xFF);
    vga_poke(&b, 0xA0003, 0x77);
    ck_assert_uint_eq(b.memory.host[vga_vram_offset(b.vga) + 3], 0x77);
    vga_bench_free(&a);
    vga_bench_free(&b);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        registers_read_back_their_bits,
        missing_registers_change_nothing,
        crtc_protection_spares_line_compare,
        misc_moves_the_crtc_ports,
        subsystem_enable_and_bus_decode_silence_the_ports,
        attribute_flip_flop,
        dac_counts_by_itself,
        dac_is_eight_bits_wide_on_request,
        switch_sense_follows_the_border_colour,
        retrace_follows_the_programmed_timing,
        display_enable_falls_each_line_and_in_the_vertical_gap,
        vertical_interrupt_flag,
        state_round_trips_into_another_adapter,
    };
    return suite_run("vga_regs", tests, sizeof tests / sizeof *tests);
}
