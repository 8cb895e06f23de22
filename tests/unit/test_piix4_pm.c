/* SPDX-License-Identifier: MIT */
/* PIIX4 power management: decoding, soft off, PM timer and its overflow, SCI, ACPI enable, empty SMBus. */
#include "devices/chipset/piix4_pm.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { BASE = 0xB000, SMB = 0xB100 };
#define SECOND 1000000000ull

struct bench {
    struct clock clock;
    struct portmap *ports;
    struct pci_bus *bus;
    struct piix4_pm *pm;
    struct fake_line sci;
    unsigned offs;
};

static void power_off(void *self)
{
    ((struct bench *)self)->offs++;
}

static void config(struct bench *t, unsigned reg, unsigned size, uint32_t value)
{
    pci_config_write(t->bus, 1, 3, reg, size, value);
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->ports = portmap_new(NULL);
    t->bus = pci_new(&(struct pci_config){.ports = t->ports});
    t->pm = piix4_pm_new(&(struct piix4_pm_config){.clock = &t->clock,
                                                   .ports = t->ports,
                                                   .sci = fake_line_to(&t->sci),
                                                   .power_off = power_off,
                                                   .self = t});
    pci_attach(t->bus, &t->pm->pci, 1, 3);
    config(t, 0x40, 4, BASE | 1);
    config(t, 0x80, 1, 1);
    config(t, 0x90, 4, SMB | 1);
    config(t, 0xD2, 1, 0x09);
    config(t, PCI_COMMAND, 2, PCI_COMMAND_IO);
}

static void teardown(struct bench *t)
{
    piix4_pm_free(t->pm);
    pci_free(t->bus);
    portmap_free(t->ports);
    ck_assert(!t->clock.first);
}

static uint32_t in(struct bench *t, unsigned port, unsigned size)
{
    return portmap_read(t->ports, (uint16_t)port, size);
}

static void out(struct bench *t, unsigned port, unsigned size, uint32_t value)
{
    portmap_write(t->ports, (uint16_t)port, size, value);
}

START_TEST(decoding)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 3, 0, 4), 0x71138086);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 3, 0x40, 4), BASE | 1);
    ck_assert_uint_eq(in(&t, BASE + 4, 2), 0);
    config(&t, 0x40, 4, 0x600);
    ck_assert_uint_eq(in(&t, BASE + 4, 2), 0xFFFF);
    ck_assert_uint_eq(in(&t, 0x604, 2), 0);
    config(&t, 0x80, 1, 0);
    ck_assert_uint_eq(in(&t, 0x604, 2), 0xFFFF);
    ck_assert_uint_eq(in(&t, SMB, 1), 0);
    config(&t, PCI_COMMAND, 2, 0);
    ck_assert_uint_eq(in(&t, SMB, 1), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(soft_off)
{
    struct bench t;
    setup(&t);
    out(&t, BASE + 4, 2, 5 << 10);
    ck_assert_uint_eq(in(&t, BASE + 4, 2), 5 << 10);
    ck_assert_uint_eq(t.offs, 0);
    out(&t, BASE + 4, 2, 0);
    ck_assert_uint_eq(t.offs, 0);
    out(&t, BASE + 4, 2, 1 << 13);
    ck_assert_uint_eq(t.offs, 1);
    /* By byte as well: SUS_TYP is already there. */
    out(&t, BASE + 5, 1, 0x20);
    ck_assert_uint_eq(t.offs, 2);
    ck_assert_uint_eq(in(&t, BASE + 4, 2), 0); /* SUS_EN reads as zero */
    teardown(&t);
}
END_TEST

START_TEST(other_suspends_wake)
{
    struct bench t;
    setup(&t);
    out(&t, BASE + 4, 2, 1 << 13 | 1 << 10);
    ck_assert_uint_eq(t.offs, 0);
    ck_assert_uint_eq(in(&t, BASE, 2), 0x8000);
    out(&t, BASE, 2, 0x8000);
    ck_assert_uint_eq(in(&t, BASE, 2), 0);
    teardown(&t);
}
END_TEST

START_TEST(pm_timer)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(in(&t, BASE + 8, 4), 0);
    fake_clock_to(&t.clock, SECOND);
    ck_assert_uint_eq(in(&t, BASE + 8, 4), 3579545);
    fake_clock_to(&t.clock, 5 * SECOND);
    ck_assert_uint_eq(in(&t, BASE + 8, 4), (5u * 3579545) & 0xFFFFFF);
    ck_assert_uint_eq(in(&t, BASE + 9, 1), (5u * 3579545) >> 8 & 0xFF);
    ck_assert_uint_eq(in(&t, BASE + 6, 4), ((5u * 3579545) & 0xFFFF) << 16); /* across two registers */
    out(&t, BASE + 8, 4, 0);
    ck_assert_uint_eq(in(&t, BASE + 8, 4), (5u * 3579545) & 0xFFFFFF);
    teardown(&t);
}
END_TEST

