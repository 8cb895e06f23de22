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

static void free_entry(struct tlb_entry *entry)
{
    *entry = (struct tlb_entry){.page = TLB_NONE};
    derive_none(entry);
}

void tlb_init(struct tlb *tlb)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        free_entry(&tlb->entry[i]);
    for (unsigned i = 0; i < TLB_SETS; i++)
        tlb->filled[i] = tlb->position[i] = 0;
    for (unsigned i = 0; i < TLB_SETS / 64; i++)
        tlb->full[i] = tlb->front_is_older[i] = 0;
    tlb->filled_count = 0;
    tlb->digest = 0;
}

static bool has_bit(const uint64_t *bits, unsigned set)
{
    return bits[set / 64] >> set % 64 & 1;
}

static void set_bit(uint64_t *bits, unsigned set, bool value)
{
    bits[set / 64] = (bits[set / 64] & ~(UINT64_C(1) << set % 64)) | (uint64_t)value << set % 64;
}

/* The first full set from one on; TLB_SETS: there is none. */
static unsigned next_full(const struct tlb *tlb, unsigned set)
{
    for (; set < TLB_SETS; set = (set | 63) + 1) {
        uint64_t bits = tlb->full[set / 64] >> set % 64;
        if (bits)
            return set + (unsigned)__builtin_ctzll(bits);
    }
    return TLB_SETS;
}

/* Of a full set. */
static void exchange(struct tlb *tlb, unsigned set)
{
    struct tlb_entry front = tlb->entry[set];
    tlb->entry[set] = tlb->entry[set + TLB_SETS];
    tlb->entry[set + TLB_SETS] = front;
    set_bit(tlb->front_is_older, set, !has_bit(tlb->front_is_older, set));
}

const struct tlb_entry *tlb_find(const struct tlb *tlb, gva_t address)
{
    const struct tlb_entry *front = &tlb->entry[tlb_index(address)], *back = front + TLB_SETS;
    gva_t page = tlb_page_of(address);
    return front->page == page ? front : back->page == page ? back : NULL;
}

struct tlb_entry *tlb_front(struct tlb *tlb, gva_t address)
{
    unsigned set = tlb_index(address);
    if (tlb->entry[set + TLB_SETS].page == tlb_page_of(address))
        exchange(tlb, set);
    return &tlb->entry[set];
}

