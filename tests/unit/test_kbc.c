/* SPDX-License-Identifier: MIT */
/* 8042: command set, status bits, translation, delivery from both ports, A20 and reset outputs. */
#include <string.h>

#include "devices/input/kbc_8042.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

/* A device that sends what it is told and keeps what it receives. */
struct fake_device {
    const char *to_send;
    unsigned left;
    uint8_t received[8];
    unsigned count;
    struct irq_line ready;
};

struct bench {
    struct clock clock;
    struct fake_line irq1, irq12, a20;
    struct kbc *kbc;
    struct fake_device keyboard, mouse;
    unsigned resets;
};

static void take(void *self, uint8_t byte)
{
    struct fake_device *device = self;
    device->received[device->count++ % 8] = byte;
}

static bool give(void *self, uint8_t *byte)
{
    struct fake_device *device = self;
    if (!device->left)
        return false;
    *byte = (uint8_t)*device->to_send++;
    device->left--;
    return true;
}

static void offer(struct fake_device *device, const char *bytes, unsigned count)
{
    device->to_send = bytes;
    device->left = count;
    irq_line_set(&device->ready, true);
}

static void reset_wanted(void *self, enum reset_kind kind)
{
    ck_assert_int_eq(kind, RESET_INIT);
    ((struct bench *)self)->resets++;
}

static void command(struct bench *t, uint8_t value)
{
    kbc_command_ports.write(t->kbc, 0, 1, value);
}

static void data(struct bench *t, uint8_t value)
{
    kbc_data_ports.write(t->kbc, 0, 1, value);
}

static uint32_t status(struct bench *t)
{
    return kbc_command_ports.read(t->kbc, 0, 1);
}

static uint32_t get(struct bench *t)
{
    return kbc_data_ports.read(t->kbc, 0, 1);
}

static void plug(struct bench *t, enum kbc_port port, struct fake_device *device)
{
    kbc_attach(t->kbc, port, &(struct ps2_device){take, give, device});
    device->ready = kbc_ready_line(t->kbc, port);
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->kbc = kbc_new(&(struct kbc_config){.clock = &t->clock,
                                          .keyboard_irq = fake_line_to(&t->irq1),
                                          .aux_irq = fake_line_to(&t->irq12),
                                          .a20 = fake_line_to(&t->a20),
                                          .reset = {reset_wanted, t}});
    plug(t, KBC_KEYBOARD, &t->keyboard);
    plug(t, KBC_AUX, &t->mouse);
}

static void command_byte(struct bench *t, uint8_t value)
{
    command(t, 0x60);
    data(t, value);
}

static void teardown(struct bench *t)
{
    kbc_free(t->kbc);
    ck_assert(!t->clock.first);
}

START_TEST(self_tests)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(status(&t), 0x10);
    command(&t, 0xAA);
    ck_assert_uint_eq(status(&t), 0x1D); /* OBF, SYS, last write was a command, not locked */
    ck_assert_uint_eq(get(&t), 0x55);
    ck_assert_uint_eq(status(&t), 0x1C);
    command(&t, 0xAB);
    ck_assert_uint_eq(get(&t), 0x00);
    command(&t, 0xA9);
    ck_assert_uint_eq(get(&t), 0x00);
    command(&t, 0xA4);
    ck_assert_uint_eq(get(&t), 0xF1);
    ck_assert_uint_eq(get(&t), 0xF1); /* empty: the last byte again */
    ck_assert(!t.irq1.level);
    teardown(&t);
}
END_TEST

START_TEST(command_byte_and_ram)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0xFF);
    command(&t, 0x20);
    ck_assert_uint_eq(get(&t), 0x7F);
    command(&t, 0xA8);
    command(&t, 0xAE);
    command(&t, 0x20);
    ck_assert_uint_eq(get(&t), 0x4F);
    command(&t, 0xA7);
    command(&t, 0xAD);
    command(&t, 0x20);
    ck_assert_uint_eq(get(&t), 0x7F);
    command(&t, 0x7F);
    data(&t, 0x5A);
    command(&t, 0x3F);
    ck_assert_uint_eq(get(&t), 0x5A);
    command_byte(&t, 0x00);
    ck_assert_uint_eq(status(&t) & 0x04, 0);
    teardown(&t);
}
END_TEST

