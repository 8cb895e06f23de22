/* SPDX-License-Identifier: MIT */
/* 82077AA with an 8237 and two drives: the commands, their results, mechanics, media, state. */
#include <string.h>

#include "core/base/error.h"
#include "core/mem/physmap.h"
#include "devices/chipset/dma_8237.h"
#include "devices/media/media.h"
#include "devices/storage/fdc_82077.h"
#include "tests/support/bad_media.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { DOR = 2, TDR, MSR, FIFO, RAM = 1 << 20, BUFFER = 0x20000, IMAGE = 1474560, TURN = 20000000 };

struct rig {
    struct clock clock;
    struct memory memory;
    struct physmap physmap;
    struct dma *dma;
    struct fdc *fdc;
    struct fake_line irq;
    uint8_t result[16];
};

static uint8_t image[IMAGE];

static uint8_t in(struct rig *rig, unsigned port)
{
    return (uint8_t)fdc_ports.read(rig->fdc, port, 1);
}

static void out(struct rig *rig, unsigned port, uint8_t value)
{
    fdc_ports.write(rig->fdc, port, 1, value);
}

static uint8_t dir(struct rig *rig)
{
    return (uint8_t)fdc_dir_ports.read(rig->fdc, 0, 1);
}

static void set_rate(struct rig *rig, uint8_t rate)
{
    fdc_dir_ports.write(rig->fdc, 0, 1, rate);
}

static void send(struct rig *rig, const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(in(rig, MSR) & 0xC0, 0x80);
        out(rig, FIFO, bytes[i]);
    }
}

#define SEND(rig, ...) send(rig, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void take(struct rig *rig, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(in(rig, MSR) & 0xD0, 0xD0);
        rig->result[i] = in(rig, FIFO);
    }
    ck_assert_uint_eq(in(rig, MSR) & 0xD0, 0x80);
}

static void wait_irq(struct rig *rig)
{
    uint64_t deadline;
    while (!rig->irq.level && clock_next_deadline(&rig->clock, &deadline))
        fake_clock_to(&rig->clock, deadline);
    ck_assert_msg(rig->irq.level, "no interrupt");
}

static void expect_result(struct rig *rig, uint8_t st0, uint8_t st1, uint8_t st2, const uint8_t chrn[4])
{
    wait_irq(rig);
    take(rig, 7);
    ck_assert_uint_eq(rig->result[0], st0);
    ck_assert_uint_eq(rig->result[1], st1);
    ck_assert_uint_eq(rig->result[2], st2);
    ck_assert_mem_eq(rig->result + 3, chrn, 4);
    ck_assert(!rig->irq.level);
}

#define EXPECT(rig, st0, st1, st2, c, h, r, n)                                                               \
    expect_result(rig, st0, st1, st2, (const uint8_t[]){c, h, r, n})

static void sense(struct rig *rig, uint8_t st0, uint8_t pcn)
{
    SEND(rig, 0x08);
    take(rig, 2);
    ck_assert_uint_eq(rig->result[0], st0);
    ck_assert_uint_eq(rig->result[1], pcn);
}

/* Channel 2, single mode; to_memory: a floppy read. */
static void program_dma(struct rig *rig, bool to_memory, uint32_t address, uint16_t bytes)
{
    dma_low_ports.write(rig->dma, 0x0A, 1, 6);
    dma_low_ports.write(rig->dma, 0x0C, 1, 0);
    dma_low_ports.write(rig->dma, 0x0B, 1, to_memory ? 0x46 : 0x4A);
    dma_low_ports.write(rig->dma, 4, 1, address & 0xFF);
    dma_low_ports.write(rig->dma, 4, 1, address >> 8 & 0xFF);
    dma_page_ports.write(rig->dma, 1, 1, address >> 16);
    dma_low_ports.write(rig->dma, 5, 1, (bytes - 1u) & 0xFF);
    dma_low_ports.write(rig->dma, 5, 1, (bytes - 1u) >> 8);
    dma_low_ports.write(rig->dma, 0x0A, 1, 2);
}

static struct media *floppy(size_t size, bool read_only)
{
    struct media *media = media_from_bytes("floppy", MEDIA_FLOPPY, image, size, NULL);
    media->read_only = read_only;
    return media;
}

static void insert(struct rig *rig, unsigned drive, size_t size)
{
    struct error err = {{0}};
    ck_assert_msg(fdc_insert(rig->fdc, drive, floppy(size, false), &err), "%s", err.text);
}

