/* SPDX-License-Identifier: MIT */
#include "frontends/serial/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* The process has one terminal, and signal handlers have no argument: the one place with global state. */
static struct {
    struct termios before;
    volatile sig_atomic_t raw;
} terminal;

void terminal_restore(void)
{
    if (terminal.raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
    terminal.raw = 0;
}

static void restore_and_die(int number)
{
    terminal_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_fatal_signals(void)
{
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = restore_and_die};
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaction(fatal[i], &action, NULL);
}

static void set_raw(struct termios *mode)
{
    mode->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode->c_oflag &= ~(tcflag_t)OPOST;
    mode->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode->c_cflag = (mode->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}

bool terminal_make_raw(void)
{
    if (terminal.raw)
        return true;
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
        tcgetattr(STDIN_FILENO, &terminal.before))
        return false;
    struct termios mode = terminal.before;
    set_raw(&mode);
    atexit(terminal_restore);
    catch_fatal_signals();
    terminal.raw = 1;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &mode))
        terminal.raw = 0;
    return terminal.raw;
}
