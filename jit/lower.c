/* SPDX-License-Identifier: MIT */
#include "jit/lower.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/regs.h"
#include "jit/host/host.h"
#include "jit/ir.h"
#include "jit/lower_private.h"

struct row_lowering {
    struct fp_form fp;
    lower_fn *lower; /* NULL: none */
    uint8_t code;    /* enum ir_code, where the function serves several */
    uint8_t shape;
};

struct lowering {
    struct row_lowering *rows;
    bool short_push;
};

struct ir_op *lower_add(struct lower *l, enum ir_code code, unsigned size, unsigned d, unsigned a)
{
    struct ir_op *op = ir_add(l->ir, code, size, d, a);
    op->insn = (uint8_t)l->number;
    return op;
}

static bool is_wide(const struct lower *l)
{
    return l->assume->mode == MODE_64;
}

static uint8_t address_part(unsigned gpr)
{
    return gpr == GPR_ZERO ? IR_NONE : (uint8_t)gpr;
}

struct ir_address lower_operand_address(const struct lower *l)
{
    const struct insn *insn = l->insn;
    if (insn->base == GPR_RIP)
        return (struct ir_address){.base = IR_NONE,
                                   .index = IR_NONE,
                                   .seg = insn->seg,
                                   .bits = (uint8_t)(64 - insn->addr_shift),
                                   .disp = (int64_t)(l->rip + (uint64_t)(int64_t)insn->disp)};
    return (struct ir_address){.base = address_part(insn->base),
                               .index = address_part(insn->index),
                               .scale = insn->scale,
                               .seg = insn->seg,
                               .bits = (uint8_t)(64 - insn->addr_shift),
                               .disp = insn->disp};
}

/* Bytes of the stack pointer. */
static unsigned stack_bytes(const struct lower *l)
{
    return is_wide(l) ? 8 : l->assume->wide_stack ? 4 : 2;
}

static struct ir_address stack_address(const struct lower *l, int32_t disp)
{
    return (struct ir_address){
        .base = GPR_SP, .index = IR_NONE, .seg = SEG_SS, .bits = (uint8_t)(8 * stack_bytes(l)), .disp = disp};
}

void lower_probe(struct lower *l, enum ir_access access, unsigned size, struct ir_address address)
{
    struct ir_op *op = lower_add(l, IR_PROBE, size, IR_NONE, IR_NONE);
    op->access = (uint8_t)access;
    op->address = address;
}

static void move_stack(struct lower *l, int32_t delta)
{
    lower_add(l, IR_LEA, stack_bytes(l), GPR_SP, IR_NONE)->address = stack_address(l, delta);
}

/* The r/m operand, made accessible. */
unsigned lower_rm(struct lower *l, enum ir_access access, unsigned size)
{
    if (!(l->insn->flags & INSN_MEM))
        return l->insn->rm;
    lower_probe(l, access, size, lower_operand_address(l));
    return IR_MEM;
}

static bool lower_alu(struct lower *l)
{
    unsigned size = l->insn->op_size;
    bool compares = l->code == IR_CMP || l->code == IR_TEST;
    enum ir_access access = compares || l->shape == SHAPE_R_RM ? IR_READ : IR_MODIFY;
    unsigned rm = lower_rm(l, access, size);
    if (l->shape == SHAPE_RM_I)
        lower_add(l, l->code, size, rm, IR_IMM)->imm = (int64_t)insn_imm(l->insn);
    else if (l->shape == SHAPE_R_RM)
        lower_add(l, l->code, size, l->insn->reg, rm);
    else
        lower_add(l, l->code, size, rm, l->insn->reg);
    return true;
}

static bool lower_unary(struct lower *l)
{
    unsigned rm = lower_rm(l, IR_MODIFY, l->insn->op_size);
    lower_add(l, l->code, l->insn->op_size, rm, IR_NONE);
    return true;
}

/* By an immediate below the operand's size, or by CL. */
static bool lower_shift(struct lower *l)
{
    unsigned size = l->insn->op_size, count = (unsigned)insn_imm(l->insn) & (size == 8 ? 63 : 31);
    if (l->shape == SHAPE_RM_CL) {
        if (size < 4)
            return false;
        unsigned shifted = lower_rm(l, IR_MODIFY, size);
        lower_add(l, l->code, size, shifted, GPR_CX);
        return true;
    }
    if (!count || count >= size * 8)
        return false;
    unsigned rm = lower_rm(l, IR_MODIFY, size);
    lower_add(l, l->code, size, rm, IR_IMM)->imm = count;
    return true;
}

