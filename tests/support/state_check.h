/* SPDX-License-Identifier: MIT */
/* Save, load and save again: the bytes must be the same. */
#ifndef LATHE_TESTS_SUPPORT_STATE_CHECK_H
#define LATHE_TESTS_SUPPORT_STATE_CHECK_H

#include <stdbool.h>

#include "core/base/state.h"

/* Saves `from`, loads that into `to` (another instance, the same one is allowed), saves `to`, compares.
 * Prints why where it returns false. */
bool state_round_trip(const struct state_desc *desc, void *from, void *to);

#endif
