/* SPDX-License-Identifier: MIT */
/* Where a case finds its memory: the same linear addresses natively and in a Lathe machine.
 *
 *   DATA    two pages read-write, then one read-only; nothing mapped before and behind
 *   STACK   two pages read-write; nothing mapped before and behind
 *   CODE    two pages executable, full of INT3 but for the case; nothing mapped behind
 *   EXIT    one executable page: where a case that runs to its end arrives
 *
 * Data pages are not executable, code pages not writable. */
#ifndef LATHE_TESTS_SILICON_LAYOUT_H
#define LATHE_TESTS_SILICON_LAYOUT_H

enum {
    PAGE = 0x1000,
    DATA = 0x20010000,
    DATA_PAGES = 2,
    READ_ONLY = DATA + DATA_PAGES * PAGE,
    STACK = 0x20020000,
    STACK_PAGES = 2,
    CODE = 0x20030000,
    CODE_PAGES = 2,
    CODE_END = CODE + CODE_PAGES * PAGE,
    EXIT = 0x20040000,
    /* Behind the case's instructions stands a JMP to one of these. */
    EXIT_32 = EXIT + 0x80,
    EXIT_64 = EXIT + 0xC0,

    WRITABLE_PAGES = DATA_PAGES + STACK_PAGES,
    FILLER = 0xCC, /* INT3 */
};

/* Selectors as Linux gives them to programs, and two segments in the LDT for 32-bit code:
 * LOW reaches from 4000h below DATA for 64 KiB, so that 16-bit addresses meet memory; DOWN is an expand-down
 * segment whose offsets begin in the middle of DATA. In 64-bit mode FS and GS have the same bases. */
enum {
    SELECTOR_CODE_32 = 0x23,
    SELECTOR_DATA = 0x2B,
    SELECTOR_CODE_64 = 0x33,
    SELECTOR_LOW = 0x07,
    SELECTOR_DOWN = 0x0F,
    LOW_BASE = DATA - 0x4000,
    LOW_LIMIT = 0xFFFF,
    DOWN_BASE = DATA - 0x10000,
    DOWN_LIMIT = 0x10FFF,
};

#endif
