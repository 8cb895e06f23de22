/* SPDX-License-Identifier: MIT */
/* Short programs on both engines: what has been wrong once, by name. */
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/protection.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/fixture_check.h"
#include "tests/support/suite.h"

enum { CODE_AT = 0x7C00, DATA_AT = 0x9000, ROUNDS = 4 };

/* Code of real-address mode, with a JMP to itself behind it. */
struct snippet {
    const char *what;
    unsigned insns; /* of one round */
    uint8_t code[32];
};

static const struct snippet snippets[] = {
    {"SETcc's slow path leaves the flags to the branch behind it",
     5,
     {0x39, 0xC8,       /* cmp ax,cx */
      0x0F, 0x94, 0x04, /* setz [si] */
      0x74, 0x01,       /* jz over */
      0x42, 0x43}},     /* inc dx; inc bx */
    {"CMOVcc's slow path leaves the flags to the branch behind it",
     5,
     {0x39, 0xC8,       /* cmp ax,cx */
      0x0F, 0x44, 0x14, /* cmovz dx,[si] */
      0x74, 0x01,       /* jz over */
      0x42, 0x43}},     /* inc dx; inc bx */
    {"selectors are zero-extended, and pushed whole",
     7,
     {0x66, 0xB8, 0xFF, 0xFF, 0xFF, 0xFF, /* mov eax,-1 */
      0x66, 0x8C, 0xD8,                   /* mov eax,ds */
      0x8C, 0xC2,                         /* mov dx,es */
      0x66, 0x1E,                         /* push ds, 32 bits */
      0x06,                               /* push es */
      0x66, 0x0F, 0xA0,                   /* push fs, 32 bits */
      0x8C, 0x04}},                       /* mov [si],es */
    {"CLI and STI hand on the flags",
     6,
     {0x39, 0xC8,       /* cmp ax,cx */
      0xFA,             /* cli */
      0x11, 0xD3,       /* adc bx,dx */
      0xFB,             /* sti */
      0x0F, 0x92, 0xC6, /* setb dh */
      0x43}},           /* inc bx */
    {"loading SSE state keeps the x87 state that is live",
     4,
     {0xD9, 0xEB,       /* fldpi */
      0x0F, 0x58, 0xC1, /* addps xmm0,xmm1 */
      0xDD, 0x1C,       /* fstp qword [si] */
      0x43}},           /* inc bx */
    {"loading x87 state keeps the SSE state that is live",
     4,
     {0x0F, 0x58, 0xC1, /* addps xmm0,xmm1 */
      0xD9, 0xEB,       /* fldpi */
      0x0F, 0x11, 0x04, /* movups [si],xmm0 */
      0xDD, 0xD8}},     /* fstp st0 */
    {"FCOMI clears C1",
     6,
     {0xD9, 0xE8,   /* fld1 */
      0xD9, 0xE0,   /* fchs */
      0xD9, 0xE5,   /* fxam: C1 is the sign */
      0xDB, 0xF0,   /* fcomi st0,st0 */
      0xDF, 0xE0,   /* fnstsw ax */
      0xDD, 0xD8}}, /* fstp st0 */
    {"FFREE keeps C1",
     6,
     {0xD9, 0xE8,   /* fld1 */
      0xD9, 0xE0,   /* fchs */
      0xD9, 0xE5,   /* fxam */
      0xDD, 0xC0,   /* ffree st0 */
      0xDF, 0xE0,   /* fnstsw ax */
      0xD9, 0xF7}}, /* fincstp */
    {"FIP's selector is that of its instruction",
     4,
     {0xD9, 0xE8,                     /* fld1 */
      0xEA, 0x07, 0x0C, 0x00, 0x07,   /* jmp 0700h:0C07h: the next instruction */
      0x43,                           /* inc bx */
      0xEA, 0x0D, 0x7C, 0x00, 0x00}}, /* jmp 0000h:7C0Dh: the next */
    {"the parts of a long operand wrap at 64 KiB",
     4,
     {0xBF, 0xFA, 0xFF, /* mov di,FFFAh */
      0xDB, 0x2D,       /* fld tword [di]: in DS with a limit of 4 GiB and an odd base */
      0xDD, 0xD8,       /* fstp st0 */
      0x43}},           /* inc bx */
    {"each of two operands side by side wraps at 64 KiB",
     3,
     {0xBF, 0xFE, 0xFF,   /* mov di,FFFEh */
      0x8B, 0x05,         /* mov ax,[di]: in DS with a limit of 4 GiB and an odd base */
      0x8B, 0x5D, 0x04}}, /* mov bx,[di+4]: at DS:0002 */
    {"a popped stack pointer is the popped one",
     4,
     {0x50,   /* push ax */
      0x54,   /* push sp */
      0x5C,   /* pop sp */
      0x5B}}, /* pop bx */
    {"high bytes beside registers of the host that have none",
     6,
     {0x88, 0x24,       /* mov [si],ah */
      0x02, 0x2C,       /* add ch,[si] */
      0x0F, 0xB6, 0xE6, /* movzx sp,dh */
      0x84, 0x34,       /* test [si],dh */
      0x0F, 0x97, 0xC7, /* seta bh */
      0x38, 0xFC}},     /* cmp ah,bh */
    {"a jump beyond the segment faults itself",
     2,
     {0x43,                                 /* inc bx */
      0x66, 0xE9, 0x09, 0x84, 0x00, 0x00}}, /* jmp dword 10010h */
    {"a conditional jump beyond the segment faults itself",
     3,
     {0x43,                                       /* inc bx */
      0x39, 0xC8,                                 /* cmp ax,cx */
      0x66, 0x0F, 0x84, 0x06, 0x84, 0x00, 0x00}}, /* jz dword 10010h */
    {"an indirect jump beyond the segment faults itself",
     3,
     {0x43,                               /* inc bx */
      0x66, 0xBF, 0x00, 0x00, 0x01, 0x00, /* mov edi,10000h */
      0x66, 0xFF, 0xE7}},                 /* jmp edi */
    {"an indirect jump far beyond the segment faults itself",
     3,
     {0x43,                               /* inc bx */
      0x66, 0xBF, 0xF0, 0xFF, 0xFF, 0xFF, /* mov edi,0FFFFFFF0h */
      0x66, 0xFF, 0xE7}},                 /* jmp edi */
    {"a signed quotient that is too large faults: dividend 14000h",
     4,
     {0xBA, 0x01, 0x00, /* mov dx,1 */
      0xB8, 0x00, 0x40, /* mov ax,4000h */
      0xB9, 0x02, 0x00, /* mov cx,2 */
      0xF7, 0xF9}},     /* idiv cx */
    {"a signed quotient that is too large faults: the least dividend by -1",
     4,
     {0xB8, 0x00, 0x80, /* mov ax,8000h */
      0x99,             /* cwd */
      0xB9, 0xFF, 0xFF, /* mov cx,-1 */
      0xF7, 0xF9}},     /* idiv cx */
    {"FCMOVBE looks at ZF, which a bit test has kept",
     6,
     {0xD9, 0xE8,             /* fld1 */
      0xD9, 0xEB,             /* fldpi */
      0x39, 0xC8,             /* cmp ax,cx: equal */
      0x89, 0x1C,             /* mov [si],bx */
      0x0F, 0xBA, 0xE2, 0x01, /* bt dx,1: clear */
      0xDA, 0xD1}},           /* fcmovbe st0,st1 */
    {"FLDCW may unmask inexact results alone",
     6,
     {0xC7, 0x04, 0x5F, 0x03, /* mov word [si],035Fh */
      0xD9, 0x2C,             /* fldcw [si] */
      0xD9, 0xE8,             /* fld1 */
      0xD9, 0xEB,             /* fldpi */
      0xDE, 0xF9,             /* fdivp */
      0xD9, 0xE8}},           /* fld1 */
    {"an error that FLDCW unmasks finds the flags of a comparison",
     8,
     {0xC7, 0x04, 0x5F, 0x03, /* mov word [si],035Fh */
      0xD9, 0xE8,             /* fld1 */
      0xD9, 0xEB,             /* fldpi */
      0xDE, 0xF9,             /* fdivp: inexact */
      0x39, 0xC8,             /* cmp ax,cx: equal */
      0xD9, 0x2C,             /* fldcw [si] */
      0xD9, 0xE8,             /* fld1: waits */
      0x01, 0xDA}},           /* add dx,bx */
    {"a fault finds the flags of a comparison, half of whose register has changed",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0x39, 0xC8,       /* cmp ax,cx */
      0xB4, 0x05,       /* mov ah,5 */
      0x89, 0x5E, 0x00, /* mov [bp],bx: over the end */
      0x01, 0xDA}},     /* add dx,bx */
    {"a fault finds the flags of a register added to itself",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0xB8, 0x80, 0x9A, /* mov ax,9A80h */
      0x01, 0xC0,       /* add ax,ax */
      0x89, 0x5E, 0x00, /* mov [bp],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"a fault finds the carry that INC has kept",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0xF9,             /* stc */
      0x42,             /* inc dx */
      0x89, 0x5E, 0x00, /* mov [bp],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"a fault finds the flags of a register that MOVD has overwritten",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0x39, 0xC8,       /* cmp ax,cx */
      0x0F, 0x7E, 0xC0, /* movd eax,mm0 */
      0x89, 0x5E, 0x00, /* mov [bp],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"a fault finds the flags of a register that was exchanged",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0x39, 0xC8,       /* cmp ax,cx */
      0x87, 0xC2,       /* xchg dx,ax */
      0x89, 0x5E, 0x00, /* mov [bp],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"a fault finds the flags of a conjunction",
     5,
     {0xBD, 0xFF, 0xFF, /* mov bp,FFFFh */
      0xB8, 0x01, 0x00, /* mov ax,1 */
      0x85, 0xC8,       /* test ax,cx */
      0x89, 0x5E, 0x00, /* mov [bp],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"the carry of another block passes through INC",
     6,
     {0xF9,             /* stc */
      0xEB, 0x00,       /* jmp over */
      0x42,             /* inc dx */
      0x0F, 0x92, 0xC0, /* setc al */
      0x89, 0x1C,       /* mov [si],bx */
      0x01, 0xDA}},     /* add dx,bx */
    {"a shift by no bits keeps the flags of a comparison",
     4,
     {0xB1, 0x00,       /* mov cl,0 */
      0x39, 0xDB,       /* cmp bx,bx */
      0x66, 0xD3, 0xE2, /* shl edx,cl */
      0x9C}},           /* pushf */
    {"an instruction of sixteen bytes faults",
     2,
     {0x43, /* inc bx */
      0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x05, 0x34,
      0x12}}, /* add ax,1234h */
};

