/* SPDX-License-Identifier: MIT */
/* System control ports 61h and 92h, and the debug ports. */
#include "devices/chipset/acpi_hotplug.h"
#include "devices/chipset/debug_ports.h"
#include "devices/chipset/pit_8254.h"
#include "devices/chipset/port_61h.h"
#include "devices/chipset/port_92h.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

struct bench {
    struct clock clock;
    struct pit *pit;
    struct port_61h *b;
    struct fake_line nmi, speaker;
};

/* The timer exists before the port does; its line goes through here. */
static void out2(void *self, unsigned input, bool level)
{
    struct bench *t = self;
    if (t->b)
        port_61h_input(t->b, input, level);
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    struct pit_config pit = {.clock = &t->clock};
    pit.out[2] = (struct irq_line){out2, t, PORT_61H_OUT2};
    t->pit = pit_new(&pit);
    t->b = port_61h_new(&(struct port_61h_config){.clock = &t->clock,
                                                  .pit = t->pit,
                                                  .nmi = fake_line_to(&t->nmi),
                                                  .speaker = fake_line_to(&t->speaker)});
    port_61h_reset(t->b);
}

static void teardown(struct bench *t)
{
    port_61h_free(t->b);
    pit_free(t->pit);
}

static void put(struct bench *t, uint8_t value)
{
    port_61h_ports.write(t->b, 0, 1, value);
}

static uint32_t get(struct bench *t)
{
    return port_61h_ports.read(t->b, 0, 1);
}

static void program_timer2(struct bench *t, unsigned mode, unsigned count)
{
    pit_ports.write(t->pit, 3, 1, 0xB0 | mode << 1);
    pit_ports.write(t->pit, 2, 1, count & 0xFF);
    pit_ports.write(t->pit, 2, 1, count >> 8);
}

START_TEST(calibration_loop)
{
    struct bench t;
    setup(&t);
    put(&t, 0x01); /* gate on, speaker off: wait for OUT2 as kernels do */
    program_timer2(&t, 0, 1193);
    ck_assert_uint_eq(get(&t) & 0x23, 0x01);
    fake_clock_advance(&t.clock, 1000000);
    ck_assert_uint_eq(get(&t) & 0x20, 0);
    fake_clock_advance(&t.clock, 2000);
    ck_assert_uint_eq(get(&t) & 0x20, 0x20);
    ck_assert_uint_eq(t.speaker.rises, 0);
    teardown(&t);
}
END_TEST

START_TEST(speaker)
{
    struct bench t;
    setup(&t);
    program_timer2(&t, 3, 1193); /* 1 kHz */
    put(&t, 0x03);
    fake_clock_advance(&t.clock, 10000000);
    ck_assert_uint_ge(t.speaker.rises, 9);
    ck_assert_uint_le(t.speaker.rises, 11);
    unsigned rises = t.speaker.rises;
    put(&t, 0x01);
    ck_assert(!t.speaker.level);
    fake_clock_advance(&t.clock, 10000000);
    ck_assert_uint_eq(t.speaker.rises, rises);
    teardown(&t);
}
END_TEST

START_TEST(refresh_toggles)
{
    struct bench t;
    setup(&t);
    unsigned changes = 0;
    uint32_t last = get(&t) & 0x10;
    for (unsigned i = 0; i < 1000; i++) {
        fake_clock_advance(&t.clock, 1000);
        uint32_t next = get(&t) & 0x10;
        changes += next != last;
        last = next;
    }
    ck_assert_uint_eq(changes, 66); /* 1 ms / 15.085 us */
    teardown(&t);
}
END_TEST

START_TEST(nmi_sources)
{
    struct bench t;
    setup(&t);
    struct irq_line iochk = port_61h_line(t.b, PORT_61H_IOCHK), mask = port_61h_line(t.b, PORT_61H_NMI_MASK);
    irq_line_set(&mask, true);
    irq_line_set(&iochk, true);
    irq_line_set(&iochk, false);
    ck_assert(!t.nmi.level);
    ck_assert_uint_eq(get(&t) & 0xC0, 0x40);
    irq_line_set(&mask, false);
    ck_assert(t.nmi.level);
    put(&t, 0x08);
    ck_assert(!t.nmi.level);
    ck_assert_uint_eq(get(&t) & 0xC8, 0x08);
    irq_line_set(&iochk, true);
    ck_assert(!t.nmi.level);
    put(&t, 0x00);
    port_61h_input(t.b, PORT_61H_SERR, true);
    ck_assert(t.nmi.level);
    ck_assert_uint_eq(get(&t) & 0xC0, 0x80);
    ck_assert(state_round_trip(&port_61h_state, t.b, t.b));
    port_61h_reset(t.b);
    ck_assert(!t.nmi.level);
    teardown(&t);
}
END_TEST

