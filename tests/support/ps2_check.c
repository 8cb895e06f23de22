/* SPDX-License-Identifier: MIT */
#include "tests/support/ps2_check.h"

bool ps2_check(const struct ps2_device *device, const char *expected, unsigned count)
{
    uint8_t byte;
    bool same = true;
    unsigned n = 0;
    for (; device->send(device->self, &byte); n++)
        same = same && n < count && byte == (uint8_t)expected[n];
    return same && n == count;
}
