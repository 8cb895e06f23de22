/* SPDX-License-Identifier: MIT */
/* Shared look-ups and inherited flags, each program on the translator and on the interpreter: registers,
 * flags and memory must be the same. Pages that are neighbours in linear memory are none in physical memory,
 * so that operands beyond the page that was looked up are noticed. */
#include <string.h>

#include "jit/jit.h"
#include "tests/support/engine_pair.h"
#include "tests/support/suite.h"

static void run_at(struct engine_pair *p, unsigned insns, uint32_t base, unsigned round)
{
    pair_set(p, GPR_AX, 0);
    pair_set(p, GPR_CX, 2 * round);
    pair_set(p, GPR_DX, 0x12345678);
    pair_set(p, GPR_BX, base);
    p->interpreted.cpu->rip = p->translated.cpu->rip = PF_CODE;
    pair_run(p, insns);
}

/* Runs a program of `insns` instructions, to which one that jumps to itself is added, at EBX = `base`, where
 * the TLB has all pages already: the first look-up outside of a page makes the block anew without groups. */
static void try_at(const uint8_t *code, size_t size, unsigned insns, uint32_t base)
{
    struct engine_pair p;
    uint8_t whole[64];
    memcpy(whole, code, size);
    whole[size] = 0xEB;
    whole[size + 1] = 0xFE;
    pair_start(&p, whole, size + 2, PF_CODE);
    for (uint32_t page = DATA; page < DATA + DATA_PAGES * MEM_PAGE_SIZE; page += MEM_PAGE_SIZE)
        run_at(&p, insns + 1, page + 0x100, 0);
    for (unsigned round = 0; round < 3; round++)
        run_at(&p, insns + 1, base, round);
    pair_finish(&p);
}

#define TRY(code, insns, ...)                                                                                \
    do {                                                                                                     \
        static const uint32_t bases[] = {__VA_ARGS__};                                                       \
        for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)                                          \
            try_at(code, sizeof code, insns, bases[i]);                                                      \
    } while (0)

/* Within a page, and around the ends of pages. */
#define PLACES                                                                                               \
    DATA + 0x100, DATA + 0xFF0, DATA + 0xFF8, DATA + 0xFFC, DATA + 0x1000, DATA + 0x1004, DATA + 0x2FF4,     \
        DATA + 0x3000

/* --- Values that are followed -----------------------------------------------------------------------------
 */

START_TEST(a_subtracted_constant_moves_an_operand_down)
{
    static const uint8_t code[] = {
        0x8B, 0x43, 0x08, /* mov eax,[ebx+8] */
        0x83, 0xEB, 0x08, /* sub ebx,8 */
        0x8B, 0x53, 0x04, /* mov edx,[ebx+4] */
        0x4B,             /* dec ebx */
        0x03, 0x43, 0x09, /* add eax,[ebx+9] */
        0x43,             /* inc ebx */
        0x03, 0x13,       /* add edx,[ebx] */
    };
    TRY(code, 7, PLACES);
}
END_TEST

START_TEST(a_move_of_sixteen_bits_is_not_followed)
{
    static const uint8_t code[] = {
        0xB9, 0x00, 0x21, 0x00, 0x00, /* mov ecx,2100h */
        0x8B, 0x01,                   /* mov eax,[ecx] */
        0x66, 0x89, 0xCB,             /* mov bx,cx: 22100h */
        0x8B, 0x13,                   /* mov edx,[ebx] */
        0x03, 0x41, 0x04,             /* add eax,[ecx+4] */
    };
    TRY(code, 5, PLACES);
}
END_TEST

START_TEST(exchanges_and_products_change_what_addresses_are_made_of)
{
    static const uint8_t exchange[] = {
        0x8B, 0x03,       /* mov eax,[ebx] */
        0x89, 0x3E,       /* mov [esi],edi */
        0x0F, 0xC1, 0x1E, /* xadd [esi],ebx */
        0x8B, 0x53, 0x04, /* mov edx,[ebx+4] */
        0x03, 0x13,       /* add edx,[ebx] */
    };
    static const uint8_t product[] = {
        0xBA, 0x00, 0x01, 0x02, 0x00, /* mov edx,20100h */
        0xB8, 0x00, 0x00, 0x01, 0x00, /* mov eax,10000h */
        0x8B, 0x0A,                   /* mov ecx,[edx] */
        0xF7, 0xE2,                   /* mul edx: 2 in edx */
        0x8B, 0x5A, 0x04,             /* mov ebx,[edx+4] */
        0x03, 0x4A, 0x08,             /* add ecx,[edx+8] */
    };
    static const uint8_t moved[] = {
        0x66, 0x0F, 0x6E, 0xC6, /* movd xmm0,esi */
        0x8B, 0x03,             /* mov eax,[ebx] */
        0x66, 0x0F, 0x7E, 0xC3, /* movd ebx,xmm0 */
        0x8B, 0x53, 0x04,       /* mov edx,[ebx+4] */
        0x03, 0x13,             /* add edx,[ebx] */
    };
    TRY(exchange, 5, PLACES);
    TRY(product, 6, PLACES);
    TRY(moved, 5, PLACES);
}
END_TEST

