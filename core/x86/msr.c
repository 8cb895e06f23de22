/* SPDX-License-Identifier: MIT */
#include "core/x86/msr.h"

#include <stddef.h>

#include "core/x86/control.h"
#include "core/x86/model.h"
#include "core/x86/mtrr.h"

enum msr_index {
    IA32_P5_MC_ADDR = 0x00,
    IA32_P5_MC_TYPE = 0x01,
    IA32_TSC = 0x10,
    IA32_PLATFORM_ID = 0x17,
    IA32_APIC_BASE = 0x1B,
    EBL_CR_POWERON = 0x2A,
    IA32_BIOS_UPDT_TRIG = 0x79,
    IA32_BIOS_SIGN_ID = 0x8B,
    PERFCTR0 = 0xC1,
    PERFCTR1 = 0xC2,
    MTRRCAP = 0xFE,
    IA32_ARCH_CAPABILITIES = 0x10A,
    BBL_CR_CTL3 = 0x11E,
    IA32_SYSENTER_CS = 0x174,
    IA32_SYSENTER_ESP = 0x175,
    IA32_SYSENTER_EIP = 0x176,
    IA32_MCG_CAP = 0x179,
    IA32_MCG_STATUS = 0x17A,
    EVNTSEL0 = 0x186,
    EVNTSEL1 = 0x187,
    IA32_MISC_ENABLE = 0x1A0,
    IA32_DEBUGCTL = 0x1D9,
    IA32_PAT = 0x277,
    IA32_MC0_CTL = 0x400,
    IA32_MC4_MISC = 0x413,
};

#define IA32_EFER           UINT32_C(0xC0000080)
#define IA32_STAR           UINT32_C(0xC0000081)
#define IA32_LSTAR          UINT32_C(0xC0000082)
#define IA32_CSTAR          UINT32_C(0xC0000083)
#define IA32_FMASK          UINT32_C(0xC0000084)
#define IA32_FS_BASE        UINT32_C(0xC0000100)
#define IA32_GS_BASE        UINT32_C(0xC0000101)
#define IA32_KERNEL_GS_BASE UINT32_C(0xC0000102)
#define IA32_TSC_AUX        UINT32_C(0xC0000103)

enum { MTRR_CAPABILITIES = 0x508, MCG_STATUS_MASK = 7, DEBUGCTL_P6 = 0x7F, DEBUGCTL_CORE2 = 0x5FC3 };
enum { MC_CTL = 0, MC_REGISTERS = 4 }; /* of each machine-check bank: CTL, STATUS, ADDR, MISC */
#define PERFCTR_MASK UINT64_C(0xFFFFFFFFFF)

/* IA32_ARCH_CAPABILITIES (SDM 4, table 2-2): nothing is executed speculatively, so that no attack on that
 * works and no guest has to guard against one. */
enum {
    RDCL_NO = 1 << 0, /* Meltdown */
    SSB_NO = 1 << 4,
    MDS_NO = 1 << 5,
    IF_PSCHANGE_MC_NO = 1 << 6,
    TAA_NO = 1 << 8,
    SBDR_SSDP_NO = 1 << 13,
    FBSDP_NO = 1 << 14,
    PSDP_NO = 1 << 15,
    BHI_NO = 1 << 20,
    PBRSB_NO = 1 << 24,
    GDS_NO = 1 << 26,
    RFDS_NO = 1 << 27,
    ARCH_CAPABILITIES = RDCL_NO | SSB_NO | MDS_NO | IF_PSCHANGE_MC_NO | TAA_NO | SBDR_SSDP_NO | FBSDP_NO |
                        PSDP_NO | BHI_NO | PBRSB_NO | GDS_NO | RFDS_NO
};

static bool is_p6(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, FEATURE_CMOV);
}

static bool is_long(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, FEATURE_LONG);
}

static bool has_misc_enable(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, FEATURE_SSE2);
}

