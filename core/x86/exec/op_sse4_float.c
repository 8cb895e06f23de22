/* SPDX-License-Identifier: MIT */
/* Floating point of SSE3 and SSE4.1: alternating and horizontal sums, rounding, dot products (SDM 1, 12.3,
 * 12.10). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sse_float.h"

static bool finish(struct cpu *cpu, const struct insn *insn, const struct float_env *env, struct xmm result)
{
    if (!sse_retire(cpu, env))
        return false;
    sse_set(cpu, insn->reg, result);
    return true;
}

/* --- SSE3 --- */

/* Even lanes are subtracted, odd ones added. */
bool op_addsubps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b;
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 4; n++) {
        uint32_t x = xmm_get32(&a, n), y = xmm_get32(&b, n);
        xmm_set32(&a, n, n & 1 ? f32_add(&env, x, y) : f32_sub(&env, x, y));
    }
    return finish(cpu, insn, &env, a);
}

bool op_addsubpd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b;
    if (!sse_source(cpu, insn, &b))
        return false;
    a.q[0] = f64_sub(&env, a.q[0], b.q[0]);
    a.q[1] = f64_add(&env, a.q[1], b.q[1]);
    return finish(cpu, insn, &env, a);
}

typedef uint32_t pair32_fn(struct float_env *env, uint32_t a, uint32_t b);
typedef uint64_t pair64_fn(struct float_env *env, uint64_t a, uint64_t b);

/* Neighbours of the destination go to the low half, those of the source to the high half. */
static bool horizontal32(struct cpu *cpu, const struct insn *insn, pair32_fn *compute)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b, result = {{0, 0}};
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 4; n++) {
        const struct xmm *from = n < 2 ? &a : &b;
        unsigned first = 2 * (n & 1);
        xmm_set32(&result, n, compute(&env, xmm_get32(from, first), xmm_get32(from, first + 1)));
    }
    return finish(cpu, insn, &env, result);
}

static bool horizontal64(struct cpu *cpu, const struct insn *insn, pair64_fn *compute)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b;
    if (!sse_source(cpu, insn, &b))
        return false;
    uint64_t low = compute(&env, a.q[0], a.q[1]), high = compute(&env, b.q[0], b.q[1]);
    return finish(cpu, insn, &env, (struct xmm){{low, high}});
}

bool op_haddps(struct cpu *cpu, const struct insn *insn)
{
    return horizontal32(cpu, insn, f32_add);
}

bool op_hsubps(struct cpu *cpu, const struct insn *insn)
{
    return horizontal32(cpu, insn, f32_sub);
}

bool op_haddpd(struct cpu *cpu, const struct insn *insn)
{
    return horizontal64(cpu, insn, f64_add);
}

bool op_hsubpd(struct cpu *cpu, const struct insn *insn)
{
    return horizontal64(cpu, insn, f64_sub);
}

/* --- ROUND: imm8 bits 1-0 the rounding, unless bit 2 asks for MXCSR's; bit 3 keeps PE quiet --- */

static void round_env(const struct cpu *cpu, const struct insn *insn, struct float_env *env)
{
    sse_env(cpu, env);
    if (!(insn_imm(insn) & 4))
        env->rounding = insn_imm(insn) & 3;
}

static bool finish_round(struct cpu *cpu, const struct insn *insn, struct float_env *env, struct xmm result)
{
    if (insn_imm(insn) & 8)
        env->flags &= (uint8_t)~FLOAT_PE;
    return finish(cpu, insn, env, result);
}

bool op_roundps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    round_env(cpu, insn, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&v, n, f32_round_to_integral(&env, xmm_get32(&v, n)));
    return finish_round(cpu, insn, &env, v);
}

bool op_roundpd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    round_env(cpu, insn, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    v.q[0] = f64_round_to_integral(&env, v.q[0]);
    v.q[1] = f64_round_to_integral(&env, v.q[1]);
    return finish_round(cpu, insn, &env, v);
}

bool op_roundss(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    round_env(cpu, insn, &env);
    struct xmm target = sse_get(cpu, insn->reg);
    uint64_t v;
    if (!sse_source_low(cpu, insn, 4, &v))
        return false;
    xmm_set32(&target, 0, f32_round_to_integral(&env, (uint32_t)v));
    return finish_round(cpu, insn, &env, target);
}

bool op_roundsd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    round_env(cpu, insn, &env);
    uint64_t v;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    v = f64_round_to_integral(&env, v);
    return finish_round(cpu, insn, &env, (struct xmm){{v, cpu->xmm[insn->reg][1]}});
}

/* --- Dot products: imm8 bits 7-4 choose the products, bits 3-0 the lanes that get the sum --- */

/* The products are computed, and may fault, before the sums. */
bool op_dpps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b, result = {{0, 0}};
    uint32_t product[4] = {0};
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 4; n++) {
        if (insn_imm(insn) >> (4 + n) & 1)
            product[n] = f32_mul(&env, xmm_get32(&a, n), xmm_get32(&b, n));
    }
    if (!sse_retire(cpu, &env))
        return false;
    uint32_t low = f32_add(&env, product[0], product[1]), high = f32_add(&env, product[2], product[3]);
    if (!sse_retire(cpu, &env))
        return false;
    uint32_t sum = f32_add(&env, low, high);
    for (unsigned n = 0; n < 4; n++) {
        if (insn_imm(insn) >> n & 1)
            xmm_set32(&result, n, sum);
    }
    return finish(cpu, insn, &env, result);
}

bool op_dppd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm a = sse_get(cpu, insn->reg), b;
    uint64_t product[2] = {0};
    if (!sse_source(cpu, insn, &b))
        return false;
    for (unsigned n = 0; n < 2; n++) {
        if (insn_imm(insn) >> (4 + n) & 1)
            product[n] = f64_mul(&env, a.q[n], b.q[n]);
    }
    if (!sse_retire(cpu, &env))
        return false;
    uint64_t sum = f64_add(&env, product[0], product[1]);
    return finish(cpu, insn, &env,
                  (struct xmm){{insn_imm(insn) & 1 ? sum : 0, insn_imm(insn) & 2 ? sum : 0}});
}
