/* SPDX-License-Identifier: MIT */
/* PS/2 keyboard: scan code sets, special keys, commands, typematic, overrun; key names and text. */
#include <string.h>

#include "devices/input/keyboard.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/ps2_check.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

#define MS 1000000ull

struct bench {
    struct clock clock;
    struct fake_line ready;
    struct keyboard *kbd;
    struct ps2_device device;
    uint8_t leds;
};

static void leds(void *self, uint8_t value)
{
    ((struct bench *)self)->leds = value;
}

static void setup(struct bench *t)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->kbd = keyboard_new(&(struct keyboard_config){
        .clock = &t->clock, .ready = fake_line_to(&t->ready), .leds = leds, .leds_self = t});
    t->device = keyboard_device(t->kbd);
}

static void teardown(struct bench *t)
{
    keyboard_free(t->kbd);
    ck_assert(!t->clock.first);
}

static void send(struct bench *t, uint8_t byte)
{
    t->device.receive(t->device.self, byte);
}

static void press(struct bench *t, enum key_code code)
{
    keyboard_key(t->kbd, code, true);
}

static void release(struct bench *t, enum key_code code)
{
    keyboard_key(t->kbd, code, false);
}

static void select_set(struct bench *t, uint8_t set)
{
    send(t, 0xF0);
    send(t, set);
    ck_assert(SENDS(t, "\xFA\xFA"));
}

START_TEST(nothing_at_power_on)
{
    struct bench t;
    setup(&t);
    fake_clock_advance(&t.clock, 1000 * MS);
    ck_assert(SENDS(&t, ""));
    teardown(&t);
}
END_TEST

START_TEST(set2)
{
    struct bench t;
    setup(&t);
    press(&t, KEY_A);
    ck_assert(t.ready.level);
    press(&t, KEY_A); /* a repeat by the host */
    release(&t, KEY_A);
    release(&t, KEY_A);
    ck_assert(SENDS(&t, "\x1C\xF0\x1C"));
    press(&t, KEY_RIGHTCTRL);
    release(&t, KEY_RIGHTCTRL);
    press(&t, KEY_F7);
    release(&t, KEY_F7);
    ck_assert(SENDS(&t, "\xE0\x14\xE0\xF0\x14\x83\xF0\x83"));
    teardown(&t);
}
END_TEST

START_TEST(set1)
{
    struct bench t;
    setup(&t);
    select_set(&t, 1);
    press(&t, KEY_A);
    release(&t, KEY_A);
    press(&t, KEY_UP);
    release(&t, KEY_UP);
    ck_assert(SENDS(&t, "\x1E\x9E\xE0\x48\xE0\xC8"));
    press(&t, KEY_PAUSE);
    release(&t, KEY_PAUSE);
    ck_assert(SENDS(&t, "\xE1\x1D\x45\xE1\x9D\xC5"));
    press(&t, KEY_PRINTSCREEN);
    release(&t, KEY_PRINTSCREEN);
    ck_assert(SENDS(&t, "\xE0\x2A\xE0\x37\xE0\xB7\xE0\xAA"));
    send(&t, 0xF0);
    send(&t, 0x00);
    ck_assert(SENDS(&t, "\xFA\xFA\x01"));
    teardown(&t);
}
END_TEST

START_TEST(set3_types)
{
    struct bench t;
    setup(&t);
    select_set(&t, 3);
    press(&t, KEY_A);
    release(&t, KEY_A);
    press(&t, KEY_F1); /* make only by default */
    release(&t, KEY_F1);
    ck_assert(SENDS(&t, "\x1C\xF0\x1C\x07"));
    send(&t, 0xFC); /* make and break for F1 */
    send(&t, 0x07);
    send(&t, 0xF4);
    ck_assert(SENDS(&t, "\xFA\xFA\xFA"));
    press(&t, KEY_F1);
    release(&t, KEY_F1);
    ck_assert(SENDS(&t, "\x07\xF0\x07"));
    send(&t, 0xF9); /* everything make only */
    press(&t, KEY_A);
    fake_clock_advance(&t.clock, 2000 * MS);
    release(&t, KEY_A);
    ck_assert(SENDS(&t, "\xFA\x1C"));
    press(&t, KEY_PAUSE); /* an ordinary key here */
    release(&t, KEY_PAUSE);
    ck_assert(SENDS(&t, "\x62"));
    teardown(&t);
}
END_TEST

