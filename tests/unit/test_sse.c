/* SPDX-License-Identifier: MIT */
/* SSE through decoder and interpreter, apart from values, which test_simd_silicon compares: availability,
 * alignment, exceptions, accesses across pages, MXCSR, FXSAVE, and which models have what. */
#include "core/base/bytes.h"
#include "core/x86/access.h"
#include "core/x86/model.h"
#include "tests/support/fpu_bench.h"
#include "tests/support/suite.h"

enum { CODE = FPU_BENCH_CODE, DATA = FPU_BENCH_DATA };
enum { DIRECTORY = 0x10000, TABLE = 0x11000, P = 1, W = 2 };

/* SSE enabled. */
static struct fpu_bench *sse_new(const char *model, const uint8_t *code, unsigned size)
{
    struct fpu_bench *b = fpu_bench_new(model, code, size);
    b->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu_derive(b->cpu);
    return b;
}

static int step_at(struct fpu_bench *b, unsigned offset)
{
    b->cpu->rip = CODE + offset;
    return fpu_bench_step(b);
}

#define BENCH(model, ...)                                                                                    \
    static const uint8_t code[] = {__VA_ARGS__};                                                             \
    struct fpu_bench *b = sse_new(model, code, sizeof code)

START_TEST(availability)
{
    BENCH("pentium4", 0x0f, 0x58, 0xc1, /* ADDPS XMM0,XMM1 */
          0x0f, 0xae, 0x1e, 0x00, 0x30, /* STMXCSR [3000] */
          0x0f, 0xe0, 0xc1,             /* PAVGB MM0,MM1 */
          0x0f, 0xc3, 0x06, 0x00, 0x30, /* MOVNTI [3000],EAX */
          0x0f, 0xae, 0xf8,             /* SFENCE */
          0x0f, 0xae, 0x3e, 0x00, 0x30, /* CLFLUSH [3000] */
          0x0f, 0x2a, 0xc0);            /* CVTPI2PS XMM0,MM0 */
    static const uint8_t needs_sse[] = {0, 3, 24}, needs_nothing[] = {11, 16, 19};
    for (unsigned i = 0; i < 3; i++) {
        b->cpu->cr4 &= ~(uint64_t)CR4_OSFXSR;
        b->cpu->cr0 |= CR0_TS;
        ck_assert_int_eq(step_at(b, needs_sse[i]), VECTOR_UD);
        b->cpu->cr4 |= CR4_OSFXSR;
        ck_assert_int_eq(step_at(b, needs_sse[i]), VECTOR_NM);
        b->cpu->cr0 |= CR0_EM;
        ck_assert_int_eq(step_at(b, needs_sse[i]), VECTOR_UD);
        ck_assert_int_eq(step_at(b, needs_nothing[i]), -1);
        b->cpu->cr0 &= ~(CR0_EM | CR0_TS);
        ck_assert_int_eq(step_at(b, needs_sse[i]), -1);
    }
    b->cpu->cr4 &= ~(uint64_t)CR4_OSFXSR; /* MMX registers need no OSFXSR */
    ck_assert_int_eq(step_at(b, 8), -1);
    fpu_bench_free(b);
}
END_TEST

START_TEST(alignment)
{
    BENCH("pentium4", 0x0f, 0x28, 0x06, 0x08, 0x30, /* MOVAPS XMM0,[3008] */
          0x0f, 0x10, 0x06, 0x08, 0x30,             /* MOVUPS XMM0,[3008] */
          0x0f, 0x29, 0x06, 0x08, 0x30,             /* MOVAPS [3008],XMM0 */
          0x0f, 0x28, 0x06, 0xf8, 0xff,             /* MOVAPS XMM0,[FFF8] */
          0x36, 0x0f, 0x28, 0x06, 0xf8, 0xff,  /* MOVAPS XMM0,SS:[FFF8]: alignment comes before the limit */
          0x36, 0x0f, 0x28, 0x06, 0x08, 0x30); /* MOVAPS XMM0,SS:[3008] */
    cpu_fixture_poke(&b->f, DATA + 16, 8, 42);
    ck_assert_int_eq(step_at(b, 0), VECTOR_GP);
    ck_assert_int_eq(step_at(b, 5), -1);
    ck_assert_uint_eq(b->cpu->xmm[0][1], 42);
    ck_assert_int_eq(step_at(b, 10), VECTOR_GP);
    ck_assert_int_eq(step_at(b, 15), VECTOR_GP);
    ck_assert_int_eq(step_at(b, 20), VECTOR_GP);
    ck_assert_int_eq(step_at(b, 26), VECTOR_GP);
    b->cpu->seg[SEG_DS].base = 8; /* the linear address counts */
    cpu_derive_segment(b->cpu, SEG_DS);
    ck_assert_int_eq(step_at(b, 0), -1);
    fpu_bench_free(b);
}
END_TEST

