/* SPDX-License-Identifier: MIT */
/* Flags of translated code: recipes against the interpreter, the routine that brings them into the host's
 * flags, and what the pass decides. */
#include <string.h>

#include "core/base/error.h"
#include "core/x86/flag_recipe.h"
#include "jit/ir.h"
#include "jit/jit.h"
#include "jit/pass_flags.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

/* --- Recipes ----------------------------------------------------------------------------------------------
 */

static const uint32_t edges[] = {0,          1,          2,          3,      0x0F,    0x10,       0x7E,
                                 0x7F,       0x80,       0x81,       0xFE,   0xFF,    0x100,      0x7FFF,
                                 0x8000,     0x8001,     0xFFFE,     0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000,
                                 0x80000001, 0xFFFFFFF0, 0xFFFFFFFF, 0x55,   0xAA,    0x55555555, 0xAAAAAAAA};

enum { EDGES = sizeof edges / sizeof edges[0] };

/* Byte and wide opcode of `op r/m, reg`, or opcode and ModRM digit. */
static const struct form {
    const char *name;
    unsigned kind, opcode;
    int digit;          /* -1: AX op CX */
    unsigned immediate; /* of shifts; 0: none */
} forms[] = {
    {"add", RECIPE_ADD, 0x00, -1, 0},    {"sub", RECIPE_SUB, 0x28, -1, 0},
    {"cmp", RECIPE_CMP, 0x38, -1, 0},    {"adc", RECIPE_ADC, 0x10, -1, 0},
    {"sbb", RECIPE_SBB, 0x18, -1, 0},    {"and", RECIPE_LOGIC, 0x20, -1, 0},
    {"or", RECIPE_LOGIC, 0x08, -1, 0},   {"xor", RECIPE_LOGIC, 0x30, -1, 0},
    {"test", RECIPE_LOGIC, 0x84, -1, 0}, {"inc", RECIPE_INC, 0xFE, 0, 0},
    {"dec", RECIPE_DEC, 0xFE, 1, 0},     {"neg", RECIPE_SUB, 0xF6, 3, 0},
    {"shl 1", RECIPE_SHL, 0xC0, 4, 1},   {"shr 1", RECIPE_SHR, 0xC0, 5, 1},
    {"sar 1", RECIPE_SAR, 0xC0, 7, 1},   {"shl 3", RECIPE_SHL, 0xC0, 4, 3},
    {"shr 3", RECIPE_SHR, 0xC0, 5, 3},   {"sar 3", RECIPE_SAR, 0xC0, 7, 3},
    {"shl 7", RECIPE_SHL, 0xC0, 4, 7},   {"shr 7", RECIPE_SHR, 0xC0, 5, 7},
    {"sar 7", RECIPE_SAR, 0xC0, 7, 7},   {"mul", RECIPE_IMUL, 0xF6, 4, 0},
    {"imul", RECIPE_IMUL, 0xF6, 5, 0},
};

static unsigned encode(const struct form *form, unsigned size, uint8_t *out)
{
    unsigned length = 0;
    bool by_cx = form->kind == RECIPE_IMUL;
    if (size == 2)
        out[length++] = 0x66;
    out[length++] = (uint8_t)(form->opcode | (size > 1));
    out[length++] = (uint8_t)(form->digit < 0 ? 0xC8 : 0xC0 | form->digit << 3 | by_cx);
    if (form->immediate)
        out[length++] = (uint8_t)form->immediate;
    return length;
}

struct operands {
    uint32_t ax, cx;
    bool carry;
};

static void seat(struct cpu_fixture *f, const struct operands *in)
{
    struct cpu *cpu = f->cpu;
    cpu->gpr[GPR_AX] = in->ax;
    cpu->gpr[GPR_CX] = in->cx;
    cpu->gpr[GPR_DX] = 0;
    cpu->gpr[GPR_SI] = 0x40000;
    cpu->gpr[GPR_SP] = PF_STACK0;
    cpu_set_eflags(cpu, EFLAGS_FIXED | (in->carry ? EFLAGS_CF : 0));
    cpu->rip = PF_CODE;
}

