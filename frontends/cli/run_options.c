/* SPDX-License-Identifier: MIT */
#include "frontends/cli/run_options.h"

#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "frontends/cli/cli.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/parse.h"
#include "frontends/serial/serial_link.h"

struct run_option;
typedef bool run_option_fn(struct run_options *options, const char *value, struct error *err);

struct run_option {
    const char *name, *argument, *help;
    run_option_fn *set;
};

static bool set_display(struct run_options *options, const char *value, struct error *err)
{
    if (!strcmp(value, "sdl"))
        options->display = DISPLAY_SDL;
    else if (!strcmp(value, "none"))
        options->display = DISPLAY_NONE;
    else if (!strcmp(value, "term") || !strncmp(value, "vnc", 3))
        return error_set(err, "'%s' is not in this build yet; use sdl or none", value);
    else
        return error_set(err, "'%s' is neither sdl nor none", value);
    return true;
}

static bool set_serial(struct run_options *options, const char *value, struct error *err)
{
    if (options->serial_count == RUN_SERIAL_MAX)
        return error_set(err, "there are only %d serial ports", RUN_SERIAL_MAX);
    options->serial[options->serial_count++] = value;
    return true;
}

static bool set_stop_at(struct run_options *options, const char *value, struct error *err)
{
    if (!strncmp(value, "insns=", 6))
        return parse_number(value + 6, 0, UINT64_MAX - 1, &options->stop_insns, err);
    if (!strncmp(value, "time=", 5))
        return parse_seconds(value + 5, &options->stop_ns, err);
    return error_set(err, "'%s' is neither insns=N nor time=SECONDS", value);
}

static bool set_script(struct run_options *options, const char *value, struct error *err)
{
    (void)err;
    options->script = value;
    return true;
}

static bool set_debugcon(struct run_options *options, const char *value, struct error *err)
{
    (void)err;
    options->debugcon = value;
    return true;
}

static bool set_screenshot(struct run_options *options, const char *value, struct error *err)
{
    (void)err;
    options->screenshot = value;
    return true;
}

static bool set_save(struct run_options *options, const char *value, struct error *err)
{
    (void)err;
    options->save_state = value;
    return true;
}

static bool set_load(struct run_options *options, const char *value, struct error *err)
{
    (void)err;
    options->load_state = value;
    return true;
}

static bool set_hash(struct run_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    options->state_hash = true;
    return true;
}

static bool set_stats(struct run_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    options->stats = true;
    return true;
}

static bool set_help(struct run_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    options->help = true;
    return true;
}

static const struct run_option table[] = {
    {"display", "sdl|none", "window, or none [a window where there is a window system]", set_display},
    {"serial", "LINK", "COM1, repeated COM2: stdio, null, file:F, unix:F, tcp:[HOST]:PORT, pty [null]",
     set_serial},
    {"script", "FILE.lua", "drive the machine by a Lua script", set_script},
    {"debugcon", "FILE", "write what the guest prints on port E9h; - for standard output", set_debugcon},
    {"stop-at", "WHEN", "end with status 6 at insns=N or time=SECONDS of virtual time", set_stop_at},
    {"state-hash", NULL, "print a hash of the whole machine at exit", set_hash},
    {"stats", NULL, "print instructions, time, speed and what the engine did at exit", set_stats},
    {"screenshot", "FILE.png", "write the screen at exit", set_screenshot},
    {"save-state", "FILE", "write the machine's state at exit", set_save},
    {"load-state", "FILE", "start from a saved state of the same machine", set_load},
    {"help", NULL, "this list", set_help},
};

enum { OPTIONS = sizeof table / sizeof table[0] };

static void print_option(const char *name, const char *argument, const char *text)
{
    char left[64];
    snprintf(left, sizeof left, "--%s %s", name, argument ? argument : "");
    printf("  %-24s %s\n", left, text);
}

void run_print_options(void)
{
    const struct lathe_option *option;
    for (size_t i = 0; (option = lathe_option_at(i)); i++)
        print_option(option->name, option->argument, option->help);
    for (unsigned i = 0; i < OPTIONS; i++)
        print_option(table[i].name, table[i].argument, table[i].help);
}

/* An option under way: name and, behind '=', value. */
struct argument {
    char name[64];
    const char *value; /* NULL: not given with '=' */
};

static bool split(const char *text, struct argument *argument, struct error *err)
{
    const char *name = text + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    if (!length || length >= sizeof argument->name)
        return error_set(err, "unknown option %s; 'lathe --help' lists all", text);
    memcpy(argument->name, name, length);
    argument->name[length] = '\0';
    argument->value = equals ? equals + 1 : NULL;
    return true;
}

/* Finds what an option takes. False: unknown. */
static bool describe(const char *name, const struct run_option **own, const char **takes)
{
    const struct lathe_option *option;
    *own = NULL;
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (!strcmp(table[i].name, name)) {
            *own = &table[i];
            *takes = table[i].argument;
            return true;
        }
    }
    for (size_t i = 0; (option = lathe_option_at(i)); i++) {
        if (!strcmp(option->name, name)) {
            *takes = option->argument;
            return true;
        }
    }
    return false;
}

/* One option at arguments[*at]; moves *at to its last word. */
static bool take_option(struct run_options *options, struct lathe *lathe, int count, char **arguments,
                        int *at, struct error *err)
{
    struct argument argument;
    const struct run_option *own;
    const char *takes;
    if (!split(arguments[*at], &argument, err))
        return false;
    if (!describe(argument.name, &own, &takes))
        return error_set(err, "unknown option --%s; 'lathe --help' lists all", argument.name);
    if (!takes && argument.value)
        return error_set(err, "--%s takes no value", argument.name);
    if (takes && !argument.value) {
        if (*at + 1 == count)
            return error_set(err, "--%s wants a value: --%s %s", argument.name, argument.name, takes);
        argument.value = arguments[++*at];
    }
    if (own)
        return own->set(options, argument.value, err) || error_prefix(err, "--%s: ", argument.name);
    if (lathe_set(lathe, argument.name, takes ? argument.value : "on"))
        return true;
    return error_set(err, "%s", lathe_error(lathe));
}

/* What cannot go together. */
static bool check(const struct run_options *options, struct error *err)
{
    unsigned stdio = 0;
    for (unsigned i = 0; i < options->serial_count; i++) {
        if (!serial_link_check(options->serial[i], err))
            return false;
        stdio += !strcmp(options->serial[i], "stdio");
    }
    if (stdio > 1)
        return error_set(err, "--serial: only one port can be on stdio");
    if (stdio && options->debugcon && !strcmp(options->debugcon, "-"))
        return error_set(err, "--debugcon -: standard output is taken by --serial stdio");
    return true;
}

bool run_options_parse(struct run_options *options, struct lathe *lathe, int count, char **arguments,
                       struct error *err)
{
    *options = (struct run_options){.stop_insns = UINT64_MAX, .stop_ns = UINT64_MAX};
    bool only_media = false;
    for (int i = 0; i < count; i++) {
        const char *word = arguments[i];
        if (!only_media && !strcmp(word, "--")) {
            only_media = true;
        } else if (!only_media && !strncmp(word, "--", 2)) {
            if (!take_option(options, lathe, count, arguments, &i, err))
                return false;
        } else if (!only_media && word[0] == '-' && word[1]) {
            return error_set(err, "unknown option %s; options begin with two dashes ('lathe --help')", word);
        } else if (!lathe_add_medium(lathe, word)) {
            return error_set(err, "%s", lathe_error(lathe));
        }
    }
    return check(options, err);
}