START_TEST(overflow)
{
    struct bench t;
    setup(&t);
    uint64_t half = clock_ticks_to_ns(1 << 23, PIIX4_PM_TIMER_HZ);
    fake_clock_to(&t.clock, half - 1);
    ck_assert_uint_eq(in(&t, BASE, 2) & 1, 0);
    fake_clock_to(&t.clock, half);
    ck_assert_uint_eq(in(&t, BASE, 2) & 1, 1);
    out(&t, BASE, 2, 1);
    ck_assert_uint_eq(in(&t, BASE, 2) & 1, 0);
    piix4_pm_apmc(t.pm, 0xF1);
    out(&t, BASE + 2, 2, 1);
    t.sci.clock = &t.clock;
    fake_clock_to(&t.clock, 3 * SECOND * 2);
    ck_assert(t.sci.level);
    ck_assert_uint_eq(t.sci.last_rise_ns, clock_ticks_to_ns(2 << 23, PIIX4_PM_TIMER_HZ));
    out(&t, BASE, 2, 1);
    ck_assert(!t.sci.level);
    teardown(&t);
}
END_TEST

START_TEST(acpi_enable)
{
    struct bench t;
    setup(&t);
    ck_assert(!piix4_pm_power_button(t.pm));
    ck_assert_uint_eq(in(&t, BASE + 4, 1) & 1, 0);
    piix4_pm_apmc(t.pm, 0xF1);
    ck_assert_uint_eq(in(&t, BASE + 4, 1) & 1, 1);
    out(&t, BASE + 2, 2, 1 << 8);
    ck_assert(piix4_pm_power_button(t.pm));
    ck_assert(t.sci.level);
    out(&t, BASE, 2, 1 << 8);
    ck_assert(!t.sci.level);
    piix4_pm_apmc(t.pm, 0xF0);
    ck_assert_uint_eq(in(&t, BASE + 4, 1) & 1, 0);
    /* APM_STS only where DEVACTB allows it. */
    out(&t, BASE + 0x18, 2, 0xFFFF);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 3, 0x58, 4), 1 << 25); /* no SMI# */
    config(&t, 0x58, 4, 0);
    piix4_pm_apmc(t.pm, 0x12);
    ck_assert_uint_eq(in(&t, BASE + 0x18, 2), 0);
    config(&t, 0x58, 4, 1 << 25);
    piix4_pm_apmc(t.pm, 0x12);
    ck_assert_uint_eq(in(&t, BASE + 0x18, 2), 0x20);
    out(&t, BASE + 0x18, 2, 0x20);
    ck_assert_uint_eq(in(&t, BASE + 0x18, 2), 0);
    teardown(&t);
}
END_TEST

static void count_smi(void *self, unsigned input, bool level)
{
    (void)input;
    *(unsigned *)self += level;
}

START_TEST(smi)
{
    struct bench t;
    unsigned count = 0;
    setup(&t);
    t.pm->cfg.smi = (struct irq_line){count_smi, &count, 0};
    config(&t, 0x58, 4, 1 << 25);
    piix4_pm_apmc(t.pm, 0x12);
    ck_assert_uint_eq(count, 0); /* GLBCTL.SMI_EN is clear */
    out(&t, BASE + 0x28, 4, 1);
    piix4_pm_apmc(t.pm, 0x12);
    ck_assert_uint_eq(count, 1);
    config(&t, 0x58, 4, 0);
    piix4_pm_apmc(t.pm, 0x12);
    ck_assert_uint_eq(count, 1); /* DEVACTB.APMC_EN is clear */
    teardown(&t);
}
END_TEST

