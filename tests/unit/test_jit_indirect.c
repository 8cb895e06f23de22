/* SPDX-License-Identifier: MIT */
/* Indirect jumps and calls and RETs on both engines, with all that may happen between a CALL and its RET. */
#include <string.h>

#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/fpu/x87.h"
#include "core/x86/protection.h"
#include "jit/block.h"
#include "jit/check.h"
#include "tests/support/fixture_check.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

enum {
    DIRECTORY_A = 0x40000,
    DIRECTORY_B = 0x41000,
    TABLE_A = 0x42000,
    TABLE_B = 0x43000,
    FRAME_A = 0x50000,
    FRAME_B = 0x51000,
    ELSEWHERE = 0x61000, /* FRAME_A, or in the other address space FRAME_B */
    ALIAS = 0x62000,     /* FRAME_A */
    STACK = 0x7000,
    STACK_B = 0x8000,
    ROUNDS = 6,
};

/* Code at PF_CODE, and what is in the two frames. */
struct program {
    const char *what;
    unsigned bits;
    uint64_t start, si, di;
    uint8_t code[48], a[16], b[16];
};

static const struct program programs[] = {
    {"a return address that is changed on the stack",
     32,
     PF_CODE,
     0,
     0,
     {0xE8, 0x06, 0x00, 0x00, 0x00, /* 0: call 0Bh */
      0x40, 0xEB, 0xF8,             /* 5: inc eax; jmp 0 */
      0x43, 0xEB, 0xF5,             /* 8: inc ebx; jmp 0 */
      0x42, 0xF6, 0xC2, 0x03,       /* 0Bh: inc edx; test dl,3 */
      0x75, 0x04,                   /* jnz out */
      0x83, 0x04, 0x24, 0x03,       /* add dword [esp],3 */
      0xC3},                        /* out: ret */
     {0},
     {0}},
    {"two stacks in turns",
     32,
     PF_CODE,
     STACK_B,
     0,
     {0xE8, 0x0B, 0x00, 0x00, 0x00, /* 0: call 10h */
      0x40, 0xEB, 0xF8,             /* inc eax; jmp 0 */
      0xE8, 0x03, 0x00, 0x00, 0x00, /* 8: call 10h */
      0x43, 0xEB, 0xF8,             /* inc ebx; jmp 8 */
      0x87, 0xE6, 0xC3},            /* 10h: xchg esp,esi; ret */
     {0},
     {0}},
    {"code behind the CALL that is written before the RET",
     32,
     PF_CODE,
     0,
     0,
     {0xE8, 0x05, 0x00, 0x00, 0x00,             /* 0: call 0Ah */
      0x83, 0xC0, 0x01,                         /* add eax,1 */
      0xEB, 0xF6,                               /* jmp 0 */
      0x80, 0x05, 0x07, 0x00, 0x01, 0x00, 0x02, /* 0Ah: add byte [10007h],2 */
      0xC3},
     {0},
     {0}},
    {"a page to return to that is another after MOV CR3",
     32,
     ELSEWHERE,
     DIRECTORY_A,
     DIRECTORY_B,
     {0x87, 0xF7, 0x0F, 0x22, 0xDE, 0xC3},                    /* xchg esi,edi; mov cr3,esi; ret */
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x40, 0xEB, 0xF8},        /* call PF_CODE; inc eax; jmp */
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x43, 0x43, 0xEB, 0xF7}}, /* the same; inc ebx twice; jmp */
    {"a page to return to that is another after INVLPG",
     32,
     ELSEWHERE,
     0,
     0,
     {0x81, 0x35, 0x84, 0x21, 0x04, 0x00, 0x00, 0x10, 0x00, 0x00, /* xor dword [42184h],1000h */
      0x0F, 0x01, 0x3D, 0x00, 0x10, 0x06, 0x00,                   /* invlpg [61000h] */
      0xC3},
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x40, 0xEB, 0xF8},
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x43, 0x43, 0xEB, 0xF7}},
    {"a page to return to that only its entry in the TLB tells apart",
     32,
     ELSEWHERE,
     0,
     0,
     {0x81, 0x35, 0x84, 0x21, 0x04, 0x00, 0x00, 0x10, 0x00, 0x00, /* xor dword [42184h],1000h */
      0x0F, 0x01, 0x3D, 0x00, 0x10, 0x06, 0x00,                   /* invlpg [61000h] */
      0x80, 0x3D, 0x00, 0x10, 0x06, 0x00, 0x00,                   /* cmp byte [61000h],0 */
      0xC3},
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x40, 0xEB, 0xF8},
     {0xE8, 0xFB, 0xEF, 0xFA, 0xFF, 0x43, 0x43, 0xEB, 0xF7}},
    {"one page of memory at two addresses",
     32,
     ELSEWHERE,
     ELSEWHERE,
     0,
     {0},
     {0x40, 0x81, 0xF6, 0x00, 0x30, 0x00, 0x00, /* inc eax; xor esi,3000h */
      0xFF, 0xE6},                              /* jmp esi */
     {0}},
    {"a context that changes between CALL and RET",
     32,
     PF_CODE,
     SEL_DATA0,
     SEL_READ_ONLY,
     {0xE8, 0x03, 0x00, 0x00, 0x00,              /* 0: call 8 */
      0x40, 0xEB, 0xF8,                          /* inc eax; jmp 0 */
      0x87, 0xF7, 0x8E, 0xC6, 0x8E, 0xDE, 0xC3}, /* 8: xchg esi,edi; mov es,esi; mov ds,esi; ret */
     {0},
     {0}},
    {"RET with bytes to drop",
     32,
     PF_CODE,
     0,
     0,
     {0x50, 0x53, 0xE8, 0x03, 0x00, 0x00, 0x00,        /* 0: push eax; push ebx; call 0Ah */
      0x43, 0xEB, 0xF6,                                /* inc ebx; jmp 0 */
      0x03, 0x44, 0x24, 0x04, 0x40, 0xC2, 0x08, 0x00}, /* 0Ah: add eax,[esp+4]; inc eax; ret 8 */
     {0},
     {0}},
    {"a table of targets",
     32,
     PF_CODE,
     0,
     0,
     {0x41, 0x83, 0xE1, 0x03,                   /* 0: inc ecx; and ecx,3 */
      0xFF, 0x24, 0x8D, 0x18, 0x00, 0x01, 0x00, /* jmp [10018h+ecx*4] */
      0x40, 0xEB, 0xF2,                         /* 0Bh: inc eax; jmp 0 */
      0x43, 0xEB, 0xEF,                         /* 0Eh: inc ebx; jmp 0 */
      0x42, 0xEB, 0xEC,                         /* 11h: inc edx; jmp 0 */
      0x90, 0x90, 0x90, 0x90, 0x0B, 0x00, 0x01, 0x00, 0x0E, 0x00,
      0x01, 0x00, 0x11, 0x00, 0x01, 0x00, 0x0B, 0x00, 0x01},
     {0},
     {0}},
    {"targets in another page, and one that is gone for a while",
     32,
     PF_CODE,
     ELSEWHERE,
     0,
     {0x81, 0x35, 0x84, 0x21, 0x04, 0x00, 0x00, 0x10, 0x00, 0x00, /* 0: xor dword [42184h],1000h */
      0x0F, 0x01, 0x3D, 0x00, 0x10, 0x06, 0x00,                   /* invlpg [61000h] */
      0xFF, 0xD6,                                                 /* call esi */
      0x42, 0xEB, 0xEA},                                          /* inc edx; jmp 0 */
     {0x40, 0xC3},
     {0x43, 0xC3}},
    {"16-bit code",
     16,
     0x7C00,
     0x7C0C,
     0,
     {0x50, 0xE8, 0x05, 0x00, /* 0: push ax; call 9 */
      0xFF, 0xD6,             /* call si */
      0x43, 0xEB, 0xF7,       /* inc bx; jmp 0 */
      0xC2, 0x02, 0x00,       /* 9: ret 2 */
      0x40, 0xC3},            /* 0Ch: inc ax; ret */
     {0},
     {0}},
    {"64-bit code",
     64,
     PF_CODE,
     PF_CODE + 0x0D,
     0,
     {0xE8, 0x07, 0x00, 0x00, 0x00, /* 0: call 0Ch */
      0xFF, 0xD6,                   /* call rsi */
      0xFF, 0xC3, 0xEB, 0xF5,       /* inc ebx; jmp 0 */
      0x90, 0xC3,                   /* 0Ch: ret */
      0x48, 0xFF, 0xC0, 0xC3},      /* 0Dh..: inc rax; ret */
     {0},
     {0}},
};

