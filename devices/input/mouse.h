/* SPDX-License-Identifier: MIT */
/* PS/2 mouse with the wheel and five-button extensions. IBM PS/2 Hardware Interface Technical Reference,
 * "Mouse"; Microsoft, "Intellimouse PS/2 protocol". */
#ifndef LATHE_DEVICES_INPUT_MOUSE_H
#define LATHE_DEVICES_INPUT_MOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "devices/input/ps2.h"

enum { MOUSE_QUEUE = 8 };

enum mouse_button {
    MOUSE_LEFT = 1 << 0,
    MOUSE_RIGHT = 1 << 1,
    MOUSE_MIDDLE = 1 << 2,
    MOUSE_FOURTH = 1 << 3,
    MOUSE_FIFTH = 1 << 4,
};

enum mouse_mode { MOUSE_STREAM, MOUSE_REMOTE, MOUSE_WRAP };

struct mouse_config {
    struct clock *clock;
    struct log *log;
    struct irq_line ready; /* kbc_ready_line */
    bool two_axes;         /* a plain mouse: never turns into a wheel mouse */
};

struct mouse {
    struct mouse_config cfg;
    struct log_source log;
    uint8_t queue[MOUSE_QUEUE]; /* replies, or one packet */
    uint8_t head, count;
    uint8_t last_sent, command;
    uint8_t mode, mode_before_wrap;
    uint8_t id; /* 0: standard, 3: wheel, 4: five buttons */
    uint8_t rate, resolution;
    uint8_t knock[3]; /* the last three sample rates */
    uint8_t buttons, reported_buttons;
    bool scale_2_1, reporting;
    int32_t dx, dy, dz; /* moved since the last packet: right, up, wheel towards the user */
    struct event sample, self_test;
};

extern const struct state_desc mouse_state;

/* Powers up silent, in stream mode with reporting off. Attach mouse_device to the controller's auxiliary
 * port. */
struct mouse *mouse_new(const struct mouse_config *cfg);
void mouse_free(struct mouse *mouse);
void mouse_reset(struct mouse *mouse);
struct ps2_device mouse_device(struct mouse *mouse);

/* Motion in counts, at whatever resolution is set: dx to the right, dy upwards, dz the wheel towards the
 * user. What does not fit a packet goes into the next ones; while reporting is off it is forgotten. */
void mouse_move(struct mouse *mouse, int dx, int dy, int dz);

/* All buttons that are down: a set of enum mouse_button. */
void mouse_buttons(struct mouse *mouse, unsigned buttons);

/* Whether the guest's driver has switched reporting on. */
bool mouse_in_use(const struct mouse *mouse);

#endif