START_TEST(smi_enable_after_reset)
{
    unsigned count = 0;
    struct piix4_pm *with = piix4_pm_new(&(struct piix4_pm_config){.smi = {count_smi, &count, 0}});
    struct piix4_pm *without = piix4_pm_new(&(struct piix4_pm_config){0});
    ck_assert_uint_eq(with->pci.config[0x5B], 0);
    ck_assert_uint_eq(without->pci.config[0x5B], 2);
    piix4_pm_free(with);
    piix4_pm_free(without);
}
END_TEST

START_TEST(rtc_status)
{
    struct bench t;
    setup(&t);
    piix4_pm_apmc(t.pm, 0xF1);
    out(&t, BASE + 2, 2, 1 << 10);
    piix4_pm_irq8(t.pm, 0, true);
    ck_assert(t.sci.level);
    out(&t, BASE, 2, 1 << 10);
    piix4_pm_irq8(t.pm, 0, true);
    ck_assert(!t.sci.level); /* only the edge counts */
    teardown(&t);
}
END_TEST

START_TEST(writable_bits)
{
    struct bench t;
    setup(&t);
    out(&t, BASE + 2, 2, 0xFFFF);
    ck_assert_uint_eq(in(&t, BASE + 2, 2), 0x0521);
    out(&t, BASE + 0xE, 2, 0xFFFF);
    ck_assert_uint_eq(in(&t, BASE + 0xE, 2), 0x0F81);
    ck_assert_uint_eq(in(&t, BASE + 0x14, 1), 0);
    piix4_pm_reset(t.pm);
    ck_assert_uint_eq(t.pm->pm_enable, 0);
    ck_assert_uint_eq(in(&t, BASE + 2, 2), 0xFFFF);
    teardown(&t);
}
END_TEST

START_TEST(empty_smbus)
{
    struct bench t;
    setup(&t);
    out(&t, SMB + 4, 1, 0xA1);
    out(&t, SMB + 3, 1, 0x10);
    out(&t, SMB + 2, 1, 0x48);
    ck_assert_uint_eq(in(&t, SMB, 1), 0x01);
    fake_clock_advance(&t.clock, 1000000);
    ck_assert_uint_eq(in(&t, SMB, 1), 0x04);
    out(&t, SMB, 1, 0xFF);
    ck_assert_uint_eq(in(&t, SMB, 1), 0x00);
    /* Killed, with an interrupt. */
    out(&t, SMB + 2, 1, 0x49);
    out(&t, SMB + 2, 1, 0x03);
    ck_assert_uint_eq(in(&t, SMB, 1), 0x10);
    ck_assert(t.sci.level);
    out(&t, SMB, 1, 0x10);
    ck_assert(!t.sci.level);
    for (unsigned i = 0; i < 16; i++)
        out(&t, SMB + i, 1, 0xFF), in(&t, SMB + i, 1);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    piix4_pm_apmc(t.pm, 0xF1);
    out(&t, BASE + 2, 2, 1);
    config(&t, 0x40, 4, 0x700);
    fake_clock_to(&t.clock, SECOND);
    fake_clock_to(&copy.clock, SECOND);
    ck_assert(state_round_trip(&piix4_pm_state, t.pm, copy.pm));
    ck_assert_uint_eq(in(&copy, 0x704, 2), 1);
    ck_assert_uint_eq(in(&copy, BASE + 4, 2), 0xFFFF);
    fake_clock_to(&copy.clock, 3 * SECOND);
    ck_assert(copy.sci.level);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {decoding,    soft_off, other_suspends_wake,    pm_timer,   overflow,
                                  acpi_enable, smi,      smi_enable_after_reset, rtc_status, writable_bits,
                                  empty_smbus, state};
    return suite_run("piix4_pm", tests, sizeof tests / sizeof tests[0]);
}