struct side {
    struct cpu_fixture f;
    struct state_set states;
};

/* All but ELSEWHERE and ALIAS is itself. */
static void fill_tables(struct cpu_fixture *f, uint32_t directory, uint32_t table, uint32_t frame)
{
    cpu_fixture_poke(f, directory, 4, table | 7);
    for (uint32_t page = 0; page < 1024; page++)
        cpu_fixture_poke(f, table + 4 * page, 4, page << MEM_PAGE_SHIFT | 7);
    cpu_fixture_poke(f, table + ELSEWHERE / 1024, 4, frame | 7);
    cpu_fixture_poke(f, table + ALIAS / 1024, 4, FRAME_A | 7);
}

static void seat_paging(struct cpu_fixture *f)
{
    fill_tables(f, DIRECTORY_A, TABLE_A, FRAME_A);
    fill_tables(f, DIRECTORY_B, TABLE_B, FRAME_B);
    f->cpu->cr0 |= CR0_PG;
    f->cpu->cr3 = DIRECTORY_A;
}

static void seat(struct side *side, const struct program *program)
{
    struct cpu_fixture *f = &side->f;
    if (program->bits == 16)
        cpu_fixture_init(f, "pentium4");
    else
        protected_fixture_init_model(f, "max");
    struct cpu *cpu = f->cpu;
    if (program->bits == 16) {
        segment_set_real(cpu, SEG_CS, 0);
        segment_set_real(cpu, SEG_SS, 0);
    }
    if (program->bits == 64) {
        cpu->efer |= EFER_LME | EFER_LMA;
        cpu->seg[SEG_CS].attributes = 0xA09B;
    }
    if (program->bits == 32)
        seat_paging(f);
    cpu_fixture_load(f, program->bits == 16 ? program->start : PF_CODE, program->code, sizeof program->code);
    cpu_fixture_load(f, FRAME_A, program->a, sizeof program->a);
    cpu_fixture_load(f, FRAME_B, program->b, sizeof program->b);
    cpu_fixture_poke(f, STACK_B, 4, PF_CODE + 8);
    cpu->rip = program->start;
    cpu->gpr[GPR_SP] = STACK;
    cpu->gpr[GPR_SI] = program->si;
    cpu->gpr[GPR_DI] = program->di;
    cpu_derive(cpu);
    cpu_register_state(cpu, &side->states);
}

