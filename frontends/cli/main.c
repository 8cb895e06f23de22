/* SPDX-License-Identifier: MIT */
/* lathe: the command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frontends/cli/cli.h"
#include "frontends/embed/lathe.h"

struct verb {
    const char *name, *summary;
    int (*run)(int count, char **arguments); /* NULL: not in this build */
};

static const struct verb verbs[] = {
    {"run", "start a machine", verb_run},
    {"info", "list processor models, instructions, parts of the machine", verb_info},
    {"image", "create disk and floppy images", verb_image},
    {"replay", "repeat a recorded run", NULL},
    {"bench", "measure the speed of the engines", NULL},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

int cli_fail(enum cli_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("lathe: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return (int)status;
}

static int help(void)
{
    puts("Lathe, a PC emulator\n\n"
         "usage: lathe run [OPTIONS] [MEDIA]   MEDIA: disk, floppy, ISO or kernel, recognised by content;\n"
         "                                     without any, a built-in demo boots\n"
         "       lathe info [models|insns|parts]\n"
         "       lathe image create FILE SIZE | floppy FILE FORMAT | info FILE\n"
         "       lathe --help | --version\n\n"
         "options of lathe run:");
    run_print_options();
    puts("\nexit status: 0 guest powered off, script done or user quit; what the guest wrote to port F4h as\n"
         "(value << 1) | 1; 2 bad usage; 3 script failed; 4 triple fault with --no-reboot; 5 host error;\n"
         "6 stopped by --stop-at; 128 + n stopped by signal n");
    return CLI_OK;
}

static int dispatch(const char *name, int count, char **arguments)
{
    for (unsigned i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name))
            continue;
        if (!verbs[i].run)
            return cli_fail(CLI_USAGE, "'%s' is not in this build yet", name);
        return verbs[i].run(count, arguments);
    }
    return cli_fail(CLI_USAGE, "unknown verb '%s'; there are run, info and image ('lathe --help')", name);
}

/* Where a standard stream is closed, the first image opened would take its place, and messages would go into
 * it. */
static bool have_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
            return false;
    }
    return true;
}

static int start(int argc, char **argv)
{
    if (argc < 2)
        return cli_fail(CLI_USAGE, "nothing to do; try 'lathe run' or 'lathe --help'");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return help();
    if (!strcmp(argv[1], "--version")) {
        printf("lathe %s\n", lathe_version());
        return CLI_OK;
    }
    return dispatch(argv[1], argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    if (!have_standard_streams())
        return CLI_HOST;
    int status = start(argc, argv);
    bool written = !fflush(stdout) && !ferror(stdout);
    if (status == CLI_OK && !written)
        return cli_fail(CLI_HOST, "standard output: %s", strerror(errno));
    return status;
}
