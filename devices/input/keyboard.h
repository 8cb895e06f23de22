/* SPDX-License-Identifier: MIT */
/* PS/2 keyboard, scan code sets 1 to 3. IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and
 * 102-Key)". */
#ifndef LATHE_DEVICES_INPUT_KEYBOARD_H
#define LATHE_DEVICES_INPUT_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "devices/input/keys.h"
#include "devices/input/ps2.h"

enum { KEYBOARD_QUEUE = 16, KEYBOARD_REPLIES = 4, KEYBOARD_LONGEST = 8 };

enum keyboard_led { KEYBOARD_LED_SCROLL = 1, KEYBOARD_LED_NUM = 2, KEYBOARD_LED_CAPS = 4 };

struct keyboard_config {
    struct clock *clock;
    struct log *log;
    struct irq_line ready;                  /* kbc_ready_line */
    void (*leds)(void *self, uint8_t leds); /* optional: a set of enum keyboard_led */
    void *leds_self;
};

struct keyboard {
    struct keyboard_config cfg;
    struct log_source log;
    uint8_t queue[KEYBOARD_QUEUE + 1]; /* scan codes; the last place is for the overrun code */
    uint8_t head, count;
    uint8_t replies[KEYBOARD_REPLIES], reply_count;
    uint8_t last_sent;
    uint8_t command; /* waits for its parameter; 0: none */
    uint8_t set, leds, rate;
    bool scanning;
    uint8_t down[KEY_LIMIT / 8];       /* keys held */
    uint8_t set3_type[KEY_LIMIT];      /* by key: enum key_type */
    uint16_t repeating;                /* key that repeats; KEY_NONE: none */
    struct event typematic, self_test; /* next repeat; end of the basic assurance test */
};

extern const struct state_desc keyboard_state;

/* Powers up scanning, in set 2. Attach keyboard_device to the controller. */
struct keyboard *keyboard_new(const struct keyboard_config *cfg);
void keyboard_free(struct keyboard *keyboard);
void keyboard_reset(struct keyboard *keyboard);
struct ps2_device keyboard_device(struct keyboard *keyboard);

/* How many more key events certainly fit. Callers wait while it is 0; what they send anyway overruns, as on a
 * real keyboard. */
unsigned keyboard_room(const struct keyboard *keyboard);

/* A key goes down or up. Repeats of the present state are ignored: the keyboard repeats by itself. */
void keyboard_key(struct keyboard *keyboard, enum key_code code, bool down);

#endif
