/* SPDX-License-Identifier: MIT */
/* Display memory: each write and read mode against a bit-by-bit model of the data path, latches, windows,
 * chain-4. */
#include <string.h>

#include "tests/support/suite.h"
#include "tests/support/vga_bench.h"

/* The manual's description taken literally: four separate planes, one pixel at a time. */
struct model {
    uint8_t plane[4][0x10000];
    uint8_t latch[4];
    uint8_t gc[9], map_mask, memory_mode;
};

static uint8_t model_rotate(const struct model *m, uint8_t value)
{
    for (unsigned i = 0; i < (m->gc[3] & 7u); i++)
        value = (uint8_t)((value & 1) << 7 | value >> 1);
    return value;
}

static bool model_bit(const struct model *m, unsigned plane, unsigned bit, uint8_t value)
{
    bool set_reset = m->gc[0] >> plane & 1, latch = m->latch[plane] >> bit & 1, data;
    bool enabled = m->gc[8] >> bit & 1;
    switch (m->gc[5] & 3) {
    case 0: data = m->gc[1] >> plane & 1 ? set_reset : model_rotate(m, value) >> bit & 1; break;
    case 1: return latch;
    case 2: data = value >> plane & 1; break;
    default:
        data = set_reset;
        enabled = enabled && (model_rotate(m, value) >> bit & 1);
        break;
    }
    switch (m->gc[3] >> 3 & 3) {
    case 1: data = data && latch; break;
    case 2: data = data || latch; break;
    case 3: data = data != latch; break;
    default: break;
    }
    return enabled ? data : latch;
}

static unsigned model_address(const struct model *m, unsigned cpu)
{
    if (m->memory_mode & 8)
        return cpu / 4;
    return m->gc[6] & 2 ? cpu & 0xFFFE : cpu;
}

static bool model_writes_plane(const struct model *m, unsigned plane, unsigned cpu)
{
    if (!(m->map_mask >> plane & 1))
        return false;
    if (m->memory_mode & 8)
        return plane == (cpu & 3);
    return m->memory_mode & 4 || (plane & 1) == (cpu & 1);
}

static void model_write(struct model *m, unsigned cpu, uint8_t value)
{
    for (unsigned plane = 0; plane < 4; plane++) {
        uint8_t byte = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            byte |= (uint8_t)(model_bit(m, plane, bit, value) << bit);
        if (model_writes_plane(m, plane, cpu))
            m->plane[plane][model_address(m, cpu)] = byte;
    }
}

static uint8_t model_read(struct model *m, unsigned cpu)
{
    for (unsigned plane = 0; plane < 4; plane++)
        m->latch[plane] = m->plane[plane][model_address(m, cpu)];
    if (m->gc[5] & 8) {
        uint8_t equal = 0xFF;
        for (unsigned plane = 0; plane < 4; plane++) {
            if (m->gc[7] >> plane & 1)
                equal &= (uint8_t) ~(m->latch[plane] ^ (m->gc[2] >> plane & 1 ? 0xFF : 0));
        }
        return equal;
    }
    if (m->memory_mode & 8)
        return m->latch[cpu & 3];
    if (m->gc[5] & 0x10)
        return m->latch[(m->gc[4] & 2) | (cpu & 1)];
    return m->latch[m->gc[4] & 3];
}

static void set_gc(struct vga_bench *bench, struct model *m, uint8_t index, uint8_t value)
{
    m->gc[index] = value;
    vga_out_indexed(bench, 0x3CE, index, value);
}

static void set_map_mask(struct vga_bench *bench, struct model *m, uint8_t value)
{
    m->map_mask = value;
    vga_out_indexed(bench, 0x3C4, 2, value);
}

static void set_memory_mode(struct vga_bench *bench, struct model *m, uint8_t value)
{
    m->memory_mode = value;
    vga_out_indexed(bench, 0x3C4, 4, value);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void randomise(struct vga_bench *bench, struct model *m, uint32_t *seed, unsigned write_mode)
{
    static const uint8_t masks[9] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0, 0, 0x0F, 0xFF};
    for (uint8_t i = 0; i < 9; i++) {
        if (i != 5 && i != 6)
            set_gc(bench, m, i, (uint8_t)next_random(seed) & masks[i]);
    }
    set_gc(bench, m, 5, (uint8_t)(write_mode | (next_random(seed) & 0x18)));
    set_gc(bench, m, 6, (uint8_t)(5 | (next_random(seed) & 2)));
    set_map_mask(bench, m, next_random(seed) & 0xF);
    set_memory_mode(bench, m, (uint8_t)(2 | (next_random(seed) & 4)));
}

