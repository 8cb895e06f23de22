/* SPDX-License-Identifier: MIT */
/* Values of options, as people write them. All return false with *err naming the value and what would be
 * right. */
#ifndef LATHE_FRONTENDS_EMBED_PARSE_H
#define LATHE_FRONTENDS_EMBED_PARSE_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* "64M", "1G", "640K", "16" (MiB). */
bool parse_size(const char *text, uint64_t *bytes, struct error *err);

/* Decimal, or hexadecimal with 0x, within [low, high]. */
bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value, struct error *err);

/* "33", "33MHz", "4.77": thousands of instructions per second. */
bool parse_mhz(const char *text, uint64_t *khz, struct error *err);

/* "1.5": seconds, up to nine decimals, as nanoseconds. */
bool parse_seconds(const char *text, uint64_t *ns, struct error *err);

/* "2000-01-01T00:00:00" or "2000-01-01": seconds since 1970, proleptic Gregorian, no time zone. "now": the
 * host's local time. */
bool parse_time(const char *text, int64_t *epoch, struct error *err);

/* "on" or "off". */
bool parse_flag(const char *text, bool *value, struct error *err);

#endif