static bool lower_mov(struct lower *l)
{
    unsigned size = l->insn->op_size;
    if (l->shape == SHAPE_R_RM) {
        unsigned rm = lower_rm(l, IR_READ, size);
        lower_add(l, IR_MOV, size, l->insn->reg, rm);
        return true;
    }
    unsigned rm = lower_rm(l, IR_WRITE, size);
    if (l->shape == SHAPE_RM_I)
        lower_add(l, IR_MOV, size, rm, IR_IMM)->imm = (int64_t)insn_imm(l->insn);
    else
        lower_add(l, IR_MOV, size, rm, l->insn->reg);
    return true;
}

static bool lower_mov_wide(struct lower *l)
{
    lower_add(l, IR_MOV, l->insn->op_size, l->insn->rm, IR_IMM)->imm = (int64_t)l->insn->wide;
    return true;
}

static bool lower_extend(struct lower *l)
{
    unsigned source = l->insn->opcode == 0x63 ? 4 : l->insn->opcode & 1 ? 2 : 1;
    unsigned rm = lower_rm(l, IR_READ, source);
    lower_add(l, l->code, l->insn->op_size, l->insn->reg, rm)->source_size = (uint8_t)source;
    return true;
}

static bool lower_lea(struct lower *l)
{
    if (!(l->insn->flags & INSN_MEM))
        return false;
    lower_add(l, IR_LEA, l->insn->op_size, l->insn->reg, IR_NONE)->address = lower_operand_address(l);
    return true;
}

static bool lower_nop(struct lower *l)
{
    (void)l;
    return true;
}

static bool lower_imul(struct lower *l)
{
    unsigned size = l->insn->op_size;
    unsigned rm = lower_rm(l, IR_READ, size);
    struct ir_op *op = lower_add(l, IR_IMUL, size, l->insn->reg, rm);
    if (l->shape == SHAPE_R_RM_I) {
        op->has_imm = true;
        op->imm = (int64_t)insn_imm(l->insn);
    }
    return true;
}

static bool lower_multiply(struct lower *l)
{
    if (l->shape != SHAPE_RM)
        return lower_imul(l);
    unsigned rm = lower_rm(l, IR_READ, l->insn->op_size);
    lower_add(l, l->code == IR_MUL ? IR_MUL : IR_IMULW, l->insn->op_size, GPR_AX, rm);
    return true;
}

static bool lower_cbw(struct lower *l)
{
    unsigned size = l->insn->op_size;
    lower_add(l, IR_MOVSX, size, GPR_AX, GPR_AX)->source_size = (uint8_t)(size / 2);
    return true;
}

static bool lower_cwd(struct lower *l)
{
    lower_add(l, IR_SIGN, l->insn->op_size, GPR_DX, GPR_AX);
    return true;
}

static bool lower_bswap(struct lower *l)
{
    if (l->insn->op_size < 4)
        return false;
    lower_add(l, IR_BSWAP, l->insn->op_size, l->insn->rm, IR_NONE);
    return true;
}

static bool lower_setcc(struct lower *l)
{
    unsigned rm = lower_rm(l, IR_WRITE, 1);
    lower_add(l, IR_SETCC, 1, rm, IR_NONE)->cond = l->insn->opcode & 15;
    return true;
}

static bool lower_cmov(struct lower *l)
{
    unsigned size = l->insn->op_size;
    unsigned rm = lower_rm(l, IR_READ, size);
    lower_add(l, IR_CMOV, size, l->insn->reg, rm)->cond = l->insn->opcode & 15;
    return true;
}

void lower_push_value(struct lower *l, unsigned size, unsigned value)
{
    lower_probe(l, IR_WRITE, size, stack_address(l, -(int32_t)size));
    lower_add(l, IR_MOV, size, IR_MEM, value)->imm = (int64_t)insn_imm(l->insn);
    move_stack(l, -(int32_t)size);
}

static bool lower_push(struct lower *l)
{
    if (l->insn->flags & INSN_MEM)
        return lower_push_memory(l);
    lower_push_value(l, l->insn->op_size, l->shape == SHAPE_RM ? l->insn->rm : IR_IMM);
    return true;
}