struct side {
    struct cpu_fixture f;
    struct state_set states;
};

static void seat(struct side *side)
{
    struct cpu *cpu = side->f.cpu;
    cpu_fixture_init(&side->f, "pentium4");
    cpu = side->f.cpu;
    segment_set_real(cpu, SEG_CS, 0);
    cpu->cr4 |= CR4_OSFXSR;
    x87_fninit(&cpu->x87);
    cpu->xmm[0][0] = UINT64_C(0x3F80000040000000);
    cpu->xmm[1][0] = UINT64_C(0x4040000040800000);
    cpu->gpr[GPR_AX] = cpu->gpr[GPR_CX] = 0x1280;
    cpu->gpr[GPR_DX] = 0x9A05;
    cpu->gpr[GPR_SI] = DATA_AT;
    cpu->gpr[GPR_SP] = 0x7000;
    cpu->seg[SEG_DS].base = 0x30006;
    cpu->seg[SEG_DS].limit = UINT32_MAX;
    cpu_derive(cpu);
    cpu_fixture_poke(&side->f, 0x30008, 2, 0x4000); /* at DS:0002 */
    cpu_register_state(cpu, &side->states);
}

static void run(struct side *side, const struct snippet *snippet)
{
    static const uint8_t forever[] = {0xEB, 0xFE};
    cpu_fixture_load(&side->f, CODE_AT, snippet->code, sizeof snippet->code);
    unsigned length = sizeof snippet->code;
    while (!snippet->code[length - 1])
        length--;
    cpu_fixture_load(&side->f, CODE_AT + length, forever, sizeof forever);
    side->f.cpu->rip = CODE_AT;
    cpu_fixture_run(&side->f, snippet->insns + 20);
}

