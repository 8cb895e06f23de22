/* SPDX-License-Identifier: MIT */
/* PIIX ISA bridge: PIRQ routing, reset control, APM ports. */
#include "devices/chipset/piix.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

struct bench {
    struct fake_line irq[16];
    struct portmap *ports;
    struct pci_bus *bus;
    struct piix *piix;
    unsigned inits, hards;
    uint8_t apmc;
};

static void reset_wanted(void *self, enum reset_kind kind)
{
    struct bench *t = self;
    if (kind == RESET_HARD)
        t->hards++;
    else
        t->inits++;
}

static void apmc_written(void *self, uint8_t value)
{
    ((struct bench *)self)->apmc = value;
}

static void setup(struct bench *t, enum piix_model model)
{
    *t = (struct bench){0};
    t->ports = portmap_new(NULL);
    t->bus = pci_new(&(struct pci_config){.ports = t->ports});
    struct piix_config cfg = {.model = model, .reset = {reset_wanted, t}, .apmc = {apmc_written, t}};
    for (unsigned i = 0; i < 16; i++)
        cfg.irq[i] = fake_line_to(&t->irq[i]);
    t->piix = piix_new(&cfg);
    pci_attach(t->bus, &t->piix->pci, 1, 0);
    pci_forward_cf8(t->bus, &piix_reset_ports, t->piix);
    ck_assert(portmap_add(t->ports, "pci", 0xCF8, 8, &pci_config_ports, t->bus, NULL));
}

static void teardown(struct bench *t)
{
    piix_free(t->piix);
    pci_free(t->bus);
    portmap_free(t->ports);
}

static void route(struct bench *t, unsigned pirq, unsigned value)
{
    pci_config_write(t->bus, 1, 0, 0x60 + pirq, 1, value);
}

START_TEST(identity)
{
    struct bench t;
    setup(&t, PIIX3);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0, 4), 0x70008086);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0x60, 4), 0x80808080);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0x4C, 1), 0x4D);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0x69, 1), 0x02);
    teardown(&t);
    setup(&t, PIIX4);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0, 4), 0x71108086);
    ck_assert_uint_eq(pci_config_read(t.bus, 1, 0, 0xCB, 1), 0x21);
    teardown(&t);
}
END_TEST

START_TEST(pirq_routing)
{
    struct bench t;
    setup(&t, PIIX3);
    piix_set_pirq(t.piix, 0, true);
    for (unsigned i = 0; i < 16; i++)
        ck_assert(!t.irq[i].level);
    route(&t, 0, 11);
    ck_assert(t.irq[11].level);
    /* Two wires on one IRQ are ORed. */
    route(&t, 1, 11);
    piix_set_pirq(t.piix, 1, true);
    piix_set_pirq(t.piix, 0, false);
    ck_assert(t.irq[11].level);
    /* Rerouting an asserted wire moves it. */
    route(&t, 1, 10);
    ck_assert(!t.irq[11].level);
    ck_assert(t.irq[10].level);
    route(&t, 1, 0x80 | 10);
    ck_assert(!t.irq[10].level);
    teardown(&t);
}
END_TEST

START_TEST(reserved_routes_reach_nothing)
{
    struct bench t;
    setup(&t, PIIX3);
    piix_set_pirq(t.piix, 2, true);
    static const unsigned reserved[] = {0, 1, 2, 8, 13};
    for (unsigned i = 0; i < 5; i++) {
        route(&t, 2, reserved[i]);
        ck_assert(!t.irq[reserved[i]].level);
    }
    route(&t, 2, 3);
    ck_assert(t.irq[3].level);
    piix_reset(t.piix);
    ck_assert(!t.irq[3].level);
    teardown(&t);
}
END_TEST

START_TEST(reset_control)
{
    struct bench t;
    setup(&t, PIIX3);
    portmap_write(t.ports, 0xCF9, 1, 0x02);
    ck_assert_uint_eq(t.hards + t.inits, 0);
    portmap_write(t.ports, 0xCF9, 1, 0x06);
    ck_assert_uint_eq(t.hards, 1);
    /* No new edge, no new reset. */
    portmap_write(t.ports, 0xCF9, 1, 0x06);
    ck_assert_uint_eq(t.hards, 1);
    portmap_write(t.ports, 0xCF9, 1, 0x00);
    portmap_write(t.ports, 0xCF9, 1, 0xFC);
    ck_assert_uint_eq(t.inits, 1);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCF9, 1), 0x04);
    ck_assert_uint_eq(portmap_read(t.ports, 0xCFA, 1), 0xFF);
    /* A whole doubleword at CF8h is CONFADD, never a reset. */
    portmap_write(t.ports, 0xCF8, 4, 0x80000600);
    ck_assert_uint_eq(t.hards + t.inits, 2);
    teardown(&t);
}
END_TEST

START_TEST(apm_ports)
{
    struct bench t;
    setup(&t, PIIX4);
    piix_apm_ports.write(t.piix, 1, 1, 0x55);
    ck_assert_uint_eq(t.apmc, 0);
    piix_apm_ports.write(t.piix, 0, 1, 0xF1);
    ck_assert_uint_eq(t.apmc, 0xF1);
    ck_assert_uint_eq(piix_apm_ports.read(t.piix, 0, 1), 0xF1);
    ck_assert_uint_eq(piix_apm_ports.read(t.piix, 1, 1), 0x55);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t, PIIX3);
    setup(&copy, PIIX3);
    route(&t, 3, 5);
    piix_set_pirq(t.piix, 3, true);
    ck_assert(state_round_trip(&piix_state, t.piix, copy.piix));
    piix_set_pirq(copy.piix, 3, false);
    ck_assert_uint_eq(copy.piix->routed, 0);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {identity,      pirq_routing, reserved_routes_reach_nothing,
                                  reset_control, apm_ports,    state};
    return suite_run("piix", tests, sizeof tests / sizeof tests[0]);
}
