/* SPDX-License-Identifier: MIT */
/* Traces whose instructions made room while their translations go on, beside an interpreter. */
#include "core/x86/trace.h"
#include "jit/block.h"
#include "jit/room.h"
#include "tests/support/state_pair.h"
#include "tests/support/suite.h"

struct pair {
    struct state_pair both;
    uint32_t next_sweep;
};

enum {
    DATA = 0x60000,
    BARE = 0x80000, /* the code that becomes bare */
    BESIDE = BARE + 0x800,
    SWEEPS = 0x100000,
    STEP_BYTES = 16,
    STEPS = 512, /* of a sweep: more traces than there is room for */
    ROOM = 32 << 10,
    SMALL_CACHE = 1 /* as small as can be */
};

static void set(struct pair *p, unsigned gpr, uint64_t value)
{
    state_pair_set(&p->both, gpr, value);
}

static void load(struct pair *p, uint32_t at, const void *bytes, unsigned size)
{
    state_pair_load(&p->both, at, bytes, size);
}

static void setup_with(struct pair *p, struct jit_options options, const uint8_t *code, unsigned size)
{
    *p = (struct pair){.next_sweep = SWEEPS};
    state_pair_start(&p->both, "pentium4", options);
    load(p, BARE, code, size);
    set(p, GPR_CX, 0);
    set(p, GPR_DX, 0);
    trace_cache_limit(p->both.translated.f.cpu, ROOM, ROOM);
}

static void setup(struct pair *p, const uint8_t *code, unsigned size)
{
    setup_with(p, (struct jit_options){0}, code, size);
}

static void finish(struct pair *p)
{
    state_pair_finish(&p->both);
}

/* Runs both from rip on. */
static void run(struct pair *p, uint32_t rip, uint64_t insns)
{
    state_pair_goto(&p->both, rip);
    state_pair_run(&p->both, insns);
}

static struct trace *trace_at(const struct pair *p, uint32_t at)
{
    return trace_find(p->both.translated.f.cpu, at, MODE_32);
}

static uint64_t blocks(const struct pair *p)
{
    return jit_get_stats(p->both.jit)->blocks;
}

/* Runs traces that were never seen, so that all others make room. */
static void sweep(struct pair *p)
{
    static const uint8_t step[] = {0x45, 0xEB, STEP_BYTES - 3}; /* inc ebp; jmp to the next */
    uint32_t start = p->next_sweep;
    for (unsigned i = 0; i < STEPS; i++)
        load(p, start + STEP_BYTES * i, step, sizeof step);
    p->next_sweep += STEP_BYTES * STEPS;
    run(p, start, 2 * STEPS);
}

static void make_bare(struct pair *p, uint64_t insns)
{
    run(p, BARE, insns);
    sweep(p);
    ck_assert(trace_at(p, BARE));
    ck_assert(trace_at(p, BARE)->bare);
}

/* Something to be done, and then nothing for ever. */
static const uint8_t work[] = {
    0x40,             /* inc eax */
    0x83, 0xC2, 0x05, /* add edx,5 */
    0x01, 0xC3,       /* add ebx,eax */
    0xEB, 0xFE,       /* spin: jmp spin */
};

START_TEST(translations_stay_when_their_trace_makes_room)
{
    struct pair p;
    setup(&p, work, sizeof work);
    make_bare(&p, 100);
    uint64_t before = blocks(&p), stripped = trace_cache_stats(p.both.translated.f.cpu->traces).stripped;
    ck_assert_uint_gt(stripped, STEPS / 2);
    run(&p, BARE, 100);
    ck_assert_uint_eq(blocks(&p), before);
    ck_assert(trace_at(&p, BARE)->bare);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 10);
    finish(&p);
}
END_TEST

START_TEST(a_bare_trace_that_is_interpreted_gets_its_instructions_back)
{
    struct pair p;
    setup(&p, work, sizeof work);
    for (unsigned insns = 1; insns < 6; insns++) {
        make_bare(&p, 100);
        run(&p, BARE, insns);
        ck_assert_uint_eq(trace_at(&p, BARE)->bare, insns > 4);
        run(&p, BARE, 100);
    }
    finish(&p);
}
END_TEST

/* By the guest, and from elsewhere. */
START_TEST(a_bare_trace_whose_bytes_are_overwritten_is_dead)
{
    static const uint8_t store[] = {0x88, 0x01, 0xEB, 0xFE}; /* mov [ecx],al; spin: jmp spin */
    struct pair p;
    setup(&p, work, sizeof work);
    load(&p, PF_CODE, store, sizeof store);
    make_bare(&p, 100);
    set(&p, GPR_CX, BARE + 3); /* of add edx,5 */
    set(&p, GPR_AX, 7);
    run(&p, PF_CODE, 10);
    ck_assert(!trace_at(&p, BARE));
    set(&p, GPR_DX, 0);
    make_bare(&p, 100);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 7);
    load(&p, BARE + 3, "\x09", 1);
    ck_assert(!trace_at(&p, BARE));
    run(&p, BARE, 100);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 16);
    finish(&p);
}
END_TEST

