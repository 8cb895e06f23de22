/* SPDX-License-Identifier: MIT */
/* SSE and SSE2 arithmetic, minima, maxima and comparisons (SDM 1, 10.4.1 and 11.4.1). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_float.h"
#include "core/x86/flags.h"

/* A lane's function: the immediate matters to comparisons only. */
typedef uint32_t lane32_fn(struct float_env *env, uint32_t a, uint32_t b, unsigned imm);
typedef uint64_t lane64_fn(struct float_env *env, uint64_t a, uint64_t b, unsigned imm);

/* The same by the host's arithmetic: false where it does not serve. */
typedef bool host32_fn(uint32_t a, uint32_t b, uint32_t *result);
typedef bool host64_fn(uint64_t a, uint64_t b, uint64_t *result);

NOINLINE bool packed32_slow(struct cpu *cpu, const struct insn *insn, struct xmm b, lane32_fn *compute)
{
    struct float_env env;
    struct xmm a = sse_get(cpu, insn->reg);
    sse_env(cpu, &env);
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&a, n, compute(&env, xmm_get32(&a, n), xmm_get32(&b, n), (unsigned)insn_imm(insn)));
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

/* Two lanes of 32 bits. */
ALWAYS_INLINE bool host_pair(uint64_t a, uint64_t b, host32_fn *host, uint64_t *result)
{
    uint32_t low, high;
    bool low_serves = host((uint32_t)a, (uint32_t)b, &low);
    bool high_serves = host((uint32_t)(a >> 32), (uint32_t)(b >> 32), &high);
    *result = (uint64_t)high << 32 | low;
    return low_serves && high_serves;
}

ALWAYS_INLINE bool packed32(struct cpu *cpu, const struct insn *insn, lane32_fn *compute, host32_fn *host)
{
    struct xmm a = sse_get(cpu, insn->reg), b, result;
    if (!sse_source(cpu, insn, &b))
        return false;
    if (!sse_host_serves(cpu) || !host_pair(a.q[0], b.q[0], host, &result.q[0]) ||
        !host_pair(a.q[1], b.q[1], host, &result.q[1]))
        return packed32_slow(cpu, insn, b, compute);
    sse_set(cpu, insn->reg, result);
    return true;
}

NOINLINE bool scalar32_slow(struct cpu *cpu, const struct insn *insn, uint32_t b, lane32_fn *compute)
{
    struct float_env env;
    struct xmm a = sse_get(cpu, insn->reg);
    sse_env(cpu, &env);
    xmm_set32(&a, 0, compute(&env, xmm_get32(&a, 0), b, (unsigned)insn_imm(insn)));
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

ALWAYS_INLINE bool scalar32(struct cpu *cpu, const struct insn *insn, lane32_fn *compute, host32_fn *host)
{
    uint64_t b, *target = cpu->xmm[insn->reg];
    uint32_t result;
    if (!sse_source_low(cpu, insn, 4, &b))
        return false;
    if (!sse_host_serves(cpu) || !host((uint32_t)target[0], (uint32_t)b, &result))
        return scalar32_slow(cpu, insn, (uint32_t)b, compute);
    target[0] = (target[0] & ~(uint64_t)UINT32_MAX) | result;
    return true;
}

NOINLINE bool packed64_slow(struct cpu *cpu, const struct insn *insn, struct xmm b, lane64_fn *compute)
{
    struct float_env env;
    struct xmm a = sse_get(cpu, insn->reg);
    sse_env(cpu, &env);
    for (unsigned n = 0; n < 2; n++)
        a.q[n] = compute(&env, a.q[n], b.q[n], (unsigned)insn_imm(insn));
    if (!sse_retire(cpu, &env))
        return false;
    sse_set(cpu, insn->reg, a);
    return true;
}

ALWAYS_INLINE bool packed64(struct cpu *cpu, const struct insn *insn, lane64_fn *compute, host64_fn *host)
{
    struct xmm a = sse_get(cpu, insn->reg), b, result;
    if (!sse_source(cpu, insn, &b))
        return false;
    if (!sse_host_serves(cpu) || !host(a.q[0], b.q[0], &result.q[0]) || !host(a.q[1], b.q[1], &result.q[1]))
        return packed64_slow(cpu, insn, b, compute);
    sse_set(cpu, insn->reg, result);
    return true;
}

NOINLINE bool scalar64_slow(struct cpu *cpu, const struct insn *insn, uint64_t b, lane64_fn *compute)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t result = compute(&env, cpu->xmm[insn->reg][0], b, (unsigned)insn_imm(insn));
    if (!sse_retire(cpu, &env))
        return false;
    cpu->xmm[insn->reg][0] = result;
    return true;
}

