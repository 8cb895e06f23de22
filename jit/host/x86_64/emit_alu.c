/* SPDX-License-Identifier: MIT */
/* Moves and arithmetic. Guest registers sit in their namesakes, so that most operations are one host
 * instruction; what needs care is AH to BH, which cannot be named beside registers 8 to 15, and the recipes
 * of flags. */
#include "core/base/assert.h"
#include "core/x86/flag_recipe.h"
#include "jit/host/x86_64/emit.h"

static bool is_high(unsigned value)
{
    return value >= IR_HIGH && value < IR_HIGH + 4;
}

/* Host register of a value that is one. AH to BH have the encodings 4 to 7. */
unsigned emit_reg(unsigned value)
{
    if (is_high(value))
        return value - IR_HIGH + 4;
    if (value >= IR_T0)
        return value == IR_T0 ? REG_T0 : value == IR_T1 ? REG_T1 : REG_T2;
    return pinned_reg(value);
}

static struct host_mem recipe_field(size_t offset)
{
    return cpu_at(offsetof(struct cpu, recipe) + offset);
}

#define RECIPE(field) recipe_field(offsetof(struct flag_recipe, field))

/* XCHG of the two bytes of a register: makes AH reachable as AL. Changes no flags. */
static void swap_bytes(struct emitter *e, unsigned high)
{
    unsigned low = high - IR_HIGH;
    asm_rr(&e->as, 1, 0x86, low, low + 4);
}

static unsigned low_of(unsigned high)
{
    return high - IR_HIGH;
}

/* Whether a value needs a REX prefix where it stands beside a byte register. */
static bool needs_rex(unsigned value)
{
    return value == IR_MEM || (value < IR_T0 && !is_high(value) && emit_reg(value) >= R8) ||
           (value >= IR_T0 && value < IR_MEM);
}

/* SIL, DIL and BPL look like DH, BH and CH without a REX prefix. */
static void force_rex(struct emitter *e, unsigned size, unsigned value)
{
    if (size == 1 && value >= GPR_SP && value <= GPR_DI)
        e->as.force_rex = true;
}

/* `opcode r/m, reg` in the byte form at opcode and the wide form after it. */
static void rm_reg(struct emitter *e, unsigned size, unsigned opcode, unsigned rm, unsigned reg)
{
    unsigned code = opcode | (size > 1 ? 1u : 0u);
    force_rex(e, size, reg);
    force_rex(e, size, rm);
    if (rm == IR_MEM)
        asm_rm(&e->as, size, code, emit_reg(reg), e->mem);
    else
        asm_rr(&e->as, size, code, emit_reg(reg), emit_reg(rm));
}

/* Opcode with /digit on an operand. */
static void rm_digit(struct emitter *e, unsigned size, unsigned opcode, unsigned digit, unsigned rm)
{
    unsigned code = opcode | (size > 1 ? 1u : 0u);
    force_rex(e, size, rm);
    if (rm == IR_MEM)
        asm_rm(&e->as, size, code, digit, e->mem);
    else
        asm_rr(&e->as, size, code, digit, emit_reg(rm));
}

/* Writes a value to a field of the recipe. Changes no flags; a value in memory goes through T0. */
static void save_value(struct emitter *e, unsigned size, struct host_mem field, unsigned value, int64_t imm)
{
    if (value == IR_IMM) {
        asm_store_imm(&e->as, size, field, (int32_t)imm);
    } else if (is_high(value)) {
        swap_bytes(e, value);
        asm_store(&e->as, 1, field, low_of(value));
        swap_bytes(e, value);
    } else if (value == IR_MEM) {
        asm_rm(&e->as, size, size == 1 ? 0x8A : 0x8B, REG_T0, e->mem);
        asm_store(&e->as, size, field, REG_T0);
    } else {
        asm_store(&e->as, size, field, emit_reg(value));
    }
}

static void save_carry(struct emitter *e)
{
    asm_rm(&e->as, 1, 0x0F92, 0, RECIPE(carry));
}

