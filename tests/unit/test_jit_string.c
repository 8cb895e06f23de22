/* SPDX-License-Identifier: MIT */
/* String instructions on both engines, run in slices so that each count at which they may stop is met. */
#include <string.h>

#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/fpu/x87.h"
#include "core/x86/protection.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/support/fixture_check.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

enum { CODE_AT = 0x7C00, DATA_AT = 0x30000, DATA_BYTES = 0x10000, FLAT = DATA_AT, ROUNDS = 4 };

/* Segments that end within a page. */
enum { DS_AT = DATA_AT + 0x20, ES_AT = DATA_AT + 0x10 };

/* Code with a JMP to itself behind it. DS and ES are flat but in 16-bit code. */
struct snippet {
    const char *what;
    unsigned bits;
    unsigned insns; /* of one round, iterations included */
    uint32_t cx, si, di;
    uint8_t code[24];
};

static const struct snippet snippets[] = {
    {"pointers go up",
     16,
     8,
     0,
     0x101,
     0x203,
     {0xAC, 0xAA, 0xAD, 0xAB, 0xA4, 0xA5, 0xA6,
      0xAF}}, /* lodsb; stosb; lodsw; stosw; movsb; movsw; cmpsb; scasw
               */
    {"pointers go down",
     16,
     10,
     0,
     0x101,
     0x203,
     {0xFD, 0xAC, 0xAA, 0xAD, 0xAB, 0xA4, 0xA5, 0xA6, 0xAF, 0xFC}},
    {"a pointer that goes up shares its look-up",
     16,
     5,
     0,
     0x100,
     0x200,
     {0x89, 0xF3,   /* mov bx,si */
      0xAD,         /* lodsw */
      0x8B, 0x17,   /* mov dx,[bx] */
      0x8B, 0x0C}}, /* mov cx,[si] */
    {"a pointer that goes down shares none",
     16,
     7,
     0,
     0x100,
     0x200,
     {0x89, 0xF3, /* mov bx,si */
      0xFD,       /* std */
      0xAD,       /* lodsw */
      0x8B, 0x17, /* mov dx,[bx] */
      0x8B, 0x0C, /* mov cx,[si] */
      0xFC}},     /* cld */
    {"a destination that faults leaves the source where it is", 16, 3, 0, 0x100, 0xFFFF, {0xA5}},
    {"the second operand of a comparison faults", 16, 4, 0, 0x100, 0xFFFF, {0x39, 0xC8, 0xA7}}, /* cmp ax,cx;
                                                                                                   cmpsw */
    {"a source that faults finds the flags of before",
     16,
     4,
     0x1280,
     0xFFFF,
     0x200,
     {0x39, 0xC8, 0xAD}}, /* cmp ax,cx; lodsw */
    {"an instruction that goes down finds the flags of before",
     16,
     7,
     0x1280,
     0x100,
     0x200,
     {0xFD,       /* std */
      0x39, 0xC8, /* cmp ax,cx */
      0xAD,       /* lodsw */
      0x74, 0x01, /* jz over */
      0x42, 0x43, /* inc dx; inc bx */
      0xFC}},     /* cld */
    {"a fault going down finds the flags of a comparison",
     16,
     9,
     0,
     0xFFFF,
     0x200,
     {0xFD,         /* std */
      0x39, 0xD3,   /* cmp bx,dx */
      0xAD,         /* lodsw */
      0x01, 0xDA}}, /* add dx,bx */
    {"CMPS makes the flags of a branch",
     16,
     6,
     0,
     0x103,
     0x206,
     {0xA6,         /* cmpsb */
      0x72, 0x01,   /* jb over */
      0x42, 0x43,   /* inc dx; inc bx */
      0xA7, 0x9C}}, /* cmpsw; pushf */
    {"SCAS makes the flags of a branch",
     16,
     6,
     0,
     0x103,
     0x280,
     {0xAF,         /* scasw */
      0x72, 0x01,   /* jb over */
      0x42, 0x43,   /* inc dx; inc bx */
      0xAE, 0x9C}}, /* scasb; pushf */
    {"STOS writes the next instruction",
     16,
     4,
     0,
     0,
     CODE_AT + 4,
     {0x0E, 0x07,   /* push cs; pop es */
      0xAA,         /* stosb */
      0xB2, 0x12}}, /* mov dl,12h */
    {"pointers wrap at 64 KiB",
     16,
     5,
     0,
     0xFFFE,
     0xFFFE,
     {0xAD, 0xAB, 0xA5, 0xAC, 0xAA}}, /* lodsw; stosw; movsw; lodsb; stosb */
    {"32-bit addresses in 16-bit code",
     16,
     4,
     0,
     0x100,
     0x200,
     {0x67, 0xAC, 0x67, 0xAB, 0x67, 0x66, 0xA5, 0x67, 0xA6}},
    {"16-bit addresses in 32-bit code",
     32,
     4,
     0,
     0x54328,
     0x65430,
     {0x67, 0xAC, 0x67, 0xAB, 0x67, 0xA5, 0x67, 0xA6}},
    {"the source's segment may be another",
     16,
     4,
     0,
     0x100,
     0x200,
     {0x2E, 0xAC, 0x36, 0xA5, 0x26, 0xAD, 0x2E, 0xA7}},
    {"four dwords in a row", 32, 5, 0, FLAT + 0x103, FLAT + 0xFF9, {0xA5, 0xA5, 0xA5, 0xA5, 0xAD}},
    {"64-bit code",
     64,
     8,
     0,
     FLAT + 0x103,
     FLAT + 0xFF9,
     {0x48, 0xA5, 0x48, 0xAD, 0x48, 0xAB, 0x48, 0xA7, 0x48, 0xAF, 0x67, 0xA5, 0xA6, 0xAD}},
    {"moves within a page", 16, 50, 20, 0x101, 0x203, {0xF3, 0xA4, 0x42}},
    {"a handful of words", 16, 10, 5, 0x101, 0x203, {0xF3, 0xA5, 0x42}},
    {"many words over pages", 16, 3100, 3000, 0x101, 0x4203, {0xF3, 0xA5, 0x42}},
    {"words to the segment's end", 16, 20, 9, 0x101, 0xFFF0, {0xF3, 0xA5}},
    {"words over the segment's end", 16, 20, 9, 0x101, 0xFFF1, {0xF3, 0xA5}},
    {"bytes wrap at 64 KiB", 16, 60, 50, 0xFFF8, 0xFFE0, {0xF3, 0xA4, 0x42}},
    {"bytes are stored around 64 KiB", 16, 60, 50, 0, 0xFFE0, {0xF3, 0xAA, 0x42}},
    {"a string is scanned with a count that reaches beyond the segment",
     16,
     300,
     0xFFFF,
     0,
     0x1103,
     {0xF2, 0xAE, 0x9C}}, /* repne scasb; pushf */
    {"a scan that finds nothing faults at the segment's end", 16, 700, 0xFFFF, 0, 0xFB01, {0xF2, 0xAF, 0x9C}},
    {"a scan of what is equal", 16, 40, 30, 0, 0x207, {0x88, 0xC8, 0xF3, 0xAE, 0x9C}},
    {"a comparison of what is equal to its end", 16, 110, 100, 0x100, 0x1100, {0xF3, 0xA6, 0x9C}},
    {"a comparison that ends within", 16, 300, 0x300, 0x180, 0x4180, {0xF3, 0xA7, 0x9C}},
    {"a comparison of what is unequal", 16, 300, 0x300, 0x180, 0x4181, {0xF2, 0xA7, 0x9C}},
    {"a count of none keeps the flags", 16, 8, 0, 0x100, 0x201, {0x39, 0xC8, 0xF3, 0xA6, 0xF3, 0xA4, 0x9C}},
    {"overlapping moves repeat a pattern", 16, 110, 100, 0x103, 0x105, {0xF3, 0xA5, 0x42}},
    {"moves go down", 16, 40, 30, 0x1010, 0x1012, {0xFD, 0xF3, 0xA5, 0xFC}},
    {"dwords go down over pages",
     32,
     3100,
     3000,
     FLAT + 0x4FF9,
     FLAT + 0x8103,
     {0xFD, 0xF3, 0xA5, 0xFC, 0x42}},
    {"a few words go down", 32, 30, 9, FLAT + 0x4FF9, FLAT + 0x8103, {0xFD, 0x66, 0xF3, 0xA5, 0xFC, 0x42}},
    {"bytes go down from a page's start",
     32,
     50,
     30,
     FLAT + 0x5000,
     FLAT + 0x8000,
     {0xFD, 0xF3, 0xA4, 0xFC, 0x42}},
    {"stores go down", 32, 1100, 1000, 0, FLAT + 0x4FFD, {0xFD, 0xF3, 0xAB, 0xFC, 0x42}},
    {"a comparison goes down", 32, 110, 100, FLAT + 0x2180, FLAT + 0x4181, {0xFD, 0xF3, 0xA6, 0x9C, 0xFC}},
    {"a comparison of words goes down to its end",
     32,
     3100,
     3000,
     FLAT + 0x7101,
     FLAT + 0x7101,
     {0xFD, 0x66, 0xF3, 0xA7, 0x9C, 0xFC}},
    {"a scan goes down", 32, 3100, UINT32_MAX, 0, FLAT + 0x5103, {0xFD, 0xF2, 0xAE, 0x9C, 0xFC}},
    {"overlapping moves go down and repeat a pattern",
     32,
     110,
     100,
     FLAT + 0x1105,
     FLAT + 0x1103,
     {0xFD, 0xF3, 0xA5, 0xFC}},
    {"a segment's source goes down to its start",
     32,
     80,
     70,
     0x20,
     FLAT + 0x4FF9,
     {0xFD, 0x64, 0xF3, 0xA4, 0xFC}},
    {"addresses wrap at 0 going down", 32, 60, 40, 0x10, FLAT + 0x103, {0xFD, 0xF3, 0xA4, 0xA7, 0xFC}},
    {"quadwords go down over pages",
     64,
     1100,
     1000,
     FLAT + 0x4FF9,
     FLAT + 0x8103,
     {0xFD, 0x48, 0xF3, 0xA5, 0xFC, 0x42}},
    {"32-bit addresses of 64-bit code go down",
     64,
     60,
     40,
     0x10,
     FLAT + 0x103,
     {0xFD, 0x67, 0xF3, 0xA4, 0xFC}},
    {"the way is found out, and turns",
     32,
     120,
     7,
     FLAT + 0x2109,
     FLAT + 0x4203,
     {0xFD, 0xEB, 0x00,       /* std; jmp on */
      0xA5, 0xF3, 0xA4, 0xA7, /* movsd; rep movsb; cmpsd */
      0xB1, 0x05, 0xFC,       /* mov cl,5; cld */
      0xEB, 0xF7}},           /* jmp to the movsd */
    {"moves write the next instruction",
     16,
     20,
     7,
     0x100,
     CODE_AT,
     {0x0E, 0x07,   /* push cs; pop es */
      0xF3, 0xA4,   /* rep movsb: over itself */
      0xB2, 0x12}}, /* mov dl,12h */
    {"stores beside code",
     16,
     80,
     60,
     0x100,
     CODE_AT + 0x40,
     {0x0E, 0x07, 0xF3, 0xAB, 0x42}}, /* push cs; pop es; rep stosw; inc dx */
    {"32-bit counts in 16-bit code", 16, 30, 20, 0x100, 0x200, {0x67, 0xF3, 0xA4, 0x67, 0x66, 0xF3, 0xAB}},
    {"16-bit counts in 32-bit code", 32, 30, 0x70014, 0x54328, 0x65430, {0x67, 0xF3, 0xA4, 0x67, 0xF3, 0xAB}},
    {"dwords over pages", 32, 3100, 3000, FLAT + 0x103, FLAT + 0x4FF9, {0xF3, 0xA5, 0x42}},
    {"stored dwords over pages", 32, 3100, 3000, 0, FLAT + 0x4FF9, {0xF3, 0xAB, 0x42}},
    {"bytes over pages", 32, 6100, 6000, FLAT + 0x103, FLAT + 0x4FF9, {0xF3, 0xA4, 0x42}},
    {"a source of another segment", 32, 40, 30, 0x103, FLAT + 0x4FF9, {0x64, 0xF3, 0xA4, 0x42}},
    {"the source's segment ends", 32, 80, 70, 0xFD0, FLAT + 0x4FF9, {0x64, 0xF3, 0xA4, 0x42}},
    {"a flat scan", 32, 300, UINT32_MAX, 0, FLAT + 0x1103, {0xF2, 0xAE, 0x9C}},
    {"a flat comparison over pages", 32, 3100, 3000, FLAT, FLAT + 0x8000, {0xF3, 0xA6, 0x9C}},
    {"quadwords over pages", 64, 1100, 1000, FLAT + 0x103, FLAT + 0x4FF9, {0x48, 0xF3, 0xA5, 0x42}},
    {"moves of 64-bit code",
     64,
     100,
     30,
     FLAT + 0x103,
     FLAT + 0x4FF9,
     {0xF3, 0x48, 0xA5,               /* rep movsq */
      0xB1, 0x0B, 0xF3, 0x48, 0xAB,   /* mov cl,11; rep stosq */
      0xB1, 0x0D, 0x67, 0xF3, 0xA4,   /* mov cl,13; rep movsb [edi] */
      0xB1, 0x05, 0xF3, 0x48, 0xA7}}, /* mov cl,5; repe cmpsq */
    {"scans of 64-bit code", 64, 300, 0x1000, 0, FLAT + 0x1103, {0xF2, 0xAE, 0xF3, 0x48, 0xAF}},
    {"moves beyond the end of memory", 32, 50, 20, FLAT + 0x103, FIXTURE_MEMORY - 0x12, {0xF3, 0xA5, 0x42}},
    {"moves from beyond the end of memory",
     32,
     50,
     20,
     FIXTURE_MEMORY - 0x12,
     FLAT + 0x103,
     {0xF3, 0xA5, 0x42}},
    {"addresses wrap at 4 GiB", 32, 60, 24, 0xFFFFFFF0, FLAT + 0x103, {0xF3, 0xA4, 0xA7}},
    {"a region of repeated and single ones",
     16,
     900,
     0,
     0x101,
     0x4202,
     {0xB9, 0x05, 0x00, 0xF3, 0xA5, /* mov cx,5; rep movsw */
      0xAC, 0xAA, 0xA6,             /* lodsb; stosb; cmpsb */
      0xEB, 0xF6}},                 /* jmp to the start */
    {"a region that goes down",
     16,
     900,
     0,
     0xF101,
     0xB202,
     {0xFD,                               /* std */
      0xB9, 0x05, 0x00, 0xF3, 0xA5, 0xAC, /* mov cx,5; rep movsw; lodsb */
      0xAA, 0xA6, 0xEB, 0xF6}},           /* stosb; cmpsb; jmp to the move */
    {"a region of scans",
     16,
     900,
     0,
     0,
     0x1203,
     {0xB9, 0x0B, 0x00, 0xF2, 0xAE,   /* mov cx,11; repne scasb */
      0x75, 0xF9, 0x42, 0xEB, 0xF6}}, /* jnz to the start; inc dx; jmp to the start */
    {"a region of 32-bit code",
     32,
     900,
     0,
     FLAT + 0x101,
     FLAT + 0x4FF2,
     {0xB9, 0x05, 0x00, 0x00, 0x00, 0xF3, 0xA5, /* mov ecx,5; rep movsd */
      0xAD, 0xAB, 0xA7, 0xEB, 0xF4}},           /* lodsd; stosd; cmpsd; jmp to the start */
};

