/* SPDX-License-Identifier: MIT */
/* Two processors in flat 32-bit protected mode, of which one translates: all that a guest can see must be the
 * same. */
#ifndef LATHE_TESTS_SUPPORT_STATE_PAIR_H
#define LATHE_TESTS_SUPPORT_STATE_PAIR_H

#include "core/base/state.h"
#include "jit/jit.h"
#include "tests/support/protected_fixture.h"

enum { PAIR_HANDLER = PF_CODE + 0x800 /* of divide errors: counts in ECX and returns */ };

struct pair_side {
    struct cpu_fixture f;
    struct state_set states;
};

struct state_pair {
    struct pair_side interpreted, translated;
    struct jit *jit;
};

/* Both of a model, at PF_CODE; free with state_pair_finish. */
void state_pair_start(struct state_pair *p, const char *model, struct jit_options options);
void state_pair_finish(struct state_pair *p);

/* Loads bytes for both; sets a register or the instruction pointer of both. */
void state_pair_load(struct state_pair *p, uint32_t at, const void *bytes, unsigned size);
void state_pair_set(struct state_pair *p, unsigned gpr, uint64_t value);
void state_pair_goto(struct state_pair *p, uint32_t rip);

/* Runs both, which must then be the same; the translator's data and the traces must be sound. */
void state_pair_run(struct state_pair *p, uint64_t insns);

#endif