static void save_kind(struct emitter *e, unsigned kind, unsigned size)
{
    _Static_assert(offsetof(struct flag_recipe, overrides) == offsetof(struct flag_recipe, kind) + 2,
                   "one store");
    asm_store_imm(&e->as, 4, RECIPE(kind), (int32_t)(kind + emit_log2(size)));
}

/* What must be noted before the operation overwrites it. */
static void save_before(struct emitter *e, const struct ir_op *op)
{
    if (!op->save_flags)
        return;
    switch (op->code) {
    case IR_ADC:
    case IR_SBB: save_carry(e); /* fall through */
    case IR_ADD:
    case IR_SUB: save_value(e, op->size, RECIPE(operand), op->a, op->imm); break;
    case IR_CMP:
        save_value(e, op->size, RECIPE(operand), op->a, op->imm);
        save_value(e, op->size, RECIPE(result), op->d, 0);
        break;
    case IR_NEG:
    case IR_SHLD:
    case IR_SHRD: save_value(e, op->size, RECIPE(operand), op->d, 0); break;
    case IR_CMPXCHG:
        save_value(e, op->size, RECIPE(operand), IR_MEM, 0);
        save_value(e, op->size, RECIPE(result), GPR_AX, 0);
        break;
    case IR_XADD: save_value(e, op->size, RECIPE(operand), op->a, 0); break;
    default: break;
    }
}

static unsigned recipe_of(unsigned code)
{
    switch (code) {
    case IR_XADD:
    case IR_ADD: return RECIPE_ADD;
    case IR_ADC: return RECIPE_ADC;
    case IR_SUB:
    case IR_NEG: return RECIPE_SUB;
    case IR_SBB: return RECIPE_SBB;
    case IR_CMPXCHG:
    case IR_CMP: return RECIPE_CMP;
    case IR_SHLD:
    case IR_SHRD: return RECIPE_DSHIFT;
    case IR_INC: return RECIPE_INC;
    case IR_DEC: return RECIPE_DEC;
    case IR_SHL: return RECIPE_SHL;
    case IR_SHR: return RECIPE_SHR;
    case IR_SAR: return RECIPE_SAR;
    case IR_IMUL:
    case IR_MUL:
    case IR_IMULW: return RECIPE_IMUL;
    default: return RECIPE_LOGIC;
    }
}

static bool has_carry_after(unsigned kind)
{
    return kind >= RECIPE_INC;
}

static void save_after(struct emitter *e, const struct ir_op *op)
{
    if (!op->save_flags)
        return;
    unsigned kind = recipe_of(op->code);
    if (op->code == IR_TEST)
        ASSERT(op->d != IR_NONE);
    else if (kind != RECIPE_CMP)
        save_value(e, op->size, RECIPE(result), op->d, 0);
    if (has_carry_after(kind))
        save_carry(e);
    save_kind(e, kind, op->size);
}

/* Where the operand in memory is found by a register that is about to change, in R8 from now on. Changes no
 * flags. */
static void hold_address(struct emitter *e, const struct ir_op *op, unsigned reg)
{
    if ((op->d != IR_MEM && op->a != IR_MEM) || e->mem.index != reg)
        return;
    asm_lea(&e->as, 8, REG_ADDRESS, e->mem);
    e->mem = mem_base((enum host_reg)REG_ADDRESS, 0);
}

/* d op= a where at most one of the two is AH to BH and the other one may need REX: through AL to BL. */
static void with_swap(struct emitter *e, const struct ir_op *op,
                      void (*emit)(struct emitter *, const struct ir_op *))
{
    struct ir_op low = *op;
    unsigned high = is_high(op->d) ? op->d : op->a;
    if (is_high(op->d))
        low.d = (uint8_t)low_of(op->d);
    else
        low.a = (uint8_t)low_of(op->a);
    hold_address(e, op, low_of(high));
    swap_bytes(e, high);
    emit(e, &low);
    swap_bytes(e, high);
}

static bool wants_swap(const struct ir_op *op)
{
    return (is_high(op->d) && needs_rex(op->a)) || (is_high(op->a) && needs_rex(op->d));
}

