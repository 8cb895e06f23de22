/* SPDX-License-Identifier: MIT */
/* What a PS/2 device has for its host. */
#ifndef LATHE_TESTS_SUPPORT_PS2_CHECK_H
#define LATHE_TESTS_SUPPORT_PS2_CHECK_H

#include <stdbool.h>

#include "devices/input/ps2.h"

/* Takes everything that the device sends; whether it is `expected`, of `count` bytes. */
bool ps2_check(const struct ps2_device *device, const char *expected, unsigned count);

#define SENDS(t, text) ps2_check(&(t)->device, text, sizeof text - 1)

#endif
