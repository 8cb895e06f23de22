/* SPDX-License-Identifier: MIT */
#include "core/x86/model.h"

#include <stddef.h>
#include <string.h>

enum cpuid_edx {
    CPUID_FPU = 1 << 0,
    CPUID_VME = 1 << 1,
    CPUID_DE = 1 << 2,
    CPUID_PSE = 1 << 3,
    CPUID_TSC = 1 << 4,
    CPUID_MSR = 1 << 5,
    CPUID_PAE = 1 << 6,
    CPUID_MCE = 1 << 7,
    CPUID_CX8 = 1 << 8,
    CPUID_SEP = 1 << 11,
    CPUID_MTRR = 1 << 12,
    CPUID_PGE = 1 << 13,
    CPUID_MCA = 1 << 14,
    CPUID_CMOV = 1 << 15,
    CPUID_PAT = 1 << 16,
    CPUID_PSE36 = 1 << 17,
    CPUID_CLFSH = 1 << 19,
    CPUID_MMX = 1 << 23,
    CPUID_FXSR = 1 << 24,
    CPUID_SSE = 1 << 25,
    CPUID_SSE2 = 1 << 26,
    CPUID_SS = 1 << 27,
};

/* MONITOR (bit 3) is off, as IA32_MISC_ENABLE can make it. */
enum cpuid_ecx {
    CPUID_SSE3 = 1 << 0,
    CPUID_PCLMULQDQ = 1 << 1,
    CPUID_SSSE3 = 1 << 9,
    CPUID_CX16 = 1 << 13,
    CPUID_SSE41 = 1 << 19,
    CPUID_SSE42 = 1 << 20,
    CPUID_MOVBE = 1 << 22,
    CPUID_POPCNT = 1 << 23,
    CPUID_AES = 1 << 25,
    CPUID_XSAVE = 1 << 26,

};

/* Leaf 80000001h. */
enum cpuid_extended_ecx { CPUID_LAHF64 = 1 << 0, CPUID_PREFETCHW = 1 << 8 };

#define HAS(feature) (UINT64_C(1) << (feature))
#define UP_TO_386                                                                                            \
    (HAS(FEATURE_8086) | HAS(FEATURE_186) | HAS(FEATURE_286) | HAS(FEATURE_386) | HAS(FEATURE_FPU))
#define UP_TO_486 (UP_TO_386 | HAS(FEATURE_486))
#define UP_TO_586                                                                                            \
    (UP_TO_486 | HAS(FEATURE_CPUID) | HAS(FEATURE_TSC) | HAS(FEATURE_MSR) | HAS(FEATURE_CX8) |               \
     HAS(FEATURE_RSM))
#define UP_TO_686                                                                                            \
    (UP_TO_586 | HAS(FEATURE_CMOV) | HAS(FEATURE_FCMOV) | HAS(FEATURE_PMC) | HAS(FEATURE_SEP) |              \
     HAS(FEATURE_NOPL))

#define UP_TO_PENTIUM2 (UP_TO_686 | HAS(FEATURE_MMX) | HAS(FEATURE_FXSR))
#define UP_TO_PENTIUM3 (UP_TO_PENTIUM2 | HAS(FEATURE_SSE))
#define UP_TO_PENTIUM4 (UP_TO_PENTIUM3 | HAS(FEATURE_SSE2) | HAS(FEATURE_CLFSH))
#define UP_TO_CORE2                                                                                          \
    (UP_TO_PENTIUM4 | HAS(FEATURE_SSE3) | HAS(FEATURE_SSSE3) | HAS(FEATURE_LONG) | HAS(FEATURE_CX16))
#define UP_TO_V2                                                                                             \
    (UP_TO_CORE2 | HAS(FEATURE_SSE41) | HAS(FEATURE_SSE42) | HAS(FEATURE_POPCNT) | HAS(FEATURE_RDTSCP))
#define UP_TO_MAX                                                                                            \
    (UP_TO_V2 | HAS(FEATURE_MOVBE) | HAS(FEATURE_AES) | HAS(FEATURE_PCLMULQDQ) | HAS(FEATURE_XSAVE))

#define EFLAGS_8086 0x00000FFFu
#define EFLAGS_286  0x00007FFFu
#define EFLAGS_386  0x0003FFFFu
#define EFLAGS_486  0x0007FFFFu
#define EFLAGS_586  0x003FFFFFu

#define CR0_386 0x8000001Fu
#define CR0_486 0xE005003Fu

