/* SPDX-License-Identifier: MIT */
/* What a serial port of the guest is connected to on the host: terminal, file, socket, pseudo-terminal. */
#ifndef LATHE_FRONTENDS_SERIAL_SERIAL_LINK_H
#define LATHE_FRONTENDS_SERIAL_SERIAL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct lathe;
struct serial_link;

/* What the user asked for with the escape key (Ctrl-A) of a stdio link on a terminal. SERIAL_BROKEN, once:
 * nothing can be written to the standard output or file any more; errno says why. */
enum serial_command { SERIAL_NOTHING, SERIAL_QUIT, SERIAL_HELP, SERIAL_STATUS, SERIAL_RESET, SERIAL_BROKEN };

/* Opens "stdio", "null", "file:PATH", "unix:PATH", "tcp:[HOST]:PORT" or "pty". Sockets listen and serve one
 * peer at a time. *notice (may be empty): a line to tell the user, such as the name of the pseudo-terminal.
 * NULL with *err on a bad specification or where the host refuses. */
struct serial_link *serial_link_open(const char *spec, char *notice, size_t notice_size, struct error *err);

/* Whether the specification is well formed; opens nothing. */
bool serial_link_check(const char *spec, struct error *err);

/* Writes what is left. False where the standard output or file failed now or before; errno says why. */
bool serial_link_finish(struct serial_link *link);

/* Writes what is left, closes, and gives a terminal back as it was. NULL is allowed. */
void serial_link_close(struct serial_link *link);

/* A byte from the guest. It reaches the host by the next serial_link_poll at the latest. */
void serial_link_put(struct serial_link *link, uint8_t byte);

/* Moves bytes: what the guest sent goes out, and as much as its port has room for comes in. */
enum serial_command serial_link_poll(struct serial_link *link, struct lathe *lathe, unsigned port);

/* Whether a person types at this link. */
bool serial_link_is_terminal(const struct serial_link *link);

/* Whether it uses the process's standard output. */
bool serial_link_is_stdio(const struct serial_link *link);

#endif