static void expect_same(struct side *a, struct side *b, const char *what, unsigned slice)
{
    ck_assert_msg(cpu_fixtures_agree(&a->states, &a->f, &b->f), "%s: not so in slices of %u", what, slice);
}

static void compare(const struct program *program, unsigned slice, bool unlinked)
{
    struct side interpreted = {0}, translated = {0};
    struct error err = {{0}};
    seat(&interpreted, program);
    seat(&translated, program);
    struct jit *jit = jit_new(translated.f.cpu, &(struct jit_options){.unlinked = unlinked}, &err);
    ck_assert_msg(jit, "%s", err.text);
    for (unsigned round = 0; round < ROUNDS; round++) {
        cpu_fixture_run(&interpreted.f, slice);
        cpu_fixture_run(&translated.f, slice);
        expect_same(&interpreted, &translated, program->what, slice);
        ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    }
    ck_assert_uint_eq(translated.f.shutdowns, 0);
    ck_assert_uint_gt(translated.f.cpu->gpr[GPR_AX] + translated.f.cpu->gpr[GPR_BX], ROUNDS / 2);
    ck_assert_uint_gt(jit_get_stats(jit)->blocks, 0);
    jit_free(jit);
    cpu_fixture_free(&interpreted.f);
    cpu_fixture_free(&translated.f);
    state_set_free(&interpreted.states);
    state_set_free(&translated.states);
}

START_TEST(engines_agree_on)
{
    const struct program *program = &programs[_i];
    compare(program, 2000, false);
    compare(program, 101, false);
    compare(program, 7, false);
    compare(program, 2000, true);
}
END_TEST

/* Once its target is known, an indirect jump within a page or to another looks for it no more. */
START_TEST(known_targets_are_not_looked_for)
{
    static const char *const steady[] = {"two stacks in turns", "RET with bytes to drop",
                                         "a table of targets",  "one page of memory at two addresses",
                                         "16-bit code",         "64-bit code"};
    for (unsigned i = 0; i < sizeof steady / sizeof steady[0]; i++) {
        const struct program *program = programs;
        while (strcmp(program->what, steady[i]) != 0)
            program++;
        struct side side = {0};
        struct error err = {{0}};
        seat(&side, program);
        struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
        ck_assert_msg(jit, "%s", err.text);
        cpu_fixture_run(&side.f, 1000);
        uint64_t follows = jit_get_stats(jit)->follows;
        cpu_fixture_run(&side.f, 10000);
        ck_assert_msg(jit_get_stats(jit)->follows - follows < 10, "%s", program->what);
        jit_free(jit);
        cpu_fixture_free(&side.f);
        state_set_free(&side.states);
    }
}
END_TEST

