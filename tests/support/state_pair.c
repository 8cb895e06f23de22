/* SPDX-License-Identifier: MIT */
#include "tests/support/state_pair.h"

#include <check.h>

#include "core/base/error.h"
#include "core/x86/trace.h"
#include "jit/check.h"
#include "tests/support/fixture_check.h"

static void start_side(struct pair_side *side, const char *model)
{
    static const uint8_t iret[] = {0x41, 0xCF}; /* inc ecx; iret */
    protected_fixture_init_model(&side->f, model);
    cpu_register_state(side->f.cpu, &side->states);
    cpu_fixture_load(&side->f, PAIR_HANDLER, iret, sizeof iret);
    cpu_fixture_gate(&side->f, PF_IDT, 0x8E, SEL_CODE0, PAIR_HANDLER, 0);
    side->f.cpu->rip = PF_CODE;
}

void state_pair_start(struct state_pair *p, const char *model, struct jit_options options)
{
    struct error err = {{0}};
    *p = (struct state_pair){.jit = NULL};
    start_side(&p->interpreted, model);
    start_side(&p->translated, model);
    p->jit = jit_new(p->translated.f.cpu, &options, &err);
    ck_assert_msg(p->jit, "%s", err.text);
}

void state_pair_finish(struct state_pair *p)
{
    jit_free(p->jit);
    cpu_fixture_free(&p->interpreted.f);
    cpu_fixture_free(&p->translated.f);
    state_set_free(&p->interpreted.states);
    state_set_free(&p->translated.states);
}

void state_pair_load(struct state_pair *p, uint32_t at, const void *bytes, unsigned size)
{
    cpu_fixture_load(&p->interpreted.f, at, bytes, size);
    cpu_fixture_load(&p->translated.f, at, bytes, size);
}

void state_pair_set(struct state_pair *p, unsigned gpr, uint64_t value)
{
    p->interpreted.f.cpu->gpr[gpr] = p->translated.f.cpu->gpr[gpr] = value;
}

void state_pair_goto(struct state_pair *p, uint32_t rip)
{
    p->interpreted.f.cpu->rip = p->translated.f.cpu->rip = rip;
}

void state_pair_run(struct state_pair *p, uint64_t insns)
{
    struct cpu_fixture *a = &p->interpreted.f, *b = &p->translated.f;
    struct error err = {{0}};
    cpu_fixture_run(a, insns);
    cpu_fixture_run(b, insns);
    ck_assert_msg(cpu_fixtures_agree(&p->interpreted.states, a, b), "not the same after %llu instructions",
                  (unsigned long long)b->clock.insns);
    ck_assert_msg(jit_check(p->jit, &err), "%s", err.text);
    ck_assert_msg(trace_cache_check(b->cpu, &err), "%s", err.text);
}
