/* SPDX-License-Identifier: MIT */
/* Paging and the TLB (SDM 3A 4): rights, A and D bits, large pages, PAE, global pages, staleness. */
#include "core/x86/access.h"
#include "core/x86/mmu.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum { DIRECTORY = 0x10000, TABLE = 0x11000, FRAME = 0x20000, OTHER = 0x21000 };
enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };

#define PAGE        UINT64_C(0x00403000) /* directory entry 1, table entry 3 */
#define PDE         (DIRECTORY + 4)
#define PTE         (TABLE + 12)
#define FAULT(code) ((int64_t)VECTOR_PF << 16 | (code))
#define NONE        INT64_C(-1)

static struct cpu_fixture f;

static void start(void)
{
    cpu_fixture_init(&f, "pentiumpro");
    f.cpu->cr0 |= CR0_PE | CR0_PG;
    f.cpu->cr3 = DIRECTORY;
    cpu_derive(f.cpu);
    cpu_fixture_poke(&f, PDE, 4, TABLE | P | W | U);
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | W | U);
}

static void finish(void)
{
    cpu_fixture_free(&f);
}

static int64_t access_page(gva_t address, bool write, bool user)
{
    uint64_t value;
    bool done = write ? linear_write(f.cpu, address, 4, user, 0x12345678)
                      : linear_read(f.cpu, address, 4, user, &value);
    int64_t fault = cpu_fixture_take_fault(&f);
    ck_assert_int_eq(done, fault == NONE);
    return fault;
}

static uint64_t pte(void)
{
    return cpu_fixture_peek(&f, PTE, 4);
}

START_TEST(accessed_and_dirty_bits)
{
    start();
    ck_assert_int_eq(access_page(PAGE, false, false), NONE);
    ck_assert_uint_eq(pte(), FRAME | P | W | U | A);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PDE, 4), TABLE | P | W | U | A);
    ck_assert_int_eq(access_page(PAGE, true, false), NONE);
    ck_assert_uint_eq(pte(), FRAME | P | W | U | A | D);
    ck_assert_uint_eq(cpu_fixture_peek(&f, FRAME, 4), 0x12345678);
    finish();
}
END_TEST

START_TEST(error_codes)
{
    start();
    cpu_fixture_poke(&f, PTE, 4, FRAME | W | U);
    ck_assert_int_eq(access_page(PAGE + 8, false, false), FAULT(0));
    ck_assert_uint_eq(f.cpu->cr2, PAGE + 8);
    ck_assert_int_eq(access_page(PAGE, true, true), FAULT(PF_W | PF_U));
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | U);
    ck_assert_int_eq(access_page(PAGE, true, true), FAULT(PF_P | PF_W | PF_U));
    ck_assert_int_eq(access_page(PAGE, false, true), NONE);
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | W);
    tlb_flush(f.cpu, false);
    ck_assert_int_eq(access_page(PAGE, false, true), FAULT(PF_P | PF_U));
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | W | U);
    cpu_fixture_poke(&f, PDE, 4, TABLE | P | W); /* both levels must agree */
    tlb_flush(f.cpu, false);
    ck_assert_int_eq(access_page(PAGE, false, true), FAULT(PF_P | PF_U));
    finish();
}
END_TEST

START_TEST(a_fault_sets_no_bits)
{
    start();
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | U);
    ck_assert_int_eq(access_page(PAGE, true, true), FAULT(PF_P | PF_W | PF_U));
    ck_assert_uint_eq(pte(), FRAME | P | U);
    finish();
}
END_TEST

START_TEST(write_protect_binds_the_supervisor)
{
    start();
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | U);
    ck_assert_int_eq(access_page(PAGE, true, false), NONE);
    tlb_flush(f.cpu, false);
    f.cpu->cr0 |= CR0_WP;
    ck_assert_int_eq(access_page(PAGE, true, false), FAULT(PF_P | PF_W));
    finish();
}
END_TEST

START_TEST(translations_stay_until_flushed)
{
    start();
    cpu_fixture_poke(&f, FRAME, 4, 1);
    cpu_fixture_poke(&f, OTHER, 4, 2);
    uint64_t value;
    ck_assert(linear_read(f.cpu, PAGE, 4, false, &value));
    cpu_fixture_poke(&f, PTE, 4, OTHER | P | W | U);
    ck_assert(linear_read(f.cpu, PAGE, 4, false, &value));
    ck_assert_uint_eq(value, 1); /* stale, as on hardware */
    tlb_flush_page(f.cpu, PAGE);
    ck_assert(linear_read(f.cpu, PAGE, 4, false, &value));
    ck_assert_uint_eq(value, 2);
    finish();
}
END_TEST

