/* SPDX-License-Identifier: MIT */
/* 8237A pair: programming, block ends, auto-initialise, direction, page wrap, cascade, verify. */
#include <string.h>

#include "devices/chipset/dma_8237.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { MEMORY = 1 << 20 };

struct bench {
    struct memory memory;
    struct physmap map;
    struct dma *dma;
    uint8_t post;
};

static void post(void *self, uint8_t byte)
{
    ((struct bench *)self)->post = byte;
}

static void low(struct bench *t, unsigned reg, unsigned value)
{
    dma_low_ports.write(t->dma, reg, 1, value);
}

static void high(struct bench *t, unsigned reg, unsigned value)
{
    dma_high_ports.write(t->dma, reg * 2, 1, value);
}

static uint32_t low_get(struct bench *t, unsigned reg)
{
    return dma_low_ports.read(t->dma, reg, 1);
}

static void page(struct bench *t, unsigned port, unsigned value)
{
    dma_page_ports.write(t->dma, port - 0x80, 1, value);
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    ck_assert(memory_init(&t->memory, MEMORY, NULL));
    physmap_init(&t->map, &t->memory);
    struct physmap_region ram = {.name = "ram",
                                 .kind = PHYSMAP_MEMORY,
                                 .size = MEMORY,
                                 .reads = true,
                                 .writes = true,
                                 .offset = memory_take(&t->memory, MEMORY)};
    physmap_add(&t->map, &ram);
    t->dma = dma_new(&(struct dma_config){.physmap = &t->map, .post = {post, t}});
    high(t, 11, 0xC0); /* channel 4 cascades */
    high(t, 10, 0x00);
}

static void teardown(struct bench *t)
{
    dma_free(t->dma);
    physmap_free(&t->map);
    memory_free(&t->memory);
}

static void program2(struct bench *t, uint8_t mode, unsigned address, unsigned count)
{
    low(t, 10, 0x06);
    low(t, 12, 0);
    low(t, 4, address & 0xFF);
    low(t, 4, address >> 8);
    low(t, 5, count & 0xFF);
    low(t, 5, count >> 8);
    low(t, 11, mode);
    low(t, 10, 0x02);
}

START_TEST(write_transfer_to_terminal_count)
{
    struct bench t;
    setup(&t);
    uint8_t data[16] = "0123456789ABCDE";
    page(&t, 0x81, 0x02);
    program2(&t, 0x46, 0x1000, 9);
    struct dma_result first = dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 4);
    ck_assert_uint_eq(first.moved, 4);
    ck_assert(!first.tc);
    struct dma_result rest = dma_transfer(t.dma, 2, DMA_TO_MEMORY, data + 4, 12);
    ck_assert_uint_eq(rest.moved, 6);
    ck_assert(rest.tc);
    ck_assert(!memcmp(t.memory.host + 0x21000, data, 10));
    ck_assert_uint_eq(t.memory.host[0x2100A], 0);
    ck_assert_uint_eq(low_get(&t, 8), 0x04);
    ck_assert_uint_eq(low_get(&t, 8), 0x00);
    /* Masked at terminal count; count reads FFFFh, address is one past the end. */
    ck_assert(!dma_ready(t.dma, 2));
    ck_assert_uint_eq(dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 1).moved, 0);
    low(&t, 12, 0);
    ck_assert_uint_eq(low_get(&t, 4), 0x0A);
    ck_assert_uint_eq(low_get(&t, 4), 0x10);
    ck_assert_uint_eq(low_get(&t, 5), 0xFF);
    ck_assert_uint_eq(low_get(&t, 5), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(read_transfer)
{
    struct bench t;
    setup(&t);
    memcpy(t.memory.host + 0x500, "lathe", 5);
    program2(&t, 0x4A, 0x500, 4);
    char data[8] = {0};
    struct dma_result result = dma_transfer(t.dma, 2, DMA_FROM_MEMORY, data, sizeof data);
    ck_assert_uint_eq(result.moved, 5);
    ck_assert(result.tc);
    ck_assert_str_eq(data, "lathe");
    teardown(&t);
}
END_TEST

START_TEST(address_wraps_within_the_page)
{
    struct bench t;
    setup(&t);
    page(&t, 0x81, 0x03);
    program2(&t, 0x46, 0xFFFE, 3);
    uint8_t data[4] = {1, 2, 3, 4};
    ck_assert(dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 4).tc);
    ck_assert_uint_eq(t.memory.host[0x3FFFE], 1);
    ck_assert_uint_eq(t.memory.host[0x3FFFF], 2);
    ck_assert_uint_eq(t.memory.host[0x30000], 3);
    ck_assert_uint_eq(t.memory.host[0x30001], 4);
    ck_assert_uint_eq(t.memory.host[0x40000], 0);
    teardown(&t);
}
END_TEST

