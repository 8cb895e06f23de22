/* SPDX-License-Identifier: MIT */
#include "frontends/cli/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "frontends/cli/cli.h"
#include "frontends/embed/lathe.h"
#include "frontends/serial/terminal.h"

/* Signal handlers have no argument: the one place of the command line with global state. */
static struct {
    struct lathe *volatile lathe;
    volatile sig_atomic_t received;
} signals;

static void on_signal(int number)
{
    struct lathe *lathe = signals.lathe;
    if (signals.received) {
        terminal_restore();
        _exit(CLI_SIGNAL + number);
    }
    signals.received = number;
    if (lathe)
        lathe_interrupt(lathe);
}

void signals_attach(struct lathe *lathe)
{
    signals.lathe = lathe;
    if (!lathe)
        return;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int signals_received(void)
{
    return signals.received;
}