struct side {
    struct cpu_fixture f;
    struct state_set states;
};

static void fill(struct side *side)
{
    for (unsigned i = 0; i < DATA_BYTES + MEM_PAGE_SIZE; i++)
        side->f.memory.host[DATA_AT + i] = (uint8_t)(i ^ i >> 9);
}

static void seat_real(struct cpu *cpu)
{
    segment_set_real(cpu, SEG_CS, 0);
    segment_set_real(cpu, SEG_SS, 0);
    segment_set_real(cpu, SEG_DS, DS_AT >> 4);
    segment_set_real(cpu, SEG_ES, ES_AT >> 4);
}

static void seat(struct side *side, unsigned bits)
{
    if (bits == 16)
        cpu_fixture_init(&side->f, "pentium4");
    else
        protected_fixture_init_model(&side->f, "max");
    struct cpu *cpu = side->f.cpu;
    if (bits == 16)
        seat_real(cpu);
    if (bits != 16) {
        cpu->seg[SEG_FS].base = DATA_AT + 0x8123;
        cpu->seg[SEG_FS].limit = 0xFFF;
    }
    if (bits == 64) {
        cpu->efer |= EFER_LME | EFER_LMA;
        cpu->seg[SEG_CS].attributes = 0xA09B;
    }
    cpu->gpr[GPR_SP] = 0x7000;
    cpu_derive(cpu);
    fill(side);
    cpu_register_state(cpu, &side->states);
}

