/* SPDX-License-Identifier: MIT */
/* Makes a failing case as plain as it can be. */
#ifndef LATHE_TESTS_SILICON_SHRINK_H
#define LATHE_TESTS_SILICON_SHRINK_H

#include "tests/silicon/case.h"

/* Whether a case still shows the fault. */
typedef bool silicon_test(void *context, const struct silicon_case *c);

/* Sets registers, flags, FPU state and patches back to their initial values one by one, as long as the test
 * fails. */
void silicon_shrink(struct silicon_case *c, silicon_test *fails, void *context);

#endif
