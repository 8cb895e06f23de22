/* SPDX-License-Identifier: MIT */
/* Names and characters of keys on a US keyboard, as USB HID usages (HID Usage Tables, page 7). */
#ifndef LATHE_FRONTENDS_EMBED_KEYS_H
#define LATHE_FRONTENDS_EMBED_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_usage {
    KEY_A = 0x04,
    KEY_1 = 0x1E,
    KEY_0 = 0x27,
    KEY_ENTER = 0x28,
    KEY_ESCAPE = 0x29,
    KEY_BACKSPACE = 0x2A,
    KEY_TAB = 0x2B,
    KEY_SPACE = 0x2C,
    KEY_F1 = 0x3A,
    KEY_LEFT_CTRL = 0xE0,
    KEY_LEFT_SHIFT = 0xE1,
    KEY_LEFT_ALT = 0xE2,
};

enum { KEY_COMBO_MAX = 8 };

/* Key that gives an ASCII character, and whether with shift. False where there is none. */
bool key_of_character(char character, uint16_t *usage, bool *shift);

/* Usage of a key's name of `length` bytes: "a", "f1", "ctrl", "pgup", "kp5". */
bool key_of_name(const char *name, size_t length, uint16_t *usage);

/* "ctrl-alt-del" into usages, in order. False where a name is unknown or there are too many. */
bool key_combo(const char *combo, uint16_t usages[KEY_COMBO_MAX], unsigned *count);

#endif
