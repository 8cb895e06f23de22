/* SPDX-License-Identifier: MIT */
/* PCI configuration mechanism 1, BAR decoding, INTx routing. */
#include "core/base/error.h"
#include "devices/chipset/pci.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

struct bench {
    struct memory memory;
    struct physmap map;
    struct portmap *ports;
    struct pci_bus *bus;
    struct fake_line pirq[4];
    struct pci_function a, b;
    uint8_t cf8[4];
    unsigned moved;
};

static uint32_t port_read(void *self, uint32_t offset, unsigned size)
{
    (void)self;
    return size == 4 ? 0xA0B0C0D0 : 0x50 + offset;
}

static void port_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)self, (void)offset, (void)size, (void)value;
}

static const struct port_ops device_ports = {port_read, port_write, 1, 4};

static uint32_t cf8_read(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return ((struct bench *)self)->cf8[offset];
}

static void cf8_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)size;
    ((struct bench *)self)->cf8[offset] = (uint8_t)value;
}

static const struct port_ops cf8_ports = {cf8_read, cf8_write, 1, 1};

static uint64_t mmio_read(void *self, uint64_t offset, unsigned size)
{
    (void)self, (void)size;
    return 0x42 + offset;
}

static void mmio_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)self, (void)offset, (void)size, (void)value;
}

static const struct mmio_ops device_mmio = {mmio_read, mmio_write, 4};

static void moved(void *self, unsigned bar, uint32_t base, bool decodes)
{
    (void)bar, (void)base, (void)decodes;
    ((struct bench *)self)->moved++;
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    struct error err;
    ck_assert(memory_init(&t->memory, 1 << 20, &err));
    physmap_init(&t->map, &t->memory);
    t->ports = portmap_new(NULL);
    struct pci_config cfg = {.ports = t->ports, .physmap = &t->map};
    for (unsigned i = 0; i < 4; i++)
        cfg.pirq[i] = fake_line_to(&t->pirq[i]);
    t->bus = pci_new(&cfg);
    pci_forward_cf8(t->bus, &cf8_ports, t);
    ck_assert(portmap_add(t->ports, "pci", 0xCF8, 8, &pci_config_ports, t->bus, &err));
    struct pci_function_config a = {.name = "a",
                                    .vendor = 0x8086,
                                    .device = 0x1234,
                                    .class_code = 0x010180,
                                    .revision = 3,
                                    .command_mask = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
                                    .status = 0x0280,
                                    .status_clear = 0xF900,
                                    .interrupt_pin = 1,
                                    .self = t,
                                    .bar_moved = moved};
    a.bars[0] = (struct pci_bar){.kind = PCI_BAR_IO, .size = 16, .name = "a-io", .ports = &device_ports};
    a.bars[1] = (struct pci_bar){.kind = PCI_BAR_MEMORY_PREFETCH, .size = 0x2000, .name = "a-mem"};
    a.bars[1].region =
        (struct physmap_region){.kind = PHYSMAP_MMIO, .reads = true, .writes = true, .ops = &device_mmio};
    a.rom = (struct pci_bar){.kind = PCI_BAR_MEMORY, .size = 0x1000, .name = "a-rom"};
    a.rom.region = (struct physmap_region){.kind = PHYSMAP_ROM, .reads = true};
    a.rom.region.offset = memory_take(&t->memory, 0x1000);
    t->memory.host[0] = 0x55;
    pci_function_init(&t->a, &a);
    pci_writable16(&t->a, 0x40, 0x00F0);
    t->a.config[0x44] = 0xFF;
    t->a.clearable[0x44] = 0x0F;
    pci_attach(t->bus, &t->a, 3, 0);
    pci_function_init(&t->b,
                      &(struct pci_function_config){.name = "b", .vendor = 0x8086, .interrupt_pin = 4});
}

static void teardown(struct bench *t)
{
    pci_detach(&t->a);
    pci_detach(&t->b);
    pci_free(t->bus);
    portmap_free(t->ports);
    physmap_free(&t->map);
    memory_free(&t->memory);
}