START_TEST(decrement)
{
    struct bench t;
    setup(&t);
    program2(&t, 0x66, 0x0001, 3);
    uint8_t data[4] = {1, 2, 3, 4};
    ck_assert(dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 4).tc);
    ck_assert_uint_eq(t.memory.host[1], 1);
    ck_assert_uint_eq(t.memory.host[0], 2);
    ck_assert_uint_eq(t.memory.host[0xFFFF], 3);
    ck_assert_uint_eq(t.memory.host[0xFFFE], 4);
    teardown(&t);
}
END_TEST

START_TEST(auto_initialise)
{
    struct bench t;
    setup(&t);
    program2(&t, 0x56, 0x2000, 1);
    uint8_t data[4] = {1, 2, 3, 4};
    ck_assert(dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 4).tc);
    ck_assert(dma_ready(t.dma, 2));
    struct dma_result again = dma_transfer(t.dma, 2, DMA_TO_MEMORY, data + 2, 2);
    ck_assert_uint_eq(again.moved, 2);
    ck_assert_uint_eq(t.memory.host[0x2000], 3);
    ck_assert_uint_eq(t.memory.host[0x2001], 4);
    teardown(&t);
}
END_TEST

START_TEST(verify_counts_only)
{
    struct bench t;
    setup(&t);
    memset(t.memory.host, 0x11, 16);
    program2(&t, 0x42, 0, 3);
    uint8_t data[4] = {1, 2, 3, 4};
    struct dma_result result = dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, 4);
    ck_assert_uint_eq(result.moved, 4);
    ck_assert(result.tc);
    ck_assert_uint_eq(t.memory.host[0], 0x11);
    teardown(&t);
}
END_TEST

START_TEST(word_channels)
{
    struct bench t;
    setup(&t);
    high(&t, 12, 0);
    high(&t, 2, 0xFF); /* channel 5: word address FFFFh, two words */
    high(&t, 2, 0xFF);
    high(&t, 3, 0x01);
    high(&t, 3, 0x00);
    high(&t, 11, 0x45);
    high(&t, 10, 0x01);
    page(&t, 0x8B, 0x03); /* bit 0 is ignored */
    uint8_t data[5] = {1, 2, 3, 4, 5};
    struct dma_result result = dma_transfer(t.dma, 5, DMA_TO_MEMORY, data, 3);
    ck_assert_uint_eq(result.moved, 2);
    ck_assert(!result.tc);
    result = dma_transfer(t.dma, 5, DMA_TO_MEMORY, data + 2, 3);
    ck_assert_uint_eq(result.moved, 2);
    ck_assert(result.tc);
    ck_assert_uint_eq(t.memory.host[0x3FFFE], 1);
    ck_assert_uint_eq(t.memory.host[0x3FFFF], 2);
    ck_assert_uint_eq(t.memory.host[0x20000], 3);
    ck_assert_uint_eq(t.memory.host[0x20001], 4);
    teardown(&t);
}
END_TEST