ALWAYS_INLINE bool scalar64(struct cpu *cpu, const struct insn *insn, lane64_fn *compute, host64_fn *host)
{
    uint64_t b, result, *target = cpu->xmm[insn->reg];
    if (!sse_source_low(cpu, insn, 8, &b))
        return false;
    if (!sse_host_serves(cpu) || !host(target[0], b, &result))
        return scalar64_slow(cpu, insn, b, compute);
    target[0] = result;
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

/* Comparisons need their predicate. */
static bool host32_cmp(uint32_t a, uint32_t b, uint32_t *result)
{
    (void)a;
    (void)b;
    *result = 0;
    return false;
}

static bool host64_cmp(uint64_t a, uint64_t b, uint64_t *result)
{
    (void)a;
    (void)b;
    *result = 0;
    return false;
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

/* CF and ZF of numbers that raise no flag; OF, SF, AF and PF clear. */
static void ordered_to_flags(struct cpu *cpu, bool less, bool equal)
{
    cpu->flag_result = equal ? 0 : 1;
    cpu->flag_aux = (less ? AUX_CARRIES : 0) | (equal ? AUX_PF_DELTA : 0);
}

static bool compare32(struct cpu *cpu, const struct insn *insn, bool quiet)
{
    struct float_env env;
    uint64_t b;
    if (!sse_source_low(cpu, insn, 4, &b))
        return false;
    uint32_t a = (uint32_t)cpu->xmm[insn->reg][0];
    if (HOST_FLOAT_IS_IEEE && f32_is_plain(a) && f32_is_plain((uint32_t)b)) {
        ordered_to_flags(cpu, host_f32(a) < host_f32((uint32_t)b), host_f32(a) == host_f32((uint32_t)b));
        return true;
    }
    sse_env(cpu, &env);
    enum float_order order = f32_compare(&env, a, (uint32_t)b, quiet);
    return order_to_flags(cpu, &env, order);
}

static bool compare64(struct cpu *cpu, const struct insn *insn, bool quiet)
{
    struct float_env env;
    uint64_t b, a = cpu->xmm[insn->reg][0];
    if (!sse_source_low(cpu, insn, 8, &b))
        return false;
    if (HOST_FLOAT_IS_IEEE && f64_is_plain(a) && f64_is_plain(b)) {
        ordered_to_flags(cpu, host_f64(a) < host_f64(b), host_f64(a) == host_f64(b));
        return true;
    }
    sse_env(cpu, &env);
    enum float_order order = f64_compare(&env, a, b, quiet);
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

/* --- Handlers --- */

#define OP op_addps
#include "core/x86/exec/direct.inc"
#define OP op_addss
#include "core/x86/exec/direct.inc"
#define OP op_addpd
#include "core/x86/exec/direct.inc"
#define OP op_addsd
#include "core/x86/exec/direct.inc"
#define OP op_subps
#include "core/x86/exec/direct.inc"
#define OP op_subss
#include "core/x86/exec/direct.inc"
#define OP op_subpd
#include "core/x86/exec/direct.inc"
#define OP op_subsd
#include "core/x86/exec/direct.inc"
#define OP op_mulps
#include "core/x86/exec/direct.inc"
#define OP op_mulss
#include "core/x86/exec/direct.inc"
#define OP op_mulpd
#include "core/x86/exec/direct.inc"
#define OP op_mulsd
#include "core/x86/exec/direct.inc"
#define OP op_divps
#include "core/x86/exec/direct.inc"
#define OP op_divss
#include "core/x86/exec/direct.inc"
#define OP op_divpd
#include "core/x86/exec/direct.inc"
#define OP op_divsd
#include "core/x86/exec/direct.inc"
#define OP op_minps
#include "core/x86/exec/direct.inc"
#define OP op_minss
#include "core/x86/exec/direct.inc"
#define OP op_minpd
#include "core/x86/exec/direct.inc"
#define OP op_minsd
#include "core/x86/exec/direct.inc"
#define OP op_maxps
#include "core/x86/exec/direct.inc"
#define OP op_maxss
#include "core/x86/exec/direct.inc"
#define OP op_maxpd
#include "core/x86/exec/direct.inc"
#define OP op_maxsd
#include "core/x86/exec/direct.inc"
#define OP op_sqrtps
#include "core/x86/exec/direct.inc"
#define OP op_sqrtss
#include "core/x86/exec/direct.inc"
#define OP op_sqrtpd
#include "core/x86/exec/direct.inc"
#define OP op_sqrtsd
#include "core/x86/exec/direct.inc"
#define OP op_comiss
#include "core/x86/exec/direct.inc"
#define OP op_ucomiss
#include "core/x86/exec/direct.inc"
#define OP op_comisd
#include "core/x86/exec/direct.inc"
#define OP op_ucomisd
#include "core/x86/exec/direct.inc"
#define OP op_cmpsd
#include "core/x86/exec/direct.inc"
#define OP op_cmpss
#include "core/x86/exec/direct.inc"
