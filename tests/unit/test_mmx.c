/* SPDX-License-Identifier: MIT */
/* MMX through decoder and interpreter: values, x87 aliasing, availability, faults, FXSAVE; and which models
 * have it. */
#include "core/base/bytes.h"
#include "core/x86/model.h"
#include "tests/support/fpu_bench.h"
#include "tests/support/suite.h"

enum { CODE = FPU_BENCH_CODE, DATA = FPU_BENCH_DATA };

#define BENCH(...)                                                                                           \
    static const uint8_t code[] = {__VA_ARGS__};                                                             \
    struct fpu_bench *b = fpu_bench_new("pentium2", code, sizeof code)

START_TEST(test_program)
{
    BENCH(0x0f, 0x6f, 0x06, 0x00, 0x30, /* MOVQ MM0,[3000] */
          0x0f, 0x6f, 0xc8,             /* MOVQ MM1,MM0 */
          0x0f, 0xdc, 0x0e, 0x08, 0x30, /* PADDUSB MM1,[3008] */
          0x0f, 0x60, 0xc1,             /* PUNPCKLBW MM0,MM1 */
          0x0f, 0x71, 0xd0, 0x04,       /* PSRLW MM0,4 */
          0x0f, 0x7f, 0x06, 0x10, 0x30, /* MOVQ [3010],MM0 */
          0x0f, 0x7e, 0xca,             /* MOVD EDX,MM1 */
          0x0f, 0x77);                  /* EMMS */
    cpu_fixture_poke(&b->f, DATA, 8, UINT64_C(0x0102030480ff1020));
    cpu_fixture_poke(&b->f, DATA + 8, 8, UINT64_C(0xffffffff8020f001));
    cpu_fixture_run(&b->f, 7);
    ck_assert_uint_eq(b->cpu->x87.mantissa[1], UINT64_C(0xffffffffffffff21));
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 0x10, 8), UINT64_C(0x0ff80fff0ff10212));
    ck_assert_uint_eq(b->cpu->gpr[GPR_DX], 0xffffff21);
    ck_assert_uint_eq(b->cpu->x87.tag, 0xff);
    ck_assert_uint_eq(b->cpu->x87.sign_exponent[1], 0xffff);
    cpu_fixture_run(&b->f, 1);
    ck_assert_uint_eq(b->cpu->x87.tag, 0);
    fpu_bench_free(b);
}
END_TEST

/* MMn is the physical register, whatever TOP was; reads leave exponents alone. */
START_TEST(test_aliasing)
{
    BENCH(0xd9, 0xeb,                   /* FLDPI: physical register 7 */
          0x0f, 0x7f, 0x3e, 0x00, 0x30, /* MOVQ [3000],MM7 */
          0x0f, 0xef, 0xf6);            /* PXOR MM6,MM6 */
    cpu_fixture_run(&b->f, 2);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA, 8), UINT64_C(0xc90fdaa22168c235));
    ck_assert_uint_eq(b->cpu->x87.top, 0);
    ck_assert_uint_eq(b->cpu->x87.sign_exponent[7], 0x4000);
    cpu_fixture_run(&b->f, 1);
    ck_assert_uint_eq(b->cpu->x87.mantissa[6], 0);
    ck_assert_uint_eq(b->cpu->x87.sign_exponent[6], 0xffff);
    ck_assert_uint_eq(b->cpu->x87.fop, 0x1eb); /* the x87 instruction is still the last one */
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_availability)
{
    BENCH(0x0f, 0xfc, 0x06, 0x00, 0x30); /* PADDB MM0,[3000] */
    b->cpu->cr0 |= CR0_TS;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_NM);
    b->cpu->rip = CODE;
    b->cpu->cr0 |= CR0_EM;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_UD); /* not #NM: MMX is not emulated */
    b->cpu->rip = CODE;
    b->cpu->cr0 &= ~(CR0_EM | CR0_TS);
    b->cpu->x87.status = FLOAT_ZE;
    b->cpu->x87.control &= (uint16_t)~FLOAT_ZE;
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_MF);
    ck_assert_uint_eq(b->cpu->x87.tag, 0);
    fpu_bench_free(b);
}
END_TEST

