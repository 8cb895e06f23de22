/* SPDX-License-Identifier: MIT */
/* The translator of a build that has none. */
#include "core/base/error.h"
#include "jit/check.h"
#include "jit/jit.h"

bool jit_is_available(void)
{
    return false;
}

struct jit *jit_new(struct cpu *cpu, const struct jit_options *options, struct error *err)
{
    (void)cpu, (void)options;
    error_set(err, "this build has no translator for the host; use --engine interp");
    return NULL;
}

void jit_free(struct jit *jit)
{
    (void)jit;
}

const struct jit_stats *jit_get_stats(const struct jit *jit)
{
    (void)jit;
    return NULL;
}

bool jit_measure(const struct jit *jit, struct jit_measured *measured)
{
    (void)jit;
    *measured = (struct jit_measured){0};
    return false;
}

bool jit_handled(const struct jit *jit, unsigned place, unsigned *row, uint64_t *times)
{
    (void)jit, (void)place, (void)row, (void)times;
    return false;
}

bool jit_check(const struct jit *jit, struct error *err)
{
    (void)jit, (void)err;
    return true;
}