static void rig_new(struct rig *rig, enum floppy_drive_type a, enum floppy_drive_type b)
{
    struct error err;
    *rig = (struct rig){0};
    for (size_t i = 0; i < IMAGE; i++)
        image[i] = (uint8_t)((i >> 9) * 5 + (i >> 13) + i);
    fake_clock_init(&rig->clock);
    ck_assert(memory_init(&rig->memory, RAM, &err));
    physmap_init(&rig->physmap, &rig->memory);
    physmap_add(&rig->physmap, &(struct physmap_region){.name = "ram",
                                                        .kind = PHYSMAP_MEMORY,
                                                        .size = RAM,
                                                        .reads = true,
                                                        .writes = true,
                                                        .offset = memory_take(&rig->memory, RAM)});
    rig->dma = dma_new(&(struct dma_config){.physmap = &rig->physmap});
    dma_low_ports.write(rig->dma, 8, 1, 0);
    dma_high_ports.write(rig->dma, 0x10, 1, 0);
    dma_high_ports.write(rig->dma, 0x16, 1, 0xC0); /* channel 4: cascade */
    dma_high_ports.write(rig->dma, 0x14, 1, 0);
    rig->fdc = fdc_new(&(struct fdc_config){.clock = &rig->clock,
                                            .irq = fake_line_to(&rig->irq),
                                            .dma = rig->dma,
                                            .dma_channel = 2,
                                            .drives = {a, b}});
}

static void out_of_reset(struct rig *rig)
{
    out(rig, DOR, 0x1C); /* drive 0, its motor, DMA gate */
    wait_irq(rig);
    for (uint8_t i = 0; i < 4; i++)
        sense(rig, 0xC0 | i, 0);
    ck_assert(!rig->irq.level);
    set_rate(rig, 0);
    SEND(rig, 0x03, 0xDF, 0x02); /* SRT 3 ms, DMA */
}

static void rig_init(struct rig *rig)
{
    rig_new(rig, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_1200K);
    insert(rig, 0, IMAGE);
    out_of_reset(rig);
}

static void rig_free(struct rig *rig)
{
    fdc_free(rig->fdc);
    dma_free(rig->dma);
    physmap_free(&rig->physmap);
    memory_free(&rig->memory);
}

static const uint8_t *sector(unsigned c, unsigned h, unsigned r)
{
    return image + ((c * 2 + h) * 18 + r - 1) * 512;
}

static void seek_to(struct rig *rig, uint8_t drive, uint8_t cylinder)
{
    SEND(rig, 0x0F, drive, cylinder);
    wait_irq(rig);
    sense(rig, 0x20 | drive, cylinder);
}

START_TEST(reset_announces_four_drives)
{
    struct rig rig;
    rig_new(&rig, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    ck_assert_uint_eq(in(&rig, MSR), 0);
    out(&rig, DOR, 0x0C);
    ck_assert_uint_eq(in(&rig, MSR), 0x80);
    ck_assert(!rig.irq.level);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert(rig.irq.level);
    for (uint8_t i = 0; i < 4; i++)
        sense(&rig, 0xC0 | i, 0);
    SEND(&rig, 0x08); /* a fifth has nothing to report */
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x80);
    out(&rig, 4, 0x80); /* DSR software reset does the same */
    wait_irq(&rig);
    sense(&rig, 0xC0, 0);
    out(&rig, DOR, 0x08); /* held in reset: line falls */
    ck_assert(!rig.irq.level);
    ck_assert_uint_eq(in(&rig, DOR), 0x08);
    rig_free(&rig);
}
END_TEST

