/* SPDX-License-Identifier: MIT */
/* SSSE3 (SDM 1, 12.6), for MMX and XMM registers. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/simd_lanes_sse4.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_direct.h"

#define OP phaddw
#include "core/x86/exec/simd_pairs.inc"
#define OP phaddd
#include "core/x86/exec/simd_pairs.inc"
#define OP phaddsw
#include "core/x86/exec/simd_pairs.inc"
#define OP phsubw
#include "core/x86/exec/simd_pairs.inc"
#define OP phsubd
#include "core/x86/exec/simd_pairs.inc"
#define OP phsubsw
#include "core/x86/exec/simd_pairs.inc"

#define OP pmaddubsw
#include "core/x86/exec/simd_lanes.inc"
#define OP pmulhrsw
#include "core/x86/exec/simd_lanes.inc"
#define OP psignb
#include "core/x86/exec/simd_lanes.inc"
#define OP psignw
#include "core/x86/exec/simd_lanes.inc"
#define OP psignd
#include "core/x86/exec/simd_lanes.inc"
#define OP pabsb
#include "core/x86/exec/simd_lanes.inc"
#define OP pabsw
#include "core/x86/exec/simd_lanes.inc"
#define OP pabsd
#include "core/x86/exec/simd_lanes.inc"

/* --- PSHUFB: each byte of `order` names a byte of the table, or, with its top bit set, gives zero --- */

static uint64_t shuffle_bytes(const uint64_t *table, unsigned last, uint64_t order)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++) {
        unsigned from = lane_u8(order, n);
        if (!(from & 0x80))
            r |= put8(lane_u8(table[(from & last) / 8], from & 7), n);
    }
    return r;
}

bool op_mmx_pshufb(struct cpu *cpu, const struct insn *insn)
{
    uint64_t order;
    if (!mmx_source(cpu, insn, &order))
        return false;
    uint64_t table = mmx_get(cpu, insn->reg);
    mmx_set(cpu, insn->reg, shuffle_bytes(&table, 7, order));
    return true;
}

bool op_sse_pshufb(struct cpu *cpu, const struct insn *insn)
{
    struct xmm order, table = sse_get(cpu, insn->reg);
    if (!sse_source(cpu, insn, &order))
        return false;
    cpu->xmm[insn->reg][0] = shuffle_bytes(table.q, 15, order.q[0]);
    cpu->xmm[insn->reg][1] = shuffle_bytes(table.q, 15, order.q[1]);
    return true;
}

/* --- PALIGNR: destination and source side by side, shifted down by imm8 bytes --- */

/* Eight bytes from byte `at` on of `count` words; zeros follow them. */
static uint64_t bytes_at(const uint64_t *words, unsigned count, unsigned at)
{
    unsigned n = at / 8, shift = 8 * (at & 7);
    uint64_t low = n < count ? words[n] : 0, high = n + 1 < count ? words[n + 1] : 0;
    return shift ? low >> shift | high << (64 - shift) : low;
}

bool op_mmx_palignr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t source;
    if (!mmx_source(cpu, insn, &source))
        return false;
    uint64_t words[2] = {source, mmx_get(cpu, insn->reg)};
    mmx_set(cpu, insn->reg, bytes_at(words, 2, (unsigned)insn_imm(insn)));
    return true;
}

bool op_sse_palignr(struct cpu *cpu, const struct insn *insn)
{
    struct xmm source, target = sse_get(cpu, insn->reg);
    if (!sse_source(cpu, insn, &source))
        return false;
    uint64_t words[4] = {source.q[0], source.q[1], target.q[0], target.q[1]};
    cpu->xmm[insn->reg][0] = bytes_at(words, 4, (unsigned)insn_imm(insn));
    cpu->xmm[insn->reg][1] = bytes_at(words, 4, (unsigned)insn_imm(insn) + 8);
    return true;
}

/* --- Handlers --- */

#define OP op_sse_pshufb
#include "core/x86/exec/direct.inc"
#define OP op_sse_palignr
#include "core/x86/exec/direct.inc"
