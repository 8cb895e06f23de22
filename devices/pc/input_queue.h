/* SPDX-License-Identifier: MIT */
/* The one door for everything from outside the machine: keys, mouse, serial bytes, media, buttons, pacing.
 *
 * Each entry is stamped with the point at which it applies: an instruction count, and a virtual time for
 * points within HLT, where no instruction retires. Nothing else reaches the machine from its frontends, so
 * that a record of this stream is a record of the run.
 */
#ifndef LATHE_DEVICES_PC_INPUT_QUEUE_H
#define LATHE_DEVICES_PC_INPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct media;

enum input_kind {
    INPUT_KEY,
    INPUT_MOUSE,
    INPUT_SERIAL,
    INPUT_INSERT,
    INPUT_EJECT,
    INPUT_RESET,
    INPUT_POWER_BUTTON,
    INPUT_SPEED, /* wall-clock pacing changes the slope of virtual time */
    INPUT_STOP,  /* machine_run returns MACHINE_STOPPED */
};

struct input {
    uint64_t insns, ns; /* applies once both are reached */
    enum input_kind kind;
    union {
        struct {
            uint16_t usage; /* USB HID usage of page 7 */
            bool down;
        } key;
        struct {
            int16_t dx, dy, dz; /* right, down, wheel towards the user */
            uint8_t buttons;    /* bit 0 left, 1 right, 2 middle */
        } mouse;
        struct {
            uint8_t port; /* 0 = COM1 */
            uint8_t byte;
        } serial;
        struct {
            uint8_t drive;       /* enum machine_drive */
            struct media *media; /* owned by the entry until it is applied; NULL for eject */
        } media;
        uint64_t khz;
    } u;
};

/* Ordered by time, entries of the same time in the order in which they were posted. */
struct input_queue {
    struct input *entries; /* owned; those in use are [head, head + count) */
    size_t head, count, capacity;
};

void input_queue_free(struct input_queue *queue);

/* Adds an entry in its place. */
void input_queue_post(struct input_queue *queue, const struct input *input);

/* The next entry, or NULL; valid until the next post. */
const struct input *input_queue_peek(const struct input_queue *queue);

/* Takes the next entry where it is due at this point. */
bool input_queue_take(struct input_queue *queue, uint64_t insns, uint64_t ns, struct input *input);

#endif