START_TEST(keyboard_bytes_arrive_one_at_a_time)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x01);
    offer(&t.keyboard, "\x1C\x32", 2);
    fake_clock_advance(&t.clock, KBC_BYTE_NS - 1);
    ck_assert_uint_eq(status(&t) & 1, 0);
    fake_clock_advance(&t.clock, 1);
    ck_assert_uint_eq(status(&t) & 0x21, 0x01);
    ck_assert(t.irq1.level);
    fake_clock_advance(&t.clock, 10 * KBC_BYTE_NS);
    ck_assert_uint_eq(t.keyboard.left, 1);
    ck_assert_uint_eq(get(&t), 0x1C);
    ck_assert(!t.irq1.level);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&t), 0x32);
    ck_assert_uint_eq(t.irq1.rises, 2);
    teardown(&t);
}
END_TEST

START_TEST(disabled_ports_hold_their_bytes)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x33);
    offer(&t.keyboard, "k", 1);
    offer(&t.mouse, "m", 1);
    fake_clock_advance(&t.clock, 10 * KBC_BYTE_NS);
    ck_assert_uint_eq(status(&t) & 1, 0);
    command(&t, 0xA8);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(status(&t) & 0x21, 0x21);
    ck_assert(t.irq12.level && !t.irq1.level);
    ck_assert_uint_eq(get(&t), 'm');
    ck_assert(!t.irq12.level);
    command(&t, 0xAE);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&t), 'k');
    teardown(&t);
}
END_TEST

START_TEST(translation)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x41);
    offer(&t.keyboard, "\x1C\xF0\x1C\xE0\xF0\x75\xFA\x83", 8);
    static const uint8_t expected[] = {0x1E, 0x9E, 0xE0, 0xC8, 0xFA, 0x41};
    for (unsigned i = 0; i < sizeof expected; i++) {
        fake_clock_advance(&t.clock, 2 * KBC_BYTE_NS);
        ck_assert_uint_eq(status(&t) & 1, 1);
        ck_assert_uint_eq(get(&t), expected[i]);
    }
    fake_clock_advance(&t.clock, 2 * KBC_BYTE_NS);
    ck_assert_uint_eq(status(&t) & 1, 0);
    /* The auxiliary port is never translated. */
    offer(&t.mouse, "\xF0", 1);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&t), 0xF0);
    teardown(&t);
}
END_TEST

START_TEST(replies_do_not_overwrite)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x01);
    offer(&t.keyboard, "ab", 2);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    command(&t, 0x20);
    ck_assert_uint_eq(get(&t), 'a');
    ck_assert_uint_eq(status(&t) & 1, 1);
    ck_assert_uint_eq(get(&t), 0x01);
    /* A reply that fills the buffer while a byte is on its way makes that byte wait. */
    fake_clock_advance(&t.clock, KBC_BYTE_NS / 2);
    command(&t, 0xAB);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&t), 0x00);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&t), 'b');
    teardown(&t);
}
END_TEST

START_TEST(writes_to_devices)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x30);
    data(&t, 0xED);
    ck_assert_uint_eq(t.keyboard.count, 1);
    ck_assert_uint_eq(t.keyboard.received[0], 0xED);
    command(&t, 0x20);
    ck_assert_uint_eq(get(&t), 0x20); /* the keyboard's clock is free again */
    command(&t, 0xD4);
    data(&t, 0xF4);
    ck_assert_uint_eq(t.mouse.received[0], 0xF4);
    data(&t, 0x07);
    ck_assert_uint_eq(t.mouse.count, 1);
    ck_assert_uint_eq(t.keyboard.received[1], 0x07);
    teardown(&t);
}
END_TEST

