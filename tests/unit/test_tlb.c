/* SPDX-License-Identifier: MIT */
/* Sets of the TLB: what stays, what goes, and that uses leave no trace. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/access.h"
#include "core/x86/mmu.h"
#include "core/x86/trace.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum { P = 1, W = 2, U = 4, PS = 0x80, G = 0x100 };

/* Pages of one set are APART bytes apart; each has a table and a frame of its own. */
enum {
    DIRECTORY = 0x10000,
    TABLES = 0x11000,
    FRAMES = 0x20000,
    PAGES = 4,
    APART = TLB_SETS * MEM_PAGE_SIZE,
};

static struct cpu_fixture f;

static gva_t page(unsigned number)
{
    return 0x403000 + (gva_t)number * APART;
}

static gpa_t frame(unsigned number)
{
    return FRAMES + (gpa_t)number * MEM_PAGE_SIZE;
}

static void poke_directory(unsigned number, uint32_t entry)
{
    cpu_fixture_poke(&f, DIRECTORY + 4 * (page(number) >> 22), 4, entry);
}

static void set_rights(unsigned number, unsigned rights)
{
    cpu_fixture_poke(&f, TABLES + number * 0x1000 + 12, 4, frame(number) | rights);
}

static void start(void)
{
    cpu_fixture_init(&f, "pentiumpro");
    f.cpu->cr0 |= CR0_PE | CR0_PG;
    f.cpu->cr4 |= CR4_PGE | CR4_PSE;
    f.cpu->cr3 = DIRECTORY;
    cpu_derive(f.cpu);
    for (unsigned i = 0; i < PAGES; i++) {
        poke_directory(i, (TABLES + i * 0x1000) | P | W | U);
        set_rights(i, P | W | U);
        cpu_fixture_poke(&f, frame(i), 4, i);
    }
}

static void check_tlb(void)
{
    struct error err = {{0}};
    ck_assert_msg(tlb_check(f.cpu, &err), "%s", err.text);
}

static void finish(void)
{
    check_tlb();
    cpu_fixture_free(&f);
}

/* Reads the pages whose numbers are the digits of a text. Returns how many walks that took. */
static uint64_t use(const char *numbers)
{
    uint64_t before = f.cpu->tlb_counts.walks, value;
    for (; *numbers; numbers++) {
        ck_assert(linear_read(f.cpu, page((unsigned)*numbers - '0'), 4, false, &value));
        ck_assert_uint_eq(value, (unsigned)*numbers - '0');
        check_tlb();
    }
    return f.cpu->tlb_counts.walks - before;
}

/* Whether the TLB holds just the pages that are the digits of a text. */
static bool holds(const char *numbers)
{
    for (unsigned i = 0; i < PAGES; i++) {
        const struct tlb_entry *entry = tlb_find(&f.cpu->tlb, page(i));
        if ((entry != NULL) != (strchr(numbers, (int)('0' + i)) != NULL))
            return false;
        if (entry && (entry->page != page(i) || entry->frame != frame(i)))
            return false;
    }
    return true;
}

START_TEST(two_pages_of_a_set_both_stay)
{
    start();
    ck_assert_uint_eq(use("01"), 2);
    ck_assert_uint_eq(use("0110100011"), 0);
    ck_assert(holds("01"));
    finish();
}
END_TEST

START_TEST(the_page_that_was_filled_first_goes)
{
    static const char *const uses[] = {"01", "010", "0101", "01001"};
    for (unsigned i = 0; i < 4; i++) {
        start();
        use(uses[i]);
        ck_assert_uint_eq(use("2"), 1);
        ck_assert(holds("12"));
        use(i % 2 ? "121" : "12");
        ck_assert_uint_eq(use("3"), 1);
        ck_assert(holds("23"));
        finish();
    }
}
END_TEST

START_TEST(a_page_that_is_walked_to_again_was_filled_last)
{
    start();
    use("01");
    ck_assert(linear_write(f.cpu, page(0), 4, false, 0)); /* sets D */
    ck_assert(holds("01"));
    use("2");
    ck_assert(holds("02"));
    finish();
}
END_TEST

