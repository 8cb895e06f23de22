/* SPDX-License-Identifier: MIT */
/* 440FX: PAM segments between ROM and shadow RAM, SMRAM with its lock, reset. */
#include <string.h>

#include "devices/chipset/i440fx.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { MEGABYTE = 1 << 20, REG_PAM0 = 0x59, REG_SMRAM = 0x72 };

struct bench {
    struct memory memory;
    struct physmap map;
    struct portmap *ports;
    struct pci_bus *bus;
    struct i440fx *bridge;
    mem_t ram, rom;
};

/* RAM is filled with 'R', ROM at C0000h-FFFFFh with 'O'; nobody is at A0000h. */
static void setup(struct bench *t)
{
    *t = (struct bench){0};
    ck_assert(memory_init(&t->memory, 2 * MEGABYTE, NULL));
    physmap_init(&t->map, &t->memory);
    t->ports = portmap_new(NULL);
    t->bus = pci_new(&(struct pci_config){.ports = t->ports, .physmap = &t->map});
    t->ram = memory_take(&t->memory, MEGABYTE);
    t->rom = memory_take(&t->memory, 0x40000);
    memset(t->memory.host + t->ram, 'R', MEGABYTE);
    memset(t->memory.host + t->rom, 'O', 0x40000);
    struct physmap_region low = {.name = "ram",
                                 .kind = PHYSMAP_MEMORY,
                                 .priority = I440FX_PRIORITY_RAM,
                                 .size = 0xA0000,
                                 .reads = true,
                                 .writes = true,
                                 .offset = t->ram};
    struct physmap_region rom = {.name = "rom",
                                 .kind = PHYSMAP_ROM,
                                 .priority = I440FX_PRIORITY_ROM,
                                 .base = 0xC0000,
                                 .size = 0x40000,
                                 .reads = true,
                                 .writes = true,
                                 .offset = t->rom};
    physmap_add(&t->map, &low);
    physmap_add(&t->map, &rom);
    t->bridge =
        i440fx_new(&(struct i440fx_config){.physmap = &t->map, .ram = t->ram, .ram_size = 64u * MEGABYTE});
    pci_attach(t->bus, &t->bridge->pci, 0, 0);
}

static void teardown(struct bench *t)
{
    i440fx_free(t->bridge);
    pci_free(t->bus);
    portmap_free(t->ports);
    physmap_free(&t->map);
    memory_free(&t->memory);
}

static void put(struct bench *t, unsigned reg, unsigned value)
{
    pci_config_write(t->bus, 0, 0, reg, 1, value);
}

static uint32_t get(struct bench *t, unsigned reg, unsigned size)
{
    return pci_config_read(t->bus, 0, 0, reg, size);
}

START_TEST(identity)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(get(&t, 0, 4), 0x12378086);
    ck_assert_uint_eq(get(&t, 8, 4) >> 8, 0x060000);
    ck_assert_uint_eq(get(&t, PCI_COMMAND, 2), 0x0006);
    pci_config_write(t.bus, 0, 0, PCI_COMMAND, 2, 0x0101);
    ck_assert_uint_eq(get(&t, PCI_COMMAND, 2), 0x0106);
    ck_assert_uint_eq(get(&t, 0x60, 1), 8); /* 64 MiB in row 0 */
    ck_assert_uint_eq(get(&t, 0x67, 1), 8);
    ck_assert_uint_eq(get(&t, REG_SMRAM, 1), 0x02);
    teardown(&t);
}
END_TEST

/* One segment: the attributes of reads and writes are independent, and neighbours stay. */
static void check_segment(unsigned reg, unsigned shift, gpa_t base, uint64_t size)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(physmap_read(&t.map, base, 1), 'O');
    physmap_write(&t.map, base, 1, 'x');
    ck_assert_uint_eq(t.memory.host[t.ram + base], 'R');
    put(&t, reg, 2u << shift); /* reads from ROM, writes to RAM */
    physmap_write(&t.map, base, 1, 'w');
    physmap_write(&t.map, base + size - 1, 1, 'e');
    ck_assert_uint_eq(t.memory.host[t.ram + base], 'w');
    ck_assert_uint_eq(t.memory.host[t.ram + base + size - 1], 'e');
    ck_assert_uint_eq(physmap_read(&t.map, base, 1), 'O');
    put(&t, reg, 1u << shift); /* reads from RAM, writes to the bus */
    ck_assert_uint_eq(physmap_read(&t.map, base, 1), 'w');
    ck_assert_uint_eq(physmap_read(&t.map, base + size - 1, 1), 'e');
    physmap_write(&t.map, base, 1, 'n');
    ck_assert_uint_eq(physmap_read(&t.map, base, 1), 'w');
    if (base > 0xC0000)
        ck_assert_uint_eq(physmap_read(&t.map, base - 1, 1), 'O');
    if (base + size < 0x100000)
        ck_assert_uint_eq(physmap_read(&t.map, base + size, 1), 'O');
    put(&t, reg, 0);
    ck_assert_uint_eq(physmap_read(&t.map, base, 1), 'O');
    teardown(&t);
}

