/* SPDX-License-Identifier: MIT */
/* Routines that translated code shares: entry and exit, calls of C functions, indirect jumps, flags from a
 * recipe. */
#include "core/x86/engine.h"
#include "core/x86/flag_recipe.h"
#include "jit/block.h"
#include "jit/helpers.h"
#include "jit/host/host.h"
#include "jit/host/x86_64/emit.h"
#include "jit/host/x86_64/routines_memory.h"
#include "jit/host/x86_64/routines_string.h"
#include "jit/measure.h"

static const uint8_t saved_by_callee[] = {RBX, RBP, R12, R13, R14, R15};

enum { CALLEE_SAVED = sizeof saved_by_callee, HOST_MXCSR = 0x1F80 /* what the ABI starts with */ };

static void push_reg(struct assembler *as, unsigned reg)
{
    if (reg >= R8)
        asm_byte(as, 0x41);
    asm_byte(as, 0x50 | (reg & 7));
}

static void pop_reg(struct assembler *as, unsigned reg)
{
    if (reg >= R8)
        asm_byte(as, 0x41);
    asm_byte(as, 0x58 | (reg & 7));
}

static void add_imm8(struct assembler *as, unsigned reg, int value)
{
    asm_rr(as, 8, 0x83, 0, reg);
    asm_byte(as, (unsigned)value & 0xFF);
}

static void ret(struct assembler *as)
{
    asm_byte(as, 0xC3);
}

static void store_guest(struct assembler *as)
{
    for (unsigned i = 0; i < PINNED; i++)
        asm_store(as, 8, cpu_at(offsetof(struct cpu, gpr) + 8 * i), pinned_reg(i));
    asm_store(as, 8, CPU_FIELD(budget), REG_BUDGET);
}

static void load_guest(struct assembler *as)
{
    for (unsigned i = 0; i < PINNED; i++)
        asm_load(as, 8, pinned_reg(i), cpu_at(offsetof(struct cpu, gpr) + 8 * i));
}

enum { XMM_REGS = 16, MOVUPS_LOAD = 0x0F10, MOVUPS_STORE = 0x0F11, LDMXCSR = 2, STMXCSR = 3 };

static void each_xmm(struct assembler *as, unsigned opcode)
{
    for (unsigned i = 0; i < XMM_REGS; i++)
        asm_rm(as, 4, opcode, i, cpu_at(offsetof(struct cpu, xmm) + 16 * i));
}

static void mxcsr(struct assembler *as, unsigned digit, struct host_mem mem)
{
    asm_rm(as, 4, 0x0FAE, digit, mem);
}

/* XMM registers and MXCSR to struct cpu, the host's own MXCSR back. Clobbers R10. */
static void make_sse_store(struct assembler *as, struct jit *jit)
{
    jit->routines.sse_store = asm_here(as);
    each_xmm(as, MOVUPS_STORE);
    mxcsr(as, STMXCSR, CPU_FIELD(mxcsr));
    asm_mov_imm(as, R10, (uint64_t)(uintptr_t)&jit->host_mxcsr);
    mxcsr(as, LDMXCSR, mem_base(R10, 0));
    ret(as);
}

static void make_sse_load(struct assembler *as, struct jit *jit)
{
    jit->routines.sse_load = asm_here(as);
    each_xmm(as, MOVUPS_LOAD);
    mxcsr(as, LDMXCSR, CPU_FIELD(mxcsr));
    asm_rm(as, 1, 0x80, 1, CPU_FIELD(fp.live));
    asm_byte(as, FP_SSE);
    ret(as);
}

/* Calls a routine where a part of the floating-point state is live. */
static void call_if_live(struct assembler *as, enum fp_part part, const uint8_t *routine)
{
    asm_rm(as, 1, 0xF6, 0, CPU_FIELD(fp.live));
    asm_byte(as, part);
    uint8_t *skip = asm_jcc(as, CC_E, NULL);
    asm_call(as, routine);
    asm_patch(as->to_exec, skip, asm_here(as));
}

/* Calls function(cpu, R11). The result is in RAX, the budget is loaded, the guest's registers are not. XMM
 * registers that are live stay so, unless the function takes them for itself. */
