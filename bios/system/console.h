/* SPDX-License-Identifier: MIT */
/* Text for the person at the screen, by INT 10h; copied to the debug console (port E9h) where there is one.
 */
#ifndef BIOS_SYSTEM_CONSOLE_H
#define BIOS_SYSTEM_CONSOLE_H
#include <stdint.h>

void console_putc(char c);

/*
 * printf with what firmware needs. Format and %s are strings in the ROM; %S is a string at a plain pointer,
 * which means on the stack. %u unsigned, %x hexadecimal (both take a width, zero-filled with 0), %c. `\n`
 * becomes CR LF.
 */
void print(const char *format, ...);

/* Moves the cursor to the start of the current line. */
void console_return(void);

/* A NUL-terminated string in far memory, at most `limit` characters, unprintable ones as spaces. */
void print_far(uint16_t segment, uint16_t offset, uint16_t limit);

#endif
