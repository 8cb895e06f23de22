/* SPDX-License-Identifier: MIT */
/* What options.measure counts: passes, look-ups, jumps, who executed what. */
#include "core/base/error.h"
#include "jit/block.h"
#include "jit/measure.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

struct bench {
    struct cpu_fixture f;
    struct jit *jit;
    struct jit_measured measured;
};

static void setup_with(struct bench *t, const struct jit_options *options, const uint8_t *code, unsigned size)
{
    struct error err = {{0}};
    protected_fixture_init(&t->f);
    t->jit = jit_new(t->f.cpu, options, &err);
    ck_assert_msg(t->jit, "%s", err.text);
    cpu_fixture_load(&t->f, PF_CODE, code, size);
    t->f.cpu->rip = PF_CODE;
}

static void setup(struct bench *t, const uint8_t *code, unsigned size)
{
    setup_with(t, &(struct jit_options){.measure = true, .single = true}, code, size);
}

static void run(struct bench *t, uint64_t insns)
{
    cpu_fixture_run(&t->f, insns);
    ck_assert(jit_measure(t->jit, &t->measured));
}

static void finish(struct bench *t)
{
    jit_free(t->jit);
    cpu_fixture_free(&t->f);
}

static const uint8_t two_blocks[] = {
    0x40,             /* 0: inc eax */
    0xEB, 0x00,       /*    jmp 3 */
    0x83, 0xC3, 0x02, /* 3: add ebx,2 */
    0xEB, 0xF8,       /*    jmp 0 */
};

START_TEST(passes_of_linked_blocks_are_counted)
{
    struct bench t;
    setup(&t, two_blocks, sizeof two_blocks);
    run(&t, 4000);
    ck_assert_uint_eq(t.measured.passes, 2000);
    ck_assert_uint_eq(t.measured.insns, 4000);
    ck_assert_uint_eq(t.measured.inside, 4000);
    ck_assert_uint_eq(t.measured.handled, 0);
    ck_assert_uint_eq(t.measured.probes + t.measured.shared + t.measured.jumps, 0);
    ck_assert_uint_gt(t.measured.translating_ns, 0);
    ck_assert_uint_gt(t.measured.inside_ns, 0);
    finish(&t);
}
END_TEST

/* Budget, its check, the operation, the jump: four host instructions for two, without those that count. */
START_TEST(host_instructions_of_the_straight_way_are_counted)
{
    struct bench t;
    setup(&t, two_blocks, sizeof two_blocks);
    run(&t, 4000);
    ck_assert_uint_eq(t.measured.host_insns, 8000);
    struct bench plain;
    setup_with(&plain, &(struct jit_options){.single = true}, two_blocks, sizeof two_blocks);
    cpu_fixture_run(&plain.f, 4000);
    uint64_t straight = 0, out_of_line = 0;
    for (unsigned i = 0; i < BLOCK_BUCKETS; i++) {
        const struct jit *jit = plain.jit;
        const struct jit_block *b = jit_block_at(jit, jit->buckets[i]);
        for (; b; b = jit_block_at(jit, b->next_in_hash)) {
            straight += 1000 * b->straight_bytes;
            const struct jit_part *v = b->part[0].source->translations;
            for (; v; v = jit_part_at(jit, v->next_of_trace))
                out_of_line += (uint64_t)(jit_block_of(v)->code_bytes - jit_block_of(v)->straight_bytes);
        }
    }
    ck_assert_uint_eq(t.measured.host_bytes, straight);
    ck_assert_uint_eq(t.measured.out_of_line, out_of_line);
    ck_assert(!jit_measure(plain.jit, &plain.measured));
    ck_assert_uint_eq(plain.measured.passes + plain.measured.inside + plain.measured.inside_ns, 0);
    finish(&plain);
    finish(&t);
}
END_TEST

/* Two operands share a look-up that finds them; the third is in a page with code, where a store takes its
 * handler. */
