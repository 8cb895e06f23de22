/* SPDX-License-Identifier: MIT */
/* SIGINT and SIGTERM: a clean stop at the next slice; a second one ends the process at once. */
#ifndef LATHE_FRONTENDS_CLI_SIGNALS_H
#define LATHE_FRONTENDS_CLI_SIGNALS_H

struct lathe;

/* From here on signals interrupt this machine; NULL before it goes away. */
void signals_attach(struct lathe *lathe);

/* Number of the signal that asked to stop, or 0. */
int signals_received(void);

#endif