/* --- Bounded indices --------------------------------------------------------------------------------------
 */

START_TEST(an_index_of_a_byte_counts_with_all_its_values)
{
    static const uint8_t code[] = {
        0x0F, 0xB6, 0xCA,       /* movzx ecx,dl */
        0x8B, 0x44, 0x8B, 0x04, /* mov eax,[ebx+ecx*4+4] */
        0x03, 0x03,             /* add eax,[ebx] */
    };
    TRY(code, 3, PLACES, DATA + 0xE00);
}
END_TEST

START_TEST(an_index_of_a_word_has_more_values)
{
    static const uint8_t code[] = {
        0xBA, 0x00, 0x03, 0x00, 0x00, /* mov edx,300h */
        0x0F, 0xB7, 0xCA,             /* movzx ecx,dx */
        0x8B, 0x04, 0x0B,             /* mov eax,[ebx+ecx] */
        0x03, 0x03,                   /* add eax,[ebx] */
    };
    TRY(code, 4, DATA + 0xD10, DATA + 0xE00, DATA + 0xFF0, DATA);
}
END_TEST

/* --- Groups -----------------------------------------------------------------------------------------------
 */

START_TEST(the_lowest_operand_need_not_come_first)
{
    static const uint8_t code[] = {
        0x8B, 0x43, 0x08, /* mov eax,[ebx+8] */
        0x03, 0x03,       /* add eax,[ebx] */
        0x01, 0x43, 0x04, /* add [ebx+4],eax */
    };
    TRY(code, 3, PLACES);
}
END_TEST

/* Four groups of fixed addresses, and a handler between: whatever host register the second of them would be
 * in, C code may have changed it. */
START_TEST(no_group_goes_over_a_handler)
{
    static const uint8_t code[] = {
        0xA1, 0x10, 0x00, 0x02, 0x00,       /* mov eax,[20010h] */
        0x03, 0x05, 0x10, 0x40, 0x02, 0x00, /* add eax,[24010h] */
        0x27,                               /* daa */
        0x03, 0x05, 0x14, 0x00, 0x02, 0x00, /* add eax,[20014h] */
        0x03, 0x05, 0x14, 0x40, 0x02, 0x00, /* add eax,[24014h] */
        0x27,                               /* daa */
        0x03, 0x05, 0x18, 0x00, 0x02, 0x00, /* add eax,[20018h] */
        0x03, 0x05, 0x18, 0x40, 0x02, 0x00, /* add eax,[24018h] */
    };
    TRY(code, 8, PLACES);
}
END_TEST

/* The first operand of PUSH opens a group where that of the stack ends. */
START_TEST(groups_that_meet_in_an_instruction_have_places_of_their_own)
{
    static const uint8_t code[] = {
        0x50,             /* push eax */
        0xFF, 0x33,       /* push [ebx] */
        0x8B, 0x53, 0x04, /* mov edx,[ebx+4] */
        0x03, 0x53, 0x08, /* add edx,[ebx+8] */
    };
    TRY(code, 4, PLACES);
}
END_TEST

START_TEST(a_place_is_kept_from_the_instruction_that_opens_it)
{
    static const uint8_t code[] = {
        0x8B, 0x06,       /* mov eax,[esi] */
        0x03, 0x46, 0x04, /* add eax,[esi+4] */
        0xFF, 0x33,       /* push [ebx] */
        0x03, 0x46, 0x08, /* add eax,[esi+8] */
        0x03, 0x43, 0x04, /* add eax,[ebx+4] */
        0x03, 0x46, 0x0C, /* add eax,[esi+12] */
    };
    TRY(code, 6, PLACES);
}
END_TEST

