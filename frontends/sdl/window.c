/* SPDX-License-Identifier: MIT */
#include "frontends/sdl/window.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "frontends/embed/lathe.h"

enum { FRAME_MS = 16, TITLE_MS = 500, TITLE_MAX = 160, FIRST_WIDTH = 720, FIRST_HEIGHT = 480 };
enum { USAGES = 256, DRIVERS_MAX = 256 };

struct window {
    struct lathe *lathe;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    unsigned width, height; /* of the texture */
    bool grabbed, resized;  /* resized: by the user, so the guest's modes no longer set the size */
    bool open;
    bool held[USAGES]; /* keys that the guest believes are down */
    unsigned buttons;
    uint32_t *shown; /* pixels of the last frame, to leave out those that change nothing */
    Uint32 frame_at; /* when the next frame is due; 0: at once, whatever it shows */
    Uint32 title_at;
    uint64_t title_insns;
};

bool window_is_available(void)
{
    return getenv("DISPLAY") || getenv("WAYLAND_DISPLAY") || getenv("SDL_VIDEODRIVER");
}

/* SDL's drivers that show nothing, its last resort, which leave a person before an empty screen; and
 * Wayland's where it can only complain. */
static bool shows_nothing(const char *driver)
{
    return !strcmp(driver, "offscreen") || !strcmp(driver, "dummy") || !strcmp(driver, "evdev") ||
           (!strcmp(driver, "wayland") && !getenv("XDG_RUNTIME_DIR"));
}

/* Whatever else this SDL has, in its order; the user's SDL_VIDEODRIVER comes before it. */
static void choose_driver(void)
{
    char names[DRIVERS_MAX] = "";
    for (int i = 0; i < SDL_GetNumVideoDrivers(); i++) {
        const char *driver = SDL_GetVideoDriver(i);
        if (shows_nothing(driver))
            continue;
        if (*names)
            SDL_strlcat(names, ",", sizeof names);
        SDL_strlcat(names, driver, sizeof names);
    }
    SDL_SetHint(SDL_HINT_VIDEODRIVER, names);
}

static bool create(struct window *w, struct error *err)
{
    const Uint32 flags = SDL_WINDOW_RESIZABLE;
    choose_driver();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO))
        return error_set(err, "--display sdl: %s; use --display none without a window system",
                         SDL_GetError());
    w->window = SDL_CreateWindow("Lathe", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, FIRST_WIDTH,
                                 FIRST_HEIGHT, flags);
    w->renderer = w->window ? SDL_CreateRenderer(w->window, -1, 0) : NULL;
    if (!w->renderer)
        return error_set(err, "--display sdl: %s", SDL_GetError());
    return true;
}

struct window *window_open(struct lathe *lathe, struct error *err)
{
    struct window *w = alloc_zeroed(sizeof *w);
    w->lathe = lathe;
    w->open = true;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    /* A small picture: an OpenGL driver would be several times as large as everything else here. SDL's
     * variables SDL_RENDER_DRIVER and SDL_FRAMEBUFFER_ACCELERATION bring it back. */
    SDL_SetHint(SDL_HINT_RENDER_DRIVER, "software");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    if (create(w, err))
        return w;
    window_close(w);
    return NULL;
}

void window_close(struct window *w)
{
    if (!w)
        return;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    alloc_free(w->shown);
    alloc_free(w);
}

/* --- Keyboard ---------------------------------------------------------------------------------------- */

static void send_key(struct window *w, unsigned usage, bool down)
{
    if (usage >= USAGES || (!down && !w->held[usage]))
        return;
    w->held[usage] = down;
    lathe_key(w->lathe, usage, down);
}

static void release_all(struct window *w)
{
    for (unsigned i = 0; i < USAGES; i++)
        send_key(w, i, false);
}

/* --- Mouse ------------------------------------------------------------------------------------------- */

static void grab(struct window *w, bool on)
{
    w->grabbed = on;
    SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
    w->title_at = 0;
}

static unsigned button_bit(Uint8 button)
{
    switch (button) {
    case SDL_BUTTON_LEFT: return LATHE_BUTTON_LEFT;
    case SDL_BUTTON_RIGHT: return LATHE_BUTTON_RIGHT;
    case SDL_BUTTON_MIDDLE: return LATHE_BUTTON_MIDDLE;
    default: return 0;
    }
}

static void mouse_button(struct window *w, const SDL_MouseButtonEvent *event, bool down)
{
    if (!w->grabbed) {
        if (down && event->button == SDL_BUTTON_LEFT)
            grab(w, true);
        return;
    }
    unsigned bit = button_bit(event->button);
    w->buttons = down ? w->buttons | bit : w->buttons & ~bit;
    lathe_mouse(w->lathe, 0, 0, 0, w->buttons);
}

/* Ctrl-Alt-G gives the mouse back (or takes it); the guest sees none of it. */
static bool is_grab_key(const SDL_KeyboardEvent *event)
{
    return event->keysym.scancode == SDL_SCANCODE_G && (event->keysym.mod & KMOD_CTRL) &&
           (event->keysym.mod & KMOD_ALT);
}

static void key(struct window *w, const SDL_KeyboardEvent *event, bool down)
{
    if (down && is_grab_key(event)) {
        release_all(w);
        grab(w, !w->grabbed);
        return;
    }
    if (!event->repeat) /* the guest's keyboard repeats by itself */
        send_key(w, (unsigned)event->keysym.scancode, down);
}

/* --- Events ------------------------------------------------------------------------------------------ */

