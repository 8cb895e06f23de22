/* SPDX-License-Identifier: MIT */
/* Page walks (SDM 3A 4): 32-bit paging with PSE, PAE, 4-level paging. */
#ifndef LATHE_CORE_X86_MMU_H
#define LATHE_CORE_X86_MMU_H

#include "core/x86/cpu.h"

/* A translation found by a walk. */
struct mmu_mapping {
    gpa_t frame;     /* of the 4 KiB page */
    uint32_t rights; /* enum tlb_right; TLB_DIRTY where D is set in memory or was set by this walk */
};

enum mmu_intent { MMU_READ, MMU_WRITE, MMU_FETCH };

/* Walks the tables for one access, checks rights and sets A (and D for writes) as the access does. On a fault
 * *error is the page-fault error code and false is returned; CR2 is not touched. */
bool mmu_walk(struct cpu *cpu, gva_t address, enum mmu_intent intent, bool user, struct mmu_mapping *mapping,
              uint32_t *error);

/* TLB lookup, else walk and fill. Raises #PF (CR2 set), or #GP(0) for an address that is not canonical. NULL
 * on a fault. */
struct tlb_entry *mmu_entry(struct cpu *cpu, gva_t address, enum mmu_intent intent, bool user);

/* Loads the PAE page-directory-pointer registers from CR3; #GP and false where reserved bits are set. */
bool mmu_load_pdptes(struct cpu *cpu, uint64_t cr3);

/* Physical address as it appears on the bus: A20 and address width applied. */
static inline gpa_t mmu_bus_address(const struct cpu *cpu, gpa_t address)
{
    return address & cpu->physical_mask;
}

#endif
