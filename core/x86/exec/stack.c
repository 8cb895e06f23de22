/* SPDX-License-Identifier: MIT */
/* PUSH and POP. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/sized.h"
#include "core/x86/model.h"
#include "core/x86/operand.h"

#define WIDTH 16
#include "core/x86/exec/stack.inc"
#undef WIDTH
#define WIDTH 32
#include "core/x86/exec/stack.inc"
#undef WIDTH
#define WIDTH 64
#include "core/x86/exec/stack.inc"
#undef WIDTH

/* POP to memory: the address is computed with the stack pointer as it is after the pop (SDM 2B, POP). */
bool op_pop_rm(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, sp = cpu->gpr[GPR_SP];
    if (!mem_read(cpu, insn, SEG_SS, sp & cpu->sp_mask, insn->op_size, &value))
        return false;
    move_sp(cpu, insn->op_size);
    if (operand_write(cpu, insn, insn->op_size, value))
        return true;
    if (cpu_model_has(cpu->model, FEATURE_386)) /* a 286 leaves SP behind the word */
        cpu->gpr[GPR_SP] = sp;
    return false;
}
