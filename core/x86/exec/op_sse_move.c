/* SPDX-License-Identifier: MIT */
/* SSE moves, non-temporal ones included: there is no cache to keep them out of. MXCSR, fences, CLFLUSH (SDM
 * 1, 10.4.1, 10.4.6, 11.4.4). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/simd_lanes.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_direct.h"
#include "core/x86/model.h"

/* --- 16 bytes --- */

bool op_sse_load_aligned(struct cpu *cpu, const struct insn *insn)
{
    struct xmm value;
    if (!sse_source(cpu, insn, &value))
        return false;
    sse_set(cpu, insn->reg, value);
    return true;
}

bool op_sse_store_aligned(struct cpu *cpu, const struct insn *insn)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return sse_store_aligned(cpu, insn, sse_get(cpu, insn->reg));
    sse_set(cpu, insn->rm, sse_get(cpu, insn->reg));
    return true;
}

bool op_sse_load(struct cpu *cpu, const struct insn *insn)
{
    struct xmm value;
    if (!sse_begin(cpu))
        return false;
    if (!(insn->flags & INSN_MEM))
        value = sse_get(cpu, insn->rm);
    else if (!sse_load(cpu, insn, &value))
        return false;
    sse_set(cpu, insn->reg, value);
    return true;
}

bool op_sse_store(struct cpu *cpu, const struct insn *insn)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return sse_store(cpu, insn, sse_get(cpu, insn->reg));
    sse_set(cpu, insn->rm, sse_get(cpu, insn->reg));
    return true;
}

/* --- Scalars: loads from memory clear the rest, moves between registers keep it --- */

static bool put(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    return mem_write(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
}

bool op_movss_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, *target = cpu->xmm[insn->reg];
    if (!sse_source_low(cpu, insn, 4, &value))
        return false;
    if (insn->flags & INSN_MEM)
        target[0] = target[1] = 0;
    target[0] = (target[0] & ~(uint64_t)UINT32_MAX) | value;
    return true;
}

bool op_movss_store(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value = (uint32_t)cpu->xmm[insn->reg][0];
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return put(cpu, insn, 4, value);
    uint64_t *target = cpu->xmm[insn->rm];
    target[0] = (target[0] & ~(uint64_t)UINT32_MAX) | value;
    return true;
}

bool op_movsd_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_source_low(cpu, insn, 8, &value))
        return false;
    cpu->xmm[insn->reg][0] = value;
    if (insn->flags & INSN_MEM)
        cpu->xmm[insn->reg][1] = 0;
    return true;
}

/* Also MOVLPS to memory. */
bool op_movsd_store(struct cpu *cpu, const struct insn *insn)
{
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return put(cpu, insn, 8, cpu->xmm[insn->reg][0]);
    cpu->xmm[insn->rm][0] = cpu->xmm[insn->reg][0];
    return true;
}

/* MOVQ clears the upper half, in registers too. */
bool op_sse_movq_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_source_low(cpu, insn, 8, &value))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{value, 0}});
    return true;
}

bool op_sse_movq_store(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = cpu->xmm[insn->reg][0];
    if (!sse_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM)
        return put(cpu, insn, 8, value);
    sse_set(cpu, insn->rm, (struct xmm){{value, 0}});
    return true;
}

bool op_sse_movd_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_begin(cpu) || !operand_read(cpu, insn, insn->op_size, &value))
        return false;
    sse_set(cpu, insn->reg, (struct xmm){{value, 0}});
    return true;
}

bool op_sse_movd_store(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = cpu->xmm[insn->reg][0];
    if (insn->op_size == 4)
        value = (uint32_t)value;
    return sse_begin(cpu) && operand_write(cpu, insn, insn->op_size, value);
}

/* --- Halves --- */

bool op_movlps_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_source_low(cpu, insn, 8, &value))
        return false;
    cpu->xmm[insn->reg][0] = value;
    return true;
}

/* Also MOVLHPS: the low half of a register or of memory to the high half. */
bool op_movhps_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_source_low(cpu, insn, 8, &value))
        return false;
    cpu->xmm[insn->reg][1] = value;
    return true;
}