static void window_event(struct window *w, const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_FOCUS_LOST:
        release_all(w);
        if (w->grabbed)
            grab(w, false);
        break;
    case SDL_WINDOWEVENT_SIZE_CHANGED: w->frame_at = 0; break;
    case SDL_WINDOWEVENT_RESIZED: w->resized = true; break;
    case SDL_WINDOWEVENT_EXPOSED: w->frame_at = 0; break;
    default: break;
    }
}

static void handle(struct window *w, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT: w->open = false; break;
    case SDL_WINDOWEVENT: window_event(w, &event->window); break;
    case SDL_KEYDOWN: key(w, &event->key, true); break;
    case SDL_KEYUP: key(w, &event->key, false); break;
    case SDL_MOUSEBUTTONDOWN: mouse_button(w, &event->button, true); break;
    case SDL_MOUSEBUTTONUP: mouse_button(w, &event->button, false); break;
    case SDL_MOUSEMOTION:
        if (w->grabbed)
            lathe_mouse(w->lathe, event->motion.xrel, event->motion.yrel, 0, w->buttons);
        break;
    case SDL_MOUSEWHEEL:
        if (w->grabbed)
            lathe_mouse(w->lathe, 0, 0, -event->wheel.y, w->buttons);
        break;
    default: break;
    }
}

/* --- Picture ----------------------------------------------------------------------------------------- */

/* Size on the monitor in square pixels: whole multiples of the guest's where its pixels are not square. */
static void shape(const struct lathe_frame *frame, int *width, int *height)
{
    unsigned ax = frame->aspect_x, ay = frame->aspect_y;
    *width = (int)frame->width;
    *height = (int)frame->height;
    if (ax > ay)
        *width = (int)(frame->width * ax / ay);
    else if (ay > ax)
        *height = (int)(frame->height * ay / ax);
    if (*width < 400) { /* 320x200 and its like: twice, so that it can be read */
        *width *= 2;
        *height *= 2;
    }
}

static bool fit_texture(struct window *w, const struct lathe_frame *frame)
{
    if (w->texture && w->width == frame->width && w->height == frame->height)
        return true;
    int width, height;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGBX8888, SDL_TEXTUREACCESS_STREAMING,
                                   (int)frame->width, (int)frame->height);
    w->width = frame->width;
    w->height = frame->height;
    w->shown = alloc_resize(w->shown, (size_t)w->width * w->height * sizeof *w->shown);
    shape(frame, &width, &height);
    if (!w->resized)
        SDL_SetWindowSize(w->window, width, height);
    return w->texture;
}

/* Where the picture goes: as large as it fits, a whole multiple where at least twice fits, centred. */
static SDL_Rect place(struct window *w, const struct lathe_frame *frame)
{
    int width, height, out_width, out_height;
    shape(frame, &width, &height);
    SDL_GetRendererOutputSize(w->renderer, &out_width, &out_height);
    double scale = (double)out_width / width < (double)out_height / height ? (double)out_width / width
                                                                           : (double)out_height / height;
    if (scale >= 1 && scale < 1.02)
        scale = 1;
    else if (scale >= 2)
        scale = (int)scale;
    SDL_Rect rect = {0, 0, (int)(width * scale), (int)(height * scale)};
    rect.x = (out_width - rect.w) / 2;
    rect.y = (out_height - rect.h) / 2;
    return rect;
}

static bool is_shown(const struct window *w, const struct lathe_frame *frame)
{
    size_t bytes = (size_t)frame->width * frame->height * sizeof *frame->pixels;
    return w->frame_at && w->texture && w->width == frame->width && w->height == frame->height &&
           !memcmp(w->shown, frame->pixels, bytes);
}

static void draw(struct window *w)
{
    struct lathe_frame frame;
    lathe_frame(w->lathe, &frame);
    if (!frame.width || !frame.height || is_shown(w, &frame) || !fit_texture(w, &frame))
        return;
    memcpy(w->shown, frame.pixels, (size_t)frame.width * frame.height * sizeof *frame.pixels);
    SDL_Rect rect = place(w, &frame);
    SDL_UpdateTexture(w->texture, NULL, frame.pixels, (int)(frame.width * sizeof *frame.pixels));
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
    SDL_RenderClear(w->renderer);
    SDL_RenderCopy(w->renderer, w->texture, NULL, &rect);
    SDL_RenderPresent(w->renderer);
}

static void set_title(struct window *w, Uint32 now)
{
    char title[TITLE_MAX];
    uint64_t insns = lathe_insns(w->lathe);
    Uint32 ms = now - w->title_at;
    double mips = ms ? (double)(insns - w->title_insns) / ms / 1000 : 0;
    snprintf(title, sizeof title, "Lathe - %s, %.1f MIPS%s - %s", lathe_screen_mode(w->lathe), mips,
             lathe_is_idle(w->lathe, NULL) ? ", idle" : "",
             w->grabbed ? "Ctrl-Alt-G releases the mouse" : "click or Ctrl-Alt-G for the mouse");
    SDL_SetWindowTitle(w->window, title);
    w->title_insns = insns;
    w->title_at = now;
}

/* 60 frames a second, but never more than a quarter of the time on drawing. */
static Uint32 next_frame(Uint32 began)
{
    Uint32 now = SDL_GetTicks(), rest = 3 * (now - began);
    Uint32 due = now - began + rest > FRAME_MS ? now + rest : began + FRAME_MS;
    return due ? due : 1;
}

bool window_poll(struct window *w)
{
    SDL_Event event;
    while (SDL_PollEvent(&event))
        handle(w, &event);
    Uint32 now = SDL_GetTicks();
    if (!w->frame_at || SDL_TICKS_PASSED(now, w->frame_at)) {
        draw(w);
        w->frame_at = next_frame(now);
    }
    if (!w->title_at || now - w->title_at >= TITLE_MS)
        set_title(w, now ? now : 1);
    return w->open;
}
