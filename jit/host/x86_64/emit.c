/* SPDX-License-Identifier: MIT */
/* From IR to x86-64 code: the straight part of a block. */
#include "jit/host/x86_64/emit.h"
#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/x86/regs.h"
#include "jit/host/host.h"
#include "jit/measure.h"
#include "jit/room.h"

struct stub *emit_stub(struct emitter *e, enum stub_kind kind, const struct ir_op *op, uint8_t *jump)
{
    if (e->stub_count == MOST_STUBS) {
        e->failed = true;
        e->stub_count--;
    }
    struct stub *stub = &e->stub[e->stub_count++];
    *stub = (struct stub){.kind = kind, .op = op, .jumps = {jump}};
    return stub;
}

static void move_budget(struct emitter *e, int32_t by)
{
    if (by)
        asm_lea(&e->as, 8, REG_BUDGET, mem_base((enum host_reg)REG_BUDGET, by));
}

void emit_give_back(struct emitter *e, unsigned number)
{
    move_budget(e, jit_part_of(e->block, number)->rest);
}

void emit_take_again(struct emitter *e, unsigned number)
{
    move_budget(e, -(int32_t)jit_part_of(e->block, number)->rest);
}

void emit_load_place(struct emitter *e, unsigned number)
{
    asm_mov_imm(&e->as, REG_T1, jit_place(e->jit, e->block, number));
}

void emit_leave_at(struct emitter *e, enum exit_kind kind, unsigned number)
{
    emit_load_place(e, number);
    asm_jmp(&e->as, e->jit->routines.leave[kind]);
}

const uint8_t *emit_handler_routine(const struct emitter *e, unsigned number)
{
    bool fp = lower_touches_fp(&insn_table[jit_insn_of(e->jit, e->block, number)->row]);
    return fp ? e->jit->routines.handler_fp : e->jit->routines.handler;
}

static void emit_leave(struct emitter *e, const struct ir_op *op)
{
    emit_leave_at(e, EXIT_LEAVE, op->insn);
}

static void emit_call(struct emitter *e, const struct ir_op *op)
{
    emit_give_back(e, op->insn);
    emit_load_place(e, op->insn);
    asm_call(&e->as, emit_handler_routine(e, op->insn));
    emit_take_again(e, op->insn);
}

void emit_serial(struct emitter *e, const struct ir_op *op)
{
    emit_load_place(e, op->insn);
    asm_jmp(&e->as, e->jit->routines.serial);
}

/* Whether an exit leads to the block's own start, with just the flags that it began with. */
static bool is_own_start(const struct emitter *e, const struct ir_op *op)
{
    const struct ir_made inherited = jit_inherited(e->block);
    return !e->jit->options.unlinked && ir_leads_to(op, e->block->rip, &inherited);
}

/* Exits lie one after another behind their block: nothing else may take room while it is assembled. */
static struct jit_exit *add_exit(struct emitter *e, size_t size, uint64_t rip, const uint8_t *jump)
{
    struct jit_exit *exit = room_take(e->jit, size);
    exit->block = jit_offset(e->jit, e->block);
    exit->rip = rip;
    exit->jump = emit_code_offset(e, jump);
    ASSERT(e->block->exit_count < UINT8_MAX && (e->block->exit_count || exit == jit_first_exit(e->block)));
    e->block->exit_count++;
    return exit;
}

/* Behind the exit that it belongs to. */
static void add_shortcut(struct emitter *e, struct jit_exit *exit, const struct ir_op *op,
                         const uint8_t *jump)
{
    struct jit_exit *shortcut = add_exit(e, sizeof(struct jit_shortcut), op->target, jump);
    exit->has_shortcut = true;
    exit->heat = jit_exit_heat(e->jit);
    shortcut->hands_on = true;
    ((struct jit_shortcut *)(void *)shortcut)->made = ir_handed_on(op);
}

static bool is_in_page(const struct emitter *e, uint64_t rip)
{
    const struct jit_context *context = e->block->context;
    return (jit_linear(context, rip) ^ jit_linear(context, e->block->rip)) < MEM_PAGE_SIZE;
}