/* Settles what translated code would have noted about the instruction just interpreted. */
static uint32_t by_recipe(struct cpu *cpu, const struct form *form, unsigned size, const struct operands *in)
{
    bool negates = form->kind == RECIPE_SUB && form->digit == 3;
    uint32_t flags = cpu_get_eflags(cpu);
    cpu->recipe.kind = (uint8_t)(form->kind + (size == 1 ? 0u : size / 2));
    cpu->recipe.operand = negates ? in->ax : in->cx;
    cpu->recipe.result = cpu->gpr[GPR_AX];
    if (!strcmp(form->name, "test"))
        cpu->recipe.result = in->ax & in->cx;
    bool before = form->kind == RECIPE_ADC || form->kind == RECIPE_SBB;
    cpu->recipe.carry = before ? in->carry : (flags & EFLAGS_CF) != 0;
    flag_recipe_settle(cpu);
    ck_assert_uint_eq(cpu->recipe.kind, RECIPE_NONE);
    return cpu_get_eflags(cpu);
}

static void for_all_operands(void (*check)(const struct form *, unsigned, const struct operands *, void *),
                             const struct form *form, unsigned size, void *opaque)
{
    for (unsigned i = 0; i < EDGES; i++)
        for (unsigned j = 0; j < EDGES; j++)
            for (unsigned carry = 0; carry < 2; carry++)
                check(form, size, &(struct operands){edges[i], edges[j], carry}, opaque);
}

static void check_recipe(const struct form *form, unsigned size, const struct operands *in, void *opaque)
{
    struct cpu_fixture *f = opaque;
    seat(f, in);
    cpu_fixture_run(f, 1);
    uint32_t right = cpu_get_eflags(f->cpu), got = by_recipe(f->cpu, form, size, in);
    ck_assert_msg(got == right, "%s.%u %x, %x, CF %d: recipe %x, interpreter %x", form->name, size, in->ax,
                  in->cx, in->carry, got, right);
}

START_TEST(a_recipe_settles_to_the_interpreters_flags)
{
    struct cpu_fixture f;
    protected_fixture_init(&f);
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        for (unsigned size = 1; size <= 4; size *= 2) {
            uint8_t code[8];
            cpu_fixture_load(&f, PF_CODE, code, encode(&forms[i], size, code));
            for_all_operands(check_recipe, &forms[i], size, &f);
        }
    cpu_fixture_free(&f);
}
END_TEST

/* --- Host flags -------------------------------------------------------------------------------------------
 */

/* Behind the instruction: flags that must come out of the recipe because a store and a block's end lie
 * between; then all of them in registers and on the stack. */
static const uint8_t observer[] = {
    0x89, 0x16,             /* mov [esi],edx */
    0xEB, 0x00,             /* jmp next */
    0x0F, 0x90, 0xC3,       /* seto bl */
    0x89, 0x16,             /* mov [esi],edx */
    0x0F, 0x92, 0xC7,       /* setb bh */
    0x0F, 0x4C, 0xFD,       /* cmovl edi,ebp */
    0x89, 0x16,             /* mov [esi],edx */
    0x0F, 0x97, 0x46, 0x04, /* seta [esi+4] */
    0x7A, 0x00,             /* jp next */
    0x83, 0xD1, 0x00,       /* adc ecx,0 */
    0x9C,                   /* pushf */
    0xEB, 0xFE,             /* jmp $ */
};

enum { OBSERVED_INSNS = 14 };

struct pair {
    struct cpu_fixture interpreted, translated;
};

static void check_observed(const struct form *form, unsigned size, const struct operands *in, void *opaque)
{
    struct pair *pair = opaque;
    const struct cpu *a = pair->interpreted.cpu, *b = pair->translated.cpu;
    seat(&pair->interpreted, in);
    seat(&pair->translated, in);
    cpu_fixture_run(&pair->interpreted, OBSERVED_INSNS + 40);
    cpu_fixture_run(&pair->translated, OBSERVED_INSNS + 40);
    ck_assert_msg(!memcmp(a->gpr, b->gpr, sizeof a->gpr) && a->rip == b->rip &&
                      cpu_get_eflags(a) == cpu_get_eflags(b) &&
                      cpu_fixture_peek(&pair->interpreted, PF_STACK0 - 4, 4) ==
                          cpu_fixture_peek(&pair->translated, PF_STACK0 - 4, 4) &&
                      cpu_fixture_peek(&pair->interpreted, 0x40000, 8) ==
                          cpu_fixture_peek(&pair->translated, 0x40000, 8) &&
                      cpu_fixture_peek(&pair->interpreted, 0x40008, 4) ==
                          cpu_fixture_peek(&pair->translated, 0x40008, 4),
                  "%s.%u %x, %x, CF %d: engines differ", form->name, size, in->ax, in->cx, in->carry);
}

