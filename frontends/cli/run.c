/* SPDX-License-Identifier: MIT */
/* `lathe run`: puts machine, window, serial links and script together, and takes them apart again. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/base/error.h"
#include "frontends/cli/cli.h"
#include "frontends/cli/run_options.h"
#include "frontends/cli/signals.h"
#include "frontends/cli/stats.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/out_file.h"
#include "frontends/script/script.h"
#include "frontends/sdl/window.h"
#include "frontends/serial/serial_link.h"

enum { SLICE_NS = 5000000, DEAD_SLEEP_NS = 20000000 };

struct session {
    struct run_options options;
    struct lathe *lathe;
    struct window *window;
    struct serial_link *serial[RUN_SERIAL_MAX];
    FILE *debugcon;
    struct script_source script;
    bool quit;      /* the user closed the window or typed Ctrl-A X */
    bool broken;    /* an output of the run failed: said already */
    bool told_dead; /* said that nothing can wake the guest */
    struct stats stats;
};

static bool is_raw(const struct session *session)
{
    for (unsigned i = 0; i < session->options.serial_count; i++) {
        if (session->serial[i] && serial_link_is_terminal(session->serial[i]))
            return true;
    }
    return false;
}

/* A line for the user; in raw mode the terminal wants the carriage return too. */
static void tell(const struct session *session, const char *text)
{
    fprintf(stderr, "lathe: %s%s\n", text, is_raw(session) ? "\r" : "");
}

/* --- Polling between slices ------------------------------------------------------------------------- */

static void show_status(const struct session *session)
{
    char text[160];
    snprintf(text, sizeof text, "%llu instructions, %.3f virtual seconds, %s, screen: %s",
             (unsigned long long)lathe_insns(session->lathe), (double)lathe_time_ns(session->lathe) / 1e9,
             lathe_is_idle(session->lathe, NULL) ? "idle" : "running", lathe_screen_mode(session->lathe));
    tell(session, text);
}

/* Going on where nobody can see it would be no use. */
static void output_failed(struct session *session, const char *option, const char *path)
{
    const char *reason = strerror(errno);
    if (!session->broken)
        cli_fail(CLI_HOST, "--%s %s: cannot write: %s", option, path, reason);
    session->broken = session->quit = true;
}

static void obey(struct session *session, unsigned port, enum serial_command command)
{
    switch (command) {
    case SERIAL_QUIT: session->quit = true; break;
    case SERIAL_RESET: lathe_reset(session->lathe); break;
    case SERIAL_STATUS: show_status(session); break;
    case SERIAL_BROKEN: output_failed(session, "serial", session->options.serial[port]); break;
    case SERIAL_HELP:
        tell(session, "Ctrl-A then: X quit, R reset, S status, Ctrl-A send Ctrl-A, anything else this help");
        break;
    default: break;
    }
}

/* A guest that halted with interrupts off will never do anything again: says so, and leaves the host its
 * processor. True where --stop-at waits for instructions that never come. */
static bool rest_if_dead(struct session *session)
{
    const struct run_options *options = &session->options;
    bool dead;
    lathe_is_idle(session->lathe, &dead);
    if (!dead)
        return false;
    if (!session->told_dead)
        tell(session, "the guest has halted with interrupts off: nothing but a reset will wake it");
    session->told_dead = true;
    if (options->script || options->stop_ns != UINT64_MAX)
        return false;
    if (options->stop_insns != UINT64_MAX)
        return true;
    nanosleep(&(struct timespec){.tv_nsec = DEAD_SLEEP_NS}, NULL);
    return false;
}

