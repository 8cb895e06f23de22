/* SPDX-License-Identifier: MIT */
/* CPUID: what the models say of themselves (SDM 2A, CPUID). */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/x86/cpuid.h"
#include "core/x86/model.h"
#include "core/x86/msr.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

static struct cpuid_result ask(const char *model, uint32_t leaf, uint32_t subleaf)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, model);
    struct cpuid_result result = cpuid_read(f.cpu, leaf, subleaf);
    cpu_fixture_free(&f);
    return result;
}

START_TEST(long_mode_models)
{
    static const struct {
        const char *name;
        uint32_t signature, ecx, max_leaf, extended_edx, sizes;
    } expected[] = {
        {"core2", 0x6F6, 0x00002201, 0x0A, 0x20100000, 0x3024},
        {"x86-64-v2", 0x106A5, 0x00982201, 0x0A, 0x28100000, 0x3028},
    };
    for (unsigned i = 0; i < 2; i++) {
        const char *name = expected[i].name;
        ck_assert_uint_eq(ask(name, 0, 0).eax, expected[i].max_leaf);
        ck_assert_uint_eq(ask(name, 1, 0).eax, expected[i].signature);
        ck_assert_uint_eq(ask(name, 1, 0).ecx, expected[i].ecx);
        ck_assert_uint_eq(ask(name, 1, 0).edx, 0x0f8bf9ff);
        ck_assert_uint_eq(ask(name, 0x80000000, 0).eax, 0x80000008);
        ck_assert_uint_eq(ask(name, 0x80000001, 0).edx, expected[i].extended_edx);
        ck_assert_uint_eq(ask(name, 0x80000001, 0).ecx, 1);
        ck_assert_uint_eq(ask(name, 0x80000007, 0).edx, 0x100);
        ck_assert_uint_eq(ask(name, 0x80000008, 0).eax, expected[i].sizes);
    }
}
END_TEST

/* What CPUID says and what the decoder does come from two columns: they must agree. */
START_TEST(features_agree_with_the_decoder)
{
    static const struct {
        enum insn_feature feature;
        bool extended;
        unsigned in_edx, bit;
    } bits[] = {
        {FEATURE_FPU, false, 1, 0},       {FEATURE_TSC, false, 1, 4},    {FEATURE_MSR, false, 1, 5},
        {FEATURE_CX8, false, 1, 8},       {FEATURE_SEP, false, 1, 11},   {FEATURE_CMOV, false, 1, 15},
        {FEATURE_CLFSH, false, 1, 19},    {FEATURE_MMX, false, 1, 23},   {FEATURE_FXSR, false, 1, 24},
        {FEATURE_SSE, false, 1, 25},      {FEATURE_SSE2, false, 1, 26},  {FEATURE_SSE3, false, 0, 0},
        {FEATURE_PCLMULQDQ, false, 0, 1}, {FEATURE_SSSE3, false, 0, 9},  {FEATURE_CX16, false, 0, 13},
        {FEATURE_SSE41, false, 0, 19},    {FEATURE_SSE42, false, 0, 20}, {FEATURE_MOVBE, false, 0, 22},
        {FEATURE_POPCNT, false, 0, 23},   {FEATURE_AES, false, 0, 25},   {FEATURE_XSAVE, false, 0, 26},
        {FEATURE_RDTSCP, true, 1, 27},    {FEATURE_LONG, true, 1, 29},
    };
    const struct cpu_model *model;
    for (unsigned m = 0; (model = cpu_model_at(m)); m++) {
        for (unsigned i = 0; model->max_leaf && i < sizeof bits / sizeof *bits; i++) {
            uint32_t edx = bits[i].extended ? model->extended_edx : model->features_edx;
            uint32_t ecx = bits[i].extended ? model->extended_ecx : model->features_ecx;
            bool said = ((bits[i].in_edx ? edx : ecx) >> bits[i].bit & 1) != 0;
            bool early_486 = !strcmp(model->name, "486"); /* its CPUID predates most bits */
            ck_assert_msg(said == cpu_model_has(model, bits[i].feature) || early_486, "%s, bit %u of %s",
                          model->name, bits[i].bit, bits[i].in_edx ? "EDX" : "ECX");
        }
    }
}
END_TEST

