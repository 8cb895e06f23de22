/* SPDX-License-Identifier: MIT */
/* Leaves without a case of their own are all zeros: MONITOR (5), power management (6), performance monitoring
 * (0Ah, version 0) and topology (0Bh) are not there. */
#include "core/x86/cpuid.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/cpu.h"
#include "core/x86/model.h"
#include "core/x86/xcr0.h"

#define LEAF_EXTENDED  UINT32_C(0x80000000)
#define LEAF_BRAND     UINT32_C(0x80000002)
#define LEAF_BRAND_END UINT32_C(0x80000005)

enum { LINE = 64 }; /* bytes of a cache line, all caches */

/* The highest basic leaf: what the machine was given, or fewer by IA32_MISC_ENABLE bit 22 (SDM 4, table 2-2).
 */
static uint32_t highest_leaf(const struct cpu *cpu)
{
    enum { LIMIT_CPUID = 1 << 22, LIMIT = 2 };
    return cpu->msr.misc_enable & LIMIT_CPUID && cpu->max_leaf > LIMIT ? LIMIT : cpu->max_leaf;
}

static struct cpuid_result vendor_leaf(const struct cpu *cpu)
{
    const uint8_t *vendor = (const uint8_t *)cpu->model->vendor;
    return (struct cpuid_result){highest_leaf(cpu), load_le32(vendor), load_le32(vendor + 8),
                                 load_le32(vendor + 4)};
}

static struct cpuid_result feature_leaf(const struct cpu *cpu)
{
    enum { OSXSAVE = 1 << 27 };
    const struct cpu_model *model = cpu->model;
    uint32_t ecx = model->features_ecx | (cpu->cr4 & CR4_OSXSAVE ? OSXSAVE : 0u);
    return (struct cpuid_result){model->signature, model->leaf1_ebx, ecx, model->features_edx};
}

static struct cpuid_result cache_descriptors(const struct cpu_model *model)
{
    return (struct cpuid_result){model->caches[0], model->caches[1], model->caches[2], model->caches[3]};
}

/* Leaf 4: one cache a subleaf, none of them shared. */
static struct cpuid_result cache_parameters(const struct cpu_model *model, uint32_t subleaf)
{
    if (subleaf >= CPU_MODEL_CACHES || !model->cache[subleaf].type)
        return (struct cpuid_result){0};
    const struct cpu_cache *cache = &model->cache[subleaf];
    uint32_t sets = cache->size / cache->ways / LINE;
    enum { SELF_INITIALIZING = 1 << 8 };
    return (struct cpuid_result){cache->type | (uint32_t)cache->level << 5 | SELF_INITIALIZING,
                                 (LINE - 1) | (cache->ways - 1u) << 22, sets - 1, 0};
}

static const struct cpu_cache *cache_of_level(const struct cpu_model *model, unsigned level)
{
    for (unsigned i = 0; i < CPU_MODEL_CACHES; i++) {
        if (model->cache[i].level == level)
            return &model->cache[i];
    }
    return NULL;
}

/* Leaf 80000006h: size in KiB, associativity (6: 8 ways, 8: 16 ways), line. */
static struct cpuid_result l2_leaf(const struct cpu_model *model)
{
    const struct cpu_cache *l2 = cache_of_level(model, 2);
    if (!l2)
        return (struct cpuid_result){0};
    uint32_t ways = l2->ways == 16 ? 8 : 6;
    return (struct cpuid_result){.ecx = (l2->size / 1024) << 16 | ways << 12 | LINE};
}

/* SYSCALL is announced in 64-bit mode only, where alone it exists. */
static struct cpuid_result extended_features(const struct cpu *cpu)
{
    enum { SYSCALL = 1 << 11 };
    uint32_t edx = cpu->model->extended_edx;
    if (cpu->mode == MODE_64)
        edx |= SYSCALL;
    return (struct cpuid_result){.ecx = cpu->model->extended_ecx, .edx = edx};
}

/* 16 characters a leaf. */
static struct cpuid_result brand_leaf(const struct cpu_model *model, uint32_t leaf)
{
    uint8_t brand[48] = {0};
    memcpy(brand, model->brand, strlen(model->brand));
    const uint8_t *part = brand + 16 * (leaf - LEAF_BRAND);
    return (struct cpuid_result){load_le32(part), load_le32(part + 4), load_le32(part + 8),
                                 load_le32(part + 12)};
}

static struct cpuid_result extended_leaf(const struct cpu *cpu, uint32_t leaf)
{
    enum { LINEAR_BITS = 48, INVARIANT_TSC = 1 << 8 };
    const struct cpu_model *model = cpu->model;
    if (leaf >= LEAF_BRAND && leaf < LEAF_BRAND_END)
        return brand_leaf(model, leaf);
    switch (leaf - LEAF_EXTENDED) {
    case 0: return (struct cpuid_result){.eax = model->max_extended_leaf};
    case 1: return extended_features(cpu);
    case 6: return l2_leaf(model);
    case 7: return (struct cpuid_result){.edx = INVARIANT_TSC};
    case 8: return (struct cpuid_result){.eax = model->physical_bits | LINEAR_BITS << 8};
    default: return (struct cpuid_result){0};
    }
}

/* Leaf 0Dh: components that XCR0 can have, size of the area; and XSAVEOPT. */
static struct cpuid_result xsave_leaf(const struct cpu_model *model, uint32_t subleaf)
{
    enum { XSAVEOPT = 1 << 0 };
    if (!cpu_model_has(model, FEATURE_XSAVE) || subleaf > 1)
        return (struct cpuid_result){0};
    if (subleaf == 1)
        return (struct cpuid_result){.eax = XSAVEOPT};
    return (struct cpuid_result){(uint32_t)XCR0_ALL, XSAVE_AREA_SIZE, XSAVE_AREA_SIZE, 0};
}

static struct cpuid_result basic_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 0: return vendor_leaf(cpu);
    case 1: return feature_leaf(cpu);
    case 2: return cache_descriptors(cpu->model);
    case 4: return cache_parameters(cpu->model, subleaf);
    case 7: return (struct cpuid_result){.edx = subleaf ? 0 : cpu->model->structured_edx};
    case 0x0D: return xsave_leaf(cpu->model, subleaf);
    default: return (struct cpuid_result){0};
    }
}

struct cpuid_result cpuid_read(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    const struct cpu_model *model = cpu->model;
    if (leaf >= LEAF_EXTENDED && leaf <= model->max_extended_leaf)
        return extended_leaf(cpu, leaf);
    uint32_t highest = highest_leaf(cpu);
    return basic_leaf(cpu, leaf > highest ? highest : leaf, subleaf);
}
