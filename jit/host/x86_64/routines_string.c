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

/* Which routine is made. */
struct kind {
    unsigned opcode; /* of the form with bytes */
    unsigned log2;   /* of the element's size */
    bool has_source, down;
    bool equal; /* comparisons: repeated as long as elements are */
};

static struct host_mem element(unsigned base, unsigned index, unsigned log2, int32_t disp)
{
    return (struct host_mem){(uint8_t)base, (uint8_t)index, (uint8_t)log2, disp};
}

enum { DIGIT_OR = 1, DIGIT_AND = 4 };

/* Bytes from a host address to the end of its page, or to its start: pages of guest memory are pages of the
 * host. */
static void left_in_page(struct assembler *as, const struct kind *kind, unsigned to, unsigned address)
{
    uint32_t offset = MEM_PAGE_SIZE - 1;
    asm_mov_rr(as, 4, to, address);
    asm_rr(as, 4, 0x81, kind->down ? DIGIT_AND : DIGIT_OR, to);
    asm_imm32(as, kind->down ? offset : ~offset);
    if (!kind->down)
        asm_rr(as, 4, 0xF7, 3, to);
}

/* Cuts the count to what the pages and the budget hold. Going down there is one element more than fits below
 * the first. */
static void limit_count(struct assembler *as, const struct kind *kind)
{
    left_in_page(as, kind, R9, DESTINATION);
    if (kind->has_source) {
        left_in_page(as, kind, SPARE, SOURCE);
        asm_least(as, 4, R9, SPARE);
    }
    if (kind->log2) {
        asm_rr(as, 4, 0xC1, 5, R9);
        asm_byte(as, kind->log2);
    }
    if (kind->down)
        asm_rr(as, 4, 0xFF, 0, R9);
    asm_least(as, 8, COUNT, R9);
    asm_least(as, 8, COUNT, REG_BUDGET);
}

static void swap(struct assembler *as, unsigned a, unsigned b)
{
    asm_rr(as, 8, 0x87, a, b);
}

/* The host's own instruction; its DF is clear before and after. */
static void repeat(struct assembler *as, const struct kind *kind, unsigned prefix)
{
    if (kind->down)
        asm_byte(as, 0xFD); /* STD */
    if (kind->log2 == 1)
        asm_byte(as, 0x66);
    asm_byte(as, prefix);
    if (kind->log2 == 3)
        asm_byte(as, 0x48);
    asm_byte(as, kind->opcode | (kind->log2 ? 1u : 0u));
    if (kind->down)
        asm_byte(as, 0xFC); /* CLD */
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

/* Up, R9 counts to 0 from behind the elements; down, from as many above those that are wanted. */
static void do_few(struct assembler *as, const struct kind *kind)
{
    unsigned log2 = kind->log2, value = kind->has_source ? (unsigned)SPARE : (unsigned)RAX;
    asm_mov_rr(as, 8, R9, COUNT);
    if (kind->down)
        asm_rr(as, 8, 0xF7, 3, R9);
    unsigned far = kind->down ? (unsigned)R9 : (unsigned)COUNT;
    if (kind->has_source)
        asm_lea(as, 8, SOURCE, element(SOURCE, far, log2, 0));
    asm_lea(as, 8, DESTINATION, element(DESTINATION, far, log2, 0));
    asm_rr(as, 8, 0xF7, 3, R9);
    const uint8_t *loop = asm_here(as);
    if (kind->has_source)
        asm_rm(as, 1u << log2, load_opcode(log2), SPARE, element(SOURCE, R9, log2, 0));
    asm_store(as, 1u << log2, element(DESTINATION, R9, log2, 0), value);
    asm_rr(as, 8, 0xFF, kind->down ? 1 : 0, R9);
    asm_jcc(as, CC_NE, loop);
    ret(as);
}

static void make_transfer(struct assembler *as, const struct kind *kind)
{
    limit_count(as, kind);
    asm_rr(as, 4, 0x83, 7, COUNT);
    asm_byte(as, FEW);
    uint8_t *many = asm_jcc(as, CC_A, NULL);
    do_few(as, kind);
    asm_patch(as->to_exec, many, asm_here(as));
    exchange(as, kind->has_source);
    repeat(as, kind, REPE);
    asm_mov_rr(as, 8, RCX, GUEST_COUNT);
    restore_pointers(as, kind->has_source);
    ret(as);
}

static struct host_mem last_element(const struct kind *kind, unsigned pointer)
{
    int32_t size = 1 << kind->log2;
    return mem_base((enum host_reg)pointer, kind->down ? size : -size);
}

/* The recipe of the last comparison. Changes no flags. */
static void save_comparison(struct assembler *as, const struct kind *kind)
{
    unsigned log2 = kind->log2, size = 1u << log2;
    if (kind->has_source) {
        asm_rm(as, size, load_opcode(log2), SPARE, last_element(kind, RSI));
        asm_store(as, size, CPU_FIELD(recipe.result), SPARE);
    } else {
        asm_store(as, size, CPU_FIELD(recipe.result), RAX);
    }
    asm_rm(as, size, load_opcode(log2), SPARE, last_element(kind, RDI));
    asm_store(as, size, CPU_FIELD(recipe.operand), SPARE);
    asm_store_imm(as, 4, CPU_FIELD(recipe.kind), (int32_t)(RECIPE_CMP + log2)); /* with what is above it */
}

static void make_comparison(struct assembler *as, const struct kind *kind)
{
    limit_count(as, kind);
    exchange(as, kind->has_source);
    repeat(as, kind, kind->equal ? REPE : REPNE);
    save_comparison(as, kind);
    restore_pointers(as, kind->has_source);
    asm_rr(as, 1, kind->equal ? SETNE : SETE, 0, R8);
    asm_rr(as, 8, 0x29, RCX, COUNT);
    asm_mov_rr(as, 8, RCX, GUEST_COUNT);
    asm_rr(as, 4, 0x0FB6, R9, R8);
    ret(as);
}

static struct kind kind_of(enum ir_repeat what)
{
    static const uint8_t opcodes[REPEATS] = {
        [REPEAT_MOVES] = OPCODE_MOVS,          [REPEAT_STORES] = OPCODE_STOS,
        [REPEAT_COMPARES_EQUAL] = OPCODE_CMPS, [REPEAT_COMPARES_UNEQUAL] = OPCODE_CMPS,
        [REPEAT_SCANS_EQUAL] = OPCODE_SCAS,    [REPEAT_SCANS_UNEQUAL] = OPCODE_SCAS};
    return (struct kind){.opcode = opcodes[what],
                         .has_source = ir_repeat_has_source(what),
                         .equal = what == REPEAT_COMPARES_EQUAL || what == REPEAT_SCANS_EQUAL};
}

static void make_routine(struct assembler *as, struct jit *jit, const struct kind *kind, enum ir_repeat what)
{
    jit->routines.repeat[kind->down][what][kind->log2] = asm_here(as);
    if (what == REPEAT_MOVES || what == REPEAT_STORES)
        make_transfer(as, kind);
    else
        make_comparison(as, kind);
}

void make_string_routines(struct assembler *as, struct jit *jit)
{
    for (enum ir_repeat what = REPEAT_MOVES; what < REPEATS; what++) {
        struct kind kind = kind_of(what);
        for (unsigned variant = 0; variant < 8; variant++) {
            kind.log2 = variant & 3;
            kind.down = variant >> 2;
            make_routine(as, jit, &kind, what);
        }
    }
}
