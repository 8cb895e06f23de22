/* SPDX-License-Identifier: MIT */
/* Packed integers of SSE4.1 and SSE4.2, apart from moves and strings (SDM 1, 12.10, 12.11). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/simd_lanes_sse4.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_direct.h"
#include "core/x86/flags.h"

#define OP pmuldq
#include "core/x86/exec/sse_lanes.inc"
#define OP pmulld
#include "core/x86/exec/sse_lanes.inc"
#define OP pcmpeqq
#include "core/x86/exec/sse_lanes.inc"
#define OP pcmpgtq
#include "core/x86/exec/sse_lanes.inc"
#define OP pminsb
#include "core/x86/exec/sse_lanes.inc"
#define OP pmaxsb
#include "core/x86/exec/sse_lanes.inc"
#define OP pminuw
#include "core/x86/exec/sse_lanes.inc"
#define OP pmaxuw
#include "core/x86/exec/sse_lanes.inc"
#define OP pminsd
#include "core/x86/exec/sse_lanes.inc"
#define OP pmaxsd
#include "core/x86/exec/sse_lanes.inc"
#define OP pminud
#include "core/x86/exec/sse_lanes.inc"
#define OP pmaxud
#include "core/x86/exec/sse_lanes.inc"

bool op_sse_packusdw(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    uint64_t *target = cpu->xmm[insn->reg];
    target[0] = packusdw(target[0], target[1]);
    target[1] = packusdw(source.q[0], source.q[1]);
    return true;
}

/* ZF: no bit in common; CF: no bit of the source outside the destination. */
bool op_ptest(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    const uint64_t *target = cpu->xmm[insn->reg];
    uint64_t common = (source.q[0] & target[0]) | (source.q[1] & target[1]);
    uint64_t outside = (source.q[0] & ~target[0]) | (source.q[1] & ~target[1]);
    flags_set_oszapc(cpu, (common ? 0u : EFLAGS_ZF) | (outside ? 0u : EFLAGS_CF));
    return true;
}

/* The smallest word, and its number. */
bool op_phminposuw(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    unsigned best = 0;
    uint32_t least = lane_u16(source.q[0], 0);
    for (unsigned n = 1; n < 8; n++) {
        uint32_t word = lane_u16(source.q[n / 4], n & 3);
        if (word < least) {
            least = word;
            best = n;
        }
    }
    sse_set(cpu, insn->reg, (struct xmm){{put16(least, 0) | put16(best, 1), 0}});
    return true;
}

static uint32_t byte_of(const struct xmm *v, unsigned n)
{
    return lane_u8(v->q[n / 8], n & 7);
}

/* Sum of absolute differences of four bytes each. */
static uint32_t distance(const struct xmm *a, unsigned at_a, const struct xmm *b, unsigned at_b)
{
    uint32_t sum = 0;
    for (unsigned n = 0; n < 4; n++) {
        uint32_t x = byte_of(a, at_a + n), y = byte_of(b, at_b + n);
        sum += x > y ? x - y : y - x;
    }
    return sum;
}

/* One group of four bytes of the source against eight overlapping ones of the destination. */
bool op_mpsadbw(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source, target = sse_get(cpu, insn->reg), result = {{0, 0}};
    if (!sse_source(cpu, insn, &source))
        return false;
    unsigned group = 4 * (insn_imm(insn) & 3), first = insn_imm(insn) & 4;
    for (unsigned n = 0; n < 8; n++)
        result.q[n / 4] |= put16(distance(&target, first + n, &source, group), n & 3);
    sse_set(cpu, insn->reg, result);
    return true;
}

/* --- PMOVSX, PMOVZX: `from` bits of the source's low end to lanes of `to` bits --- */

static bool packed_source(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return mem_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
    *value = cpu->xmm[insn->rm][0];
    return true;
}

static bool widen(struct cpu *cpu, const struct insn *insn, unsigned from, unsigned to, bool sign)
{
    uint64_t source;
    unsigned lanes = 128 / to, half = 64 / to;
    if (!packed_source(cpu, insn, lanes * from / 8, &source))
        return false;
    struct xmm result = {{0, 0}};
    uint64_t mask = UINT64_MAX >> (64 - to);
    for (unsigned n = 0; n < lanes; n++, source >>= from) {
        uint64_t lane = sign ? sign_extend(source, from) : source & (UINT64_MAX >> (64 - from));
        result.q[n / half] |= (lane & mask) << (n % half * to);
    }
    sse_set(cpu, insn->reg, result);
    return true;
}

bool op_pmovsxbw(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 16, true);
}

bool op_pmovsxbd(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 32, true);
}

bool op_pmovsxbq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 64, true);
}

bool op_pmovsxwd(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 16, 32, true);
}

bool op_pmovsxwq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 16, 64, true);
}

bool op_pmovsxdq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 32, 64, true);
}

bool op_pmovzxbw(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 16, false);
}

bool op_pmovzxbd(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 32, false);
}

bool op_pmovzxbq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 8, 64, false);
}

bool op_pmovzxwd(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 16, 32, false);
}

bool op_pmovzxwq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 16, 64, false);
}

bool op_pmovzxdq(struct cpu *cpu, const struct insn *insn)
{
    return widen(cpu, insn, 32, 64, false);
}
