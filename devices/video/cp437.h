/* SPDX-License-Identifier: MIT */
/* Code page 437, the character set of the IBM PC's ROM fonts. */
#ifndef LATHE_DEVICES_VIDEO_CP437_H
#define LATHE_DEVICES_VIDEO_CP437_H

#include <stdint.h>

struct buffer;

/* Unicode code point of the picture that a character code shows; 00h and FFh are blanks. */
uint16_t cp437_to_unicode(uint8_t character);

/* Appends a row of character codes as UTF-8, without trailing blanks, and a line feed. */
void cp437_append_row(struct buffer *out, const uint8_t *characters, unsigned count);

#endif