static void select_register(struct bench *t, unsigned slot, unsigned function, unsigned reg)
{
    portmap_write(t->ports, 0xCF8, 4, 0x80000000u | slot << 11 | function << 8 | reg);
}

static uint32_t read32(struct bench *t, unsigned slot, unsigned function, unsigned reg)
{
    select_register(t, slot, function, reg);
    return portmap_read(t->ports, 0xCFC, 4);
}

static void write32(struct bench *t, unsigned slot, unsigned function, unsigned reg, uint32_t value)
{
    select_register(t, slot, function, reg);
    portmap_write(t->ports, 0xCFC, 4, value);
}

START_TEST(mechanism_one)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(read32(&t, 3, 0, 0), 0x12348086);
    ck_assert_uint_eq(read32(&t, 3, 0, 8), 0x01018003);
    ck_assert_uint_eq(read32(&t, 4, 0, 0), 0xFFFFFFFF);
    ck_assert_uint_eq(read32(&t, 3, 1, 0), 0xFFFFFFFF);
    select_register(&t, 3, 0, 0);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCFE, 2), 0x1234);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCFD, 1), 0x80);
    /* Reserved and low bits of CONFADD read back as zero. */
    portmap_write(t.ports, 0xCF8, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCF8, 4), 0x80FFFFFC);
    /* Another bus, or no enable bit: nobody answers. */
    portmap_write(t.ports, 0xCF8, 4, 0x80010000u | 3 << 11);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCFC, 4), 0xFFFFFFFF);
    portmap_write(t.ports, 0xCF8, 4, 3 << 11);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCFC, 4), 0xFFFFFFFF);
    teardown(&t);
}
END_TEST

START_TEST(narrow_accesses_leave_confadd_alone)
{
    struct bench t;
    setup(&t);
    select_register(&t, 3, 0, 0);
    portmap_write(t.ports, 0xCF9, 1, 0x06);
    portmap_write(t.ports, 0xCFA, 2, 0x2211);
    ck_assert_uint_eq(t.cf8[1], 0x06);
    ck_assert_uint_eq(t.cf8[2], 0x11);
    ck_assert_uint_eq(t.cf8[3], 0x22);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCF9, 1), 0x06);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCF8, 4), 0x80001800);
    teardown(&t);
}
END_TEST

