/* SPDX-License-Identifier: MIT */
#include "tests/support/engine_pair.h"

#include <check.h>
#include <string.h>

#include "core/base/error.h"
#include "core/x86/flags.h"
#include "jit/block.h"
#include "jit/check.h"

uint32_t pair_frame_of(uint32_t page)
{
    uint32_t first = DATA >> MEM_PAGE_SHIFT;
    if (page < first || page >= first + DATA_PAGES)
        return page;
    return first + DATA_PAGES - 1 - (page - first);
}

static void map_pages(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, DIRECTORY, 4, TABLE | 7);
    for (uint32_t page = 0; page < 256; page++)
        cpu_fixture_poke(f, TABLE + 4 * page, 4, page == ABSENT >> 12 ? 0 : pair_frame_of(page) << 12 | 7);
    f->cpu->cr3 = DIRECTORY;
    f->cpu->cr0 |= CR0_PG;
    cpu_derive(f->cpu);
}

static void fill_data(struct cpu_fixture *f)
{
    for (uint32_t at = DATA; at < DATA + DATA_PAGES * MEM_PAGE_SIZE; at += 4)
        cpu_fixture_poke(f, at, 4, at * 0x9E3779B1u);
}

static void start_one(struct cpu_fixture *f, const uint8_t *code, size_t size, uint32_t at)
{
    static const uint8_t spin[] = {0xEB, 0xFE};
    protected_fixture_init_model(f, "pentium4");
    map_pages(f);
    fill_data(f);
    f->cpu->cr4 |= CR4_OSFXSR;
    cpu_derive(f->cpu);
    x87_fninit(&f->cpu->x87); /* masked exceptions: the host executes x87 instructions */
    cpu_fixture_load(f, FAULT_CODE, spin, sizeof spin);
    cpu_fixture_gate(f, PF_IDT + 8 * VECTOR_GP, 0x8E, SEL_CODE0, FAULT_CODE, 0);
    cpu_fixture_gate(f, PF_IDT + 8 * VECTOR_PF, 0x8E, SEL_CODE0, FAULT_CODE, 0);
    cpu_fixture_load(f, at, code, size);
    f->cpu->rip = at;
    f->cpu->gpr[GPR_SP] = DATA + 0x5800;
    f->cpu->gpr[GPR_BX] = DATA;
    f->cpu->gpr[GPR_SI] = DATA + 0x3000;
    f->cpu->gpr[GPR_DI] = DATA + 0x5000;
}

void pair_start(struct engine_pair *p, const uint8_t *code, size_t size, uint32_t at)
{
    struct error err = {{0}};
    start_one(&p->interpreted, code, size, at);
    start_one(&p->translated, code, size, at);
    p->jit = jit_new(p->translated.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(p->jit, "%s", err.text);
}

void pair_set(struct engine_pair *p, unsigned gpr, uint64_t value)
{
    p->interpreted.cpu->gpr[gpr] = p->translated.cpu->gpr[gpr] = value;
}

void pair_compare(const struct engine_pair *p)
{
    const struct cpu *a = p->interpreted.cpu, *b = p->translated.cpu;
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(a->gpr[i] == b->gpr[i], "register %u: %llx, translated %llx", i,
                      (unsigned long long)a->gpr[i], (unsigned long long)b->gpr[i]);
    ck_assert_uint_eq(a->rip, b->rip);
    ck_assert_uint_eq(a->fetch_page, b->fetch_page);
    ck_assert_uint_eq(cpu_get_eflags(a), cpu_get_eflags(b));
    ck_assert_mem_eq(a->xmm, b->xmm, sizeof a->xmm);
    ck_assert(!memcmp(a->memory->host, b->memory->host, 1 << 20));
}

void pair_run(struct engine_pair *p, uint64_t insns)
{
    cpu_fixture_run(&p->interpreted, insns);
    cpu_fixture_run(&p->translated, insns);
    pair_compare(p);
}

void pair_run_from(struct engine_pair *p, uint32_t at, uint64_t insns)
{
    p->interpreted.cpu->rip = p->translated.cpu->rip = at;
    pair_set(p, GPR_SP, DATA + 0x5800);
    pair_run(p, insns);
}

bool pair_keeps(const struct engine_pair *p, enum cpu_mode mode)
{
    const struct trace *trace = trace_find(p->translated.cpu, PF_CODE, mode);
    const struct jit_part *part = trace ? trace->translations : NULL;
    for (; part; part = jit_part_at(p->jit, part->next_of_trace))
        if (jit_part_is_entry(part) && jit_block_of(part)->ahead_bytes)
            return true;
    return false;
}

void pair_load(struct engine_pair *p, uint32_t at, const uint8_t *code, size_t size)
{
    cpu_fixture_load(&p->interpreted, at, code, size);
    cpu_fixture_load(&p->translated, at, code, size);
}

/* Brings all pages of DATA into the TLB, as read and written. */
static void touch(struct engine_pair *p)
{
    static const uint8_t code[] = {
        0x83, 0x03, 0x00,                   /* 0: add dword [ebx],0 */
        0x81, 0xC3, 0x00, 0x10, 0x00, 0x00, /*    add ebx,1000h */
        0xEB, 0xF5,                         /*    jmp 0 */
    };
    pair_load(p, TOUCHING_CODE, code, sizeof code);
    pair_set(p, GPR_BX, DATA);
    pair_run_from(p, TOUCHING_CODE, 3 * DATA_PAGES);
}

void pair_begin(struct engine_pair *p, const uint8_t *code, size_t size)
{
    pair_start(p, code, size, PF_CODE);
    touch(p);
    pair_set(p, GPR_AX, 0x1234567);
    pair_set(p, GPR_CX, 0x7FFFFFFF);
    pair_set(p, GPR_DX, 0x12345603);
    pair_set(p, GPR_BX, DATA + 0x100);
    p->interpreted.cpu->rip = p->translated.cpu->rip = PF_CODE;
}

void pair_run_in_slices(struct engine_pair *p, unsigned insns)
{
    unsigned left = insns;
    for (unsigned i = 0; left; i++) {
        unsigned slice = 1 + i * 7 % 23;
        slice = slice < left ? slice : left;
        pair_run(p, slice);
        left -= slice;
    }
}

void pair_finish(struct engine_pair *p)
{
    struct error err = {{0}};
    ck_assert_msg(jit_check(p->jit, &err), "%s", err.text);
    ck_assert_uint_gt(jit_get_stats(p->jit)->blocks, 0);
    jit_free(p->jit);
    cpu_fixture_free(&p->interpreted);
    cpu_fixture_free(&p->translated);
}