#define EDX_586      (CPUID_FPU | CPUID_VME | CPUID_DE | CPUID_PSE | CPUID_TSC | CPUID_MSR | CPUID_MCE | CPUID_CX8)
#define EDX_686      (EDX_586 | CPUID_PAE | CPUID_SEP | CPUID_MTRR | CPUID_PGE | CPUID_MCA | CPUID_CMOV)
#define EDX_PENTIUM2 (EDX_686 | CPUID_PAT | CPUID_PSE36 | CPUID_MMX | CPUID_FXSR)
#define EDX_PENTIUM3 (EDX_PENTIUM2 | CPUID_SSE)
#define EDX_PENTIUM4 (EDX_PENTIUM3 | CPUID_SSE2 | CPUID_CLFSH | CPUID_SS)
#define ECX_CORE2    (CPUID_SSE3 | CPUID_SSSE3 | CPUID_CX16)
#define ECX_V2       (ECX_CORE2 | CPUID_SSE41 | CPUID_SSE42 | CPUID_POPCNT)
#define ECX_MAX      (ECX_V2 | CPUID_MOVBE | CPUID_AES | CPUID_PCLMULQDQ | CPUID_XSAVE)
#define CR4_586      (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE)
#define CR4_686      (CR4_586 | CR4_PAE | CR4_PGE | CR4_PCE)
#define CR4_PENTIUM2 (CR4_686 | CR4_OSFXSR)
#define CR4_PENTIUM3 (CR4_PENTIUM2 | CR4_OSXMMEXCPT)
#define CR4_MAX      (CR4_PENTIUM3 | CR4_OSXSAVE)

#define KIB(n) ((n)*UINT32_C(1024))
#define MIB(n) KIB((n)*1024)

