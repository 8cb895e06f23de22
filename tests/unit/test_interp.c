/* SPDX-License-Identifier: MIT */
/* The interpreter's outer loop and trace cache: exact counts, self-modifying code, boundaries, repeated
 * strings. */
#include <string.h>

#include "core/base/sha256.h"
#include "core/base/state.h"
#include "core/x86/check.h"
#include "core/x86/protection.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum { CODE = 0x1000, STACK = 0x8000 };

static struct cpu_fixture f;
static const uint64_t signature = 0x0619; /* DX after reset */

/* Real mode, all segments at 0, code at 0:1000h. */
static void start(const void *code, size_t size)
{
    cpu_fixture_init(&f, "pentiumpro");
    for (unsigned i = SEG_ES; i <= SEG_GS; i++)
        segment_set_real(f.cpu, (enum seg_index)i, 0);
    f.cpu->rip = CODE;
    f.cpu->gpr[GPR_SP] = STACK;
    cpu_derive(f.cpu);
    cpu_fixture_load(&f, CODE, code, size);
}

#define START(bytes) start(bytes, sizeof bytes - 1)

static void finish(void)
{
    cpu_fixture_free(&f);
}

static void hash_state(char text[65])
{
    struct state_set set = {0};
    struct buffer bytes = {0};
    struct sha256 sha;
    uint8_t digest[SHA256_BYTES];
    cpu_register_state(f.cpu, &set);
    state_set_save(&set, &bytes);
    sha256_init(&sha);
    sha256_update(&sha, bytes.data, bytes.size);
    memory_hash(&f.memory, &sha);
    sha256_final(&sha, digest);
    sha256_hex(digest, text);
    buffer_free(&bytes);
    state_set_free(&set);
}

/* A loop of loads, stores, calls, string moves and flag users. */
static const char busy_loop[] = "\xB9\x40\x00"     /* mov cx, 40h */
                                "\x51"             /* outer: push cx */
                                "\xBE\x00\x20"     /* mov si, 2000h */
                                "\xBF\x03\x30"     /* mov di, 3003h */
                                "\xB9\x25\x00"     /* mov cx, 25h */
                                "\xF3\xA4"         /* rep movsb */
                                "\xE8\x0C\x00"     /* call sub */
                                "\x59"             /* pop cx */
                                "\x01\x06\x00\x20" /* add [2000h], ax */
                                "\x13\x0E\x02\x20" /* adc cx, [2002h] */
                                "\x83\xE1\x3F"     /* and cx, 3Fh */
                                "\xE2\xE3"         /* loop outer */
                                "\xF4"             /* hlt */
                                "\x69\xC0\x4D\x01" /* sub: imul ax, ax, 14Dh */
                                "\x05\x39\x30"     /* add ax, 3039h */
                                "\xD1\xC8"         /* ror ax, 1 */
                                "\xC3";            /* ret */

START_TEST(any_slicing_gives_the_same_state)
{
    char whole[65], sliced[65];
    enum { TOTAL = 20000 };
    START(busy_loop);
    cpu_fixture_run(&f, TOTAL);
    ck_assert_uint_eq(f.clock.insns, TOTAL);
    hash_state(whole);
    finish();
    for (unsigned seed = 1; seed < 6; seed++) {
        uint32_t x = seed;
        START(busy_loop);
        while (f.clock.insns < TOTAL) {
            x = x * 1103515245 + 12345;
            uint64_t slice = 1 + (x >> 16) % (seed * 7), before = f.clock.insns;
            if (slice > TOTAL - before)
                slice = TOTAL - before;
            cpu_fixture_run(&f, slice);
            ck_assert_uint_eq(f.clock.insns, before + slice);
        }
        hash_state(sliced);
        ck_assert_str_eq(whole, sliced);
        finish();
    }
}
END_TEST

START_TEST(a_store_into_the_next_instruction_counts)
{
    START("\xC6\x06\x06\x10\x42" /* mov byte [1006h], 42h (inc dx) */
          "\x40"                 /* inc ax */
          "\x40"                 /* 1006h: inc ax, becomes inc dx */
          "\xF4");
    cpu_fixture_run(&f, 4);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_DX], signature + 1);
    finish();
}
END_TEST

