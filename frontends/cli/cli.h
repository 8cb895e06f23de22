/* SPDX-License-Identifier: MIT */
/* The verbs of the lathe program. */
#ifndef LATHE_FRONTENDS_CLI_CLI_H
#define LATHE_FRONTENDS_CLI_CLI_H

#include <stdbool.h>

/* Exit statuses: part of the contract with tests and scripts. 128 + n: stopped by signal n. */
enum cli_status {
    CLI_OK = 0,
    CLI_USAGE = 2,
    CLI_SCRIPT = 3,
    CLI_TRIPLE_FAULT = 4,
    CLI_HOST = 5,
    CLI_STOPPED = 6,
    CLI_SIGNAL = 128,
};

/* Prints "lathe: MESSAGE" on stderr, and returns the status, so that `return cli_fail(...)` works. */
int cli_fail(enum cli_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each takes the arguments after its name. */
int verb_run(int count, char **arguments);
int verb_info(int count, char **arguments);
int verb_image(int count, char **arguments);

/* Options of `lathe run`, for --help. */
void run_print_options(void);

#endif