static void begin(struct side *side, const struct snippet *snippet, unsigned round)
{
    static const uint8_t forever[] = {0xEB, 0xFE};
    struct cpu *cpu = side->f.cpu;
    unsigned length = sizeof snippet->code;
    while (!snippet->code[length - 1])
        length--;
    if (!round) {
        cpu_fixture_load(&side->f, CODE_AT, snippet->code, length);
        cpu_fixture_load(&side->f, CODE_AT + length, forever, sizeof forever);
    }
    if (round == 2) /* all pages must be looked up anew */
        tlb_flush(cpu, false);
    cpu->rip = CODE_AT;
    cpu->gpr[GPR_AX] = 0x1280 + (round & 1);
    cpu->gpr[GPR_CX] = snippet->cx;
    cpu->gpr[GPR_SI] = snippet->si;
    cpu->gpr[GPR_DI] = snippet->di;
    if (snippet->bits == 16) {
        segment_set_real(cpu, SEG_CS, 0);
        segment_set_real(cpu, SEG_ES, ES_AT >> 4);
    }
}

static void expect_same(struct side *a, struct side *b, const struct snippet *snippet, unsigned slice)
{
    ck_assert_msg(cpu_fixtures_agree(&a->states, &a->f, &b->f), "%s: not so in slices of %u", snippet->what,
                  slice);
}