START_TEST(code_that_rewrites_its_immediate_stays_exact)
{
    START("\xB9\x64\x00"     /* mov cx, 100 */
          "\x05\x01\x00"     /* l: add ax, 1 */
          "\xFF\x06\x04\x10" /* inc word [1004h] */
          "\xE2\xF7"         /* loop l */
          "\xF4");
    cpu_fixture_run(&f, 1 + 300 + 1);
    ck_assert_uint_eq(f.cpu->activity, CPU_HALTED);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 5050);
    finish();
}
END_TEST

START_TEST(writes_through_an_alias_are_seen)
{
    START("\x40\xEB\xFD"); /* l: inc ax; jmp l */
    struct physmap_region alias = {.name = "alias",
                                   .kind = PHYSMAP_MEMORY,
                                   .base = 0x800000,
                                   .size = MEM_PAGE_SIZE,
                                   .reads = true,
                                   .writes = true,
                                   .offset = CODE};
    physmap_add(&f.map, &alias);
    cpu_fixture_run(&f, 10);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 5);
    physmap_write(&f.map, 0x800000, 1, 0x42);
    cpu_fixture_run(&f, 10);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 5);
    ck_assert_uint_eq(f.cpu->gpr[GPR_DX], signature + 5);
    finish();
}
END_TEST

START_TEST(instructions_across_pages)
{
    START("\xE9\xFB\x0F");                                   /* jmp 1FFEh */
    cpu_fixture_load(&f, 0x1FFE, "\x05\x34\x12\xEB\xFB", 5); /* l: add ax, 1234h (crosses); jmp l */
    cpu_fixture_run(&f, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x1234);
    physmap_write(&f.map, 0x2000, 1, 0x02); /* its last byte, in the other page */
    cpu_fixture_run(&f, 2);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x1234 + 0x0234);
    finish();
}
END_TEST

START_TEST(the_end_of_the_segment_faults)
{
    START("\xE9\xFC\xEF"); /* jmp FFFFh */
    cpu_fixture_poke(&f, 0xFFFF, 1, 0x90);
    cpu_fixture_poke(&f, VECTOR_GP * 4, 4, 0x00005000);
    cpu_fixture_poke(&f, 0x5000, 1, 0xF4);
    cpu_fixture_run(&f, 4);
    ck_assert_uint_eq(f.cpu->activity, CPU_HALTED);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK - 6, 2),
                      0x0000); /* IP of the fetch that failed, cut to 16 bits */
    finish();
}
END_TEST

START_TEST(rep_stops_between_iterations)
{
    START("\xB9\x00\x01" /* mov cx, 100h */
          "\xBE\x00\x20" /* mov si, 2000h */
          "\xBF\x00\x30" /* mov di, 3000h */
          "\xF3\xA5"     /* rep movsw */
          "\x40\xF4");
    for (unsigned i = 0; i < 0x100; i++)
        cpu_fixture_poke(&f, 0x2000 + 2 * i, 2, i);
    cpu_fixture_run(&f, 3 + 10);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 0xF6);
    ck_assert_uint_eq(f.cpu->rip, CODE + 9);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x3012, 2), 9);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x3014, 2), 0);
    cpu_fixture_run(&f, 0xF6);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 0);
    ck_assert_uint_eq(f.cpu->rip, CODE + 11);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x31FE, 2), 0xFF);
    finish();
}
END_TEST

START_TEST(rep_with_overlap_repeats_the_pattern)
{
    START("\xB9\x10\x00\xBE\x00\x20\xBF\x01\x20\xF3\xA4\xF4"); /* 16 bytes from 2000h to 2001h */
    cpu_fixture_poke(&f, 0x2000, 1, 0x5A);
    cpu_fixture_run(&f, 3 + 16 + 1);
    for (unsigned i = 0; i <= 16; i++)
        ck_assert_uint_eq(cpu_fixture_peek(&f, 0x2000 + i, 1), 0x5A);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x2011, 1), 0);
    finish();
}
END_TEST

