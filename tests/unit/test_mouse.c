/* SPDX-License-Identifier: MIT */
/* PS/2 mouse: silence before enable, packets, modes, knocks, scaling, commands. */
#include "devices/input/mouse.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/ps2_check.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

#define MS 1000000ull

struct bench {
    struct clock clock;
    struct fake_line ready;
    struct mouse *mouse;
    struct ps2_device device;
};

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->mouse = mouse_new(&(struct mouse_config){.clock = &t->clock, .ready = fake_line_to(&t->ready)});
    t->device = mouse_device(t->mouse);
}

static void teardown(struct bench *t)
{
    mouse_free(t->mouse);
    ck_assert(!t->clock.first);
}

static void tell(struct bench *t, uint8_t byte)
{
    t->device.receive(t->device.self, byte);
}

/* A command that is only acknowledged. */
static void command(struct bench *t, uint8_t byte)
{
    tell(t, byte);
    ck_assert(SENDS(t, "\xFA"));
}

static void rate(struct bench *t, uint8_t value)
{
    command(t, 0xF3);
    command(t, value);
}

static void wait_sample(struct bench *t)
{
    fake_clock_advance(&t->clock, 10 * MS);
}

START_TEST(silent_before_enable)
{
    struct bench t;
    setup(&t);
    mouse_move(t.mouse, 5, 5, 1);
    mouse_buttons(t.mouse, MOUSE_LEFT);
    fake_clock_advance(&t.clock, 1000 * MS);
    ck_assert(!t.ready.level);
    ck_assert(SENDS(&t, ""));
    command(&t, 0xF4);
    wait_sample(&t);
    ck_assert(SENDS(&t, "")); /* old motion is forgotten */
    teardown(&t);
}
END_TEST

START_TEST(packets)
{
    struct bench t;
    setup(&t);
    command(&t, 0xF4);
    ck_assert(mouse_in_use(t.mouse));
    mouse_move(t.mouse, 3, -2, 9);
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x28\x03\xFE"));
    mouse_buttons(t.mouse, MOUSE_LEFT | MOUSE_MIDDLE | MOUSE_FOURTH);
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x0D\x00\x00"));
    mouse_move(t.mouse, -1, 0, 0);
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x1D\xFF\x00"));
    wait_sample(&t);
    ck_assert(SENDS(&t, ""));
    teardown(&t);
}
END_TEST

START_TEST(large_motion_is_split)
{
    struct bench t;
    setup(&t);
    command(&t, 0xF4);
    mouse_move(t.mouse, 300, -600, 0);
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x28\xFF\x01"));
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x28\x2D\x01"));
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x28\x00\xA6"));
    mouse_move(t.mouse, INT32_MAX, INT32_MIN, 0);
    mouse_move(t.mouse, INT32_MAX, INT32_MIN, 0);
    wait_sample(&t);
    ck_assert(SENDS(&t, "\x28\xFF\x01"));
    teardown(&t);
}
END_TEST

START_TEST(sample_rate_paces)
{
    struct bench t;
    setup(&t);
    rate(&t, 10);
    command(&t, 0xF4);
    mouse_move(t.mouse, 1, 0, 0);
    fake_clock_advance(&t.clock, 1);
    ck_assert(SENDS(&t, "\x08\x01\x00"));
    mouse_move(t.mouse, 1, 0, 0);
    fake_clock_advance(&t.clock, 99 * MS);
    mouse_move(t.mouse, 1, 0, 0);
    ck_assert(SENDS(&t, ""));
    fake_clock_advance(&t.clock, 2 * MS);
    ck_assert(SENDS(&t, "\x08\x02\x00"));
    /* While a packet waits, motion adds up and no second one is made. */
    mouse_move(t.mouse, 1, 0, 0);
    fake_clock_advance(&t.clock, 100 * MS);
    mouse_move(t.mouse, 4, 0, 0);
    fake_clock_advance(&t.clock, 500 * MS);
    ck_assert(SENDS(&t, "\x08\x01\x00"));
    fake_clock_advance(&t.clock, 100 * MS);
    ck_assert(SENDS(&t, "\x08\x04\x00"));
    teardown(&t);
}
END_TEST