/* A jump, conditional where cond is not negative, out of the block. From a part with others behind it, it
 * leads to its stub for good, which gives their instructions back to the budget first. */
static void emit_exit(struct emitter *e, int cond, const struct ir_op *op)
{
    bool direct = !jit_part_of(e->block, op->insn)->rest;
    const uint8_t *target = direct && is_own_start(e, op) ? e->again : NULL;
    uint8_t *jump = cond < 0 ? asm_jmp(&e->as, target) : asm_jcc(&e->as, (unsigned)cond, target);
    if (target)
        return;
    struct jit_exit *exit = add_exit(e, sizeof *exit, op->target, jump);
    if (op->late_save && is_in_page(e, op->target))
        add_shortcut(e, exit, op, jump);
    emit_stub(e, STUB_EXIT, op, jump)->exit = exit;
}

static void emit_branchz(struct emitter *e, const struct ir_op *op)
{
    unsigned reg = pinned_reg(op->a);
    asm_rr(&e->as, op->size, 0x85, reg, reg);
    emit_exit(e, op->cond, op);
}

static void check_canonical(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    asm_mov_rr(as, 8, REG_T0, REG_T1);
    asm_rr(as, 8, 0xC1, 4, REG_T0);
    asm_byte(as, 16);
    asm_rr(as, 8, 0xC1, 7, REG_T0);
    asm_byte(as, 16);
    asm_rr(as, 8, 0x39, REG_T0, REG_T1);
    emit_stub(e, STUB_LEAVE, op, asm_jcc(as, CC_NE, NULL));
}

/* A near target beyond the code segment faults at the branch, which the interpreter then executes. */
static void emit_check(struct emitter *e, const struct ir_op *op)
{
    if (op->size == 8) {
        check_canonical(e, op);
        return;
    }
    asm_rr(&e->as, 4, 0x81, 7, REG_T1);
    asm_imm32(&e->as, (uint32_t)(e->block->context->assume.code_end - 1));
    emit_stub(e, STUB_LEAVE, op, asm_jcc(&e->as, CC_A, NULL));
}

static void emit_bswap(struct emitter *e, const struct ir_op *op)
{
    unsigned reg = op->d == IR_T2 ? REG_T2 : pinned_reg(op->d);
    unsigned rex = (op->size == 8 ? 8u : 0u) | (reg >= R8 ? 1u : 0u);
    if (rex)
        asm_byte(&e->as, 0x40 | rex);
    asm_byte(&e->as, 0x0F);
    asm_byte(&e->as, 0xC8 | (reg & 7));
}

uint32_t emit_code_offset(const struct emitter *e, const uint8_t *code)
{
    return (uint32_t)(code - e->jit->code.executable);
}

uint32_t emit_count(struct emitter *e, uint64_t *counter)
{
    struct assembler *as = &e->as;
    const uint8_t *start = asm_here(as);
    asm_mov_imm(as, REG_T1, (uint64_t)(uintptr_t)counter);
    asm_load(as, 8, REG_T0, mem_base((enum host_reg)REG_T1, 0));
    asm_lea(as, 8, REG_T0, mem_base((enum host_reg)REG_T0, 1));
    asm_store(as, 8, mem_base((enum host_reg)REG_T1, 0), REG_T0);
    return (uint32_t)(asm_here(as) - start);
}

/* Counts a part's passes; its code begins at `start`. */
static void emit_count_part(struct emitter *e, const struct jit_part *part, const uint8_t *start)
{
    struct jit_tally *tally = jit_tally_of(part);
    tally->start = start;
    tally->own = emit_count(e, &tally->passes);
}

static void emit_insn(struct emitter *e, const struct ir_op *op)
{
    if (e->label[op->insn])
        return;
    e->label[op->insn] = asm_here(&e->as);
    e->fp_ready[op->insn] = (uint8_t)op->imm;
    const struct jit_part *part = jit_part_of(e->block, op->insn);
    if (e->block->is_measured && part->first == op->insn && !jit_part_is_entry(part))
        emit_count_part(e, part, e->label[op->insn]);
}

