/* SPDX-License-Identifier: MIT */
/* 8259A pair: priorities, cascade, EOI and rotation modes, masks, poll, triggers, spurious interrupts. */
#include "devices/chipset/pic_8259.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

static void master(struct pic *pic, uint32_t offset, uint8_t value)
{
    pic_master_ports.write(pic, offset, 1, value);
}

static void slave(struct pic *pic, uint32_t offset, uint8_t value)
{
    pic_slave_ports.write(pic, offset, 1, value);
}

static uint32_t master_get(struct pic *pic, uint32_t offset)
{
    return pic_master_ports.read(pic, offset, 1);
}

static uint32_t slave_get(struct pic *pic, uint32_t offset)
{
    return pic_slave_ports.read(pic, offset, 1);
}

static void init_pair(struct pic *pic, uint8_t master_icw4, uint8_t slave_icw4)
{
    master(pic, 0, 0x11);
    master(pic, 1, 0x08);
    master(pic, 1, 0x04);
    master(pic, 1, master_icw4);
    slave(pic, 0, 0x11);
    slave(pic, 1, 0x70);
    slave(pic, 1, 0x02);
    slave(pic, 1, slave_icw4);
}

static struct pic *new_pair(struct fake_line *intr)
{
    *intr = (struct fake_line){0};
    struct pic *pic = pic_new(&(struct pic_config){.intr = fake_line_to(intr)});
    init_pair(pic, 0x01, 0x01);
    return pic;
}

static void pulse(struct pic *pic, unsigned irq)
{
    pic_set_irq(pic, irq, false);
    pic_set_irq(pic, irq, true);
}

static uint32_t isr(struct pic *pic)
{
    master(pic, 0, 0x0B);
    return master_get(pic, 0);
}

static uint32_t irr(struct pic *pic)
{
    master(pic, 0, 0x0A);
    return master_get(pic, 0);
}

START_TEST(before_initialisation_nothing_gets_through)
{
    struct fake_line intr = {0};
    struct pic *pic = pic_new(&(struct pic_config){.intr = fake_line_to(&intr)});
    pulse(pic, 0);
    pulse(pic, 14);
    ck_assert(!intr.level);
    /* Half-way through the ICWs neither. */
    master(pic, 0, 0x11);
    pulse(pic, 1);
    ck_assert(!intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(edge_request_and_nesting)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 4);
    ck_assert(intr.level);
    ck_assert_uint_eq(irr(pic), 0x10);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0C);
    ck_assert(!intr.level);
    ck_assert_uint_eq(isr(pic), 0x10);
    ck_assert_uint_eq(irr(pic), 0x00);
    /* Lower priority waits, the same level waits, higher priority nests. */
    pulse(pic, 5);
    pulse(pic, 4);
    ck_assert(!intr.level);
    pulse(pic, 1);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x09);
    ck_assert_uint_eq(isr(pic), 0x12);
    master(pic, 0, 0x20);
    ck_assert_uint_eq(isr(pic), 0x10);
    ck_assert(!intr.level);
    master(pic, 0, 0x20);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0C);
    master(pic, 0, 0x20);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0D);
    master(pic, 0, 0x20);
    /* The line is still high: an edge-triggered input does not ask again. */
    ck_assert(!intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(mask_keeps_the_request)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    master(pic, 1, 0x10);
    ck_assert_uint_eq(master_get(pic, 1), 0x10);
    pulse(pic, 4);
    ck_assert(!intr.level);
    ck_assert_uint_eq(irr(pic), 0x10);
    master(pic, 1, 0x00);
    ck_assert(intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(cascade)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 14);
    pulse(pic, 8);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x70);
    ck_assert_uint_eq(isr(pic), 0x04);
    slave(pic, 0, 0x0B);
    ck_assert_uint_eq(slave_get(pic, 0), 0x01);
    /* IRQ14 waits for both EOIs; IRQ3 is weaker than IR2; IRQ1 nests. */
    pulse(pic, 3);
    ck_assert(!intr.level);
    slave(pic, 0, 0x20);
    ck_assert(!intr.level);
    master(pic, 0, 0x20);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x76);
    slave(pic, 0, 0x20);
    master(pic, 0, 0x20);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0B);
    pic_free(pic);
}
END_TEST

