/* SPDX-License-Identifier: MIT */
/* Blocks that go on through several traces, beside an interpreter. */
#include <string.h>

#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/tlb.h"
#include "jit/block.h"
#include "jit/check.h"
#include "tests/support/state_pair.h"
#include "tests/support/suite.h"

enum { DATA = 0x60000 };

static void setup(struct state_pair *p, const uint8_t *code, unsigned size)
{
    state_pair_start(p, "pentiumpro", (struct jit_options){0});
    state_pair_load(p, PF_CODE, code, size);
    state_pair_set(p, GPR_DI, DATA);
    state_pair_set(p, GPR_CX, 1);
}

static struct jit_block *block_at(const struct state_pair *p, uint32_t rip)
{
    struct jit_block *found = NULL;
    for (unsigned i = 0; i < p->jit->context_count && !found; i++)
        found = jit_find_block(p->jit, rip, rip, &p->jit->contexts[i]);
    return found;
}

/* Most rounds take the jump. */
static const uint8_t three_traces[] = {
    0x40,             /* 0: inc eax */
    0xA8, 0x1F,       /* 1: test al,1Fh */
    0x75, 0x03,       /* 3: jne 8 */
    0x83, 0xC2, 0x05, /* 5: add edx,5 */
    0x01, 0xC3,       /* 8: add ebx,eax */
    0xEB, 0xF4,       /* 10: jmp 0 */
};

enum { WARM = 1000 /* instructions after which the loops here are regions */ };

START_TEST(the_usual_way_becomes_one_block)
{
    struct state_pair p;
    setup(&p, three_traces, sizeof three_traces);
    state_pair_run(&p, WARM);
    const struct jit_block *block = block_at(&p, PF_CODE);
    ck_assert(block);
    ck_assert_uint_eq(block->part_count, 2);
    ck_assert_uint_eq(block->part[1].rip, PF_CODE + 8);
    ck_assert_uint_eq(block->insns, 5);
    ck_assert_uint_gt(jit_get_stats(p.jit)->regions, 0);
    uint64_t follows = jit_get_stats(p.jit)->follows;
    state_pair_run(&p, 100 * WARM);
    ck_assert_uint_lt(jit_get_stats(p.jit)->follows - follows, 20);
    state_pair_finish(&p);
}
END_TEST