static struct jit *pair_init(struct pair *pair)
{
    struct error err = {{0}};
    protected_fixture_init(&pair->interpreted);
    protected_fixture_init(&pair->translated);
    struct jit *jit = jit_new(pair->translated.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    return jit;
}

static void pair_free(struct pair *pair, struct jit *jit)
{
    ck_assert_uint_gt(jit_get_stats(jit)->entries, 0);
    jit_free(jit);
    cpu_fixture_free(&pair->interpreted);
    cpu_fixture_free(&pair->translated);
}

/* The observer behind `length` bytes of code, with all operands. */
static void observe(struct pair *pair, const struct form *form, unsigned size, uint8_t *code, unsigned length)
{
    memcpy(code + length, observer, sizeof observer);
    cpu_fixture_load(&pair->interpreted, PF_CODE, code, length + sizeof observer);
    cpu_fixture_load(&pair->translated, PF_CODE, code, length + sizeof observer);
    for_all_operands(check_observed, form, size, pair);
}

START_TEST(flags_survive_blocks_and_stores)
{
    struct pair pair;
    struct jit *jit = pair_init(&pair);
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        for (unsigned size = 1; size <= 4; size *= 2) {
            uint8_t code[64];
            observe(&pair, &forms[i], size, code, encode(&forms[i], size, code));
        }
    pair_free(&pair, jit);
}
END_TEST

/* Behind CMP EAX, ECX and a store of EAX: what changes some flags and keeps the rest, or may change none. */
static const struct {
    const char *name;
    uint8_t length, code[8];
} partial[] = {
    {"rol eax,3", 3, {0xC1, 0xC0, 3}},
    {"ror eax,7", 3, {0xC1, 0xC8, 7}},
    {"rol eax,1", 2, {0xD1, 0xC0}},
    {"ror ecx,1", 2, {0xD1, 0xC9}},
    {"rol ah,1", 2, {0xD0, 0xC4}},
    {"ror al,3", 3, {0xC0, 0xC8, 3}},
    {"rol ax,5", 4, {0x66, 0xC1, 0xC0, 5}},
    {"ror cx,9", 4, {0x66, 0xC1, 0xC9, 9}},
    {"rol eax,3; bt eax,ecx", 6, {0xC1, 0xC0, 3, 0x0F, 0xA3, 0xC8}},
    {"bt eax,ecx; ror eax,4", 6, {0x0F, 0xA3, 0xC8, 0xC1, 0xC8, 4}},
    {"rol eax,9; stc", 4, {0xC1, 0xC0, 9, 0xF9}},
    {"ror eax,5; inc eax", 4, {0xC1, 0xC8, 5, 0x40}},
    {"rol eax,9; ror ecx,3", 6, {0xC1, 0xC0, 9, 0xC1, 0xC9, 3}},
    {"ror dword [esi+8],5", 4, {0xC1, 0x4E, 8, 5}},
    {"rol byte [esi+8],5", 4, {0xC0, 0x46, 8, 5}},
    {"shl eax,cl", 2, {0xD3, 0xE0}},
    {"shr eax,cl", 2, {0xD3, 0xE8}},
    {"sar eax,cl", 2, {0xD3, 0xF8}},
    {"rol eax,3; shl eax,cl", 5, {0xC1, 0xC0, 3, 0xD3, 0xE0}},
    {"shl dword [esi+8],cl", 3, {0xD3, 0x66, 8}},
    {"shr dword [esi+8],cl", 3, {0xD3, 0x6E, 8}},
    {"sar dword [esi+8],cl", 3, {0xD3, 0x7E, 8}},
    {"shld eax,ecx,cl", 3, {0x0F, 0xA5, 0xC8}},
    {"shrd eax,ecx,cl", 3, {0x0F, 0xAD, 0xC8}},
    {"shld ecx,eax,cl", 3, {0x0F, 0xA5, 0xC1}},
    {"shrd ecx,ecx,cl", 3, {0x0F, 0xAD, 0xC9}},
};

START_TEST(flags_of_before_show_through)
{
    static const uint8_t before[] = {0x89, 0x46, 0x08, 0x39, 0xC8};
    struct pair pair;
    struct jit *jit = pair_init(&pair);
    for (unsigned i = 0; i < sizeof partial / sizeof partial[0]; i++) {
        const struct form form = {.name = partial[i].name};
        uint8_t code[64];
        memcpy(code, before, sizeof before);
        memcpy(code + sizeof before, partial[i].code, partial[i].length);
        observe(&pair, &form, 4, code, sizeof before + partial[i].length);
    }
    pair_free(&pair, jit);
}
END_TEST

/* --- The pass ---------------------------------------------------------------------------------------------
 */

static struct ir_op *add(struct ir *ir, enum ir_code code, unsigned insn, unsigned d, unsigned a)
{
    struct ir_op *op = ir_add(ir, code, 4, d, a);
    op->insn = (uint8_t)insn;
    return op;
}

static void expect_op(const struct ir *ir, unsigned at, const char *what)
{
    const struct ir_op *op = &ir->op[at];
    char text[64];
    snprintf(text, sizeof text, "%s%s%s%s", ir_info[op->code].name, op->flags_live ? " live" : "",
             op->save_flags ? " save" : "", op->reload_flags ? " reload" : "");
    ck_assert_str_eq(text, what);
}

START_TEST(flags_that_nobody_sees_are_dead)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_ADD, 0, GPR_AX, GPR_CX);
    add(&ir, IR_SUB, 1, GPR_AX, GPR_CX);
    add(&ir, IR_JUMP, 2, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "add");
    expect_op(&ir, 1, "sub live save");
    expect_op(&ir, 2, "jump");
}
END_TEST