START_TEST(unmasked_exceptions)
{
    BENCH("pentium4", 0x0f, 0x5e, 0xc1); /* DIVPS XMM0,XMM1 */
    uint64_t one = UINT64_C(0x3f8000003f800000);
    b->cpu->xmm[0][0] = b->cpu->xmm[0][1] = one;
    b->cpu->xmm[1][0] = UINT64_C(0x4040000000000000); /* 0, 3 */
    b->cpu->xmm[1][1] = one;
    b->cpu->mxcsr = 0x1F80 & ~(FLOAT_ZE << 7);
    ck_assert_int_eq(step_at(b, 0), VECTOR_XM);
    ck_assert_uint_eq(b->cpu->xmm[0][0], one); /* nothing is written, and PE of 1/3 not set */
    ck_assert_uint_eq(b->cpu->mxcsr & 0x3F, FLOAT_ZE);
    b->cpu->cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
    ck_assert_int_eq(step_at(b, 0), VECTOR_UD);
    b->cpu->mxcsr = 0x1F80 | FLOAT_DE; /* sticky flags raise nothing later */
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(b->cpu->mxcsr & 0x3F, FLOAT_ZE | FLOAT_PE | FLOAT_DE);
    ck_assert_uint_eq(b->cpu->xmm[0][0], UINT64_C(0x3eaaaaab7f800000));
    fpu_bench_free(b);
}
END_TEST

/* The second page is not writable: nothing reaches the first. */
START_TEST(stores_across_pages_are_all_or_nothing)
{
    BENCH("pentium4", 0x0f, 0x11, 0x06, 0xf8, 0x3f, /* MOVUPS [3FF8],XMM0 */
          0x0f, 0x10, 0x0e, 0xf8, 0x3f);            /* MOVUPS XMM1,[3FF8] */
    for (unsigned i = 0; i < 16; i++)
        cpu_fixture_poke(&b->f, TABLE + 4 * i, 4, (i << 12) | P | (i == 4 ? 0 : W));
    cpu_fixture_poke(&b->f, DIRECTORY, 4, TABLE | P | W);
    b->cpu->cr3 = DIRECTORY;
    b->cpu->cr0 |= CR0_PG | CR0_WP; /* at CPL 0; PE stays clear to keep the bench's segments */
    cpu_derive(b->cpu);
    b->cpu->xmm[0][0] = UINT64_C(0x1111111111111111);
    b->cpu->xmm[0][1] = UINT64_C(0x2222222222222222);
    cpu_run(b->cpu, b->f.clock.insns); /* nothing */
    ck_assert_int_eq(step_at(b, 0), VECTOR_PF);
    ck_assert_uint_eq(b->cpu->cr2, 0x4000);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0x3ff8, 8), 0);
    cpu_fixture_poke(&b->f, TABLE + 16, 4, 0x5000 | P | W); /* elsewhere */
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0x3ff8, 8), UINT64_C(0x1111111111111111));
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0x5000, 8), UINT64_C(0x2222222222222222));
    ck_assert_int_eq(step_at(b, 5), -1);
    ck_assert_uint_eq(b->cpu->xmm[1][1], UINT64_C(0x2222222222222222));
    fpu_bench_free(b);
}
END_TEST