/* Storage of the registers that are nothing but storage; NULL for others. */
static uint64_t *plain(struct cpu *cpu, uint32_t index)
{
    struct cpu_msrs *msr = &cpu->msr;
    if (!is_p6(cpu))
        return NULL;
    switch (index) {
    case IA32_SYSENTER_CS: return &msr->sysenter_cs;
    case IA32_SYSENTER_ESP: return is_long(cpu) ? NULL : &msr->sysenter_esp;
    case IA32_SYSENTER_EIP: return is_long(cpu) ? NULL : &msr->sysenter_eip;
    case IA32_MISC_ENABLE: return has_misc_enable(cpu) ? &msr->misc_enable : NULL;
    case IA32_BIOS_SIGN_ID: return &msr->bios_sign_id;
    case IA32_STAR: return is_long(cpu) ? &msr->star : NULL;
    default: return NULL;
    }
}

/* Registers that hold an address, which must be canonical. */
static uint64_t *address_register(struct cpu *cpu, uint32_t index)
{
    if (!is_long(cpu))
        return NULL;
    switch (index) {
    case IA32_SYSENTER_ESP: return &cpu->msr.sysenter_esp;
    case IA32_SYSENTER_EIP: return &cpu->msr.sysenter_eip;
    case IA32_LSTAR: return &cpu->msr.lstar;
    case IA32_CSTAR: return &cpu->msr.cstar;
    case IA32_FS_BASE: return &cpu->seg[SEG_FS].base;
    case IA32_GS_BASE: return &cpu->seg[SEG_GS].base;
    case IA32_KERNEL_GS_BASE: return &cpu->msr.kernel_gs_base;
    default: return NULL;
    }
}

/* Registers whose upper halves are reserved. */
static uint64_t *narrow_register(struct cpu *cpu, uint32_t index)
{
    if (index == IA32_FMASK)
        return is_long(cpu) ? &cpu->msr.fmask : NULL;
    if (index == IA32_TSC_AUX)
        return cpu_model_has(cpu->model, FEATURE_RDTSCP) ? &cpu->msr.tsc_aux : NULL;
    return NULL;
}

/* Registers in which some bits are reserved, and those bits. */
static uint64_t *masked_register(struct cpu *cpu, uint32_t index, uint64_t *reserved)
{
    if (!is_p6(cpu))
        return NULL;
    *reserved = ~(uint64_t)UINT32_MAX;
    switch (index) {
    case EVNTSEL0:
    case EVNTSEL1: return &cpu->msr.evntsel[index - EVNTSEL0];
    case IA32_DEBUGCTL:
        *reserved = ~(uint64_t)(is_long(cpu) ? DEBUGCTL_CORE2 : DEBUGCTL_P6);
        return &cpu->msr.debugctl;
    case IA32_MCG_STATUS: *reserved = ~(uint64_t)MCG_STATUS_MASK; return &cpu->msr.mcg_status;
    default: return NULL;
    }
}

/* Machine-check banks and power-on configuration: present, and always zero. */
static bool reads_zero(const struct cpu *cpu, uint32_t index)
{
    if (index == IA32_P5_MC_ADDR || index == IA32_P5_MC_TYPE)
        return true;
    if (!is_p6(cpu))
        return false;
    if (index >= IA32_MC0_CTL && index <= IA32_MC4_MISC)
        return true;
    switch (index) {
    case IA32_PLATFORM_ID:
    case EBL_CR_POWERON:
    case BBL_CR_CTL3:
    case IA32_MCG_CAP: return true;
    default: return false;
    }
}

static bool has_pat(const struct cpu *cpu)
{
    return (cpu->model->features_edx >> 16 & 1) != 0;
}

/* Every byte is a memory type: UC, WC, WT, WP, WB or UC- (SDM 3A 11.12.2). */
static bool write_pat(struct cpu *cpu, uint64_t value)
{
    enum { MEMORY_TYPES = 0xF3 }; /* one bit a type */
    for (unsigned i = 0; i < 64; i += 8) {
        unsigned type = value >> i & 0xFF;
        if (type > 7 || !(MEMORY_TYPES >> type & 1))
            return false;
    }
    cpu->msr.pat = value;
    return true;
}

