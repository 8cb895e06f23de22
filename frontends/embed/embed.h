/* SPDX-License-Identifier: MIT */
/* What stands behind the opaque handle of lathe.h. */
#ifndef LATHE_FRONTENDS_EMBED_EMBED_H
#define LATHE_FRONTENDS_EMBED_EMBED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "devices/video/video_frame.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/options.h"
#include "frontends/embed/pacer.h"
#include "frontends/embed/typist.h"

struct kernel_image;
struct log;
struct machine;

enum { EMBED_LISTENERS = 8, EMBED_SUMMARY = 256 };

struct lathe {
    struct options options;
    struct machine_config config;
    struct log *log;
    struct kernel_image *kernel;
    struct machine *machine; /* NULL before power-on */
    struct error error;
    char summary[EMBED_SUMMARY];
    struct typist typist;
    struct pacer pacer;
    struct serial_listener {
        lathe_serial_fn *fn;
        void *opaque;
    } serial[EMBED_LISTENERS];
    unsigned serial_count;
    lathe_byte_fn *debugcon;
    void *debugcon_opaque;
    struct video_frame frame;
    char *text; /* of the last lathe_screen_text */
    char mode[64];
};

/* Opens ROMs, kernel and media and fills lathe->config. On failure everything opened is closed again. */
bool setup_open(struct lathe *lathe);

/* Frees ROM images that were read from files: the machine has copied them. */
void setup_close_roms(struct lathe *lathe);

/* Closes whatever setup_open has opened and still owns; media belong to the machine once it was built. */
void setup_close(struct lathe *lathe);

#endif