START_TEST(rep_wraps_at_64k)
{
    START("\xB9\x04\x00\xBF\xFE\xFF\xB0\x77\xF3\xAA\xF4"); /* stosb x 4 from FFFEh */
    f.cpu->seg[SEG_ES].limit = 0xFFFFFFFF;
    cpu_derive(f.cpu);
    cpu_fixture_run(&f, 3 + 4 + 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0xFFFE, 2), 0x7777);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0, 2), 0x7777);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x10000, 2), 0);
    ck_assert_uint_eq(f.cpu->gpr[GPR_DI], 2);
    finish();
}
END_TEST

START_TEST(repe_cmps_ends_on_difference)
{
    START("\xB9\x08\x00\xBE\x00\x20\xBF\x00\x30\xF3\xA6\xF4");
    cpu_fixture_load(&f, 0x2000, "abcdefgh", 8);
    cpu_fixture_load(&f, 0x3000, "abcXefgh", 8);
    cpu_fixture_run(&f, 3 + 4);
    ck_assert_uint_eq(f.cpu->gpr[GPR_CX], 4);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SI], 0x2004);
    ck_assert_uint_eq(f.cpu->rip, CODE + 11);
    ck_assert_uint_eq(cpu_get_eflags(f.cpu) & (EFLAGS_ZF | EFLAGS_CF), 0); /* 'd' > 'X' */
    finish();
}
END_TEST

static void set_handler(uint8_t vector, uint16_t offset)
{
    cpu_fixture_poke(&f, vector * 4u, 4, offset);
    cpu_fixture_poke(&f, offset, 2, 0xF443); /* inc bx; hlt */
}

START_TEST(sti_holds_interrupts_for_one_instruction)
{
    START("\xFB\x40\x40\x40"); /* sti; inc ax... */
    set_handler(0x20, 0x5000);
    f.intr_vector = 0x20;
    cpu_set_intr(f.cpu, true);
    cpu_fixture_run(&f, 4); /* sti, inc, delivery, inc bx */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK - 6, 2), CODE + 2);
    finish();
}
END_TEST

START_TEST(mov_ss_holds_interrupts_and_steps)
{
    START("\x8E\xD0\x89\xC4\x40\x40"); /* mov ss, ax; mov sp, ax; inc ax */
    set_handler(VECTOR_DB, 0x5000);
    f.cpu->gpr[GPR_AX] = 0x600;
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | EFLAGS_TF);
    cpu_fixture_run(&f, 4); /* two instructions, delivery, inc bx */
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_SP], 0x600 - 6);
    ck_assert_uint_eq(cpu_fixture_peek(&f, 0x6000 + 0x600 - 6, 2), CODE + 4);
    ck_assert_uint_eq(f.cpu->dr[6] & DR6_BS, DR6_BS);
    finish();
}
END_TEST

START_TEST(single_step_traps_after_each_instruction)
{
    START("\x40\x40\xF4");
    cpu_fixture_poke(&f, VECTOR_DB * 4, 4, 0x5000);
    cpu_fixture_load(&f, 0x5000, "\x43\xCF", 2); /* inc bx; iret */
    cpu_set_eflags(f.cpu, EFLAGS_FIXED | EFLAGS_TF);
    cpu_fixture_run(&f, 8); /* (inc, delivery, inc bx, iret) twice */
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 2);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 2);
    finish();
}
END_TEST

START_TEST(code_breakpoints_fault_before_the_instruction)
{
    START("\x40\x40\x40\xF4");
    set_handler(VECTOR_DB, 0x5000);
    f.cpu->dr[0] = CODE + 1;
    f.cpu->dr[7] = DR7_FIXED | 1;
    cpu_derive(f.cpu);
    cpu_fixture_run(&f, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK - 6, 2), CODE + 1);
    ck_assert_uint_eq(f.cpu->dr[6] & 0xF, 1);
    finish();
}
END_TEST

