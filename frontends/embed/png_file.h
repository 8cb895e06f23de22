/* SPDX-License-Identifier: MIT */
/* PNG files of frames, by libpng where the build has it. */
#ifndef LATHE_FRONTENDS_EMBED_PNG_FILE_H
#define LATHE_FRONTENDS_EMBED_PNG_FILE_H

#include <stdbool.h>

struct error;
struct lathe_frame;

/* Writes a frame with square pixels: lines and columns are repeated to the picture's shape on a monitor. */
bool png_write(const char *path, const struct lathe_frame *frame, struct error *err);

#endif
