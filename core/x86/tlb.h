/* SPDX-License-Identifier: MIT */
/* Software TLB: sets of two, part of what the guest can see.
 *
 * The architectural half of an entry (page, frame, rights) is filled, used and dropped by one rule on every
 * engine and travels in snapshots. The fast half is derived: tags that match only where a plain host access
 * is allowed.
 *
 * A full set gives up the entry that was filled first, whichever was used last: engines do not see the same
 * uses. Fast paths look at the front entry of a set alone; slow ones bring the other to the front. Which one
 * stands there is no state: where somebody looks at the state, the younger does.
 *
 *   entry  0 ... TLB_SETS - 1 | TLB_SETS ... 2 * TLB_SETS - 1
 *          front of each set  | back of each set, used only where the front is
 */
#ifndef LATHE_CORE_X86_TLB_H
#define LATHE_CORE_X86_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem/memory.h"

struct cpu;
struct error;

enum { TLB_SHIFT = 12, TLB_SETS = 1 << TLB_SHIFT, TLB_ENTRIES = 2 * TLB_SETS };

#define TLB_NONE UINT64_MAX /* never equal to a page-aligned address */
#define MEM_NONE UINT64_MAX

/* Not canonical, and further than a page from any address that is. */
#define FETCH_NONE (UINT64_C(1) << 62)

enum tlb_right {
    TLB_WRITABLE = 1 << 0, /* R/W of every level */
    TLB_USER = 1 << 1,     /* U/S of every level */
    TLB_NX = 1 << 2,
    TLB_DIRTY = 1 << 3,  /* D is set in memory: a write needs no walk */
    TLB_GLOBAL = 1 << 4, /* survives MOV CR3 */
    TLB_LARGE = 1 << 5,  /* piece of a 2M, 4M or 1G page: INVLPG drops all of them */
    TLB_HUGE = 1 << 6,   /* with TLB_LARGE: of a 1G page */
};

struct tlb_entry {
    uint64_t read[2], write[2]; /* derived: linear page for [supervisor, user], or TLB_NONE */
    uint64_t addend;            /* derived: host address = linear + addend */
    gva_t page;                 /* linear page address, or TLB_NONE: free */
    gpa_t frame;                /* physical page address, before A20; 0 where free */
    uint32_t rights;            /* enum tlb_right; 0 where free */
    uint32_t beside_code;       /* derived: bit 0 supervisor, bit 1 user: stores only have to be reported */
};

struct tlb {
    struct tlb_entry entry[TLB_ENTRIES];
    uint64_t full[TLB_SETS / 64];           /* a bit for each set: both entries are in use, */
    uint64_t front_is_older[TLB_SETS / 64]; /* and the back one was filled last */
    uint64_t digest;             /* derived: of what is architectural, so that comparing TLBs costs nothing */
    uint16_t filled[TLB_SETS];   /* sets in use, so that a flush costs what was filled */
    uint16_t position[TLB_SETS]; /* where each used set stands in `filled` */
    uint32_t filled_count;
};

/* For figures alone. */
struct tlb_counts {
    uint64_t lookups; /* of accesses and fetches that no fast half served */
    uint64_t walks;   /* of page tables */
};

/* The page of an address, as entries have it. */
static inline gva_t tlb_page_of(gva_t address)
{
    return address & ~(gva_t)(MEM_PAGE_SIZE - 1);
}

/* The set of an address. */
static inline unsigned tlb_index(gva_t address)
{
    return (unsigned)(address >> MEM_PAGE_SHIFT) & (TLB_SETS - 1);
}

void tlb_init(struct tlb *tlb);

/* Entry for an address, or NULL. */
const struct tlb_entry *tlb_find(const struct tlb *tlb, gva_t address);

/* The front entry of an address' set: the one for the address, if there is one. Pointers to the set's entries
 * that somebody holds are void. */
struct tlb_entry *tlb_front(struct tlb *tlb, gva_t address);

/* Puts a translation in the front of its set and derives its fast half. Takes the place of the one that the
 * page had, or else of the entry filled first where there are two. */
struct tlb_entry *tlb_fill(struct cpu *cpu, gva_t address, gpa_t frame, uint32_t rights);

/* Brings the younger entry of each set to the front, as the state has it. */
void tlb_order(struct tlb *tlb);

/* MOV CR3 keeps global entries; everything else that flushes drops them too. Also forgets the code page. */
void tlb_flush(struct cpu *cpu, bool keep_global);
void tlb_flush_page(struct cpu *cpu, gva_t address);

/* Recomputes the fast half of all entries (A20, CR0.WP, the physical map changed) or of those that let stores
 * to a page of memory pass (it holds code now). */
void tlb_derive_all(struct cpu *cpu);
void tlb_derive_memory_page(struct cpu *cpu, mem_t page);
void tlb_derive_entry(struct cpu *cpu, struct tlb_entry *entry);

/* Entries were loaded into an empty TLB: recomputes everything but page, frame and rights. */
void tlb_rebuild(struct cpu *cpu);

/* For tests: the list of used sets and the digest are right, and no fast half allows more than the physical
 * map and the entry's rights do. False with *err where not. */
bool tlb_check(struct cpu *cpu, struct error *err);

#endif