START_TEST(dma_gate_hides_the_interrupt)
{
    struct rig rig;
    rig_new(&rig, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    out(&rig, DOR, 0x04);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert(!rig.irq.level);
    out(&rig, DOR, 0x0C);
    ck_assert(rig.irq.level);
    rig_free(&rig);
}
END_TEST

START_TEST(identity_and_settings)
{
    struct rig rig;
    rig_init(&rig);
    SEND(&rig, 0x10);
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x90);
    SEND(&rig, 0x18); /* PART ID belongs to the 82078 */
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x80);
    SEND(&rig, 0x13, 0, 0x4A, 33);
    SEND(&rig, 0x12, 0x80 | 0x04 | 3);
    SEND(&rig, 0x94);
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x10);
    SEND(&rig, 0x0E);
    take(&rig, 10);
    ck_assert_mem_eq(rig.result, ((uint8_t[]){0, 0, 0, 0, 0xDF, 0x02, 0, 0x87, 0x4A, 33}), 10);
    out(&rig, 4, 0x80);
    wait_irq(&rig);
    for (uint8_t i = 0; i < 4; i++)
        sense(&rig, 0xC0 | i, 0);
    SEND(&rig, 0x0E); /* locked: FIFO settings survive; EIS, GAP and WGATE do not */
    take(&rig, 10);
    ck_assert_mem_eq(rig.result, ((uint8_t[]){0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x0A, 33}), 10);
    SEND(&rig, 0x14);
    take(&rig, 1);
    out(&rig, 4, 0x80);
    wait_irq(&rig);
    for (uint8_t i = 0; i < 4; i++)
        sense(&rig, 0xC0 | i, 0);
    SEND(&rig, 0x0E);
    take(&rig, 10);
    ck_assert_uint_eq(rig.result[8], 0x20);
    ck_assert_uint_eq(rig.result[9], 0);
    rig_free(&rig);
}
END_TEST

START_TEST(seeks)
{
    struct rig rig;
    rig_init(&rig);
    SEND(&rig, 0x0F, 0, 40);
    ck_assert_uint_eq(in(&rig, MSR), 0x81); /* drive busy, controller free */
    uint64_t start = clock_now(&rig.clock);
    wait_irq(&rig);
    ck_assert_uint_ge(clock_now(&rig.clock) - start, 40 * 300000); /* 3 ms a step, ten times faster */
    ck_assert_uint_eq(in(&rig, MSR), 0x81);
    sense(&rig, 0x20, 40);
    ck_assert_uint_eq(in(&rig, MSR), 0x80);
    SEND(&rig, 0x04, 0x00);
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x28);
    SEND(&rig, 0xCF, 4, 5); /* relative, inwards */
    wait_irq(&rig);
    sense(&rig, 0x24, 45);
    SEND(&rig, 0x8F, 0, 10);
    wait_irq(&rig);
    sense(&rig, 0x20, 35);
    SEND(&rig, 0x07, 0);
    wait_irq(&rig);
    sense(&rig, 0x20, 0);
    SEND(&rig, 0x04, 0x04);
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x3C);
    seek_to(&rig, 0, 85); /* beyond the 79 steps of a recalibrate */
    SEND(&rig, 0x07, 0);
    wait_irq(&rig);
    sense(&rig, 0x70, 0);
    SEND(&rig, 0x07, 0);
    wait_irq(&rig);
    sense(&rig, 0x20, 0);
    out(&rig, DOR, 0x0E); /* no drive 2: track 0 never comes */
    SEND(&rig, 0x07, 2);
    wait_irq(&rig);
    sense(&rig, 0x72, 0);
    rig_free(&rig);
}
END_TEST

START_TEST(read_ends_with_terminal_count)
{
    struct rig rig;
    rig_init(&rig);
    program_dma(&rig, true, BUFFER, 1024);
    SEND(&rig, 0xE6, 0, 0, 0, 17, 2, 18, 27, 0xFF);
    ck_assert_uint_eq(in(&rig, MSR), 0x10);
    EXPECT(&rig, 0x00, 0, 0, 0, 1, 1, 2); /* MT: after the last of head 0 comes head 1 */
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(0, 0, 17), 1024);
    program_dma(&rig, true, BUFFER, 512);
    SEND(&rig, 0x46, 0, 0, 0, 18, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x00, 0, 0, 1, 0, 1, 2); /* without MT the next cylinder */
    program_dma(&rig, true, BUFFER, 512);
    SEND(&rig, 0xC6, 4, 0, 1, 18, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x04, 0, 0, 1, 0, 1, 2);
    program_dma(&rig, true, BUFFER, 300); /* in the middle of a sector */
    memset(rig.memory.host + BUFFER, 0, 512);
    SEND(&rig, 0x46, 0, 0, 0, 3, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x00, 0, 0, 0, 0, 4, 2);
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(0, 0, 3), 300);
    ck_assert_uint_eq(rig.memory.host[BUFFER + 300], 0);
    rig_free(&rig);
}
END_TEST

