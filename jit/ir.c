/* SPDX-License-Identifier: MIT */
#include "jit/ir.h"

#include <inttypes.h>

#include "core/base/assert.h"
#include "core/x86/regs.h"
#include "jit/fp_form.h"

#define ARITHMETIC  .makes_flags = true
#define CARRY_ALONE .makes_flags = true, .carry_alone = true
#define STEP        .makes_flags = true, .keeps_carry = true, .reads_carry = true

const struct ir_info ir_info[IR_CODES] = {
    [IR_INSN] = {.name = "insn"},
    [IR_PROBE] = {.name = "probe", .clobbers = true, .observes = true},
    [IR_SHARED] = {.name = "shared"},
    [IR_MOV] = {.name = "mov"},
    [IR_MOVZX] = {.name = "movzx"},
    [IR_MOVSX] = {.name = "movsx"},
    [IR_LEA] = {.name = "lea"},
    [IR_ADD] = {.name = "add", ARITHMETIC},
    [IR_OR] = {.name = "or", ARITHMETIC},
    [IR_ADC] = {.name = "adc", ARITHMETIC, .reads_carry = true},
    [IR_SBB] = {.name = "sbb", ARITHMETIC, .reads_carry = true},
    [IR_AND] = {.name = "and", ARITHMETIC},
    [IR_SUB] = {.name = "sub", ARITHMETIC},
    [IR_XOR] = {.name = "xor", ARITHMETIC},
    [IR_CMP] = {.name = "cmp", ARITHMETIC},
    [IR_TEST] = {.name = "test", ARITHMETIC},
    [IR_INC] = {.name = "inc", STEP},
    [IR_DEC] = {.name = "dec", STEP},
    [IR_NEG] = {.name = "neg", ARITHMETIC},
    [IR_NOT] = {.name = "not"},
    [IR_ROL] = {.name = "rol", CARRY_ALONE},
    [IR_ROR] = {.name = "ror", CARRY_ALONE},
    [IR_SHL] = {.name = "shl", ARITHMETIC},
    [IR_SHR] = {.name = "shr", ARITHMETIC},
    [IR_SAR] = {.name = "sar", ARITHMETIC},
    [IR_IMUL] = {.name = "imul", ARITHMETIC},
    [IR_MUL] = {.name = "mul", ARITHMETIC},
    [IR_IMULW] = {.name = "imulw", ARITHMETIC},
    [IR_SETCC] = {.name = "setcc", .reads_cond = true},
    [IR_CMOV] = {.name = "cmov", .reads_cond = true},
    [IR_XCHG] = {.name = "xchg"},
    [IR_CMPXCHG] = {.name = "cmpxchg", ARITHMETIC},
    [IR_XADD] = {.name = "xadd", ARITHMETIC},
    [IR_SHLD] = {.name = "shld", ARITHMETIC},
    [IR_SHRD] = {.name = "shrd", ARITHMETIC},
    [IR_BSF] = {.name = "bsf", ARITHMETIC},
    [IR_BSR] = {.name = "bsr", ARITHMETIC},
    [IR_BT] = {.name = "bt", CARRY_ALONE},
    [IR_BTS] = {.name = "bts", CARRY_ALONE},
    [IR_BTR] = {.name = "btr", CARRY_ALONE},
    [IR_BTC] = {.name = "btc", CARRY_ALONE},
    [IR_SETCF] = {.name = "setcf", CARRY_ALONE},
    [IR_DF] = {.name = "df", .clobbers = true},
    [IR_IF] = {.name = "if", .clobbers = true, .observes = true},
    [IR_SELECTOR] = {.name = "selector"},
    [IR_DIV] = {.name = "div", .clobbers = true, .observes = true},
    [IR_IDIV] = {.name = "idiv", .clobbers = true, .observes = true},
    [IR_BSWAP] = {.name = "bswap"},
    [IR_SIGN] = {.name = "sign", .clobbers = true},
    [IR_FP_LOAD] = {.name = "fpload", .clobbers = true},
    [IR_FP] = {.name = "fp"},
    [IR_FP_COMPARE] = {.name = "fpcompare", ARITHMETIC},
    [IR_FP_CMOV] = {.name = "fpcmov", .reads_cond = true},
    [IR_CALL] = {.name = "call", .clobbers = true, .observes = true},
    [IR_BRANCH] = {.name = "branch", .reads_cond = true, .observes = true},
    [IR_JUMP] = {.name = "jump", .observes = true},
    [IR_BRANCHZ] = {.name = "branchz", .clobbers = true, .observes = true},
    [IR_DIRECTION] = {.name = "direction", .clobbers = true, .observes = true},
    [IR_CHECK] = {.name = "check", .clobbers = true, .observes = true},
    [IR_GOTO] = {.name = "goto", .clobbers = true, .observes = true},
    [IR_REPEAT] = {.name = "repeat", .clobbers = true, .observes = true},
    [IR_SERIAL] = {.name = "serial", .clobbers = true, .observes = true},
    [IR_LEAVE] = {.name = "leave", .observes = true},
};

