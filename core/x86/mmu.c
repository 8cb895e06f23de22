/* SPDX-License-Identifier: MIT */
/* Page walks (SDM 3A 4.3-4.7). One walker for every paging mode: a mode is a list of levels.
 *
 * Accessed and dirty bits are written once the whole walk has succeeded, so that a fault changes no table.
 */
#include "core/x86/mmu.h"

#include "core/mem/physmap.h"
#include "core/x86/access.h"
#include "core/x86/model.h"

enum {
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_U = 1 << 2,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    PTE_PS = 1 << 7,
    PTE_G = 1 << 8
};

#define PTE_NX UINT64_C(0x8000000000000000)

enum { MAX_LEVELS = 4, LARGE_RESERVED_SHIFT = 13 /* lowest reserved bit of a large page's entry */ };

/* Progress of one walk. */
struct walk {
    unsigned entry_size; /* 4 or 8 bytes */
    unsigned level;      /* 1: page table, 2: page directory, ... */
    gpa_t table;
    gpa_t entry_at[MAX_LEVELS + 1];
    uint64_t entry[MAX_LEVELS + 1];
    unsigned top;        /* the level it started at */
    uint64_t rights_and; /* W and U of all levels */
    bool nx;
};

static unsigned index_bits(const struct walk *walk)
{
    return walk->entry_size == 8 ? 9 : 10;
}

static unsigned level_shift(const struct walk *walk, unsigned level)
{
    return MEM_PAGE_SHIFT + (level - 1) * index_bits(walk);
}

static uint64_t address_mask(const struct cpu *cpu, const struct walk *walk)
{
    if (walk->entry_size == 4)
        return 0xFFFFF000;
    return ((UINT64_C(1) << cpu->model->physical_bits) - 1) & ~UINT64_C(0xFFF);
}

/* A 4 MiB page's bits 13 to 13 + n - 1 are address bits 32 to 31 + n (PSE-36, SDM 3A 4.3). */
static unsigned pse36_bits(const struct cpu *cpu)
{
    unsigned bits = cpu->model->physical_bits;
    return !cpu_model_has_pse36(cpu->model) || bits <= 32 ? 0 : bits > 40 ? 8 : bits - 32;
}

/* Bits that must be zero in a present entry (SDM 3A 4.3, 4.4). */
static uint64_t reserved_bits(const struct cpu *cpu, const struct walk *walk, unsigned level, bool large)
{
    uint64_t reserved = 0;
    if (walk->entry_size == 8) {
        reserved = ~((UINT64_C(1) << cpu->model->physical_bits) - 1) & UINT64_C(0x000FFFFFFFFFFFFF);
        if (!(cpu->efer & EFER_NXE))
            reserved |= PTE_NX;
        if (!(cpu->efer & EFER_LMA))
            reserved |= UINT64_C(0x7FF0000000000000);
    }
    if (level == 4 || (level == 3 && !cpu_model_has_1g_pages(cpu->model)))
        reserved |= PTE_PS;
    if (large) {
        unsigned used = walk->entry_size == 4 ? pse36_bits(cpu) : 0;
        reserved |= ((UINT64_C(1) << level_shift(walk, level)) - 1) &
                    ~((UINT64_C(1) << (LARGE_RESERVED_SHIFT + used)) - 1);
    }
    return reserved;
}

static bool is_large(const struct cpu *cpu, const struct walk *walk, unsigned level, uint64_t entry)
{
    if (!(entry & PTE_PS) || level == 1 || level > 3)
        return false;
    return walk->entry_size == 8 || (cpu->cr4 & CR4_PSE);
}

/* Chooses the mode. False where the PAE pointer entry is not present. */
static bool start(const struct cpu *cpu, gva_t address, struct walk *walk)
{
    *walk = (struct walk){.rights_and = PTE_W | PTE_U};
    if (!(cpu->cr4 & CR4_PAE)) {
        walk->entry_size = 4;
        walk->top = walk->level = 2;
        walk->table = cpu->cr3 & 0xFFFFF000;
        return true;
    }
    walk->entry_size = 8;
    if (cpu_is_long(cpu)) {
        walk->top = walk->level = 4;
        walk->table = cpu->cr3 & address_mask(cpu, walk);
        return true;
    }
    uint64_t pointer = cpu->pdpte[(address >> 30) & 3];
    walk->top = walk->level = 2;
    walk->table = pointer & address_mask(cpu, walk);
    return (pointer & PTE_P) != 0;
}