START_TEST(read_over_both_heads)
{
    struct rig rig;
    rig_init(&rig);
    seek_to(&rig, 0, 7);
    program_dma(&rig, true, BUFFER, 36 * 512);
    uint64_t start = clock_now(&rig.clock);
    SEND(&rig, 0xE6, 0, 7, 0, 1, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x04, 0, 0, 8, 0, 1, 2);
    ck_assert_uint_le(clock_now(&rig.clock) - start, 3 * TURN + 1000000);
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(7, 0, 1), 36 * 512);
    rig_free(&rig);
}
END_TEST

START_TEST(end_of_cylinder_without_terminal_count)
{
    struct rig rig;
    rig_init(&rig);
    program_dma(&rig, true, BUFFER, 8192);
    SEND(&rig, 0x66, 0, 0, 0, 17, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x40, 0x80, 0, 1, 0, 1, 2);
    dma_low_ports.write(rig.dma, 0x0A, 1, 6); /* channel masked: overrun */
    SEND(&rig, 0x66, 0, 0, 0, 17, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x40, 0x10, 0, 0, 0, 17, 2);
    rig_free(&rig);
}
END_TEST

START_TEST(sectors_that_are_not_there)
{
    struct rig rig;
    rig_init(&rig);
    program_dma(&rig, true, BUFFER, 512);
    uint64_t start = clock_now(&rig.clock);
    SEND(&rig, 0x66, 0, 0, 0, 19, 2, 36, 27, 0xFF);
    EXPECT(&rig, 0x40, 0x04, 0, 0, 0, 19, 2);
    ck_assert_uint_ge(clock_now(&rig.clock) - start, 2 * TURN);
    SEND(&rig, 0x66, 0, 5, 0, 1, 2, 18, 27, 0xFF); /* address says 5, head is on 0 */
    EXPECT(&rig, 0x40, 0x04, 0x10, 5, 0, 1, 2);
    SEND(&rig, 0x66, 4, 0, 0, 1, 2, 18, 27, 0xFF); /* H differs */
    EXPECT(&rig, 0x44, 0x04, 0, 0, 0, 1, 2);
    SEND(&rig, 0x66, 0, 0, 0, 1, 3, 18, 27, 0xFF); /* 1024-byte sectors */
    EXPECT(&rig, 0x40, 0x04, 0, 0, 0, 1, 3);
    set_rate(&rig, 2);
    SEND(&rig, 0x66, 0, 0, 0, 1, 2, 18, 27, 0xFF); /* wrong data rate */
    EXPECT(&rig, 0x40, 0x01, 0, 0, 0, 1, 2);
    SEND(&rig, 0x4A, 0);
    EXPECT(&rig, 0x40, 0x01, 0, 0, 0, 0, 0);
    set_rate(&rig, 0);
    SEND(&rig, 0x26, 0, 0, 0, 1, 2, 18, 27, 0xFF); /* FM */
    EXPECT(&rig, 0x40, 0x01, 0, 0, 0, 1, 2);
    seek_to(&rig, 0, 81);
    SEND(&rig, 0x4A, 0);
    EXPECT(&rig, 0x40, 0x01, 0, 0, 0, 0, 0);
    rig_free(&rig);
}
END_TEST

START_TEST(read_id_follows_the_rotation)
{
    struct rig rig;
    rig_init(&rig);
    seek_to(&rig, 0, 3);
    fake_clock_to(&rig.clock, (clock_now(&rig.clock) / TURN + 1) * TURN + TURN / 18 * 4 + 1000);
    SEND(&rig, 0x4A, 4);
    EXPECT(&rig, 0x04, 0, 0, 3, 1, 6, 2);
    SEND(&rig, 0x4A, 4);
    EXPECT(&rig, 0x04, 0, 0, 3, 1, 7, 2);
    rig_free(&rig);
}
END_TEST

START_TEST(write_and_read_back)
{
    struct rig rig;
    uint8_t got[1024];
    rig_init(&rig);
    for (int i = 0; i < 1024; i++)
        rig.memory.host[BUFFER + i] = (uint8_t)(i ^ 0x5A);
    program_dma(&rig, false, BUFFER, 700);
    SEND(&rig, 0xC5, 0, 0, 0, 1, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x00, 0, 0, 0, 0, 3, 2);
    ck_assert(media_read(fdc_media(rig.fdc, 0), 0, got, 1024));
    ck_assert_mem_eq(got, rig.memory.host + BUFFER, 700);
    for (int i = 700; i < 1024; i++)
        ck_assert_uint_eq(got[i], 0); /* the rest of the sector is zeros */
    rig_free(&rig);
}
END_TEST