static bool lower_pop(struct lower *l)
{
    unsigned size = l->insn->op_size;
    if (l->insn->flags & INSN_MEM || insn_table[l->insn->row].op)
        return false;
    lower_probe(l, IR_READ, size, stack_address(l, 0));
    move_stack(l, (int32_t)size);
    lower_add(l, IR_MOV, size, l->insn->rm, IR_MEM);
    return true;
}

static bool lower_leave(struct lower *l)
{
    unsigned size = l->insn->op_size;
    if (stack_bytes(l) != size || size < 4)
        return false;
    struct ir_address frame = stack_address(l, 0);
    frame.base = GPR_BP;
    lower_probe(l, IR_READ, size, frame);
    frame.disp = size;
    lower_add(l, IR_LEA, size, GPR_SP, IR_NONE)->address = frame;
    lower_add(l, IR_MOV, size, GPR_BP, IR_MEM);
    return true;
}

static uint64_t cut_target(const struct lower *l, uint64_t target)
{
    unsigned size = l->insn->op_size;
    return size == 2 ? (uint16_t)target : size == 4 ? (uint32_t)target : target;
}

static uint64_t next_rip(const struct lower *l)
{
    return l->rip + l->insn->offset + l->insn->length;
}

static uint64_t branch_target(const struct lower *l)
{
    return cut_target(l, l->rip + l->insn->wide);
}

static void jump(struct lower *l, uint64_t target)
{
    if (l->goes_on && target == l->next)
        return;
    lower_add(l, IR_JUMP, 0, IR_NONE, IR_NONE)->target = target;
}

void lower_go_on(struct lower *l)
{
    jump(l, next_rip(l));
}

static bool reachable(const struct lower *l, uint64_t target)
{
    if (is_wide(l))
        return ((int64_t)(target << 16) >> 16) == (int64_t)target;
    return target < l->assume->code_end;
}

/* A branch to its target where `cond` holds. The side that goes on in the block is the one that falls
 * through. */
static void branch(struct lower *l, enum ir_code code, unsigned size, unsigned a, unsigned cond)
{
    uint64_t taken = branch_target(l), fallen = next_rip(l);
    bool turned = l->goes_on && l->next == taken;
    struct ir_op *op = lower_add(l, code, size, IR_NONE, a);
    op->cond = (uint8_t)(turned ? cond ^ 1 : cond);
    op->target = turned ? fallen : taken;
    jump(l, turned ? taken : fallen);
}

static bool lower_jcc(struct lower *l)
{
    if (!reachable(l, branch_target(l)))
        return false;
    branch(l, IR_BRANCH, 0, IR_NONE, l->insn->opcode & 15);
    return true;
}

static bool lower_loop(struct lower *l)
{
    unsigned size = 8 - l->insn->addr_shift / 8u;
    if (!reachable(l, branch_target(l)))
        return false;
    if (l->code == IR_LEA)
        lower_add(l, IR_LEA, size, GPR_CX, IR_NONE)->address = (struct ir_address){
            .base = GPR_CX, .index = IR_NONE, .seg = SEG_DS, .bits = (uint8_t)(size * 8), .disp = -1};
    branch(l, IR_BRANCHZ, size, GPR_CX, l->code == IR_LEA ? 5 : 4);
    return true;
}

static bool lower_jump(struct lower *l)
{
    if (!reachable(l, branch_target(l)))
        return false;
    jump(l, branch_target(l));
    return true;
}

/* The near pointer in the r/m operand, in T1. */
static void load_target(struct lower *l, unsigned from)
{
    unsigned size = l->insn->op_size;
    if (size == 8)
        lower_add(l, IR_MOV, 8, IR_T1, from);
    else
        lower_add(l, IR_MOVZX, 4, IR_T1, from)->source_size = (uint8_t)size;
    if (is_wide(l))
        lower_add(l, IR_CHECK, 8, IR_NONE, IR_T1);
    else if (l->assume->code_end <= (l->insn->op_size == 2 ? UINT16_MAX : UINT32_MAX))
        lower_add(l, IR_CHECK, 4, IR_NONE, IR_T1);
}

static void go_to_target(struct lower *l)
{
    lower_add(l, IR_GOTO, 4, IR_NONE, IR_T1);
}

static bool lower_jump_rm(struct lower *l)
{
    load_target(l, lower_rm(l, IR_READ, l->insn->op_size));
    go_to_target(l);
    return true;
}