static void call_c(struct assembler *as, const struct jit *jit, uint64_t function)
{
    store_guest(as);
    call_if_live(as, FP_SSE, jit->routines.sse_store);
    asm_lea(as, 8, RDI, mem_base((enum host_reg)REG_CPU, -CPU_BIAS));
    asm_mov_rr(as, 8, RSI, REG_T1);
    asm_call_absolute(as, function);
    asm_load(as, 8, REG_BUDGET, CPU_FIELD(budget));
    call_if_live(as, FP_SSE, jit->routines.sse_load);
}

/* One of two functions: the latter counts what the former does. */
#define MEASURED(jit, function, measuring)                                                                   \
    ((jit)->measure ? (uint64_t)(uintptr_t)(measuring) : (uint64_t)(uintptr_t)(function))

/* The x87 state, where it is live, to jit->x87_image; its bits in fp.live stay for C code to see. Clobbers
 * R10. */
static void make_x87_store(struct assembler *as, struct jit *jit)
{
    jit->routines.x87_store = asm_here(as);
    asm_mov_imm(as, R10, (uint64_t)(uintptr_t)jit->x87_image);
    asm_rm(as, 4, 0xDD, 6, mem_base(R10, 0)); /* FNSAVE */
    ret(as);
}

static void make_x87_load(struct assembler *as, struct jit *jit)
{
    jit->routines.x87_load = asm_here(as);
    add_imm8(as, RSP, -8);
    call_c(as, jit, (uint64_t)(uintptr_t)jit_x87_load);
    load_guest(as);
    asm_mov_imm(as, R10, (uint64_t)(uintptr_t)jit->x87_image);
    asm_rm(as, 4, 0xDD, 4, mem_base(R10, 0)); /* FRSTOR */
    add_imm8(as, RSP, 8);
    ret(as);
}

/* uint64_t enter(struct cpu *cpu, const uint8_t *code) */
static void make_enter(struct assembler *as, struct jit *jit)
{
    jit->routines.enter = (uint64_t(*)(struct cpu *, const uint8_t *))(uintptr_t)asm_here(as);
    for (unsigned i = 0; i < CALLEE_SAVED; i++)
        push_reg(as, saved_by_callee[i]);
    add_imm8(as, RSP, -8);
    asm_lea(as, 8, REG_CPU, mem_base(RDI, CPU_BIAS));
    asm_mov_rr(as, 8, REG_T1, RSI);
    asm_load(as, 8, REG_BUDGET, CPU_FIELD(budget));
    load_guest(as);
    asm_rr(as, 4, 0xFF, 4, REG_T1);
}

/* R11: the place where translated code ends, to which each entry adds its kind. */
static void make_kinds_of_leave(struct assembler *as, struct jit *jit, const uint8_t *leave)
{
    jit->routines.leave[EXIT_BOUNDARY] = leave;
    for (unsigned kind = EXIT_START; kind < EXIT_KINDS; kind++) {
        jit->routines.leave[kind] = asm_here(as);
        asm_mov_imm(as, REG_T0, (uint64_t)kind << EXIT_KIND_SHIFT);
        asm_rr(as, 8, 0x09, REG_T0, REG_T1);
        asm_jmp(as, leave);
    }
}

/* R11: what to return. The second entry finds the guest's registers stored. */
static const uint8_t *make_leave(struct assembler *as, struct jit *jit)
{
    const uint8_t *leave = asm_here(as);
    store_guest(as);
    const uint8_t *stored = asm_here(as);
    call_if_live(as, FP_X87, jit->routines.x87_store);
    call_if_live(as, FP_SSE, jit->routines.sse_store);
    asm_mov_rr(as, 8, RAX, REG_T1);
    add_imm8(as, RSP, 8);
    for (unsigned i = CALLEE_SAVED; i-- > 0;)
        pop_reg(as, saved_by_callee[i]);
    ret(as);
    make_kinds_of_leave(as, jit, leave);
    return stored;
}

/* Goes on at the code that RAX says. */
static void jump_to_found(struct assembler *as)
{
    asm_mov_rr(as, 8, REG_T1, RAX);
    load_guest(as);
    asm_rr(as, 4, 0xFF, 4, REG_T1);
}

/* Goes on at the code that a helper found, or resumes. */
static void go_on(struct assembler *as, const uint8_t *leave_stored)
{
    asm_rr(as, 8, 0x85, RAX, RAX);
    asm_mov_imm(as, REG_T1, (uint64_t)EXIT_RESUME << EXIT_KIND_SHIFT);
    asm_jcc(as, CC_E, leave_stored);
    jump_to_found(as);
}