START_TEST(write_protect)
{
    struct rig rig;
    struct error err;
    rig_init(&rig);
    fdc_eject(rig.fdc, 0);
    ck_assert(fdc_insert(rig.fdc, 0, floppy(IMAGE, true), &err));
    SEND(&rig, 0x04, 0);
    take(&rig, 1);
    ck_assert_uint_eq(rig.result[0], 0x78);
    program_dma(&rig, false, BUFFER, 512);
    SEND(&rig, 0x45, 0, 0, 0, 1, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x40, 0x02, 0, 0, 0, 1, 2);
    SEND(&rig, 0x4D, 0, 2, 18, 27, 0xF6);
    wait_irq(&rig);
    take(&rig, 7);
    ck_assert_uint_eq(rig.result[0], 0x40);
    ck_assert_uint_eq(rig.result[1], 0x02);
    rig_free(&rig);
}
END_TEST

START_TEST(deleted_marks)
{
    struct rig rig;
    rig_init(&rig);
    program_dma(&rig, false, BUFFER, 512);
    SEND(&rig, 0x49, 0, 0, 0, 2, 2, 18, 27, 0xFF); /* sector 2 becomes deleted */
    EXPECT(&rig, 0x00, 0, 0, 0, 0, 3, 2);
    program_dma(&rig, true, BUFFER, 3 * 512);
    SEND(&rig, 0x46, 0, 0, 0, 1, 2, 18, 27, 0xFF); /* stops after it, address stays */
    EXPECT(&rig, 0x00, 0, 0x40, 0, 0, 2, 2);
    program_dma(&rig, true, BUFFER, 2 * 512);
    SEND(&rig, 0x66, 0, 0, 0, 1, 2, 18, 27, 0xFF); /* skips it */
    EXPECT(&rig, 0x00, 0, 0x40, 0, 0, 4, 2);
    ck_assert_mem_eq(rig.memory.host + BUFFER + 512, sector(0, 0, 3), 512);
    program_dma(&rig, true, BUFFER, 512);
    SEND(&rig, 0x4C, 0, 0, 0, 2, 2, 18, 27, 0xFF); /* READ DELETED DATA wants it */
    EXPECT(&rig, 0x00, 0, 0, 0, 0, 3, 2);
    rig_free(&rig);
}
END_TEST

START_TEST(format_a_track)
{
    struct rig rig;
    uint8_t got[512];
    rig_init(&rig);
    seek_to(&rig, 0, 2);
    for (int i = 0; i < 18; i++)
        memcpy(rig.memory.host + BUFFER + 4 * i, ((uint8_t[]){2, 1, (uint8_t)(i + 1), 2}), 4);
    program_dma(&rig, false, BUFFER, 72);
    SEND(&rig, 0x4D, 4, 2, 18, 84, 0xF6);
    wait_irq(&rig);
    take(&rig, 7);
    ck_assert_uint_eq(rig.result[0], 0x04);
    ck_assert_uint_eq(rig.result[1] | rig.result[2], 0);
    for (unsigned i = 1; i <= 18; i++) {
        ck_assert(media_read(fdc_media(rig.fdc, 0), (uint64_t)(sector(2, 1, i) - image), got, 512));
        ck_assert(got[0] == 0xF6 && got[511] == 0xF6);
    }
    ck_assert(media_read(fdc_media(rig.fdc, 0), (uint64_t)(sector(2, 0, 18) - image), got, 512));
    ck_assert_mem_eq(got, sector(2, 0, 18), 512);
    rig_free(&rig);
}
END_TEST

