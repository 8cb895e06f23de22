/* SPDX-License-Identifier: MIT */
/* The window: the guest's screen, keyboard and mouse. */
#ifndef LATHE_FRONTENDS_SDL_WINDOW_H
#define LATHE_FRONTENDS_SDL_WINDOW_H

#include <stdbool.h>

struct error;
struct lathe;
struct window;

/* Whether this build has windows and the session seems to have a display. */
bool window_is_available(void);

/* Opens a window on a machine that is on. NULL with *err. */
struct window *window_open(struct lathe *lathe, struct error *err);
void window_close(struct window *window);

/* Handles what the user did and shows the screen, at most 60 times a second. False: the user closed it. */
bool window_poll(struct window *window);

#endif