static void plain_move(struct emitter *e, const struct ir_op *op)
{
    if (op->a == IR_IMM) {
        if (op->d != IR_MEM && op->size >= 4) {
            asm_mov_imm(&e->as, emit_reg(op->d), op->size == 4 ? (uint32_t)op->imm : (uint64_t)op->imm);
            return;
        }
        rm_digit(e, op->size, 0xC6, 0, op->d);
        asm_imm(&e->as, op->size, op->imm);
    } else if (op->a == IR_MEM) {
        rm_reg(e, op->size, 0x8A, IR_MEM, op->d);
    } else {
        rm_reg(e, op->size, 0x88, op->d, op->a);
    }
}

void emit_move(struct emitter *e, const struct ir_op *op)
{
    if (wants_swap(op))
        with_swap(e, op, plain_move);
    else
        plain_move(e, op);
}

static void plain_extend(struct emitter *e, const struct ir_op *op)
{
    unsigned opcode = (op->code == IR_MOVZX ? 0x0FB6 : 0x0FBE) | (op->source_size == 2 ? 1u : 0u);
    if (op->source_size == 4)
        opcode = op->code == IR_MOVZX ? 0x8B : 0x63;
    force_rex(e, op->source_size, op->a);
    if (op->a == IR_MEM)
        asm_rm(&e->as, op->size, opcode, emit_reg(op->d), e->mem);
    else
        asm_rr(&e->as, op->size, opcode, emit_reg(op->d), emit_reg(op->a));
}

void emit_extend(struct emitter *e, const struct ir_op *op)
{
    if (!is_high(op->a) || !needs_rex(op->d)) {
        plain_extend(e, op);
        return;
    }
    struct ir_op low = *op;
    low.a = (uint8_t)low_of(op->a);
    swap_bytes(e, op->a);
    plain_extend(e, &low);
    swap_bytes(e, op->a);
}

static void alu_imm(struct emitter *e, const struct ir_op *op)
{
    unsigned digit = op->code - IR_ADD;
    if (op->code == IR_TEST) {
        rm_digit(e, op->size, 0xF6, 0, op->d);
        asm_imm(&e->as, op->size, op->imm);
    } else if (op->size > 1 && op->imm == (int8_t)op->imm) {
        rm_digit(e, op->size, 0x82, digit, op->d);
        asm_imm(&e->as, 1, op->imm);
    } else {
        rm_digit(e, op->size, 0x80, digit, op->d);
        asm_imm(&e->as, op->size, op->imm);
    }
}

static void plain_binary(struct emitter *e, const struct ir_op *op)
{
    unsigned opcode = op->code == IR_TEST ? 0x84 : (unsigned)(op->code - IR_ADD) << 3;
    if (op->a == IR_IMM)
        alu_imm(e, op);
    else if (op->a == IR_MEM)
        rm_reg(e, op->size, op->code == IR_TEST ? 0x84 : opcode | 2, IR_MEM, op->d);
    else
        rm_reg(e, op->size, opcode, op->d, op->a);
}

/* TEST whose flags are kept: the conjunction is computed in T0, which leaves the same flags. */
static void test_and_save(struct emitter *e, const struct ir_op *op)
{
    struct ir_op conjunction = *op;
    if (op->a == op->d) {
        save_value(e, op->size, RECIPE(result), op->d, 0);
        plain_binary(e, op);
        return;
    }
    conjunction.d = IR_T0;
    if (is_high(op->d))
        swap_bytes(e, op->d);
    struct ir_op load = {.code = IR_MOV, .size = op->size, .d = IR_T0, .a = op->d};
    if (is_high(op->d))
        load.a = (uint8_t)low_of(op->d);
    plain_move(e, &load);
    if (is_high(op->d))
        swap_bytes(e, op->d);
    conjunction.code = IR_AND;
    if (wants_swap(&conjunction))
        with_swap(e, &conjunction, plain_binary);
    else
        plain_binary(e, &conjunction);
    asm_store(&e->as, op->size, RECIPE(result), REG_T0);
}