static void run_rounds(struct side *interpreted, struct side *translated, const struct snippet *snippet,
                       unsigned slice)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin(interpreted, snippet, round);
        begin(translated, snippet, round);
        for (unsigned done = 0; done < snippet->insns + 3; done += slice) {
            cpu_fixture_run(&interpreted->f, slice);
            cpu_fixture_run(&translated->f, slice);
            expect_same(interpreted, translated, snippet, slice);
        }
    }
}

static void compare(const struct snippet *snippet, unsigned slice)
{
    struct side interpreted = {0}, translated = {0};
    struct error err = {{0}};
    seat(&interpreted, snippet->bits);
    seat(&translated, snippet->bits);
    struct jit *jit = jit_new(translated.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    run_rounds(&interpreted, &translated, snippet, slice);
    ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    ck_assert_uint_gt(jit_get_stats(jit)->blocks, 0);
    jit_free(jit);
    cpu_fixture_free(&interpreted.f);
    cpu_fixture_free(&translated.f);
    state_set_free(&interpreted.states);
    state_set_free(&translated.states);
}

START_TEST(engines_agree_on)
{
    const struct snippet *snippet = &snippets[_i];
    compare(snippet, snippet->insns + 3);
    compare(snippet, snippet->insns / 2 + 1);
    compare(snippet, 7);
}
END_TEST

/* Handlers called in translated code once all pages are in the TLB. */
static uint64_t calls_of(const struct snippet *snippet)
{
    struct side side = {0};
    struct error err = {{0}};
    seat(&side, snippet->bits);
    struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    uint64_t before = 0;
    for (unsigned round = 0; round < 2; round++) {
        before = jit_get_stats(jit)->calls;
        begin(&side, snippet, round);
        cpu_fixture_run(&side.f, snippet->insns + 3);
    }
    ck_assert_uint_gt(jit_get_stats(jit)->entries, 0);
    uint64_t calls = jit_get_stats(jit)->calls - before;
    jit_free(jit);
    cpu_fixture_free(&side.f);
    state_set_free(&side.states);
    return calls;
}

START_TEST(only_what_is_unusual_takes_the_handler)
{
    static const struct snippet usual[] = {
        {"single", 16, 8, 0, 0x101, 0x203, {0xAC, 0xAA, 0xAD, 0xAB, 0xA4, 0xA5, 0xA6, 0xAF}},
        {"single, 32 bits", 32, 5, 0, FLAT + 1, FLAT + 0x205, {0xAC, 0xAB, 0xA5, 0xA7, 0xAE}},
        {"moves", 16, 50, 40, 0x101, 0x203, {0xF3, 0xA4}},
        {"moves to the segment's end", 16, 20, 8, 0x101, 0xFFF0, {0xF3, 0xA5}},
        {"moves over pages", 32, 4100, 4000, FLAT, FLAT + 0x5010, {0xF3, 0xA5}},
        {"stores", 16, 50, 40, 0x101, 0x203, {0xF3, 0xAB}},
        {"a scan", 16, 300, 0xFFFF, 0, 0x1103, {0xF2, 0xAE}},
        {"a comparison", 32, 300, 200, FLAT + 1, FLAT + 0x205, {0xF3, 0xA6, 0xF2, 0xA7}},
        {"moves, 64 bits", 64, 3100, 3000, FLAT, FLAT + 0x5010, {0xF3, 0x48, 0xA5}},
        {"single, down", 32, 7, 0, FLAT + 0x101, FLAT + 0x205, {0xFD, 0xAC, 0xAB, 0xA5, 0xA7, 0xAE, 0xFC}},
        {"moves down", 32, 4100, 4000, FLAT + 0x5000, FLAT + 0xA010, {0xFD, 0xF3, 0xA5, 0xFC}},
        {"a scan down", 64, 300, 0xFFFF, 0, FLAT + 0x5103, {0xFD, 0xF2, 0xAE, 0xFC}},
        {"single, 64 bits", 64, 4, 0, FLAT + 1, FLAT + 0x205, {0x48, 0xAD, 0x48, 0xA5, 0x48, 0xA7, 0xAA}},
    };
    for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++)
        ck_assert_msg(calls_of(&usual[i]) == 0, "%s: a call", usual[i].what);
}
END_TEST