static void push_return(struct lower *l)
{
    unsigned size = l->insn->op_size;
    lower_probe(l, IR_WRITE, size, stack_address(l, -(int32_t)size));
    lower_add(l, IR_MOV, size, IR_MEM, IR_IMM)->imm = (int64_t)next_rip(l);
    move_stack(l, -(int32_t)size);
}

static bool lower_call(struct lower *l)
{
    if (l->shape == SHAPE_RM) {
        load_target(l, lower_rm(l, IR_READ, l->insn->op_size));
        push_return(l);
        go_to_target(l);
        return true;
    }
    if (!reachable(l, branch_target(l)))
        return false;
    push_return(l);
    jump(l, branch_target(l));
    return true;
}

static bool lower_ret(struct lower *l)
{
    unsigned size = l->insn->op_size;
    lower_probe(l, IR_READ, size, stack_address(l, 0));
    load_target(l, IR_MEM);
    move_stack(l, (int32_t)(size + (l->insn->opcode == 0xC2 ? (uint16_t)insn_imm(l->insn) : 0)));
    go_to_target(l);
    return true;
}

static const struct {
    const char *mnemonic;
    const char *operands; /* only rows with these; NULL: all */
    lower_fn *lower;
    uint8_t code;
} known[] = {
    {"ADD", NULL, lower_alu, IR_ADD},
    {"OR", NULL, lower_alu, IR_OR},
    {"ADC", NULL, lower_alu, IR_ADC},
    {"SBB", NULL, lower_alu, IR_SBB},
    {"AND", NULL, lower_alu, IR_AND},
    {"SUB", NULL, lower_alu, IR_SUB},
    {"XOR", NULL, lower_alu, IR_XOR},
    {"CMP", NULL, lower_alu, IR_CMP},
    {"TEST", NULL, lower_alu, IR_TEST},
    {"INC", NULL, lower_unary, IR_INC},
    {"DEC", NULL, lower_unary, IR_DEC},
    {"NEG", NULL, lower_unary, IR_NEG},
    {"NOT", NULL, lower_unary, IR_NOT},
    {"ROL", NULL, lower_shift, IR_ROL},
    {"ROR", NULL, lower_shift, IR_ROR},
    {"SHL", NULL, lower_shift, IR_SHL},
    {"SHR", NULL, lower_shift, IR_SHR},
    {"SAR", NULL, lower_shift, IR_SAR},
    {"MOV", "Eb,Gb", lower_mov, 0},
    {"MOV", "Ev,Gv", lower_mov, 0},
    {"MOV", "Gb,Eb", lower_mov, 0},
    {"MOV", "Gv,Ev", lower_mov, 0},
    {"MOV", "AL,Ob", lower_mov, 0},
    {"MOV", "eAX,Ov", lower_mov, 0},
    {"MOV", "Ob,AL", lower_mov, 0},
    {"MOV", "Ov,eAX", lower_mov, 0},
    {"MOV", "Zb,Ib", lower_mov, 0},
    {"MOV", "Zv,Iv", lower_mov_wide, 0},
    {"MOV", "Eb,Ib", lower_mov, 0},
    {"MOV", "Ev,Iz", lower_mov, 0},
    {"MOV", "Ev,Sw", lower_from_segment, 0},
    {"MOVZX", NULL, lower_extend, IR_MOVZX},
    {"MOVSX", NULL, lower_extend, IR_MOVSX},
    {"MOVSXD", NULL, lower_extend, IR_MOVSX},
    {"LEA", NULL, lower_lea, 0},
    {"XCHG", NULL, lower_xchg, 0},
    {"PREFETCHNTA", NULL, lower_nop, 0},
    {"PREFETCHT0", NULL, lower_nop, 0},
    {"PREFETCHT1", NULL, lower_nop, 0},
    {"PREFETCHT2", NULL, lower_nop, 0},
    {"NOP", NULL, lower_nop, 0},
    {"MUL", NULL, lower_multiply, IR_MUL},
    {"IMUL", NULL, lower_multiply, IR_IMULW},
    {"DIV", NULL, lower_divide, IR_DIV},
    {"IDIV", NULL, lower_divide, IR_IDIV},
    {"SHLD", NULL, lower_double_shift, IR_SHLD},
    {"SHRD", NULL, lower_double_shift, IR_SHRD},
    {"BT", NULL, lower_bit, IR_BT},
    {"BTS", NULL, lower_bit, IR_BTS},
    {"BTR", NULL, lower_bit, IR_BTR},
    {"BTC", NULL, lower_bit, IR_BTC},
    {"BSF", NULL, lower_scan, IR_BSF},
    {"BSR", NULL, lower_scan, IR_BSR},
    {"CMPXCHG", NULL, lower_exchange, IR_CMPXCHG},
    {"XADD", NULL, lower_exchange, IR_XADD},
    {"CLC", NULL, lower_set_carry, 0},
    {"STC", NULL, lower_set_carry, 0},
    {"CMC", NULL, lower_set_carry, 0},
    {"CLD", NULL, lower_set_direction, 0},
    {"STD", NULL, lower_set_direction, 0},
    {"CLI", NULL, lower_interrupt_flag, 0},
    {"STI", NULL, lower_interrupt_flag, 0},
    {"CBW", NULL, lower_cbw, 0},
    {"CWD", NULL, lower_cwd, 0},
    {"BSWAP", NULL, lower_bswap, 0},
    {"PUSH", "Zv", lower_push, 0},
    {"PUSH", "Ev", lower_push, 0},
    {"PUSH", "Iz", lower_push, 0},
    {"PUSH", "Ibs", lower_push, 0},
    {"PUSH", "ES", lower_push_segment, 0},
    {"PUSH", "CS", lower_push_segment, 0},
    {"PUSH", "SS", lower_push_segment, 0},
    {"PUSH", "DS", lower_push_segment, 0},
    {"PUSH", "FS", lower_push_segment, 0},
    {"PUSH", "GS", lower_push_segment, 0},
    {"POP", "Zv", lower_pop, 0},
    {"LEAVE", NULL, lower_leave, 0},
    {"LOOP", NULL, lower_loop, IR_LEA},
    {"JCXZ", NULL, lower_loop, IR_BRANCHZ},
    {"JMP", "Jb", lower_jump, 0},
    {"JMP", "Jz", lower_jump, 0},
    {"JMP", "Ev", lower_jump_rm, 0},
    {"CALL", NULL, lower_call, 0},
    {"RET", NULL, lower_ret, 0},
    {"MOVS", NULL, lower_string, 0},
    {"CMPS", NULL, lower_string, 0},
    {"STOS", NULL, lower_string, 0},
    {"LODS", NULL, lower_string, 0},
    {"SCAS", NULL, lower_string, 0},
    {"INS", NULL, lower_string, 0},
    {"OUTS", NULL, lower_string, 0},
};

