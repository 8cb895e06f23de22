/* SPDX-License-Identifier: MIT */
#include "jit/pass_late.h"

#include "core/x86/regs.h"
#include "jit/fp_form.h"
#include "jit/ir.h"

static bool is_guest_reg(unsigned value)
{
    return value < IR_HIGH + 4;
}

/* AH and AL are parts of one register. */
static unsigned whole(unsigned value)
{
    return value >= IR_HIGH ? value - IR_HIGH : value;
}

/* Whether the recipe's values are registers and constants that may outlive the operation. */
static bool is_movable(const struct ir_op *op)
{
    if (!op->save_flags || !is_guest_reg(op->d))
        return false;
    switch (op->code) {
    case IR_ADD:
    case IR_SUB: return op->a == IR_IMM || (is_guest_reg(op->a) && whole(op->a) != whole(op->d));
    case IR_CMP:
    case IR_TEST: return op->a == IR_IMM || is_guest_reg(op->a);
    case IR_AND:
    case IR_OR:
    case IR_XOR: return true;
    case IR_INC:
    case IR_DEC: return op->reload_flags; /* else the carry is in the host's flags, and is lost */
    default: return false;
    }
}

static bool needs_register(const struct ir_op *op, unsigned reg)
{
    bool uses_a = op->code == IR_ADD || op->code == IR_SUB || op->code == IR_CMP || op->code == IR_TEST;
    return whole(op->d) == reg || (uses_a && is_guest_reg(op->a) && whole(op->a) == reg);
}

/* Whether an operation changes a register that the recipe of `kept` needs. */
static bool spoils(const struct ir_op *op, const struct ir_op *kept)
{
    switch (op->code) {
    case IR_INSN:
    case IR_PROBE:
    case IR_SHARED:
    case IR_DIRECTION:
    case IR_CMP:
    case IR_TEST:
    case IR_BT:
    case IR_FP_LOAD: return false;
    case IR_FP: return true; /* may write a general register */
    case IR_MUL:
    case IR_IMULW:
    case IR_CMPXCHG: return needs_register(kept, GPR_AX) || needs_register(kept, GPR_DX);
    case IR_XCHG:
    case IR_XADD:
        if (is_guest_reg(op->a) && needs_register(kept, whole(op->a)))
            return true;
        break;
    default: break;
    }
    return is_guest_reg(op->d) && needs_register(kept, whole(op->d));
}

static bool reads_carry(const struct ir_op *op)
{
    const struct ir_info *info = &ir_info[op->code];
    unsigned pair = op->cond >> 1;
    return info->reads_carry || op->code == IR_SETCF || (info->reads_cond && (pair == 1 || pair == 3));
}

/* Where control may leave before the operation has done anything, with the recipe written out of line. */
static bool is_way_out(const struct ir_op *op)
{
    return op->code == IR_PROBE || op->code == IR_DIRECTION || op->code == IR_IF || op->code == IR_BRANCH ||
           op->code == IR_BRANCHZ || op->code == IR_JUMP || (op->code == IR_FP && op->fp->loads_control);
}

static bool is_step(const struct ir_op *op)
{
    return op->code == IR_INC || op->code == IR_DEC;
}

/* Whether a maker of flags leaves nothing of those before it. */
static bool makes_all(const struct ir_op *op)
{
    return !is_step(op) && !ir_info[op->code].carry_alone && !ir_shifts_by_cl(op);
}

/* The end of the stretch in which the flags of op[at] live, where the recipe can be moved; 0: it cannot. A
 * step after a step takes the carry, which neither changes, from the recipe before both. */
static unsigned end_of_life(const struct ir *ir, unsigned at)
{
    const struct ir_op *kept = &ir->op[at];
    bool spoilt = false, steps = is_step(kept);
    for (unsigned i = at + 1; i < ir->count; i++) {
        const struct ir_op *op = &ir->op[i];
        const struct ir_info *info = &ir_info[op->code];
        if (steps && is_step(op))
            return i;
        if (op->reload_flags || (is_way_out(op) ? spoilt : ir_observes(op)))
            return 0;
        if (steps && reads_carry(op))
            return 0;
        if (info->makes_flags)
            return !op->flags_live || makes_all(op) ? i : 0;
        spoilt |= spoils(op, kept);
    }
    return ir->count;
}

/* Leaves the recipe of op[at] to the ways out before `end`. */
static void move_out(struct ir *ir, unsigned at, unsigned end)
{
    struct ir_op *kept = &ir->op[at];
    kept->save_flags = kept->reload_flags = false;
    for (unsigned i = at + 1; i < end; i++)
        if (is_way_out(&ir->op[i]))
            ir->op[i].late_save = kept;
    if (end < ir->count && is_step(&ir->op[end]) && ir->op[end].flags_live)
        ir->op[end].reload_flags = true;
}

bool pass_late(struct ir *ir)
{
    for (unsigned i = 0; i < ir->count; i++) {
        unsigned end = is_movable(&ir->op[i]) ? end_of_life(ir, i) : 0;
        if (end)
            move_out(ir, i, end);
    }
    return !ir->op[0].happened || !(ir->op[0].save_flags || ir->op[0].reload_flags);
}
