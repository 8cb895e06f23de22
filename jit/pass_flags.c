/* SPDX-License-Identifier: MIT */
#include "jit/pass_flags.h"

#include "core/x86/regs.h"
#include "jit/ir.h"

/* Flags as a set of conditions' inputs. */
enum { CARRY = 1, OVERFLOW_FLAG = 2, OTHERS = 4, ALL = 7 };

static unsigned condition_needs(unsigned cond)
{
    switch (cond >> 1) {
    case 0: return OVERFLOW_FLAG;
    case 1: return CARRY;
    case 3: return CARRY | OTHERS;
    case 6:
    case 7: return OVERFLOW_FLAG | OTHERS;
    default: return OTHERS;
    }
}

/* What an operation looks at. INC and DEC, whose flags include the carry from before, look at it only where
 * theirs are looked at. */
static unsigned reads(const struct ir_op *op)
{
    const struct ir_info *info = &ir_info[op->code];
    if (info->reads_cond)
        return condition_needs(op->cond);
    if (op->code == IR_SETCF)
        return op->imm == 2 && op->flags_live ? CARRY : 0;
    if (!info->reads_carry || (info->keeps_carry && !op->flags_live))
        return 0;
    return CARRY;
}

/* Which flags the host's operation leaves as the guest's. */
static unsigned host_makes(const struct ir_op *op)
{
    if (op->happened || ir_shifts_by_cl(op))
        return 0;
    switch (op->code) {
    case IR_SHL:
    case IR_SHR:
    case IR_SAR: return op->imm == 1 ? ALL : CARRY | OTHERS;
    case IR_IMUL:
    case IR_MUL:
    case IR_IMULW: return CARRY | OVERFLOW_FLAG;
    case IR_SHLD:
    case IR_SHRD: return CARRY | OTHERS;
    case IR_ROL:
    case IR_ROR:
    case IR_BT:
    case IR_BTS:
    case IR_BTR:
    case IR_BTC:
    case IR_SETCF: return CARRY;
    default: return ALL;
    }
}

/* Rotates by CL may change two flags or none: only where nobody looks can they go without their handler. */
static bool needs_handler(const struct ir_op *op)
{
    return (op->code == IR_ROL || op->code == IR_ROR) && op->a == GPR_CX;
}

/* Whether flags from before may show through: a shift by CL may be none at all. */
static bool keeps_some(const struct ir_op *op)
{
    return ir_info[op->code].carry_alone || ir_shifts_by_cl(op);
}

/* Their handlers read flags and write them. */
static bool call_uses_flags(const struct ir_op *op)
{
    return op->code == IR_CALL;
}

static void find_live(struct ir *ir)
{
    bool live = true;
    for (unsigned i = ir->count; i-- > 0;) {
        struct ir_op *op = &ir->op[i];
        const struct ir_info *info = &ir_info[op->code];
        if (info->makes_flags) {
            op->flags_live = live;
            live = live && (needs_handler(op) || info->keeps_carry || keeps_some(op));
        }
        live = live || ir_observes(op) || call_uses_flags(op) || reads(op);
    }
}

/* Replaces the operations of the instruction at op[at] by a call. The others become no-ops. */
static void use_handler(struct ir *ir, unsigned at)
{
    unsigned insn = ir->op[at].insn;
    for (unsigned i = 0; i < ir->count; i++) {
        struct ir_op *op = &ir->op[i];
        if (op->insn == insn && op->code != IR_INSN && !op->happened)
            *op = (struct ir_op){.code = IR_INSN, .insn = (uint8_t)insn};
    }
    ir->op[at].code = IR_CALL;
}

static bool replace_inexact(struct ir *ir)
{
    bool changed = false;
    for (unsigned i = 0; i < ir->count; i++) {
        if (needs_handler(&ir->op[i]) && ir->op[i].flags_live) {
            use_handler(ir, i);
            changed = true;
        }
    }
    return changed;
}

static void find_reloads(struct ir *ir)
{
    unsigned valid = 0;
    for (unsigned i = 0; i < ir->count; i++) {
        struct ir_op *op = &ir->op[i];
        const struct ir_info *info = &ir_info[op->code];
        unsigned needed = reads(op);
        op->reload_flags = (needed & ~valid) != 0;
        if (op->reload_flags)
            valid = ALL;
        if (info->makes_flags)
            valid = host_makes(op);
        if (info->clobbers)
            valid = 0;
    }
}

static void find_saves(struct ir *ir)
{
    bool wanted = true;
    for (unsigned i = ir->count; i-- > 0;) {
        struct ir_op *op = &ir->op[i];
        const struct ir_info *info = &ir_info[op->code];
        if (info->makes_flags) {
            op->save_flags = wanted && op->flags_live;
            wanted = wanted && keeps_some(op);
        }
        wanted = wanted || ir_observes(op) || call_uses_flags(op) || op->reload_flags;
    }
}

void pass_flags(struct ir *ir)
{
    do {
        find_live(ir);
    } while (replace_inexact(ir));
    find_reloads(ir);
    find_saves(ir);
}