static enum shape shape_of(const char *operands)
{
    const char *second = strchr(operands, ',');
    if (!*operands)
        return SHAPE_NONE;
    if (!second)
        return *operands == 'E' || *operands == 'Z' ? SHAPE_RM : SHAPE_NONE;
    second++;
    if (strchr(second, ','))
        return SHAPE_R_RM_I;
    if (*second == 'I' || *second == '1')
        return SHAPE_RM_I;
    if (!strcmp(second, "CL"))
        return SHAPE_RM_CL;
    return *operands == 'G' || *second == 'O' ? SHAPE_R_RM : SHAPE_RM_R;
}

static bool is_condition(const struct insn_row *row, const char *stem)
{
    return !strncmp(row->mnemonic, stem, strlen(stem)) && row->flags_read && !row->flags_written;
}

static struct row_lowering find_lowering(const struct insn_row *row)
{
    struct row_lowering found = {.shape = (uint8_t)shape_of(row->operands)};
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!strcmp(known[i].mnemonic, row->mnemonic) &&
            (!known[i].operands || !strcmp(known[i].operands, row->operands))) {
            found.lower = known[i].lower;
            found.code = known[i].code;
            return found;
        }
    }
    found.fp = fp_form_of(row);
    if (found.fp.parts && !host_executes((enum insn_feature)row->feature))
        found.fp.parts = 0;
    if (row->class == CLASS_BRANCH && *row->mnemonic == 'J' && is_condition(row, "J"))
        found.lower = lower_jcc;
    else if (is_condition(row, "SET"))
        found.lower = lower_setcc;
    else if (is_condition(row, "CMOV"))
        found.lower = lower_cmov;
    return found;
}

struct lowering *lowering_new(bool short_push)
{
    struct lowering *lowering = alloc_zeroed(sizeof *lowering);
    lowering->short_push = short_push;
    lowering->rows = alloc_array(insn_table_rows, sizeof *lowering->rows);
    for (unsigned i = 0; i < insn_table_rows; i++)
        lowering->rows[i] = find_lowering(&insn_table[i]);
    return lowering;
}