static void emit_branch(struct emitter *e, const struct ir_op *op)
{
    emit_exit(e, op->cond, op);
}

static void emit_jump(struct emitter *e, const struct ir_op *op)
{
    emit_exit(e, -1, op);
}

typedef void emit_fn(struct emitter *e, const struct ir_op *op);

static emit_fn *const emitters[IR_CODES] = {
    [IR_INSN] = emit_insn,
    [IR_PROBE] = emit_probe,
    [IR_SHARED] = emit_shared,
    [IR_MOV] = emit_move,
    [IR_MOVZX] = emit_extend,
    [IR_MOVSX] = emit_extend,
    [IR_LEA] = emit_lea,
    [IR_ADD] = emit_binary,
    [IR_OR] = emit_binary,
    [IR_ADC] = emit_binary,
    [IR_SBB] = emit_binary,
    [IR_AND] = emit_binary,
    [IR_SUB] = emit_binary,
    [IR_XOR] = emit_binary,
    [IR_CMP] = emit_binary,
    [IR_TEST] = emit_binary,
    [IR_INC] = emit_unary,
    [IR_DEC] = emit_unary,
    [IR_NEG] = emit_unary,
    [IR_NOT] = emit_unary,
    [IR_ROL] = emit_shift,
    [IR_ROR] = emit_shift,
    [IR_SHL] = emit_shift,
    [IR_SHR] = emit_shift,
    [IR_SAR] = emit_shift,
    [IR_IMUL] = emit_imul,
    [IR_MUL] = emit_multiply,
    [IR_IMULW] = emit_multiply,
    [IR_SETCC] = emit_setcc,
    [IR_CMOV] = emit_cmov,
    [IR_XCHG] = emit_xchg,
    [IR_BSWAP] = emit_bswap,
    [IR_SIGN] = emit_sign,
    [IR_CALL] = emit_call,
    [IR_FP_LOAD] = emit_fp_load,
    [IR_FP] = emit_fp,
    [IR_FP_COMPARE] = emit_fp_compare,
    [IR_FP_CMOV] = emit_fp,
    [IR_CMPXCHG] = emit_exchange,
    [IR_XADD] = emit_exchange,
    [IR_SHLD] = emit_double_shift,
    [IR_SHRD] = emit_double_shift,
    [IR_BSF] = emit_scan,
    [IR_BSR] = emit_scan,
    [IR_BT] = emit_bit,
    [IR_BTS] = emit_bit,
    [IR_BTR] = emit_bit,
    [IR_BTC] = emit_bit,
    [IR_SETCF] = emit_setcf,
    [IR_DF] = emit_df,
    [IR_IF] = emit_if,
    [IR_SELECTOR] = emit_selector,
    [IR_DIV] = emit_divide,
    [IR_IDIV] = emit_divide,
    [IR_BRANCH] = emit_branch,
    [IR_BRANCHZ] = emit_branchz,
    [IR_JUMP] = emit_jump,
    [IR_DIRECTION] = emit_direction,
    [IR_CHECK] = emit_check,
    [IR_GOTO] = emit_goto,
    [IR_LEAVE] = emit_leave,
    [IR_REPEAT] = emit_repeat,
    [IR_SERIAL] = emit_serial,
};

static bool in_memory(unsigned value)
{
    return value >= PINNED && value < IR_HIGH;
}

static struct host_mem gpr_at(unsigned gpr)
{
    return cpu_at(offsetof(struct cpu, gpr) + 8 * gpr);
}

/* Writes a result to a guest register that is not pinned: whole, or a part of it. */
static void store_result(struct emitter *e, const struct ir_op *op, unsigned gpr, unsigned reg)
{
    asm_store(&e->as, op->size == 4 ? 8 : op->size, gpr_at(gpr), reg);
}

static bool only_reads(unsigned code)
{
    return code == IR_CMP || code == IR_TEST || code == IR_BT || code == IR_CHECK || code == IR_BRANCHZ ||
           code == IR_GOTO;
}