START_TEST(more_rights_in_memory_need_no_flush)
{
    start();
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | U);
    ck_assert_int_eq(access_page(PAGE, false, true), NONE);
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | W | U);
    ck_assert_int_eq(access_page(PAGE, true, true), NONE);
    finish();
}
END_TEST

START_TEST(large_pages)
{
    start();
    f.cpu->cr4 |= CR4_PSE;
    cpu_fixture_poke(&f, PDE, 4, P | W | PS); /* 4 MiB at 400000h onto 0 */
    ck_assert_int_eq(access_page(0x420000, true, false), NONE);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x20000, 4), 0x12345678);
    ck_assert_uint_eq(cpu_fixture_peek(&f, PDE, 4), P | W | PS | A | D);
    ck_assert_ptr_nonnull(tlb_find(&f.cpu->tlb, 0x420000));
    tlb_flush_page(f.cpu, 0x400000); /* any address of the page drops all of it */
    ck_assert_ptr_null(tlb_find(&f.cpu->tlb, 0x420000));
    cpu_fixture_poke(&f, PDE, 4, 0x2000 | P | W | PS); /* a reserved bit */
    ck_assert_int_eq(access_page(0x420000, false, false), FAULT(PF_P | PF_RSVD));
    finish();
}
END_TEST

/* PSE-36: bits 13-16 are address bits 32-35 where CPUID announces it; bits above stay reserved. */
START_TEST(large_pages_above_4_gib)
{
    gpa_t physical;
    cpu_fixture_init(&f, "pentium2");
    f.cpu->cr0 |= CR0_PE | CR0_PG;
    f.cpu->cr4 |= CR4_PSE;
    f.cpu->cr3 = DIRECTORY;
    cpu_derive(f.cpu);
    cpu_fixture_poke(&f, PDE, 4, 0x00C1A000 | P | W | PS); /* 1101b in bits 13-16 */
    ck_assert_int_eq(access_page(0x412345, false, false), NONE);
    ck_assert_uint_eq(tlb_find(&f.cpu->tlb, 0x412345)->frame, UINT64_C(0xD00C12000));
    ck_assert(mmu_peek(f.cpu, 0x412345, &physical));
    ck_assert_uint_eq(physical, UINT64_C(0xD00C12345));
    cpu_fixture_poke(&f, PDE, 4, 0x20000 | P | W | PS);
    tlb_flush(f.cpu, false);
    ck_assert_int_eq(access_page(0x412345, false, false), FAULT(PF_P | PF_RSVD));
    finish();
}
END_TEST

START_TEST(large_pages_need_pse)
{
    start();
    cpu_fixture_poke(&f, PDE, 4, TABLE | P | W | U | PS);
    ck_assert_int_eq(access_page(PAGE, false, false), NONE); /* PS is ignored: a table */
    finish();
}
END_TEST

START_TEST(global_pages_survive_cr3)
{
    start();
    f.cpu->cr4 |= CR4_PGE;
    cpu_fixture_poke(&f, PTE, 4, FRAME | P | W | U | G);
    cpu_fixture_poke(&f, PTE + 4, 4, OTHER | P | W | U);
    ck_assert_int_eq(access_page(PAGE, false, false), NONE);
    ck_assert_int_eq(access_page(PAGE + 0x1000, false, false), NONE);
    tlb_flush(f.cpu, true);
    ck_assert_ptr_nonnull(tlb_find(&f.cpu->tlb, PAGE));
    ck_assert_ptr_null(tlb_find(&f.cpu->tlb, PAGE + 0x1000));
    tlb_flush(f.cpu, false);
    ck_assert_ptr_null(tlb_find(&f.cpu->tlb, PAGE));
    finish();
}
END_TEST

