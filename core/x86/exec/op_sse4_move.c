/* SPDX-License-Identifier: MIT */
/* Moves of SSE3, and blends, insertions and extractions of SSE4.1 (SDM 1, 12.3, 12.10). */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/simd_lanes_sse4.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_float.h"

/* --- Duplications --- */

static uint64_t twice(uint32_t value)
{
    return put32(value, 0) | put32(value, 1);
}

bool op_movsldup(struct cpu *cpu, const struct insn *insn)
{
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{twice(lane_u32(v.q[0], 0)), twice(lane_u32(v.q[1], 0))}});
    return true;
}

bool op_movshdup(struct cpu *cpu, const struct insn *insn)
{
    struct xmm v;
    if (!sse_source(cpu, insn, &v))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{twice(lane_u32(v.q[0], 1)), twice(lane_u32(v.q[1], 1))}});
    return true;
}

bool op_movddup(struct cpu *cpu, const struct insn *insn)
{
    uint64_t v;
    if (!sse_source_low(cpu, insn, 8, &v))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{v, v}});
    return true;
}

/* --- Blends: the source's lanes where the mask has ones --- */

static bool blend(struct cpu *cpu, const struct insn *insn, uint64_t mask_low, uint64_t mask_high)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    uint64_t *target = cpu->xmm[insn->reg];
    target[0] = (target[0] & ~mask_low) | (source.q[0] & mask_low);
    target[1] = (target[1] & ~mask_high) | (source.q[1] & mask_high);
    return true;
}

bool op_pblendvb(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, spread8(cpu->xmm[0][0]), spread8(cpu->xmm[0][1]));
}

bool op_blendvps(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, spread32(cpu->xmm[0][0]), spread32(cpu->xmm[0][1]));
}

bool op_blendvpd(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, spread64(cpu->xmm[0][0]), spread64(cpu->xmm[0][1]));
}

/* Lanes of 16 bits where the low four bits of `select` are ones. */
static uint64_t word_mask(uint64_t select)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= put16(select >> n & 1 ? UINT16_MAX : 0, n);
    return r;
}

static uint64_t dword_mask(uint64_t select)
{
    return put32(select & 1 ? UINT32_MAX : 0, 0) | put32(select & 2 ? UINT32_MAX : 0, 1);
}

bool op_pblendw(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, word_mask(insn_imm(insn)), word_mask(insn_imm(insn) >> 4));
}

bool op_blendps(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, dword_mask(insn_imm(insn)), dword_mask(insn_imm(insn) >> 2));
}

bool op_blendpd(struct cpu *cpu, const struct insn *insn)
{
    return blend(cpu, insn, 0 - (insn_imm(insn) & 1), 0 - (insn_imm(insn) >> 1 & 1));
}

/* --- Extraction: registers get 32 or 64 bits, memory gets the lane --- */

static bool extract(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    if (!sse_begin(cpu))
        return false;
    unsigned at = (unsigned)insn_imm(insn) * size & 15;
    uint64_t lane = cpu->xmm[insn->reg][at / 8] >> 8 * (at & 7);
    if (insn->flags & INSN_MEM)
        return operand_write(cpu, insn, size, lane);
    reg_write(cpu, insn->rm, 8, lane & (UINT64_MAX >> (64 - 8 * size)));
    return true;
}

bool op_pextrb(struct cpu *cpu, const struct insn *insn)
{
    return extract(cpu, insn, 1);
}

bool op_pextrw(struct cpu *cpu, const struct insn *insn)
{
    return extract(cpu, insn, 2);
}

/* And PEXTRQ. */
bool op_pextrd(struct cpu *cpu, const struct insn *insn)
{
    return extract(cpu, insn, insn->op_size);
}

bool op_extractps(struct cpu *cpu, const struct insn *insn)
{
    return extract(cpu, insn, 4);
}

/* --- Insertion --- */

static bool insert(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint64_t lane;
    if (!sse_begin(cpu) || !operand_read(cpu, insn, size, &lane))
        return false;
    unsigned at = (unsigned)insn_imm(insn) * size & 15, shift = 8 * (at & 7);
    uint64_t *half = &cpu->xmm[insn->reg][at / 8], mask = UINT64_MAX >> (64 - 8 * size) << shift;
    *half = (*half & ~mask) | lane << shift;
    return true;
}

bool op_pinsrb(struct cpu *cpu, const struct insn *insn)
{
    return insert(cpu, insn, 1);
}

/* And PINSRQ. */
bool op_pinsrd(struct cpu *cpu, const struct insn *insn)
{
    return insert(cpu, insn, insn->op_size);
}

/* imm8: 7-6 source lane (of a register), 5-4 destination lane, 3-0 lanes that become zero. */
bool op_insertps(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_source_low(cpu, insn, 4, &value))
        return false;
    struct xmm target = sse_get(cpu, insn->reg);
    if (!(insn->flags & INSN_MEM)) {
        struct xmm source = sse_get(cpu, insn->rm);
        value = xmm_get32(&source, insn_imm(insn) >> 6 & 3);
    }
    xmm_set32(&target, insn_imm(insn) >> 4 & 3, (uint32_t)value);
    for (unsigned n = 0; n < 4; n++) {
        if (insn_imm(insn) >> n & 1)
            xmm_set32(&target, n, 0);
    }
    sse_set(cpu, insn->reg, target);
    return true;
}

/* --- Handlers --- */

#define OP op_movddup
#include "core/x86/exec/direct.inc"
