/* SPDX-License-Identifier: MIT */
#include "tests/silicon/shrink.h"

#include <string.h>

#include "core/base/bytes.h"

struct shrinking {
    struct silicon_case *c;
    struct silicon_case initial;
    silicon_test *fails;
    void *context;
    bool progress;
};

/* Keeps the smaller case where it fails too. */
static void attempt(struct shrinking *s, const struct silicon_case *smaller)
{
    if (!memcmp(smaller, s->c, sizeof *smaller) || !s->fails(s->context, smaller))
        return;
    *s->c = *smaller;
    s->progress = true;
}

static void shrink_registers(struct shrinking *s)
{
    for (unsigned i = 0; i < 16; i++) {
        struct silicon_case smaller = *s->c;
        smaller.in.gpr[i] = s->initial.in.gpr[i];
        attempt(s, &smaller);
    }
    for (unsigned i = 0; i < 64; i++) {
        struct silicon_case smaller = *s->c;
        smaller.in.rflags =
            (smaller.in.rflags & ~(UINT64_C(1) << i)) | (s->initial.in.rflags & UINT64_C(1) << i);
        attempt(s, &smaller);
    }
    struct silicon_case smaller = *s->c;
    smaller.in.rip = s->initial.in.rip;
    attempt(s, &smaller);
}

static void shrink_fx(struct shrinking *s)
{
    struct silicon_case all = *s->c;
    memcpy(all.in.fx, s->initial.in.fx, FX_SIZE);
    attempt(s, &all);
    for (unsigned i = 0; i < FX_WORDS; i++) {
        struct silicon_case smaller = *s->c;
        memcpy(smaller.in.fx + 8 * i, s->initial.in.fx + 8 * i, 8);
        attempt(s, &smaller);
    }
}

static void shrink_patches(struct shrinking *s)
{
    for (unsigned i = s->c->patches; i-- > 0;) {
        struct silicon_case smaller = *s->c;
        smaller.patches--;
        smaller.patch[i] = smaller.patch[smaller.patches];
        smaller.patch[smaller.patches] = (struct silicon_patch){0};
        attempt(s, &smaller);
    }
}

void silicon_shrink(struct silicon_case *c, silicon_test *fails, void *context)
{
    struct shrinking s = {.c = c, .fails = fails, .context = context};
    silicon_case_init(&s.initial, c->mode);
    do {
        s.progress = false;
        shrink_patches(&s);
        shrink_registers(&s);
        shrink_fx(&s);
    } while (s.progress);
}