START_TEST(invlpg_drops_one_and_leaves_the_other)
{
    static const char *const uses[] = {"01", "010"};
    for (unsigned i = 0; i < 4; i++) {
        start();
        use(uses[i % 2]);
        tlb_flush_page(f.cpu, page(i / 2));
        check_tlb();
        ck_assert(holds(i / 2 ? "0" : "1"));
        ck_assert_uint_eq(use(i / 2 ? "0" : "1"), 0);
        use("2"); /* in the free place */
        ck_assert(holds(i / 2 ? "02" : "12"));
        use("3");
        ck_assert(holds("23"));
        finish();
    }
}
END_TEST

START_TEST(invlpg_drops_large_pages_in_either_place)
{
    enum { PIECE = 0x5000, OTHER_PIECE = 0x9000 };
    for (unsigned i = 0; i < 8; i++) {
        start();
        for (unsigned j = 0; j < 2; j++)
            poke_directory(j, P | W | PS);
        use("2");
        for (unsigned j = 0; j < 2 + i % 2; j++) {
            ck_assert(linear_probe(f.cpu, page(j % 2) + PIECE, 4, false, false));
            ck_assert(linear_probe(f.cpu, page(j % 2) + OTHER_PIECE, 4, false, false));
        }
        unsigned dropped = i / 2 % 2;
        tlb_flush_page(f.cpu, page(dropped) + (i / 4 ? PIECE : 0)); /* which the TLB has, or has not */
        tlb_flush_page(f.cpu, page(2) + PIECE);                     /* small pages have no pieces */
        check_tlb();
        for (unsigned j = 0; j < 2; j++) {
            ck_assert_int_eq(tlb_find(&f.cpu->tlb, page(j) + PIECE) == NULL, j == dropped);
            ck_assert_int_eq(tlb_find(&f.cpu->tlb, page(j) + OTHER_PIECE) == NULL, j == dropped);
        }
        ck_assert(holds("2"));
        finish();
    }
}
END_TEST

START_TEST(global_pages_stay_in_either_place)
{
    static const char *const uses[] = {"01", "010"};
    for (unsigned i = 0; i < 4; i++) {
        start();
        set_rights(i / 2, P | W | U | G);
        use(uses[i % 2]);
        tlb_flush(f.cpu, true);
        check_tlb();
        ck_assert(holds(i / 2 ? "1" : "0"));
        use("2");
        use("3");
        ck_assert(holds("23"));
        tlb_flush(f.cpu, false);
        check_tlb();
        ck_assert(holds(""));
        ck_assert_uint_eq(f.cpu->tlb.filled_count, 0);
        finish();
    }
}
END_TEST

START_TEST(both_places_follow_what_is_allowed)
{
    start();
    for (unsigned i = 0; i < 2; i++) {
        set_rights(i, P | U);
        ck_assert(linear_write(f.cpu, page(i), 4, false, i));
    }
    f.cpu->cr0 |= CR0_WP;
    tlb_derive_all(f.cpu);
    check_tlb();
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(!linear_write(f.cpu, page(i), 4, false, 9));
        cpu_fixture_take_fault(&f);
        check_tlb();
    }
    finish();
}
END_TEST

START_TEST(both_places_lose_stores_to_pages_with_code)
{
    for (unsigned i = 0; i < 2; i++) {
        start();
        for (unsigned j = 0; j < 2; j++)
            ck_assert(linear_write(f.cpu, page(j), 4, false, 0x90909090));
        trace_lookup(f.cpu, (mem_t)frame(i));
        ck_assert(memory_page_has_code(f.cpu->memory, (mem_t)frame(i)));
        finish();
    }
}
END_TEST

/* --- States -----------------------------------------------------------------------------------------------
 */

static void save(struct buffer *out)
{
    struct state_set set = {0};
    cpu_register_state(f.cpu, &set);
    state_set_save(&set, out);
    state_set_free(&set);
}

/* Whether states after two orders of uses are the same. */
static bool same_state(const char *a, const char *b)
{
    const char *const uses[] = {a, b};
    struct buffer saved[2] = {{0}, {0}};
    for (unsigned i = 0; i < 2; i++) {
        start();
        use(uses[i]);
        save(&saved[i]);
        finish();
    }
    bool same = saved[0].size == saved[1].size && !memcmp(saved[0].data, saved[1].data, saved[0].size);
    buffer_free(&saved[0]);
    buffer_free(&saved[1]);
    return same;
}

