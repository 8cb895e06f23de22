/* SPDX-License-Identifier: MIT */
/* SSE and SSE2 arithmetic, minima, maxima and comparisons (SDM 1, 10.4.1 and 11.4.1). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_float.h"
#include "core/x86/flags.h"

/* A lane's function: the immediate matters to comparisons only. */
typedef uint32_t lane32_fn(struct float_env *env, uint32_t a, uint32_t b, unsigned imm);
typedef uint64_t lane64_fn(struct float_env *env, uint64_t a, uint64_t b, unsigned imm);

static bool packed32(struct cpu *cpu, const struct insn *insn, lane32_fn *compute)
{
    struct float_env env = sse_env(cpu);
    struct xmm a = sse_get(cpu, insn->reg), b;
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&a, n, compute(&env, xmm_get32(&a, n), xmm_get32(&b, n), (unsigned)insn->imm));
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

static bool scalar32(struct cpu *cpu, const struct insn *insn, lane32_fn *compute)
{
    struct float_env env = sse_env(cpu);
    struct xmm a = sse_get(cpu, insn->reg);
    uint64_t b;
    if (!sse_source_low(cpu, insn, 4, &b))
        return false;
    xmm_set32(&a, 0, compute(&env, xmm_get32(&a, 0), (uint32_t)b, (unsigned)insn->imm));
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

static bool packed64(struct cpu *cpu, const struct insn *insn, lane64_fn *compute)
{
    struct float_env env = sse_env(cpu);
    struct xmm a = sse_get(cpu, insn->reg), b;
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 2; n++)
        a.q[n] = compute(&env, a.q[n], b.q[n], (unsigned)insn->imm);
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

static bool scalar64(struct cpu *cpu, const struct insn *insn, lane64_fn *compute)
{
    struct float_env env = sse_env(cpu);
    uint64_t b;
    if (!sse_source_low(cpu, insn, 8, &b))
        return false;
    uint64_t result = compute(&env, cpu->xmm[insn->reg][0], b, (unsigned)insn->imm);
    if (!sse_retire(cpu, &env))
        return false;
    cpu->xmm[insn->reg][0] = result;
    return true;
}

#define OP add
#include "core/x86/exec/sse_lane.inc"
#define OP sub
#include "core/x86/exec/sse_lane.inc"
#define OP mul
#include "core/x86/exec/sse_lane.inc"
#define OP div
#include "core/x86/exec/sse_lane.inc"
#define OP min
#include "core/x86/exec/sse_lane.inc"
#define OP max
#include "core/x86/exec/sse_lane.inc"

static uint32_t lane32_sqrt(struct float_env *env, uint32_t a, uint32_t b, unsigned imm)
{
    (void)a;
    (void)imm;
    return f32_sqrt(env, b);
}

static uint64_t lane64_sqrt(struct float_env *env, uint64_t a, uint64_t b, unsigned imm)
{
    (void)a;
    (void)imm;
    return f64_sqrt(env, b);
}

/* Predicates 0-7 of CMPPS: EQ, LT, LE, UNORD, and with bit 2 their negations. LT and LE object to quiet NaNs.
 */
static bool is_quiet(unsigned predicate)
{
    return (predicate & 3) == 0 || (predicate & 3) == 3;
}

static bool holds(enum float_order order, unsigned predicate)
{
    bool met;
    switch (predicate & 3) {
    case 0: met = order == FLOAT_EQUAL; break;
    case 1: met = order == FLOAT_LESS; break;
    case 2: met = order == FLOAT_LESS || order == FLOAT_EQUAL; break;
    default: met = order == FLOAT_UNORDERED; break;
    }
    return met != ((predicate & 4) != 0);
}

static uint32_t lane32_cmp(struct float_env *env, uint32_t a, uint32_t b, unsigned imm)
{
    return holds(f32_compare(env, a, b, is_quiet(imm)), imm) ? UINT32_MAX : 0;
}

static uint64_t lane64_cmp(struct float_env *env, uint64_t a, uint64_t b, unsigned imm)
{
    return holds(f64_compare(env, a, b, is_quiet(imm)), imm) ? UINT64_MAX : 0;
}

#define OP add
#include "core/x86/exec/sse_arith.inc"
#define OP sub
#include "core/x86/exec/sse_arith.inc"
#define OP mul
#include "core/x86/exec/sse_arith.inc"
#define OP div
#include "core/x86/exec/sse_arith.inc"
#define OP min
#include "core/x86/exec/sse_arith.inc"
#define OP max
#include "core/x86/exec/sse_arith.inc"
#define OP sqrt
#include "core/x86/exec/sse_arith.inc"
#define OP cmp
#include "core/x86/exec/sse_arith.inc"

/* --- Comparisons to EFLAGS --- */

static bool order_to_flags(struct cpu *cpu, const struct float_env *env, enum float_order order)
{
    static const uint8_t flags[] = {[FLOAT_LESS] = EFLAGS_CF,
                                    [FLOAT_EQUAL] = EFLAGS_ZF,
                                    [FLOAT_GREATER] = 0,
                                    [FLOAT_UNORDERED] = EFLAGS_ZF | EFLAGS_PF | EFLAGS_CF};
    if (!sse_retire(cpu, env))
        return false;
    flags_set_oszapc(cpu, flags[order]);
    return true;
}

static bool compare32(struct cpu *cpu, const struct insn *insn, bool quiet)
{
    struct float_env env = sse_env(cpu);
    uint64_t b;
    if (!sse_source_low(cpu, insn, 4, &b))
        return false;
    uint32_t a = (uint32_t)cpu->xmm[insn->reg][0];
    enum float_order order = f32_compare(&env, a, (uint32_t)b, quiet);
    return order_to_flags(cpu, &env, order);
}

static bool compare64(struct cpu *cpu, const struct insn *insn, bool quiet)
{
    struct float_env env = sse_env(cpu);
    uint64_t b;
    if (!sse_source_low(cpu, insn, 8, &b))
        return false;
    enum float_order order = f64_compare(&env, cpu->xmm[insn->reg][0], b, quiet);
    return order_to_flags(cpu, &env, order);
}

bool op_comiss(struct cpu *cpu, const struct insn *insn)
{
    return compare32(cpu, insn, false);
}

bool op_ucomiss(struct cpu *cpu, const struct insn *insn)
{
    return compare32(cpu, insn, true);
}

bool op_comisd(struct cpu *cpu, const struct insn *insn)
{
    return compare64(cpu, insn, false);
}

bool op_ucomisd(struct cpu *cpu, const struct insn *insn)
{
    return compare64(cpu, insn, true);
}