static void expect_same(struct side *a, struct side *b, const struct snippet *snippet, unsigned round)
{
    ck_assert_msg(cpu_fixtures_agree(&a->states, &a->f, &b->f), "%s: not so, in round %u", snippet->what,
                  round);
}

START_TEST(engines_agree_on)
{
    const struct snippet *snippet = &snippets[_i];
    struct side interpreted = {0}, translated = {0};
    struct error err = {{0}};
    seat(&interpreted);
    seat(&translated);
    struct jit *jit = jit_new(translated.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round == 2) { /* the data's page must be looked up anew */
            tlb_flush(interpreted.f.cpu, false);
            tlb_flush(translated.f.cpu, false);
        }
        run(&interpreted, snippet);
        run(&translated, snippet);
        expect_same(&interpreted, &translated, snippet, round);
        ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    }
    ck_assert_uint_gt(jit_get_stats(jit)->blocks, 0);
    jit_free(jit);
    cpu_fixture_free(&interpreted.f);
    cpu_fixture_free(&translated.f);
    state_set_free(&interpreted.states);
    state_set_free(&translated.states);
}
END_TEST

/* Shifts by as many bits as there are, and more, leave flags that hosts differ in. */
static const struct snippet long_shifts[] = {
    {"shl al,9", 1, {0xC0, 0xE0, 0x09}},
    {"shr al,8", 1, {0xC0, 0xE8, 0x08}},
    {"sar al,31", 1, {0xC0, 0xF8, 0x1F}},
    {"shl ax,16", 1, {0xC1, 0xE0, 0x10}},
    {"shld ax,cx,17", 1, {0x0F, 0xA4, 0xC8, 0x11}},
    {"shl ax,cl", 1, {0xD3, 0xE0}},
};
static const struct snippet short_shifts[] = {
    {"shl al,7", 1, {0xC0, 0xE0, 0x07}},
    {"shr al,39", 1, {0xC0, 0xE8, 0x27}},
    {"sar ax,15", 1, {0xC1, 0xF8, 0x0F}},
    {"shl eax,16", 1, {0x66, 0xC1, 0xE0, 0x10}},
    {"shld eax,ecx,17", 1, {0x66, 0x0F, 0xA4, 0xC8, 0x11}},
    {"shl eax,cl", 1, {0x66, 0xD3, 0xE0}},
};

static uint64_t calls_of(const struct snippet *snippet)
{
    struct side side = {0};
    struct error err = {{0}};
    seat(&side);
    struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    run(&side, snippet);
    ck_assert_uint_gt(jit_get_stats(jit)->entries, 0);
    uint64_t calls = jit_get_stats(jit)->calls;
    jit_free(jit);
    cpu_fixture_free(&side.f);
    state_set_free(&side.states);
    return calls;
}

START_TEST(only_defined_shifts_are_the_hosts)
{
    for (unsigned i = 0; i < sizeof long_shifts / sizeof long_shifts[0]; i++)
        ck_assert_msg(calls_of(&long_shifts[i]) == 1, "%s: no call", long_shifts[i].what);
    for (unsigned i = 0; i < sizeof short_shifts / sizeof short_shifts[0]; i++)
        ck_assert_msg(calls_of(&short_shifts[i]) == 0, "%s: a call", short_shifts[i].what);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {only_defined_shifts_are_the_hosts};
    return suite_run_loop("code", engines_agree_on, sizeof snippets / sizeof snippets[0], tests,
                          sizeof tests / sizeof tests[0]);
}
