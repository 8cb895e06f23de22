/* SPDX-License-Identifier: MIT */
/* Checks for firmware test guests: results as text on port E9h, end on the debug-exit port F4h. */
#ifndef TESTS_GUESTS_BIOS_CHECK_H
#define TESTS_GUESTS_BIOS_CHECK_H
#include "common/io.h"
#include "demo/bios.h"

enum { PORT_CONSOLE = 0xe9, PORT_EXIT = 0xf4 };

struct check {
    unsigned passed, failed;
    uint32_t context; /* printed with a failure: the mode, say */
};

static inline void say(const char *text)
{
    while (*text)
        out8(PORT_CONSOLE, (uint8_t)*text++);
}

static inline void say_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        out8(PORT_CONSOLE, (uint8_t) "0123456789abcdef"[value >> shift & 15]);
}

static inline void say_number(unsigned value)
{
    if (value >= 10)
        say_number(value / 10);
    out8(PORT_CONSOLE, (uint8_t)('0' + value % 10));
}

/* Counts a comparison; says what was wrong. */
static inline void expect(struct check *c, const char *what, uint32_t got, uint32_t want)
{
    if (got == want) {
        c->passed++;
        return;
    }
    c->failed++;
    say("FAIL ");
    say(what);
    say(" [");
    say_hex(c->context);
    say("]: got ");
    say_hex(got);
    say(", want ");
    say_hex(want);
    say("\n");
}

/* Says the totals and ends the machine: exit value 0 where nothing failed (status 1), else 1 (status 3). */
static inline void finish(const struct check *c)
{
    say_number(c->passed);
    say(" passed, ");
    say_number(c->failed);
    say(" failed\n");
    out32(PORT_EXIT, c->failed != 0);
    for (;;)
        __asm__ volatile("cli; hlt");
}

#endif
