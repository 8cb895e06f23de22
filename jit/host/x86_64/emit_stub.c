/* SPDX-License-Identifier: MIT */
/* What lies behind a block's straight code: slow paths of memory accesses and the ways out. */
#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/x86/regs.h"
#include "core/x86/tlb.h"
#include "jit/host/host.h"
#include "jit/host/x86_64/emit.h"
#include "jit/measure.h"

static void patch_jumps(struct emitter *e, const struct stub *stub)
{
    for (unsigned i = 0; i < STUB_JUMPS; i++)
        if (stub->jumps[i])
            asm_patch(e->as.to_exec, stub->jumps[i], asm_here(&e->as));
}

static bool ends_trace(const struct emitter *e, unsigned insn)
{
    return insn_ends_trace(jit_insn_of(e->jit, e->block, insn));
}

static void prepare_to_leave(struct emitter *e, const struct ir_op *op)
{
    if (op->late_save)
        emit_late_save(e, op->late_save);
    emit_give_back(e, op->insn);
}

static void emit_apart(struct emitter *e, const struct stub *stub)
{
    prepare_to_leave(e, stub->op);
    emit_leave_at(e, EXIT_LOST, stub->op->insn);
}

static void emit_turned(struct emitter *e, const struct stub *stub)
{
    prepare_to_leave(e, stub->op);
    emit_leave_at(e, EXIT_TURNED, stub->op->insn);
}

/* The interpreter executes the instruction. */
static void emit_leave(struct emitter *e, const struct stub *stub)
{
    prepare_to_leave(e, stub->op);
    emit_leave_at(e, EXIT_LEAVE, stub->op->insn);
}

/* Whether code after the instruction may find flags in the host's: those that it makes, or has reloaded. */
static bool leaves_flags(const struct emitter *e, unsigned insn)
{
    for (unsigned i = 0; i < e->ir->count; i++) {
        const struct ir_op *op = &e->ir->op[i];
        if (op->insn == insn && !op->happened &&
            (op->reload_flags || (ir_info[op->code].makes_flags && op->flags_live)))
            return true;
    }
    return false;
}

/* Groups whose operands are wanted after the instruction are looked up anew: its handler may have changed
 * mappings. Returns how many ways there are to fail; with *possible false nothing can be found. */
static unsigned find_groups(struct emitter *e, unsigned insn, uint8_t **failed, bool *possible)
{
    unsigned count = 0;
    *possible = true;
    for (unsigned i = 0; i < e->ir->groups && *possible; i++) {
        const struct ir_group *g = &e->ir->group[i];
        struct look_up l = {0};
        if (!g->placed || g->first > insn || g->last <= insn)
            continue;
        *possible = emit_group_anew(e, g, insn + 1, &l);
        for (unsigned j = 0; j < l.refusals; j++)
            failed[count++] = l.refused[j];
        if (l.apart)
            failed[count++] = l.apart;
    }
    return count;
}

/* What comes after the handler. */
static void go_on_after(struct emitter *e, unsigned insn)
{
    uint8_t *failed[IR_PLACES * (LOOK_UP_REFUSALS + 1)];
    bool possible;
    unsigned failures = find_groups(e, insn, failed, &possible);
    if (possible) {
        if (leaves_flags(e, insn))
            asm_call(&e->as, e->jit->routines.flags);
        asm_jmp_back(&e->as, e->label[insn + 1]);
    }
    for (unsigned i = 0; i < failures; i++)
        asm_patch(e->as.to_exec, failed[i], asm_here(&e->as));
    if (failures || !possible) {
        emit_give_back(e, insn + 1);
        emit_leave_at(e, EXIT_LOST, insn + 1);
    }
}

/* Nothing of the instruction has happened yet: its handler executes it whole. */
static void emit_slow(struct emitter *e, const struct stub *stub)
{
    unsigned insn = stub->op->insn;
    prepare_to_leave(e, stub->op);
    if (stub->op->code == IR_REPEAT) {
        emit_serial(e, stub->op);
        return;
    }
    if (e->block->is_measured)
        jit_tally_of(e->block->part)->own_out_of_line += emit_count(e, &e->jit->measured.refused);
    if (ends_trace(e, insn)) {
        emit_leave_at(e, EXIT_LEAVE, insn);
        return;
    }
    emit_load_place(e, insn);
    asm_call(&e->as, emit_handler_routine(e, insn));
    emit_take_again(e, insn);
    if (emit_handler_routine(e, insn) == e->jit->routines.handler_fp)
        emit_make_live(e, e->fp_ready[insn + 1]);
    go_on_after(e, insn);
}