START_TEST(every_pam_segment)
{
    check_segment(REG_PAM0, 4, 0xF0000, 0x10000);
    for (unsigned i = 0; i < 12; i++)
        check_segment(REG_PAM0 + 1 + i / 2, i % 2 * 4, 0xC0000 + i * 0x4000, 0x4000);
}
END_TEST

START_TEST(word_and_doubleword_writes_reach_pam)
{
    struct bench t;
    setup(&t);
    pci_config_write(t.bus, 0, 0, 0x58, 4, 0x11113010);
    ck_assert_uint_eq(physmap_read(&t.map, 0xF0000, 1), 'R');
    ck_assert_uint_eq(physmap_read(&t.map, 0xC8000, 1), 'R');
    ck_assert_uint_eq(physmap_read(&t.map, 0xC0000, 1), 'R');
    /* The low nibble of PAM0 is reserved. */
    put(&t, REG_PAM0, 0xFF);
    ck_assert_uint_eq(get(&t, REG_PAM0, 1), 0xF0);
    teardown(&t);
}
END_TEST

START_TEST(smram)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 0xFF);
    put(&t, REG_SMRAM, 0x0A); /* enabled, not open */
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 0xFF);
    i440fx_set_smm(t.bridge, true);
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 'R');
    /* D_CLS: data goes to the bus, code still comes from RAM. */
    put(&t, REG_SMRAM, 0x2A);
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 0xFF);
    ck_assert_uint_eq(physmap_fetch(&t.map, 0xA8000), 'R');
    ck_assert_uint_eq(physmap_fetch(&t.map, 0xBFFFF), 'R');
    i440fx_set_smm(t.bridge, false);
    ck_assert_uint_eq(physmap_fetch(&t.map, 0xA8000), 0xFF);
    i440fx_set_smm(t.bridge, true);
    put(&t, REG_SMRAM, 0x02); /* not enabled */
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 0xFF);
    ck_assert_uint_eq(physmap_fetch(&t.map, 0xA8000), 0xFF);
    i440fx_set_smm(t.bridge, false);
    put(&t, REG_SMRAM, 0x4A);
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 'R');
    put(&t, REG_SMRAM, 0x5A); /* the lock closes it for good */
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 0xFF);
    ck_assert_uint_eq(get(&t, REG_SMRAM, 1), 0x1A);
    put(&t, REG_SMRAM, 0x42);
    ck_assert_uint_eq(get(&t, REG_SMRAM, 1), 0x1A);
    i440fx_reset(t.bridge);
    put(&t, REG_SMRAM, 0x4A);
    ck_assert_uint_eq(physmap_read(&t.map, 0xA8000, 1), 'R');
    teardown(&t);
}
END_TEST

START_TEST(reset_shows_the_rom)
{
    struct bench t;
    setup(&t);
    put(&t, REG_PAM0, 0x30);
    ck_assert_uint_eq(physmap_read(&t.map, 0xFFFF0, 1), 'R');
    i440fx_reset(t.bridge);
    ck_assert_uint_eq(physmap_read(&t.map, 0xFFFF0, 1), 'O');
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    put(&t, REG_PAM0, 0x30);
    put(&t, REG_SMRAM, 0x1A);
    ck_assert(state_round_trip(&i440fx_state, t.bridge, copy.bridge));
    ck_assert_uint_eq(physmap_read(&copy.map, 0xFFFF0, 1), 'R');
    put(&copy, REG_SMRAM, 0x4A);
    ck_assert_uint_eq(get(&copy, REG_SMRAM, 1), 0x1A);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {identity, every_pam_segment,   word_and_doubleword_writes_reach_pam,
                                  smram,    reset_shows_the_rom, state};
    return suite_run("i440fx", tests, sizeof tests / sizeof tests[0]);
}
