/* SPDX-License-Identifier: MIT */
/* Shuffles, insertions, extractions and shifts of whole registers (SDM 1, 10.4.2, 11.4.1.4; SDM 2). */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/simd_lanes.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_float.h"

bool op_mmx_pshufw(struct cpu *cpu, const struct insn *insn)
{
    uint64_t source;
    if (!mmx_source(cpu, insn, &source))
        return false;
    mmx_set(cpu, insn->reg, pshufw(source, (unsigned)insn_imm(insn)));
    return true;
}

/* Two lanes that four bits of an immediate choose. */
static uint64_t pair_of(const struct xmm *v, uint64_t order)
{
    return put32(xmm_get32(v, order & 3), 0) | put32(xmm_get32(v, order >> 2 & 3), 1);
}

bool op_pshufd(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    sse_set(cpu, insn->reg,
            (struct xmm){{pair_of(&source, insn_imm(insn)), pair_of(&source, insn_imm(insn) >> 4)}});
    return true;
}

bool op_pshuflw(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    source.q[0] = pshufw(source.q[0], (unsigned)insn_imm(insn));
    sse_set(cpu, insn->reg, source);
    return true;
}

bool op_pshufhw(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    source.q[1] = pshufw(source.q[1], (unsigned)insn_imm(insn));
    sse_set(cpu, insn->reg, source);
    return true;
}

/* The low two lanes come from the destination, the high two from the source. */
bool op_shufps(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source, target = sse_get(cpu, insn->reg);
    if (!sse_source(cpu, insn, &source))
        return false;
    sse_set(cpu, insn->reg,
            (struct xmm){{pair_of(&target, insn_imm(insn)), pair_of(&source, insn_imm(insn) >> 4)}});
    return true;
}

bool op_shufpd(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source, target = sse_get(cpu, insn->reg);
    if (!sse_source(cpu, insn, &source))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{target.q[insn_imm(insn) & 1], source.q[insn_imm(insn) >> 1 & 1]}});
    return true;
}

/* Also UNPCKLPD. */
bool op_sse_punpcklqdq(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    cpu->xmm[insn->reg][1] = source.q[0];
    return true;
}

bool op_sse_punpckhqdq(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source;
    if (!sse_source(cpu, insn, &source))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{cpu->xmm[insn->reg][1], source.q[1]}});
    return true;
}

static uint64_t replace_word(uint64_t v, unsigned n, uint64_t word)
{
    return (v & ~put16(UINT16_MAX, n)) | put16((uint32_t)word, n);
}

bool op_mmx_pinsrw(struct cpu *cpu, const struct insn *insn)
{
    uint64_t word;
    if (!mmx_begin(cpu) || !operand_read(cpu, insn, 2, &word))
        return false;
    x87_mmx_enter(&cpu->x87);
    mmx_set(cpu, insn->reg, replace_word(mmx_get(cpu, insn->reg), insn_imm(insn) & 3, word));
    return true;
}

bool op_sse_pinsrw(struct cpu *cpu, const struct insn *insn)
{
    uint64_t word, *half = &cpu->xmm[insn->reg][insn_imm(insn) >> 2 & 1];
    if (!sse_begin(cpu) || !operand_read(cpu, insn, 2, &word))
        return false;
    *half = replace_word(*half, insn_imm(insn) & 3, word);
    return true;
}

bool op_mmx_pextrw(struct cpu *cpu, const struct insn *insn)
{
    if (!mmx_enter(cpu))
        return false;
    reg_write(cpu, insn->reg, 4, lane_u16(mmx_get(cpu, insn->rm), insn_imm(insn) & 3));
    return true;
}

bool op_sse_pextrw(struct cpu *cpu, const struct insn *insn)
{
    if (!sse_begin(cpu))
        return false;
    reg_write(cpu, insn->reg, 4, lane_u16(cpu->xmm[insn->rm][insn_imm(insn) >> 2 & 1], insn_imm(insn) & 3));
    return true;
}

/* Bits [shift, shift + 64) of high:low, shift 0 to 127. */
static uint64_t window(uint64_t low, uint64_t high, unsigned shift)
{
    if (shift >= 64)
        return high >> (shift - 64);
    return shift ? low >> shift | high << (64 - shift) : low;
}

bool op_psrldq(struct cpu *cpu, const struct insn *insn)
{
    uint64_t *v = cpu->xmm[insn->rm];
    if (!sse_begin(cpu))
        return false;
    unsigned shift = insn_imm(insn) > 15 ? 128 : 8 * (unsigned)insn_imm(insn);
    v[0] = shift > 127 ? 0 : window(v[0], v[1], shift);
    v[1] = shift > 63 ? 0 : v[1] >> shift;
    return true;
}

bool op_pslldq(struct cpu *cpu, const struct insn *insn)
{
    uint64_t *v = cpu->xmm[insn->rm];
    if (!sse_begin(cpu))
        return false;
    unsigned shift = insn_imm(insn) > 15 ? 128 : 8 * (unsigned)insn_imm(insn);
    if (shift > 63)
        v[1] = shift > 127 ? 0 : v[0] << (shift - 64);
    else if (shift)
        v[1] = v[1] << shift | v[0] >> (64 - shift);
    v[0] = shift > 63 ? 0 : v[0] << shift;
    return true;
}

/* --- Handlers --- */

#define OP op_pshufd
#include "core/x86/exec/direct.inc"
#define OP op_pshuflw
#include "core/x86/exec/direct.inc"
#define OP op_pshufhw
#include "core/x86/exec/direct.inc"
#define OP op_shufps
#include "core/x86/exec/direct.inc"
#define OP op_sse_punpcklqdq
#include "core/x86/exec/direct.inc"
#define OP op_sse_punpckhqdq
#include "core/x86/exec/direct.inc"
#define OP op_psrldq
#include "core/x86/exec/direct.inc"
#define OP op_pslldq
#include "core/x86/exec/direct.inc"