void lowering_free(struct lowering *lowering)
{
    if (!lowering)
        return;
    alloc_free(lowering->rows);
    alloc_free(lowering);
}

/* An offset that no displacement holds. */
static bool has_far_offset(const struct insn *insn)
{
    return insn->flags & INSN_MEM && insn->base == GPR_FAR;
}

static bool row_is_branch(const struct insn *insn)
{
    return insn_table[insn->row].class == CLASS_BRANCH;
}

bool lower_is_invalid(const struct insn *insn)
{
    return insn->fn == exec_undefined || insn->fn == exec_too_long;
}

bool lower_touches_fp(const struct insn_row *row)
{
    return (row->feature >= FEATURE_MMX && row->feature != FEATURE_NOPL) || row->feature == FEATURE_FPU ||
           row->feature == FEATURE_FCMOV;
}

static void lower_insn(struct lower *l, const struct lowering *lowering)
{
    const struct row_lowering *row = &lowering->rows[l->insn->row];
    unsigned before = l->ir->count;
    lower_add(l, IR_INSN, 0, IR_NONE, IR_NONE)->imm = l->fp_ready;
    l->shape = (enum shape)row->shape;
    l->code = (enum ir_code)row->code;
    if (lower_is_invalid(l->insn) || (is_wide(l) && l->insn->op_size == 2 && row_is_branch(l->insn))) {
        lower_add(l, IR_LEAVE, 0, IR_NONE, IR_NONE);
        return;
    }
    if (!has_far_offset(l->insn) && (row->lower ? row->lower(l) : row->fp.parts && lower_fp(l, &row->fp)))
        return;
    l->ir->count = before + 1;
    l->direction = UNKNOWN;
    if (lower_touches_fp(&insn_table[l->insn->row]))
        l->fp_ready = 0;
    bool ends = insn_ends_trace(l->insn);
    bool serial = ends && l->insn->fn == exec_serial_op;
    lower_add(l, serial ? IR_SERIAL : ends ? IR_LEAVE : IR_CALL, 0, IR_NONE, IR_NONE);
}

enum { MOST_OPS = 12 /* of one instruction */ };

/* The operation whose flags the block inherits. */
static void inherit(struct lower *l, const struct ir_made *made)
{
    if (made->code == IR_INSN)
        return;
    struct ir_op *op = lower_add(l, (enum ir_code)made->code, made->size, made->d, made->a);
    op->imm = made->imm;
    op->happened = true;
}

static bool ends_normally(const struct lower *l)
{
    return !lower_is_invalid(l->insn) && !insn_ends_trace(l->insn);
}

static bool has_left(const struct ir_op *last)
{
    return last->code == IR_JUMP || last->code == IR_GOTO || last->code == IR_SERIAL ||
           last->code == IR_LEAVE;
}

/* Whether control comes from the part lowered last to the next. */
static bool leads_on(const struct lower *l)
{
    return ends_normally(l) ? l->next == next_rip(l) : !has_left(&l->ir->op[l->ir->count - 1]);
}

/* False where the IR gets too long. */
static bool lower_part(struct lower *l, const struct lowering *lowering, const struct lower_part *part)
{
    l->rip = part->rip;
    l->expected = part->down ? DOWN : UP;
    for (unsigned i = 0; i < part->count; i++) {
        if (l->ir->count + MOST_OPS > IR_MAX_OPS)
            return false;
        l->insn = &part->insns[i];
        lower_insn(l, lowering);
        l->number++;
    }
    return true;
}

bool lower_block(const struct lowering *lowering, const struct jit_assumptions *assume,
                 const struct lower_part *parts, unsigned count, const struct ir_made *inherited,
                 struct ir *ir)
{
    struct lower l = {.ir = ir, .assume = assume, .short_push = lowering->short_push};
    ir->count = ir->groups = 0;
    ir->keeps = false;
    inherit(&l, inherited);
    for (unsigned i = 0; i < count; i++) {
        l.goes_on = i + 1 < count;
        l.next = l.goes_on ? parts[i + 1].rip : 0;
        if (!lower_part(&l, lowering, &parts[i]) || (l.goes_on && !leads_on(&l)))
            return false;
    }
    lower_add(&l, IR_INSN, 0, IR_NONE, IR_NONE)->imm = l.fp_ready;
    if (ends_normally(&l))
        lower_go_on(&l);
    return true;
}