/* R11: the exit to follow. */
static void make_follow(struct assembler *as, struct jit *jit, const uint8_t *leave_stored)
{
    jit->routines.follow = asm_here(as);
    call_c(as, jit, MEASURED(jit, jit_follow, measure_follow));
    go_on(as, leave_stored);
}

/* R11: the place of an instruction that ends its block. */
static void make_serial(struct assembler *as, struct jit *jit, const uint8_t *leave_stored)
{
    jit->routines.leave_for_boundary = asm_here(as);
    asm_mov_imm(as, REG_T1, 0);
    asm_jmp(as, jit->routines.leave[EXIT_BOUNDARY]);
    jit->routines.resume = asm_here(as);
    asm_mov_imm(as, REG_T1, (uint64_t)EXIT_RESUME << EXIT_KIND_SHIFT);
    asm_jmp(as, jit->routines.leave[EXIT_BOUNDARY]);
    jit->routines.serial = asm_here(as);
    call_c(as, jit, MEASURED(jit, jit_call_serial, measure_call_serial));
    go_on(as, leave_stored);
}

/* Called with the place in R11; returns when the next instruction may follow. */
static const uint8_t *make_handler(struct assembler *as, struct jit *jit, bool fp)
{
    const uint8_t *start = asm_here(as);
    add_imm8(as, RSP, -8);
    if (fp)
        call_if_live(as, FP_X87, jit->routines.x87_store);
    call_c(as, jit,
           fp ? MEASURED(jit, jit_call_fp_handler, measure_call_fp_handler)
              : MEASURED(jit, jit_call_handler, measure_call_handler));
    asm_rr(as, 8, 0x85, RAX, RAX);
    uint8_t *elsewhere = asm_jcc(as, CC_NE, NULL);
    load_guest(as);
    add_imm8(as, RSP, 8);
    ret(as);
    asm_patch(as->to_exec, elsewhere, asm_here(as));
    add_imm8(as, RSP, 16);
    jump_to_found(as);
    return start;
}

/* Compares a register with memory and jumps where they differ; notes the jump. */
static uint8_t *differs(struct assembler *as, unsigned size, unsigned reg, struct host_mem mem)
{
    asm_rm(as, size, 0x3B, reg, mem);
    return asm_jcc(as, CC_NE, NULL);
}

static void shift(struct assembler *as, unsigned digit, unsigned reg, unsigned count)
{
    asm_rr(as, 8, 0xC1, digit, reg);
    asm_byte(as, count);
}

enum { DIGIT_RCL = 2, DIGIT_RCR = 3, DIGIT_SHL = 4, DIGIT_SHR = 5, DIGIT_SAR = 7 };

/* A field of the TLB entry that R9 says. */
static struct host_mem tlb_at(size_t field)
{
    struct host_mem mem = cpu_at(offsetof(struct cpu, tlb.entry) + field);
    mem.index = R9;
    return mem;
}

enum { PAGE_REFUSALS = 4, TLB_ENTRY_SHIFT = 6 };

/* From jump_where in R10: its linear page, and in R9 what says its TLB entry. */
static void find_page(struct assembler *as)
{
    _Static_assert(sizeof(struct tlb_entry) == 1 << TLB_ENTRY_SHIFT &&
                       (int)JUMP_PAGE_BITS > (int)TLB_ENTRY_SHIFT,
                   "shift below");
    asm_mov_rr(as, 8, R9, REG_T0);
    shift(as, DIGIT_SHR, R9, JUMP_PAGE_BITS - TLB_ENTRY_SHIFT);
    asm_rr(as, 4, 0x81, 4, R9);
    asm_imm32(as, (TLB_SETS - 1) << TLB_ENTRY_SHIFT);
    shift(as, DIGIT_SAR, REG_T0, JUMP_PAGE_BITS);
    shift(as, DIGIT_SHL, REG_T0, MEM_PAGE_SHIFT);
}

/* Makes R9 say the entry of the set, found by find_page, that is open to fetches from the page in R10.
 * Returns the jump for that there is none. */