static const struct cpu_model models[] = {
    {.name = "8086",
     .description = "Intel 8086, no coprocessor",
     .insn_features = HAS(FEATURE_8086) | HAS(FEATURE_ONLY_8086) | HAS(FEATURE_ESC),
     .eflags_mask = EFLAGS_8086,
     .eflags_fixed = 0xF000,
     .physical_bits = 20,
     .default_khz = 330},
    {.name = "286",
     .description = "Intel 80286, no coprocessor",
     .insn_features =
         HAS(FEATURE_8086) | HAS(FEATURE_186) | HAS(FEATURE_286) | HAS(FEATURE_ONLY_286) | HAS(FEATURE_ESC),
     .cr0_fixed = 0xFFF0,
     .cr0_mask = 0x000F,
     .eflags_mask = EFLAGS_286,
     .physical_bits = 24,
     .default_khz = 1500},
    {.name = "386",
     .description = "Intel 80386DX with 80387",
     .signature = 0x0308,
     .insn_features = UP_TO_386 | HAS(FEATURE_LOADALL_386),
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_386,
     .eflags_mask = EFLAGS_386,
     .physical_bits = 32,
     .default_khz = 8000},
    {.name = "486",
     .description = "Intel i486DX2",
     .vendor = "GenuineIntel",
     .signature = 0x0435,
     .features_edx = CPUID_FPU | CPUID_VME,
     .max_leaf = 1,
     .insn_features = UP_TO_486 | HAS(FEATURE_CPUID),
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_VME | CR4_PVI,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 32,
     .default_khz = 33000},
    {.name = "pentium",
     .description = "Intel Pentium (P54C)",
     .vendor = "GenuineIntel",
     .signature = 0x0525,
     .features_edx = EDX_586,
     .max_leaf = 1,
     .insn_features = UP_TO_586,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_586,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 32,
     .default_khz = 90000},
    {.name = "pentium-mmx",
     .description = "Intel Pentium with MMX (P55C)",
     .vendor = "GenuineIntel",
     .signature = 0x0543,
     .features_edx = EDX_586 | CPUID_MMX,
     .max_leaf = 1,
     .insn_features = UP_TO_586 | HAS(FEATURE_PMC) | HAS(FEATURE_MMX),
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_586 | CR4_PCE,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 32,
     .default_khz = 166000},
    {.name = "pentiumpro",
     .description = "Intel Pentium Pro (P6)",
     .vendor = "GenuineIntel",
     .signature = 0x0619,
     .features_edx = EDX_686,
     .max_leaf = 2,
     .caches = {0x03020101, 0, 0, 0x06040A42},
     .insn_features = UP_TO_686,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_686,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 36,
     .default_khz = 0},
    {.name = "pentium2",
     .description = "Intel Pentium II (Deschutes)",
     .vendor = "GenuineIntel",
     .signature = 0x0652,
     .features_edx = EDX_PENTIUM2,
     .max_leaf = 2,
     .caches = {0x03020101, 0, 0, 0x0C040843},
     .insn_features = UP_TO_PENTIUM2,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_PENTIUM2,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 36,
     .default_khz = 0},
    {.name = "pentium3",
     .description = "Intel Pentium III (Coppermine)",
     .vendor = "GenuineIntel",
     .signature = 0x0683,
     .features_edx = EDX_PENTIUM3,
     .max_leaf = 2,
     .leaf1_ebx = 0x02,
     .caches = {0x03020101, 0, 0, 0x0C040882},
     .insn_features = UP_TO_PENTIUM3,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_PENTIUM3,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 36,
     .default_khz = 0},
    {.name = "pentium4",
     .description = "Intel Pentium 4 (Northwood)",
     .vendor = "GenuineIntel",
     .signature = 0x0F29,
     .features_edx = EDX_PENTIUM4,
     .max_leaf = 2,
     .leaf1_ebx = 0x0809,
     .caches = {0x665B5001, 0, 0, 0x007B7040},
     .max_extended_leaf = 0x80000004,
     .brand = "Intel(R) Pentium(R) 4 CPU 2.40GHz",
     .insn_features = UP_TO_PENTIUM4,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_PENTIUM3,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 36,
     .default_khz = 0},
    {.name = "core2",
     .description = "Intel Core 2 (Conroe)",
     .vendor = "GenuineIntel",
     .signature = 0x06F6,
     .features_edx = EDX_PENTIUM4,
     .features_ecx = ECX_CORE2,
     .extended_edx = CPUID_LM | CPUID_NX,
     .extended_ecx = CPUID_LAHF64,
     .max_leaf = 0x0A,
     .max_extended_leaf = 0x80000008,
     .leaf1_ebx = 0x0800,
     .caches = {0x05B0B101, 0x005657F0, 0, 0x2CB43049},
     .cache = {{CACHE_DATA, 1, 8, KIB(32)}, {CACHE_CODE, 1, 8, KIB(32)}, {CACHE_UNIFIED, 2, 16, MIB(4)}},
     .brand = "Intel(R) Core(TM)2 CPU 6600 @ 2.40GHz",
     .insn_features = UP_TO_CORE2,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_PENTIUM3,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 36,
     .default_khz = 0},
    {.name = "x86-64-v2",
     .description = "Level 2 of the x86-64 ABI (an Intel Nehalem)",
     .vendor = "GenuineIntel",
     .signature = 0x0106A5,
     .features_edx = EDX_PENTIUM4,
     .features_ecx = ECX_V2,
     .extended_edx = CPUID_LM | CPUID_NX | CPUID_RDTSCP,
     .extended_ecx = CPUID_LAHF64,
     .max_leaf = 0x0A,
     .max_extended_leaf = 0x80000008,
     .leaf1_ebx = 0x0800,
     .caches = {0x55035A01, 0x00F0B2E4, 0, 0x09CA212C},
     .cache = {{CACHE_DATA, 1, 8, KIB(32)},
               {CACHE_CODE, 1, 4, KIB(32)},
               {CACHE_UNIFIED, 2, 8, KIB(256)},
               {CACHE_UNIFIED, 3, 16, MIB(8)}},
     .brand = "Intel(R) Core(TM) i7 CPU 920 @ 2.67GHz",
     .insn_features = UP_TO_V2,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_PENTIUM3,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 40,
     .default_khz = 0},
    {.name = "max",
     .description = "Everything that Lathe implements",
     .vendor = "GenuineIntel",
     .signature = 0x0206C2,
     .features_edx = EDX_PENTIUM4,
     .features_ecx = ECX_MAX,
     .extended_edx = CPUID_LM | CPUID_NX | CPUID_PDPE1GB | CPUID_RDTSCP,
     .extended_ecx = CPUID_LAHF64 | CPUID_PREFETCHW,
     .structured_edx = CPUID_ARCH_CAPABILITIES,
     .max_leaf = 0x0D,
     .max_extended_leaf = 0x80000008,
     .leaf1_ebx = 0x0800,
     .caches = {0x55035A01, 0x00F0B2E4, 0, 0x09CA212C},
     .cache = {{CACHE_DATA, 1, 8, KIB(32)},
               {CACHE_CODE, 1, 4, KIB(32)},
               {CACHE_UNIFIED, 2, 8, KIB(256)},
               {CACHE_UNIFIED, 3, 16, MIB(8)}},
     .brand = "Lathe",
     .insn_features = UP_TO_MAX,
     .cr0_fixed = CR0_ET,
     .cr0_mask = CR0_486,
     .cr4_mask = CR4_MAX,
     .eflags_mask = EFLAGS_586,
     .physical_bits = 40,
     .default_khz = 0},
};

enum { MODEL_COUNT = sizeof models / sizeof models[0] };

const struct cpu_model *cpu_model_find(const char *name)
{
    for (unsigned i = 0; i < MODEL_COUNT; i++) {
        if (!strcmp(models[i].name, name))
            return &models[i];
    }
    return NULL;
}

const struct cpu_model *cpu_model_at(unsigned i)
{
    return i < MODEL_COUNT ? &models[i] : NULL;
}

const struct cpu_model *cpu_model_default(void)
{
    return cpu_model_find("pentium2");
}
