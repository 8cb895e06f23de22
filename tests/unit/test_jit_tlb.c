/* SPDX-License-Identifier: MIT */
/* 64-bit code whose operands are in pages of one set of the TLB: once both are there, both are found. */
#include "core/base/error.h"
#include "core/base/state.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/support/fixture_check.h"
#include "tests/support/suite.h"

/* Pages of 2 MiB at physical addresses of their own, so that the wrong entry of a set leads elsewhere. */
enum {
    PML4 = 0x1000,
    PDPT = 0x2000,
    DIRECTORY = 0x3000,
    LARGE = 2 << 20,
    CODE = 0x10000,
    NEAR = 0x40800,
    FAR = NEAR + (TLB_SETS << MEM_PAGE_SHIFT),
    FARTHER = FAR + (TLB_SETS << MEM_PAGE_SHIFT),
    BYTES = 3 * LARGE,
    INSNS = 200 * 180, /* a multiple of what a pass of each program takes */
};

struct program {
    const char *what;
    uint64_t si, di;
    unsigned calls_of_100; /* handlers called in 100 instructions */
    uint8_t code[32];
};

static const struct program programs[] = {
    {"operands of their own",
     FAR,
     NEAR,
     0,
     {0x8B, 0x03, 0x01, 0x06, /* mov eax,[rbx]; add [rsi],eax */
      0x49, 0x89, 0xD9,       /* mov r9,rbx */
      0x41, 0xFF, 0x01,       /* inc dword [r9] */
      0xEB, 0xF4}},
    {"groups",
     FAR,
     NEAR,
     0,
     {0x8B, 0x43, 0x08, 0x03, 0x43, 0x10, /* mov eax,[rbx+8]; add eax,[rbx+16] */
      0x01, 0x06, 0x89, 0x46, 0x20,       /* add [rsi],eax; mov [rsi+32],eax */
      0xFF, 0x43, 0x08,                   /* inc dword [rbx+8] */
      0xEB, 0xF0}},
    {"an element of a repeated instruction",
     NEAR,
     FAR,
     0,
     {0xB9, 0x04, 0x00, 0x00, 0x00,             /* mov ecx,4 */
      0xF3, 0xA4,                               /* rep movsb */
      0x48, 0x83, 0xEE, 0x04, 0x48, 0x83, 0xEF, /* sub rsi,4; sub rdi,4 */
      0x04, 0xFF, 0x03,                         /* inc dword [rbx] */
      0xEB, 0xED}},
    {"a group behind an operand over the end of another page",
     (FAR & ~0xFFF) + 0xFFE,
     NEAR,
     25,
     {0x8B, 0x43, 0x08, 0x03, 0x06, /* mov eax,[rbx+8]; add eax,[rsi] */
      0x01, 0x43, 0x10,             /* add [rbx+16],eax */
      0xEB, 0xF6}},
};

struct side {
    struct cpu_fixture f;
    struct state_set states;
};

/* What programs use, and in memory one behind the other. */
static void map_pages(struct cpu_fixture *f)
{
    static const uint32_t used[] = {NEAR, FAR, FARTHER};
    cpu_fixture_poke(f, PML4, 8, PDPT | 7);
    cpu_fixture_poke(f, PDPT, 8, DIRECTORY | 7);
    for (unsigned i = 0; i < 3; i++)
        cpu_fixture_poke(f, DIRECTORY + 8 * (used[i] / LARGE), 8, i * LARGE | 0x87);
    f->cpu->cr3 = PML4;
    f->cpu->cr4 |= CR4_PAE;
    f->cpu->cr0 |= CR0_PG;
}

static gpa_t frame_of(gva_t address, unsigned number)
{
    return (gpa_t)number * LARGE + address % LARGE / MEM_PAGE_SIZE * MEM_PAGE_SIZE;
}

static void seat(struct side *side, const struct program *program, bool user)
{
    cpu_fixture_init_sized(&side->f, "max", BYTES);
    struct cpu *cpu = side->f.cpu;
    cpu_fixture_load(&side->f, CODE, program->code, sizeof program->code);
    cpu_fixture_poke(&side->f, NEAR, 8, UINT64_C(0x123456789ABCDEF));
    map_pages(&side->f);
    cpu->cr0 |= CR0_PE;
    cpu->efer = EFER_LME | EFER_LMA;
    cpu->cpl = user ? 3 : 0;
    cpu->user = user;
    cpu->seg[SEG_CS] = (struct segment){.selector = 8, .attributes = 0xA09B};
    cpu->rip = CODE;
    cpu->gpr[GPR_BX] = NEAR;
    cpu->gpr[GPR_SI] = program->si;
    cpu->gpr[GPR_DI] = program->di;
    cpu_derive(cpu);
    cpu_register_state(cpu, &side->states);
}

static void run(struct side sides[2], const char *what)
{
    for (unsigned i = 0; i < 2; i++)
        cpu_fixture_run(&sides[i].f, INSNS);
    ck_assert_msg(cpu_fixtures_agree(&sides[0].states, &sides[0].f, &sides[1].f), "%s", what);
}

/* A third page takes the place of one, and the two are looked for again; one in the back that may not be
 * stored to yet, or not be used by user code, is walked to again. */
static void change_entries(struct side sides[2], const char *what)
{
    const unsigned rights[] = {TLB_WRITABLE | TLB_USER, TLB_WRITABLE | TLB_DIRTY};
    for (unsigned i = 0; i < 2; i++)
        tlb_fill(sides[i].f.cpu, FARTHER, frame_of(FARTHER, 2), TLB_WRITABLE | TLB_USER | TLB_DIRTY);
    run(sides, what);
    ck_assert_ptr_null(tlb_find(&sides[1].f.cpu->tlb, FARTHER));
    for (unsigned j = 0; j < 2; j++) {
        for (unsigned i = 0; i < 2; i++) {
            tlb_fill(sides[i].f.cpu, FAR, frame_of(FAR, 1), rights[j]);
            tlb_front(&sides[i].f.cpu->tlb, NEAR);
        }
        run(sides, what);
    }
}

START_TEST(both_pages_are_found)
{
    const struct program *program = &programs[_i / 2];
    struct side sides[2] = {{.states = {0}}, {.states = {0}}};
    struct error err = {{0}};
    for (unsigned i = 0; i < 2; i++)
        seat(&sides[i], program, _i % 2);
    struct jit *jit = jit_new(sides[1].f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    run(sides, program->what);
    struct jit_stats before = *jit_get_stats(jit);
    run(sides, program->what);
    ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    ck_assert_uint_lt(jit_get_stats(jit)->calls - before.calls, program->calls_of_100 * INSNS / 100 + 10);
    ck_assert_uint_lt(jit_get_stats(jit)->entries - before.entries, 10);
    ck_assert_uint_eq(jit_get_stats(jit)->blocks, before.blocks);
    change_entries(sides, program->what);
    jit_free(jit);
    for (unsigned i = 0; i < 2; i++) {
        cpu_fixture_free(&sides[i].f);
        state_set_free(&sides[i].states);
    }
}
END_TEST

int main(void)
{
    return suite_run_loop("tlb", both_pages_are_found, 2 * sizeof programs / sizeof programs[0], NULL, 0);
}
