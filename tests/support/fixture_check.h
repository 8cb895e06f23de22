/* SPDX-License-Identifier: MIT */
/* Two processors that must agree, as on two engines. */
#ifndef LATHE_TESTS_SUPPORT_FIXTURE_CHECK_H
#define LATHE_TESTS_SUPPORT_FIXTURE_CHECK_H

#include <stdbool.h>

#include "core/base/state.h"
#include "tests/support/cpu_fixture.h"

/* Whether processors, instruction counts and all of FIXTURE_MEMORY are the same. Prints fields of the
 * processor that are not. `states`: of a, with its processor as the first part. */
bool cpu_fixtures_agree(const struct state_set *states, const struct cpu_fixture *a,
                        const struct cpu_fixture *b);

#endif
