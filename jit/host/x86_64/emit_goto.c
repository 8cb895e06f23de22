/* SPDX-License-Identifier: MIT */
/* Indirect jumps and calls, and RETs: each looks into the jump cache where it stands, so that the host
 * predicts each by itself. */
#include "core/base/assert.h"
#include "jit/host/x86_64/emit.h"

struct host_mem emit_jump_at(const struct jit *jit, size_t field)
{
    struct host_mem mem = cpu_at((size_t)((uintptr_t)jit->jumps - (uintptr_t)jit->cpu) + field);
    mem.index = R8;
    return mem;
}

/* Makes R8 say where the RIP in T1 is in the jump cache. */
static void find_entry(struct assembler *as)
{
    _Static_assert(sizeof(struct jump_entry) == 1 << 5, "shift below");
    asm_rr(as, 4, 0x69, R8, REG_T1); /* IMUL */
    asm_imm32(as, JUMP_HASH);
    asm_rr(as, 4, 0xC1, 5, R8);
    asm_byte(as, JUMP_HASH_SHIFT - 5);
    asm_rr(as, 4, 0x81, 4, R8);
    asm_imm32(as, (JUMP_ENTRIES - 1) << 5);
}

/* Where the entry's page is the block's own, which is the one that runs, nothing can have changed. */
static uint64_t own_page(const struct emitter *e)
{
    return jump_where(jit_linear(e->block->context, e->block->rip), e->block->memory);
}

void emit_goto(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    const struct jit *jit = e->jit;
    const struct jit_context *context = e->block->context;
    ASSERT(op->a == IR_T1);
    find_entry(as);
    asm_mov_imm(as, R9, jump_key(0, (uint64_t)context->number << CONTEXT_SHIFT));
    asm_rr(as, 8, 0x01, REG_T1, R9);
    asm_rm(as, 8, 0x3B, R9, emit_jump_at(jit, offsetof(struct jump_entry, key)));
    asm_jcc(as, CC_NE, jit->routines.indirect);
    asm_mov_imm(as, REG_T0, own_page(e));
    asm_rm(as, 8, 0x3B, REG_T0, emit_jump_at(jit, offsetof(struct jump_entry, where)));
    asm_jcc(as, CC_NE, jit->routines.other_page[context->assume.user]);
    asm_rm(as, 4, 0xFF, 4, emit_jump_at(jit, offsetof(struct jump_entry, code)));
}