/* Reads entries down to the leaf. False with the error code's P and RSVD bits on a missing or malformed
 * entry. */
static bool descend(struct cpu *cpu, gva_t address, struct walk *walk, uint32_t *error)
{
    for (;; walk->level--) {
        unsigned level = walk->level;
        uint64_t index = (address >> level_shift(walk, level)) & ((1u << index_bits(walk)) - 1);
        gpa_t at = mmu_bus_address(cpu, walk->table + index * walk->entry_size);
        uint64_t entry = physmap_read(cpu->physmap, at, walk->entry_size);
        walk->entry_at[level] = at;
        walk->entry[level] = entry;
        if (!(entry & PTE_P)) {
            *error = 0;
            return false;
        }
        bool large = is_large(cpu, walk, level, entry);
        if (entry & reserved_bits(cpu, walk, level, large)) {
            *error = PF_P | PF_RSVD;
            return false;
        }
        walk->rights_and &= entry;
        walk->nx |= walk->entry_size == 8 && (entry & PTE_NX);
        if (level == 1 || large)
            return true;
        walk->table = entry & address_mask(cpu, walk);
    }
}

static bool allowed(const struct cpu *cpu, uint32_t rights, enum mmu_intent intent, bool user)
{
    if (user && !(rights & TLB_USER))
        return false;
    if (intent == MMU_FETCH)
        return !(rights & TLB_NX);
    if (intent == MMU_WRITE && !(rights & TLB_WRITABLE))
        return !user && !(cpu->cr0 & CR0_WP);
    return true;
}

static void update_entry(struct cpu *cpu, struct walk *walk, unsigned level, uint64_t bits)
{
    if ((walk->entry[level] & bits) == bits)
        return;
    walk->entry[level] |= bits;
    physmap_write(cpu->physmap, walk->entry_at[level], walk->entry_size, walk->entry[level]);
}

static uint32_t rights_of(const struct cpu *cpu, const struct walk *walk)
{
    uint64_t leaf = walk->entry[walk->level];
    return (walk->rights_and & PTE_W ? TLB_WRITABLE : 0u) | (walk->rights_and & PTE_U ? TLB_USER : 0u) |
           (walk->nx ? TLB_NX : 0u) | (leaf & PTE_D ? TLB_DIRTY : 0u) | (walk->level > 1 ? TLB_LARGE : 0u) |
           (walk->level > 2 ? TLB_HUGE : 0u) | ((leaf & PTE_G) && (cpu->cr4 & CR4_PGE) ? TLB_GLOBAL : 0u);
}

static uint32_t error_code(const struct cpu *cpu, uint32_t found, enum mmu_intent intent, bool user)
{
    bool fetch_bit = intent == MMU_FETCH && (cpu->cr4 & CR4_PAE) && (cpu->efer & EFER_NXE);
    return found | (intent == MMU_WRITE ? PF_W : 0u) | (user ? PF_U : 0u) | (fetch_bit ? PF_I : 0u);
}

/* The physical address that a finished walk leads to. */
static gpa_t leaf_address(const struct cpu *cpu, const struct walk *walk, gva_t address)
{
    uint64_t leaf = walk->entry[walk->level];
    gpa_t span = (gpa_t)1 << level_shift(walk, walk->level);
    gpa_t frame = leaf & address_mask(cpu, walk) & ~(span - 1);
    if (walk->entry_size == 4 && walk->level > 1)
        frame |= (leaf >> LARGE_RESERVED_SHIFT & ((1u << pse36_bits(cpu)) - 1)) << 32;
    return frame | (address & (span - 1));
}