void tlb_order(struct tlb *tlb)
{
    for (unsigned set = next_full(tlb, 0); set < TLB_SETS; set = next_full(tlb, set + 1))
        if (has_bit(tlb->front_is_older, set))
            exchange(tlb, set);
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

static uint64_t mix(const struct tlb_entry *entry, bool older)
{
    uint64_t sum = entry->page | (older ? 1u : 0u);
    sum = (sum ^ sum >> 29) * UINT64_C(0xBF58476D1CE4E5B9) + entry->frame;
    sum = (sum ^ sum >> 32) * UINT64_C(0x94D049BB133111EB) + entry->rights;
    sum = (sum ^ sum >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 30;
}

/* A set's share of the digest: the same in whichever order its entries stand. */
static uint64_t digest_of(const struct tlb *tlb, unsigned set)
{
    const struct tlb_entry *front = &tlb->entry[set], *back = front + TLB_SETS;
    if (front->page == TLB_NONE)
        return 0;
    if (!has_bit(tlb->full, set))
        return mix(front, false);
    bool older = has_bit(tlb->front_is_older, set);
    return mix(front, older) ^ mix(back, !older);
}

/* Nothing leads to the entry any more. */
static void forget(struct cpu *cpu, struct tlb_entry *entry)
{
    gva_t page = entry->page;
    free_entry(entry);
    mirror(cpu, entry, page);
}

/* Makes room in the front of a set for a page that it does not hold. */
static void make_room(struct cpu *cpu, unsigned set)
{
    struct tlb *tlb = &cpu->tlb;
    struct tlb_entry *front = &tlb->entry[set], *back = front + TLB_SETS;
    if (front->page == TLB_NONE) {
        tlb->position[set] = (uint16_t)tlb->filled_count;
        tlb->filled[tlb->filled_count++] = (uint16_t)set;
        return;
    }
    if (has_bit(tlb->front_is_older, set)) {
        forget(cpu, front);
        return;
    }
    if (has_bit(tlb->full, set))
        forget(cpu, back);
    *back = *front;
    set_bit(tlb->full, set, true);
}

struct tlb_entry *tlb_fill(struct cpu *cpu, gva_t address, gpa_t frame, uint32_t rights)
{
    struct tlb *tlb = &cpu->tlb;
    unsigned set = tlb_index(address);
    struct tlb_entry *entry = tlb_front(tlb, address);
    tlb->digest ^= digest_of(tlb, set);
    if (entry->page != tlb_page_of(address))
        make_room(cpu, set);
    entry->page = tlb_page_of(address);
    entry->frame = frame;
    entry->rights = rights;
    set_bit(tlb->front_is_older, set, false);
    tlb->digest ^= digest_of(tlb, set);
    tlb_derive_entry(cpu, entry);
    return entry;
}

static void unlist(struct tlb *tlb, unsigned set)
{
    unsigned hole = tlb->position[set];
    uint16_t last = tlb->filled[--tlb->filled_count];
    tlb->filled[hole] = last;
    tlb->position[last] = (uint16_t)hole;
}

static void drop(struct cpu *cpu, struct tlb_entry *entry)
{
    struct tlb *tlb = &cpu->tlb;
    unsigned set = tlb_index(entry->page);
    struct tlb_entry *front = &tlb->entry[set], *back = front + TLB_SETS;
    tlb->digest ^= digest_of(tlb, set);
    forget(cpu, entry);
    if (!has_bit(tlb->full, set)) {
        unlist(tlb, set);
        return;
    }
    if (entry == front) {
        *front = *back;
        free_entry(back);
    }
    set_bit(tlb->full, set, false);
    set_bit(tlb->front_is_older, set, false);
    tlb->digest ^= digest_of(tlb, set);
}

/* Drops the entries, the back one of each set first, that a function says. */
static void drop_where(struct cpu *cpu, bool (*says)(const struct tlb_entry *, gva_t), gva_t address)
{
    struct tlb *tlb = &cpu->tlb;
    for (unsigned i = tlb->filled_count; i-- > 0;) {
        unsigned set = tlb->filled[i];
        struct tlb_entry *front = &tlb->entry[set], *back = front + TLB_SETS;
        if (has_bit(tlb->full, set) && says(back, address))
            drop(cpu, back);
        if (says(front, address))
            drop(cpu, front);
    }
}

static bool is_local(const struct tlb_entry *entry, gva_t address)
{
    (void)address;
    return !(entry->rights & TLB_GLOBAL);
}

static void drop_all(struct cpu *cpu)
{
    struct tlb *tlb = &cpu->tlb;
    for (unsigned i = 0; i < tlb->filled_count; i++)
        forget(cpu, &tlb->entry[tlb->filled[i]]);
    for (unsigned set = next_full(tlb, 0); set < TLB_SETS; set = next_full(tlb, set + 1)) {
        forget(cpu, &tlb->entry[set + TLB_SETS]);
        set_bit(tlb->full, set, false);
        set_bit(tlb->front_is_older, set, false);
    }
    tlb->filled_count = 0;
    tlb->digest = 0;
}

void tlb_flush(struct cpu *cpu, bool keep_global)
{
    cpu->fetch_page = FETCH_NONE;
    if (keep_global)
        drop_where(cpu, is_local, 0);
    else
        drop_all(cpu);
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
    struct tlb_entry *entry = tlb_front(&cpu->tlb, address);
    bool found = entry->page == tlb_page_of(address), large = !found || (entry->rights & TLB_LARGE);
    cpu->fetch_page = FETCH_NONE;
    if (found)
        drop(cpu, entry);
    if (large)
        drop_where(cpu, same_large_page, address);
}

void tlb_derive_all(struct cpu *cpu)
{
    struct tlb *tlb = &cpu->tlb;
    for (unsigned i = 0; i < tlb->filled_count; i++)
        tlb_derive_entry(cpu, &tlb->entry[tlb->filled[i]]);
    for (unsigned set = next_full(tlb, 0); set < TLB_SETS; set = next_full(tlb, set + 1))
        tlb_derive_entry(cpu, &tlb->entry[set + TLB_SETS]);
}

static void derive_if_stores_go_to(struct cpu *cpu, struct tlb_entry *entry, uint64_t host)
{
    if (entry->write[0] == entry->page && entry->page + entry->addend == host)
        tlb_derive_entry(cpu, entry);
}

void tlb_derive_memory_page(struct cpu *cpu, mem_t page)
{
    struct tlb *tlb = &cpu->tlb;
    uint64_t host = (uint64_t)(uintptr_t)cpu->memory->host + page;
    for (unsigned i = 0; i < tlb->filled_count; i++)
        derive_if_stores_go_to(cpu, &tlb->entry[tlb->filled[i]], host);
    for (unsigned set = next_full(tlb, 0); set < TLB_SETS; set = next_full(tlb, set + 1))
        derive_if_stores_go_to(cpu, &tlb->entry[set + TLB_SETS], host);
}

/* What a state says that no state of ours would (an entry in another's set) is left out. */
void tlb_rebuild(struct cpu *cpu)
{
    struct tlb *tlb = &cpu->tlb;
    tlb->filled_count = 0;
    tlb->digest = 0;
    for (unsigned set = 0; set < TLB_SETS; set++) {
        struct tlb_entry *way[2] = {&tlb->entry[set + TLB_SETS], &tlb->entry[set]};
        struct tlb_entry loaded[2] = {*way[0], *way[1]};
        free_entry(way[0]);
        free_entry(way[1]);
        set_bit(tlb->full, set, false);
        set_bit(tlb->front_is_older, set, false);
        for (unsigned i = 0; i < 2; i++)
            if (loaded[i].page != TLB_NONE && tlb_index(loaded[i].page) == set)
                tlb_fill(cpu, loaded[i].page, loaded[i].frame, loaded[i].rights);
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

static bool check_entry(struct cpu *cpu, const struct tlb_entry *entry, struct error *err)
{
    struct tlb_entry allowed = *entry;
    if (entry->page == TLB_NONE)
        derive_none(&allowed);
    else
        derive(cpu, &allowed);
    return no_faster(entry, &allowed) ||
           error_set(err, "TLB entry of page %llx: its fast half allows too much",
                     (unsigned long long)entry->page);
}

static bool check_set(struct cpu *cpu, unsigned set, struct error *err)
{
    const struct tlb *tlb = &cpu->tlb;
    const struct tlb_entry *front = &tlb->entry[set], *back = front + TLB_SETS;
    bool used = front->page != TLB_NONE, both = back->page != TLB_NONE;
    unsigned position = tlb->position[set];
    if (!check_entry(cpu, front, err) || !check_entry(cpu, back, err))
        return false;
    if ((both && (!used || back->page == front->page || tlb_index(back->page) != set)) ||
        (used && tlb_index(front->page) != set))
        return error_set(err, "TLB set %u has pages %llx and %llx, which cannot be", set,
                         (unsigned long long)front->page, (unsigned long long)back->page);
    if (has_bit(tlb->full, set) != both || (has_bit(tlb->front_is_older, set) && !both))
        return error_set(err, "TLB set %u has bits that say too much or too little", set);
    return !used || (position < tlb->filled_count && tlb->filled[position] == set) ||
           error_set(err, "TLB set %u is not where the list says", set);
}

bool tlb_check(struct cpu *cpu, struct error *err)
{
    unsigned used = 0;
    uint64_t digest = 0;
    for (unsigned set = 0; set < TLB_SETS; set++) {
        if (!check_set(cpu, set, err))
            return false;
        used += cpu->tlb.entry[set].page != TLB_NONE;
        digest ^= digest_of(&cpu->tlb, set);
    }
    if (digest != cpu->tlb.digest)
        return error_set(err, "the TLB's digest is not of what it holds");
    return used == cpu->tlb.filled_count ||
           error_set(err, "%u TLB sets in use, %u listed", used, cpu->tlb.filled_count);
}
