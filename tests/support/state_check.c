/* SPDX-License-Identifier: MIT */
#include "tests/support/state_check.h"

#include <string.h>

#include "core/base/error.h"

bool state_round_trip(const struct state_desc *desc, void *from, void *to)
{
    struct buffer first = {0}, second = {0};
    struct error err = {{0}};
    state_save(desc, from, &first);
    struct reader reader = {first.data, first.size, 0, false};
    bool ok = state_load(desc, to, &reader, &err);
    if (!ok)
        fprintf(stderr, "state_round_trip: %s\n", err.text);
    if (ok) {
        state_save(desc, to, &second);
        ok = first.size == second.size && !memcmp(first.data, second.data, first.size);
        if (!ok)
            fprintf(stderr, "state_round_trip: '%s' saves other bytes after a load\n", desc->name);
    }
    buffer_free(&first);
    buffer_free(&second);
    return ok;
}
