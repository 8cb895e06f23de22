/* SPDX-License-Identifier: MIT */
/* Option values: sizes, numbers, speeds, times. */
#include <string.h>

#include "core/base/error.h"
#include "frontends/embed/parse.h"
#include "tests/support/suite.h"

START_TEST(sizes)
{
    uint64_t bytes;
    struct error err;
    ck_assert(parse_size("64M", &bytes, &err) && bytes == UINT64_C(64) << 20);
    ck_assert(parse_size("640K", &bytes, &err) && bytes == UINT64_C(640) << 10);
    ck_assert(parse_size("2g", &bytes, &err) && bytes == UINT64_C(2) << 30);
    ck_assert(parse_size("16", &bytes, &err) && bytes == UINT64_C(16) << 20);
    ck_assert(!parse_size("", &bytes, &err));
    ck_assert(!parse_size("M", &bytes, &err));
    ck_assert(!parse_size("1MB", &bytes, &err));
    ck_assert(!parse_size("-1M", &bytes, &err));
    ck_assert(!parse_size("1.5M", &bytes, &err));
    ck_assert(!parse_size("99999999999999999999", &bytes, &err));
    ck_assert(!parse_size("18014398509481984K", &bytes, &err)); /* 2^64 */
    ck_assert_ptr_nonnull(strstr(err.text, "18014398509481984K"));
}
END_TEST

START_TEST(numbers)
{
    uint64_t value;
    struct error err;
    ck_assert(parse_number("0x10", 0, 100, &value, &err) && value == 16);
    ck_assert(parse_number("18446744073709551615", 0, UINT64_MAX, &value, &err) && value == UINT64_MAX);
    ck_assert(!parse_number("18446744073709551616", 0, UINT64_MAX, &value, &err));
    ck_assert(!parse_number("101", 0, 100, &value, &err));
    ck_assert(!parse_number("12 ", 0, 100, &value, &err));
    ck_assert(!parse_number("0x", 0, 100, &value, &err));
    ck_assert(!parse_number("+1", 0, 100, &value, &err));
}
END_TEST

START_TEST(speeds_and_seconds)
{
    uint64_t value;
    struct error err;
    ck_assert(parse_mhz("4.77", &value, &err) && value == 4770);
    ck_assert(parse_mhz("33MHz", &value, &err) && value == 33000);
    ck_assert(parse_mhz("100mhz", &value, &err) && value == 100000);
    ck_assert(!parse_mhz("0", &value, &err));
    ck_assert(!parse_mhz("4.7777", &value, &err));
    ck_assert(!parse_mhz("33GHz", &value, &err));
    ck_assert(parse_seconds("2.5", &value, &err) && value == 2500000000);
    ck_assert(parse_seconds("0.000000001", &value, &err) && value == 1);
    ck_assert(!parse_seconds("-1", &value, &err));
    ck_assert(!parse_seconds("1s", &value, &err));
}
END_TEST

START_TEST(dates)
{
    int64_t epoch;
    struct error err;
    ck_assert(parse_time("1970-01-01", &epoch, &err) && epoch == 0);
    ck_assert(parse_time("2000-01-01T00:00:00", &epoch, &err) && epoch == 946684800);
    ck_assert(parse_time("2000-02-29T23:59:59", &epoch, &err) && epoch == 951868799);
    ck_assert(parse_time("1999-12-31T23:59:59", &epoch, &err) && epoch == 946684799);
    ck_assert(!parse_time("1900-01-01", &epoch, &err));
    ck_assert(!parse_time("2001-02-29", &epoch, &err));
    ck_assert(!parse_time("2000-13-01", &epoch, &err));
    ck_assert(!parse_time("2000-01-01T24:00:00", &epoch, &err));
    ck_assert(!parse_time("2000-01-01T00:00", &epoch, &err));
    ck_assert(!parse_time("2000-01-01T00:00:00Z", &epoch, &err));
    ck_assert(!parse_time("2000/01/01", &epoch, &err));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sizes, numbers, speeds_and_seconds, dates};
    return suite_run("parse", tests, sizeof tests / sizeof tests[0]);
}
