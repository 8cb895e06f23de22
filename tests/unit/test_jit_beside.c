/* SPDX-License-Identifier: MIT */
/* Stores of 16-bit code to pages that hold code: without handlers beside code, and seen where they meet it.
 */
#include "core/base/error.h"
#include "core/x86/access.h"
#include "core/x86/protection.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

enum {
    MAIN = 0x6000,
    LINE = 0x7C80, /* the start of one */
    ROUNDS = 20,
    INSNS = 8 * ROUNDS + 20,
    FEW = 4 /* calls of handlers until pages are known */
};

struct stores {
    const char *what;
    uint16_t callee; /* where a function returns the word in its second and third byte */
    uint16_t address;
    bool meets;       /* the stores change that word by one each time */
    uint8_t code[20]; /* with DS:SI at `address`, EDX = 1000000h and BP = 1 */
};

static const struct stores cases[] = {
    {"beside code", LINE, LINE + 0x200, false, {0x66, 0x01, 0x14}},                    /* add [si],edx */
    {"beside code, misaligned", LINE, LINE + 0x201, false, {0x66, 0x01, 0x14}},        /* add [si],edx */
    {"into code with their last byte", LINE, LINE - 2, true, {0x66, 0x01, 0x14}},      /* add [si],edx */
    {"into code with their first byte", LINE - 4, LINE - 3, true, {0x66, 0x01, 0x2C}}, /* add [si],ebp */
    {"side by side, none into code", LINE, LINE + 0x1C0, false, {0x89, 0x1C, 0x01, 0x6C, 0x7F}},
    /* mov [si],bx; add [si+7Fh],bp */
    {"side by side, the upper into code", LINE + 0x10, LINE - 0x30, true, {0x89, 0x1C, 0x01, 0x6C, 0x41}},
    /* mov [si],bx; add [si+41h],bp */
    {"side by side, the lower into code", LINE - 4, LINE + 0x30, true, {0x89, 0x1C, 0x01, 0x6C, 0xCD}},
    /* mov [si],bx; add [si-33h],bp */
    {"over three lines, code in the middle",
     LINE + 0x40,
     LINE - 0x10,
     true,
     {0x89, 0x1C, 0x89, 0x9C, 0xA0, 0x00, 0x01, 0x6C,
      0x51}}, /* mov [si],bx; mov [si+A0h],bx; add [si+51h],bp */
};

enum { CASES = sizeof cases / sizeof cases[0] };

static void load(struct cpu_fixture *f, const struct stores *stores)
{
    static const uint8_t callee[] = {0xB8, 0x00, 0x00, 0xC3};     /* mov ax,0; ret */
    static const uint8_t call[] = {0xE8, 0x00, 0x00, 0x01, 0xC7}; /* call callee; add di,ax */
    static const uint8_t loop[] = {0xE2, 0x00, 0xEB, 0xFE};       /* loop MAIN; jmp here */
    unsigned length = sizeof stores->code;
    while (!stores->code[length - 1])
        length--;
    cpu_fixture_load(f, stores->callee, callee, sizeof callee);
    cpu_fixture_load(f, MAIN, call, sizeof call);
    cpu_fixture_poke(f, MAIN + 1, 2, stores->callee - (MAIN + 3u));
    uint32_t end = MAIN + sizeof call + length;
    cpu_fixture_load(f, MAIN + sizeof call, stores->code, length);
    cpu_fixture_load(f, end, loop, sizeof loop);
    cpu_fixture_poke(f, end + 1, 1, MAIN - (end + 2));
}

static void set_up(struct cpu_fixture *f, const struct stores *stores, bool user)
{
    if (user) {
        protected_fixture_init(f);
        protected_fixture_v86(f, 3);
    } else {
        cpu_fixture_init(f, "pentiumpro");
    }
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(f->cpu, (enum seg_index)i, 0);
    load(f, stores);
    f->cpu->rip = MAIN;
    f->cpu->gpr[GPR_SP] = 0x5000;
    f->cpu->gpr[GPR_CX] = ROUNDS;
    f->cpu->gpr[GPR_SI] = stores->address;
    f->cpu->gpr[GPR_DX] = 0x1000000;
    f->cpu->gpr[GPR_BP] = 1;
    f->cpu->gpr[GPR_BX] = f->cpu->gpr[GPR_DI] = 0;
    cpu_derive(f->cpu);
}

