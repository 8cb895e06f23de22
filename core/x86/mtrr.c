/* SPDX-License-Identifier: MIT */
#include "core/x86/mtrr.h"

#include <stddef.h>

#include "core/x86/cpu.h"
#include "core/x86/model.h"

enum mtrr_index {
    MTRR_PHYSBASE0 = 0x200,
    MTRR_PHYSMASK7 = 0x20F,
    MTRR_FIX64K = 0x250,
    MTRR_FIX16K_0 = 0x258,
    MTRR_FIX16K_1 = 0x259,
    MTRR_FIX4K_0 = 0x268,
    MTRR_FIX4K_7 = 0x26F,
    IA32_MTRR_DEF_TYPE = 0x2FF,
};
enum {
    PHYSBASE_RESERVED = 0xF00,
    PHYSMASK_RESERVED = 0x7FF,
    DEF_TYPE_RESERVED_LOW = 0x300,
    MTRR_TYPES = 0x73, /* one bit a type: UC, WC, WT, WP, WB */
};
#define DEF_TYPE_RESERVED_HIGH (~UINT64_C(0xFFF))

uint64_t *mtrr_register(struct cpu *cpu, uint32_t index)
{
    struct cpu_msrs *msr = &cpu->msr;
    if (!(cpu->model->features_edx >> 12 & 1))
        return NULL;
    if (index >= MTRR_PHYSBASE0 && index <= MTRR_PHYSMASK7) {
        unsigned range = (index - MTRR_PHYSBASE0) / 2;
        return index & 1 ? &msr->mtrr_mask[range] : &msr->mtrr_base[range];
    }
    if (index >= MTRR_FIX4K_0 && index <= MTRR_FIX4K_7)
        return &msr->mtrr_fixed[3 + index - MTRR_FIX4K_0];
    switch (index) {
    case MTRR_FIX64K: return &msr->mtrr_fixed[0];
    case MTRR_FIX16K_0: return &msr->mtrr_fixed[1];
    case MTRR_FIX16K_1: return &msr->mtrr_fixed[2];
    case IA32_MTRR_DEF_TYPE: return &msr->mtrr_def_type;
    default: return NULL;
    }
}

static bool is_type(uint64_t value)
{
    return (value & 0xFF) < 8 && (MTRR_TYPES >> (value & 7) & 1);
}

static bool fixed_is_valid(uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8) {
        if (!is_type(value >> i))
            return false;
    }
    return true;
}

bool mtrr_value_is_valid(const struct cpu *cpu, uint32_t index, uint64_t value)
{
    uint64_t beyond = ~((UINT64_C(1) << cpu->model->physical_bits) - 1);
    if (index == IA32_MTRR_DEF_TYPE)
        return is_type(value) && !(value & (DEF_TYPE_RESERVED_LOW | DEF_TYPE_RESERVED_HIGH));
    if (index > MTRR_PHYSMASK7)
        return fixed_is_valid(value);
    if (index & 1)
        return !(value & (PHYSMASK_RESERVED | beyond));
    return is_type(value) && !(value & (PHYSBASE_RESERVED | beyond));
}