/* The store's handler is called with an instruction that is decoded for it, and decoded anew once it is
 * another. */
START_TEST(handlers_of_bare_traces_get_the_instruction)
{
    static const uint8_t code[] = {
        0x40,                                                 /* inc eax */
        0xC7, 0x05, 0, 0x08, 0x08, 0, 0x44, 0x33, 0x22, 0x11, /* mov dword [BESIDE],11223344h */
        0x42,                                                 /* inc edx */
        0xEB, 0xFE,                                           /* spin: jmp spin */
    };
    struct pair p;
    setup(&p, code, sizeof code);
    make_bare(&p, 100);
    uint64_t calls = jit_get_stats(p.both.jit)->calls;
    run(&p, BARE, 100);
    ck_assert_uint_gt(jit_get_stats(p.both.jit)->calls, calls);
    ck_assert(trace_at(&p, BARE)->bare);
    load(&p, BARE + 7, "\x99", 1);
    make_bare(&p, 100);
    load(&p, BESIDE, "\0\0\0\0", 4);
    run(&p, BARE, 100);
    ck_assert_uint_eq(cpu_fixture_peek(&p.both.translated.f, BESIDE, 4), 0x11223399);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 4);
    finish(&p);
}
END_TEST

START_TEST(a_bare_trace_may_overwrite_itself)
{
    static const uint8_t code[] = {
        0x88, 0x03, /* mov [ebx],al */
        0x41,       /* inc ecx */
        0x42,       /* inc edx */
        0xEB, 0xFE, /* spin: jmp spin */
    };
    struct pair p;
    setup(&p, code, sizeof code);
    set(&p, GPR_BX, DATA);
    set(&p, GPR_AX, 0x49); /* dec ecx */
    make_bare(&p, 100);
    set(&p, GPR_BX, BARE + 2);
    run(&p, BARE, 100);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_CX], 0);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 2);
    finish(&p);
}
END_TEST

/* Operands that share a look-up are in two pages: the rest is interpreted. */
START_TEST(what_is_interpreted_of_a_bare_trace_may_overwrite_itself)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* mov eax,[ebx] */
        0x03, 0x43, 0x20, /* add eax,[ebx+20h] */
        0x88, 0x17,       /* mov [edi],dl */
        0x41,             /* inc ecx */
        0x46,             /* inc esi */
        0xEB, 0xFE,       /* spin: jmp spin */
    };
    struct pair p;
    setup(&p, code, sizeof code);
    set(&p, GPR_BX, DATA);
    set(&p, GPR_DI, DATA);
    set(&p, GPR_DX, 0x49); /* dec ecx */
    make_bare(&p, 100);
    set(&p, GPR_BX, DATA + MEM_PAGE_SIZE - 0x10);
    set(&p, GPR_DI, BARE + 7);
    run(&p, BARE, 100);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_CX], 0);
    finish(&p);
}
END_TEST

START_TEST(an_instruction_of_a_bare_trace_may_fault)
{
    static const uint8_t code[] = {
        0x42,       /* inc edx */
        0xF7, 0xF3, /* div ebx */
        0x40,       /* inc eax */
        0xEB, 0xFE, /* spin: jmp spin */
    };
    struct pair p;
    setup(&p, code, sizeof code);
    set(&p, GPR_BX, 1000);
    make_bare(&p, 100);
    set(&p, GPR_BX, 0);
    run(&p, BARE, 50);
    ck_assert_uint_gt(p.both.translated.f.cpu->gpr[GPR_CX], 10);
    set(&p, GPR_BX, 1000);
    set(&p, GPR_DX, 0);
    run(&p, BARE, 50);
    finish(&p);
}
END_TEST

/* The address of the last x87 instruction is read off its trace later. */
START_TEST(a_trace_of_x87_instructions_dies)
{
    static const uint8_t code[] = {
        0xDB, 0xE3, /* fninit */
        0xD9, 0xE8, /* fld1 */
        0xDD, 0xD8, /* fstp st(0) */
        0xEB, 0xFE, /* spin: jmp spin */
    };
    struct pair p;
    setup(&p, code, sizeof code);
    run(&p, BARE, 100);
    sweep(&p);
    ck_assert(!trace_at(&p, BARE));
    run(&p, BARE, 100);
    finish(&p);
}
END_TEST

static const uint8_t loop[] = {
    0x40,             /* 0: inc eax */
    0xA8, 0x1F,       /* 1: test al,1Fh */
    0x75, 0x03,       /* 3: jne 8 */
    0x83, 0xC2, 0x05, /* 5: add edx,5 */
    0x01, 0xC3,       /* 8: add ebx,eax */
    0xEB, 0xF4,       /* 10: jmp 0 */
};