START_TEST(pae)
{
    start();
    f.cpu->cr4 |= CR4_PAE;
    cpu_fixture_poke(&f, 0x30000, 8, 0x31000 | P); /* pointer 0 */
    cpu_fixture_poke(&f, 0x30008, 8, 0);
    cpu_fixture_poke(&f, 0x30010, 8, 0);
    cpu_fixture_poke(&f, 0x30018, 8, 0);
    cpu_fixture_poke(&f, 0x31010, 8, 0x32000 | P | W); /* 400000h: directory entry 2 */
    cpu_fixture_poke(&f, 0x32018, 8, FRAME | P | W);
    cpu_fixture_poke(&f, 0x31018, 8, 0x200000 | P | W | PS); /* 600000h: a 2 MiB page */
    f.cpu->cr3 = 0x30000;
    ck_assert(mmu_load_pdptes(f.cpu, f.cpu->cr3));
    ck_assert_int_eq(access_page(PAGE, true, false), NONE);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x32018, 8), FRAME | P | W | A | D);
    ck_assert_int_eq(access_page(0x601000, true, false), NONE);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x201000, 4), 0x12345678);
    ck_assert_int_eq(access_page(0x40000000, false, false), FAULT(0)); /* pointer 1 is absent */
    cpu_fixture_poke(&f, 0x32020, 8, UINT64_C(1) << 40 | FRAME | P);
    ck_assert_int_eq(access_page(0x404000, false, false), FAULT(PF_P | PF_RSVD)); /* above 36 bits */
    cpu_fixture_poke(&f, 0x30008, 8, 0x31000 | P | W); /* R/W is reserved in a pointer */
    ck_assert(!mmu_load_pdptes(f.cpu, f.cpu->cr3));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), (int64_t)VECTOR_GP << 16);
    finish();
}
END_TEST

START_TEST(accesses_across_pages_are_all_or_nothing)
{
    start();
    cpu_fixture_poke(&f, FRAME + 0xFFC, 4, 0xAAAAAAAA);
    ck_assert(!linear_write(f.cpu, PAGE + 0xFFE, 4, false, 0x11223344));
    ck_assert_int_eq(cpu_fixture_take_fault(&f), FAULT(PF_W));
    ck_assert_uint_eq(f.cpu->cr2, PAGE + 0x1000);
    ck_assert_uint_eq(cpu_fixture_peek(&f, FRAME + 0xFFC, 4), 0xAAAAAAAA);
    cpu_fixture_poke(&f, PTE + 4, 4, OTHER | P | W | U);
    ck_assert(linear_write(f.cpu, PAGE + 0xFFE, 4, false, 0x11223344));
    ck_assert_uint_eq(cpu_fixture_peek(&f, FRAME + 0xFFC, 4), 0x3344AAAA);
    ck_assert_uint_eq(cpu_fixture_peek(&f, OTHER, 2), 0x1122);
    finish();
}
END_TEST

START_TEST(probing_sets_dirty_without_writing)
{
    start();
    cpu_fixture_poke(&f, FRAME, 4, 77);
    ck_assert(linear_probe(f.cpu, PAGE, 16, false, true));
    ck_assert_uint_eq(pte() & (A | D), A | D);
    ck_assert_uint_eq(cpu_fixture_peek(&f, FRAME, 4), 77);
    ck_assert(!linear_probe(f.cpu, PAGE + 0xFF8, 16, false, true));
    finish();
}
END_TEST

START_TEST(peeking_changes_nothing)
{
    start();
    gpa_t physical;
    ck_assert(mmu_peek(f.cpu, PAGE + 0x123, &physical));
    ck_assert_uint_eq(physical, FRAME + 0x123);
    ck_assert_uint_eq(pte(), FRAME | P | W | U);
    ck_assert_ptr_null(tlb_find(&f.cpu->tlb, PAGE));
    ck_assert(!mmu_peek(f.cpu, 0x800000, &physical));
    ck_assert(!f.cpu->exception.pending);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {accessed_and_dirty_bits,
                                  error_codes,
                                  a_fault_sets_no_bits,
                                  write_protect_binds_the_supervisor,
                                  translations_stay_until_flushed,
                                  more_rights_in_memory_need_no_flush,
                                  large_pages,
                                  large_pages_above_4_gib,
                                  large_pages_need_pse,
                                  global_pages_survive_cr3,
                                  pae,
                                  accesses_across_pages_are_all_or_nothing,
                                  probing_sets_dirty_without_writing,
                                  peeking_changes_nothing};
    return suite_run("mmu", tests, sizeof tests / sizeof *tests);
}