START_TEST(what_blocks_a_channel)
{
    struct bench t;
    setup(&t);
    uint8_t data[4] = {0};
    program2(&t, 0x46, 0, 99);
    ck_assert(dma_ready(t.dma, 2));
    ck_assert_uint_eq(dma_transfer(t.dma, 2, DMA_FROM_MEMORY, data, 4).moved, 0);
    low(&t, 8, 0x04);
    ck_assert(!dma_ready(t.dma, 2));
    low(&t, 8, 0x00);
    low(&t, 10, 0x06);
    ck_assert(!dma_ready(t.dma, 2));
    low(&t, 14, 0);
    ck_assert(dma_ready(t.dma, 2));
    low(&t, 15, 0x04);
    ck_assert(!dma_ready(t.dma, 2));
    low(&t, 15, 0x00);
    /* The cascade must be open too. */
    high(&t, 10, 0x04);
    ck_assert(!dma_ready(t.dma, 2));
    high(&t, 10, 0x00);
    high(&t, 11, 0x40);
    ck_assert(!dma_ready(t.dma, 2));
    high(&t, 11, 0xC0);
    ck_assert(dma_ready(t.dma, 2));
    /* Master clear masks everything. */
    low(&t, 13, 0);
    ck_assert(!dma_ready(t.dma, 2));
    ck_assert_uint_eq(dma_transfer(t.dma, 4, DMA_TO_MEMORY, data, 4).moved, 0);
    teardown(&t);
}
END_TEST

START_TEST(flip_flop)
{
    struct bench t;
    setup(&t);
    low(&t, 12, 0);
    low(&t, 0, 0x34);
    ck_assert_uint_eq(low_get(&t, 0), 0x00); /* the flip-flop is shared by reads and writes */
    ck_assert_uint_eq(low_get(&t, 0), 0x34);
    low(&t, 0, 0x12);
    low(&t, 12, 0);
    ck_assert_uint_eq(low_get(&t, 0), 0x34);
    ck_assert_uint_eq(low_get(&t, 0), 0x12);
    teardown(&t);
}
END_TEST

START_TEST(status_shows_requests)
{
    struct bench t;
    setup(&t);
    dma_set_dreq(t.dma, 3, true);
    ck_assert_uint_eq(low_get(&t, 8), 0x80);
    dma_set_dreq(t.dma, 3, false);
    ck_assert_uint_eq(low_get(&t, 8), 0x00);
    teardown(&t);
}
END_TEST

START_TEST(software_request_runs_the_block)
{
    struct bench t;
    setup(&t);
    program2(&t, 0x86, 0x3000, 1023);
    low(&t, 9, 0x06);
    ck_assert_uint_eq(low_get(&t, 8), 0x04);
    ck_assert_uint_eq(t.memory.host[0x3000], 0xFF);
    ck_assert_uint_eq(t.memory.host[0x33FF], 0xFF);
    ck_assert_uint_eq(t.memory.host[0x3400], 0x00);
    teardown(&t);
}
END_TEST

START_TEST(off_the_end_of_memory)
{
    struct bench t;
    setup(&t);
    page(&t, 0x81, 0xFF);
    program2(&t, 0x46, 0xFFF0, 0xFFFF);
    static uint8_t data[0x10000];
    ck_assert(dma_transfer(t.dma, 2, DMA_TO_MEMORY, data, sizeof data).tc);
    program2(&t, 0x4A, 0xFFF0, 0xFFFF);
    ck_assert(dma_transfer(t.dma, 2, DMA_FROM_MEMORY, data, sizeof data).tc);
    ck_assert_uint_eq(data[0], 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(spare_pages_and_post)
{
    struct bench t;
    setup(&t);
    for (unsigned i = 0; i < 16; i++)
        page(&t, 0x80 + i, 0x30 + i);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(dma_page_ports.read(t.dma, i, 1), 0x30 + i);
    ck_assert_uint_eq(t.post, 0x30);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    page(&t, 0x81, 0x05);
    program2(&t, 0x56, 0x1234, 0x77);
    low(&t, 0, 1);
    ck_assert(state_round_trip(&dma_state, t.dma, copy.dma));
    ck_assert(dma_ready(copy.dma, 2));
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {write_transfer_to_terminal_count,
                                  read_transfer,
                                  address_wraps_within_the_page,
                                  decrement,
                                  auto_initialise,
                                  verify_counts_only,
                                  word_channels,
                                  what_blocks_a_channel,
                                  flip_flop,
                                  status_shows_requests,
                                  software_request_runs_the_block,
                                  off_the_end_of_memory,
                                  spare_pages_and_post,
                                  state};
    return suite_run("dma", tests, sizeof tests / sizeof tests[0]);
}