START_TEST(verify_and_scan)
{
    struct rig rig;
    rig_init(&rig);
    SEND(&rig, 0x76, 0x80, 0, 0, 2, 2, 18, 27, 3); /* EC: three sectors */
    EXPECT(&rig, 0x00, 0, 0, 0, 0, 5, 2);
    SEND(&rig, 0x76, 0, 0, 0, 2, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x00, 0, 0, 1, 0, 1, 2);
    SEND(&rig, 0x76, 0, 0, 0, 2, 2, 20, 27, 0xFF); /* EOT beyond the track */
    EXPECT(&rig, 0x40, 0x04, 0, 0, 0, 19, 2);
    memcpy(rig.memory.host + BUFFER, sector(0, 0, 4), 512);
    memcpy(rig.memory.host + BUFFER + 512, sector(0, 0, 5), 512);
    memset(rig.memory.host + BUFFER + 1024, 0, 512);
    rig.memory.host[BUFFER + 512 + 7] = 0xFF; /* matches anything */
    program_dma(&rig, false, BUFFER, 1536);
    SEND(&rig, 0x51, 0, 0, 0, 3, 2, 18, 27, 1); /* sector 3 against the data of 4: no; 4 against 5: no */
    EXPECT(&rig, 0x00, 0, 0x04, 0, 0, 6, 2);
    program_dma(&rig, false, BUFFER, 1536);
    SEND(&rig, 0x51, 0, 0, 0, 4, 2, 18, 27, 1);
    EXPECT(&rig, 0x00, 0, 0x08, 0, 0, 4, 2);
    program_dma(&rig, false, BUFFER + 512, 1024);
    SEND(&rig, 0x51, 0, 0, 0, 5, 2, 18, 27, 1);
    EXPECT(&rig, 0x00, 0, 0x08, 0, 0, 5, 2);
    program_dma(&rig, false, BUFFER + 1024, 512);
    SEND(&rig, 0x5D, 0, 0, 0, 5, 2, 18, 27, 1); /* disk is higher than zeros */
    EXPECT(&rig, 0x00, 0, 0x00, 0, 0, 5, 2);
    rig_free(&rig);
}
END_TEST

START_TEST(read_track_starts_at_the_index_hole)
{
    struct rig rig;
    rig_init(&rig);
    program_dma(&rig, true, BUFFER, 4 * 512);
    SEND(&rig, 0x42, 0, 0, 0, 1, 2, 4, 27, 0xFF);
    EXPECT(&rig, 0x00, 0, 0, 1, 0, 1, 2);
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(0, 0, 1), 4 * 512);
    program_dma(&rig, true, BUFFER, 4 * 512);
    SEND(&rig, 0x42, 0, 0, 0, 5, 2, 4, 27, 0xFF); /* wrong address: noted, read all the same */
    wait_irq(&rig);
    take(&rig, 7);
    ck_assert_uint_eq(rig.result[1], 0x04);
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(0, 0, 1), 4 * 512);
    rig_free(&rig);
}
END_TEST

START_TEST(programmed_io)
{
    struct rig rig;
    uint8_t got[1024];
    rig_init(&rig);
    SEND(&rig, 0x03, 0xDF, 0x03); /* ND */
    SEND(&rig, 0x46, 0, 0, 0, 17, 2, 18, 27, 0xFF);
    for (int i = 0; i < 1024; i++) {
        if (i % 512 == 0)
            wait_irq(&rig);
        ck_assert_uint_eq(in(&rig, MSR), 0xF0);
        got[i] = in(&rig, FIFO);
    }
    ck_assert_mem_eq(got, sector(0, 0, 17), 1024);
    EXPECT(&rig, 0x40, 0x80, 0, 1, 0, 1, 2); /* without TC the cylinder always ends it */
    SEND(&rig, 0x45, 0, 0, 0, 18, 2, 18, 27, 0xFF);
    wait_irq(&rig);
    for (int i = 0; i < 512; i++) {
        ck_assert_uint_eq(in(&rig, MSR), 0xB0);
        out(&rig, FIFO, (uint8_t)(i * 3));
    }
    ck_assert_uint_eq(in(&rig, MSR), 0x30);
    EXPECT(&rig, 0x40, 0x80, 0, 1, 0, 1, 2);
    ck_assert(media_read(fdc_media(rig.fdc, 0), 17 * 512, got, 512));
    ck_assert_uint_eq(got[100], 300 & 0xFF);
    rig_free(&rig);
}
END_TEST

START_TEST(implied_seek)
{
    struct rig rig;
    rig_init(&rig);
    SEND(&rig, 0x13, 0, 0x40, 0);
    program_dma(&rig, true, BUFFER, 512);
    SEND(&rig, 0xE6, 4, 50, 1, 9, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x24, 0, 0, 50, 1, 10, 2);
    ck_assert_mem_eq(rig.memory.host + BUFFER, sector(50, 1, 9), 512);
    rig_free(&rig);
}
END_TEST