struct ir_op *ir_add(struct ir *ir, enum ir_code code, unsigned size, unsigned d, unsigned a)
{
    ASSERT(ir->count < IR_MAX_OPS);
    struct ir_op *op = &ir->op[ir->count++];
    *op = (struct ir_op){.code = (uint8_t)code, .size = (uint8_t)size, .d = (uint8_t)d, .a = (uint8_t)a};
    return op;
}

bool ir_observes(const struct ir_op *op)
{
    return ir_info[op->code].observes || (op->code == IR_FP && op->fp->loads_control);
}

bool ir_shifts_by_cl(const struct ir_op *op)
{
    if (op->code == IR_SHLD || op->code == IR_SHRD)
        return !op->imm;
    return op->code >= IR_SHL && op->code <= IR_SAR && op->a == GPR_CX;
}

struct ir_made ir_made_of(const struct ir_op *op)
{
    return (struct ir_made){
        .code = op->code, .size = op->size, .d = op->d, .a = op->a, .imm = op->a == IR_IMM ? op->imm : 0};
}

bool ir_made_equal(const struct ir_made *a, const struct ir_made *b)
{
    return a->code == b->code && a->size == b->size && a->d == b->d && a->a == b->a && a->imm == b->imm;
}

struct ir_made ir_handed_on(const struct ir_op *op)
{
    return op->late_save ? ir_made_of(op->late_save) : (struct ir_made){0};
}

bool ir_leads_to(const struct ir_op *op, uint64_t rip, const struct ir_made *handed_on)
{
    struct ir_made made = ir_handed_on(op);
    bool leads = op->code == IR_BRANCH || op->code == IR_BRANCHZ || op->code == IR_JUMP;
    return leads && op->target == rip && ir_made_equal(&made, handed_on);
}

uint32_t ir_stride_step(const struct ir_group *g)
{
    uint32_t step = 1, stride = (uint32_t)(g->stride < 0 ? -g->stride : g->stride);
    while (step < stride)
        step <<= 1;
    return step;
}

static void dump_value(unsigned value, const struct ir_op *op, FILE *out)
{
    static const char names[20][4] = {"ax",  "cx",  "dx",  "bx",  "sp",  "bp",  "si", "di", "r8", "r9",
                                      "r10", "r11", "r12", "r13", "r14", "r15", "ah", "ch", "dh", "bh"};
    if (value == IR_NONE)
        return;
    if (value == IR_IMM)
        fprintf(out, " $%" PRIx64, (uint64_t)op->imm);
    else if (value == IR_MEM)
        fputs(" [m]", out);
    else if (value >= IR_T0)
        fprintf(out, " t%u", value - IR_T0);
    else
        fprintf(out, " %s", names[value]);
}

static void dump_address(const struct ir_op *op, FILE *out)
{
    const struct ir_address *at = &op->address;
    fprintf(out, " seg%u:[", at->seg);
    dump_value(at->base, op, out);
    if (at->index != IR_NONE) {
        dump_value(at->index, op, out);
        fprintf(out, "<<%u", at->scale);
    }
    fprintf(out, " %+" PRId64 "]/%u", at->disp, at->bits);
}

static void dump_group(const struct ir_op *op, FILE *out)
{
    const struct ir_group *g = op->group;
    fprintf(out, " group%u.%u+%d", g->place, g->first, op->delta);
    if (g->kept)
        fprintf(out, " kept%+d", g->stride);
}

void ir_dump(const struct ir *ir, FILE *out)
{
    for (unsigned i = 0; i < ir->count; i++) {
        const struct ir_op *op = &ir->op[i];
        if (op->code == IR_INSN) {
            fprintf(out, "  %u:\n", op->insn);
            continue;
        }
        fprintf(out, "    %s.%u", ir_info[op->code].name, op->size);
        dump_value(op->d, op, out);
        dump_value(op->a, op, out);
        if (op->code == IR_PROBE || op->code == IR_SHARED || op->code == IR_LEA || op->code == IR_REPEAT)
            dump_address(op, out);
        if (op->group)
            dump_group(op, out);
        if (ir_info[op->code].reads_cond)
            fprintf(out, " cc%X", op->cond);
        if (op->code == IR_BRANCH || op->code == IR_JUMP)
            fprintf(out, " -> %" PRIx64, op->target);
        fprintf(out, "%s%s%s%s%s\n", op->happened ? " inherited" : "", op->flags_live ? " live" : "",
                op->save_flags ? " save" : "", op->reload_flags ? " reload" : "",
                op->late_save ? " late" : "");
    }
}
