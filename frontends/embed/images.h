/* SPDX-License-Identifier: MIT */
/* Firmware and demo images that are built into the program. */
#ifndef LATHE_FRONTENDS_EMBED_IMAGES_H
#define LATHE_FRONTENDS_EMBED_IMAGES_H

#include <stddef.h>
#include <stdint.h>

struct builtin_image {
    const char *name; /* file name in bios/images */
    const uint8_t *bytes;
    size_t size;
};

/* NULL where this build has no such image. */
const struct builtin_image *builtin_image_find(const char *name);

/* Generated; ends with a NULL name. */
extern const struct builtin_image builtin_images[];

#endif
