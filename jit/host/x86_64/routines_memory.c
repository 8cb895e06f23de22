/* SPDX-License-Identifier: MIT */
/* Stores of translated code to pages that hold code: programs of real mode have their stacks and data there.
 * Look-ups of 64-bit code in the back of a set of the TLB. */
#include "jit/host/x86_64/routines_memory.h"

#include "core/x86/tlb.h"
#include "jit/block.h"
#include "jit/host/x86_64/layout.h"

enum { DIGIT_SHR = 5, BT = 0x0FA3, REFUSALS = 4 };

static const uint8_t spare[] = {RAX, RCX, RDX};

static void save_spare(struct assembler *as)
{
    for (unsigned i = 0; i < sizeof spare; i++)
        asm_byte(as, 0x50u | spare[i]);
}

static void restore_spare(struct assembler *as)
{
    for (unsigned i = sizeof spare; i-- > 0;)
        asm_byte(as, 0x58u | spare[i]);
}

static void shift_right(struct assembler *as, unsigned reg, unsigned count)
{
    asm_rr(as, 8, 0xC1, DIGIT_SHR, reg);
    asm_byte(as, count);
}

static void and_imm(struct assembler *as, unsigned reg, uint32_t mask)
{
    asm_rr(as, 4, 0x81, 4, reg);
    asm_imm32(as, mask);
}

/* A field of the TLB entry that RCX says. */
static struct host_mem entry_at(size_t field)
{
    struct host_mem mem = cpu_at(offsetof(struct cpu, tlb.entry) + field);
    mem.index = RCX;
    return mem;
}

/* The entry of the address in R8 must be of its page, and let stores beside code pass. RAX: its addend. */
static void find_entry(struct assembler *as, unsigned user, uint8_t **refused)
{
    _Static_assert(sizeof(struct tlb_entry) == 64, "shift below");
    asm_mov_rr(as, 4, RAX, R8);
    asm_mov_rr(as, 4, RCX, RAX);
    shift_right(as, RCX, MEM_PAGE_SHIFT - 6);
    and_imm(as, RCX, (TLB_SETS - 1) << 6);
    and_imm(as, RAX, ~(uint32_t)(MEM_PAGE_SIZE - 1));
    asm_rm(as, 8, 0x3B, RAX, entry_at(offsetof(struct tlb_entry, page)));
    refused[0] = asm_jcc(as, CC_NE, NULL);
    asm_rm(as, 1, 0xF6, 0, entry_at(offsetof(struct tlb_entry, beside_code)));
    asm_byte(as, 1u << user);
    refused[1] = asm_jcc(as, CC_E, NULL);
    asm_load(as, 8, RAX, entry_at(offsetof(struct tlb_entry, addend)));
}

/* No code in the lines of the first and the last byte. Lines of all pages are one string of bits. */
static void check_lines(struct assembler *as, const struct memory *memory, uint8_t **refused)
{
    asm_lea(as, 8, RCX, (struct host_mem){RAX, R8, 0, 0});
    asm_mov_imm(as, RDX, (uint64_t)(uintptr_t)memory->host);
    asm_rr(as, 8, 0x29, RDX, RCX);
    asm_rr(as, 8, 0x01, RCX, R10);
    asm_mov_imm(as, RDX, (uint64_t)(uintptr_t)memory->code_line);
    shift_right(as, RCX, MEM_LINE_SHIFT);
    shift_right(as, R10, MEM_LINE_SHIFT);
    asm_rm(as, 4, BT, RCX, mem_base(RDX, 0));
    refused[0] = asm_jcc(as, CC_B, NULL);
    asm_rm(as, 4, BT, R10, mem_base(RDX, 0));
    refused[1] = asm_jcc(as, CC_B, NULL);
}

static void make_beside_code(struct assembler *as, struct jit *jit, unsigned user)
{
    uint8_t *refused[REFUSALS];
    jit->routines.beside_code[user] = asm_here(as);
    save_spare(as);
    find_entry(as, user, refused);
    check_lines(as, jit->cpu->memory, refused + 2);
    asm_mov_rr(as, 8, R10, RAX);
    restore_spare(as);
    asm_byte(as, 0xC3);
    for (unsigned i = 0; i < REFUSALS; i++)
        asm_patch(as->to_exec, refused[i], asm_here(as));
    restore_spare(as);
    asm_byte(as, 0xF9); /* STC */
    asm_byte(as, 0xC3);
}

/* Called where the front of a set of the TLB, whose place is in `entry`, is not of the page in T2: ZF where
 * the back is, whose place is there then. */
static const uint8_t *make_look_in_back(struct assembler *as, unsigned entry, size_t tag)
{
    const uint8_t *start = asm_here(as);
    struct host_mem at = cpu_at(offsetof(struct cpu, tlb.entry) + tag);
    at.index = (uint8_t)entry;
    asm_rr(as, 4, 0x81, 0, entry);
    asm_imm32(as, TLB_SETS << 6);
    asm_rm(as, 8, 0x3B, REG_T2, at);
    asm_byte(as, 0xC3);
    return start;
}

static void make_looks_in_back(struct assembler *as, struct jit *jit, unsigned user)
{
    static const size_t tags[2] = {offsetof(struct tlb_entry, read), offsetof(struct tlb_entry, write)};
    for (unsigned writes = 0; writes < 2; writes++) {
        size_t tag = tags[writes] + user * sizeof(uint64_t);
        jit->routines.look_in_back[0][writes][user] = make_look_in_back(as, REG_ADDEND, tag);
        jit->routines.look_in_back[1][writes][user] = make_look_in_back(as, REG_T0, tag);
    }
}

void make_memory_routines(struct assembler *as, struct jit *jit)
{
    for (unsigned user = 0; user < 2; user++)
        make_beside_code(as, jit, user);
    for (unsigned user = 0; user < 2; user++)
        make_looks_in_back(as, jit, user);
}