static void begin(struct vga_bench *bench, struct model *m)
{
    vga_bench_init(bench);
    vga_bench_mode(bench, 0x12);
    memset(m, 0, sizeof *m);
    set_memory_mode(bench, m, 6);
    set_map_mask(bench, m, 0xF);
    for (uint8_t i = 0; i < 9; i++)
        set_gc(bench, m, i, i == 6 ? 5 : i == 7 ? 0xF : i == 8 ? 0xFF : 0);
}

static void compare_planes(const struct vga_bench *bench, const struct model *m)
{
    const uint8_t *vram = bench->memory.host + vga_vram_offset(bench->vga);
    for (unsigned i = 0; i < 0x10000; i++) {
        for (unsigned plane = 0; plane < 4; plane++) {
            if (vram[4 * i + plane] != m->plane[plane][i])
                ck_abort_msg("plane %u, address %04X: %02X, not %02X", plane, i, vram[4 * i + plane],
                             m->plane[plane][i]);
        }
    }
}

/* Few addresses, so that writes meet what others left behind. */
static void run_random(unsigned write_mode, uint8_t chain4)
{
    static struct model m; /* too large for the stack */
    struct vga_bench bench;
    uint32_t seed = 12345 + write_mode;
    begin(&bench, &m);
    for (unsigned round = 0; round < 400; round++) {
        randomise(&bench, &m, &seed, write_mode);
        if (chain4)
            set_memory_mode(&bench, &m, m.memory_mode | 8);
        for (unsigned i = 0; i < 40; i++) {
            unsigned cpu = next_random(&seed) & 0x3F;
            uint8_t value = (uint8_t)next_random(&seed);
            if (value & 1) {
                vga_poke(&bench, 0xA0000 + cpu, value);
                model_write(&m, cpu, value);
            } else {
                ck_assert_uint_eq(vga_peek(&bench, 0xA0000 + cpu), model_read(&m, cpu));
            }
        }
    }
    compare_planes(&bench, &m);
    vga_bench_free(&bench);
}

START_TEST(write_modes_match_the_model)
{
    for (unsigned mode = 0; mode < 4; mode++)
        run_random(mode, 0);
}
END_TEST

START_TEST(chain4_goes_through_the_same_data_path)
{
    for (unsigned mode = 0; mode < 4; mode++)
        run_random(mode, 1);
}
END_TEST

START_TEST(latches_copy_four_planes_at_once)
{
    static struct model m;
    struct vga_bench bench;
    begin(&bench, &m);
    static const uint8_t bytes[4] = {0x12, 0x34, 0x56, 0x78};
    for (uint8_t plane = 0; plane < 4; plane++) {
        set_map_mask(&bench, &m, (uint8_t)(1 << plane));
        vga_poke(&bench, 0xA1000, bytes[plane]);
    }
    set_map_mask(&bench, &m, 0xF);
    set_gc(&bench, &m, 5, 1);
    vga_peek(&bench, 0xA1000);
    vga_poke(&bench, 0xAFFFF, 0xEE); /* the value does not matter */
    for (uint8_t plane = 0; plane < 4; plane++) {
        set_gc(&bench, &m, 4, plane);
        ck_assert_uint_eq(vga_peek(&bench, 0xAFFFF), bytes[plane]);
        ck_assert_uint_eq(vga_in_indexed(&bench, 0x3D4, 0x22), bytes[plane]);
    }
    vga_bench_free(&bench);
}
END_TEST

