/* SPDX-License-Identifier: MIT */
/* Floating point and SIMD: the host executes the guest's instruction on the guest's state, which is in its
 * registers, where no exception can be unmasked. */
#include "core/x86/cpu.h"
#include "jit/lower_private.h"

static bool allowed(const struct lower *l, unsigned parts)
{
    return (!(parts & FP_X87) || l->assume->x87) && (!(parts & FP_SSE) || l->assume->sse);
}

static enum ir_code code_for(const struct fp_form *form)
{
    return form->compares ? IR_FP_COMPARE : form->cond >= 0 ? IR_FP_CMOV : IR_FP;
}

/* The parts of a long operand wrap at 64 KiB one by one, for the handler to do. */
static bool may_wrap(const struct lower *l, unsigned size)
{
    return size == 10 && l->insn->flags & INSN_MEM && lower_operand_address(l).bits == 16;
}

bool lower_fp(struct lower *l, const struct fp_form *form)
{
    unsigned size = form->bytes ? form->bytes : l->insn->op_size;
    if (!allowed(l, form->parts) || may_wrap(l, size))
        return false;
    if (form->parts & ~l->fp_ready) {
        l->fp_ready |= form->parts;
        lower_add(l, IR_FP_LOAD, 0, IR_NONE, IR_NONE)->imm = l->fp_ready;
    }
    bool memory = l->insn->flags & INSN_MEM;
    if (memory) {
        lower_probe(l, form->stores ? IR_WRITE : IR_READ, size, lower_operand_address(l));
        l->ir->op[l->ir->count - 1].aligned = form->aligned;
    }
    struct ir_op *op = lower_add(l, code_for(form), size, IR_NONE, memory ? IR_MEM : IR_NONE);
    op->fp = form;
    if (form->cond >= 0)
        op->cond = (uint8_t)form->cond;
    return true;
}
