/* SPDX-License-Identifier: MIT */
#include "jit/ir.h"

#include <inttypes.h>

#include "core/base/assert.h"

#define ARITHMETIC .makes_flags = true
#define STEP       .makes_flags = true, .keeps_carry = true, .reads_carry = true

const struct ir_info ir_info[IR_CODES] = {
    [IR_INSN] = {"insn"},
    [IR_PROBE] = {"probe", .clobbers = true, .observes = true},
    [IR_MOV] = {"mov"},
    [IR_MOVZX] = {"movzx"},
    [IR_MOVSX] = {"movsx"},
    [IR_LEA] = {"lea"},
    [IR_ADD] = {"add", ARITHMETIC},
    [IR_OR] = {"or", ARITHMETIC},
    [IR_ADC] = {"adc", ARITHMETIC, .reads_carry = true},
    [IR_SBB] = {"sbb", ARITHMETIC, .reads_carry = true},
    [IR_AND] = {"and", ARITHMETIC},
    [IR_SUB] = {"sub", ARITHMETIC},
    [IR_XOR] = {"xor", ARITHMETIC},
    [IR_CMP] = {"cmp", ARITHMETIC},
    [IR_TEST] = {"test", ARITHMETIC},
    [IR_INC] = {"inc", STEP},
    [IR_DEC] = {"dec", STEP},
    [IR_NEG] = {"neg", ARITHMETIC},
    [IR_NOT] = {"not"},
    [IR_ROL] = {"rol", ARITHMETIC},
    [IR_ROR] = {"ror", ARITHMETIC},
    [IR_SHL] = {"shl", ARITHMETIC},
    [IR_SHR] = {"shr", ARITHMETIC},
    [IR_SAR] = {"sar", ARITHMETIC},
    [IR_IMUL] = {"imul", ARITHMETIC},
    [IR_MUL] = {"mul", ARITHMETIC},
    [IR_IMULW] = {"imulw", ARITHMETIC},
    [IR_SETCC] = {"setcc", .reads_cond = true},
    [IR_CMOV] = {"cmov", .reads_cond = true},
    [IR_XCHG] = {"xchg"},
    [IR_BSWAP] = {"bswap"},
    [IR_SIGN] = {"sign", .clobbers = true},
    [IR_FP_LOAD] = {"fpload", .clobbers = true},
    [IR_FP] = {"fp"},
    [IR_FP_COMPARE] = {"fpcompare", ARITHMETIC},
    [IR_FP_CMOV] = {"fpcmov", .reads_cond = true},
    [IR_CALL] = {"call", .clobbers = true, .observes = true},
    [IR_BRANCH] = {"branch", .reads_cond = true, .observes = true},
    [IR_JUMP] = {"jump", .observes = true},
    [IR_BRANCHZ] = {"branchz", .clobbers = true, .observes = true},
    [IR_CHECK] = {"check", .clobbers = true, .observes = true},
    [IR_GOTO] = {"goto", .clobbers = true, .observes = true},
    [IR_LEAVE] = {"leave", .observes = true},
};

struct ir_op *ir_add(struct ir *ir, enum ir_code code, unsigned size, unsigned d, unsigned a)
{
    ASSERT(ir->count < IR_MAX_OPS);
    struct ir_op *op = &ir->op[ir->count++];
    *op = (struct ir_op){.code = (uint8_t)code, .size = (uint8_t)size, .d = (uint8_t)d, .a = (uint8_t)a};
    return op;
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
        if (op->code == IR_PROBE || op->code == IR_LEA)
            dump_address(op, out);
        if (ir_info[op->code].reads_cond)
            fprintf(out, " cc%X", op->cond);
        if (op->code == IR_BRANCH || op->code == IR_JUMP)
            fprintf(out, " -> %" PRIx64, op->target);
        fprintf(out, "%s%s%s\n", op->flags_live ? " live" : "", op->save_flags ? " save" : "",
                op->reload_flags ? " reload" : "");
    }
}
