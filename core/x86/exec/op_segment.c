/* SPDX-License-Identifier: MIT */
/* MOV, PUSH and POP of segment registers; LDS, LES, LSS, LFS, LGS (SDM 2). */
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"
#include "core/x86/stack.h"

/* After a load of SS by MOV or POP, nothing interrupts before ESP can be loaded too (SDM 3A 6.8.3). */
static void shadow_stack_load(struct cpu *cpu)
{
    cpu->shadow = SHADOW_MOV_SS;
}

bool op_mov_to_sreg(struct cpu *cpu, const struct insn *insn)
{
    uint64_t selector;
    if (insn->reg == SEG_CS || insn->reg > SEG_GS)
        return cpu_fault(cpu, VECTOR_UD);
    if (!operand_read(cpu, insn, 2, &selector) ||
        !segment_load(cpu, (enum seg_index)insn->reg, (uint16_t)selector))
        return false;
    if (insn->reg == SEG_SS)
        shadow_stack_load(cpu);
    return true;
}

/* Memory takes 16 bits whatever the operand size; a register is zero-extended. */
bool op_mov_from_sreg(struct cpu *cpu, const struct insn *insn)
{
    if (insn->reg > SEG_GS)
        return cpu_fault(cpu, VECTOR_UD);
    unsigned size = insn->flags & INSN_MEM ? 2 : insn->op_size;
    return operand_write(cpu, insn, size, cpu->seg[insn->reg].selector);
}

/* Processors from the first Core on write 16 bits of a 32-bit slot and leave the rest alone; others zero it.
 */
static bool push_segment(struct cpu *cpu, const struct insn *insn, enum seg_index index)
{
    bool short_write = cpu_model_has(cpu->model, FEATURE_LONG) && insn->op_size == 4;
    unsigned size = short_write ? 2 : insn->op_size;
    uint64_t offset = (cpu->gpr[GPR_SP] - insn->op_size) & cpu->sp_mask;
    if (!mem_write(cpu, insn, SEG_SS, offset, size, cpu->seg[index].selector))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, offset);
    return true;
}

bool op_push_es(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_ES);
}

bool op_push_cs(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_CS);
}

bool op_push_ss(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_SS);
}

bool op_push_ds(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_DS);
}

bool op_push_fs(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_FS);
}

bool op_push_gs(struct cpu *cpu, const struct insn *insn)
{
    return push_segment(cpu, insn, SEG_GS);
}

/* SP moves by the width of the stack that was popped from, once the load has succeeded. */
static bool pop_segment(struct cpu *cpu, const struct insn *insn, enum seg_index index)
{
    uint64_t selector, mask = cpu->sp_mask;
    if (!mem_read(cpu, insn, SEG_SS, cpu->gpr[GPR_SP] & mask, insn->op_size, &selector) ||
        !segment_load(cpu, index, (uint16_t)selector))
        return false;
    stack_pointer_set(cpu, mask, cpu->gpr[GPR_SP] + insn->op_size);
    return true;
}

bool op_pop_es(struct cpu *cpu, const struct insn *insn)
{
    return pop_segment(cpu, insn, SEG_ES);
}

bool op_pop_ss(struct cpu *cpu, const struct insn *insn)
{
    if (!pop_segment(cpu, insn, SEG_SS))
        return false;
    shadow_stack_load(cpu);
    return true;
}

bool op_pop_ds(struct cpu *cpu, const struct insn *insn)
{
    return pop_segment(cpu, insn, SEG_DS);
}

bool op_pop_fs(struct cpu *cpu, const struct insn *insn)
{
    return pop_segment(cpu, insn, SEG_FS);
}

bool op_pop_gs(struct cpu *cpu, const struct insn *insn)
{
    return pop_segment(cpu, insn, SEG_GS);
}

static bool load_far_pointer(struct cpu *cpu, const struct insn *insn, enum seg_index index)
{
    uint64_t start = operand_offset(cpu, insn), offset, selector;
    enum seg_index seg = (enum seg_index)insn->seg;
    if (!mem_read(cpu, insn, seg, start, insn->op_size, &offset) ||
        !mem_read(cpu, insn, seg, operand_wrap(insn, start + insn->op_size), 2, &selector) ||
        !segment_load(cpu, index, (uint16_t)selector))
        return false;
    reg_write(cpu, insn->reg, insn->op_size, offset);
    return true;
}

bool op_les(struct cpu *cpu, const struct insn *insn)
{
    return load_far_pointer(cpu, insn, SEG_ES);
}

bool op_lds(struct cpu *cpu, const struct insn *insn)
{
    return load_far_pointer(cpu, insn, SEG_DS);
}

bool op_lss(struct cpu *cpu, const struct insn *insn)
{
    return load_far_pointer(cpu, insn, SEG_SS);
}

bool op_lfs(struct cpu *cpu, const struct insn *insn)
{
    return load_far_pointer(cpu, insn, SEG_FS);
}

bool op_lgs(struct cpu *cpu, const struct insn *insn)
{
    return load_far_pointer(cpu, insn, SEG_GS);
}
