/* SPDX-License-Identifier: MIT */
/* String instructions and REP (SDM 2B, REP/REPE/REPNE).
 *
 * Each iteration counts as one retired instruction and is an instruction boundary: after a fault, an
 * interrupt or the horizon the registers stand between two iterations and RIP still names the instruction.
 * One that does not repeat, and reaches no port, is an instruction of a trace like others.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/string_286.h"
#include "core/x86/flags.h"
#include "core/x86/io.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"

enum string_kind { STRING_MOVE, STRING_STORE, STRING_COMPARE, STRING_IO, STRING_OTHER };

typedef bool string_step(struct cpu *cpu, const struct insn *insn, uint64_t step);

static unsigned address_size(const struct insn *insn)
{
    return 8 - insn->addr_shift / 8u;
}

/* Moves SI or DI by one element, within the address size. */
static inline void advance(struct cpu *cpu, const struct insn *insn, enum gpr reg, uint64_t step)
{
    reg_write(cpu, reg, address_size(insn), cpu->gpr[reg] + step);
}

/* Device accesses see the exact time; iterations done so far are already off the budget. */
static void sync_clock(struct cpu *cpu, const struct insn *insn)
{
    cpu->current = insn;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - insn->left;
}

static unsigned io_size(const struct insn *insn)
{
    return insn->op_size == 8 ? 4 : insn->op_size;
}

/* INS proves that it can store before it reads the port: the read may have side effects. */
static bool ins_step(struct cpu *cpu, const struct insn *insn, uint64_t step)
{
    unsigned size = io_size(insn);
    uint16_t port = (uint16_t)cpu->gpr[GPR_DX];
    uint64_t offset = operand_wrap(insn, cpu->gpr[GPR_DI]);
    gva_t address;
    sync_clock(cpu, insn);
    if (!io_permitted(cpu, port, size) || !segment_check(cpu, SEG_ES, offset, size, true, &address) ||
        !linear_probe(cpu, address, size, cpu->user, true))
        return false;
    uint32_t value = io_read(cpu, port, size);
    if (!mem_write(cpu, insn, SEG_ES, offset, size, value))
        return false;
    advance(cpu, insn, GPR_DI, step);
    return true;
}

static bool outs_step(struct cpu *cpu, const struct insn *insn, uint64_t step)
{
    unsigned size = io_size(insn);
    uint16_t port = (uint16_t)cpu->gpr[GPR_DX];
    uint64_t value;
    sync_clock(cpu, insn);
    if (!io_permitted(cpu, port, size) ||
        !mem_read(cpu, insn, (enum seg_index)insn->seg, operand_wrap(insn, cpu->gpr[GPR_SI]), size, &value))
        return false;
    io_write(cpu, port, size, (uint32_t)value);
    advance(cpu, insn, GPR_SI, step);
    return true;
}