void emit_make_live(struct emitter *e, unsigned parts)
{
    if (parts & FP_X87)
        asm_call(&e->as, e->jit->routines.x87_load);
    if (parts & FP_SSE)
        asm_call(&e->as, e->jit->routines.sse_load);
}

/* Before the block has done anything. */
static void emit_start(struct emitter *e)
{
    if (e->ir->op[0].happened)
        emit_late_save(e, &e->ir->op[0]);
    emit_leave_at(e, EXIT_START, 0);
}

static gva_t linear_page(const struct emitter *e, uint64_t rip)
{
    return tlb_page_of(jit_linear(e->block->context, rip));
}

static void load_exit(struct emitter *e, const struct jit_exit *exit)
{
    asm_mov_imm(&e->as, REG_T1, jit_offset(e->jit, exit));
}

#define NO_PAGE UINT64_MAX /* jump_where of no page: the last one that 28 bits name is in no guest memory */

enum {
    FAR_FILL = 20 /* bytes that the number which a link fills in stands before the jump's displacement */
};

/* The way to a target in another page, by way of a routine that goes to the dispatcher where the TLB does not
 * lead there, as does the jump while it is not linked. */
static void emit_far_way(struct emitter *e, struct jit_exit *exit)
{
    struct assembler *as = &e->as;
    asm_byte(as, 0x49); /* MOV R10, imm64: jump_where of the page */
    asm_byte(as, 0xBA);
    const uint8_t *fill = asm_here(as);
    asm_imm64(as, NO_PAGE);
    load_exit(e, exit);
    asm_call(as, e->jit->routines.far[e->block->context->assume.user]);
    uint8_t *jump = asm_jmp(as, e->jit->routines.follow);
    ASSERT(as->full || jump - fill == FAR_FILL);
    exit->is_far = true;
    exit->jump = emit_code_offset(e, jump);
    exit->stub = emit_code_offset(e, e->jit->routines.follow);
}

/* The jump of an exit leads on from here until it is linked. */
static void set_way(struct emitter *e, struct jit_exit *exit, uint8_t *jump)
{
    asm_patch(e->as.to_exec, jump, asm_here(&e->as));
    exit->jump = emit_code_offset(e, jump);
}

/* The way on after a recipe was written, where there is a way around that: to the dispatcher when it has been
 * taken often. */
static void emit_long_way(struct emitter *e, struct jit_exit *exit)
{
    emit_count_down(e, &exit->heat, sizeof exit->heat);
    set_way(e, exit, asm_jcc(&e->as, CC_NE, NULL));
}

/* Writes what was left to the exit. Until it is linked it leads to the dispatcher. */
static void emit_exit_stub(struct emitter *e, const struct stub *stub)
{
    struct jit_exit *exit = stub->exit;
    struct jit_exit *shortcut = exit->has_shortcut ? jit_next_exit(exit) : NULL;
    bool early = jit_part_of(e->block, stub->op->insn)->rest;
    if (shortcut)
        shortcut->stub = emit_code_offset(e, asm_here(&e->as));
    emit_give_back(e, stub->op->insn);
    if (shortcut && early) {
        set_way(e, shortcut, asm_jmp(&e->as, NULL));
        shortcut->stub = emit_code_offset(e, asm_here(&e->as));
    }
    if (stub->op->late_save)
        emit_late_save(e, stub->op->late_save);
    if (linear_page(e, exit->rip) != linear_page(e, e->block->rip)) {
        emit_far_way(e, exit);
        return;
    }
    if (shortcut)
        emit_long_way(e, exit);
    else if (early)
        set_way(e, exit, asm_jmp(&e->as, NULL));
    exit->stub = emit_code_offset(e, asm_here(&e->as));
    load_exit(e, exit);
    asm_jmp(&e->as, e->jit->routines.follow);
}