/* Code that is not told which way its string instructions go. */
START_TEST(the_way_that_they_go_is_learnt)
{
    static const struct snippet loop = {"a loop", 32, 0, 0, FLAT + 0x8000, FLAT + 0xC000, {0xA5, 0xEB, 0xFD}};
    enum { INSNS = 400 };
    struct side side = {0};
    struct error err = {{0}};
    seat(&side, loop.bits);
    struct jit *jit = jit_new(side.f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    for (unsigned round = 0; round < 4; round++) {
        begin(&side, &loop, 0);
        side.f.cpu->eflags ^= EFLAGS_DF;
        uint64_t before = jit_get_stats(jit)->entries;
        cpu_fixture_run(&side.f, INSNS);
        ck_assert_uint_lt(jit_get_stats(jit)->entries - before, 8);
        int32_t moved = (int32_t)(side.f.cpu->gpr[GPR_SI] - loop.si);
        ck_assert_int_eq(moved, (side.f.cpu->eflags & EFLAGS_DF ? -4 : 4) * INSNS / 2);
    }
    jit_free(jit);
    cpu_fixture_free(&side.f);
    state_set_free(&side.states);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {only_what_is_unusual_takes_the_handler, the_way_that_they_go_is_learnt};
    return suite_run_loop("string", engines_agree_on, sizeof snippets / sizeof snippets[0], tests,
                          sizeof tests / sizeof tests[0]);
}
