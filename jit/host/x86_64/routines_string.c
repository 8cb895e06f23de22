/* SPDX-License-Identifier: MIT */
/* Repeated string instructions as the host's own, which do overlapping moves as the guest's do. */
#include "jit/host/x86_64/routines_string.h"

#include "core/x86/flag_recipe.h"
#include "jit/block.h"
#include "jit/host/x86_64/layout.h"

/* Up to so many elements a loop is done before the host's instruction has begun. */
enum { FEW = 16 };

/* Host registers while the host's instruction runs; the guest's wait there meanwhile. */
enum { SOURCE = R11, DESTINATION = R8, COUNT = R10, SPARE = R13, GUEST_COUNT = R9 };

enum { OPCODE_MOVS = 0xA4, OPCODE_CMPS = 0xA6, OPCODE_STOS = 0xAA, OPCODE_SCAS = 0xAE };
enum { REPE = 0xF3, REPNE = 0xF2, SETE = 0x0F94, SETNE = 0x0F95 };

static struct host_mem element(unsigned base, unsigned index, unsigned log2, int32_t disp)
{
    return (struct host_mem){(uint8_t)base, (uint8_t)index, (uint8_t)log2, disp};
}

/* Bytes from a host address to the end of its page: pages of guest memory are pages of the host. */
static void left_in_page(struct assembler *as, unsigned to, unsigned address)
{
    asm_mov_rr(as, 4, to, address);
    asm_rr(as, 4, 0x81, 1, to);
    asm_imm32(as, ~(uint32_t)(MEM_PAGE_SIZE - 1));
    asm_rr(as, 4, 0xF7, 3, to);
}

/* Cuts the count to what the pages and the budget hold. */
static void limit_count(struct assembler *as, unsigned log2, bool has_source)
{
    left_in_page(as, R9, DESTINATION);
    if (has_source) {
        left_in_page(as, SPARE, SOURCE);
        asm_least(as, 4, R9, SPARE);
    }
    if (log2) {
        asm_rr(as, 4, 0xC1, 5, R9);
        asm_byte(as, log2);
    }
    asm_least(as, 8, COUNT, R9);
    asm_least(as, 8, COUNT, REG_BUDGET);
}

static void swap(struct assembler *as, unsigned a, unsigned b)
{
    asm_rr(as, 8, 0x87, a, b);
}

static void repeat(struct assembler *as, unsigned prefix, unsigned opcode, unsigned log2)
{
    if (log2 == 1)
        asm_byte(as, 0x66);
    asm_byte(as, prefix);
    if (log2 == 3)
        asm_byte(as, 0x48);
    asm_byte(as, opcode | (log2 ? 1u : 0u));
}

/* The guest's registers for the host's instruction. */
static void exchange(struct assembler *as, bool has_source)
{
    if (has_source)
        swap(as, RSI, SOURCE);
    swap(as, RDI, DESTINATION);
    asm_mov_rr(as, 8, GUEST_COUNT, RCX);
    asm_mov_rr(as, 8, RCX, COUNT);
}

/* Changes no flags. */
static void restore_pointers(struct assembler *as, bool has_source)
{
    if (has_source)
        asm_mov_rr(as, 8, RSI, SOURCE);
    asm_mov_rr(as, 8, RDI, DESTINATION);
}

static void ret(struct assembler *as)
{
    asm_byte(as, 0xC3);
}

static unsigned load_opcode(unsigned log2)
{
    return log2 ? 0x8B : 0x8A;
}

/* R9 counts up to 0 from behind the elements. */
static void do_few(struct assembler *as, unsigned log2, bool has_source)
{
    unsigned value = has_source ? (unsigned)SPARE : (unsigned)RAX;
    if (has_source)
        asm_lea(as, 8, SOURCE, element(SOURCE, COUNT, log2, 0));
    asm_lea(as, 8, DESTINATION, element(DESTINATION, COUNT, log2, 0));
    asm_mov_rr(as, 8, R9, COUNT);
    asm_rr(as, 8, 0xF7, 3, R9);
    const uint8_t *loop = asm_here(as);
    if (has_source)
        asm_rm(as, 1u << log2, load_opcode(log2), SPARE, element(SOURCE, R9, log2, 0));
    asm_store(as, 1u << log2, element(DESTINATION, R9, log2, 0), value);
    asm_rr(as, 8, 0xFF, 0, R9);
    asm_jcc(as, CC_NE, loop);
    ret(as);
}

static void make_transfer(struct assembler *as, unsigned opcode, unsigned log2)
{
    bool has_source = opcode == OPCODE_MOVS;
    limit_count(as, log2, has_source);
    asm_rr(as, 4, 0x83, 7, COUNT);
    asm_byte(as, FEW);
    uint8_t *many = asm_jcc(as, CC_A, NULL);
    do_few(as, log2, has_source);
    asm_patch(as->to_exec, many, asm_here(as));
    exchange(as, has_source);
    repeat(as, REPE, opcode, log2);
    asm_mov_rr(as, 8, RCX, GUEST_COUNT);
    restore_pointers(as, has_source);
    ret(as);
}

static struct host_mem last_element(unsigned pointer, unsigned log2)
{
    return mem_base((enum host_reg)pointer, -(1 << log2));
}

/* The recipe of the last comparison. Changes no flags. */
static void save_comparison(struct assembler *as, unsigned log2, bool has_source)
{
    unsigned size = 1u << log2;
    if (has_source) {
        asm_rm(as, size, load_opcode(log2), SPARE, last_element(RSI, log2));
        asm_store(as, size, CPU_FIELD(recipe.result), SPARE);
    } else {
        asm_store(as, size, CPU_FIELD(recipe.result), RAX);
    }
    asm_rm(as, size, load_opcode(log2), SPARE, last_element(RDI, log2));
    asm_store(as, size, CPU_FIELD(recipe.operand), SPARE);
    asm_store_imm(as, 4, CPU_FIELD(recipe.kind), (int32_t)(RECIPE_CMP + log2)); /* with what is above it */
}

static void make_comparison(struct assembler *as, unsigned opcode, bool equal, unsigned log2)
{
    bool has_source = opcode == OPCODE_CMPS;
    limit_count(as, log2, has_source);
    exchange(as, has_source);
    repeat(as, equal ? REPE : REPNE, opcode, log2);
    save_comparison(as, log2, has_source);
    restore_pointers(as, has_source);
    asm_rr(as, 1, equal ? SETNE : SETE, 0, R8);
    asm_rr(as, 8, 0x29, RCX, COUNT);
    asm_mov_rr(as, 8, RCX, GUEST_COUNT);
    asm_rr(as, 4, 0x0FB6, R9, R8);
    ret(as);
}

void make_string_routines(struct assembler *as, struct jit *jit)
{
    for (unsigned log2 = 0; log2 < 4; log2++) {
        jit->routines.repeat[REPEAT_MOVES][log2] = asm_here(as);
        make_transfer(as, OPCODE_MOVS, log2);
        jit->routines.repeat[REPEAT_STORES][log2] = asm_here(as);
        make_transfer(as, OPCODE_STOS, log2);
        for (unsigned equal = 0; equal < 2; equal++) {
            jit->routines.repeat[equal ? REPEAT_COMPARES_EQUAL : REPEAT_COMPARES_UNEQUAL][log2] =
                asm_here(as);
            make_comparison(as, OPCODE_CMPS, equal, log2);
            jit->routines.repeat[equal ? REPEAT_SCANS_EQUAL : REPEAT_SCANS_UNEQUAL][log2] = asm_here(as);
            make_comparison(as, OPCODE_SCAS, equal, log2);
        }
    }
}