START_TEST(bare_traces_become_a_region)
{
    struct pair p;
    setup(&p, loop, sizeof loop);
    make_bare(&p, 30);
    ck_assert(trace_at(&p, BARE + 8)->bare);
    ck_assert_uint_eq(jit_get_stats(p.both.jit)->regions, 0);
    run(&p, BARE, 1000);
    ck_assert_uint_gt(jit_get_stats(p.both.jit)->regions, 0);
    sweep(&p);
    run(&p, BARE, 1000);
    finish(&p);
}
END_TEST

/* What ran once does not keep its place. */
START_TEST(a_bare_trace_dies_with_its_last_translation)
{
    struct pair p;
    setup_with(&p, (struct jit_options){.cache_bytes = SMALL_CACHE}, work, sizeof work);
    run(&p, BARE, 100);
    for (unsigned i = 0; i < 50; i++)
        sweep(&p);
    ck_assert_uint_gt(jit_get_stats(p.both.jit)->evictions, 0);
    ck_assert(!trace_at(&p, BARE));
    ck_assert_uint_lt(trace_cache_stats(p.both.translated.f.cpu->traces).bare_most, 10 * STEPS);
    run(&p, BARE, 100);
    ck_assert_uint_eq(p.both.translated.f.cpu->gpr[GPR_DX], 10);
    finish(&p);
}
END_TEST

enum { CS_SHIFT = 0x1000 };

static void move_cs(struct pair *p, uint32_t base)
{
    struct cpu *cpus[] = {p->both.interpreted.f.cpu, p->both.translated.f.cpu};
    for (unsigned i = 0; i < 2; i++) {
        cpus[i]->seg[SEG_CS].base = base;
        cpu_derive(cpus[i]);
    }
}

/* A place where a bare trace is whose translation is of those that make room next; 0: there is none. */
static uint32_t find_next_victim(const struct pair *p)
{
    unsigned oldest = (p->both.jit->ring.filling + 1) % p->both.jit->ring.parts;
    for (uint32_t at = SWEEPS; at < p->next_sweep; at += STEP_BYTES) {
        const struct trace *trace = trace_at(p, at);
        if (trace && trace->bare && trace->translations &&
            room_holds(p->both.jit, oldest, jit_block_of(trace->translations)))
            return at;
    }
    return 0;
}

/* It is to be translated for another context, for which its only translation makes room. */
START_TEST(a_bare_trace_may_make_room_for_itself)
{
    enum { TIMES = 4 };
    static const uint8_t step[] = {0x45, 0xEB, STEP_BYTES - 3}; /* inc ebp; jmp to the next */
    struct pair p;
    unsigned times = 0;
    setup_with(&p, (struct jit_options){.cache_bytes = SMALL_CACHE}, work, sizeof work);
    for (unsigned i = 0; i < 8; i++)
        sweep(&p);
    while (times < TIMES) {
        uint32_t at = p.next_sweep, victim;
        p.next_sweep += STEP_BYTES;
        load(&p, at, step, sizeof step);
        run(&p, at, 2);
        if (room_is_left(p.both.jit) || !(victim = find_next_victim(&p)))
            continue;
        move_cs(&p, CS_SHIFT);
        run(&p, victim - CS_SHIFT, 20);
        move_cs(&p, 0);
        times++;
    }
    finish(&p);
}
END_TEST

/* Unchecked ways lead to traces that keep their storage when they die. */
START_TEST(an_interpreted_jump_goes_to_a_bare_trace)
{
    enum { THRESHOLD = 5, JUMP = BARE + 0x100 };
    static const uint8_t jump[] = {0xE9, 0xFB, 0xFE, 0xFF, 0xFF}; /* jmp BARE */
    struct pair p;
    setup_with(&p, (struct jit_options){.threshold = THRESHOLD}, work, sizeof work);
    load(&p, JUMP, jump, sizeof jump);
    for (unsigned i = 0; i < 2 * THRESHOLD; i++)
        run(&p, BARE, 100);
    sweep(&p);
    ck_assert(trace_at(&p, BARE)->bare);
    for (unsigned i = 0; i < 2; i++)
        run(&p, JUMP, 100);
    ck_assert(trace_at(&p, BARE)->bare);
    load(&p, BARE, "\x48", 1); /* dec eax */
    run(&p, JUMP, 100);
    finish(&p);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {translations_stay_when_their_trace_makes_room,
                                  a_bare_trace_that_is_interpreted_gets_its_instructions_back,
                                  a_bare_trace_whose_bytes_are_overwritten_is_dead,
                                  handlers_of_bare_traces_get_the_instruction,
                                  a_bare_trace_may_overwrite_itself,
                                  what_is_interpreted_of_a_bare_trace_may_overwrite_itself,
                                  an_instruction_of_a_bare_trace_may_fault,
                                  a_trace_of_x87_instructions_dies,
                                  bare_traces_become_a_region,
                                  a_bare_trace_dies_with_its_last_translation,
                                  a_bare_trace_may_make_room_for_itself,
                                  an_interpreted_jump_goes_to_a_bare_trace};
    return suite_run("jit_bare", tests, sizeof tests / sizeof *tests);
}