START_TEST(caches)
{
    struct cpuid_result l1 = ask("core2", 4, 0), l2 = ask("core2", 4, 2), end = ask("core2", 4, 3);
    ck_assert_uint_eq(l1.eax & 0x3FF, 0x121);
    ck_assert_uint_eq(((l1.ebx >> 22) + 1) * ((l1.ebx & 0xFFF) + 1) * (l1.ecx + 1), 32 << 10);
    ck_assert_uint_eq(l2.eax & 0x3FF, 0x143);
    ck_assert_uint_eq(((l2.ebx >> 22) + 1) * ((l2.ebx & 0xFFF) + 1) * (l2.ecx + 1), 4 << 20);
    ck_assert_uint_eq(end.eax, 0);
    ck_assert_uint_eq(ask("core2", 0x80000006, 0).ecx, 0x10008040);     /* 4 MiB, 16 ways */
    ck_assert_uint_eq(ask("x86-64-v2", 0x80000006, 0).ecx, 0x01006040); /* 256 KiB, 8 ways */
    ck_assert_uint_eq(ask("pentium4", 2, 0).eax, 0x665B5001);
}
END_TEST

START_TEST(leaves_out_of_range)
{
    ck_assert_uint_eq(ask("pentium4", 7, 0).eax, ask("pentium4", 2, 0).eax);
    ck_assert_uint_eq(ask("pentium3", 0x80000000, 0).eax, ask("pentium3", 2, 0).eax);
    ck_assert_uint_eq(ask("pentium4", 0x80000000, 0).eax, 0x80000004);
    ck_assert_uint_eq(ask("core2", 0x80000009, 0).eax, 0); /* as leaf 0Ah */
    ck_assert_uint_eq(ask("max", 0x0B, 0).ebx, 0);
}
END_TEST

/* A guest that asks hears that nothing leaks by speculation, and need not guard against it. */
START_TEST(nothing_is_speculative)
{
    enum { IA32_ARCH_CAPABILITIES = 0x10A, RDCL_NO = 1 << 0, MDS_NO = 1 << 5 };
    struct cpu_fixture f;
    uint64_t value;
    ck_assert_uint_eq(ask("max", 7, 0).edx, 1u << 29);
    ck_assert_uint_eq(ask("max", 7, 1).edx, 0);
    ck_assert_uint_eq(ask("x86-64-v2", 7, 0).edx, 0);
    cpu_fixture_init(&f, "max");
    ck_assert(msr_read(f.cpu, IA32_ARCH_CAPABILITIES, &value));
    ck_assert_uint_eq(value & (RDCL_NO | MDS_NO), RDCL_NO | MDS_NO);
    ck_assert(!msr_write(f.cpu, IA32_ARCH_CAPABILITIES, value));
    cpu_fixture_free(&f);
    cpu_fixture_init(&f, "x86-64-v2");
    ck_assert(!msr_read(f.cpu, IA32_ARCH_CAPABILITIES, &value));
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(limits)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, "core2");
    f.cpu->msr.misc_enable = 1 << 22;
    ck_assert_uint_eq(cpuid_read(f.cpu, 0, 0).eax, 2);
    ck_assert_uint_eq(cpuid_read(f.cpu, 4, 0).eax, 0x05B0B101);          /* as leaf 2 */
    ck_assert_uint_eq(cpuid_read(f.cpu, 0x80000000, 0).eax, 0x80000008); /* not the extended ones */
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(brand)
{
    char text[49] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid_result part = ask("core2", 0x80000002 + i, 0);
        uint8_t *at = (uint8_t *)text + 16 * i;
        store_le32(at, part.eax);
        store_le32(at + 4, part.ebx);
        store_le32(at + 8, part.ecx);
        store_le32(at + 12, part.edx);
    }
    ck_assert_str_eq(text, "Intel(R) Core(TM)2 CPU 6600 @ 2.40GHz");
}
END_TEST

/* SYSCALL shows only where it works. */
START_TEST(syscall_bit)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, "core2");
    f.cpu->mode = MODE_64;
    ck_assert_uint_eq(cpuid_read(f.cpu, 0x80000001, 0).edx, 0x20100800);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        long_mode_models,
        features_agree_with_the_decoder,
        caches,
        leaves_out_of_range,
        nothing_is_speculative,
        limits,
        brand,
        syscall_bit,
    };
    return suite_run("cpuid", tests, sizeof tests / sizeof *tests);
}