bool mmu_walk(struct cpu *cpu, gva_t address, enum mmu_intent intent, bool user, struct mmu_mapping *mapping,
              uint32_t *error)
{
    if (!(cpu->cr0 & CR0_PG)) {
        *mapping =
            (struct mmu_mapping){address & ~(gpa_t)(MEM_PAGE_SIZE - 1), TLB_WRITABLE | TLB_USER | TLB_DIRTY};
        return true;
    }
    struct walk walk;
    uint32_t found = 0;
    cpu->tlb_counts.walks++;
    if (!start(cpu, address, &walk) || !descend(cpu, address, &walk, &found)) {
        *error = error_code(cpu, found, intent, user);
        return false;
    }
    if (!allowed(cpu, rights_of(cpu, &walk), intent, user)) {
        *error = error_code(cpu, PF_P, intent, user);
        return false;
    }
    for (unsigned level = walk.top; level > walk.level; level--)
        update_entry(cpu, &walk, level, PTE_A);
    update_entry(cpu, &walk, walk.level, intent == MMU_WRITE ? PTE_A | PTE_D : PTE_A);
    mapping->frame = leaf_address(cpu, &walk, address) & ~(gpa_t)(MEM_PAGE_SIZE - 1);
    mapping->rights = rights_of(cpu, &walk);
    return true;
}

/* Whether a cached entry serves the access without looking at memory. */
static bool serves(const struct cpu *cpu, const struct tlb_entry *entry, enum mmu_intent intent, bool user)
{
    if (intent == MMU_WRITE && !(entry->rights & TLB_DIRTY))
        return false;
    return allowed(cpu, entry->rights, intent, user);
}

struct tlb_entry *mmu_entry(struct cpu *cpu, gva_t address, enum mmu_intent intent, bool user)
{
    struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    bool cached = entry->page == tlb_page_of(address);
    cpu->tlb_counts.lookups++;
    if (cached && serves(cpu, entry, intent, user))
        return entry;
    if (!is_canonical(address)) {
        cpu_fault_code(cpu, VECTOR_GP, 0);
        return NULL;
    }
    struct mmu_mapping mapping;
    uint32_t error;
    if (!mmu_walk(cpu, address, intent, user, &mapping, &error)) {
        if (cached)
            tlb_flush_page(cpu, address);
        cpu->cr2 = address;
        cpu_fault_code(cpu, VECTOR_PF, error);
        return NULL;
    }
    return tlb_fill(cpu, address, mapping.frame, mapping.rights);
}

bool mmu_load_pdptes(struct cpu *cpu, uint64_t cr3)
{
    uint64_t reserved = ~((UINT64_C(1) << cpu->model->physical_bits) - 1) | 0x1E6;
    uint64_t loaded[4];
    for (unsigned i = 0; i < 4; i++) {
        loaded[i] = physmap_read(cpu->physmap, mmu_bus_address(cpu, (cr3 & 0xFFFFFFE0) + 8 * i), 8);
        if ((loaded[i] & PTE_P) && (loaded[i] & reserved))
            return cpu_fault_code(cpu, VECTOR_GP, 0);
    }
    for (unsigned i = 0; i < 4; i++)
        cpu->pdpte[i] = loaded[i];
    return true;
}

bool mmu_translate(struct cpu *cpu, gva_t address, bool user, bool write, gpa_t *physical)
{
    const struct tlb_entry *entry = mmu_entry(cpu, address, write ? MMU_WRITE : MMU_READ, user);
    if (!entry)
        return false;
    *physical = mmu_bus_address(cpu, entry->frame) | (address & (MEM_PAGE_SIZE - 1));
    return true;
}

bool mmu_peek(struct cpu *cpu, gva_t address, gpa_t *physical)
{
    gpa_t frame = address & ~(gpa_t)(MEM_PAGE_SIZE - 1);
    if (cpu->cr0 & CR0_PG) {
        struct walk walk;
        uint32_t error;
        if (!start(cpu, address, &walk) || !descend(cpu, address, &walk, &error))
            return false;
        frame = leaf_address(cpu, &walk, address);
    }
    *physical = mmu_bus_address(cpu, (frame & ~(gpa_t)(MEM_PAGE_SIZE - 1)) | (address & (MEM_PAGE_SIZE - 1)));
    return true;
}
