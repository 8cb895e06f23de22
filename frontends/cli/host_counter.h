/* SPDX-License-Identifier: MIT */
/* The host processor's own count of instructions, where kernel, rights and processor give one. */
#ifndef LATHE_FRONTENDS_CLI_HOST_COUNTER_H
#define LATHE_FRONTENDS_CLI_HOST_COUNTER_H

#include <stdint.h>

/* Counts what this thread executes outside the kernel from now on. A file descriptor; negative: there is no
 * such counter. */
int host_counter_open(void);

/* Instructions since, 0 where there is no counter; closes it. */
uint64_t host_counter_take(int counter);

#endif