/* A part that is live already is newer in the host's registers than in struct cpu. */
static void make_absent_live(struct emitter *e, unsigned parts)
{
    for (unsigned part = FP_X87; part <= FP_SSE; part <<= 1) {
        if (!(parts & part))
            continue;
        asm_rm(&e->as, 1, 0xF6, 0, CPU_FIELD(fp.live));
        asm_byte(&e->as, part);
        uint8_t *skip = asm_jcc(&e->as, CC_NE, NULL);
        emit_make_live(e, part);
        asm_patch(e->as.to_exec, skip, asm_here(&e->as));
    }
}

/* Twice, so that the stack stays aligned. */
static void save_place(struct emitter *e, unsigned opcode)
{
    for (unsigned i = 0; i < 2; i++) {
        asm_byte(&e->as, 0x41);
        asm_byte(&e->as, opcode | (REG_ADDEND & 7));
    }
}

static void emit_fp_load_stub(struct emitter *e, const struct stub *stub)
{
    bool kept = ir_places_kept(e->ir, stub->op->insn) >> IR_PLACE_ADDEND & 1;
    if (kept)
        save_place(e, 0x50); /* PUSH */
    make_absent_live(e, (unsigned)stub->op->imm);
    if (kept)
        save_place(e, 0x58); /* POP */
    asm_jmp(&e->as, stub->back);
}

static void emit_one(struct emitter *e, struct stub *stub)
{
    if (stub->misaligned)
        emit_crossing(e, stub);
    if (stub->not_in_front)
        emit_look_in_back(e, stub);
    stub->start = asm_here(&e->as);
    patch_jumps(e, stub);
    switch (stub->kind) {
    case STUB_SLOW: emit_slow(e, stub); break;
    case STUB_BESIDE: emit_beside(e, stub); break;
    case STUB_LEAVE: emit_leave(e, stub); break;
    case STUB_TURNED: emit_turned(e, stub); break;
    case STUB_APART: emit_apart(e, stub); break;
    case STUB_FP_LOAD: emit_fp_load_stub(e, stub); break;
    case STUB_AHEAD: emit_ahead(e); break;
    case STUB_START: emit_start(e); break;
    case STUB_EXIT: emit_exit_stub(e, stub); break;
    }
}

void emit_stubs(struct emitter *e)
{
    for (unsigned i = 0; i < e->stub_count && !e->as.full; i++)
        emit_one(e, &e->stub[i]);
}

static ptrdiff_t to_executable(const struct jit *jit)
{
    return jit->code.executable - jit->code.writable;
}

static uint8_t *jump_of(const struct jit *jit, const struct jit_exit *exit)
{
    return (uint8_t *)(uintptr_t)jit->code.executable + exit->jump;
}

/* The page that a far exit leads to, and where it says so. */
static uint64_t page_of(const struct jit_block *target)
{
    return jump_where(jit_linear(target->context, target->rip), target->memory);
}

static uint8_t *page_field(const struct jit *jit, const struct jit_exit *exit)
{
    return jit->code.writable + exit->jump - FAR_FILL;
}

void host_link(struct jit *jit, struct jit_exit *exit, const struct jit_block *target)
{
    if (exit->is_far)
        store_le64(page_field(jit, exit), page_of(target));
    asm_patch(to_executable(jit), jump_of(jit, exit), jit_code(jit, target));
}

void host_unlink(struct jit *jit, struct jit_exit *exit)
{
    if (exit->is_far)
        store_le64(page_field(jit, exit), NO_PAGE);
    asm_patch(to_executable(jit), jump_of(jit, exit), jit->code.executable + exit->stub);
}

const uint8_t *host_exit_leads_to(const struct jit *jit, const struct jit_exit *exit)
{
    const uint8_t *field = jump_of(jit, exit);
    return field + 4 + (int32_t)load_le32(field - to_executable(jit));
}

bool host_exit_is_linked_to(const struct jit *jit, const struct jit_exit *exit,
                            const struct jit_block *target)
{
    if (exit->is_far && load_le64(page_field(jit, exit)) != page_of(target))
        return false;
    return host_exit_leads_to(jit, exit) == jit_code(jit, target);
}
