/* SPDX-License-Identifier: MIT */
/* Lua scripts that drive a machine (docs: the `vm` object). */
#ifndef LATHE_FRONTENDS_SCRIPT_SCRIPT_H
#define LATHE_FRONTENDS_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buffer.h"
#include "frontends/embed/lathe.h"

struct error;

/* How a script lets time pass: the caller polls windows and serial lines meanwhile. Runs until virtual time
 * `until_ns` or something stops the machine. */
struct script_host {
    enum lathe_stop (*run)(void *opaque, uint64_t until_ns);
    bool (*interrupted)(void *opaque); /* asked for while the script computes: whether it shall end */
    void *opaque;
};

/* Why a script ended. */
enum script_end {
    SCRIPT_FINISHED, /* ran to its end: status 0 */
    SCRIPT_EXITED,   /* vm:exit(status) */
    SCRIPT_STOPPED,  /* the machine stopped under it: *stop says why */
    SCRIPT_FAILED,   /* error or timeout: *err, which may have several lines */
};

struct script_result {
    enum script_end end;
    int status;           /* SCRIPT_EXITED */
    enum lathe_stop stop; /* SCRIPT_STOPPED */
    char *message;        /* SCRIPT_FAILED: may have several lines; the caller frees it with free() */
};

/* A script's text, read once. */
struct script_source {
    const char *path;
    struct buffer text;
};

/* Reads a file and checks that it can be parsed. False with *err. `path` outlives the source. */
bool script_read(const char *path, struct script_source *source, struct error *err);
void script_free(struct script_source *source);

/* Runs a script to its end. */
void script_run(struct lathe *lathe, const struct script_source *source, const struct script_host *host,
                struct script_result *result);

#endif