START_TEST(change_line)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0x80); /* since power-on */
    SEND(&rig, 0x07, 0);                       /* on track 0 already: no step, no change */
    wait_irq(&rig);
    sense(&rig, 0x20, 0);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0x80);
    seek_to(&rig, 0, 1);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0);
    fdc_eject(rig.fdc, 0);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0x80);
    seek_to(&rig, 0, 5); /* stepping an empty drive does not clear it */
    ck_assert_uint_eq(dir(&rig) & 0x80, 0x80);
    insert(&rig, 0, IMAGE);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0x80);
    out(&rig, DOR, 0x0C);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0); /* motor off: not selected */
    out(&rig, DOR, 0x1C);
    seek_to(&rig, 0, 4);
    ck_assert_uint_eq(dir(&rig) & 0x80, 0);
    rig_free(&rig);
}
END_TEST

START_TEST(empty_drive_hangs_until_a_disk_turns)
{
    struct rig rig;
    rig_init(&rig);
    fdc_eject(rig.fdc, 0);
    SEND(&rig, 0x4A, 0);
    fake_clock_advance(&rig.clock, UINT64_C(10000000000));
    ck_assert(!rig.irq.level);
    ck_assert_uint_eq(in(&rig, MSR), 0x10);
    insert(&rig, 0, IMAGE);
    wait_irq(&rig);
    take(&rig, 7);
    fdc_eject(rig.fdc, 0);
    SEND(&rig, 0x4A, 0);
    out(&rig, DOR, 0x18); /* or until a reset */
    out(&rig, DOR, 0x1C);
    wait_irq(&rig);
    sense(&rig, 0xC0, 0);
    rig_free(&rig);
}
END_TEST

START_TEST(all_dos_formats)
{
    static const struct {
        unsigned kib, drive, rate, spt, cylinders, heads;
    } cases[] = {
        {160, FLOPPY_DRIVE_360K, 2, 8, 40, 1},    {180, FLOPPY_DRIVE_360K, 2, 9, 40, 1},
        {320, FLOPPY_DRIVE_360K, 2, 8, 40, 2},    {360, FLOPPY_DRIVE_360K, 2, 9, 40, 2},
        {360, FLOPPY_DRIVE_1200K, 1, 9, 40, 2},   {720, FLOPPY_DRIVE_720K, 2, 9, 80, 2},
        {720, FLOPPY_DRIVE_1440K, 2, 9, 80, 2},   {1200, FLOPPY_DRIVE_1200K, 0, 15, 80, 2},
        {1440, FLOPPY_DRIVE_1440K, 0, 18, 80, 2}, {1440, FLOPPY_DRIVE_2880K, 0, 18, 80, 2},
        {2880, FLOPPY_DRIVE_2880K, 3, 36, 80, 2},
    };
    static uint8_t big[2880 * 1024];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;
        struct error err;
        uint8_t c = (uint8_t)(cases[i].cylinders - 1), h = (uint8_t)(cases[i].heads - 1);
        bool double_step = cases[i].kib == 360 && cases[i].drive == FLOPPY_DRIVE_1200K;
        size_t size = (size_t)cases[i].kib * 1024;
        memset(big + size - 512, (int)i + 1, 512);
        rig_new(&rig, (enum floppy_drive_type)cases[i].drive, FLOPPY_DRIVE_NONE);
        ck_assert(fdc_insert(rig.fdc, 0, media_from_bytes("x", MEDIA_FLOPPY, big, size, NULL), &err));
        out_of_reset(&rig);
        set_rate(&rig, (uint8_t)cases[i].rate);
        seek_to(&rig, 0, (uint8_t)(double_step ? 2 * c : c));
        program_dma(&rig, true, BUFFER, 512);
        SEND(&rig, 0x46, (uint8_t)(h << 2), c, h, (uint8_t)cases[i].spt, 2, (uint8_t)cases[i].spt, 27, 0xFF);
        EXPECT(&rig, (uint8_t)(h << 2), 0, 0, (uint8_t)(c + 1), h, 1, 2);
        ck_assert_uint_eq(rig.memory.host[BUFFER], i + 1);
        if (!h) {
            SEND(&rig, 0x4A, 4); /* the other side of a single-sided disk */
            EXPECT(&rig, 0x44, 0x01, 0, 0, 0, 0, 0);
        }
        rig_free(&rig);
    }
}
END_TEST