START_TEST(states_tell_fills_apart_and_not_uses)
{
    ck_assert(same_state("01", "01"));
    ck_assert(same_state("01", "010"));
    ck_assert(same_state("0120", "012020"));
    ck_assert(same_state("012", "0121"));
    ck_assert(!same_state("01", "10"));
    ck_assert(!same_state("0", "1"));
}
END_TEST

static void load(const struct buffer *saved)
{
    struct state_set set = {0};
    struct reader in = {.data = saved->data, .size = saved->size};
    cpu_register_state(f.cpu, &set);
    ck_assert(state_set_load(&set, &in, NULL));
    state_set_free(&set);
}

START_TEST(a_state_keeps_which_page_was_filled_first)
{
    static const char *const uses[] = {"01", "010", "10", "101"};
    for (unsigned i = 0; i < 4; i++) {
        struct buffer saved = {0};
        start();
        use(uses[i]);
        uint64_t digest = f.cpu->tlb.digest;
        save(&saved);
        use("23");
        load(&saved);
        buffer_free(&saved);
        check_tlb();
        ck_assert(holds("01"));
        ck_assert_uint_eq(f.cpu->tlb.digest, digest);
        use("2");
        ck_assert(holds(i < 2 ? "12" : "02"));
        finish();
    }
}
END_TEST

/* A state that no machine was in: what it holds in wrong places is left out. */
START_TEST(a_state_with_entries_out_of_place_does_no_harm)
{
    start();
    use("01");
    unsigned set = tlb_index(page(0));
    f.cpu->tlb.entry[set - 1] = (struct tlb_entry){.page = page(2), .frame = frame(2), .rights = TLB_USER};
    f.cpu->tlb.entry[set + TLB_SETS + 2] = f.cpu->tlb.entry[set + TLB_SETS];
    tlb_rebuild(f.cpu);
    check_tlb();
    ck_assert(holds("01"));
    finish();
}
END_TEST

START_TEST(comparisons_see_what_differs)
{
    struct state_set set = {0};
    struct cpu *other = alloc_zeroed(sizeof *other);
    start();
    use("01");
    *other = *f.cpu;
    cpu_register_state(f.cpu, &set);
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other));
    use("0");
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other));
    tlb_fill(f.cpu, page(1), frame(1), tlb_find(&f.cpu->tlb, page(1))->rights);
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other)); /* filled last again */
    tlb_fill(f.cpu, page(1), frame(2), tlb_find(&f.cpu->tlb, page(1))->rights);
    ck_assert(!state_equal(set.parts[0].desc, f.cpu, other));
    tlb_flush_page(f.cpu, page(1));
    ck_assert(!state_equal(set.parts[0].desc, f.cpu, other));
    use("1");
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other));
    tlb_fill(f.cpu, page(1), frame(1), tlb_find(&f.cpu->tlb, page(1))->rights | TLB_DIRTY);
    ck_assert(!state_equal(set.parts[0].desc, f.cpu, other));
    tlb_fill(f.cpu, page(1), frame(1), tlb_find(&other->tlb, page(1))->rights);
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other));
    tlb_fill(f.cpu, page(0), frame(0), tlb_find(&f.cpu->tlb, page(0))->rights);
    ck_assert(!state_equal(set.parts[0].desc, f.cpu, other)); /* another was filled last */
    tlb_fill(f.cpu, page(1), frame(1), tlb_find(&f.cpu->tlb, page(1))->rights);
    ck_assert(state_equal(set.parts[0].desc, f.cpu, other));
    state_set_free(&set);
    alloc_free(other);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {two_pages_of_a_set_both_stay,
                                  the_page_that_was_filled_first_goes,
                                  a_page_that_is_walked_to_again_was_filled_last,
                                  invlpg_drops_one_and_leaves_the_other,
                                  invlpg_drops_large_pages_in_either_place,
                                  global_pages_stay_in_either_place,
                                  both_places_follow_what_is_allowed,
                                  both_places_lose_stores_to_pages_with_code,
                                  states_tell_fills_apart_and_not_uses,
                                  a_state_keeps_which_page_was_filled_first,
                                  a_state_with_entries_out_of_place_does_no_harm,
                                  comparisons_see_what_differs};
    return suite_run("tlb", tests, sizeof tests / sizeof *tests);
}