START_TEST(wheel)
{
    struct bench t;
    setup(&t);
    tell(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\x00"));
    rate(&t, 200);
    rate(&t, 100);
    rate(&t, 80);
    tell(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\x03"));
    command(&t, 0xF4);
    mouse_move(t.mouse, 0, 0, -1);
    fake_clock_advance(&t.clock, 20 * MS);
    ck_assert(SENDS(&t, "\x08\x00\x00\xFF"));
    rate(&t, 200);
    rate(&t, 200);
    rate(&t, 80);
    tell(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\x04"));
    mouse_buttons(t.mouse, MOUSE_FOURTH | MOUSE_FIFTH);
    mouse_move(t.mouse, 0, 0, -2);
    fake_clock_advance(&t.clock, 20 * MS);
    ck_assert(SENDS(&t, "\x08\x00\x00\x3E"));
    tell(&t, 0xFF);
    fake_clock_advance(&t.clock, 20 * MS);
    ck_assert(SENDS(&t, "\xFA\xAA\x00"));
    tell(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\x00"));
    teardown(&t);
}
END_TEST

START_TEST(two_axes_stay)
{
    struct bench t;
    setup(&t);
    t.mouse->cfg.two_axes = true;
    rate(&t, 200);
    rate(&t, 100);
    rate(&t, 80);
    tell(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\x00"));
    teardown(&t);
}
END_TEST

START_TEST(remote_mode)
{
    struct bench t;
    setup(&t);
    command(&t, 0xF0);
    mouse_move(t.mouse, 7, 1, 0);
    fake_clock_advance(&t.clock, 100 * MS);
    ck_assert(SENDS(&t, ""));
    tell(&t, 0xEB);
    ck_assert(SENDS(&t, "\xFA\x08\x07\x01"));
    tell(&t, 0xEB);
    ck_assert(SENDS(&t, "\xFA\x08\x00\x00"));
    tell(&t, 0xE9);
    ck_assert(SENDS(&t, "\xFA\x40\x02\x64"));
    command(&t, 0xEA);
    teardown(&t);
}
END_TEST

START_TEST(wrap_mode)
{
    struct bench t;
    setup(&t);
    command(&t, 0xF0);
    command(&t, 0xEE);
    tell(&t, 0x55);
    ck_assert(SENDS(&t, "\x55"));
    tell(&t, 0xF4);
    ck_assert(SENDS(&t, "\xF4"));
    command(&t, 0xEC);
    tell(&t, 0xE9);
    ck_assert(SENDS(&t, "\xFA\x40\x02\x64")); /* back in remote mode */
    teardown(&t);
}
END_TEST

START_TEST(status_and_parameters)
{
    struct bench t;
    setup(&t);
    command(&t, 0xE8);
    command(&t, 0x03);
    command(&t, 0xE7);
    command(&t, 0xF4);
    mouse_buttons(t.mouse, MOUSE_LEFT | MOUSE_RIGHT);
    tell(&t, 0xE9);
    ck_assert(SENDS(&t, "\xFA\x35\x03\x64"));
    command(&t, 0xE8);
    tell(&t, 0x04);
    ck_assert(SENDS(&t, "\xFE"));
    command(&t, 0xF3);
    tell(&t, 0x00);
    ck_assert(SENDS(&t, "\xFE"));
    tell(&t, 0x12);
    ck_assert(SENDS(&t, "\xFE"));
    command(&t, 0xF6);
    tell(&t, 0xE9);
    ck_assert(SENDS(&t, "\xFA\x05\x02\x64"));
    tell(&t, 0xFE);
    ck_assert(SENDS(&t, "\x64"));
    teardown(&t);
}
END_TEST

START_TEST(scaling)
{
    static const int in[] = {1, 2, 3, 4, 5, 6, -3, -100};
    static const int out[] = {1, 1, 3, 6, 9, 12, -3, -200};
    struct bench t;
    setup(&t);
    command(&t, 0xE7);
    command(&t, 0xF4);
    for (unsigned i = 0; i < sizeof in / sizeof in[0]; i++) {
        uint8_t byte[3];
        mouse_move(t.mouse, in[i], 0, 0);
        wait_sample(&t);
        for (unsigned n = 0; n < 3; n++)
            ck_assert(t.device.send(t.device.self, &byte[n]));
        ck_assert_int_eq(byte[1] - (byte[0] & 0x10 ? 256 : 0), out[i]);
    }
    teardown(&t);
}
END_TEST

START_TEST(a_command_interrupts_a_packet)
{
    struct bench t;
    setup(&t);
    command(&t, 0xF4);
    mouse_move(t.mouse, 1, 1, 0);
    wait_sample(&t);
    uint8_t byte;
    ck_assert(t.device.send(t.device.self, &byte));
    tell(&t, 0xF5);
    ck_assert(SENDS(&t, "\xFA"));
    mouse_move(t.mouse, 1, 1, 0);
    wait_sample(&t);
    ck_assert(SENDS(&t, ""));
    for (unsigned i = 0; i < 256; i++) {
        tell(&t, (uint8_t)i);
        tell(&t, (uint8_t)i);
    }
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    command(&t, 0xF4);
    mouse_move(t.mouse, -300, 2, 0);
    fake_clock_advance(&t.clock, 3 * MS);
    fake_clock_to(&copy.clock, clock_now(&t.clock));
    ck_assert(state_round_trip(&mouse_state, t.mouse, copy.mouse));
    ck_assert(SENDS(&copy, "\x18\x01\x02"));
    wait_sample(&copy);
    ck_assert(SENDS(&copy, "\x18\xD3\x00"));
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {silent_before_enable,
                                  packets,
                                  large_motion_is_split,
                                  sample_rate_paces,
                                  wheel,
                                  two_axes_stay,
                                  remote_mode,
                                  wrap_mode,
                                  status_and_parameters,
                                  scaling,
                                  a_command_interrupts_a_packet,
                                  state};
    return suite_run("mouse", tests, sizeof tests / sizeof tests[0]);
}
