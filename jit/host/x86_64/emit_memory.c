/* SPDX-License-Identifier: MIT */
/* Effective addresses, and the look-up in the direct table. */
#include "core/x86/engine.h"
#include "jit/host/x86_64/emit.h"

static struct host_mem offset_of(const struct ir_address *at)
{
    return (struct host_mem){.base = at->base == IR_NONE ? NO_REG : (uint8_t)pinned_reg(at->base),
                             .index = at->index == IR_NONE ? NO_REG : (uint8_t)pinned_reg(at->index),
                             .scale = at->scale,
                             .disp = at->disp};
}

/* The offset within the segment, in `to`, cut to the address size. Changes no flags. */
static void load_offset(struct emitter *e, unsigned to, const struct ir_address *at)
{
    struct host_mem offset = offset_of(at);
    struct assembler *as = &e->as;
    if (at->base == IR_NONE && at->index == IR_NONE) {
        asm_mov_imm(as, to, at->bits == 16 ? (uint16_t)at->disp : (uint32_t)at->disp);
        return;
    }
    if (at->index == IR_NONE && !at->disp)
        asm_mov_rr(as, 4, to, offset.base);
    else
        asm_lea(as, 4, to, offset);
    if (at->bits == 16)
        asm_rr(as, 4, 0x0FB7, to, to);
}

void emit_lea(struct emitter *e, const struct ir_op *op)
{
    unsigned to = pinned_reg(op->d);
    if (op->size == 4) {
        load_offset(e, to, &op->address);
        return;
    }
    load_offset(e, REG_T0, &op->address);
    asm_mov_rr(&e->as, op->size, to, REG_T0);
}

/* Sends an access that reaches `end` of its segment to the slow path. */
static void check_end(struct emitter *e, const struct ir_op *op, size_t end, struct stub *slow,
                      unsigned number)
{
    struct assembler *as = &e->as;
    asm_lea(as, 8, REG_ADDEND, mem_base((enum host_reg)REG_ADDRESS, op->size));
    asm_rm(as, 8, 0x3B, REG_ADDEND,
           cpu_at(offsetof(struct cpu, seg) + op->address.seg * sizeof(struct segment) + end));
    slow->jumps[number] = asm_jcc(as, CC_A, NULL);
}

/* Limits and base of a segment that is not flat. */
static void apply_segment(struct emitter *e, const struct ir_op *op, struct stub *slow)
{
    if (op->access != IR_READ)
        check_end(e, op, offsetof(struct segment, write_end), slow, 0);
    if (op->access != IR_WRITE)
        check_end(e, op, offsetof(struct segment, read_end), slow, 1);
    asm_rm(&e->as, 4, 0x03, REG_ADDRESS,
           cpu_at(offsetof(struct cpu, seg) + op->address.seg * sizeof(struct segment) +
                  offsetof(struct segment, base)));
}

static bool is_flat(const struct emitter *e, const struct ir_op *op)
{
    unsigned seg = op->address.seg;
    return op->address.bits == 32 && seg != SEG_CS && (e->block->context->assume.flat_segs >> seg & 1);
}

/* Whether the access stays within its page, where alignment does not tell. */
static void check_page(struct emitter *e, const struct ir_op *op, struct stub *slow)
{
    struct assembler *as = &e->as;
    asm_lea(as, 4, REG_T0, mem_base((enum host_reg)REG_ADDRESS, op->size - 1));
    asm_rr(as, 4, 0x31, REG_ADDRESS, REG_T0);
    asm_rr(as, 4, 0xF7, 0, REG_T0);
    asm_imm32(as, ~(uint32_t)(MEM_PAGE_SIZE - 1));
    slow->jumps[3] = asm_jcc(as, CC_NE, NULL);
}

/* The bytes must lie in one page; a multiple of the size always does. */
static void check_alignment(struct emitter *e, const struct ir_op *op, struct stub *slow)
{
    struct assembler *as = &e->as;
    if (op->size & (op->size - 1)) {
        check_page(e, op, slow);
        return;
    }
    asm_rr(as, 1, 0xF6, 0, REG_ADDRESS);
    asm_byte(as, op->size - 1u);
    uint8_t *misaligned = asm_jcc(as, CC_NE, NULL);
    if (op->aligned) {
        slow->jumps[3] = misaligned;
        return;
    }
    struct stub *crossing = emit_stub(e, STUB_CROSSING, op, misaligned);
    crossing->slow = (unsigned)(slow - e->stub);
    crossing->back = asm_here(as);
}

void emit_probe(struct emitter *e, const struct ir_op *op)
{
    struct assembler *as = &e->as;
    int32_t table =
        op->access == IR_READ ? 0 : (int32_t)(DIRECT_WRITE_SYSTEM * DIRECT_PAGES * sizeof(uint64_t));
    struct stub *slow = emit_stub(e, STUB_SLOW, op, NULL);
    load_offset(e, REG_ADDRESS, &op->address);
    if (!is_flat(e, op))
        apply_segment(e, op, slow);
    asm_mov_rr(as, 4, REG_ADDEND, REG_ADDRESS);
    asm_rr(as, 4, 0xC1, 5, REG_ADDEND);
    asm_byte(as, MEM_PAGE_SHIFT);
    asm_load(as, 8, REG_ADDEND, (struct host_mem){REG_DIRECT, REG_ADDEND, 3, table});
    if (op->size > 1)
        check_alignment(e, op, slow);
    asm_rr(as, 8, 0x85, REG_ADDEND, REG_ADDEND);
    slow->jumps[2] = asm_jcc(as, CC_E, NULL);
}