void emit_binary(struct emitter *e, const struct ir_op *op)
{
    save_before(e, op);
    if (op->code == IR_TEST && op->save_flags)
        test_and_save(e, op);
    else if (wants_swap(op))
        with_swap(e, op, plain_binary);
    else
        plain_binary(e, op);
    save_after(e, op);
}

void emit_unary(struct emitter *e, const struct ir_op *op)
{
    static const uint8_t digits[] = {
        [IR_INC - IR_INC] = 0, [IR_DEC - IR_INC] = 1, [IR_NEG - IR_INC] = 3, [IR_NOT - IR_INC] = 2};
    bool step = op->code == IR_INC || op->code == IR_DEC;
    save_before(e, op);
    rm_digit(e, op->size, step ? 0xFE : 0xF6, digits[op->code - IR_INC], op->d);
    if (op->code != IR_NOT)
        save_after(e, op);
}

/* Goes around what follows where CL shifts by nothing: then no flag changes, and the recipe stays as it is. A
 * register's upper half is cleared even then. */
static uint8_t *skip_empty_shift(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    if (op->size == 4 && op->d != IR_MEM)
        asm_mov_rr(as, 4, emit_reg(op->d), emit_reg(op->d));
    if (!op->save_flags)
        return NULL;
    asm_rr(as, 1, 0xF6, 0, RCX);
    asm_byte(as, op->size == 8 ? 63 : 31);
    return asm_jcc(as, CC_E, NULL);
}

static void end_skip(struct emitter *e, uint8_t *skip)
{
    if (skip)
        asm_patch(e->as.to_exec, skip, asm_here(&e->as));
}

static void shift_by_cl(struct emitter *e, const struct ir_op *op, unsigned digit)
{
    uint8_t *skip = op->save_flags ? skip_empty_shift(e, op) : NULL;
    rm_digit(e, op->size, 0xD2, digit, op->d);
    save_after(e, op);
    end_skip(e, skip);
}

/* CF and OF follow from the rotated value; the other flags are as the recipe says. */
static void save_rotation(struct emitter *e, const struct ir_op *op)
{
    unsigned kind = op->code == IR_ROL ? ROTATION_LEFT : ROTATION_RIGHT;
    if (!op->save_flags)
        return;
    _Static_assert(offsetof(struct flag_recipe, rotation) == offsetof(struct flag_recipe, overrides) + 1,
                   "one store");
    save_value(e, op->size, RECIPE(rotated), op->d, 0);
    asm_store_imm(&e->as, 2, RECIPE(overrides), (int32_t)((kind + emit_log2(op->size)) << 8));
}

void emit_shift(struct emitter *e, const struct ir_op *op)
{
    static const uint8_t digits[] = {0, 1, 4, 5, 7};
    unsigned digit = digits[op->code - IR_ROL];
    if (op->a == GPR_CX) {
        shift_by_cl(e, op, digit);
        return;
    }
    if (op->imm == 1) {
        rm_digit(e, op->size, 0xD0, digit, op->d);
    } else {
        rm_digit(e, op->size, 0xC0, digit, op->d);
        asm_byte(&e->as, (unsigned)op->imm);
    }
    if (ir_info[op->code].carry_alone)
        save_rotation(e, op);
    else
        save_after(e, op);
}

void emit_imul(struct emitter *e, const struct ir_op *op)
{
    unsigned to = emit_reg(op->d);
    unsigned opcode = !op->has_imm ? 0x0FAF : op->imm == (int8_t)op->imm ? 0x6B : 0x69;
    if (op->a == IR_MEM)
        asm_rm(&e->as, op->size, opcode, to, e->mem);
    else
        asm_rr(&e->as, op->size, opcode, to, emit_reg(op->a));
    if (op->has_imm)
        asm_imm(&e->as, opcode == 0x6B ? 1 : op->size, op->imm);
    save_after(e, op);
}

void emit_multiply(struct emitter *e, const struct ir_op *op)
{
    rm_digit(e, op->size, 0xF6, op->code == IR_MUL ? 4 : 5, op->a);
    save_after(e, op);
}

