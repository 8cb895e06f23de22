/* SPDX-License-Identifier: MIT */
/* SSE and SSE2 conversions (SDM 1, 10.4.3 and 11.4.1.6). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/simd_lanes.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_float.h"

/* CVTT... rounds toward zero whatever RC says. */
static void convert_env(const struct cpu *cpu, bool chop, struct float_env *env)
{
    sse_env(cpu, env);
    if (chop)
        env->rounding = FLOAT_CHOP;
}

static bool finish(struct cpu *cpu, const struct insn *insn, const struct float_env *env, struct xmm result)
{
    if (!sse_retire(cpu, env))
        return false;
    sse_set(cpu, insn->reg, result);
    return true;
}

static uint64_t int32_pair(int64_t low, int64_t high)
{
    return put32((uint32_t)low, 0) | put32((uint32_t)high, 1);
}

/* --- Between packed doublewords and floats --- */

bool op_cvtdq2ps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&v, n, f32_from_int(&env, (int32_t)xmm_get32(&v, n)));
    return finish(cpu, insn, &env, v);
}

static bool floats_to_int(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    convert_env(cpu, chop, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    for (unsigned n = 0; n < 4; n++)
        xmm_set32(&v, n, (uint32_t)f32_to_int(&env, xmm_get32(&v, n), 32));
    return finish(cpu, insn, &env, v);
}

bool op_cvtps2dq(struct cpu *cpu, const struct insn *insn)
{
    return floats_to_int(cpu, insn, false);
}

bool op_cvttps2dq(struct cpu *cpu, const struct insn *insn)
{
    return floats_to_int(cpu, insn, true);
}

/* Exact: no flags. */
bool op_cvtdq2pd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t v;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    sse_set(cpu, insn->reg,
            (struct xmm){{f64_from_int(&env, lane_s32(v, 0)), f64_from_int(&env, lane_s32(v, 1))}});
    return true;
}

static bool doubles_to_int(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    convert_env(cpu, chop, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    int64_t low = f64_to_int(&env, v.q[0], 32), high = f64_to_int(&env, v.q[1], 32);
    return finish(cpu, insn, &env, (struct xmm){{int32_pair(low, high), 0}});
}

bool op_cvtpd2dq(struct cpu *cpu, const struct insn *insn)
{
    return doubles_to_int(cpu, insn, false);
}

bool op_cvttpd2dq(struct cpu *cpu, const struct insn *insn)
{
    return doubles_to_int(cpu, insn, true);
}

/* --- Between single and double --- */

bool op_cvtps2pd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t v;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    uint64_t low = f32_to_f64(&env, lane_u32(v, 0)), high = f32_to_f64(&env, lane_u32(v, 1));
    return finish(cpu, insn, &env, (struct xmm){{low, high}});
}

bool op_cvtpd2ps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    uint32_t low = f64_to_f32(&env, v.q[0]), high = f64_to_f32(&env, v.q[1]);
    return finish(cpu, insn, &env, (struct xmm){{put32(low, 0) | put32(high, 1), 0}});
}

bool op_cvtss2sd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    uint64_t v, result;
    if (!sse_source_low(cpu, insn, 4, &v))
        return false;
    if (HOST_FLOAT_IS_IEEE && host32_to_64((uint32_t)v, &result)) {
        cpu->xmm[insn->reg][0] = result;
        return true;
    }
    sse_env(cpu, &env);
    result = f32_to_f64(&env, (uint32_t)v);
    return finish(cpu, insn, &env, (struct xmm){{result, cpu->xmm[insn->reg][1]}});
}

bool op_cvtsd2ss(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    uint64_t v;
    uint32_t narrow;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    struct xmm target = sse_get(cpu, insn->reg);
    if (sse_host_serves(cpu) && host64_to_32(v, &narrow)) {
        xmm_set32(&target, 0, narrow);
        sse_set(cpu, insn->reg, target);
        return true;
    }
    sse_env(cpu, &env);
    xmm_set32(&target, 0, f64_to_f32(&env, v));
    return finish(cpu, insn, &env, target);
}

/* --- Between general registers and scalars --- */

static int64_t signed_of(uint64_t value, unsigned size)
{
    return size == 8 ? (int64_t)value : (int32_t)value;
}

bool op_cvtsi2ss(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t v;
    if (!sse_begin(cpu) || !operand_read(cpu, insn, insn->op_size, &v))
        return false;
    struct xmm target = sse_get(cpu, insn->reg);
    xmm_set32(&target, 0, f32_from_int(&env, signed_of(v, insn->op_size)));
    return finish(cpu, insn, &env, target);
}

bool op_cvtsi2sd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    uint64_t v;
    if (!sse_begin(cpu) || !operand_read(cpu, insn, insn->op_size, &v))
        return false;
    if (HOST_FLOAT_IS_IEEE && insn->op_size <= 4) { /* exact */
        cpu->xmm[insn->reg][0] = host_f64_bits((double)signed_of(v, insn->op_size));
        return true;
    }
    sse_env(cpu, &env);
    uint64_t result = f64_from_int(&env, signed_of(v, insn->op_size));
    return finish(cpu, insn, &env, (struct xmm){{result, cpu->xmm[insn->reg][1]}});
}

