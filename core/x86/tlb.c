/* SPDX-License-Identifier: MIT */
#include "core/x86/tlb.h"

#include "core/base/error.h"
#include "core/mem/physmap.h"
#include "core/x86/cpu.h"
#include "core/x86/engine.h"
#include "core/x86/mmu.h"

static void derive_none(struct tlb_entry *entry)
{
    entry->read[0] = entry->read[1] = TLB_NONE;
    entry->write[0] = entry->write[1] = TLB_NONE;
    entry->beside_code = 0;
}

/* Sets or clears the page's slots in the direct table. */
static void mirror(struct cpu *cpu, const struct tlb_entry *entry, gva_t page)
{
    if (!cpu->direct || page >> 32)
        return;
    uint64_t *slot = cpu->direct + (page >> MEM_PAGE_SHIFT);
    for (unsigned user = 0; user < 2; user++) {
        slot[(DIRECT_READ_SYSTEM + user) * (size_t)DIRECT_PAGES] =
            entry->read[user] == page ? entry->addend : 0;
        slot[(DIRECT_WRITE_SYSTEM + user) * (size_t)DIRECT_PAGES] =
            entry->write[user] == page ? entry->addend : 0;
    }
}

void tlb_init(struct tlb *tlb)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        tlb->entry[i] = (struct tlb_entry){.page = TLB_NONE};
        derive_none(&tlb->entry[i]);
        tlb->filled[i] = tlb->position[i] = 0;
    }
    tlb->filled_count = 0;
}

struct tlb_entry *tlb_find(struct tlb *tlb, gva_t address)
{
    struct tlb_entry *entry = &tlb->entry[tlb_index(address)];
    return entry->page == (address & ~(gva_t)(MEM_PAGE_SIZE - 1)) ? entry : NULL;
}

static void derive(struct cpu *cpu, struct tlb_entry *entry)
{
    derive_none(entry);
    gpa_t bus = mmu_bus_address(cpu, entry->frame);
    mem_t source, target;
    if (!physmap_read_memory(cpu->physmap, bus, &source))
        return;
    bool user = (entry->rights & TLB_USER) != 0;
    entry->addend = (uint64_t)(uintptr_t)cpu->memory->host + source - entry->page;
    entry->read[0] = entry->page;
    if (user)
        entry->read[1] = entry->page;
    if (!(entry->rights & TLB_DIRTY) || !physmap_write_memory(cpu->physmap, bus, &target) || target != source)
        return;
    bool writable = (entry->rights & TLB_WRITABLE) != 0;
    bool allowed[2] = {writable || !(cpu->cr0 & CR0_WP), writable && user};
    bool code = memory_page_has_code(cpu->memory, target);
    for (unsigned level = 0; level < 2; level++) {
        if (allowed[level] && !code)
            entry->write[level] = entry->page;
        else if (allowed[level])
            entry->beside_code |= 1u << level;
    }
}

void tlb_derive_entry(struct cpu *cpu, struct tlb_entry *entry)
{
    derive(cpu, entry);
    mirror(cpu, entry, entry->page);
}

struct tlb_entry *tlb_fill(struct cpu *cpu, gva_t address, gpa_t frame, uint32_t rights)
{
    struct tlb *tlb = &cpu->tlb;
    unsigned index = tlb_index(address);
    struct tlb_entry *entry = &tlb->entry[index];
    if (entry->page == TLB_NONE) {
        tlb->position[index] = (uint16_t)tlb->filled_count;
        tlb->filled[tlb->filled_count++] = (uint16_t)index;
    } else {
        derive_none(entry);
        mirror(cpu, entry, entry->page);
    }
    entry->page = address & ~(gva_t)(MEM_PAGE_SIZE - 1);
    entry->frame = frame;
    entry->rights = rights;
    tlb_derive_entry(cpu, entry);
    return entry;
}

static void drop(struct cpu *cpu, unsigned index)
{
    struct tlb *tlb = &cpu->tlb;
    gva_t page = tlb->entry[index].page;
    unsigned hole = tlb->position[index];
    uint16_t last = tlb->filled[--tlb->filled_count];
    tlb->filled[hole] = last;
    tlb->position[last] = (uint16_t)hole;
    tlb->entry[index].page = TLB_NONE;
    derive_none(&tlb->entry[index]);
    mirror(cpu, &tlb->entry[index], page);
}

