/* SPDX-License-Identifier: MIT */
/* The terminal on standard input in raw mode, given back as it was on every way out. */
#ifndef LATHE_FRONTENDS_SERIAL_TERMINAL_H
#define LATHE_FRONTENDS_SERIAL_TERMINAL_H

#include <stdbool.h>

/* Raw mode where standard input is a terminal that this process group owns. True where it is raw now. Also
 * arranges for terminal_restore at exit and on fatal signals. */
bool terminal_make_raw(void);

/* Gives it back; harmless where it is not raw. Callable from signal handlers. */
void terminal_restore(void);

#endif