bool op_movhps_store(struct cpu *cpu, const struct insn *insn)
{
    return sse_begin(cpu) && put(cpu, insn, 8, cpu->xmm[insn->reg][1]);
}

bool op_movhlps(struct cpu *cpu, const struct insn *insn)
{
    if (!sse_begin(cpu))
        return false;
    cpu->xmm[insn->reg][0] = cpu->xmm[insn->rm][1];
    return true;
}

/* --- Between MMX, XMM and general registers --- */

/* Before instructions that use both register files. */
static bool both_begin(struct cpu *cpu)
{
    return sse_begin(cpu) && mmx_begin(cpu);
}

bool op_movq2dq(struct cpu *cpu, const struct insn *insn)
{
    if (!both_begin(cpu))
        return false;
    x87_mmx_enter(&cpu->x87);
    sse_set(cpu, insn->reg, (struct xmm){{mmx_get(cpu, insn->rm), 0}});
    return true;
}

bool op_movdq2q(struct cpu *cpu, const struct insn *insn)
{
    if (!both_begin(cpu))
        return false;
    x87_mmx_enter(&cpu->x87);
    mmx_set(cpu, insn->reg, cpu->xmm[insn->rm][0]);
    return true;
}

/* MOVNTI needs none of the SIMD state. */
bool op_movnti(struct cpu *cpu, const struct insn *insn)
{
    return put(cpu, insn, insn->op_size, reg_read(cpu, insn->reg, insn->op_size));
}

bool op_movmskps(struct cpu *cpu, const struct insn *insn)
{
    const uint64_t *v = cpu->xmm[insn->rm];
    if (!sse_begin(cpu))
        return false;
    reg_write(cpu, insn->reg, 4,
              (v[0] >> 31 & 1) | (v[0] >> 63) << 1 | (v[1] >> 31 & 1) << 2 | (v[1] >> 63) << 3);
    return true;
}

bool op_movmskpd(struct cpu *cpu, const struct insn *insn)
{
    const uint64_t *v = cpu->xmm[insn->rm];
    if (!sse_begin(cpu))
        return false;
    reg_write(cpu, insn->reg, 4, v[0] >> 63 | (v[1] >> 63) << 1);
    return true;
}

bool op_mmx_pmovmskb(struct cpu *cpu, const struct insn *insn)
{
    if (!mmx_enter(cpu))
        return false;
    reg_write(cpu, insn->reg, 4, byte_signs(mmx_get(cpu, insn->rm)));
    return true;
}

bool op_sse_pmovmskb(struct cpu *cpu, const struct insn *insn)
{
    const uint64_t *v = cpu->xmm[insn->rm];
    if (!sse_begin(cpu))
        return false;
    reg_write(cpu, insn->reg, 4, byte_signs(v[0]) | byte_signs(v[1]) << 8);
    return true;
}

/* --- MASKMOVQ, MASKMOVDQU: bytes whose mask byte has its top bit set go to DS:rDI --- */

/* From the first to the last such byte all must be writable, or nothing is written. */
static bool masked_store(struct cpu *cpu, const struct insn *insn, const uint64_t *data, unsigned mask)
{
    enum seg_index seg = (enum seg_index)insn->seg;
    gva_t linear;
    if (!mask)
        return true;
    unsigned first = (unsigned)__builtin_ctz(mask), last = 31 - (unsigned)__builtin_clz(mask);
    uint64_t base = cpu->gpr[GPR_DI];
    if (!segment_check(cpu, seg, operand_wrap(insn, base + first), last - first + 1, true, &linear) ||
        !linear_probe(cpu, linear, last - first + 1, cpu->user, true))
        return false;
    for (unsigned n = first; n <= last; n++) {
        if (mask >> n & 1 &&
            !mem_write(cpu, insn, seg, operand_wrap(insn, base + n), 1, lane_u8(data[n / 8], n & 7)))
            return false;
    }
    return true;
}

