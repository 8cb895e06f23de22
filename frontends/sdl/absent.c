/* SPDX-License-Identifier: MIT */
/* Builds without SDL2. */
#include <stddef.h>

#include "core/base/error.h"
#include "frontends/sdl/window.h"

bool window_is_available(void)
{
    return false;
}

struct window *window_open(struct lathe *lathe, struct error *err)
{
    (void)lathe;
    error_set(err, "--display sdl: this build of Lathe has no SDL2; use --display none");
    return NULL;
}

void window_close(struct window *window)
{
    (void)window;
}

bool window_poll(struct window *window)
{
    (void)window;
    return true;
}