/* Elements from `offset` upwards that stay in its page, the segment's fast range and the address size. */
static uint64_t run_length(const struct insn *insn, const struct segment *segment, uint64_t end,
                           uint64_t offset, unsigned size)
{
    gva_t linear = segment->base + offset;
    uint64_t in_page = MEM_PAGE_SIZE - (linear & (MEM_PAGE_SIZE - 1));
    if (address_size(insn) == 2 && end > 0x10000)
        end = 0x10000;
    uint64_t in_segment = offset < end ? end - offset : 0;
    return (in_page < in_segment ? in_page : in_segment) / size;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Ascending REP STOS within one page: fills up to `limit` elements at once. Returns how many. */
static uint64_t bulk_store(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t limit)
{
    uint64_t offset = operand_wrap(insn, cpu->gpr[GPR_DI]);
    uint8_t *to;
    if (!mem_fast_write(cpu, SEG_ES, offset, size, &to))
        return 0;
    uint64_t count =
        least(limit, run_length(insn, &cpu->seg[SEG_ES], cpu->seg[SEG_ES].write_end, offset, size));
    for (uint64_t i = 0; i < count; i++)
        store_le(to + i * size, size, cpu->gpr[GPR_AX]);
    advance(cpu, insn, GPR_DI, count * size);
    return count;
}

/* Ascending REP MOVS with both sides in plain pages. Elements are copied one by one where they overlap
 * upwards, which must repeat the pattern. */
static uint64_t bulk_move(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t limit)
{
    enum seg_index seg = (enum seg_index)insn->seg;
    uint64_t from_offset = operand_wrap(insn, cpu->gpr[GPR_SI]),
             to_offset = operand_wrap(insn, cpu->gpr[GPR_DI]);
    const uint8_t *from;
    uint8_t *to;
    if (!mem_fast_read(cpu, seg, from_offset, size, &from) ||
        !mem_fast_write(cpu, SEG_ES, to_offset, size, &to))
        return 0;
    uint64_t count =
        least(limit, run_length(insn, &cpu->seg[seg], cpu->seg[seg].read_end, from_offset, size));
    count = least(count, run_length(insn, &cpu->seg[SEG_ES], cpu->seg[SEG_ES].write_end, to_offset, size));
    uint64_t bytes = count * size;
    if (to >= from + bytes || from >= to + bytes)
        memcpy(to, from, bytes);
    else
        for (uint64_t i = 0; i < count; i++)
            store_le(to + i * size, size, load_le(from + i * size, size));
    advance(cpu, insn, GPR_SI, bytes);
    advance(cpu, insn, GPR_DI, bytes);
    return count;
}

static uint64_t run_bulk(struct cpu *cpu, const struct insn *insn, unsigned size, enum string_kind kind,
                         uint64_t limit)
{
    if (cpu->eflags & EFLAGS_DF)
        return 0;
    if (kind == STRING_STORE)
        return bulk_store(cpu, insn, size, limit);
    return kind == STRING_MOVE ? bulk_move(cpu, insn, size, limit) : 0;
}

static bool comparison_ends(const struct cpu *cpu, const struct insn *insn)
{
    return flag_zf(cpu) != ((insn->flags & INSN_REP) != 0);
}

static bool string_fault(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t stride)
{
    string_fault_286(cpu, insn, size, stride);
    exec_fault(cpu, insn);
    return false;
}

/* RIP and the clock after the last iteration. False where the outer loop must look before the next
 * instruction. */
static bool string_ends(struct cpu *cpu, const struct insn *insn)
{
    cpu->rip += insn->offset + insn->length;
    cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget;
    return !cpu->debug_hits;
}

/* The whole instruction is off the budget as one; further iterations are charged as they are done. */
static bool run_repeated(struct cpu *cpu, const struct insn *insn, unsigned size, string_step *step,
                         enum string_kind kind, uint64_t stride)
{
    unsigned count_size = address_size(insn);
    uint64_t left = reg_read(cpu, GPR_CX, count_size);
    bool ended = left == 0;
    while (!ended) {
        uint64_t done = run_bulk(cpu, insn, size, kind, least(left, (uint64_t)cpu->budget + 1));
        if (!done) {
            if (!step(cpu, insn, stride))
                return string_fault(cpu, insn, size, stride);
            done = 1;
            ended = kind == STRING_COMPARE && comparison_ends(cpu, insn);
        }
        left -= done;
        reg_write(cpu, GPR_CX, count_size, left);
        ended |= left == 0;
        bool out_of_budget = (int64_t)done > cpu->budget;
        cpu->budget -= (int64_t)(ended ? done - 1 : done);
        if (!ended && (out_of_budget || cpu->debug_hits)) {
            /* The next iteration is the next instruction: nothing of it is charged yet. */
            cpu->rip += insn->offset;
            cpu->clock->insns = cpu->horizon - (uint64_t)cpu->budget - insn->left;
            cpu->repeating = true;
            return false;
        }
    }
    return string_ends(cpu, insn);
}

static inline uint64_t stride_of(const struct cpu *cpu, uint64_t bytes)
{
    return cpu->eflags & EFLAGS_DF ? 0 - bytes : bytes;
}

static inline bool repeats(const struct insn *insn)
{
    return (insn->flags & (INSN_REP | INSN_REPNE)) != 0;
}

/* One that ends its trace. */
static inline bool run_last(struct cpu *cpu, const struct insn *insn, unsigned size, string_step *step,
                            enum string_kind kind)
{
    uint64_t stride = stride_of(cpu, kind == STRING_IO ? io_size(insn) : size);
    cpu->current = insn;
    if (repeats(insn))
        return run_repeated(cpu, insn, size, step, kind, stride);
    if (!step(cpu, insn, stride))
        return string_fault(cpu, insn, size, stride);
    return string_ends(cpu, insn);
}

static inline const struct insn *run_string(struct cpu *cpu, const struct insn *insn, unsigned size,
                                            string_step *step, enum string_kind kind)
{
    if (repeats(insn) || kind == STRING_IO)
        return run_last(cpu, insn, size, step, kind) ? exec_goto(cpu, 0) : NULL;
    uint64_t stride = stride_of(cpu, size);
    if (step(cpu, insn, stride))
        return exec_next(cpu, insn);
    string_fault_286(cpu, insn, size, stride);
    return exec_fault(cpu, insn);
}

#define WIDTH 8
#include "core/x86/exec/string.inc"
#undef WIDTH
#define WIDTH 16
#include "core/x86/exec/string.inc"
#undef WIDTH
#define WIDTH 32
#include "core/x86/exec/string.inc"
#undef WIDTH
#define WIDTH 64
#include "core/x86/exec/string.inc"
#undef WIDTH

/* Steps by log2 of the size; absent where there is no such form. */
struct string_form {
    string_step *step[4];
    enum string_kind kind;
};

/* By opcode / 2: 6C to 6F, A4 to A7, AA to AF. */
static const struct string_form forms[128] = {
    [0x6C / 2] = {{ins_step, ins_step, ins_step, ins_step}, STRING_IO},
    [0x6E / 2] = {{outs_step, outs_step, outs_step, outs_step}, STRING_IO},
    [0xA4 / 2] = {{movs_step_8, movs_step_16, movs_step_32, movs_step_64}, STRING_MOVE},
    [0xA6 / 2] = {{cmps_step_8, cmps_step_16, cmps_step_32, cmps_step_64}, STRING_COMPARE},
    [0xAA / 2] = {{stos_step_8, stos_step_16, stos_step_32, stos_step_64}, STRING_STORE},
    [0xAC / 2] = {{lods_step_8, lods_step_16, lods_step_32, lods_step_64}, STRING_OTHER},
    [0xAE / 2] = {{scas_step_8, scas_step_16, scas_step_32, scas_step_64}, STRING_COMPARE},
};

bool exec_string(struct cpu *cpu, const struct insn *insn)
{
    const struct string_form *form = &forms[insn->opcode / 2];
    unsigned size = insn->op_size, log2 = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
    return run_last(cpu, insn, size, form->step[log2], form->kind);
}