START_TEST(host_errors)
{
    struct rig rig;
    struct error err;
    rig_init(&rig);
    ck_assert(fdc_insert(rig.fdc, 0, bad_media_new(MEDIA_FLOPPY, IMAGE, 4 * 512, 1), &err));
    program_dma(&rig, true, BUFFER, 2048);
    SEND(&rig, 0x66, 0, 0, 0, 4, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x40, 0x20, 0x20, 0, 0, 5, 2); /* the first is fine, the second has a data error */
    program_dma(&rig, false, BUFFER, 512);
    SEND(&rig, 0x45, 0, 0, 0, 5, 2, 18, 27, 0xFF);
    EXPECT(&rig, 0x50, 0, 0, 0, 0, 5, 2);
    rig_free(&rig);
}
END_TEST

START_TEST(insert_errors)
{
    struct rig rig;
    struct error err = {{0}};
    rig_new(&rig, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    struct media *media = floppy(IMAGE, false);
    ck_assert(!fdc_insert(rig.fdc, 1, media, &err));
    ck_assert(strstr(err.text, "no floppy drive B:"));
    media_close(media);
    media = media_from_bytes("odd", MEDIA_FLOPPY, image, 700, NULL);
    ck_assert(!fdc_insert(rig.fdc, 0, media, &err));
    ck_assert(strstr(err.text, "odd"));
    media_close(media);
    rig_free(&rig);
}
END_TEST

START_TEST(state_in_the_middle_of_transfers)
{
    struct rig rig, other;
    struct error err = {{0}};
    rig_init(&rig);
    rig_init(&other);
    program_dma(&rig, true, BUFFER, 4 * 512);
    SEND(&rig, 0xE6, 0, 0, 0, 16, 2, 18, 27, 0xFF);
    fake_clock_advance(&rig.clock, TURN * 17 / 18); /* some are over */
    ck_assert(state_round_trip(&fdc_state, rig.fdc, rig.fdc));
    fake_clock_to(&other.clock, clock_now(&rig.clock));
    ck_assert(state_round_trip(&fdc_state, rig.fdc, other.fdc));
    ck_assert(state_round_trip(&dma_state, rig.dma, other.dma));
    wait_irq(&rig);
    wait_irq(&other);
    ck_assert_uint_eq(clock_now(&rig.clock), clock_now(&other.clock));
    for (int i = 0; i < 3; i++)
        in(&rig, FIFO);
    ck_assert(state_round_trip(&fdc_state, rig.fdc, other.fdc));
    fdc_eject(other.fdc, 0);
    struct buffer saved = {0};
    state_save(&fdc_state, rig.fdc, &saved);
    struct reader reader = {.data = saved.data, .size = saved.size};
    ck_assert(!state_load(&fdc_state, other.fdc, &reader, &err));
    ck_assert(strstr(err.text, "another disk"));
    buffer_free(&saved);
    rig_free(&rig);
    rig_free(&other);
}
END_TEST

START_TEST(wild_writes)
{
    struct rig rig;
    uint32_t x = 12345;
    rig_init(&rig);
    insert(&rig, 1, 1200 * 1024);
    for (int i = 0; i < 200000; i++) {
        x = x * 1664525 + 1013904223;
        uint8_t value = (uint8_t)(x >> 24);
        switch (x >> 16 & 15) {
        case 0: out(&rig, DOR, value | 0x0C); break;
        case 1: out(&rig, 4, value & 0x7F); break;
        case 2: out(&rig, DOR, value); break;
        case 3: fake_clock_advance(&rig.clock, (x >> 8) * 16); break;
        case 4:
        case 5:
        case 6: in(&rig, FIFO); break;
        case 7: program_dma(&rig, value & 1, x >> 4 & 0xFFFFF, (uint16_t)x); break;
        default: out(&rig, FIFO, value & 1 ? value : value & 0x5F); break;
        }
    }
    rig_free(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        reset_announces_four_drives,
        dma_gate_hides_the_interrupt,
        identity_and_settings,
        seeks,
        read_ends_with_terminal_count,
        read_over_both_heads,
        end_of_cylinder_without_terminal_count,
        sectors_that_are_not_there,
        read_id_follows_the_rotation,
        write_and_read_back,
        write_protect,
        deleted_marks,
        format_a_track,
        verify_and_scan,
        read_track_starts_at_the_index_hole,
        programmed_io,
        implied_seek,
        change_line,
        empty_drive_hangs_until_a_disk_turns,
        all_dos_formats,
        host_errors,
        insert_errors,
        state_in_the_middle_of_transfers,
        wild_writes,
    };
    return suite_run("fdc", tests, sizeof tests / sizeof tests[0]);
}