/* Adds to EDX here, and to EAX in another page. */
static const struct program far_jumps[] = {
    {"an indirect jump to a page that is gone",
     32,
     PF_CODE,
     ELSEWHERE,
     PF_CODE,
     {0x83, 0xC2, 0x01, 0xFF, 0xE6}, /* add edx,1; jmp esi */
     {0x83, 0xC0, 0x01, 0xFF, 0xE7}, /* add eax,1; jmp edi */
     {0}},
    {"a direct jump to a page that is gone",
     32,
     PF_CODE,
     ELSEWHERE,
     PF_CODE,
     {0x83, 0xC2, 0x01, 0xE9, 0xF8, 0x0F, 0x05, 0x00}, /* add edx,1; jmp 61000h */
     {0x83, 0xC0, 0x01, 0xFF, 0xE7},
     {0}},
};

/* Brings another page to the front of ELSEWHERE's set in the TLB. */
static void send_to_back(struct cpu *cpu)
{
    enum { BESIDE = ELSEWHERE + (TLB_SETS << MEM_PAGE_SHIFT) };
    if (!tlb_find(&cpu->tlb, BESIDE))
        tlb_fill(cpu, BESIDE, FRAME_B, TLB_WRITABLE | TLB_USER | TLB_DIRTY);
    ck_assert_uint_eq(tlb_front(&cpu->tlb, BESIDE)->page, BESIDE);
}

/* The way to another page is known whichever place of its set the page has in the TLB, and leaves it there.
 */
START_TEST(both_places_of_a_set_lead_there)
{
    for (unsigned i = 0; i < sizeof far_jumps / sizeof far_jumps[0]; i++) {
        struct side side = {0};
        struct error err = {{0}};
        seat(&side, &far_jumps[i]);
        struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
        ck_assert_msg(jit, "%s", err.text);
        cpu_fixture_run(&side.f, 400);
        send_to_back(side.f.cpu);
        uint64_t lookups = side.f.cpu->tlb_counts.lookups;
        cpu_fixture_run(&side.f, 400);
        ck_assert_uint_eq(side.f.cpu->gpr[GPR_AX], 200);
        ck_assert_uint_eq(side.f.cpu->tlb_counts.lookups, lookups);
        ck_assert_uint_eq(side.f.cpu->fetch_frame, FRAME_A);
        ck_assert_uint_ne(side.f.cpu->tlb.entry[tlb_index(ELSEWHERE)].page, ELSEWHERE);
        jit_free(jit);
        cpu_fixture_free(&side.f);
        state_set_free(&side.states);
    }
}
END_TEST

/* After the way there was looked for anew in between. The TLB may still lead to where it did, but for data
 * alone, and from the back of its set; a walk for code faults. */
static void expect_fault(const struct program *program, bool data, bool back)
{
    struct side side = {0};
    struct error err = {{0}};
    seat(&side, program);
    struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    cpu_fixture_run(&side.f, 400);
    tlb_flush_page(side.f.cpu, ELSEWHERE);
    cpu_fixture_run(&side.f, 400);
    ck_assert_uint_eq(side.f.cpu->gpr[GPR_AX], 200);
    cpu_fixture_poke(&side.f, TABLE_A + ELSEWHERE / 1024, 4, 0);
    tlb_flush_page(side.f.cpu, ELSEWHERE);
    if (data)
        tlb_fill(side.f.cpu, ELSEWHERE, FRAME_A, TLB_WRITABLE | TLB_USER | TLB_DIRTY | TLB_NX);
    if (back)
        send_to_back(side.f.cpu);
    cpu_fixture_run(&side.f, 4);
    ck_assert_msg(side.f.cpu->gpr[GPR_AX] == 200 && side.f.cpu->cr2 == ELSEWHERE, "%s", program->what);
    jit_free(jit);
    cpu_fixture_free(&side.f);
    state_set_free(&side.states);
}

START_TEST(a_target_that_may_not_be_executed_faults)
{
    for (unsigned i = 0; i < 4 * sizeof far_jumps / sizeof far_jumps[0]; i++)
        expect_fault(&far_jumps[i / 4], i % 2, i / 2 % 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {known_targets_are_not_looked_for, both_places_of_a_set_lead_there,
                                  a_target_that_may_not_be_executed_faults};
    return suite_run_loop("indirect", engines_agree_on, sizeof programs / sizeof programs[0], tests,
                          sizeof tests / sizeof tests[0]);
}
