/* SPDX-License-Identifier: MIT */
/* Files that Lathe writes: screenshots, states, logs of the guest's output. They never damage what is there:
 * an image that a machine has open is refused, and a file that is written in one go replaces its predecessor
 * only once it is complete. */
#ifndef LATHE_FRONTENDS_EMBED_OUT_FILE_H
#define LATHE_FRONTENDS_EMBED_OUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct error;

/* Whether `path` can be written, without leaving a trace. False with *err. */
bool out_file_check(const char *path, struct error *err);

/* Opens `path`, empty, for output that goes on while the machine runs. Never waits for the far side of a
 * pipe. A descriptor, or -1 with *err. */
int out_file_stream(const char *path, struct error *err);

/* A file that is written in one go. */
struct out_file {
    FILE *file;
    char *path; /* owned: what it becomes */
    char *temp; /* owned: where it is written; NULL: without a name, so that nothing can be left behind, or in
                   place (devices, pipes, directories without write access) */
    bool is_new, unnamed;
};

/* False with *err where it cannot be opened. */
bool out_file_begin(struct out_file *out, const char *path, struct error *err);

/* Puts the file in its place where `good` and everything has been written; else removes it. False with *err.
 */
bool out_file_end(struct out_file *out, bool good, struct error *err);

#endif