void emit_setcc(struct emitter *e, const struct ir_op *op)
{
    force_rex(e, 1, op->d);
    if (op->d == IR_MEM)
        asm_rm(&e->as, 1, 0x0F90 | op->cond, 0, e->mem);
    else
        asm_rr(&e->as, 1, 0x0F90 | op->cond, 0, emit_reg(op->d));
}

void emit_cmov(struct emitter *e, const struct ir_op *op)
{
    if (op->a == IR_MEM)
        asm_rm(&e->as, op->size, 0x0F40 | op->cond, emit_reg(op->d), e->mem);
    else
        asm_rr(&e->as, op->size, 0x0F40 | op->cond, emit_reg(op->d), emit_reg(op->a));
}

void emit_xchg(struct emitter *e, const struct ir_op *op)
{
    rm_reg(e, op->size, 0x86, op->d, op->a);
}

void emit_sign(struct emitter *e, const struct ir_op *op)
{
    asm_mov_rr(&e->as, op->size, emit_reg(op->d), emit_reg(op->a));
    rm_digit(e, op->size, 0xC0, 7, op->d);
    asm_byte(&e->as, op->size * 8u - 1);
}

/* CMPXCHG and XADD on memory. */
void emit_exchange(struct emitter *e, const struct ir_op *op)
{
    save_before(e, op);
    hold_address(e, op, emit_reg(op->a));
    rm_reg(e, op->size, op->code == IR_XADD ? 0x0FC0 : 0x0FB0, op->d, op->a);
    if (op->save_flags && op->code == IR_XADD)
        save_value(e, op->size, RECIPE(result), op->d, 0);
    if (op->save_flags)
        save_kind(e, recipe_of(op->code), op->size);
}

void emit_double_shift(struct emitter *e, const struct ir_op *op)
{
    bool by_cl = ir_shifts_by_cl(op);
    unsigned opcode = (op->code == IR_SHLD ? 0x0FA4u : 0x0FACu) + by_cl;
    uint8_t *skip = by_cl ? skip_empty_shift(e, op) : NULL;
    save_before(e, op);
    asm_rr(&e->as, op->size, opcode, emit_reg(op->a), emit_reg(op->d));
    if (!by_cl)
        asm_byte(&e->as, (unsigned)op->imm);
    save_after(e, op);
    end_skip(e, skip);
}

/* A value of a recipe that is written late: guest registers that are not pinned come from struct cpu. */
static void save_late_value(struct emitter *e, unsigned size, struct host_mem field, unsigned value,
                            int64_t imm)
{
    if (value >= PINNED && value < IR_HIGH) {
        asm_load(&e->as, 8, REG_T0, cpu_at(offsetof(struct cpu, gpr) + 8 * value));
        value = IR_T0;
    }
    save_value(e, size, field, value, imm);
}

/* The conjunction that TEST made. */
static void save_late_test(struct emitter *e, const struct ir_op *op)
{
    struct host_mem result = RECIPE(result);
    save_late_value(e, op->size, result, op->d, 0);
    if (op->a == op->d)
        return;
    if (op->a == IR_IMM) {
        asm_rm(&e->as, op->size, op->size == 1 ? 0x80 : 0x81, 4, result);
        asm_imm(&e->as, op->size, op->imm);
        return;
    }
    save_late_value(e, op->size, RECIPE(operand), op->a, 0);
    asm_load(&e->as, 8, REG_T0, RECIPE(operand));
    asm_rm(&e->as, op->size, op->size == 1 ? 0x20 : 0x21, REG_T0, result);
}

void emit_late_save(struct emitter *e, const struct ir_op *op)
{
    unsigned kind = recipe_of(op->code);
    if (op->code == IR_TEST) {
        save_late_test(e, op);
    } else {
        if (has_carry_after(kind)) {
            asm_call(&e->as, e->jit->routines.flags);
            save_carry(e);
        } else if (kind != RECIPE_LOGIC) {
            save_late_value(e, op->size, RECIPE(operand), op->a, op->imm);
        }
        save_late_value(e, op->size, RECIPE(result), op->d, 0);
    }
    save_kind(e, kind, op->size);
}
