/* SPDX-License-Identifier: MIT */
#include "frontends/embed/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/error.h"

/* Digits at *text, moved past them. False where there are none or they overflow. */
static bool take_digits(const char **text, int base, uint64_t *value)
{
    if (!isxdigit((unsigned char)**text))
        return false;
    char *end;
    errno = 0;
    *value = strtoull(*text, &end, base);
    bool good = end != *text && errno == 0;
    *text = end;
    return good;
}

bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value, struct error *err)
{
    const char *at = text;
    int base = 10;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        at += 2;
        base = 16;
    }
    if (!take_digits(&at, base, value) || *at || *value < low || *value > high)
        return error_set(err, "'%s' is not a number from %llu to %llu", text, (unsigned long long)low,
                         (unsigned long long)high);
    return true;
}

static unsigned size_shift(char unit)
{
    switch (toupper((unsigned char)unit)) {
    case 'K': return 10;
    case '\0':
    case 'M': return 20;
    case 'G': return 30;
    default: return 0;
    }
}

bool parse_size(const char *text, uint64_t *bytes, struct error *err)
{
    const char *at = text;
    uint64_t value;
    bool good = take_digits(&at, 10, &value);
    unsigned shift = size_shift(*at);
    if (*at)
        at++;
    if (!good || !shift || *at || value > UINT64_MAX >> shift)
        return error_set(err, "'%s' is not a size such as 64M, 640K or 1G", text);
    *bytes = value << shift;
    return true;
}

/* Decimal fraction scaled by 10^digits; more decimals than that are refused. */
static bool take_decimal(const char **text, unsigned digits, uint64_t *value)
{
    uint64_t scale = 1;
    for (unsigned i = 0; i < digits; i++)
        scale *= 10;
    if (!take_digits(text, 10, value) || *value > UINT64_MAX / scale / 2)
        return false;
    *value *= scale;
    if (**text != '.')
        return true;
    while (isdigit((unsigned char)*++*text)) {
        if (scale == 1)
            return false;
        scale /= 10;
        *value += (uint64_t)(**text - '0') * scale;
    }
    return true;
}

bool parse_mhz(const char *text, uint64_t *khz, struct error *err)
{
    const char *at = text;
    bool good = take_decimal(&at, 3, khz);
    if (!strcasecmp(at, "MHz"))
        at += 3;
    if (!good || *at || *khz < 100 || *khz > 10000000)
        return error_set(err, "'%s' is not a speed from 0.1 to 10000 (MHz)", text);
    return true;
}

bool parse_seconds(const char *text, uint64_t *ns, struct error *err)
{
    const char *at = text;
    if (!take_decimal(&at, 9, ns) || *at)
        return error_set(err, "'%s' is not a time in seconds such as 2.5", text);
    return true;
}

/* Days from 1970-01-01 to a Gregorian date; years are counted from March, so that leap days end them. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

struct date {
    unsigned year, month, day, hour, minute, second;
};

static bool date_is_valid(const struct date *d)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1)
        return false;
    unsigned last = days[d->month - 1] + (d->month == 2 && is_leap(d->year) ? 1U : 0U);
    return d->day <= last && d->hour < 24 && d->minute < 60 && d->second < 60;
}

static int64_t date_to_epoch(const struct date *d)
{
    return days_from_date(d->year, d->month, d->day) * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
}

/* Reads numbers joined by the given separators; false where the text has another shape. */
static bool take_fields(const char *text, const char *separators, unsigned *const fields[], unsigned *count)
{
    for (*count = 0;; text++) {
        uint64_t value;
        if (!isdigit((unsigned char)*text) || !take_digits(&text, 10, &value) || value > 9999)
            return false;
        *fields[(*count)++] = (unsigned)value;
        if (!*text)
            return true;
        if (*text != separators[*count - 1])
            return false;
    }
}

static int64_t local_now(void)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    struct date date = {(unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                        (unsigned)tm.tm_hour,        (unsigned)tm.tm_min,     (unsigned)tm.tm_sec % 60};
    return date_to_epoch(&date);
}

bool parse_time(const char *text, int64_t *epoch, struct error *err)
{
    if (!strcmp(text, "now")) {
        *epoch = local_now();
        return true;
    }
    struct date date = {0};
    unsigned *const fields[] = {&date.year, &date.month, &date.day, &date.hour, &date.minute, &date.second};
    unsigned count;
    if (!take_fields(text, "--T::", fields, &count) || (count != 3 && count != 6) || !date_is_valid(&date))
        return error_set(err, "'%s' is not a time such as 2000-01-01T00:00:00 (or now)", text);
    *epoch = date_to_epoch(&date);
    return true;
}

bool parse_flag(const char *text, bool *value, struct error *err)
{
    *value = !strcmp(text, "on");
    if (!*value && strcmp(text, "off"))
        return error_set(err, "'%s' is neither on nor off", text);
    return true;
}
