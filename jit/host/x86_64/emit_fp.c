/* SPDX-License-Identifier: MIT */
/* The guest's floating-point instructions, executed by the host on the guest's registers. */
#include <string.h>

#include "core/x86/flag_recipe.h"
#include "jit/fp_form.h"
#include "jit/host/host.h"
#include "jit/host/x86_64/emit.h"

bool host_executes(enum insn_feature feature)
{
    switch (feature) {
    case FEATURE_FPU:
    case FEATURE_FCMOV:
    case FEATURE_MMX:
    case FEATURE_SSE:
    case FEATURE_SSE2: return true;
    case FEATURE_SSE3: return __builtin_cpu_supports("sse3");
    case FEATURE_SSSE3: return __builtin_cpu_supports("ssse3");
    case FEATURE_SSE41: return __builtin_cpu_supports("sse4.1");
    case FEATURE_SSE42: return __builtin_cpu_supports("sse4.2");
    default: return false;
    }
}

void emit_fp_load(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    unsigned parts = (unsigned)op->imm;
    if (parts == FP_X87 || parts == FP_SSE) {
        asm_rm(as, 1, 0xF6, 0, CPU_FIELD(fp.live));
        asm_byte(as, parts);
        emit_stub(e, STUB_FP_LOAD, op, asm_jcc(as, CC_E, NULL))->back = asm_here(as);
        return;
    }
    asm_rm(as, 1, 0x80, 7, CPU_FIELD(fp.live));
    asm_byte(as, parts);
    emit_stub(e, STUB_FP_LOAD, op, asm_jcc(as, CC_NE, NULL))->back = asm_here(as);
}

static bool is_gpr(char kind)
{
    return kind == 'G' || kind == 'E' || kind == 'M';
}

/* A register operand; a guest register that is not pinned goes through T1. */
static unsigned vector_operand(unsigned number, char kind)
{
    return !is_gpr(kind) ? number : number < PINNED ? pinned_reg(number) : REG_T1;
}

static struct host_mem gpr_at(unsigned gpr)
{
    return cpu_at(offsetof(struct cpu, gpr) + 8 * gpr);
}

/* Which kind of register the table's operand letters give ModRM.reg and ModRM.rm. */
static char kind_of(const struct insn_row *row, bool rm)
{
    for (const char *at = row->operands; *at; at++) {
        bool first = at == row->operands || at[-1] == ',';
        if (first && *at != 'I' && (strchr("WQEMUN", *at) != NULL) == rm)
            return *at;
    }
    return 0;
}

static void simd(struct emitter *e, const struct ir_op *op, const struct insn *insn)
{
    struct assembler *as = &e->as;
    const struct fp_form *form = op->fp;
    const struct insn_row *row = &insn_table[insn->row];
    static const unsigned maps[] = {0, 0x0F00, 0x0F3800, 0x0F3A00};
    unsigned opcode = maps[form->map] | form->opcode;
    unsigned size = insn->op_size == 8 && strchr(row->operands, 'y') ? 8 : 4;
    char reg_kind = form->digit >= 0 ? 0 : kind_of(row, false),
         rm_kind = op->a == IR_MEM ? 0 : kind_of(row, true);
    unsigned reg = form->digit >= 0 ? (unsigned)form->digit : vector_operand(insn->reg, reg_kind);
    if (is_gpr(rm_kind) && insn->rm >= PINNED)
        asm_load(as, 8, REG_T1, gpr_at(insn->rm));
    if (form->prefix)
        asm_byte(as, form->prefix);
    if (op->a == IR_MEM)
        asm_rm(as, size, opcode, reg, e->mem);
    else
        asm_rr(as, size, opcode, reg, vector_operand(insn->rm, rm_kind));
    if (form->has_imm)
        asm_byte(as, (unsigned)insn_imm(insn) & 0xFF);
    if (is_gpr(reg_kind) && insn->reg >= PINNED)
        asm_store(as, 8, gpr_at(insn->reg), REG_T1);
    if (is_gpr(rm_kind) && form->stores && insn->rm >= PINNED)
        asm_store(as, 8, gpr_at(insn->rm), REG_T1);
}

/* FDP and FDS will have to name this instruction's operand, whose offset is noted. */
static void note_data(struct emitter *e, const struct insn *insn, uint32_t place)
{
    struct assembler *as = &e->as;
    bool flat = insn->seg != SEG_CS && (e->block->context->assume.flat_segs >> insn->seg & 1);
    bool in_r8 = flat && !e->probe->group && e->mem.index == REG_ADDEND;
    asm_store_imm(as, 4, CPU_FIELD(fp.data), (int32_t)place);
    if (!in_r8)
        emit_offset(e, REG_T0, &e->probe->address);
    asm_store(as, 8, CPU_FIELD(fp.offset), in_r8 ? REG_ADDRESS : REG_T0);
}

/* A control word that unmasks an exception takes the slow path. */
static void check_control(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    asm_rm(as, 4, 0x0FB7, REG_T0, e->mem);
    asm_rr(as, 4, 0xF7, 2, REG_T0); /* NOT */
    asm_rr(as, 1, 0xF6, 0, REG_T0);
    asm_byte(as, 0x3F);
    emit_stub(e, STUB_SLOW, op, asm_jcc(as, CC_NE, NULL));
}

/* FCOMI and its kin clear C1 on one maker's processors and keep it on another's, while FINCSTP and FDECSTP
 * clear it on all. */
static void clear_c1(struct assembler *as)
{
    asm_rr(as, 4, 0xD9, 6, 7);
    asm_rr(as, 4, 0xD9, 6, 6);
}

static void x87(struct emitter *e, const struct ir_op *op, const struct insn *insn)
{
    struct assembler *as = &e->as;
    if (op->fp->compares)
        clear_c1(as);
    uint32_t place = jit_place(e->jit, e->block, op->insn);
    if (op->fp->loads_control)
        check_control(e, op);
    if (op->a == IR_MEM)
        asm_rm(as, 4, insn->opcode, insn->reg & 7, e->mem);
    else
        asm_rr(as, 4, insn->opcode, insn->modrm >> 3 & 7, insn->modrm & 7);
    if (!op->fp->pointers)
        return;
    asm_store_imm(as, 4, CPU_FIELD(fp.code), (int32_t)place);
    if (op->a == IR_MEM)
        note_data(e, insn, place);
}

void emit_fp(struct emitter *e, const struct ir_op *op)
{
    const struct insn *insn = jit_insn_of(e->jit, e->block, op->insn);
    if (op->fp->map)
        simd(e, op, insn);
    else
        x87(e, op, insn);
}

/* SETcc into a byte of the recipe. */
static void save_condition(struct emitter *e, unsigned cond, size_t offset)
{
    asm_rm(&e->as, 1, 0x0F90 | cond, 0, cpu_at(offsetof(struct cpu, recipe) + offset));
}

void emit_fp_compare(struct emitter *e, const struct ir_op *op)
{
    emit_fp(e, op);
    if (!op->save_flags)
        return;
    save_condition(e, CC_B, offsetof(struct flag_recipe, carry));
    save_condition(e, CC_E, offsetof(struct flag_recipe, result));
    save_condition(e, CC_P, offsetof(struct flag_recipe, result) + 1);
    asm_store_imm(&e->as, 4, CPU_FIELD(recipe.kind), RECIPE_COMPARE);
}
