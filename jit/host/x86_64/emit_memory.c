/* SPDX-License-Identifier: MIT */
/* Effective addresses, and the look-up in the direct table. */
#include "core/x86/engine.h"
#include "jit/host/x86_64/emit.h"

/* A guest register as part of an address: where it is pinned, or fetched to `spare`. */
static uint8_t address_reg(struct emitter *e, unsigned gpr, unsigned spare)
{
    if (gpr == IR_NONE)
        return NO_REG;
    if (gpr < PINNED)
        return (uint8_t)pinned_reg(gpr);
    asm_load(&e->as, 8, spare, cpu_at(offsetof(struct cpu, gpr) + 8 * gpr));
    return (uint8_t)spare;
}

/* The offset within the segment, in `to`, cut to the address size. Changes no flags; clobbers R8 and R9. */
static void load_offset(struct emitter *e, unsigned to, const struct ir_address *at)
{
    struct assembler *as = &e->as;
    unsigned size = at->bits == 64 ? 8 : 4;
    if (at->base == IR_NONE && at->index == IR_NONE) {
        asm_mov_imm(as, to,
                    at->bits == 16 ? (uint16_t)at->disp
                    : size == 4    ? (uint32_t)at->disp
                                   : (uint64_t)at->disp);
        return;
    }
    struct host_mem offset = {.base = address_reg(e, at->base, REG_ADDRESS),
                              .index = address_reg(e, at->index, REG_ADDEND),
                              .scale = at->scale,
                              .disp = (int32_t)at->disp};
    if (at->index == IR_NONE && !at->disp)
        asm_mov_rr(as, size, to, offset.base);
    else
        asm_lea(as, size, to, offset);
    if (at->bits == 16)
        asm_rr(as, 4, 0x0FB7, to, to);
}

void emit_lea(struct emitter *e, const struct ir_op *op)
{
    unsigned to = op->d == IR_T2 ? REG_T2 : pinned_reg(op->d);
    if (op->size >= 4) {
        struct ir_address address = op->address;
        if (op->size == 4 && address.bits == 64)
            address.bits = 32;
        load_offset(e, to, &address);
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

/* The linear address in R8 through the direct table, which covers 4 GiB. */
static void probe_direct(struct emitter *e, const struct ir_op *op, struct stub *slow)
{
    struct assembler *as = &e->as;
    int32_t table =
        op->access == IR_READ ? 0 : (int32_t)(DIRECT_WRITE_SYSTEM * DIRECT_PAGES * sizeof(uint64_t));
    asm_mov_rr(as, 4, REG_ADDEND, REG_ADDRESS);
    asm_rr(as, 4, 0xC1, 5, REG_ADDEND);
    asm_byte(as, MEM_PAGE_SHIFT);
    asm_load(as, 8, REG_ADDEND, (struct host_mem){REG_DIRECT, REG_ADDEND, 3, table});
    if (op->size > 1)
        check_alignment(e, op, slow);
    asm_rr(as, 8, 0x85, REG_ADDEND, REG_ADDEND);
    slow->jumps[2] = asm_jcc(as, CC_E, NULL);
}

/* The same in 64-bit mode, through the TLB: its tag must be the page of the operand's last byte. */
static void probe_tagged(struct emitter *e, const struct ir_op *op, struct stub *slow)
{
    struct assembler *as = &e->as;
    bool user = e->block->context->assume.user;
    size_t tag =
        (op->access == IR_READ ? offsetof(struct tlb_entry, read) : offsetof(struct tlb_entry, write)) +
        (user ? sizeof(uint64_t) : 0);
    struct host_mem entry = {REG_CPU, REG_ADDEND, 0, (int32_t)offsetof(struct cpu, tlb.entry) - CPU_BIAS};
    if (op->aligned) {
        asm_rr(as, 1, 0xF6, 0, REG_ADDRESS);
        asm_byte(as, op->size - 1u);
        slow->jumps[0] = asm_jcc(as, CC_NE, NULL);
    }
    asm_mov_rr(as, 4, REG_ADDEND, REG_ADDRESS);
    asm_rr(as, 4, 0xC1, 5, REG_ADDEND);
    asm_byte(as, MEM_PAGE_SHIFT - 6);
    asm_rr(as, 4, 0x81, 4, REG_ADDEND);
    asm_imm32(as, (TLB_ENTRIES - 1) << 6); /* entries have 64 bytes */
    asm_lea(as, 8, REG_T0, mem_base((enum host_reg)REG_ADDRESS, op->size - 1));
    asm_rr(as, 8, 0x81, 4, REG_T0);
    asm_imm32(as, ~(uint32_t)(MEM_PAGE_SIZE - 1));
    entry.disp += (int32_t)tag;
    asm_rm(as, 8, 0x3B, REG_T0, entry);
    slow->jumps[2] = asm_jcc(as, CC_NE, NULL);
    entry.disp += (int32_t)offsetof(struct tlb_entry, addend) - (int32_t)tag;
    asm_load(as, 8, REG_ADDEND, entry);
}

void emit_probe(struct emitter *e, const struct ir_op *op)
{
    bool wide = e->block->context->assume.mode == MODE_64;
    struct stub *slow = emit_stub(e, STUB_SLOW, op, NULL);
    load_offset(e, REG_ADDRESS, &op->address);
    if (!wide && !is_flat(e, op))
        apply_segment(e, op, slow);
    if (wide && (op->address.seg == SEG_FS || op->address.seg == SEG_GS))
        asm_rm(&e->as, 8, 0x03, REG_ADDRESS,
               cpu_at(offsetof(struct cpu, seg) + op->address.seg * sizeof(struct segment) +
                      offsetof(struct segment, base)));
    if (wide)
        probe_tagged(e, op, slow);
    else
        probe_direct(e, op, slow);
}