START_TEST(print_screen_and_pause)
{
    struct bench t;
    setup(&t);
    press(&t, KEY_PRINTSCREEN);
    release(&t, KEY_PRINTSCREEN);
    ck_assert(SENDS(&t, "\xE0\x12\xE0\x7C\xE0\xF0\x7C\xE0\xF0\x12"));
    press(&t, KEY_PAUSE);
    release(&t, KEY_PAUSE);
    ck_assert(SENDS(&t, "\xE1\x14\x77\xE1\xF0\x14\xF0\x77"));
    press(&t, KEY_LEFTCTRL);
    press(&t, KEY_PAUSE);
    release(&t, KEY_PAUSE);
    release(&t, KEY_LEFTCTRL);
    ck_assert(SENDS(&t, "\x14\xE0\x7E\xE0\xF0\x7E\xF0\x14"));
    press(&t, KEY_LEFTSHIFT);
    press(&t, KEY_PRINTSCREEN);
    release(&t, KEY_PRINTSCREEN);
    release(&t, KEY_LEFTSHIFT);
    ck_assert(SENDS(&t, "\x12\xE0\x7C\xE0\xF0\x7C\xF0\x12"));
    press(&t, KEY_LEFTALT);
    press(&t, KEY_PRINTSCREEN);
    release(&t, KEY_PRINTSCREEN);
    release(&t, KEY_LEFTALT);
    ck_assert(SENDS(&t, "\x11\x84\xF0\x84\xF0\x11"));
    teardown(&t);
}
END_TEST

START_TEST(commands)
{
    struct bench t;
    setup(&t);
    send(&t, 0xEE);
    ck_assert(SENDS(&t, "\xEE"));
    send(&t, 0xF2);
    ck_assert(SENDS(&t, "\xFA\xAB\x83"));
    send(&t, 0xFE);
    ck_assert(SENDS(&t, "\x83"));
    send(&t, 0xED);
    send(&t, 0x02);
    ck_assert(SENDS(&t, "\xFA\xFA"));
    ck_assert_uint_eq(t.leds, KEYBOARD_LED_NUM);
    /* A command in place of the parameter. */
    send(&t, 0xED);
    send(&t, 0xF4);
    ck_assert(SENDS(&t, "\xFA\xFA"));
    ck_assert_uint_eq(t.leds, KEYBOARD_LED_NUM);
    send(&t, 0x12);
    ck_assert(SENDS(&t, "\xFE"));
    send(&t, 0xFE); /* never resends a resend */
    ck_assert(SENDS(&t, "\xFA"));
    send(&t, 0xF0);
    send(&t, 0x04);
    ck_assert(SENDS(&t, "\xFA\xFE"));
    teardown(&t);
}
END_TEST

START_TEST(reset_and_self_test)
{
    struct bench t;
    setup(&t);
    select_set(&t, 1);
    send(&t, 0xED);
    send(&t, 0x07);
    send(&t, 0xFF);
    ck_assert_uint_eq(t.leds, 0);
    fake_clock_advance(&t.clock, 1 * MS);
    ck_assert(SENDS(&t, "\xFA"));
    press(&t, KEY_B); /* during the test: not seen */
    fake_clock_advance(&t.clock, 10 * MS);
    ck_assert(SENDS(&t, "\xAA"));
    press(&t, KEY_A);
    ck_assert(SENDS(&t, "\x1C"));
    teardown(&t);
}
END_TEST

START_TEST(disable_and_enable)
{
    struct bench t;
    setup(&t);
    send(&t, 0xF5);
    ck_assert(SENDS(&t, "\xFA"));
    press(&t, KEY_A);
    release(&t, KEY_A);
    ck_assert(SENDS(&t, ""));
    send(&t, 0xF4);
    press(&t, KEY_A);
    ck_assert(SENDS(&t, "\xFA\x1C"));
    teardown(&t);
}
END_TEST

START_TEST(replies_overtake_keys)
{
    struct bench t;
    setup(&t);
    press(&t, KEY_A);
    send(&t, 0xED);
    ck_assert(SENDS(&t, "\xFA")); /* no scan code between a command and its parameter */
    send(&t, 0x00);
    ck_assert(SENDS(&t, "\xFA\x1C"));
    teardown(&t);
}
END_TEST

START_TEST(typematic)
{
    struct bench t;
    setup(&t);
    press(&t, KEY_X);
    fake_clock_advance(&t.clock, 499 * MS);
    ck_assert(SENDS(&t, "\x22"));
    fake_clock_advance(&t.clock, 1 * MS);
    ck_assert(SENDS(&t, "\x22"));
    /* 2Bh: period (8 + 3) * 2 * 4.17 ms */
    fake_clock_advance(&t.clock, 91 * MS);
    ck_assert(SENDS(&t, ""));
    fake_clock_advance(&t.clock, 1 * MS);
    ck_assert(SENDS(&t, "\x22"));
    /* The last key pressed repeats; releasing another one does not matter. */
    press(&t, KEY_Y);
    fake_clock_advance(&t.clock, 500 * MS);
    release(&t, KEY_X);
    ck_assert(SENDS(&t, "\x35\x35\xF0\x22"));
    fake_clock_advance(&t.clock, 92 * MS);
    ck_assert(SENDS(&t, "\x35"));
    release(&t, KEY_Y);
    ck_assert(SENDS(&t, "\xF0\x35"));
    fake_clock_advance(&t.clock, 1000 * MS);
    ck_assert(SENDS(&t, ""));
    /* Fastest: 250 ms, then 8 * 4.17 ms. */
    send(&t, 0xF3);
    send(&t, 0x00);
    press(&t, KEY_X);
    ck_assert(SENDS(&t, "\xFA\xFA\x22"));
    fake_clock_advance(&t.clock, 250 * MS + 34 * MS);
    ck_assert(SENDS(&t, "\x22\x22"));
    teardown(&t);
}
END_TEST