void tlb_flush(struct cpu *cpu, bool keep_global)
{
    struct tlb *tlb = &cpu->tlb;
    cpu->fetch_page = FETCH_NONE;
    for (unsigned i = tlb->filled_count; i-- > 0;) {
        unsigned index = tlb->filled[i];
        if (!keep_global || !(tlb->entry[index].rights & TLB_GLOBAL))
            drop(cpu, index);
    }
}

/* A piece of a large page stands for the whole page: which pieces share it is decided by the smallest large
 * size that covers both, 1 GiB, or 4 MiB outside PAE and 2 MiB in it; 4 MiB errs on the side of dropping a
 * neighbour.
 */
static bool same_large_page(const struct tlb_entry *entry, gva_t address)
{
    unsigned shift = entry->rights & TLB_HUGE ? 30 : 22;
    return (entry->rights & TLB_LARGE) && ((entry->page ^ address) >> shift) == 0;
}

void tlb_flush_page(struct cpu *cpu, gva_t address)
{
    struct tlb *tlb = &cpu->tlb;
    cpu->fetch_page = FETCH_NONE;
    struct tlb_entry *entry = tlb_find(tlb, address);
    bool large = !entry || (entry->rights & TLB_LARGE);
    if (entry)
        drop(cpu, tlb_index(address));
    if (!large)
        return;
    for (unsigned i = tlb->filled_count; i-- > 0;) {
        if (same_large_page(&tlb->entry[tlb->filled[i]], address))
            drop(cpu, tlb->filled[i]);
    }
}

void tlb_derive_all(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->tlb.filled_count; i++)
        tlb_derive_entry(cpu, &cpu->tlb.entry[cpu->tlb.filled[i]]);
}

void tlb_derive_memory_page(struct cpu *cpu, mem_t page)
{
    uint64_t host = (uint64_t)(uintptr_t)cpu->memory->host + page;
    for (unsigned i = 0; i < cpu->tlb.filled_count; i++) {
        struct tlb_entry *entry = &cpu->tlb.entry[cpu->tlb.filled[i]];
        if (entry->write[0] == entry->page && entry->page + entry->addend == host)
            tlb_derive_entry(cpu, entry);
    }
}

void tlb_rebuild(struct cpu *cpu)
{
    cpu->tlb.filled_count = 0;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        struct tlb_entry *entry = &cpu->tlb.entry[i], loaded = *entry;
        entry->page = TLB_NONE;
        derive_none(entry);
        if (loaded.page != TLB_NONE)
            tlb_fill(cpu, loaded.page, loaded.frame, loaded.rights);
    }
}

/* A fast half may lag behind what is allowed now (pages that lost their code), never run ahead of it. */
static bool no_faster(const struct tlb_entry *have, const struct tlb_entry *allowed)
{
    bool any = false;
    for (unsigned user = 0; user < 2; user++) {
        if ((have->read[user] != TLB_NONE && have->read[user] != allowed->read[user]) ||
            (have->write[user] != TLB_NONE && have->write[user] != allowed->write[user]) ||
            ((have->beside_code & ~allowed->beside_code) >> user & 1 && allowed->write[user] == TLB_NONE))
            return false;
        any |= have->read[user] != TLB_NONE || have->write[user] != TLB_NONE;
    }
    return !any || have->addend == allowed->addend;
}

static bool check_entry(struct cpu *cpu, unsigned index, struct error *err)
{
    const struct tlb_entry *entry = &cpu->tlb.entry[index];
    struct tlb_entry allowed = *entry;
    if (entry->page == TLB_NONE)
        derive_none(&allowed);
    else
        derive(cpu, &allowed);
    if (!no_faster(entry, &allowed))
        return error_set(err, "TLB entry %u (page %llx): its fast half allows too much", index,
                         (unsigned long long)entry->page);
    if (entry->page == TLB_NONE)
        return true;
    unsigned position = cpu->tlb.position[index];
    if (tlb_index(entry->page) != index || position >= cpu->tlb.filled_count ||
        cpu->tlb.filled[position] != index)
        return error_set(err, "TLB entry %u (page %llx) is misplaced", index,
                         (unsigned long long)entry->page);
    return true;
}

bool tlb_check(struct cpu *cpu, struct error *err)
{
    unsigned used = 0;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        if (!check_entry(cpu, i, err))
            return false;
        used += cpu->tlb.entry[i].page != TLB_NONE;
    }
    return used == cpu->tlb.filled_count ||
           error_set(err, "%u TLB entries in use, %u listed", used, cpu->tlb.filled_count);
}