/* Chops a number that fits into 32 bits by the host's conversion, where that serves. */
static bool host_chop(struct cpu *cpu, const struct insn *insn, double value)
{
    if (insn->op_size > 4 || !sse_host_serves(cpu) || !(value > -2147483649.0 && value < 2147483648.0))
        return false;
    reg_write(cpu, insn->reg, insn->op_size, (uint32_t)(int32_t)value);
    return true;
}

static bool single_to_int(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    uint64_t v;
    if (!sse_source_low(cpu, insn, 4, &v))
        return false;
    if (chop && host_chop(cpu, insn, (double)host_f32((uint32_t)v)))
        return true;
    convert_env(cpu, chop, &env);
    int64_t result = f32_to_int(&env, (uint32_t)v, 8u * insn->op_size);
    if (!sse_retire(cpu, &env))
        return false;
    reg_write(cpu, insn->reg, insn->op_size, (uint64_t)result);
    return true;
}

static bool double_to_int(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    uint64_t v;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    if (chop && host_chop(cpu, insn, host_f64(v)))
        return true;
    convert_env(cpu, chop, &env);
    int64_t result = f64_to_int(&env, v, 8u * insn->op_size);
    if (!sse_retire(cpu, &env))
        return false;
    reg_write(cpu, insn->reg, insn->op_size, (uint64_t)result);
    return true;
}

bool op_cvtss2si(struct cpu *cpu, const struct insn *insn)
{
    return single_to_int(cpu, insn, false);
}

bool op_cvttss2si(struct cpu *cpu, const struct insn *insn)
{
    return single_to_int(cpu, insn, true);
}

bool op_cvtsd2si(struct cpu *cpu, const struct insn *insn)
{
    return double_to_int(cpu, insn, false);
}

bool op_cvttsd2si(struct cpu *cpu, const struct insn *insn)
{
    return double_to_int(cpu, insn, true);
}

/* --- With MMX registers --- */

/* The registers become MMX's even where #XM follows. */
static bool mmx_operand(struct cpu *cpu, const struct insn *insn, uint64_t *value)
{
    return sse_begin(cpu) && mmx_source(cpu, insn, value);
}

bool op_cvtpi2ps(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t v;
    if (!mmx_operand(cpu, insn, &v))
        return false;
    uint64_t low = f32_from_int(&env, lane_s32(v, 0)), high = f32_from_int(&env, lane_s32(v, 1));
    if (!sse_retire(cpu, &env))
        return false;
    cpu->xmm[insn->reg][0] = low | high << 32;
    return true;
}

/* With an operand in memory this is no MMX instruction: it neither waits for x87 errors nor touches the tags.
 */
bool op_cvtpi2pd(struct cpu *cpu, const struct insn *insn)
{
    struct float_env env;
    sse_env(cpu, &env);
    uint64_t v;
    if (insn->flags & INSN_MEM)
        return op_cvtdq2pd(cpu, insn);
    if (!mmx_operand(cpu, insn, &v))
        return false;
    sse_set(cpu, insn->reg,
            (struct xmm){{f64_from_int(&env, lane_s32(v, 0)), f64_from_int(&env, lane_s32(v, 1))}});
    return true;
}

static bool finish_mmx(struct cpu *cpu, const struct insn *insn, const struct float_env *env, uint64_t result)
{
    x87_mmx_enter(&cpu->x87);
    if (!sse_retire(cpu, env))
        return false;
    mmx_set(cpu, insn->reg, result);
    return true;
}

static bool floats_to_mmx(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    convert_env(cpu, chop, &env);
    uint64_t v;
    if (!sse_begin(cpu) || !mmx_begin(cpu) || !sse_source_low(cpu, insn, 8, &v))
        return false;
    int64_t low = f32_to_int(&env, lane_u32(v, 0), 32), high = f32_to_int(&env, lane_u32(v, 1), 32);
    return finish_mmx(cpu, insn, &env, int32_pair(low, high));
}

bool op_cvtps2pi(struct cpu *cpu, const struct insn *insn)
{
    return floats_to_mmx(cpu, insn, false);
}

bool op_cvttps2pi(struct cpu *cpu, const struct insn *insn)
{
    return floats_to_mmx(cpu, insn, true);
}

static bool doubles_to_mmx(struct cpu *cpu, const struct insn *insn, bool chop)
{
    struct float_env env;
    convert_env(cpu, chop, &env);
    struct xmm v;
    if (!sse_begin(cpu) || !mmx_begin(cpu) || !sse_source(cpu, insn, &v))
        return false;
    int64_t low = f64_to_int(&env, v.q[0], 32), high = f64_to_int(&env, v.q[1], 32);
    return finish_mmx(cpu, insn, &env, int32_pair(low, high));
}

bool op_cvtpd2pi(struct cpu *cpu, const struct insn *insn)
{
    return doubles_to_mmx(cpu, insn, false);
}

bool op_cvttpd2pi(struct cpu *cpu, const struct insn *insn)
{
    return doubles_to_mmx(cpu, insn, true);
}

/* --- Handlers --- */

#define OP op_cvtss2sd
#include "core/x86/exec/direct.inc"
#define OP op_cvtsd2ss
#include "core/x86/exec/direct.inc"
#define OP op_cvtsi2sd
#include "core/x86/exec/direct.inc"
#define OP op_cvtsi2ss
#include "core/x86/exec/direct.inc"
#define OP op_cvttsd2si
#include "core/x86/exec/direct.inc"
#define OP op_cvttss2si
#include "core/x86/exec/direct.inc"
#define OP op_cvtdq2pd
#include "core/x86/exec/direct.inc"