START_TEST(a_branch_uses_the_hosts_flags)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_CMP, 0, GPR_AX, GPR_CX);
    add(&ir, IR_BRANCH, 1, IR_NONE, IR_NONE)->cond = 12;
    add(&ir, IR_JUMP, 1, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "cmp live save");
    expect_op(&ir, 1, "branch");
}
END_TEST

START_TEST(a_probe_saves_before_and_reloads_behind)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_CMP, 0, GPR_AX, GPR_CX);
    add(&ir, IR_PROBE, 1, IR_NONE, IR_NONE);
    add(&ir, IR_MOV, 1, IR_MEM, GPR_AX);
    add(&ir, IR_SETCC, 2, GPR_DX, IR_NONE)->cond = 4;
    add(&ir, IR_SETCC, 3, GPR_BX, IR_NONE)->cond = 2;
    add(&ir, IR_ADD, 4, GPR_AX, GPR_CX);
    add(&ir, IR_JUMP, 5, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "cmp live save");
    expect_op(&ir, 3, "setcc reload");
    expect_op(&ir, 4, "setcc");
    expect_op(&ir, 5, "add live save");
}
END_TEST

START_TEST(flags_between_two_observers_are_not_saved)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_CMP, 0, GPR_AX, GPR_CX);
    add(&ir, IR_SETCC, 1, GPR_DX, IR_NONE)->cond = 4;
    add(&ir, IR_ADD, 2, GPR_AX, GPR_CX);
    add(&ir, IR_JUMP, 3, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "cmp live");
    expect_op(&ir, 1, "setcc");
}
END_TEST

START_TEST(inc_keeps_the_carry_of_before)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_ADD, 0, GPR_AX, GPR_CX);
    add(&ir, IR_INC, 1, GPR_DX, IR_NONE);
    add(&ir, IR_JUMP, 2, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "add live");
    expect_op(&ir, 1, "inc live save");
    ir.count = 0;
    add(&ir, IR_INC, 0, GPR_DX, IR_NONE);
    add(&ir, IR_JUMP, 1, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "inc live save reload");
}
END_TEST

/* For every condition that looks at OF. */
START_TEST(overflow_of_a_long_shift_comes_from_the_recipe)
{
    static const uint8_t conditions[] = {0, 1, 12, 13, 14, 15};
    for (unsigned i = 0; i < sizeof conditions; i++) {
        for (unsigned count = 1; count <= 3; count += 2) {
            struct ir ir = {.count = 0};
            add(&ir, IR_SHL, 0, GPR_AX, IR_IMM)->imm = count;
            add(&ir, IR_SETCC, 1, GPR_DX, IR_NONE)->cond = 2;
            add(&ir, IR_SETCC, 2, GPR_DX, IR_NONE)->cond = conditions[i];
            add(&ir, IR_ADD, 3, GPR_AX, GPR_CX);
            add(&ir, IR_JUMP, 4, IR_NONE, IR_NONE);
            pass_flags(&ir);
            expect_op(&ir, 0, count == 1 ? "shl live" : "shl live save");
            expect_op(&ir, 1, "setcc");
            expect_op(&ir, 2, count == 1 ? "setcc" : "setcc reload");
        }
    }
}
END_TEST