START_TEST(buffers_written_by_the_system)
{
    struct bench t;
    setup(&t);
    command_byte(&t, 0x03);
    command(&t, 0xD2);
    data(&t, 0x11);
    ck_assert(t.irq1.level);
    ck_assert_uint_eq(status(&t) & 0x21, 0x01);
    ck_assert_uint_eq(get(&t), 0x11);
    command(&t, 0xD3);
    data(&t, 0x22);
    ck_assert(t.irq12.level);
    ck_assert_uint_eq(status(&t) & 0x21, 0x21);
    ck_assert_uint_eq(get(&t), 0x22);
    ck_assert_uint_eq(t.keyboard.count + t.mouse.count, 0);
    teardown(&t);
}
END_TEST

START_TEST(nobody_plugged_in)
{
    struct bench t;
    setup(&t);
    kbc_attach(t.kbc, KBC_AUX, &(struct ps2_device){0});
    command(&t, 0xD4);
    data(&t, 0xFF);
    ck_assert_uint_eq(status(&t) & 0x61, 0x61);
    ck_assert_uint_eq(get(&t), 0xFE);
    data(&t, 0xEE);
    ck_assert_uint_eq(status(&t) & 0x40, 0);
    teardown(&t);
}
END_TEST

START_TEST(output_port)
{
    struct bench t;
    setup(&t);
    ck_assert(t.a20.level);
    command(&t, 0xD1);
    data(&t, 0xDD);
    ck_assert(!t.a20.level);
    command(&t, 0xD0);
    ck_assert_uint_eq(get(&t), 0xC1);
    command(&t, 0xD1);
    data(&t, 0xDF);
    ck_assert(t.a20.level);
    ck_assert_uint_eq(t.resets, 0);
    command(&t, 0xD1);
    data(&t, 0xDE);
    ck_assert_uint_eq(t.resets, 1);
    kbc_reset(t.kbc);
    ck_assert(t.a20.level);
    ck_assert_uint_eq(t.resets, 1);
    teardown(&t);
}
END_TEST

START_TEST(pulses)
{
    struct bench t;
    setup(&t);
    command(&t, 0xFF);
    command(&t, 0xFD);
    ck_assert_uint_eq(t.resets, 0);
    command(&t, 0xFE);
    ck_assert_uint_eq(t.resets, 1);
    command(&t, 0xF0);
    ck_assert_uint_eq(t.resets, 2);
    ck_assert(t.a20.level);
    teardown(&t);
}
END_TEST

START_TEST(port_reads)
{
    struct bench t;
    setup(&t);
    command(&t, 0xC0);
    ck_assert_uint_eq(get(&t) & 0x80, 0x80);
    command(&t, 0xE0);
    ck_assert_uint_eq(get(&t), 0x02);
    command(&t, 0xAE);
    command(&t, 0xE0);
    ck_assert_uint_eq(get(&t), 0x03);
    for (unsigned i = 0; i < 256; i++)
        command(&t, (uint8_t)i), data(&t, (uint8_t)i);
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    command_byte(&t, 0x47);
    offer(&t.keyboard, "\xF0\x1C", 2);
    fake_clock_advance(&t.clock, KBC_BYTE_NS);
    command(&t, 0xD4);
    fake_clock_to(&copy.clock, clock_now(&t.clock));
    ck_assert(state_round_trip(&kbc_state, t.kbc, copy.kbc));
    data(&copy, 0xE8);
    ck_assert_uint_eq(copy.mouse.received[0], 0xE8);
    offer(&copy.keyboard, "\x1C", 1);
    fake_clock_advance(&copy.clock, KBC_BYTE_NS);
    ck_assert_uint_eq(get(&copy), 0x9E);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {self_tests,
                                  command_byte_and_ram,
                                  keyboard_bytes_arrive_one_at_a_time,
                                  disabled_ports_hold_their_bytes,
                                  translation,
                                  replies_do_not_overwrite,
                                  writes_to_devices,
                                  buffers_written_by_the_system,
                                  nobody_plugged_in,
                                  output_port,
                                  pulses,
                                  port_reads,
                                  state};
    return suite_run("kbc", tests, sizeof tests / sizeof tests[0]);
}
