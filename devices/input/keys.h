/* SPDX-License-Identifier: MIT */
/* Keys by position, with the numbers of the USB HID keyboard page, their names in scripts, and how to type
 * text on a US layout. */
#ifndef LATHE_DEVICES_INPUT_KEYS_H
#define LATHE_DEVICES_INPUT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
enum key_code {
    KEY_NONE = 0,
#define KEY(name, usage, text, set2, set3, type) KEY_##name = (usage),
#include "devices/input/keys.def"
#undef KEY
    KEY_LIMIT = 0x100,
};
/* clang-format on */

/* "a", "f1", "ctrl", "del", ...; with some aliases ("enter" = "ret" = "return"), in any case. KEY_NONE where
 * there is no such key. `length`: characters of name to look at. */
enum key_code key_from_name(const char *name, size_t length);

/* The name in scripts; NULL where there is no such key. */
const char *key_name(enum key_code code);

/* What types an ASCII character on a US layout. False where no key does. Newline is Enter; other control
 * characters are Ctrl with a letter. */
struct key_stroke {
    enum key_code code;
    bool shift, ctrl;
};
bool key_stroke_for(char c, struct key_stroke *stroke);

#endif