bool op_maskmovq(struct cpu *cpu, const struct insn *insn)
{
    uint64_t data = mmx_get(cpu, insn->reg);
    if (!mmx_begin(cpu) || !masked_store(cpu, insn, &data, byte_signs(mmx_get(cpu, insn->rm))))
        return false;
    x87_mmx_enter(&cpu->x87);
    return true;
}

bool op_maskmovdqu(struct cpu *cpu, const struct insn *insn)
{
    const uint64_t *v = cpu->xmm[insn->rm];
    return sse_begin(cpu) &&
           masked_store(cpu, insn, cpu->xmm[insn->reg], byte_signs(v[0]) | byte_signs(v[1]) << 8);
}

/* --- MXCSR, fences, cache lines --- */

bool op_ldmxcsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!sse_begin(cpu) || !operand_read(cpu, insn, 4, &value))
        return false;
    if (value & ~(uint64_t)cpu_model_mxcsr_mask(cpu->model))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->mxcsr = (uint32_t)value;
    return true;
}

bool op_stmxcsr(struct cpu *cpu, const struct insn *insn)
{
    return sse_begin(cpu) && put(cpu, insn, 4, cpu->mxcsr);
}

/* Accesses are in program order anyway. */
bool op_fence(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu;
    (void)insn;
    return true;
}

/* Faults as a load of a byte does. */
bool op_clflush(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    return operand_read(cpu, insn, 1, &value);
}

/* --- Handlers --- */

ALWAYS_INLINE const struct insn *load_direct(struct cpu *cpu, const struct insn *insn, bool aligned)
{
    struct xmm value;
    if (!sse_is_on(cpu))
        return exec_op(cpu, insn);
    if (!(insn->flags & INSN_MEM))
        value = sse_get(cpu, insn->rm);
    else if (!sse_load_direct(cpu, insn, aligned, &value))
        return exec_op(cpu, insn);
    sse_set(cpu, insn->reg, value);
    return exec_next(cpu, insn);
}

ALWAYS_INLINE const struct insn *store_direct(struct cpu *cpu, const struct insn *insn, bool aligned)
{
    struct xmm value = sse_get(cpu, insn->reg);
    if (!sse_is_on(cpu))
        return exec_op(cpu, insn);
    if (!(insn->flags & INSN_MEM))
        sse_set(cpu, insn->rm, value);
    else if (!sse_store_direct(cpu, insn, aligned, value))
        return exec_op(cpu, insn);
    return exec_next(cpu, insn);
}

const struct insn *op_sse_load_aligned_direct(struct cpu *cpu, const struct insn *insn)
{
    return load_direct(cpu, insn, true);
}

const struct insn *op_sse_load_direct(struct cpu *cpu, const struct insn *insn)
{
    return load_direct(cpu, insn, false);
}

const struct insn *op_sse_store_aligned_direct(struct cpu *cpu, const struct insn *insn)
{
    return store_direct(cpu, insn, true);
}

const struct insn *op_sse_store_direct(struct cpu *cpu, const struct insn *insn)
{
    return store_direct(cpu, insn, false);
}

#define OP op_movss_load
#include "core/x86/exec/direct.inc"
#define OP op_movss_store
#include "core/x86/exec/direct.inc"
#define OP op_movsd_load
#include "core/x86/exec/direct.inc"
#define OP op_movsd_store
#include "core/x86/exec/direct.inc"
#define OP op_movlps_load
#include "core/x86/exec/direct.inc"
#define OP op_movhps_load
#include "core/x86/exec/direct.inc"
#define OP op_movhps_store
#include "core/x86/exec/direct.inc"
#define OP op_sse_movq_load
#include "core/x86/exec/direct.inc"
#define OP op_sse_movq_store
#include "core/x86/exec/direct.inc"
#define OP op_sse_movd_load
#include "core/x86/exec/direct.inc"
#define OP op_sse_movd_store
#include "core/x86/exec/direct.inc"
#define OP op_sse_pmovmskb
#include "core/x86/exec/direct.inc"
