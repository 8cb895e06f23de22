/* SPDX-License-Identifier: MIT */
/* CPU models: which instructions exist and what CPUID says (SDM 2A, CPUID). */
#ifndef LATHE_CORE_X86_MODEL_H
#define LATHE_CORE_X86_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/x86/insn.h"
#include "core/x86/regs.h"

enum { CPU_MODEL_CACHES = 4 };
enum cpu_cache_type { CACHE_NONE, CACHE_DATA, CACHE_CODE, CACHE_UNIFIED };

struct cpu_cache {
    uint8_t type, level, ways;
    uint32_t size; /* bytes */
};

struct cpu_model {
    const char *name;
    const char *description;
    const char *vendor;                       /* 12 characters */
    uint32_t signature;                       /* CPUID leaf 1 EAX, and EDX after reset */
    uint32_t features_edx, features_ecx;      /* CPUID leaf 1 */
    uint32_t extended_edx, extended_ecx;      /* leaf 80000001h */
    uint32_t structured_edx;                  /* leaf 7 */
    uint32_t max_leaf;                        /* 0: no CPUID */
    uint32_t max_extended_leaf;               /* 80000004h or 80000008h; 0: none */
    uint32_t leaf1_ebx;                       /* brand index, CLFLUSH line size */
    uint32_t caches[4];                       /* CPUID leaf 2: EAX, EBX, ECX, EDX */
    struct cpu_cache cache[CPU_MODEL_CACHES]; /* leaf 4, by subleaf */
    const char *brand;      /* of leaves 80000002h-80000004h, at most 47 characters, or NULL */
    uint64_t insn_features; /* bit per enum insn_feature */
    uint32_t cr0_fixed;     /* CR0 bits that read as 1 */
    uint32_t cr0_mask;      /* CR0 bits that exist */
    uint32_t cr4_mask;      /* CR4 bits that exist */
    uint32_t eflags_mask;   /* EFLAGS bits that POPF and IRET can set */
    uint32_t eflags_fixed;  /* EFLAGS bits that read as 1, apart from bit 1 */
    uint8_t physical_bits;
    uint32_t default_khz; /* plausible speed for `--speed model`; 0: the machine's default */
};

/* A model by its name, or NULL. */
const struct cpu_model *cpu_model_find(const char *name);

/* The i-th model, oldest first, or NULL behind the last; for listings. */
const struct cpu_model *cpu_model_at(unsigned i);

/* The model of machines that name none. */
const struct cpu_model *cpu_model_default(void);

/* Bits of MXCSR that exist: DAZ came with SSE2. */
static inline uint32_t cpu_model_mxcsr_mask(const struct cpu_model *model)
{
    return model->insn_features >> FEATURE_SSE2 & 1 ? 0xFFFF : 0xFFBF;
}

/* CPUID leaf 80000001h EDX. */
enum cpuid_extended_edx {
    CPUID_NX = 1 << 20,
    CPUID_PDPE1GB = 1 << 26,
    CPUID_RDTSCP = 1 << 27,
    CPUID_LM = 1 << 29,
};

/* CPUID leaf 7 EDX. */
enum cpuid_structured_edx {
    CPUID_ARCH_CAPABILITIES = 1 << 29, /* IA32_ARCH_CAPABILITIES is there */
};

static inline bool cpu_model_has_arch_capabilities(const struct cpu_model *model)
{
    return (model->structured_edx & CPUID_ARCH_CAPABILITIES) != 0;
}

/* Bits of EFER that exist. */
static inline uint64_t cpu_model_efer_mask(const struct cpu_model *model)
{
    return (model->extended_edx & CPUID_LM ? EFER_SCE | EFER_LME | EFER_LMA : 0u) |
           (model->extended_edx & CPUID_NX ? EFER_NXE : 0u);
}

/* Page-directory-pointer entries can map 1 GiB. */
static inline bool cpu_model_has_1g_pages(const struct cpu_model *model)
{
    return (model->extended_edx & CPUID_PDPE1GB) != 0;
}

/* 4 MiB pages reach above 4 GiB (PSE-36). */
static inline bool cpu_model_has_pse36(const struct cpu_model *model)
{
    return (model->features_edx >> 17 & 1) != 0;
}

static inline bool cpu_model_has(const struct cpu_model *model, enum insn_feature feature)
{
    return (model->insn_features >> feature & 1) != 0;
}

/* Bytes of the longest instruction; 0: prefixes may go on for ever. */
static inline unsigned cpu_model_longest_insn(const struct cpu_model *model)
{
    if (cpu_model_has(model, FEATURE_386))
        return 15;
    return cpu_model_has(model, FEATURE_286) ? 10 : 0;
}

/* Before the 286 offsets wrap within the 64 KiB of a segment, one byte of an operand or an instruction after
 * the other, and no access faults. */
static inline bool cpu_model_wraps(const struct cpu_model *model)
{
    return !cpu_model_has(model, FEATURE_286);
}

/* EFLAGS bits that POPF and IRET can set in real-address mode: IOPL and NT not before the 386. */
static inline uint32_t cpu_model_real_eflags(const struct cpu_model *model)
{
    return cpu_model_has(model, FEATURE_386) ? model->eflags_mask : model->eflags_mask & 0x0FFF;
}

#endif