START_TEST(addresses_of_another_width_are_no_members)
{
    static const uint8_t code[] = {
        0x8B, 0x03,             /* mov eax,[ebx] */
        0x67, 0x03, 0x47, 0x04, /* add eax,[bx+4] */
        0x03, 0x43, 0x08,       /* add eax,[ebx+8] */
    };
    TRY(code, 3, PLACES);
}
END_TEST

/* The first member reads; a store into the page's code is seen all the same: the instruction behind adds
 * more. */
START_TEST(a_group_that_stores_is_looked_up_for_writing)
{
    static const uint8_t code[] = {
        0xBB, 0x00, 0x00, 0x01, 0x00, /* mov ebx,10000h */
        0x8B, 0x43, 0x10,             /* mov eax,[ebx+16] */
        0x40,                         /* inc eax */
        0x89, 0x43, 0x10,             /* mov [ebx+16],eax */
        0xEB, 0x00,                   /* jmp behind */
        0x90,                         /* nop */
        0xB9, 0x00, 0x00, 0x00, 0x00, /* mov ecx,counter */
        0x01, 0xCA,                   /* add edx,ecx */
        0xEB, 0xE8,                   /* jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (unsigned i = 0; i < 20; i++)
        pair_run(&p, 9);
    ck_assert_uint_gt(p.translated.cpu->gpr[GPR_CX], 15);
    pair_finish(&p);
}
END_TEST

/* The group's start is not its aligned operand's; where that is no multiple of 16, the guest faults. */
START_TEST(alignment_is_that_of_the_operand)
{
    static const uint8_t code[] = {
        0x8B, 0x43, 0x04,       /* mov eax,[ebx+4] */
        0x0F, 0x28, 0x43, 0x10, /* movaps xmm0,[ebx+16] */
        0x0F, 0x28, 0x4B, 0x20, /* movaps xmm1,[ebx+32] */
        0xEB, 0xFE,             /* jmp here */
    };
    for (uint32_t at = DATA + 0x100; at <= DATA + 0x110; at += 4) {
        struct engine_pair p;
        pair_start(&p, code, sizeof code, PF_CODE);
        run_at(&p, 4, at, 0);
        run_at(&p, 4, at, 0);
        ck_assert_int_eq(p.translated.cpu->rip == FAULT_CODE, at % 16 != 0);
        pair_finish(&p);
    }
}
END_TEST

/* Sixteen-bit code whose data segment has no end at 64 KiB: an operand that wraps is no neighbour of one that
 * does not. */
START_TEST(operands_that_wrap_are_looked_up_one_by_one)
{
    static const uint8_t code[] = {
        0x8B, 0x07,       /* mov ax,[bx] */
        0x8B, 0x57, 0x04, /* mov dx,[bx+4] */
        0xEB, 0xFE,       /* jmp here */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (struct cpu_fixture *f = &p.interpreted; f; f = f == &p.interpreted ? &p.translated : NULL) {
        f->cpu->seg[SEG_CS].attributes &= (uint16_t)~SEG_ATTR_DB;
        f->cpu->seg[SEG_DS].base = DATA + 0x10;
        cpu_derive_segment(f->cpu, SEG_DS);
        cpu_derive(f->cpu);
    }
    static const uint32_t bases[] = {0x100, 0xFFF0, 0xFFF4, 0xFFFE, 0xFFFC, 0xFFFE};
    for (unsigned i = 0; i < sizeof bases / sizeof bases[0]; i++)
        run_at(&p, 3, bases[i], 0);
    pair_finish(&p);
}
END_TEST

/* --- Behind a handler -------------------------------------------------------------------------------------
 */

/* A store beside code is its handler's; then the group's operands are found again, from registers as they are
 * then. */
START_TEST(operands_are_found_again_behind_a_slow_store)
{
    static const uint8_t code[] = {
        0x8B, 0x04, 0x8B,             /* mov eax,[ebx+ecx*4] */
        0x41,                         /* inc ecx */
        0x83, 0xC3, 0x04,             /* add ebx,4 */
        0xA3, 0x00, 0x08, 0x01, 0x00, /* mov [10800h],eax */
        0x8B, 0x14, 0x8B,             /* mov edx,[ebx+ecx*4] */
        0x03, 0x54, 0x8B, 0x04,       /* add edx,[ebx+ecx*4+4] */
    };
    TRY(code, 6, PLACES);
}
END_TEST

START_TEST(an_operand_that_a_handler_served_is_served_once)
{
    static const uint8_t code[] = {
        0x01, 0x0B,       /* add [ebx],ecx */
        0x8B, 0x43, 0x04, /* mov eax,[ebx+4] */
        0x01, 0x4B, 0x08, /* add [ebx+8],ecx */
    };
    TRY(code, 3, PLACES);
}
END_TEST

static void stop_at_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size, (void)value;
    cpu_stop(self);
}

static const struct mmio_ops stopper = {.write = stop_at_write, .max_size = 4};

/* A device's register stops the processor: the next instruction of the block has not begun. */
START_TEST(a_handler_that_stops_ends_the_run_behind_it)
{
    static const uint8_t code[] = {
        0x40,                         /* 0: inc eax */
        0xA3, 0x00, 0x00, 0x06, 0x00, /* 1: mov [60000h],eax */
        0x43, 0x41,                   /* 6: inc ebx, inc ecx */
        0xEB, 0xF6,                   /* 8: jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (struct cpu_fixture *f = &p.interpreted; f; f = f == &p.interpreted ? &p.translated : NULL)
        physmap_add(&f->map, &(struct physmap_region){.name = "stopper",
                                                      .kind = PHYSMAP_MMIO,
                                                      .priority = 1,
                                                      .base = 0x60000,
                                                      .size = MEM_PAGE_SIZE,
                                                      .writes = true,
                                                      .ops = &stopper,
                                                      .self = f->cpu});
    for (unsigned i = 0; i < 20; i++) {
        cpu_run(p.interpreted.cpu, 1000);
        cpu_run(p.translated.cpu, 1000);
        pair_compare(&p);
        ck_assert_uint_eq(p.translated.clock.insns, 2 + 5 * i);
        ck_assert_uint_eq(p.translated.cpu->rip, PF_CODE + 6);
    }
    pair_finish(&p);
}
END_TEST

/* --- Inherited flags --------------------------------------------------------------------------------------
 */

/* Three ways to one block with carries of three comparisons; ADC in the block behind it sees which. */
START_TEST(ways_with_flags_of_different_comparisons_stay_apart)
{
    static const uint8_t code[] = {
        0x83, 0xF8, 0x05, /* 00: cmp eax,5 */
        0x72, 0x0A,       /* 03: jb 0F */
        0x83, 0xF8, 0x09, /* 05: cmp eax,9 */
        0x72, 0x05,       /* 08: jb 0F */
        0x83, 0xFB, 0x05, /* 0A: cmp ebx,5 */
        0xEB, 0x00,       /* 0D: jmp 0F */
        0x90,             /* 0F: nop */
        0xEB, 0x00,       /* 10: jmp 12 */
        0x83, 0xD2, 0x00, /* 12: adc edx,0 */
        0x8D, 0x40, 0x03, /* 15: lea eax,[eax+3] */
        0x83, 0xE0, 0x0F, /* 18: and eax,15 */
        0xEB, 0xE3,       /* 1B: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    pair_set(&p, GPR_AX, 0);
    pair_set(&p, GPR_DX, 0);
    for (unsigned i = 0; i < 200; i++)
        pair_run(&p, 7);
    pair_finish(&p);
}
END_TEST

/* A block that begins with PUSHF cannot do without the recipe. */
START_TEST(a_block_that_shows_flags_inherits_none)
{
    static const uint8_t code[] = {
        0x83, 0xC1, 0x01, /* 00: add ecx,1 */
        0x83, 0xF9, 0x64, /* 03: cmp ecx,100 */
        0xEB, 0x00,       /* 06: jmp 08 */
        0x9C,             /* 08: pushf */
        0x58,             /* 09: pop eax */
        0x01, 0xC2,       /* 0A: add edx,eax */
        0xEB, 0xF2,       /* 0C: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (unsigned i = 0; i < 100; i++)
        pair_run(&p, 7 + i % 3);
    pair_finish(&p);
}
END_TEST

/* Steps keep the carry of before the loop. */
START_TEST(a_step_behind_a_step_keeps_the_carry)
{
    static const uint8_t code[] = {
        0x83, 0xC2, 0xFF, /* 00: add edx,-1 */
        0x49,             /* 03: dec ecx */
        0x46,             /* 04: inc esi */
        0x4F,             /* 05: dec edi */
        0x8B, 0x03,       /* 06: mov eax,[ebx] */
        0x83, 0xD5, 0x00, /* 08: adc ebp,0 */
        0xEB, 0xF3,       /* 0B: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    pair_set(&p, GPR_DX, 7);
    for (unsigned i = 0; i < 60; i++)
        pair_run(&p, 5);
    pair_finish(&p);
}
END_TEST

/* The carry is in the recipe, because look-ups came between; two steps take it on from there. */
START_TEST(a_step_behind_a_step_and_a_look_up_keeps_the_carry)
{
    static const uint8_t code[] = {
        0x83, 0xC2, 0xFF, /* 00: add edx,-1 */
        0x8B, 0x03,       /* 03: mov eax,[ebx] */
        0x49,             /* 05: dec ecx */
        0x8B, 0x07,       /* 06: mov eax,[edi] */
        0x46,             /* 08: inc esi */
        0xEB, 0x00,       /* 09: jmp 0B */
        0x83, 0xD5, 0x00, /* 0B: adc ebp,0 */
        0xEB, 0xF0,       /* 0E: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    pair_set(&p, GPR_DX, 7);
    for (unsigned i = 0; i < 60; i++)
        pair_run(&p, 6 + i % 5);
    pair_finish(&p);
}
END_TEST

/* FLDCW may leave the block, and its operand needs no look-up that would lose the host's flags. */
START_TEST(a_step_behind_a_step_and_a_way_out_keeps_the_carry)
{
    static const uint8_t code[] = {
        0x83, 0xC2, 0xFF, /* 00: add edx,-1 */
        0x8B, 0x03,       /* 03: mov eax,[ebx] */
        0xD9, 0x6B, 0x04, /* 05: fldcw [ebx+4] */
        0x49,             /* 08: dec ecx */
        0xD9, 0x6B, 0x04, /* 09: fldcw [ebx+4] */
        0x46,             /* 0C: inc esi */
        0xEB, 0x00,       /* 0D: jmp 0F */
        0x83, 0xD5, 0x00, /* 0F: adc ebp,0 */
        0xEB, 0xEC,       /* 12: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    uint32_t frame = pair_frame_of(DATA >> MEM_PAGE_SHIFT) << MEM_PAGE_SHIFT;
    cpu_fixture_poke(&p.interpreted, frame + 4, 4, 0x37F);
    cpu_fixture_poke(&p.translated, frame + 4, 4, 0x37F);
    pair_set(&p, GPR_DX, 7);
    for (unsigned i = 0; i < 60; i++)
        pair_run(&p, 9);
    pair_finish(&p);
}
END_TEST

/* A block that begins with a reader of flags cannot do without the recipe either: the host's are lost at its
 * start. */
START_TEST(a_block_that_reads_flags_inherits_none)
{
    static const uint8_t code[] = {
        0x83, 0xC1, 0x35, /* 00: add ecx,35h */
        0x83, 0xF9, 0x64, /* 03: cmp ecx,64h */
        0xEB, 0x00,       /* 06: jmp 08 */
        0x0F, 0x92, 0xC0, /* 08: setb al */
        0x01, 0xC2,       /* 0B: add edx,eax */
        0x83, 0xE1, 0x7F, /* 0D: and ecx,7Fh */
        0xEB, 0xEE,       /* 10: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (unsigned i = 0; i < 100; i++)
        pair_run(&p, 7 * (1 + i % 3));
    pair_finish(&p);
}
END_TEST

/* The loop's head is its own target, with a comparison's flags or none, and is left at every instruction. */
START_TEST(a_loop_that_inherits_ends_anywhere)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* 00: mov eax,[ebx] */
        0x83, 0xC1, 0x05, /* 02: add ecx,5 */
        0x83, 0xF9, 0x64, /* 05: cmp ecx,100 */
        0x75, 0xF6,       /* 08: jne 00 */
        0x31, 0xC9,       /* 0A: xor ecx,ecx */
        0xEB, 0xF2,       /* 0C: jmp 00 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    pair_set(&p, GPR_CX, 0);
    for (unsigned i = 0; i < 300; i++)
        pair_run(&p, 1 + i % 11);
    pair_finish(&p);
}
END_TEST

/* Flags are handed on to the other page, which is checked each time. */
START_TEST(flags_handed_to_another_page)
{
    static const uint8_t code[] = {
        0x83, 0xC1, 0x05,             /* FE0: add ecx,5 */
        0x83, 0xF9, 0x64,             /* FE3: cmp ecx,100 */
        0xE9, 0x20, 0x00, 0x00, 0x00, /* FE6: jmp 100B */
    };
    static const uint8_t other[] = {
        0x8B, 0x03, /* 100B: mov eax,[ebx] */
        0x31, 0xC0, /* 100D: xor eax,eax */
        0xEB, 0xCF, /* 100F: jmp FE0 */
    };
    enum { AT = PF_CODE + 0xFE0 };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, AT);
    cpu_fixture_load(&p.interpreted, AT + 0x2B, other, sizeof other);
    cpu_fixture_load(&p.translated, AT + 0x2B, other, sizeof other);
    for (unsigned i = 0; i < 100; i++)
        pair_run(&p, 6 + i % 5);
    pair_finish(&p);
}
END_TEST

/* --- Instructions across a page's end ---------------------------------------------------------------------
 */

static const uint8_t edge[] = {
    0x83, 0xC1,        0x01,                   /* FF4: add ecx,1 */
    0xEB, 0x02,        0x90, 0x90,             /* FF7: jmp FFB */
    0x90,                                      /* FFB: nop */
    0x81, 0xD2,        0x01, 0x00, 0x00, 0x00, /* FFC: adc edx,1 */
    0xEB, 0xEE + 0x02,                         /* 1002: jmp FF4 */
};

enum { EDGE_AT = PF_CODE + 0xFF4 };

START_TEST(an_instruction_over_the_edge_counts_as_one)
{
    struct engine_pair p;
    pair_start(&p, edge, sizeof edge, EDGE_AT);
    for (unsigned i = 0; i < 200; i++)
        pair_run(&p, 1 + i % 13);
    pair_finish(&p);
}
END_TEST

/* Its second page is gone: one fault, at the instruction. */
START_TEST(an_instruction_over_the_edge_faults_like_any)
{
    struct engine_pair p;
    pair_start(&p, edge, sizeof edge, ABSENT - 12);
    for (struct cpu_fixture *f = &p.interpreted; f; f = f == &p.interpreted ? &p.translated : NULL)
        cpu_fixture_load(f, ABSENT - 12, edge, sizeof edge);
    for (unsigned i = 0; i < 20; i++)
        pair_run_from(&p, ABSENT - 12, 9);
    ck_assert_uint_eq(p.translated.cpu->rip, FAULT_CODE);
    ck_assert_uint_eq(p.translated.cpu->cr2, ABSENT);
    pair_finish(&p);
}
END_TEST

/* Its operand is in no page: it faults once, and counts once. */
START_TEST(an_operand_of_an_instruction_over_the_edge_faults_once)
{
    static const uint8_t code[] = {
        0x83, 0xC1, 0x01,                   /* FF4: add ecx,1 */
        0xEB, 0x02, 0x90, 0x90,             /* FF7: jmp FFB */
        0x90,                               /* FFB: nop */
        0x03, 0x15, 0x00, 0x00, 0x05, 0x00, /* FFC: add edx,[50000h] */
        0xEB, 0xF0,                         /* 1002: jmp FF4 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, EDGE_AT);
    for (unsigned i = 0; i < 40; i++)
        pair_run_from(&p, EDGE_AT, 1 + i % 9);
    ck_assert_uint_eq(p.translated.cpu->cr2, ABSENT);
    pair_finish(&p);
}
END_TEST

/* One that works on x87 state is the interpreter's: the state may be in the host's registers. */
START_TEST(an_x87_instruction_over_the_edge_finds_its_stack)
{
    static const uint8_t code[] = {
        0xD9, 0xE8,                         /* FF6: fld1 */
        0xEB, 0x02, 0x90, 0x90,             /* FF8: jmp FFC */
        0xD8, 0x05, 0x00, 0x01, 0x02, 0x00, /* FFC: fadd dword [20100h] */
        0xD9, 0x1D, 0x00, 0x20, 0x02, 0x00, /* 1002: fstp dword [22000h] */
        0xEB, 0xEC,                         /* 1008: jmp FF6 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE + 0xFF6);
    uint32_t frame = pair_frame_of((DATA + 0x100) >> MEM_PAGE_SHIFT) << MEM_PAGE_SHIFT;
    for (unsigned i = 0; i < 50; i++) {
        cpu_fixture_poke(&p.interpreted, frame + 0x100, 4, 0x3FC00000 + i);
        cpu_fixture_poke(&p.translated, frame + 0x100, 4, 0x3FC00000 + i);
        pair_run(&p, 1 + i % 11);
    }
    pair_finish(&p);
}
END_TEST

/* What an exit that was never linked says of its page is true of none, not of page 0 either. */
START_TEST(a_jump_to_an_absent_page_leaves_the_page_of_the_code)
{
    static const uint8_t code[] = {0xA1, 0, 0, 0, 0, /* mov eax,[0]; jmp 50000h */ 0xE9, 0xF6, 0xFF, 3, 0};
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (unsigned i = 0; i < 400; i++)
        pair_run_from(&p, PF_CODE, 1 + i % 5);
    ck_assert_uint_eq(p.translated.cpu->cr2, ABSENT);
    pair_finish(&p);
}
END_TEST

/* --- The direct table -------------------------------------------------------------------------------------
 */

/* Three pages that share a set of the TLB; what the tables say of the first one changes, and its entry was
 * pushed out. */
START_TEST(a_page_pushed_out_of_the_tlb_is_walked_to_again)
{
    static const uint8_t code[] = {
        0x8B, 0x03, /* 0: mov eax,[ebx] */
        0x8B, 0x16, /* 2: mov edx,[esi] */
        0x8B, 0x0F, /* 4: mov ecx,[edi] */
        0xEB, 0xF8, /* 6: jmp 0 */
    };
    enum { SECOND_TABLE = 0x6000, FAR = TLB_SETS << 12 /* bytes that wrap around the TLB */ };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    for (struct cpu_fixture *f = &p.interpreted; f; f = f == &p.interpreted ? &p.translated : NULL) {
        cpu_fixture_poke(f, DIRECTORY + 4 * (FAR >> 22), 4, SECOND_TABLE | 7);
        cpu_fixture_poke(f, DIRECTORY + 4 * (2 * FAR >> 22), 4, SECOND_TABLE | 7);
        cpu_fixture_poke(f, SECOND_TABLE + 4 * (DATA >> 12), 4, 0x30000 | 7);
    }
    pair_set(&p, GPR_SI, FAR + DATA);
    pair_set(&p, GPR_DI, 2 * FAR + DATA);
    pair_run(&p, 40); /* ends with the second and third page in the TLB */
    cpu_fixture_poke(&p.interpreted, TABLE + 4 * (DATA >> 12), 4, 0x31000 | 7);
    cpu_fixture_poke(&p.translated, TABLE + 4 * (DATA >> 12), 4, 0x31000 | 7);
    pair_run(&p, 4);
    pair_finish(&p);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_subtracted_constant_moves_an_operand_down,
        a_move_of_sixteen_bits_is_not_followed,
        exchanges_and_products_change_what_addresses_are_made_of,
        an_index_of_a_byte_counts_with_all_its_values,
        an_index_of_a_word_has_more_values,
        the_lowest_operand_need_not_come_first,
        no_group_goes_over_a_handler,
        groups_that_meet_in_an_instruction_have_places_of_their_own,
        a_place_is_kept_from_the_instruction_that_opens_it,
        addresses_of_another_width_are_no_members,
        a_group_that_stores_is_looked_up_for_writing,
        alignment_is_that_of_the_operand,
        operands_that_wrap_are_looked_up_one_by_one,
        operands_are_found_again_behind_a_slow_store,
        an_operand_that_a_handler_served_is_served_once,
        a_handler_that_stops_ends_the_run_behind_it,
        ways_with_flags_of_different_comparisons_stay_apart,
        a_block_that_shows_flags_inherits_none,
        a_step_behind_a_step_keeps_the_carry,
        a_step_behind_a_step_and_a_look_up_keeps_the_carry,
        a_step_behind_a_step_and_a_way_out_keeps_the_carry,
        a_block_that_reads_flags_inherits_none,
        a_loop_that_inherits_ends_anywhere,
        flags_handed_to_another_page,
        an_instruction_over_the_edge_counts_as_one,
        an_instruction_over_the_edge_faults_like_any,
        an_operand_of_an_instruction_over_the_edge_faults_once,
        an_x87_instruction_over_the_edge_finds_its_stack,
        a_jump_to_an_absent_page_leaves_the_page_of_the_code,
        a_page_pushed_out_of_the_tlb_is_walked_to_again,
    };
    return suite_run("share", tests, sizeof tests / sizeof tests[0]);
}
