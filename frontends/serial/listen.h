/* SPDX-License-Identifier: MIT */
/* Sockets and pseudo-terminals that wait for someone to connect. Descriptors do not block and close on exec.
 */
#ifndef LATHE_FRONTENDS_SERIAL_LISTEN_H
#define LATHE_FRONTENDS_SERIAL_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Listening socket, or -1 with *err. A socket file that nobody serves any more is replaced. */
int listen_unix(const char *path, struct error *err);

/* "[HOST]:PORT" or "PORT"; without a host only this machine can connect. */
int listen_tcp(const char *address, struct error *err);

/* Both ends of a pseudo-terminal in raw mode, and the name that a terminal program opens. */
bool open_pseudo_terminal(int *master, int *slave, char *name, size_t size, struct error *err);

#endif