START_TEST(wide_accesses_are_bytes_in_order)
{
    static struct model m;
    struct vga_bench bench;
    begin(&bench, &m);
    physmap_write(&bench.map, 0xA0001, 4, 0x44332211);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(vga_peek(&bench, 0xA0001 + i), 0x11 * (i + 1));
    ck_assert_uint_eq(physmap_read(&bench.map, 0xA0000, 8), 0x0000004433221100ull);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(windows_follow_the_map_select)
{
    static struct model m;
    struct vga_bench bench;
    begin(&bench, &m);
    set_gc(&bench, &m, 6, 0x01); /* A000h, 128 KiB; plane addresses wrap at 64 KiB */
    vga_poke(&bench, 0xA0010, 0x5A);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0010), 0x5A);
    set_gc(&bench, &m, 6, 0x05);
    ck_assert_uint_eq(vga_peek(&bench, 0xA0010), 0x5A);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0010), 0xFF);
    set_gc(&bench, &m, 6, 0x09);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0010), 0x5A);
    ck_assert_uint_eq(vga_peek(&bench, 0xA0010), 0xFF);
    ck_assert_uint_eq(vga_peek(&bench, 0xB8010), 0xFF);
    set_gc(&bench, &m, 6, 0x0D);
    ck_assert_uint_eq(vga_peek(&bench, 0xB8010), 0x5A);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0010), 0xFF);
    vga_out(&bench, 0x3C2, 0xE1); /* display memory off */
    ck_assert_uint_eq(vga_peek(&bench, 0xB8010), 0xFF);
    vga_out(&bench, 0x3C2, 0xE3);
    vga_set_decode(bench.vga, true, false);
    ck_assert_uint_eq(vga_peek(&bench, 0xB8010), 0xFF);
    vga_set_decode(bench.vga, true, true);
    ck_assert_uint_eq(vga_peek(&bench, 0xB8010), 0x5A);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(odd_even_in_the_large_window_uses_a16)
{
    static struct model m;
    struct vga_bench bench;
    begin(&bench, &m);
    set_memory_mode(&bench, &m, 2);
    set_gc(&bench, &m, 5, 0x10);
    set_gc(&bench, &m, 6, 0x03);
    vga_poke(&bench, 0xA0004, 0x11);
    vga_poke(&bench, 0xA0005, 0x22);
    vga_poke(&bench, 0xB0004, 0x33);
    const uint8_t *vram = bench.memory.host + vga_vram_offset(bench.vga);
    ck_assert_uint_eq(vram[4 * 4 + 0], 0x11);
    ck_assert_uint_eq(vram[4 * 4 + 1], 0x22);
    ck_assert_uint_eq(vram[4 * 5 + 0], 0x33);
    ck_assert_uint_eq(vga_peek(&bench, 0xB0004), 0x33);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(plain_chain4_is_plain_memory)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 0x13);
    mem_t offset;
    ck_assert(physmap_write_memory(&bench.map, 0xA1234, &offset));
    ck_assert_uint_eq(offset, vga_vram_offset(bench.vga) + 0x1234);
    /* Any setting that disturbs the data path takes the plain mapping away, and gives it back. */
    static const uint8_t disturbing[][2] = {{1, 0x01}, {3, 0x08}, {5, 0x41}, {5, 0x48}, {8, 0xFE}};
    for (unsigned i = 0; i < sizeof disturbing / sizeof disturbing[0]; i++) {
        uint8_t old = vga_in_indexed(&bench, 0x3CE, disturbing[i][0]);
        vga_out_indexed(&bench, 0x3CE, disturbing[i][0], disturbing[i][1]);
        ck_assert(!physmap_write_memory(&bench.map, 0xA1234, &offset));
        vga_out_indexed(&bench, 0x3CE, disturbing[i][0], old);
        ck_assert(physmap_write_memory(&bench.map, 0xA1234, &offset));
    }
    vga_out_indexed(&bench, 0x3C4, 2, 0x07);
    ck_assert(!physmap_write_memory(&bench.map, 0xA1234, &offset));
    vga_poke(&bench, 0xA1237, 0x99); /* plane 3 is masked */
    ck_assert_uint_eq(vga_peek(&bench, 0xA1237), 0);
    vga_bench_free(&bench);
}
END_TEST

START_TEST(chained_and_unchained_views_agree)
{
    struct vga_bench bench;
    vga_bench_init(&bench);
    vga_bench_mode(&bench, 0x13);
    for (unsigned i = 0; i < 64; i++)
        vga_poke(&bench, 0xA0000 + i, (uint8_t)(i + 1));
    vga_out_indexed(&bench, 0x3C4, 4, 0x06); /* unchain */
    for (unsigned i = 0; i < 64; i++) {
        vga_out_indexed(&bench, 0x3CE, 4, i & 3);
        ck_assert_uint_eq(vga_peek(&bench, 0xA0000 + i / 4), i + 1);
    }
    vga_bench_free(&bench);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        write_modes_match_the_model,      chain4_goes_through_the_same_data_path,
        latches_copy_four_planes_at_once, wide_accesses_are_bytes_in_order,
        windows_follow_the_map_select,    odd_even_in_the_large_window_uses_a16,
        plain_chain4_is_plain_memory,     chained_and_unchained_views_agree,
    };
    return suite_run("vga_memory", tests, sizeof tests / sizeof *tests);
}
