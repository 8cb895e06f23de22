/* SPDX-License-Identifier: MIT */
/* Command line of `lathe run`: options of the machine go to the machine, the others are kept here. */
#ifndef LATHE_FRONTENDS_CLI_RUN_OPTIONS_H
#define LATHE_FRONTENDS_CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct lathe;

enum { RUN_SERIAL_MAX = 2 };
enum run_display { DISPLAY_AUTO, DISPLAY_SDL, DISPLAY_NONE };

/* Strings belong to the argument vector. */
struct run_options {
    enum run_display display;
    const char *serial[RUN_SERIAL_MAX];
    unsigned serial_count;
    const char *script, *debugcon, *screenshot, *save_state, *load_state;
    uint64_t stop_insns, stop_ns; /* UINT64_MAX: none */
    bool state_hash, stats, help;
};

/* False with *err, one line. */
bool run_options_parse(struct run_options *options, struct lathe *lathe, int count, char **arguments,
                       struct error *err);

#endif
