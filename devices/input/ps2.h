/* SPDX-License-Identifier: MIT */
/* The PS/2 serial link between the 8042 and a keyboard or mouse, and the scan code translation of the 8042.
 */
#ifndef LATHE_DEVICES_INPUT_PS2_H
#define LATHE_DEVICES_INPUT_PS2_H

#include <stdbool.h>
#include <stdint.h>

/* A device at the end of the cable; plain data. Whenever it has something to send it raises its "ready" line
 * (see kbc_ready_line); the controller then takes one byte at a time at the speed of the link. */
struct ps2_device {
    void (*receive)(void *self, uint8_t byte);
    bool (*send)(void *self, uint8_t *byte); /* false where it has nothing to send */
    void *self;
};

/* Scan code set 2 to set 1. F0h is swallowed and remembered in *released; false where nothing comes out yet.
 */
bool ps2_translate(bool *released, uint8_t code, uint8_t *out);

#endif
