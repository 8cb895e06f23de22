/* SPDX-License-Identifier: MIT */
/* What each key puts into the INT 16h buffer: scan code set 1 in, AH:AL out. */
#ifndef BIOS_SYSTEM_KBD_TABLE_H
#define BIOS_SYSTEM_KBD_TABLE_H
#include <stdint.h>

enum kbd_level { LEVEL_PLAIN, LEVEL_SHIFT, LEVEL_CTRL, LEVEL_ALT, LEVELS };

enum { KBD_LAST = 0x58, KBD_KEYPAD_FIRST = 0x47, KBD_KEYPAD_LAST = 0x53 };

/* NO_KEY: the combination gives nothing. (0000h is what Ctrl-Break stores, and no table entry.) */
enum { NO_KEY = 0 };

extern const uint16_t kbd_table[KBD_LAST + 1][LEVELS];

/* Keys with an E0h prefix that differ from those without. */
struct kbd_extended {
    uint8_t scan;
    uint16_t code[LEVELS];
};
enum { KBD_EXTENDED = 12 };
extern const struct kbd_extended kbd_extended[KBD_EXTENDED];

#endif