/* The loop at 3 hands on its flags to a block of its own, which becomes a region, too. */
START_TEST(what_led_to_a_block_leads_to_its_region)
{
    static const uint8_t code[] = {
        0x31, 0xC9,       /* 0: xor ecx,ecx */
        0x40,             /* 2: inc eax */
        0x83, 0xC1, 0x01, /* 3: add ecx,1 */
        0x83, 0xF9, 0x64, /* 6: cmp ecx,100 */
        0x75, 0xF7,       /* 9: jne 2 */
        0xEB, 0xF3,       /* 11: jmp 0 */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_run(&p, 10 * WARM);
    unsigned handed_on = 0;
    const struct jit_part *part = block_at(&p, PF_CODE + 2)->part[0].source->translations;
    for (; part; part = jit_part_at(p.jit, part->next_of_trace))
        handed_on += jit_inherited(jit_block_of(part)).code == IR_CMP && jit_block_of(part)->is_final;
    ck_assert_uint_gt(handed_on, 0);
    uint64_t follows = jit_get_stats(p.jit)->follows;
    state_pair_run(&p, 100 * WARM);
    ck_assert_uint_lt(jit_get_stats(p.jit)->follows - follows, 20);
    state_pair_finish(&p);
}
END_TEST

START_TEST(a_run_may_end_anywhere_in_a_region)
{
    struct state_pair p;
    setup(&p, three_traces, sizeof three_traces);
    state_pair_run(&p, WARM);
    for (unsigned slice = 1; slice < 80; slice++)
        state_pair_run(&p, slice);
    state_pair_finish(&p);
}
END_TEST

/* A side that is seldom taken, with and without others behind the branch, hands on its flags. */
START_TEST(side_exits_return_what_was_not_executed)
{
    static const uint8_t code[] = {
        0x40,             /* 0: inc eax */
        0x3C, 0x40,       /* 1: cmp al,40h */
        0x74, 0x0B,       /* 3: je 16 */
        0x85, 0xC0,       /* 5: test eax,eax */
        0x78, 0x03,       /* 7: js 12 */
        0x01, 0xC3,       /* 9: add ebx,eax */
        0x90,             /* 11: nop */
        0x80, 0xF9, 0x00, /* 12: cmp cl,0 */
        0x9F,             /* 15: lahf */
        0x11, 0xCA,       /* 16: adc edx,ecx */
        0xEB, 0xEC,       /* 18: jmp 0 */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_run(&p, 10 * WARM);
    ck_assert_uint_gt(block_at(&p, PF_CODE)->part_count, 1);
    for (unsigned slice = 1; slice < 80; slice++)
        state_pair_run(&p, slice);
    state_pair_run(&p, 100 * WARM);
    state_pair_finish(&p);
}
END_TEST

/* LOOP and JECXZ turned round, and a call into the same page. */
START_TEST(branches_that_count_are_turned_round)
{
    static const uint8_t code[] = {
        0xB1, 0x50,                   /* 0: mov cl,50h */
        0xE8, 0x06, 0x00, 0x00, 0x00, /* 2: call 13 */
        0xE2, 0xF9,                   /* 7: loop 2 */
        0xE3, 0xF5,                   /* 9: jecxz 0 */
        0x90, 0x90,                   /* 11: nop, nop */
        0x01, 0xC8,                   /* 13: add eax,ecx */
        0xE3, 0x02,                   /* 15: jecxz 19 */
        0x01, 0xC2,                   /* 17: add edx,eax */
        0xC3,                         /* 19: ret */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_set(&p, GPR_CX, 0);
    state_pair_run(&p, 10 * WARM);
    ck_assert_uint_eq(block_at(&p, PF_CODE + 7)->part_count, 4); /* loop, call, add, ret */
    for (unsigned slice = 1; slice < 80; slice++)
        state_pair_run(&p, slice);
    state_pair_finish(&p);
}
END_TEST

/* The first part of the region writes an instruction of its second. */
static const uint8_t writes_ahead[] = {
    0x40,             /* 0: inc eax */
    0x88, 0x07,       /* 1: mov [edi],al */
    0x85, 0xC9,       /* 3: test ecx,ecx */
    0x74, 0xF9,       /* 5: je 0 */
    0x83, 0xC2, 0x01, /* 7: add edx,1 */
    0xEB, 0xF4,       /* 10: jmp 0 */
};

START_TEST(a_region_that_rewrites_itself_is_left)
{
    struct state_pair p;
    setup(&p, writes_ahead, sizeof writes_ahead);
    state_pair_run(&p, WARM);
    ck_assert_uint_eq(block_at(&p, PF_CODE)->part_count, 2);
    state_pair_set(&p, GPR_DI, PF_CODE + 9);
    for (unsigned slice = 1; slice < 80; slice++)
        state_pair_run(&p, slice);
    state_pair_set(&p, GPR_DI, DATA);
    state_pair_run(&p, WARM);
    state_pair_finish(&p);
}
END_TEST

START_TEST(a_region_dies_with_any_of_its_traces)
{
    struct state_pair p;
    setup(&p, three_traces, sizeof three_traces);
    state_pair_run(&p, WARM);
    struct jit_block *block = block_at(&p, PF_CODE);
    const struct trace *first = block->part[0].source;
    cpu_fixture_poke(&p.interpreted.f, PF_CODE + 9, 1, 0xC2); /* add edx,eax */
    cpu_fixture_poke(&p.translated.f, PF_CODE + 9, 1, 0xC2);
    ck_assert(block->dead);
    ck_assert(!block_at(&p, PF_CODE));
    const struct jit_part *part = first->translations;
    for (; part; part = jit_part_at(p.jit, part->next_of_trace))
        ck_assert(!jit_block_of(part)->dead);
    state_pair_run(&p, WARM);
    state_pair_finish(&p);
}
END_TEST

/* The second part divides by zero once. */
START_TEST(a_fault_in_a_later_part_is_counted_there)
{
    static const uint8_t code[] = {
        0x31, 0xD2, /* 0: xor edx,edx */
        0x40,       /* 2: inc eax */
        0x74, 0xFB, /* 3: je 0 */
        0x89, 0x07, /* 5: mov [edi],eax */
        0xF7, 0xF1, /* 7: div ecx */
        0x01, 0xC3, /* 9: add ebx,eax */
        0x8B, 0x07, /* 11: mov eax,[edi] */
        0xEB, 0xF1, /* 13: jmp 0 */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_run(&p, WARM);
    ck_assert_uint_eq(block_at(&p, PF_CODE)->part_count, 2);
    for (unsigned slice = 1; slice < 40; slice++) {
        state_pair_set(&p, GPR_CX, 0);
        state_pair_run(&p, slice);
    }
    state_pair_finish(&p);
}
END_TEST

/* Handlers in both parts look at the instruction count. */
START_TEST(handlers_in_a_region_see_exact_counts)
{
    static const uint8_t code[] = {
        0x9C,       /* 0: pushf */
        0x5A,       /* 1: pop edx */
        0x87, 0x17, /* 2: xchg [edi],edx */
        0x85, 0xC9, /* 4: test ecx,ecx */
        0x74, 0xF8, /* 6: je 0 */
        0x9C,       /* 8: pushf */
        0x5B,       /* 9: pop ebx */
        0x01, 0x1F, /* 10: add [edi],ebx */
        0xEB, 0xF2, /* 12: jmp 0 */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_run(&p, WARM);
    ck_assert_uint_eq(block_at(&p, PF_CODE)->part_count, 2);
    for (unsigned slice = 1; slice < 60; slice++) {
        tlb_flush(p.interpreted.f.cpu, false); /* so that accesses take the slow path */
        tlb_flush(p.translated.f.cpu, false);
        state_pair_run(&p, slice);
    }
    state_pair_finish(&p);
}
END_TEST

/* An interrupt that waits while IF is clear comes after the instruction behind STI. */
START_TEST(interrupts_wait_for_sti_and_one_more)
{
    static const uint8_t code[] = {
        0xFA,             /* 0: cli */
        0x40,             /* 1: inc eax */
        0x39, 0xD0,       /* 2: cmp eax,edx */
        0xFB,             /* 4: sti */
        0x0F, 0x92, 0xC3, /* 5: setb bl */
        0x43,             /* 8: inc ebx */
        0xEB, 0xF5,       /* 9: jmp 0 */
    };
    struct state_pair p;
    setup(&p, code, sizeof code);
    state_pair_run(&p, WARM);
    ck_assert_uint_gt(block_at(&p, PF_CODE)->part_count, 1);
    struct pair_side *sides[] = {&p.interpreted, &p.translated};
    for (unsigned slice = 1; slice < 40; slice++) {
        for (unsigned i = 0; i < 2; i++) {
            struct cpu_fixture *f = &sides[i]->f;
            cpu_fixture_gate(f, PF_IDT + 8 * 0x20, 0x8E, SEL_CODE0, PAIR_HANDLER, 0);
            f->intr_vector = 0x20;
            cpu_set_intr(f->cpu, true);
        }
        state_pair_run(&p, slice);
        state_pair_run(&p, 1);
    }
    state_pair_run(&p, WARM);
    ck_assert_uint_gt(p.translated.f.cpu->gpr[GPR_CX], 10);
    state_pair_finish(&p);
}
END_TEST

/* The second trace does not end within the code segment. */
START_TEST(a_trace_beyond_the_segment_is_no_part)
{
    struct state_pair p;
    setup(&p, three_traces, sizeof three_traces);
    struct pair_side *sides[] = {&p.interpreted, &p.translated};
    for (unsigned i = 0; i < 2; i++) {
        struct cpu *cpu = sides[i]->f.cpu;
        cpu->seg[SEG_CS].limit = PF_CODE + sizeof three_traces - 1;
        cpu_derive(cpu);
    }
    state_pair_run(&p, WARM);
    ck_assert_uint_eq(block_at(&p, PF_CODE)->part_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct cpu *cpu = sides[i]->f.cpu;
        cpu->seg[SEG_CS].limit = PF_CODE + sizeof three_traces - 2;
        cpu_derive(cpu);
        cpu_fixture_gate(&sides[i]->f, PF_IDT + 8 * VECTOR_GP, 0x8E, SEL_CODE0, PAIR_HANDLER, 0);
    }
    state_pair_run(&p, WARM);
    state_pair_finish(&p);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_usual_way_becomes_one_block,       what_led_to_a_block_leads_to_its_region,
        a_run_may_end_anywhere_in_a_region,    side_exits_return_what_was_not_executed,
        branches_that_count_are_turned_round,  a_region_that_rewrites_itself_is_left,
        a_region_dies_with_any_of_its_traces,  a_fault_in_a_later_part_is_counted_there,
        handlers_in_a_region_see_exact_counts, a_trace_beyond_the_segment_is_no_part,
        interrupts_wait_for_sti_and_one_more,
    };
    return suite_run("regions", tests, sizeof tests / sizeof tests[0]);
}