START_TEST(overrun_and_room)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(keyboard_room(t.kbd), 2);
    for (unsigned i = 0; i < 5; i++) { /* three bytes each: 15 */
        press(&t, KEY_A);
        release(&t, KEY_A);
    }
    ck_assert_uint_eq(keyboard_room(t.kbd), 0);
    press(&t, KEY_B);   /* 16 */
    release(&t, KEY_B); /* lost: the overrun code */
    press(&t, KEY_C);
    ck_assert(SENDS(&t, "\x1C\xF0\x1C\x1C\xF0\x1C\x1C\xF0\x1C\x1C\xF0\x1C\x1C\xF0\x1C\x32\x00"));
    ck_assert_uint_eq(keyboard_room(t.kbd), 2);
    teardown(&t);
}
END_TEST

START_TEST(names)
{
    ck_assert_int_eq(key_from_name("a", 1), KEY_A);
    ck_assert_int_eq(key_from_name("CTRL", 4), KEY_LEFTCTRL);
    ck_assert_int_eq(key_from_name("ctrl-alt", 4), KEY_LEFTCTRL);
    ck_assert_int_eq(key_from_name("del", 3), KEY_DELETE);
    ck_assert_int_eq(key_from_name("f12", 3), KEY_F12);
    ck_assert_int_eq(key_from_name("f1", 2), KEY_F1);
    ck_assert_int_eq(key_from_name("/", 1), KEY_SLASH);
    ck_assert_int_eq(key_from_name("nonsense", 8), KEY_NONE);
    ck_assert_int_eq(key_from_name("", 0), KEY_NONE);
    ck_assert_str_eq(key_name(KEY_DELETE), "delete");
    ck_assert_ptr_null(key_name(KEY_NONE));
    ck_assert_int_eq(KEY_A, 0x04);
    ck_assert_int_eq(KEY_RIGHTMETA, 0xE7);
}
END_TEST

static void check_stroke(char c, enum key_code code, bool shift, bool ctrl)
{
    struct key_stroke stroke;
    ck_assert(key_stroke_for(c, &stroke));
    ck_assert_int_eq(stroke.code, code);
    ck_assert_int_eq(stroke.shift, shift);
    ck_assert_int_eq(stroke.ctrl, ctrl);
}

START_TEST(text)
{
    struct key_stroke stroke;
    check_stroke('z', KEY_Z, false, false);
    check_stroke('Z', KEY_Z, true, false);
    check_stroke('0', KEY_0, false, false);
    check_stroke(')', KEY_0, true, false);
    check_stroke(' ', KEY_SPACE, false, false);
    check_stroke('\\', KEY_BACKSLASH, false, false);
    check_stroke('?', KEY_SLASH, true, false);
    check_stroke('~', KEY_GRAVE, true, false);
    check_stroke('"', KEY_APOSTROPHE, true, false);
    check_stroke('\n', KEY_ENTER, false, false);
    check_stroke('\x03', KEY_C, false, true);
    check_stroke('\x1B', KEY_ESC, false, false);
    for (int c = ' '; c < 0x7F; c++)
        ck_assert(key_stroke_for((char)c, &stroke));
    ck_assert(!key_stroke_for('\0', &stroke));
    ck_assert(!key_stroke_for((char)0xE9, &stroke));
}
END_TEST

START_TEST(bad_codes_are_ignored)
{
    struct bench t;
    setup(&t);
    press(&t, KEY_NONE);
    press(&t, (enum key_code)0xFF);
    press(&t, (enum key_code)0x12345);
    for (unsigned i = 0; i < 256; i++) {
        send(&t, (uint8_t)i);
        SENDS(&t, "");
    }
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    press(&t, KEY_X);
    send(&t, 0xF3);
    fake_clock_advance(&t.clock, 123 * MS);
    fake_clock_to(&copy.clock, 123 * MS);
    ck_assert(state_round_trip(&keyboard_state, t.kbd, copy.kbd));
    send(&copy, 0x20);
    ck_assert(SENDS(&copy, "\xFA\xFA\x22"));
    fake_clock_to(&copy.clock, 500 * MS);
    ck_assert(SENDS(&copy, "\x22"));
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {nothing_at_power_on,
                                  set2,
                                  set1,
                                  set3_types,
                                  print_screen_and_pause,
                                  commands,
                                  reset_and_self_test,
                                  disable_and_enable,
                                  replies_overtake_keys,
                                  typematic,
                                  overrun_and_room,
                                  names,
                                  text,
                                  bad_codes_are_ignored,
                                  state};
    return suite_run("keyboard", tests, sizeof tests / sizeof tests[0]);
}
