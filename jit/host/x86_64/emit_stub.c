/* SPDX-License-Identifier: MIT */
/* What lies behind a block's straight code: slow paths of memory accesses and the ways out. */
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
    return insn_ends_trace(emit_guest_insn(e, insn));
}

static void leave(struct emitter *e, const struct jit_exit *exit)
{
    asm_mov_imm(&e->as, REG_T1, (uint64_t)(uintptr_t)exit);
    asm_jmp(&e->as, e->jit->routines.leave);
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
    leave(e, emit_lost_exit(e, stub->op->insn));
}

static void emit_turned(struct emitter *e, const struct stub *stub)
{
    prepare_to_leave(e, stub->op);
    leave(e, emit_turned_exit(e, stub->op->insn));
}

/* The interpreter executes the instruction. */
static void emit_leave(struct emitter *e, const struct stub *stub)
{
    prepare_to_leave(e, stub->op);
    leave(e, emit_leave_exit(e, stub->op->insn));
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
        asm_jmp(&e->as, e->label[insn + 1]);
    }
    for (unsigned i = 0; i < failures; i++)
        asm_patch(e->as.to_exec, failed[i], asm_here(&e->as));
    if (failures || !possible) {
        emit_give_back(e, insn + 1);
        leave(e, emit_lost_exit(e, insn + 1));
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
    if (e->block->part[0].tally)
        e->block->part[0].tally->own_out_of_line += emit_count(e, &e->jit->measured.refused);
    if (ends_trace(e, insn)) {
        leave(e, emit_leave_exit(e, insn));
        return;
    }
    asm_mov_imm(&e->as, REG_T1, (uint64_t)(uintptr_t)emit_site(e, insn));
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
static void leave_at_start(struct emitter *e, const struct jit_exit *exit)
{
    struct assembler *as = &e->as;
    if (e->ir->op[0].happened)
        emit_late_save(e, &e->ir->op[0]);
    asm_mov_imm(as, REG_T1, e->block->rip);
    asm_store(as, 8, CPU_FIELD(rip), REG_T1);
    leave(e, exit);
}

static void emit_budget(struct emitter *e)
{
    asm_rr(&e->as, 8, 0x83, 0, REG_BUDGET);
    asm_byte(&e->as, e->block->insns);
    leave_at_start(e, &e->jit->resume);
}

static gva_t linear_page(const struct emitter *e, uint64_t rip)
{
    return jit_linear(e->block->context, rip) & ~(gva_t)(MEM_PAGE_SIZE - 1);
}

/* As the interpreter does when it goes to another page: the TLB must lead there. host_link fills in where to.
 */
static void emit_page_check(struct emitter *e, struct jit_exit *exit, gva_t page, uint8_t **jumps)
{
    struct assembler *as = &e->as;
    bool user = e->block->context->assume.user;
    asm_rr(as, 8, 0x85, REG_BUDGET, REG_BUDGET);
    jumps[0] = asm_jcc(as, CC_LE, NULL);
    asm_mov_imm(as, REG_T0, page);
    asm_rm(as, 8, 0x3B, REG_T0, TLB_FIELD(page, read[user ? 1 : 0]));
    jumps[1] = asm_jcc(as, CC_NE, NULL);
    asm_byte(as, 0x49); /* MOV R9, imm64: the addend */
    asm_byte(as, 0xB9);
    exit->page_check = asm_here(as);
    asm_imm64(as, 0);
    asm_rm(as, 8, 0x3B, REG_ADDEND, TLB_FIELD(page, addend));
    jumps[2] = asm_jcc(as, CC_NE, NULL);
    asm_rm(as, 1, 0xF6, 0, TLB_FIELD(page, rights));
    asm_byte(as, TLB_NX);
    jumps[3] = asm_jcc(as, CC_NE, NULL);
    asm_store(as, 8, CPU_FIELD(fetch_page), REG_T0);
    asm_load(as, 8, REG_ADDEND, TLB_FIELD(page, frame));
    asm_store(as, 8, CPU_FIELD(fetch_frame), REG_ADDEND);
    asm_byte(as, 0x49); /* MOV R9, imm64: the page in guest memory */
    asm_byte(as, 0xB9);
    exit->page_fill = (uint8_t)(asm_here(as) - exit->page_check);
    asm_imm64(as, 0);
    asm_store(as, 8, CPU_FIELD(fetch_memory), REG_ADDEND);
}

enum { REFUSALS = 4 };

/* The way to a target in another page. */
static void emit_far_way(struct emitter *e, struct jit_exit *exit, gva_t page)
{
    struct assembler *as = &e->as;
    uint8_t *refused[REFUSALS];
    emit_page_check(e, exit, page, refused);
    exit->jump = asm_jmp(as, NULL);
    asm_patch(as->to_exec, exit->jump, asm_here(as));
    for (unsigned i = 0; i < REFUSALS; i++)
        asm_patch(as->to_exec, refused[i], asm_here(as));
}

/* A jump of an exit to what comes next, until it is linked. */
static void emit_way(struct emitter *e, struct jit_exit *exit)
{
    exit->jump = asm_jmp(&e->as, NULL);
    exit->stub = asm_here(&e->as);
    asm_patch(e->as.to_exec, exit->jump, exit->stub);
}

/* The way on after a recipe was written, where there is a way around that. */
static void emit_long_way(struct emitter *e, struct jit_exit *exit)
{
    struct assembler *as = &e->as;
    asm_mov_imm(as, REG_T1, (uint64_t)(uintptr_t)exit);
    asm_rm(as, 4, 0x83, 5, mem_base((enum host_reg)REG_T1, (int32_t)offsetof(struct jit_exit, heat)));
    asm_byte(as, 1);
    asm_jcc(as, CC_E, e->jit->routines.follow);
    emit_way(e, exit);
}

/* Writes what was left to the exit. Until it is linked it leads to the dispatcher. */
static void emit_exit_stub(struct emitter *e, const struct stub *stub)
{
    struct assembler *as = &e->as;
    struct jit_exit *exit = stub->exit;
    gva_t page = linear_page(e, exit->rip);
    bool early = jit_part_of(e->block, stub->op->insn)->rest;
    emit_give_back(e, stub->op->insn);
    if (exit->shortcut)
        exit->shortcut->stub = stub->start;
    if (exit->shortcut && early)
        emit_way(e, exit->shortcut);
    if (stub->op->late_save)
        emit_late_save(e, stub->op->late_save);
    if (page != linear_page(e, e->block->rip))
        emit_far_way(e, exit, page);
    else if (exit->shortcut)
        emit_long_way(e, exit);
    else if (early)
        emit_way(e, exit);
    exit->stub = asm_here(as);
    asm_mov_imm(as, REG_T1, (uint64_t)(uintptr_t)exit);
    asm_jmp(as, e->jit->routines.follow);
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
    stub->start = asm_here(&e->as);
    patch_jumps(e, stub);
    switch (stub->kind) {
    case STUB_SLOW: emit_slow(e, stub); break;
    case STUB_CROSSING: emit_crossing(e, stub); break;
    case STUB_BESIDE: emit_beside(e, stub); break;
    case STUB_LEAVE: emit_leave(e, stub); break;
    case STUB_TURNED: emit_turned(e, stub); break;
    case STUB_APART: emit_apart(e, stub); break;
    case STUB_FP_LOAD: emit_fp_load_stub(e, stub); break;
    case STUB_BUDGET: emit_budget(e); break;
    case STUB_HOT: leave_at_start(e, e->block->hot); break;
    case STUB_EXIT: emit_exit_stub(e, stub); break;
    }
}

void emit_stubs(struct emitter *e)
{
    for (unsigned i = 0; i < e->stub_count && !e->as.full; i++)
        emit_one(e, &e->stub[i]);
}

/* What the page check of an exit compares and sets. */
struct page_fill {
    uint64_t addend;
    mem_t page;
};

static struct page_fill fill_for(const struct jit *jit, const struct jit_block *target)
{
    const uint64_t in_page = MEM_PAGE_SIZE - 1;
    gva_t linear = jit_linear(target->context, target->rip);
    mem_t page = target->memory & ~in_page;
    return (struct page_fill){(uint64_t)(uintptr_t)jit->cpu->memory->host + page - (linear & ~in_page), page};
}

static ptrdiff_t to_executable(const struct jit *jit)
{
    return jit->code.executable - jit->code.writable;
}

void host_link(struct jit *jit, struct jit_exit *exit, const struct jit_block *target)
{
    ptrdiff_t to_exec = to_executable(jit);
    if (exit->page_check) {
        struct page_fill fill = fill_for(jit, target);
        store_le64(exit->page_check - to_exec, fill.addend);
        store_le64(exit->page_check + exit->page_fill - to_exec, fill.page);
    }
    asm_patch(to_exec, exit->jump, target->code);
}

void host_unlink(struct jit *jit, struct jit_exit *exit)
{
    asm_patch(to_executable(jit), exit->jump, exit->stub);
}

const uint8_t *host_exit_leads_to(const struct jit *jit, const struct jit_exit *exit)
{
    const uint8_t *field = exit->jump;
    return field + 4 + (int32_t)load_le32(field - to_executable(jit));
}

bool host_exit_is_linked_to(const struct jit *jit, const struct jit_exit *exit,
                            const struct jit_block *target)
{
    struct page_fill fill = fill_for(jit, target);
    ptrdiff_t to_exec = to_executable(jit);
    if (exit->page_check && (load_le64(exit->page_check - to_exec) != fill.addend ||
                             load_le64(exit->page_check + exit->page_fill - to_exec) != fill.page))
        return false;
    return host_exit_leads_to(jit, exit) == target->code;
}
