/* SPDX-License-Identifier: MIT */
/* A block that leads to its own start: what is looked up ahead of its passes, and what happens between them.
 */
#include "jit/host/x86_64/emit.h"
#include "jit/measure.h"

static void find_ahead(struct emitter *e, const struct ir_group *g)
{
    struct look_up l;
    emit_group_ahead(e, g, &l);
    struct stub *stub = emit_stub(e, STUB_AHEAD, NULL, l.apart);
    for (unsigned i = 0; i < l.refusals; i++)
        stub->jumps[i + 1] = l.refused[i];
    if (e->block->is_measured)
        jit_tally_of(e->block->part)->own_out_of_line += emit_count(e, &e->jit->measured.probes);
}

static bool moves(const struct ir_group *g)
{
    return g->kept && g->stride;
}

/* A place goes on with its group, which is looked up anew where it may have left its page. The host's
 * addresses and the guest's have the same offsets in a page. */
static void move_place(struct emitter *e, const struct ir_group *g)
{
    struct assembler *as = &e->as;
    unsigned place = emit_place_reg(g->place);
    asm_lea(as, 8, place, mem_base((enum host_reg)place, g->stride));
    asm_rr(as, 4, 0xF7, 0, place); /* TEST */
    asm_imm32(as, (uint32_t)(MEM_PAGE_SIZE - 1) & ~(ir_stride_step(g) - 1));
    asm_jcc_back(as, CC_E, e->entry);
}

void emit_loop_head(struct emitter *e)
{
    const struct ir *ir = e->ir;
    uint8_t *first_pass = NULL;
    e->again = e->entry;
    if (!ir->keeps)
        return;
    bool some_move = false;
    for (unsigned i = 0; i < ir->groups; i++) {
        if (ir->group[i].kept)
            find_ahead(e, &ir->group[i]);
        some_move |= moves(&ir->group[i]);
    }
    if (some_move)
        first_pass = asm_jmp(&e->as, NULL);
    e->again = asm_here(&e->as);
    for (unsigned i = 0; i < ir->groups; i++)
        if (moves(&ir->group[i]))
            move_place(e, &ir->group[i]);
    if (first_pass)
        asm_patch(e->as.to_exec, first_pass, asm_here(&e->as));
}

/* The interpreter executes the first part, which was not on the budget yet. */
void emit_ahead(struct emitter *e)
{
    struct assembler *as = &e->as;
    asm_rr(as, 8, 0x83, 5, REG_BUDGET);
    asm_byte(as, e->block->insns);
    asm_jcc_back(as, CC_L, e->stub[0].start);
    if (e->ir->op[0].happened)
        emit_late_save(e, &e->ir->op[0]);
    emit_give_back(e, 0);
    emit_leave_at(e, EXIT_LOST, 0);
}
