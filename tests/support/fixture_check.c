/* SPDX-License-Identifier: MIT */
#include "tests/support/fixture_check.h"

#include <stdio.h>
#include <string.h>

bool cpu_fixtures_agree(const struct state_set *states, const struct cpu_fixture *a,
                        const struct cpu_fixture *b)
{
    const struct state_desc *desc = states->parts[0].desc;
    unsigned left = 10;
    bool same = state_equal(desc, a->cpu, b->cpu) &&
                !memcmp(a->memory.host, b->memory.host, FIXTURE_MEMORY) && a->clock.insns == b->clock.insns;
    if (!same)
        state_print_differences(desc, a->cpu, b->cpu, "cpu", &left, stdout);
    return same;
}