/* For every condition that looks at more than CF and OF. */
START_TEST(zero_of_a_product_comes_from_the_recipe)
{
    for (unsigned cond = 4; cond < 16; cond++) {
        struct ir ir = {.count = 0};
        add(&ir, IR_IMUL, 0, GPR_AX, GPR_CX);
        add(&ir, IR_SETCC, 1, GPR_DX, IR_NONE)->cond = 0;
        add(&ir, IR_SETCC, 2, GPR_DX, IR_NONE)->cond = (uint8_t)cond;
        add(&ir, IR_JUMP, 3, IR_NONE, IR_NONE);
        pass_flags(&ir);
        expect_op(&ir, 0, "imul live save");
        expect_op(&ir, 1, "setcc");
        expect_op(&ir, 2, "setcc reload");
    }
}
END_TEST

/* Rotates by CL are the handler's where their flags are looked at, and only there. */
START_TEST(rotates_by_cl_with_live_flags_are_calls)
{
    static const enum ir_code codes[] = {IR_ROL, IR_ROR};
    for (unsigned i = 0; i < 2; i++) {
        struct ir ir = {.count = 0};
        add(&ir, codes[i], 0, GPR_AX, IR_IMM)->imm = 3;
        add(&ir, codes[i], 1, GPR_AX, GPR_CX);
        add(&ir, IR_ADD, 2, GPR_AX, GPR_CX);
        add(&ir, codes[i], 3, GPR_AX, GPR_CX);
        add(&ir, IR_JUMP, 4, IR_NONE, IR_NONE);
        pass_flags(&ir);
        ck_assert_uint_eq(ir.op[0].code, codes[i]);
        ck_assert_uint_eq(ir.op[1].code, codes[i]);
        ck_assert(!ir.op[0].flags_live && !ir.op[0].save_flags);
        expect_op(&ir, 2, "add live save");
        expect_op(&ir, 3, "call");
    }
}
END_TEST

/* A rotate makes two flags: what was before is kept for the others. */
START_TEST(a_rotate_keeps_the_flags_of_before)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_SUB, 0, GPR_AX, GPR_DX);
    add(&ir, IR_ROL, 1, GPR_AX, IR_IMM)->imm = 3;
    add(&ir, IR_SETCC, 2, GPR_DX, IR_NONE)->cond = 2;
    add(&ir, IR_SETCC, 3, GPR_DX, IR_NONE)->cond = 4;
    add(&ir, IR_JUMP, 4, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "sub live save");
    expect_op(&ir, 1, "rol live save");
    expect_op(&ir, 2, "setcc");
    expect_op(&ir, 3, "setcc reload");
}
END_TEST

/* A shift by CL may be none: what was before is kept for it, and who reads finds the recipe. */
START_TEST(a_shift_by_cl_keeps_the_flags_of_before)
{
    struct ir ir = {.count = 0};
    add(&ir, IR_SUB, 0, GPR_AX, GPR_DX);
    add(&ir, IR_SHL, 1, GPR_AX, GPR_CX);
    add(&ir, IR_SETCC, 2, GPR_DX, IR_NONE)->cond = 4;
    add(&ir, IR_ADD, 3, GPR_AX, GPR_CX);
    add(&ir, IR_JUMP, 4, IR_NONE, IR_NONE);
    pass_flags(&ir);
    expect_op(&ir, 0, "sub live save");
    expect_op(&ir, 1, "shl live save");
    expect_op(&ir, 2, "setcc reload");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_recipe_settles_to_the_interpreters_flags,
        flags_survive_blocks_and_stores,
        flags_of_before_show_through,
        flags_that_nobody_sees_are_dead,
        a_branch_uses_the_hosts_flags,
        a_probe_saves_before_and_reloads_behind,
        flags_between_two_observers_are_not_saved,
        inc_keeps_the_carry_of_before,
        overflow_of_a_long_shift_comes_from_the_recipe,
        zero_of_a_product_comes_from_the_recipe,
        rotates_by_cl_with_live_flags_are_calls,
        a_rotate_keeps_the_flags_of_before,
        a_shift_by_cl_keeps_the_flags_of_before,
    };
    return suite_run("flags", tests, sizeof tests / sizeof tests[0]);
}