/* Operations on guest registers that are not pinned work on temporaries. */
static void emit_legal(struct emitter *e, const struct ir_op *op)
{
    struct ir_op legal = *op;
    if (!in_memory(op->a) && !in_memory(op->d)) {
        emitters[op->code](e, op); /* stubs keep a pointer to it */
        return;
    }
    if (in_memory(op->a)) {
        asm_load(&e->as, 8, REG_T1, gpr_at(op->a));
        legal.a = IR_T1;
    }
    if (in_memory(op->d)) {
        asm_load(&e->as, 8, REG_T2, gpr_at(op->d));
        legal.d = IR_T2;
    }
    emitters[op->code](e, &legal);
    if (in_memory(op->d) && !only_reads(op->code))
        store_result(e, op, op->d, REG_T2);
    if (in_memory(op->a) && (op->code == IR_XCHG || op->code == IR_XADD))
        store_result(e, op, op->a, REG_T1);
}

void emit_count_down(struct emitter *e, const void *counter, unsigned size)
{
    intptr_t from_cpu = (intptr_t)counter - (intptr_t)e->jit->cpu - CPU_BIAS;
    ASSERT(from_cpu == (int32_t)from_cpu);
    asm_rm(&e->as, size, 0x83, 5, mem_base((enum host_reg)REG_CPU, (int32_t)from_cpu));
    asm_byte(&e->as, 1);
}

/* Counts passes of a block that may become a region. Takes the block off the budget; a negative rest goes to
 * the interpreter. */
static void emit_prologue(struct emitter *e)
{
    struct stub *stub = emit_stub(e, STUB_START, NULL, NULL);
    e->entry = asm_here(&e->as);
    if (!e->block->is_final) {
        emit_count_down(e, &e->block->heat, 4);
        stub->jumps[0] = asm_jcc(&e->as, CC_E, NULL);
    }
    emit_loop_head(e);
    asm_rr(&e->as, 8, 0x83, 5, REG_BUDGET);
    asm_byte(&e->as, e->block->insns);
    stub->jumps[1] = asm_jcc(&e->as, CC_L, NULL);
    if (e->block->is_measured)
        emit_count_part(e, &e->block->part[0], e->again);
}

static bool has_room(const struct emitter *e)
{
    return !e->as.full && !e->failed;
}

struct emitter *host_new_emitter(void)
{
    return alloc_zeroed(sizeof(struct emitter));
}

enum { BLOCK_ALIGNMENT = 16 };

enum { SPARE = BLOCK_ALIGNMENT /* a jump that had no room is patched all the same */ };

/* The end of the room for a block, whose size is kept in 16 bits. */
static uint8_t *code_limit(const struct code_cache *cache)
{
    size_t end = cache->used + UINT16_MAX;
    return cache->writable + (end < cache->end ? end : cache->end) - SPARE;
}

bool host_emit(struct jit *jit, struct jit_block *block, const struct ir *ir)
{
    struct code_cache *cache = &jit->code;
    struct emitter *e = jit->emitter;
    *e = (struct emitter){.as = {.at = cache->writable + cache->used,
                                 .end = code_limit(cache),
                                 .to_exec = cache->executable - cache->writable},
                          .jit = jit,
                          .block = block,
                          .ir = ir};
    emit_prologue(e);
    for (unsigned i = 0; i < ir->count && has_room(e); i++) {
        const struct ir_op *op = &ir->op[i];
        if (op->happened)
            continue;
        if (op->reload_flags)
            asm_call(&e->as, jit->routines.flags);
        emit_legal(e, op);
    }
    const uint8_t *straight_end = asm_here(&e->as);
    if (has_room(e))
        emit_stubs(e);
    if (!has_room(e))
        return false;
    block->code = emit_code_offset(e, e->entry);
    block->ahead_bytes = (uint16_t)(e->again - e->entry);
    block->straight_bytes = (uint16_t)(straight_end - e->entry);
    block->code_bytes = (uint16_t)(asm_here(&e->as) - e->entry);
    cache->used =
        ((size_t)(e->as.at - cache->writable) + BLOCK_ALIGNMENT - 1) & ~(size_t)(BLOCK_ALIGNMENT - 1);
    return true;
}
