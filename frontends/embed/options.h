/* SPDX-License-Identifier: MIT */
/* Configuration of a machine as its user gives it: option names, values, checks. No file is opened here. */
#ifndef LATHE_FRONTENDS_EMBED_OPTIONS_H
#define LATHE_FRONTENDS_EMBED_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/pc/machine.h"

struct error;

enum { OPTION_BOOT_MAX = 4, OPTION_LOOSE_MEDIA = 8 };

enum clock_choice { CLOCK_DEFAULT, CLOCK_VIRTUAL, CLOCK_REAL };

/* Strings are owned; NULL: not given. */
struct options {
    uint64_t ram_bytes, khz, seed;
    int64_t rtc_epoch;
    struct machine_engine engine;
    enum clock_choice clock;
    enum machine_boot boot[OPTION_BOOT_MAX];
    unsigned boot_count;
    bool debug_exit, no_reboot, snapshot;
    char *cpu, *log;
    char *drive[DRIVE_COUNT], *cdrom;
    char *kernel, *initrd, *append;
    char *bios, *vgabios;
    char *loose[OPTION_LOOSE_MEDIA]; /* media without a drive, recognised by content */
    unsigned loose_count;
};

void options_init(struct options *options);
void options_free(struct options *options);

/* Sets one option by name. False with *err, which names the option. */
bool options_set(struct options *options, const char *name, const char *value, struct error *err);

struct lathe_option;
/* Option number `index`; NULL after the last. */
const struct lathe_option *options_at(size_t index);

/* Combinations that cannot be. */
bool options_check(const struct options *options, struct error *err);

#endif