START_TEST(masks)
{
    struct bench t;
    setup(&t);
    write32(&t, 3, 0, 0, 0);
    ck_assert_uint_eq(read32(&t, 3, 0, 0), 0x12348086);
    write32(&t, 3, 0, 0x40, 0xFFFFFFFF);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x40), 0x000000F0);
    write32(&t, 3, 0, 0x44, 0x05);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x44), 0xFA);
    write32(&t, 3, 0, 0x04, 0xFFFF0000);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x04), 0x02800000);
    select_register(&t, 3, 0, 0x3C);
    portmap_write(t.ports, 0xCFC, 1, 11);
    portmap_write(t.ports, 0xCFD, 1, 2);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x3C), 0x010B);
    pci_reset(t.bus);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x40), 0);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x44), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(bars_follow_command)
{
    struct bench t;
    setup(&t);
    write32(&t, 3, 0, 0x10, 0xFFFFFFFF);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x10), 0xFFFFFFF1);
    write32(&t, 3, 0, 0x14, 0xFFFFFFFF);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x14), 0xFFFFE008);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x18), 0);
    write32(&t, 3, 0, 0x10, 0xC001);
    write32(&t, 3, 0, 0x14, 0xE0000000);
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0xFF);
    ck_assert_uint_eq(t.moved, 0);
    write32(&t, 3, 0, 0x04, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    ck_assert_uint_eq(t.moved, 2);
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0x52);
    ck_assert_uint_eq(physmap_read(&t.map, 0xE0001004, 4), 0x1046);
    write32(&t, 3, 0, 0x10, 0xD001);
    write32(&t, 3, 0, 0x14, 0xE0002000);
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0xFF);
    ck_assert_uint_eq(portmap_read(t.ports, 0xD00F, 1), 0x5F);
    ck_assert_uint_eq(physmap_read(&t.map, 0xE0001004, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(physmap_read(&t.map, 0xE0002000, 1), 0x42);
    write32(&t, 3, 0, 0x04, 0);
    ck_assert_uint_eq(portmap_read(t.ports, 0xD00F, 1), 0xFF);
    ck_assert_uint_eq(physmap_read(&t.map, 0xE0002000, 1), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(rom_bar_needs_both_enables)
{
    struct bench t;
    setup(&t);
    write32(&t, 3, 0, 0x30, 0xFFFFFFFE);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x30), 0xFFFFF000);
    write32(&t, 3, 0, 0x30, 0xF0000000);
    write32(&t, 3, 0, 0x04, PCI_COMMAND_MEMORY);
    ck_assert_uint_eq(physmap_read(&t.map, 0xF0000000, 1), 0xFF);
    write32(&t, 3, 0, 0x30, 0xF0000001);
    ck_assert_uint_eq(physmap_read(&t.map, 0xF0000000, 1), 0x55);
    pci_reset(t.bus);
    ck_assert_uint_eq(physmap_read(&t.map, 0xF0000000, 1), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(io_bar_beyond_64k_decodes_nothing)
{
    struct bench t;
    setup(&t);
    write32(&t, 3, 0, 0x10, 0xFFFFFFFF);
    write32(&t, 3, 0, 0x04, PCI_COMMAND_IO);
    ck_assert_uint_eq(portmap_read(t.ports, 0xFFF2, 1), 0xFF);
    write32(&t, 3, 0, 0x10, 0x0001C001);
    write32(&t, 3, 0, 0x04, PCI_COMMAND_IO);
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(intx_swizzle_and_sharing)
{
    struct bench t;
    setup(&t);
    /* Slot 3 INTA# is PIRQC; slot 4 INTD# is wire (3 + 3) mod 4 = PIRQC as well. */
    pci_attach(t.bus, &t.b, 4, 0);
    pci_set_intx(&t.a, true);
    ck_assert(t.pirq[2].level);
    ck_assert(!t.pirq[0].level && !t.pirq[1].level && !t.pirq[3].level);
    pci_set_intx(&t.a, true);
    pci_set_intx(&t.b, true);
    pci_set_intx(&t.a, false);
    ck_assert(t.pirq[2].level);
    pci_set_intx(&t.b, false);
    ck_assert(!t.pirq[2].level);
    ck_assert_uint_eq(t.pirq[2].falls, 1);
    teardown(&t);
}
END_TEST

START_TEST(multi_function_bit)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x0C), 0);
    pci_attach(t.bus, &t.b, 3, 2);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x0C), 0x00800000);
    pci_reset(t.bus);
    ck_assert_uint_eq(read32(&t, 3, 0, 0x0C), 0x00800000);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t;
    setup(&t);
    write32(&t, 3, 0, 0x10, 0xC001);
    write32(&t, 3, 0, 0x04, PCI_COMMAND_IO);
    struct buffer saved = {0};
    state_save(&pci_function_state, &t.a, &saved);
    pci_reset(t.bus);
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0xFF);
    struct reader reader = {saved.data, saved.size, 0, false};
    ck_assert(state_load(&pci_function_state, &t.a, &reader, NULL));
    ck_assert_uint_eq(portmap_read(t.ports, 0xC002, 1), 0x52);
    ck_assert(state_round_trip(&pci_function_state, &t.a, &t.a));
    ck_assert(state_round_trip(&pci_bus_state, t.bus, t.bus));
    buffer_free(&saved);
    teardown(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {mechanism_one,
                                  narrow_accesses_leave_confadd_alone,
                                  masks,
                                  bars_follow_command,
                                  rom_bar_needs_both_enables,
                                  io_bar_beyond_64k_decodes_nothing,
                                  intx_swizzle_and_sharing,
                                  multi_function_bit,
                                  state};
    return suite_run("pci", tests, sizeof tests / sizeof tests[0]);
}