START_TEST(special_fully_nested)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 12);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x74);
    pulse(pic, 8);
    ck_assert(!intr.level);
    init_pair(pic, 0x11, 0x01);
    pulse(pic, 12);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x74);
    pulse(pic, 8);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x70);
    /* A weaker request of the slave still waits. */
    pulse(pic, 14);
    ck_assert(!intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(spurious)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 5);
    ck_assert(intr.level);
    pic_set_irq(pic, 5, false);
    ck_assert(!intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0F);
    ck_assert_uint_eq(isr(pic), 0);
    /* The slave's request dies between the two INTA cycles: modelled by a mask on the slave after INT rose.
     */
    pulse(pic, 10);
    pic->slave.imr = 0xFF;
    ck_assert_uint_eq(pic_acknowledge(pic), 0x77);
    ck_assert_uint_eq(isr(pic), 0x04);
    slave(pic, 0, 0x0B);
    ck_assert_uint_eq(slave_get(pic, 0), 0);
    pic_free(pic);
}
END_TEST

START_TEST(missing_slave_floats)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    slave(pic, 0, 0x11);
    slave(pic, 1, 0x70);
    slave(pic, 1, 0x05);
    slave(pic, 1, 0x01);
    pulse(pic, 9);
    ck_assert_uint_eq(pic_acknowledge(pic), 0xFF);
    pic_free(pic);
}
END_TEST

START_TEST(level_triggered_by_elcr)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pic_elcr_ports.write(pic, 0, 1, 0xFF);
    pic_elcr_ports.write(pic, 1, 1, 0xFF);
    ck_assert_uint_eq(pic_elcr_ports.read(pic, 0, 1), 0xF8);
    ck_assert_uint_eq(pic_elcr_ports.read(pic, 1, 1), 0xDE);
    pic_set_irq(pic, 11, true);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x73);
    slave(pic, 0, 0x20);
    master(pic, 0, 0x20);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x73);
    pic_set_irq(pic, 11, false);
    slave(pic, 0, 0x20);
    master(pic, 0, 0x20);
    ck_assert(!intr.level);
    /* Switching a high input to level makes it ask. */
    pic_elcr_ports.write(pic, 0, 1, 0x00);
    pulse(pic, 5);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0D);
    master(pic, 0, 0x20);
    ck_assert(!intr.level);
    pic_elcr_ports.write(pic, 0, 1, 0x20);
    ck_assert(intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(banks_are_ored)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pic_elcr_ports.write(pic, 0, 1, 0x20);
    struct irq_line isa = pic_line(pic, PIC_BANK_ISA, 5), pci = pic_line(pic, PIC_BANK_PCI, 5);
    irq_line_set(&isa, true);
    irq_line_set(&pci, true);
    irq_line_set(&isa, false);
    ck_assert(intr.level);
    irq_line_set(&pci, false);
    ck_assert(!intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(ltim_without_elcr)
{
    struct fake_line intr = {0};
    struct pic *pic = pic_new(&(struct pic_config){.intr = fake_line_to(&intr), .no_elcr = true});
    pic_set_irq(pic, 3, true);
    master(pic, 0, 0x1B); /* single, level, ICW4 */
    master(pic, 1, 0x20);
    master(pic, 1, 0x01);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x23);
    master(pic, 0, 0x20);
    ck_assert(intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(icw1_clears_edges_and_masks)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    master(pic, 1, 0xF0);
    pulse(pic, 4);
    pulse(pic, 1);
    pic_acknowledge(pic);
    master(pic, 0, 0x68); /* special mask */
    init_pair(pic, 0x01, 0x01);
    ck_assert_uint_eq(master_get(pic, 1), 0);
    ck_assert_uint_eq(irr(pic), 0);
    ck_assert_uint_eq(isr(pic), 0);
    ck_assert(!intr.level);
    ck_assert(!pic->master.special_mask);
    pulse(pic, 4);
    ck_assert(intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(rotation)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    /* Rotate on non-specific EOI: IR4 becomes the weakest, IR5 the strongest. */
    pulse(pic, 4);
    pic_acknowledge(pic);
    master(pic, 0, 0xA0);
    pulse(pic, 3);
    pulse(pic, 5);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0D);
    master(pic, 0, 0x20);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0B);
    /* Specific EOI, and rotate on specific EOI. */
    master(pic, 0, 0x63);
    ck_assert_uint_eq(isr(pic), 0);
    pulse(pic, 6);
    pic_acknowledge(pic);
    master(pic, 0, 0xE6);
    ck_assert_uint_eq(isr(pic), 0);
    ck_assert_uint_eq(pic->master.lowest, 6);
    /* Set priority, OCW2 110b; no operation, 010b. */
    master(pic, 0, 0xC1);
    master(pic, 0, 0x45);
    ck_assert_uint_eq(pic->master.lowest, 1);
    pulse(pic, 0);
    pulse(pic, 3);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0B);
    pic_free(pic);
}
END_TEST