START_TEST(look_ups_and_refusals_are_counted)
{
    static const uint8_t code[] = {
        0x8B, 0x03,                   /* 0: mov eax,[ebx] */
        0x03, 0x43, 0x04,             /*    add eax,[ebx+4] */
        0xA3, 0x00, 0x08, 0x01, 0x00, /*    mov [10800h],eax */
        0xEB, 0x00,                   /*    jmp 12 */
        0xEB, 0xF2,                   /*12: jmp 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    t.f.cpu->gpr[GPR_BX] = PF_STACK0;
    run(&t, 500);
    run(&t, 500); /* the first operand was not in the TLB before */
    ck_assert_uint_eq(t.measured.probes, 400);
    ck_assert_uint_eq(t.measured.shared, 200);
    ck_assert_uint_ge(t.measured.refused, 200);
    ck_assert_uint_le(t.measured.refused, 202);
    ck_assert_uint_eq(t.measured.handled, t.measured.refused);
    ck_assert_uint_eq(t.measured.inside, 1000);
    ck_assert_uint_gt(t.f.cpu->tlb_counts.lookups, 0);
    ck_assert_uint_eq(t.f.cpu->tlb_counts.walks, 0); /* paging is off */
    finish(&t);
}
END_TEST

/* Two groups are looked up each time that a slice begins; host instructions are those of a pass: 3 move a
 * place, 2 take the budget, 4 write a recipe, and each of the guest's is one. */
START_TEST(look_ups_ahead_of_a_loop_are_counted)
{
    static const uint8_t code[] = {
        0x03, 0x03,       /* 0: add eax,[ebx] */
        0x03, 0x43, 0x04, /*    add eax,[ebx+4] */
        0x03, 0x07,       /*    add eax,[edi] */
        0x8D, 0x7F, 0x04, /*    lea edi,[edi+4] */
        0xEB, 0xF4,       /*    jmp 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    t.f.cpu->gpr[GPR_BX] = PF_STACK0;
    t.f.cpu->gpr[GPR_DI] = PF_STACK3;
    run(&t, 10);
    struct jit_measured before = t.measured;
    for (unsigned i = 0; i < 10; i++)
        run(&t, 100);
    ck_assert_uint_eq(t.measured.passes - before.passes, 200);
    ck_assert_uint_eq(t.measured.probes - before.probes, 2 * 10);
    ck_assert_uint_eq(t.measured.shared - before.shared, 3 * 200);
    ck_assert_uint_eq(t.measured.host_insns - before.host_insns, 14 * 200);
    ck_assert_uint_eq(t.measured.inside - before.inside, 1000);
    ck_assert_uint_eq(t.measured.refused, 0);
    finish(&t);
}
END_TEST

START_TEST(indirect_jumps_and_misses_are_counted)
{
    static const uint8_t code[] = {
        0x40,       /* 0: inc eax */
        0xFF, 0xE3, /*    jmp ebx */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    t.f.cpu->gpr[GPR_BX] = PF_CODE;
    run(&t, 2000);
    ck_assert_uint_eq(t.measured.jumps, 1000);
    ck_assert_uint_ge(t.measured.jump_misses, 1);
    ck_assert_uint_le(t.measured.jump_misses, 3);
    finish(&t);
}
END_TEST

/* CPUID is always its handler's. */
START_TEST(handlers_instructions_are_told_apart)
{
    static const uint8_t code[] = {
        0x31, 0xC0, /* 0: xor eax,eax */
        0x0F, 0xA2, /*    cpuid */
        0xEB, 0xFA, /*    jmp 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    run(&t, 300);
    ck_assert_uint_eq(t.measured.inside, 300);
    ck_assert_uint_eq(t.measured.handled, 100);
    finish(&t);
}
END_TEST

/* A division faults in the middle of its block; its handler comes back to the block's start. */
START_TEST(what_a_fault_cuts_off_is_not_counted)
{
    static const uint8_t code[] = {
        0x40,       /* 0: inc eax */
        0xF7, 0xF1, /*    div ecx, by zero */
        0x40, 0x40, /*    inc eax, inc eax */
        0xEB, 0xF9, /*    jmp 0 */
    };
    static const uint8_t handler[] = {
        0xC7, 0x04, 0x24, 0x00, 0x00, 0x01, 0x00, /* mov dword [esp],10000h */
        0xCF,                                     /* iret */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    cpu_fixture_load(&t.f, 0x11000, handler, sizeof handler);
    cpu_fixture_poke(&t.f, PF_IDT, 4, SEL_CODE0 << 16 | 0x1000);
    cpu_fixture_poke(&t.f, PF_IDT + 4, 4, 0x00018E00);
    run(&t, 4000); /* INC, delivery, MOV, IRET: 1000 rounds. The last finds too little left for the block */
    ck_assert_uint_eq(t.f.cpu->gpr[GPR_AX], 1000);
    ck_assert_uint_eq(t.measured.inside, 4000 - 2);
    ck_assert_uint_eq(t.measured.handled, 999 + 1000); /* deliveries, IRET */
    finish(&t);
}
END_TEST

/* TLB without the page: a walk each time that it is dropped, none while it is there. */
START_TEST(page_walks_are_counted)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* 0: mov eax,[ebx] */
        0x0F, 0x01, 0x3B, /*    invlpg [ebx] */
        0xEB, 0xF9,       /*    jmp 0 */
    };
    struct bench t;
    setup(&t, code, sizeof code);
    cpu_fixture_poke(&t.f, 0x4000, 4, 0x5007);
    for (uint32_t page = 0; page < 64; page++)
        cpu_fixture_poke(&t.f, 0x5000 + 4 * page, 4, page << 12 | 7);
    t.f.cpu->cr3 = 0x4000;
    t.f.cpu->cr0 |= CR0_PG;
    cpu_derive(t.f.cpu);
    t.f.cpu->gpr[GPR_BX] = PF_STACK0;
    run(&t, 300);
    uint64_t walks = t.f.cpu->tlb_counts.walks;
    ck_assert_uint_ge(walks, 100);
    ck_assert_uint_le(walks, 102); /* and the code's page */
    ck_assert_uint_ge(t.f.cpu->tlb_counts.lookups, walks);
    finish(&t);
}
END_TEST

/* A region is left where a branch goes the rarer way: its parts count one by one. */
START_TEST(parts_of_regions_count_one_by_one)
{
    static const uint8_t code[] = {
        0x40,             /* 0: inc eax */
        0xA8, 0x1F,       /* 1: test al,1Fh */
        0x75, 0x03,       /* 3: jne 8 */
        0x83, 0xC2, 0x05, /* 5: add edx,5 */
        0x01, 0xC3,       /* 8: add ebx,eax */
        0xEB, 0xF4,       /* 10: jmp 0 */
    };
    struct bench t;
    setup_with(&t, &(struct jit_options){.measure = true}, code, sizeof code);
    run(&t, 50000);
    ck_assert_uint_gt(jit_get_stats(t.jit)->regions, 0);
    ck_assert_uint_gt(t.measured.inside, 49900);
    ck_assert_uint_eq(t.measured.insns, t.measured.inside);
    ck_assert_uint_gt(t.measured.host_insns, t.measured.insns);
    ck_assert_uint_lt(t.measured.host_insns, 3 * t.measured.insns);
    finish(&t);
}
END_TEST

/* Blocks are made, dropped as a whole and made again; their passes stay. */
START_TEST(tallies_outlive_their_blocks)
{
    struct bench t;
    setup(&t, two_blocks, sizeof two_blocks);
    run(&t, 400);
    cpu_fixture_poke(&t.f, PF_CODE + 5, 1, 0x03);
    run(&t, 400);
    ck_assert_uint_ge(jit_get_stats(t.jit)->killed, 1);
    ck_assert_uint_eq(t.measured.passes, 400);
    ck_assert_uint_eq(t.measured.insns, 800);
    ck_assert_uint_eq(t.measured.inside, 800);
    finish(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        passes_of_linked_blocks_are_counted,   host_instructions_of_the_straight_way_are_counted,
        look_ups_and_refusals_are_counted,     look_ups_ahead_of_a_loop_are_counted,
        indirect_jumps_and_misses_are_counted, handlers_instructions_are_told_apart,
        what_a_fault_cuts_off_is_not_counted,  page_walks_are_counted,
        parts_of_regions_count_one_by_one,     tallies_outlive_their_blocks,
    };
    return suite_run("measure", tests, sizeof tests / sizeof tests[0]);
}