static uint8_t *find_way(struct assembler *as, unsigned user)
{
    struct host_mem tag = tlb_at(offsetof(struct tlb_entry, read) + user * sizeof(uint64_t));
    asm_rm(as, 8, 0x3B, REG_T0, tag);
    uint8_t *front = asm_jcc(as, CC_E, NULL);
    asm_rr(as, 4, 0x81, 0, R9);
    asm_imm32(as, TLB_SETS << TLB_ENTRY_SHIFT);
    uint8_t *neither = differs(as, 8, REG_T0, tag);
    asm_patch(as->to_exec, front, asm_here(as));
    return neither;
}

/* From jump_where in a register: the page in guest memory. */
static void cut_to_memory(struct assembler *as, unsigned reg)
{
    shift(as, DIGIT_SHL, reg, 64 - JUMP_PAGE_BITS);
    shift(as, DIGIT_SHR, reg, 64 - JUMP_PAGE_BITS - MEM_PAGE_SHIFT);
}

/* The page of the jump cache entry that R8 says is not the one that runs: the TLB must lead to where the
 * entry says. */
static void go_to_other_page(struct assembler *as, const struct jit *jit, unsigned user, uint8_t **refused)
{
    struct host_mem where = emit_jump_at(jit, offsetof(struct jump_entry, where));
    asm_rr(as, 8, 0x85, REG_BUDGET, REG_BUDGET);
    refused[0] = asm_jcc(as, CC_LE, NULL);
    asm_load(as, 8, REG_T0, where);
    find_page(as);
    refused[1] = find_way(as, user);
    asm_load(as, 8, REG_T1, tlb_at(offsetof(struct tlb_entry, addend)));
    refused[2] = differs(as, 8, REG_T1, emit_jump_at(jit, offsetof(struct jump_entry, addend)));
    asm_rm(as, 1, 0xF6, 0, tlb_at(offsetof(struct tlb_entry, rights)));
    asm_byte(as, TLB_NX);
    refused[3] = asm_jcc(as, CC_NE, NULL);
    asm_load(as, 8, REG_T1, tlb_at(offsetof(struct tlb_entry, frame)));
    asm_store(as, 8, CPU_FIELD(fetch_frame), REG_T1);
    asm_store(as, 8, CPU_FIELD(fetch_page), REG_T0);
    asm_load(as, 8, REG_T1, where);
    cut_to_memory(as, REG_T1);
    asm_store(as, 8, CPU_FIELD(fetch_memory), REG_T1);
    asm_rm(as, 4, 0xFF, 4, emit_jump_at(jit, offsetof(struct jump_entry, code)));
}

/* R11: the RIP to go to, which the jump cache does not know, or which is in another page: then R8 says the
 * entry. */
static void make_indirect(struct assembler *as, struct jit *jit, const uint8_t *leave_stored)
{
    uint8_t *refused[2][PAGE_REFUSALS];
    for (unsigned user = 0; user < 2; user++) {
        jit->routines.other_page[user] = asm_here(as);
        asm_store(as, 8, CPU_FIELD(rip), REG_T1);
        go_to_other_page(as, jit, user, refused[user]);
    }
    jit->routines.indirect = asm_here(as);
    asm_store(as, 8, CPU_FIELD(rip), REG_T1);
    for (unsigned user = 0; user < 2; user++)
        for (unsigned i = 0; i < PAGE_REFUSALS; i++)
            asm_patch(as->to_exec, refused[user][i], asm_here(as));
    call_c(as, jit, MEASURED(jit, jit_follow_indirect, measure_follow_indirect));
    go_on(as, leave_stored);
}

enum { FAR_REFUSALS = 4 };

/* As the interpreter does when it goes to another page: the TLB must lead to where jump_where in R10 says. */
static void check_far(struct assembler *as, const struct jit *jit, unsigned user, uint8_t **refused)
{
    asm_rr(as, 8, 0x85, REG_BUDGET, REG_BUDGET);
    refused[0] = asm_jcc(as, CC_LE, NULL);
    asm_mov_rr(as, 8, R8, REG_T0);
    cut_to_memory(as, R8);
    find_page(as);
    refused[1] = find_way(as, user);
    asm_mov_imm(as, REG_PLACE, (uint64_t)(uintptr_t)jit->cpu->memory->host);
    asm_rr(as, 8, 0x01, R8, REG_PLACE);
    asm_rr(as, 8, 0x29, REG_T0, REG_PLACE);
    refused[2] = differs(as, 8, REG_PLACE, tlb_at(offsetof(struct tlb_entry, addend)));
    asm_rm(as, 1, 0xF6, 0, tlb_at(offsetof(struct tlb_entry, rights)));
    asm_byte(as, TLB_NX);
    refused[3] = asm_jcc(as, CC_NE, NULL);
}

