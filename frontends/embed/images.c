/* SPDX-License-Identifier: MIT */
#include "frontends/embed/images.h"

#include <string.h>

const struct builtin_image *builtin_image_find(const char *name)
{
    for (const struct builtin_image *image = builtin_images; image->name; image++) {
        if (!strcmp(image->name, name))
            return image;
    }
    return NULL;
}