START_TEST(data_breakpoints_trap_after_the_access)
{
    START("\xA3\x02\x20\x40\xF4"); /* mov [2002h], ax; inc ax */
    set_handler(VECTOR_DB, 0x5000);
    f.cpu->dr[2] = 0x2003;
    f.cpu->dr[7] = DR7_FIXED | 1 << 4 | 1u << 24; /* DR2: local, write, 1 byte */
    cpu_derive(f.cpu);
    cpu_fixture_run(&f, 3);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK - 6, 2), CODE + 3);
    ck_assert_uint_eq(f.cpu->dr[6] & 0xF, 4);
    finish();
}
END_TEST

START_TEST(a_triple_fault_shuts_down)
{
    START("\x0F\x0B");
    f.cpu->idtr.limit = 0;
    cpu_fixture_run(&f, 100);
    ck_assert_uint_eq(f.shutdowns, 1);
    ck_assert_uint_eq(f.cpu->activity, CPU_SHUTDOWN);
    finish();
}
END_TEST

START_TEST(hlt_waits_for_an_interrupt)
{
    START("\xFB\xF4\x40\xF4");
    set_handler(0x21, 0x5000);
    f.intr_vector = 0x21;
    cpu_fixture_run(&f, 1000);
    ck_assert_uint_eq(f.clock.insns, 2);
    ck_assert(cpu_is_idle(f.cpu));
    cpu_set_intr(f.cpu, true);
    ck_assert(!cpu_is_idle(f.cpu));
    cpu_fixture_run(&f, 2);
    ck_assert_uint_eq(f.cpu->gpr[GPR_BX], 1);
    ck_assert_uint_eq(cpu_fixture_peek(&f, STACK - 6, 2), CODE + 2);
    finish();
}
END_TEST

START_TEST(a20_masks_the_address_not_the_code_cache)
{
    START("\xA0\x00\x20\xF4");
    f.cpu->seg[SEG_DS].base = 0x100000;
    cpu_fixture_poke(&f, 0x2000, 1, 0x11);
    cpu_fixture_poke(&f, 0x102000, 1, 0x22);
    cpu_fixture_run(&f, 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x22);
    f.cpu->rip = CODE;
    cpu_set_a20(f.cpu, false);
    cpu_fixture_run(&f, 1);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 0x11);
    finish();
}
END_TEST

/* Loading a state moves devices about: the page that code runs from, which the guest could tell, stays. */
START_TEST(a_changed_map_keeps_the_fetch_page)
{
    START("\x40\x40\x40\x40");
    cpu_fixture_run(&f, 1);
    gva_t page = f.cpu->fetch_page;
    ck_assert_uint_eq(page, 0x1000);
    cpu_map_changed(f.cpu, 0xA0000, 0x1000);
    cpu_set_a20(f.cpu, false);
    cpu_set_a20(f.cpu, true);
    ck_assert_uint_eq(f.cpu->fetch_page, page);
    ck_assert(cpu_check(f.cpu, NULL));
    cpu_fixture_run(&f, 2);
    ck_assert_uint_eq(f.cpu->gpr[GPR_AX], 3);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {any_slicing_gives_the_same_state,
                                  a_store_into_the_next_instruction_counts,
                                  code_that_rewrites_its_immediate_stays_exact,
                                  writes_through_an_alias_are_seen,
                                  instructions_across_pages,
                                  the_end_of_the_segment_faults,
                                  rep_stops_between_iterations,
                                  rep_with_overlap_repeats_the_pattern,
                                  rep_wraps_at_64k,
                                  repe_cmps_ends_on_difference,
                                  sti_holds_interrupts_for_one_instruction,
                                  mov_ss_holds_interrupts_and_steps,
                                  single_step_traps_after_each_instruction,
                                  code_breakpoints_fault_before_the_instruction,
                                  data_breakpoints_trap_after_the_access,
                                  a_triple_fault_shuts_down,
                                  hlt_waits_for_an_interrupt,
                                  a20_masks_the_address_not_the_code_cache,
                                  a_changed_map_keeps_the_fetch_page};
    return suite_run("interp", tests, sizeof tests / sizeof *tests);
}