START_TEST(mxcsr)
{
    BENCH("pentium3", 0x0f, 0xae, 0x16, 0x00, 0x30); /* LDMXCSR [3000] */
    cpu_fixture_poke(&b->f, DATA, 4, 0xFFBF);
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(b->cpu->mxcsr, 0xFFBF);
    cpu_fixture_poke(&b->f, DATA, 4, 0x1FC0); /* DAZ: not in a Pentium III */
    ck_assert_int_eq(step_at(b, 0), VECTOR_GP);
    ck_assert_uint_eq(b->cpu->mxcsr, 0xFFBF);
    fpu_bench_free(b);
    b = sse_new("pentium4", code, sizeof code);
    cpu_fixture_poke(&b->f, DATA, 4, 0x1FC0);
    ck_assert_int_eq(step_at(b, 0), -1);
    cpu_fixture_poke(&b->f, DATA, 4, 0x11FC0);
    ck_assert_int_eq(step_at(b, 0), VECTOR_GP);
    fpu_bench_free(b);
}
END_TEST

START_TEST(masked_stores)
{
    BENCH("pentium4", 0x66, 0x0f, 0xf7, 0xc1, /* MASKMOVDQU XMM0,XMM1 */
          0x26, 0x66, 0x0f, 0xf7, 0xc1);      /* the same to ES:DI */
    b->cpu->xmm[0][0] = UINT64_C(0x0807060504030201);
    b->cpu->xmm[0][1] = UINT64_C(0x100f0e0d0c0b0a09);
    b->cpu->xmm[1][0] = UINT64_C(0x7f8000ff00000000);
    b->cpu->xmm[1][1] = 0x80;
    b->cpu->gpr[GPR_DI] = DATA;
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA, 8), UINT64_C(0x0007000500000000));
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 8, 8), 9);
    b->cpu->seg[SEG_ES].base = 0x100;
    cpu_derive_segment(b->cpu, SEG_ES);
    ck_assert_int_eq(step_at(b, 4), -1);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x100, 8), UINT64_C(0x0007000500000000));
    b->cpu->gpr[GPR_DI] = 0xfff8; /* byte 8 would be past the limit */
    ck_assert_int_eq(step_at(b, 0), VECTOR_GP);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0xfff8, 8), 0);
    b->cpu->xmm[1][1] = 0;
    ck_assert_int_eq(step_at(b, 0), -1);
    fpu_bench_free(b);
}
END_TEST

START_TEST(fxsave)
{
    BENCH("pentium3", 0x0f, 0xae, 0x06, 0x00, 0x30, /* FXSAVE [3000] */
          0x0f, 0xae, 0x0e, 0x00, 0x30);            /* FXRSTOR [3000] */
    b->cpu->xmm[7][1] = 77;
    b->cpu->mxcsr = 0x1FA0;
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 24, 8), UINT64_C(0xFFBF00001FA0));
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 160 + 7 * 16 + 8, 8), 77);
    cpu_fixture_poke(&b->f, DATA + 160, 8, 88);
    cpu_fixture_poke(&b->f, DATA + 24, 4, 0x1F80);
    ck_assert_int_eq(step_at(b, 5), -1);
    ck_assert_uint_eq(b->cpu->xmm[0][0], 88);
    ck_assert_uint_eq(b->cpu->mxcsr, 0x1F80);
    cpu_fixture_poke(&b->f, DATA + 24, 4, 0x1FC0);
    cpu_fixture_poke(&b->f, DATA + 160, 8, 99);
    ck_assert_int_eq(step_at(b, 5), VECTOR_GP); /* before anything is loaded */
    ck_assert_uint_eq(b->cpu->xmm[0][0], 88);
    fpu_bench_free(b);
}
END_TEST