/* Called by an exit to another page, with itself in R11 and the page in R10. Returns where the page is still
 * there, and now the one that code runs from. */
static void make_far(struct assembler *as, struct jit *jit, unsigned user)
{
    uint8_t *refused[FAR_REFUSALS];
    jit->routines.far[user] = asm_here(as);
    check_far(as, jit, user, refused);
    asm_load(as, 8, R9, tlb_at(offsetof(struct tlb_entry, frame)));
    asm_store(as, 8, CPU_FIELD(fetch_page), REG_T0);
    asm_store(as, 8, CPU_FIELD(fetch_frame), R9);
    asm_store(as, 8, CPU_FIELD(fetch_memory), R8);
    ret(as);
    for (unsigned i = 0; i < FAR_REFUSALS; i++)
        asm_patch(as->to_exec, refused[i], asm_here(as));
    add_imm8(as, RSP, 8);
    asm_jmp(as, jit->routines.follow);
}

/* Called with the linear addresses of the first and last byte of a group of operands in R8 and R11. Makes R11
 * what to add for the host's; ZF where they are not in one page, or that is not to be had. */
static void make_look_up(struct assembler *as, struct jit *jit, unsigned kind)
{
    jit->routines.look_up[kind] = asm_here(as);
    asm_rr(as, 4, 0x31, R8, REG_T1);
    asm_rr(as, 4, 0xC1, DIGIT_SHR, REG_T1);
    asm_byte(as, MEM_PAGE_SHIFT);
    uint8_t *apart = asm_jcc(as, CC_NE, NULL);
    asm_mov_rr(as, 4, REG_T1, R8);
    asm_rr(as, 4, 0xC1, DIGIT_SHR, REG_T1);
    asm_byte(as, MEM_PAGE_SHIFT);
    asm_load(as, 8, REG_T1, emit_direct_at(jit, kind, REG_T1));
    asm_rr(as, 8, 0x85, REG_T1, REG_T1);
    ret(as);
    asm_patch(as->to_exec, apart, asm_here(as));
    asm_rr(as, 4, 0x31, REG_T1, REG_T1);
    ret(as);
}

static struct host_mem recipe_at(size_t offset)
{
    return cpu_at(offsetof(struct cpu, recipe) + offset);
}

/* r10 op= recipe.operand, or by 1 and the like. */
static void with_operand(struct assembler *as, unsigned size, unsigned code)
{
    asm_rm(as, size, code << 3 | (size == 1 ? 2 : 3), REG_T0,
           recipe_at(offsetof(struct flag_recipe, operand)));
}

static void load_recipe_carry(struct assembler *as)
{
    asm_rm(as, 4, 0x0FBA, 4, recipe_at(offsetof(struct flag_recipe, carry)));
    asm_byte(as, 0);
}

static void step(struct assembler *as, unsigned size, bool up)
{
    asm_rr(as, size, size == 1 ? 0xFE : 0xFF, up ? 0 : 1, REG_T0);
}

/* Shifts or turns R10 by one. */
static void by_one(struct assembler *as, unsigned size, unsigned digit)
{
    asm_rr(as, size, size == 1 ? 0xD0 : 0xD1, digit, REG_T0);
}

enum { CODE_ADD = 0, CODE_ADC = 2, CODE_SBB = 3, CODE_SUB = 5, CODE_CMP = 7 };