bool msr_read(struct cpu *cpu, uint32_t index, uint64_t *value)
{
    const uint64_t *storage = plain(cpu, index);
    uint64_t reserved;
    *value = 0;
    if (!storage)
        storage = address_register(cpu, index);
    if (!storage)
        storage = narrow_register(cpu, index);
    if (!storage)
        storage = mtrr_register(cpu, index);
    if (!storage)
        storage = masked_register(cpu, index, &reserved);
    if (storage) {
        *value = *storage;
        return true;
    }
    switch (index) {
    case IA32_TSC: *value = cpu_tsc_ticks(cpu) + cpu->msr.tsc_offset; return true;
    case MTRRCAP: *value = MTRR_CAPABILITIES; return is_p6(cpu);
    case IA32_ARCH_CAPABILITIES:
        *value = ARCH_CAPABILITIES;
        return cpu_model_has_arch_capabilities(cpu->model);
    case PERFCTR0:
    case PERFCTR1: *value = cpu->msr.perfctr[index - PERFCTR0]; return is_p6(cpu);
    case IA32_PAT: *value = cpu->msr.pat; return has_pat(cpu);
    case IA32_EFER: *value = cpu->efer; return cpu_model_efer_mask(cpu->model) != 0;
    default:
        if (reads_zero(cpu, index))
            return true;
        log_write(&cpu->log, LOG_GUEST, "RDMSR of %08Xh, which this model lacks", index);
        return false;
    }
}

/* Registers that are storage, with at most one rule for values. *found: whether this is one. */
static bool write_storage(struct cpu *cpu, uint32_t index, uint64_t value, bool *found)
{
    uint64_t *storage = plain(cpu, index), *address = address_register(cpu, index);
    uint64_t *narrow = narrow_register(cpu, index), *mtrr = mtrr_register(cpu, index), reserved;
    uint64_t *masked = masked_register(cpu, index, &reserved);
    *found = storage || address || narrow || mtrr || masked;
    if ((address && !is_canonical(value)) || (narrow && value >> 32) || (masked && value & reserved) ||
        (mtrr && !mtrr_value_is_valid(cpu, index, value)))
        return false;
    if (*found)
        *(storage ? storage : address ? address : narrow ? narrow : mtrr ? mtrr : masked) = value;
    return true;
}

/* Processors before long mode take the low half and clear the high one (SDM 3B 17.17). */
static void write_tsc(struct cpu *cpu, uint64_t value)
{
    if (!is_long(cpu))
        value &= UINT32_MAX;
    cpu->msr.tsc_offset = value - cpu_tsc_ticks(cpu);
}

/* The low half, sign-extended to the 40 bits of a counter (SDM 3B 18.6.8). */
static void write_counter(struct cpu *cpu, unsigned number, uint64_t value)
{
    cpu->msr.perfctr[number] = (uint64_t)(int64_t)(int32_t)(uint32_t)value & PERFCTR_MASK;
}

/* STATUS, ADDR and MISC of a machine-check bank: software can only clear them (SDM 3B 15.3.2). */
static bool is_bank_report(uint32_t index)
{
    return index >= IA32_MC0_CTL && (index - IA32_MC0_CTL) % MC_REGISTERS != MC_CTL;
}

bool msr_write(struct cpu *cpu, uint32_t index, uint64_t value)
{
    bool found;
    bool good = write_storage(cpu, index, value, &found);
    if (found)
        return good;
    switch (index) {
    case IA32_TSC: write_tsc(cpu, value); return true;
    case PERFCTR0:
    case PERFCTR1: write_counter(cpu, index - PERFCTR0, value); return is_p6(cpu);
    case IA32_MCG_CAP:
    case IA32_ARCH_CAPABILITIES:
    case IA32_PLATFORM_ID: return false;
    case IA32_BIOS_UPDT_TRIG: return is_p6(cpu);
    case IA32_PAT: return has_pat(cpu) && write_pat(cpu, value);
    case IA32_EFER: return cpu_model_efer_mask(cpu->model) && control_write_efer(cpu, value);
    default:
        if (reads_zero(cpu, index))
            return !is_bank_report(index) || value == 0;
        log_write(&cpu->log, LOG_GUEST, "WRMSR of %08Xh, which this model lacks", index);
        return false;
    }
}
