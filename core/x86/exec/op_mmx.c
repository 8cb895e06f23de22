/* SPDX-License-Identifier: MIT */
/* MMX moves and EMMS, and what SSE added for MMX registers (SDM 1, chapter 9 and 10.4.4). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/simd_lanes.h"

bool op_emms(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!mmx_begin(cpu))
        return false;
    x87_emms(&cpu->x87);
    return true;
}

/* MOVD Pd,Ey and MOVQ Pq,Ey. */
bool op_mmx_movd_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!mmx_begin(cpu) || !operand_read(cpu, insn, insn->op_size, &value))
        return false;
    x87_mmx_enter(&cpu->x87);
    mmx_set(cpu, insn->reg, value);
    return true;
}

bool op_mmx_movd_store(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = mmx_get(cpu, insn->reg);
    if (insn->op_size == 4)
        value = (uint32_t)value;
    if (!mmx_begin(cpu) || !operand_write(cpu, insn, insn->op_size, value))
        return false;
    x87_mmx_enter(&cpu->x87);
    return true;
}

bool op_mmx_movq_load(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!mmx_source(cpu, insn, &value))
        return false;
    mmx_set(cpu, insn->reg, value);
    return true;
}

/* Also MOVNTQ: there is no cache to keep out of. */
bool op_mmx_movq_store(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = mmx_get(cpu, insn->reg);
    if (!mmx_begin(cpu))
        return false;
    if (insn->flags & INSN_MEM) {
        if (!x87_put(cpu, insn, 8, value))
            return false;
        x87_mmx_enter(&cpu->x87);
        return true;
    }
    x87_mmx_enter(&cpu->x87);
    mmx_set(cpu, insn->rm, value);
    return true;
}