/* The first instruction of each extension, and the oldest model that has it. */
START_TEST(gating)
{
    static const struct {
        uint8_t code[6];
        const char *without, *with;
    } cases[] = {
        {{0x0f, 0x58, 0xc1}, "pentium2", "pentium3"},
        {{0x0f, 0xe0, 0xc1}, "pentium2", "pentium3"},
        {{0x66, 0x0f, 0x58, 0xc1}, "pentium3", "pentium4"},
        {{0x0f, 0xd4, 0xc1}, "pentium3", "pentium4"},
        {{0x0f, 0xae, 0xe8}, "pentium3", "pentium4"},
        {{0x0f, 0xae, 0x3e, 0, 0x30}, "pentium3", "pentium4"},
        {{0xf2, 0x0f, 0xd0, 0xc1}, "pentium4", "core2"},              /* ADDSUBPS */
        {{0xdf, 0x0e, 0, 0x30}, "pentium4", "core2"},                 /* FISTTP */
        {{0x0f, 0x38, 0x00, 0xc1}, "pentium4", "core2"},              /* PSHUFB */
        {{0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x03}, "pentium4", "core2"},  /* PALIGNR */
        {{0x66, 0x0f, 0x38, 0x17, 0xc1}, "core2", "x86-64-v2"},       /* PTEST */
        {{0x66, 0x0f, 0x3a, 0x61, 0xc1, 0x00}, "core2", "x86-64-v2"}, /* PCMPESTRI */
        {{0xf2, 0x0f, 0x38, 0xf0, 0xc1}, "core2", "x86-64-v2"},       /* CRC32 */
        {{0xf3, 0x0f, 0xb8, 0xc1}, "core2", "x86-64-v2"},             /* POPCNT */
        {{0x0f, 0x38, 0xf0, 0x06, 0, 0x30}, "x86-64-v2", "max"},      /* MOVBE */
        {{0x66, 0x0f, 0x38, 0xdc, 0xc1}, "x86-64-v2", "max"},         /* AESENC */
        {{0x66, 0x0f, 0x3a, 0x44, 0xc1, 0x11}, "x86-64-v2", "max"},   /* PCLMULQDQ */
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fpu_bench *b = sse_new(cases[i].without, cases[i].code, 6);
        ck_assert_msg(fpu_bench_step(b) == VECTOR_UD, "%u on %s", i, cases[i].without);
        fpu_bench_free(b);
        b = sse_new(cases[i].with, cases[i].code, 6);
        ck_assert_msg(fpu_bench_step(b) == -1, "%u on %s", i, cases[i].with);
        fpu_bench_free(b);
    }
}
END_TEST

/* MONITOR and MWAIT, which no model announces; prefixes that make no instruction. */
START_TEST(undefined_everywhere)
{
    static const uint8_t cases[][6] = {
        {0x0f, 0x01, 0xc8},                   /* MONITOR */
        {0x0f, 0x01, 0xc9},                   /* MWAIT */
        {0x0f, 0x38, 0x17, 0xc1},             /* PTEST without 66 */
        {0xf3, 0x66, 0x0f, 0x38, 0x17, 0xc1}, /* and with F3 */
        {0xf3, 0x0f, 0x38, 0xf0, 0x06, 0x00}, /* MOVBE with F3 */
        {0x0f, 0x38, 0xf0, 0xc1},             /* MOVBE between registers */
        {0x0f, 0xb8, 0xc1},                   /* POPCNT without F3 */
        {0xf0, 0x0f, 0x38, 0xf1, 0x06, 0x00}, /* MOVBE with LOCK */
        {0x66, 0x0f, 0x38, 0x2a, 0xc1},       /* MOVNTDQA from a register */
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fpu_bench *b = sse_new("max", cases[i], 6);
        ck_assert_msg(fpu_bench_step(b) == VECTOR_UD, "case %u", i);
        fpu_bench_free(b);
    }
}
END_TEST