START_TEST(stores_to_pages_with_code)
{
    const struct stores *stores = &cases[_i % CASES];
    bool user = _i >= CASES;
    struct cpu_fixture f;
    struct error err = {{0}};
    set_up(&f, stores, user);
    struct jit *jit = jit_new(f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    cpu_fixture_run(&f, INSNS);
    unsigned expected = stores->meets ? ROUNDS * (ROUNDS - 1) / 2 : 0;
    ck_assert_msg((f.cpu->gpr[GPR_CX] & 0xFFFF) == 0, "%s: not done", stores->what);
    ck_assert_msg((f.cpu->gpr[GPR_DI] & 0xFFFF) == expected, "%s: sum is %u instead of %u", stores->what,
                  (unsigned)(f.cpu->gpr[GPR_DI] & 0xFFFF), expected);
    ck_assert_msg(stores->meets || jit_get_stats(jit)->calls <= FEW, "%s: %u calls of handlers", stores->what,
                  (unsigned)jit_get_stats(jit)->calls);
    ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    jit_free(jit);
    cpu_fixture_free(&f);
}
END_TEST

/* Both places of groups are taken while the store between them is looked up. */
START_TEST(a_store_among_operands_that_share_look_ups)
{
    static const struct stores stores = {
        "among others",
        LINE,
        LINE + 0x100,
        false,
        {0x89, 0x0C, 0x89, 0x4E, 0x00, 0x89, 0x0F, 0x89, 0x4C, 0x02, 0x89, 0x4E, 0x02}};
    /* mov [si],cx; mov [bp],cx; mov [bx],cx; mov [si+2],cx; mov [bp+2],cx */
    static const uint32_t at[] = {LINE + 0x100, LINE + 0x102, LINE + 0x180, LINE + 0x182, LINE + 0x200};
    struct cpu_fixture f;
    struct error err = {{0}};
    set_up(&f, &stores, false);
    f.cpu->gpr[GPR_BP] = LINE + 0x180;
    f.cpu->gpr[GPR_BX] = LINE + 0x200;
    struct jit *jit = jit_new(f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    cpu_fixture_run(&f, 2 * INSNS);
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++)
        ck_assert_uint_eq(cpu_fixture_peek(&f, at[i], 2), 1);
    ck_assert_uint_le(jit_get_stats(jit)->calls, 2 * FEW);
    jit_free(jit);
    cpu_fixture_free(&f);
}
END_TEST

enum { DIRECTORY = 0x40000, TABLE = 0x41000, HANDLER = 0x42000, PAGES = 256 };

static void map_pages(struct cpu_fixture *f, uint32_t read_only)
{
    static const uint8_t spin[] = {0xEB, 0xFE};
    cpu_fixture_load(f, HANDLER, spin, sizeof spin);
    cpu_fixture_gate(f, PF_IDT + 8 * VECTOR_PF, 0x8E, SEL_CODE0, HANDLER, 0);
    cpu_fixture_poke(f, DIRECTORY, 4, TABLE | 7);
    for (uint32_t page = 0; page < PAGES; page++)
        cpu_fixture_poke(f, TABLE + 4 * page, 4, page << 12 | (page == read_only >> 12 ? 5 : 7));
    f->cpu->cr3 = DIRECTORY;
    f->cpu->cr0 |= CR0_PG;
    cpu_derive(f->cpu);
}

/* The supervisor may write to it, as CR0.WP is clear, and has done so. */
START_TEST(a_page_that_only_the_supervisor_may_write_to)
{
    const struct stores *stores = &cases[0];
    struct cpu_fixture f;
    struct error err = {{0}};
    set_up(&f, stores, true);
    map_pages(&f, stores->address);
    ck_assert(linear_write(f.cpu, stores->address, 4, false, 0));
    struct jit *jit = jit_new(f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    cpu_fixture_run(&f, INSNS);
    ck_assert_uint_eq(f.cpu->cpl, 0);
    ck_assert_uint_eq(f.cpu->rip, HANDLER);
    ck_assert_uint_eq(f.cpu->cr2, stores->address);
    ck_assert_uint_eq(cpu_fixture_peek(&f, stores->address, 4), 0);
    jit_free(jit);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_store_among_operands_that_share_look_ups,
                                  a_page_that_only_the_supervisor_may_write_to};
    return suite_run_loop("beside", stores_to_pages_with_code, 2 * CASES, tests,
                          sizeof tests / sizeof tests[0]);
}