static void poll_outside(struct session *session)
{
    for (unsigned i = 0; i < session->options.serial_count; i++) {
        if (session->serial[i])
            obey(session, i, serial_link_poll(session->serial[i], session->lathe, i));
    }
    if (session->window && !window_poll(session->window))
        session->quit = true;
    if (session->debugcon && ferror(session->debugcon))
        output_failed(session, "debugcon", session->options.debugcon);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Runs to virtual time `until_ns` in slices. LATHE_LIMIT short of it: --stop-at was reached. */
static enum lathe_stop run_until(void *opaque, uint64_t until_ns)
{
    struct session *session = opaque;
    const struct run_options *options = &session->options;
    uint64_t end = least(until_ns, options->stop_ns);
    for (;;) {
        if (session->quit || signals_received())
            return LATHE_INTERRUPTED;
        uint64_t now = lathe_time_ns(session->lathe);
        enum lathe_stop stop =
            lathe_run(session->lathe, options->stop_insns, least(end, now + SLICE_NS - now % SLICE_NS));
        if (stop != LATHE_LIMIT)
            return stop;
        if (lathe_insns(session->lathe) >= options->stop_insns || lathe_time_ns(session->lathe) >= end)
            return LATHE_LIMIT;
        poll_outside(session);
        if (rest_if_dead(session))
            return LATHE_LIMIT;
    }
}

/* --- Before ------------------------------------------------------------------------------------------ */

static void on_serial(void *opaque, unsigned port, uint8_t byte)
{
    struct session *session = opaque;
    if (port < session->options.serial_count && session->serial[port])
        serial_link_put(session->serial[port], byte);
}

static void on_debugcon(void *opaque, uint8_t byte)
{
    FILE *file = ((struct session *)opaque)->debugcon;
    putc(byte, file);
    if (byte == '\n')
        fflush(file);
}

static bool open_debugcon(struct session *session, struct error *err)
{
    const char *path = session->options.debugcon;
    if (!path)
        return true;
    int fd = strcmp(path, "-") ? out_file_stream(path, err) : STDOUT_FILENO;
    if (fd < 0)
        return error_prefix(err, "--debugcon: ");
    session->debugcon = fd == STDOUT_FILENO ? stdout : fdopen(fd, "wb");
    return session->debugcon != NULL;
}

/* Finds out now whether a file can be written at exit. */
static bool check_writable(const char *option, const char *path, struct error *err)
{
    return !path || out_file_check(path, err) || error_prefix(err, "%s: ", option);
}

/* Options for which this build lacks the library. */
static bool check_features(const struct run_options *options, struct error *err)
{
    if (options->screenshot && !LATHE_HAVE_PNG)
        return error_set(err, "--screenshot: this build of Lathe has no libpng");
    if ((options->save_state || options->load_state) && !LATHE_HAVE_ZLIB)
        return error_set(err, "--save-state, --load-state: this build of Lathe has no zlib");
    return true;
}

static bool open_serial(struct session *session, struct error *err)
{
    lathe_on_serial(session->lathe, on_serial, session);
    for (unsigned i = 0; i < session->options.serial_count; i++) {
        char notice[256];
        session->serial[i] = serial_link_open(session->options.serial[i], notice, sizeof notice, err);
        if (!session->serial[i])
            return false;
        if (*notice)
            tell(session, notice);
    }
    return true;
}

/* A window where there is a window system; scripts run without one unless asked. */
static void choose_display(struct session *session)
{
    struct run_options *options = &session->options;
    if (options->display == DISPLAY_AUTO)
        options->display = window_is_available() && !options->script ? DISPLAY_SDL : DISPLAY_NONE;
}

/* Where a person looks or types, time is the wall clock's, unless a script sets the pace. */
static void choose_clock(struct session *session)
{
    const struct run_options *options = &session->options;
    bool person = options->display == DISPLAY_SDL;
    for (unsigned i = 0; i < options->serial_count; i++)
        person = person || (!strcmp(options->serial[i], "stdio") && isatty(STDIN_FILENO));
    lathe_default_clock(session->lathe, person && !options->script);
}

/* What boots, and how to get out. */
static void announce(const struct session *session)
{
    const struct run_options *options = &session->options;
    tell(session, lathe_boot_summary(session->lathe));
    if (is_raw(session))
        tell(session, "COM1 is on this terminal; Ctrl-A X quits, Ctrl-A C helps");
    else if (!session->window && !options->script && !options->serial_count &&
             options->stop_insns == UINT64_MAX && options->stop_ns == UINT64_MAX)
        tell(session,
             "neither window nor serial line: nothing will be seen (try --serial stdio); Ctrl-C ends");
}

static bool open_session(struct session *session, struct error *err)
{
    struct run_options *options = &session->options;
    if (!check_features(options, err) ||
        (options->script && !script_read(options->script, &session->script, err)))
        return false;
    choose_display(session);
    choose_clock(session);
    if (options->debugcon)
        lathe_on_debugcon(session->lathe, on_debugcon, session);
    if (options->stats)
        lathe_measure(session->lathe);
    if (!lathe_power_on(session->lathe))
        return error_set(err, "%s", lathe_error(session->lathe));
    /* Images are locked from here on, so that none of these can be one of them. */
    if (!check_writable("--screenshot", options->screenshot, err) ||
        !check_writable("--save-state", options->save_state, err) || !open_debugcon(session, err))
        return false;
    if (options->load_state && !lathe_load(session->lathe, options->load_state))
        return error_set(err, "--load-state: %s", lathe_error(session->lathe));
    return true;
}

/* What touches the user's screen and terminal comes last, when nothing else can fail any more. */
static bool open_frontends(struct session *session, struct error *err)
{
    struct run_options *options = &session->options;
    if (options->display == DISPLAY_SDL) {
        session->window = window_open(session->lathe, err);
        if (!session->window)
            return false;
    }
    if (!open_serial(session, err))
        return false;
    announce(session);
    return true;
}

/* --- After ------------------------------------------------------------------------------------------- */

static int report(struct session *session, int status)
{
    const struct run_options *options = &session->options;
    if (options->screenshot && !lathe_screenshot(session->lathe, options->screenshot))
        status = cli_fail(CLI_HOST, "%s", lathe_error(session->lathe));
    if (options->save_state && !lathe_save(session->lathe, options->save_state))
        status = cli_fail(CLI_HOST, "%s", lathe_error(session->lathe));
    if (options->state_hash) {
        char hex[LATHE_HASH_CHARS + 1];
        lathe_state_hash(session->lathe, hex);
        fprintf(stderr, "state-hash: insns=%llu sha256=%s\n", (unsigned long long)lathe_insns(session->lathe),
                hex);
    }
    if (options->stats)
        stats_print(&session->stats, session->lathe);
    if (!lathe_flush(session->lathe))
        status = cli_fail(CLI_HOST, "%s", lathe_error(session->lathe));
    return status;
}

static void close_frontends(struct session *session)
{
    for (unsigned i = 0; i < RUN_SERIAL_MAX; i++) {
        if (session->serial[i] && !serial_link_finish(session->serial[i]))
            output_failed(session, "serial", session->options.serial[i]);
        serial_link_close(session->serial[i]);
        session->serial[i] = NULL;
    }
    window_close(session->window);
    session->window = NULL;
    if (session->debugcon && (fflush(session->debugcon) || ferror(session->debugcon)))
        output_failed(session, "debugcon", session->options.debugcon);
    if (session->debugcon && session->debugcon != stdout)
        fclose(session->debugcon);
    session->debugcon = NULL;
}

/* --- During ------------------------------------------------------------------------------------------ */

static int stop_status(const struct session *session, enum lathe_stop stop)
{
    if (session->broken)
        return CLI_HOST;
    if (stop == LATHE_DIVERGED)
        fprintf(stderr, "lathe: --engine check: %s", lathe_divergence(session->lathe));
    if (stop != LATHE_INTERRUPTED)
        return lathe_exit_status(session->lathe, stop);
    return signals_received() ? CLI_SIGNAL + signals_received() : CLI_OK;
}

static bool is_interrupted(void *opaque)
{
    return ((struct session *)opaque)->quit || signals_received();
}

static int run_script(struct session *session)
{
    struct script_result result;
    const struct script_host host = {run_until, is_interrupted, session};
    script_run(session->lathe, &session->script, &host, &result);
    switch (result.end) {
    case SCRIPT_FINISHED: return CLI_OK;
    case SCRIPT_EXITED: return result.status;
    case SCRIPT_STOPPED:
        if (result.stop == LATHE_POWERED_OFF)
            return cli_fail(CLI_SCRIPT, "%s: the guest powered off before the script was done",
                            session->options.script);
        return stop_status(session, result.stop);
    default:
        fprintf(stderr, "lathe: %s\n", result.message ? result.message : "script failed");
        free(result.message);
        return CLI_SCRIPT;
    }
}

/* Said when the terminal is the user's again. */
static void tell_signal(void)
{
    if (signals_received())
        fprintf(stderr, "lathe: stopped by %s\n", signals_received() == SIGINT ? "SIGINT" : "SIGTERM");
}

static int run_session(struct session *session)
{
    stats_begin(&session->stats, session->lathe, session->options.stats);
    int status =
        session->options.script ? run_script(session) : stop_status(session, run_until(session, UINT64_MAX));
    stats_end(&session->stats, session->lathe);
    close_frontends(session);
    tell_signal();
    return report(session, session->broken ? (int)CLI_HOST : status);
}

/* Signals end the run in good order from before the terminal is touched. */
static int start_session(struct session *session)
{
    struct error err = {{0}};
    signals_attach(session->lathe);
    if (open_frontends(session, &err))
        return run_session(session);
    close_frontends(session);
    tell_signal();
    return signals_received() ? CLI_SIGNAL + signals_received() : cli_fail(CLI_USAGE, "%s", err.text);
}

int verb_run(int count, char **arguments)
{
    struct session session = {.lathe = lathe_new()};
    struct error err = {{0}};
    int status;
    signal(SIGPIPE, SIG_IGN); /* writing says so where nobody reads */
    bool parsed = run_options_parse(&session.options, session.lathe, count, arguments, &err);
    if (parsed && session.options.help) {
        run_print_options();
        status = CLI_OK;
    } else if (!parsed || !open_session(&session, &err)) {
        status = cli_fail(CLI_USAGE, "%s", err.text);
    } else {
        status = start_session(&session);
    }
    close_frontends(&session);
    signals_attach(NULL);
    script_free(&session.script);
    lathe_free(session.lathe);
    return status;
}