static void count_reset(void *self, enum reset_kind kind)
{
    ck_assert_int_eq(kind, RESET_INIT);
    ++*(unsigned *)self;
}

START_TEST(port_92)
{
    struct fake_line a20 = {0};
    unsigned resets = 0;
    struct port_92h *port =
        port_92h_new(&(struct port_92h_config){.a20 = fake_line_to(&a20), .reset = {count_reset, &resets}});
    struct irq_line kbc = port_92h_a20_line(port);
    port_92h_reset(port);
    ck_assert(!a20.level);
    irq_line_set(&kbc, true);
    ck_assert(a20.level);
    irq_line_set(&kbc, false);
    port_92h_ports.write(port, 0, 1, 0x02);
    ck_assert(a20.level);
    ck_assert_uint_eq(port_92h_ports.read(port, 0, 1), 0x02);
    port_92h_ports.write(port, 0, 1, 0x03);
    port_92h_ports.write(port, 0, 1, 0x03);
    ck_assert_uint_eq(resets, 1);
    port_92h_ports.write(port, 0, 1, 0x02);
    port_92h_ports.write(port, 0, 1, 0x01);
    ck_assert_uint_eq(resets, 2);
    ck_assert(!a20.level);
    ck_assert(state_round_trip(&port_92h_state, port, port));
    port_92h_free(port);
}
END_TEST

static void take_exit(void *self, uint32_t value)
{
    *(uint32_t *)self = value;
}

static void take_byte(void *self, uint8_t byte)
{
    *(uint8_t *)self = byte;
}

START_TEST(debug)
{
    uint32_t code = 0;
    struct debug_exit target = {take_exit, &code};
    debug_exit_ports.write(&target, 0, 4, 0x12345678);
    ck_assert_uint_eq(code, 0x12345678);
    uint8_t byte = 0;
    struct char_sink sink = {take_byte, &byte};
    debugcon_ports.write(&sink, 0, 1, 'x');
    ck_assert_uint_eq(byte, 'x');
    ck_assert_uint_eq(debugcon_ports.read(&sink, 0, 1), 0xE9);
    post_ports.write(&sink, 0, 1, 0x55);
    ck_assert_uint_eq(byte, 0x55);
    ck_assert_uint_eq(post_ports.read(&sink, 0, 1), 0xFF);
}
END_TEST

/* An operating system that enables all events must find none, and no slot to be ejected. */
START_TEST(nothing_is_hot_plugged)
{
    struct acpi_hotplug *h = acpi_hotplug_new(), *other = acpi_hotplug_new();
    for (unsigned i = 0; i < ACPI_GPE_PORTS; i++)
        acpi_gpe_ports.write(h, i, 1, 0xFF);
    for (unsigned i = 0; i < ACPI_GPE_PORTS; i++)
        ck_assert_uint_eq(acpi_gpe_ports.read(h, i, 1), i < 2 ? 0 : 0xFF);
    for (unsigned i = 0; i < ACPI_PCI_HOTPLUG_PORTS; i++) {
        acpi_pci_hotplug_ports.write(h, i, 1, 0xFF);
        ck_assert_uint_eq(acpi_pci_hotplug_ports.read(h, i, 1), 0);
    }
    for (unsigned i = 0; i < ACPI_CPU_HOTPLUG_PORTS; i++)
        ck_assert_uint_eq(acpi_cpu_hotplug_ports.read(h, i, 1), i == 0);
    ck_assert(state_round_trip(&acpi_hotplug_state, h, other));
    ck_assert_uint_eq(acpi_gpe_ports.read(other, 2, 1), 0xFF);
    acpi_hotplug_reset(h);
    ck_assert_uint_eq(acpi_gpe_ports.read(h, 2, 1), 0);
    acpi_hotplug_free(h);
    acpi_hotplug_free(other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {calibration_loop, speaker, refresh_toggles,       nmi_sources,
                                  port_92,          debug,   nothing_is_hot_plugged};
    return suite_run("ports", tests, sizeof tests / sizeof tests[0]);
}