START_TEST(auto_eoi)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    init_pair(pic, 0x03, 0x03);
    pulse(pic, 3);
    pulse(pic, 4);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0B);
    ck_assert_uint_eq(isr(pic), 0);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0C);
    ck_assert_uint_eq(pic->master.lowest, 7);
    /* Rotation in automatic EOI mode. */
    master(pic, 0, 0x80);
    pulse(pic, 3);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0B);
    ck_assert_uint_eq(pic->master.lowest, 3);
    master(pic, 0, 0x00);
    pulse(pic, 5);
    pic_acknowledge(pic);
    ck_assert_uint_eq(pic->master.lowest, 3);
    /* Two slave requests in a row need a fresh edge on the master's IR2. */
    pulse(pic, 8);
    pulse(pic, 9);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x70);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x71);
    ck_assert(!intr.level);
    pic_free(pic);
}
END_TEST

START_TEST(special_mask_mode)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 3);
    pic_acknowledge(pic);
    pulse(pic, 6);
    ck_assert(!intr.level);
    master(pic, 1, 0x08);
    ck_assert(!intr.level);
    master(pic, 0, 0x68);
    ck_assert(intr.level);
    ck_assert_uint_eq(pic_acknowledge(pic), 0x0E);
    /* A non-specific EOI skips the masked level in service. */
    master(pic, 0, 0x20);
    ck_assert_uint_eq(isr(pic), 0x08);
    /* OCW3 without ESMM leaves the mode alone. */
    master(pic, 0, 0x28);
    ck_assert(pic->master.special_mask);
    master(pic, 0, 0x48);
    ck_assert(!pic->master.special_mask);
    pic_free(pic);
}
END_TEST

START_TEST(poll_mode)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    master(pic, 0, 0x0C);
    ck_assert_uint_eq(master_get(pic, 0) & 0x80, 0);
    pulse(pic, 6);
    master(pic, 0, 0x0C);
    ck_assert_uint_eq(master_get(pic, 0), 0x86);
    ck_assert(!intr.level);
    /* One read only; then status again. */
    ck_assert_uint_eq(isr(pic), 0x40);
    master(pic, 0, 0x20);
    pulse(pic, 12);
    master(pic, 0, 0x0C);
    ck_assert_uint_eq(master_get(pic, 1), 0x82);
    slave(pic, 0, 0x0C);
    ck_assert_uint_eq(slave_get(pic, 0), 0x84);
    pic_free(pic);
}
END_TEST

START_TEST(status_read_selection)
{
    struct fake_line intr;
    struct pic *pic = new_pair(&intr);
    pulse(pic, 4);
    pic_acknowledge(pic);
    pulse(pic, 5);
    master(pic, 0, 0x0B);
    ck_assert_uint_eq(master_get(pic, 0), 0x10);
    /* RR = 0 keeps the selection. */
    master(pic, 0, 0x08);
    ck_assert_uint_eq(master_get(pic, 0), 0x10);
    master(pic, 0, 0x0A);
    ck_assert_uint_eq(master_get(pic, 0), 0x20);
    pic_free(pic);
}
END_TEST

START_TEST(state)
{
    struct fake_line intr;
    struct fake_line other = {0};
    struct pic *pic = new_pair(&intr);
    struct pic *copy = pic_new(&(struct pic_config){.intr = fake_line_to(&other)});
    pulse(pic, 9);
    pulse(pic, 4);
    pic_acknowledge(pic);
    pulse(pic, 1);
    ck_assert(state_round_trip(&pic_state, pic, copy));
    ck_assert(other.level);
    ck_assert_uint_eq(pic_acknowledge(copy), 0x09);
    pic_free(pic);
    pic_free(copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {before_initialisation_nothing_gets_through,
                                  edge_request_and_nesting,
                                  mask_keeps_the_request,
                                  cascade,
                                  special_fully_nested,
                                  spurious,
                                  missing_slave_floats,
                                  level_triggered_by_elcr,
                                  banks_are_ored,
                                  ltim_without_elcr,
                                  icw1_clears_edges_and_masks,
                                  rotation,
                                  auto_eoi,
                                  special_mask_mode,
                                  poll_mode,
                                  status_read_selection,
                                  state};
    return suite_run("pic", tests, sizeof tests / sizeof tests[0]);
}