/* A fault leaves registers and tags as they were. */
START_TEST(test_memory_fault)
{
    BENCH(0x0f, 0x6f, 0x06, 0xfc, 0xff,  /* MOVQ MM0,[FFFC]: past the limit */
          0x0f, 0x7f, 0x06, 0xfc, 0xff); /* MOVQ [FFFC],MM0 */
    for (unsigned i = 0; i < 2; i++) {
        b->cpu->rip = CODE + 5 * i;
        b->cpu->x87.top = 3;
        ck_assert_int_eq(fpu_bench_step(b), VECTOR_GP);
        ck_assert_uint_eq(b->cpu->x87.tag, 0);
        ck_assert_uint_eq(b->cpu->x87.top, 3);
        ck_assert_uint_eq(cpu_fixture_peek(&b->f, 0xfffc, 4), 0);
    }
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_low_unpack_reads_four_bytes)
{
    BENCH(0x0f, 0x62, 0x06, 0xfc, 0xff); /* PUNPCKLDQ MM0,[FFFC] */
    cpu_fixture_poke(&b->f, 0xfffc, 4, 0x12345678);
    ck_assert_int_eq(fpu_bench_step(b), -1);
    ck_assert_uint_eq(b->cpu->x87.mantissa[0], UINT64_C(0x1234567800000000));
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_undefined)
{
    static const uint8_t codes[][4] = {
        {0xf0, 0x0f, 0xfc, 0xc1}, /* LOCK */
        {0xf2, 0x0f, 0xfc, 0xc1}, /* no such form */
        {0x66, 0x0f, 0x6f, 0xc1}, /* SSE2 */
        {0x0f, 0xe0, 0xc1},       /* PAVGB: SSE */
        {0x0f, 0x71, 0xc1, 0x01}, /* no shift /0 */
        {0x0f, 0x71, 0x16, 0x01}, /* shifts by immediates have no memory form */
    };
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct fpu_bench *b = fpu_bench_new("pentium2", codes[i], 4);
        ck_assert_msg(fpu_bench_step(b) == VECTOR_UD, "%02x %02x %02x", codes[i][0], codes[i][1],
                      codes[i][2]);
        fpu_bench_free(b);
    }
    static const uint8_t emms[] = {0x0f, 0x77};
    struct fpu_bench *b = fpu_bench_new("pentiumpro", emms, 2);
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_UD);
    fpu_bench_free(b);
    b = fpu_bench_new("pentium-mmx", emms, 2);
    ck_assert_int_eq(fpu_bench_step(b), -1);
    fpu_bench_free(b);
}
END_TEST

/* FXSAVE and FXRSTOR of a processor without SSE: 160 bytes, XMM area untouched. */
START_TEST(test_fxsave)
{
    BENCH(0x0f, 0x6e, 0xd8,             /* MOVD MM3,EAX */
          0x0f, 0xae, 0x06, 0x00, 0x30, /* FXSAVE [3000] */
          0xdb, 0xe3,                   /* FNINIT */
          0x0f, 0xae, 0x0e, 0x00, 0x30, /* FXRSTOR [3000] */
          0x0f, 0xae, 0x06, 0x08, 0x30);
    b->cpu->gpr[GPR_AX] = 0x89abcdef;
    b->cpu->cr4 |= CR4_OSFXSR;
    cpu_fixture_poke(&b->f, DATA + 160, 8, UINT64_C(0x1122334455667788));
    cpu_fixture_run(&b->f, 3);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA, 2), 0x37f);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 4, 1), 0xff);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 32 + 3 * 16, 8), 0x89abcdef);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 40 + 3 * 16, 8), 0xffff);
    ck_assert_uint_eq(cpu_fixture_peek(&b->f, DATA + 160, 8), UINT64_C(0x1122334455667788));
    ck_assert_uint_eq(b->cpu->x87.tag, 0);
    cpu_fixture_run(&b->f, 1);
    ck_assert_uint_eq(b->cpu->x87.tag, 0xff);
    ck_assert_uint_eq(b->cpu->x87.mantissa[3], 0x89abcdef);
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_GP); /* not a multiple of 16 */
    fpu_bench_free(b);
}
END_TEST

START_TEST(test_models)
{
    static const uint8_t cpuid[] = {0x66, 0xb8, 1, 0, 0, 0, 0x0f, 0xa2}; /* MOV EAX,1; CPUID */
    struct fpu_bench *b = fpu_bench_new("pentium2", cpuid, sizeof cpuid);
    cpu_fixture_run(&b->f, 2);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX], 0x652);
    ck_assert_uint_eq(b->cpu->gpr[GPR_DX], 0x183f9ff); /* 183FBFF without the local APIC */
    fpu_bench_free(b);
    b = fpu_bench_new("pentium-mmx", cpuid, sizeof cpuid);
    cpu_fixture_run(&b->f, 2);
    ck_assert_uint_eq(b->cpu->gpr[GPR_AX], 0x543);
    ck_assert_uint_eq(b->cpu->gpr[GPR_DX], 0x8001bf);
    fpu_bench_free(b);
    ck_assert_str_eq(cpu_model_default()->name, "pentium2");
}
END_TEST

/* WRMSR of IA32_PAT takes memory types only. */
START_TEST(test_pat)
{
    BENCH(0x0f, 0x30);
    b->cpu->gpr[GPR_CX] = 0x277;
    b->cpu->gpr[GPR_AX] = 0x00070106;
    b->cpu->gpr[GPR_DX] = 0x05040100;
    ck_assert_int_eq(fpu_bench_step(b), -1);
    ck_assert_uint_eq(b->cpu->msr.pat, UINT64_C(0x0504010000070106));
    b->cpu->rip = CODE;
    b->cpu->gpr[GPR_AX] = 0x00070206; /* 2 is reserved */
    ck_assert_int_eq(fpu_bench_step(b), VECTOR_GP);
    ck_assert_uint_eq(b->cpu->msr.pat, UINT64_C(0x0504010000070106));
    fpu_bench_free(b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_program,   test_aliasing, test_availability, test_memory_fault, test_low_unpack_reads_four_bytes,
        test_undefined, test_fxsave,   test_models,       test_pat};
    return suite_run("mmx", tests, sizeof tests / sizeof *tests);
}