/* CRC32, POPCNT and MOVBE work on general registers and need no SSE state. */
START_TEST(no_sse_state_needed)
{
    BENCH("max", 0xf2, 0x0f, 0x38, 0xf1, 0xc1, /* CRC32 EAX,CX */
          0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xc1,  /* CRC32 EAX,ECX */
          0xf3, 0x0f, 0xb8, 0xc1,              /* POPCNT AX,CX */
          0x0f, 0x38, 0xf0, 0x06, 0x00, 0x30,  /* MOVBE AX,[3000] */
          0x66, 0x0f, 0x38, 0xdc, 0xc1);       /* AESENC */
    b->cpu->cr4 &= ~(uint64_t)CR4_OSFXSR;
    b->cpu->cr0 |= CR0_TS | CR0_EM;
    b->cpu->gpr[GPR_CX] = 0x12340001;
    cpu_fixture_poke(&b->f, DATA, 2, 0x1234);
    b->cpu->gpr[GPR_AX] = 0;
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX], 0x13a29877); /* of 01 00 */
    b->cpu->gpr[GPR_AX] = 0;
    ck_assert_int_eq(step_at(b, 5), -1);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX], 0x22e46e7f); /* of 01 00 34 12 */
    ck_assert_int_eq(step_at(b, 11), -1);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX] & 0xFFFF, 1);
    ck_assert_int_eq(step_at(b, 15), -1);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX] & 0xFFFF, 0x3412);
    ck_assert_int_eq(step_at(b, 21), VECTOR_UD);
    b->cpu->cr0 &= ~CR0_EM;
    b->cpu->cr4 |= CR4_OSFXSR;
    ck_assert_int_eq(step_at(b, 21), VECTOR_NM);
    fpu_bench_free(b);
}
END_TEST

/* Of the SSE4.2 operations the string comparisons alone take misaligned operands. */
START_TEST(alignment_of_strings)
{
    BENCH("max", 0x66, 0x0f, 0x3a, 0x63, 0x06, 0x08, 0x30, 0x00, /* PCMPISTRI XMM0,[3008] */
          0x66, 0x0f, 0x38, 0x37, 0x06, 0x08, 0x30,              /* PCMPGTQ XMM0,[3008] */
          0xf2, 0x0f, 0xf0, 0x06, 0x08, 0x30,                    /* LDDQU XMM0,[3008] */
          0x66, 0x0f, 0x38, 0x2a, 0x06, 0x08, 0x30);             /* MOVNTDQA XMM0,[3008] */
    ck_assert_int_eq(step_at(b, 0), -1);
    ck_assert_uint_eq(b->cpu->gpr[GPR_CX], 16);
    ck_assert_int_eq(step_at(b, 8), VECTOR_GP);
    ck_assert_int_eq(step_at(b, 15), -1);
    ck_assert_int_eq(step_at(b, 21), VECTOR_GP);
    fpu_bench_free(b);
}
END_TEST

START_TEST(models)
{
    static const struct {
        const char *name;
        uint32_t signature, features;
    } expected[] = {{"pentium3", 0x683, 0x0383f9ff}, {"pentium4", 0xf29, 0x0f8bf9ff}};
    static const uint8_t cpuid[] = {0x0f, 0xa2};
    for (unsigned i = 0; i < 2; i++) {
        struct fpu_bench *b = sse_new(expected[i].name, cpuid, 2);
        b->cpu->gpr[GPR_AX] = 1;
        ck_assert_int_eq(step_at(b, 0), -1);
        ck_assert_uint_eq(b->cpu->gpr[GPR_AX], expected[i].signature);
        ck_assert_uint_eq(b->cpu->gpr[GPR_DX], expected[i].features);
        b->cpu->gpr[GPR_AX] = 0x80000002;
        ck_assert_int_eq(step_at(b, 0), -1);
        bool brand = b->cpu->gpr[GPR_AX] == 0x65746e49; /* "Inte" */
        ck_assert_int_eq(brand, i == 1);
        fpu_bench_free(b);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {availability,
                                  alignment,
                                  unmasked_exceptions,
                                  stores_across_pages_are_all_or_nothing,
                                  mxcsr,
                                  masked_stores,
                                  fxsave,
                                  gating,
                                  undefined_everywhere,
                                  no_sse_state_needed,
                                  alignment_of_strings,
                                  models};
    return suite_run("sse", tests, sizeof tests / sizeof *tests);
}
