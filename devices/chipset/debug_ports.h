/* SPDX-License-Identifier: MIT */
/* Ports for test guests and firmware that no real machine has: exit, console, POST codes. They keep no state.
 */
#ifndef LATHE_DEVICES_CHIPSET_DEBUG_PORTS_H
#define LATHE_DEVICES_CHIPSET_DEBUG_PORTS_H

#include <stdint.h>

#include "core/mem/portmap.h"
#include "devices/serial/char_sink.h"

/* Four ports at F4h, 8 to 32 bits wide: a write asks for the end of the run with exit status
 * (value << 1) | 1. `self` is a struct debug_exit of the board's. */
struct debug_exit {
    void (*exit)(void *self, uint32_t value);
    void *self;
};
extern const struct port_ops debug_exit_ports;

/* One port (E9h; also SeaBIOS's 402h): each byte written is a character of the console; a read gives E9h, by
 * which guests find it. `self` is a struct char_sink of the board's. */
extern const struct port_ops debugcon_ports;

/* One port (80h or 190h where nothing else is): POST codes. Reads give FFh. `self` is a struct char_sink. */
extern const struct port_ops post_ports;

#endif