/* Makes the host's flags those of a recipe of one kind. False where that takes the long way. */
static bool make_flags_of(struct assembler *as, unsigned kind, unsigned size)
{
    asm_rm(as, size, size == 1 ? 0x8A : 0x8B, REG_T0, recipe_at(offsetof(struct flag_recipe, result)));
    switch (kind) {
    case RECIPE_ADD:
        with_operand(as, size, CODE_SUB);
        with_operand(as, size, CODE_ADD);
        return true;
    case RECIPE_SUB:
        with_operand(as, size, CODE_ADD);
        with_operand(as, size, CODE_SUB);
        return true;
    case RECIPE_CMP: with_operand(as, size, CODE_CMP); return true;
    case RECIPE_ADC:
        load_recipe_carry(as);
        with_operand(as, size, CODE_SBB);
        load_recipe_carry(as);
        with_operand(as, size, CODE_ADC);
        return true;
    case RECIPE_SBB:
        load_recipe_carry(as);
        with_operand(as, size, CODE_ADC);
        load_recipe_carry(as);
        with_operand(as, size, CODE_SBB);
        return true;
    case RECIPE_LOGIC: asm_rr(as, size, size == 1 ? 0x84 : 0x85, REG_T0, REG_T0); return true;
    case RECIPE_SHL: /* the operand of the last step of one, and that step again */
    case RECIPE_SHR:
    case RECIPE_SAR:
        load_recipe_carry(as);
        by_one(as, size, kind == RECIPE_SHL ? DIGIT_RCR : DIGIT_RCL);
        by_one(as, size, kind == RECIPE_SHL ? DIGIT_SHL : kind == RECIPE_SHR ? DIGIT_SHR : DIGIT_SAR);
        return true;
    case RECIPE_INC:
    case RECIPE_DEC:
        step(as, size, kind == RECIPE_DEC);
        load_recipe_carry(as);
        step(as, size, kind == RECIPE_INC);
        return true;
    default: return false;
    }
}

/* R9 is kept in the red zone while it holds the table's address. */
static struct host_mem spare_slot(void)
{
    return mem_base(RSP, -8);
}

static void make_slow_flags(struct assembler *as, const struct jit *jit)
{
    asm_load(as, 8, R9, spare_slot());
    push_reg(as, R8);
    push_reg(as, R9);
    push_reg(as, R11);
    call_c(as, jit, (uint64_t)(uintptr_t)jit_flags_image);
    push_reg(as, RAX);
    load_guest(as);
    asm_byte(as, 0x9D); /* POPFQ */
    pop_reg(as, R11);
    pop_reg(as, R9);
    pop_reg(as, R8);
    ret(as);
}

/* Called; brings the guest's flags into the host's. Clobbers only R10. */
static void make_flags(struct assembler *as, struct jit *jit)
{
    const uint8_t *slow = asm_here(as), *code[RECIPE_KINDS];
    make_slow_flags(as, jit);
    for (unsigned kind = 0; kind < RECIPE_KINDS; kind++) {
        code[kind] = asm_here(as);
        asm_load(as, 8, R9, spare_slot());
        if (kind >= RECIPE_ADD && make_flags_of(as, kind & ~3u, 1u << (kind & 3)))
            ret(as);
        else
            code[kind] = slow;
    }
    const uint8_t *table = asm_here(as);
    for (unsigned kind = 0; kind < RECIPE_KINDS; kind++)
        asm_imm64(as, (uint64_t)(uintptr_t)code[kind]);
    jit->routines.flags = asm_here(as);
    asm_load(as, 4, REG_T0, recipe_at(offsetof(struct flag_recipe, kind))); /* with `overrides` above it */
    asm_store(as, 8, spare_slot(), R9);
    asm_rr(as, 4, 0x81, 7, REG_T0);
    asm_imm32(as, RECIPE_KINDS);
    asm_jcc(as, CC_AE, slow);
    asm_mov_imm(as, R9, (uint64_t)(uintptr_t)table);
    asm_rm(as, 4, 0xFF, 4, (struct host_mem){R9, REG_T0, 3, 0});
}

void host_make_routines(struct jit *jit)
{
    struct code_cache *cache = &jit->code;
    struct assembler as = {.at = cache->writable,
                           .end = cache->writable + cache->size,
                           .to_exec = cache->executable - cache->writable};
    jit->host_mxcsr = HOST_MXCSR;
    make_sse_store(&as, jit);
    make_sse_load(&as, jit);
    make_x87_store(&as, jit);
    make_x87_load(&as, jit);
    make_enter(&as, jit);
    const uint8_t *leave_stored = make_leave(&as, jit);
    make_follow(&as, jit, leave_stored);
    jit->routines.handler = make_handler(&as, jit, false);
    jit->routines.handler_fp = make_handler(&as, jit, true);
    make_serial(&as, jit, leave_stored);
    make_indirect(&as, jit, leave_stored);
    for (unsigned user = 0; user < 2; user++)
        make_far(&as, jit, user);
    for (unsigned kind = 0; kind < DIRECT_KINDS; kind++)
        make_look_up(&as, jit, kind);
    make_flags(&as, jit);
    make_string_routines(&as, jit);
    make_memory_routines(&as, jit);
    cache->used = (size_t)(as.at - cache->writable);
}
