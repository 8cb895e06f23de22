/* SPDX-License-Identifier: MIT */
/* Blocks that lead to their own start, whose look-ups outlive a pass: segments, floating point, handlers,
 * 64-bit code. */
#include "core/x86/flags.h"
#include "core/x86/tlb.h"
#include "jit/block.h"
#include "tests/support/engine_pair.h"
#include "tests/support/suite.h"

enum { PASSES = 40 /* more than make a region */, DEVICE = 0x60000 };

static void limit_one(struct cpu *cpu, uint32_t base, uint32_t limit)
{
    cpu->seg[SEG_DS].base = base;
    cpu->seg[SEG_DS].limit = limit;
    cpu_derive_segment(cpu, SEG_DS);
    cpu_derive(cpu);
}

static void limit_ds(struct engine_pair *p, uint32_t base, uint32_t limit)
{
    limit_one(p->interpreted.cpu, base, limit);
    limit_one(p->translated.cpu, base, limit);
}

/* Sixteen-bit code, whose RIP at PF_CODE is 0. */
static void use_words(struct cpu *cpu)
{
    cpu->seg[SEG_CS].attributes &= (uint16_t)~SEG_ATTR_DB;
    cpu->seg[SEG_CS].base = PF_CODE;
    cpu_derive_segment(cpu, SEG_CS);
    cpu_derive(cpu);
}

/* The segment ends in the middle of a page. */
START_TEST(a_segment_s_end_is_seen_in_each_pass)
{
    static const uint8_t code[] = {
        0x03, 0x03,       /* 0: add eax,[ebx] */
        0x89, 0x43, 0x04, /*    mov [ebx+4],eax */
        0x83, 0xC3, 0x04, /*    add ebx,4 */
        0xEB, 0xF6,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    limit_ds(&p, DATA, 0x37F);
    for (unsigned round = 0; round < 4; round++) {
        pair_set(&p, GPR_BX, 0x100);
        pair_run_from(&p, PF_CODE, 4 * PASSES);
        pair_run_in_slices(&p, 4 * 200);
        ck_assert_uint_eq(p.translated.cpu->rip, FAULT_CODE);
    }
    pair_finish(&p);
}
END_TEST

/* Sixteen-bit code: one operand stays, one wraps or meets the limit. */
START_TEST(words_in_a_segment_that_ends)
{
    static const uint8_t code[] = {
        0x03, 0x07,       /* 0: add ax,[bx] */
        0x03, 0x47, 0x04, /*    add ax,[bx+4] */
        0x33, 0x04,       /*    xor ax,[si] */
        0x83, 0xC6, 0x02, /*    add si,2 */
        0xEB, 0xF4,       /*    jmp 0 */
    };
    static const uint32_t limits[] = {0x7FF, 0x803, 0xFFFF, UINT32_MAX};
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct engine_pair p;
        pair_begin(&p, code, sizeof code);
        use_words(p.interpreted.cpu);
        use_words(p.translated.cpu);
        limit_ds(&p, DATA + 0x10, limits[i]);
        for (unsigned round = 0; round < 4; round++) {
            pair_set(&p, GPR_BX, round == 3 ? 0xFFFC : 0x100);
            pair_set(&p, GPR_SI, i < 2 ? 0x700 : 0xFF00);
            pair_run_from(&p, 0, 5 * PASSES);
            ck_assert(round || pair_keeps(&p, MODE_16));
            pair_run_in_slices(&p, 5 * 300);
        }
        pair_finish(&p);
    }
}
END_TEST

/* Stores beside code are fast in 16-bit code, which nothing is looked up for ahead. */
START_TEST(words_that_are_stored_beside_code)
{
    static const uint8_t code[] = {
        0x01, 0x07,       /* 0: add [bx],ax */
        0x83, 0xC0, 0x05, /*    add ax,5 */
        0xEB, 0xF9,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    use_words(p.interpreted.cpu);
    use_words(p.translated.cpu);
    limit_ds(&p, PF_CODE, 0xFFFF);
    pair_set(&p, GPR_BX, 0x800);
    pair_run_from(&p, 0, 3 * PASSES);
    ck_assert(!pair_keeps(&p, MODE_16));
    ck_assert(!trace_find(p.translated.cpu, PF_CODE, MODE_16)->each_pass);
    pair_finish(&p);
}
END_TEST

/* Rounds of a string instruction: both pointers move, by DF. */
START_TEST(string_instructions_move_what_they_point_to)
{
    static const uint8_t code[] = {
        0xAD,       /* 0: lodsd */
        0x31, 0xC8, /*    xor eax,ecx */
        0xAB,       /*    stosd */
        0xE2, 0xFA, /*    loop 0 */
        0xEB, 0xF8, /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_set(&p, GPR_SI, DATA + 0x1F00);
    pair_set(&p, GPR_DI, DATA + 0x5F02);
    pair_run(&p, 5 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_run(&p, 5 * 3000);
    cpu_set_eflags(p.interpreted.cpu, cpu_get_eflags(p.interpreted.cpu) | EFLAGS_DF);
    cpu_set_eflags(p.translated.cpu, cpu_get_eflags(p.translated.cpu) | EFLAGS_DF);
    pair_run_from(&p, PF_CODE, 5 * 3000);
    pair_finish(&p);
}
END_TEST

/* --- Floating point --------------------------------------------------------------------------------------
 */

/* An aligned operand moves by multiples of 16, or faults in the second pass. */
START_TEST(aligned_operands_stay_aligned)
{
    for (int32_t stride = -16; stride <= 32; stride += 8) {
        const uint8_t code[] = {
            0x0F, 0x28, 0x03, /* 0: movaps xmm0,[ebx] */
            0x0F, 0x58, 0x07, /*    addps xmm0,[edi] */
            0x0F, 0x29, 0x43,
            0x10,                        /*    movaps [ebx+16],xmm0 */
            0x83, 0xC3, (uint8_t)stride, /*    add ebx,stride */
            0xD9, 0x46, 0x04,            /*    fld [esi+4] */
            0xD9, 0x5E, 0x08,            /*    fstp [esi+8] */
            0xEB, 0xEB,                  /*    jmp 0 */
        };
        struct engine_pair p;
        pair_begin(&p, code, sizeof code);
        for (unsigned round = 0; round < 12; round++) {
            pair_set(&p, GPR_BX, DATA + 0x1FC0);
            pair_run_from(&p, PF_CODE, 7 * 30);
            ck_assert_int_eq(p.translated.cpu->rip == FAULT_CODE, stride % 16 != 0);
        }
        pair_run_in_slices(&p, 7 * 50);
        pair_finish(&p);
    }
}
END_TEST

/* The x87 state is brought in while R9 and R13 hold groups. */
START_TEST(a_stack_of_numbers_goes_round)
{
    static const uint8_t code[] = {
        0xDD, 0x06,       /* 0: fld qword [esi] */
        0xDC, 0x0F,       /*    fmul qword [edi] */
        0xDE, 0xC1,       /*    faddp st1,st0 */
        0xDD, 0x13,       /*    fst qword [ebx] */
        0x83, 0xC6, 0x08, /*    add esi,8 */
        0x83, 0xEF, 0x08, /*    sub edi,8 */
        0x49,             /*    dec ecx */
        0x75, 0xEF,       /*    jnz 0 */
        0xEB, 0xED,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 8 * 900);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_finish(&p);
}
END_TEST

/* --- Handlers that change what was looked up -------------------------------------------------------------
 */

/* A device whose register, when it is written for the fourth time, puts another page where DATA was. */
struct remapper {
    struct cpu_fixture *f;
    uint32_t frame;
    unsigned writes;
};

static void remap_at_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct remapper *r = self;
    (void)offset, (void)size, (void)value;
    if (++r->writes % 40)
        return;
    uint32_t now = (uint32_t)cpu_fixture_peek(r->f, TABLE + 4 * (DATA >> 12), 4);
    cpu_fixture_poke(r->f, TABLE + 4 * (DATA >> 12), 4, r->frame);
    r->frame = now;
    gva_t code = r->f->cpu->fetch_page; /* which of two engines need not look for again at once */
    tlb_flush_page(r->f->cpu, DATA);
    r->f->cpu->fetch_page = code;
}

static const struct mmio_ops remaps = {.write = remap_at_write, .max_size = 4};

static void add_device(struct remapper *r)
{
    physmap_add(&r->f->map, &(struct physmap_region){.name = "remapper",
                                                     .kind = PHYSMAP_MMIO,
                                                     .priority = 1,
                                                     .base = DEVICE,
                                                     .size = MEM_PAGE_SIZE,
                                                     .writes = true,
                                                     .ops = &remaps,
                                                     .self = r});
}

static void run_remapped(const uint8_t *code, size_t size, unsigned insns, uint32_t frame)
{
    struct engine_pair p;
    pair_begin(&p, code, size);
    struct remapper a = {&p.interpreted, frame, 0}, b = {&p.translated, frame, 0};
    add_device(&a);
    add_device(&b);
    pair_run(&p, insns * 30);
    ck_assert(pair_keeps(&p, MODE_32));
    for (unsigned i = 0; i < 40; i++) {
        if (p.translated.cpu->gpr[GPR_SI] > DATA + 0xC00)
            pair_set(&p, GPR_SI, DATA + 0x804);
        pair_run(&p, insns * 7 + i % insns);
    }
    ck_assert_uint_eq(a.writes, b.writes);
    ck_assert_uint_gt(a.writes, frame ? 80 : 39);
    pair_finish(&p);
}

/* To a page of data, one with code, which stores must be seen in, and none at all. */
START_TEST(a_handler_puts_another_page_there)
{
    static const uint8_t stays[] = {
        0xBA, 0x00, 0x00, 0x06, 0x00,       /* 0: mov edx,60000h */
        0x89, 0x02,                         /*    mov [edx],eax */
        0x01, 0x8B, 0x00, 0x09, 0x00, 0x00, /*    add [ebx+900h],ecx */
        0x03, 0x83, 0x04, 0x09, 0x00, 0x00, /*    add eax,[ebx+904h] */
        0x49,                               /*    dec ecx */
        0x75, 0xEA,                         /*    jnz 0 */
        0xEB, 0xE8,                         /*    jmp 0 */
    };
    static const uint8_t moves[] = {
        0x01, 0x0E,                   /* 0: add [esi],ecx */
        0xBA, 0x00, 0x00, 0x06, 0x00, /*    mov edx,60000h */
        0x83, 0xC6, 0x04,             /*    add esi,4 */
        0x89, 0x02,                   /*    mov [edx],eax */
        0x03, 0x06,                   /*    add eax,[esi] */
        0xEB, 0xF0,                   /*    jmp 0 */
    };
    static const uint8_t moves_last[] = {
        0x01, 0x0E,                   /* 0: add [esi],ecx */
        0x83, 0xC6, 0x04,             /*    add esi,4 */
        0xBA, 0x00, 0x00, 0x06, 0x00, /*    mov edx,60000h */
        0x89, 0x02,                   /*    mov [edx],eax */
        0xEB, 0xF2,                   /*    jmp 0 */
    };
    static const uint32_t frames[] = {0x30000 | 7, PF_CODE | 7, 0};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        run_remapped(stays, sizeof stays, 6, frames[i]);
        run_remapped(moves, sizeof moves, 6, frames[i]);
        run_remapped(moves_last, sizeof moves_last, 5, frames[i]);
    }
}
END_TEST

/* Between slices the page that stores go to gets code. */
START_TEST(a_page_that_becomes_code_is_looked_up_anew)
{
    static const uint8_t stores[] = {
        0x01, 0x4B, 0x04, /* 0: add [ebx+4],ecx */
        0x49,             /*    dec ecx */
        0x75, 0xFA,       /*    jnz 0 */
    };
    static const uint8_t other[] = {0x43, 0xEB, 0xFE}; /* inc ebx; jmp here */
    struct engine_pair p;
    pair_begin(&p, stores, sizeof stores);
    pair_run(&p, 3 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_load(&p, pair_frame_of(DATA >> 12) << 12 | 0x104, other, sizeof other);
    pair_run_from(&p, DATA + 0x104, 5);
    pair_set(&p, GPR_BX, DATA + 0x100);
    pair_run_from(&p, PF_CODE, 3 * PASSES);
    pair_run_from(&p, DATA + 0x104, 5);
    pair_finish(&p);
}
END_TEST

/* The loop's store changes the loop: the constant that it adds. */
START_TEST(a_loop_that_changes_itself)
{
    static const uint8_t code[] = {
        0x8B, 0x03,                   /* 00: mov eax,[ebx] */
        0x81, 0xC1, 0x00, 0x00, 0x00, /* 02: add ecx,constant */
        0x00,                         /* */
        0x89, 0x4B, 0x04,             /* 08: mov [ebx+4],ecx */
        0xBA, 0x04, 0x00, 0x01, 0x00, /* 0B: mov edx,10004h */
        0x40,                         /* 10: inc eax */
        0x89, 0x03,                   /* 11: mov [ebx],eax */
        0xA8, 0x3F,                   /* 13: test al,3Fh */
        0x75, 0xE9,                   /* 15: jnz 00 */
        0x89, 0x02,                   /* 17: mov [edx],eax */
        0xEB, 0xE5,                   /* 19: jmp 00 */
    };
    static const uint8_t always[] = {
        0x8B, 0x03,                   /* 00: mov eax,[ebx] */
        0x81, 0xC1, 0x00, 0x00, 0x00, /* 02: add ecx,constant */
        0x00,                         /* */
        0xBA, 0x04, 0x00, 0x01, 0x00, /* 08: mov edx,10004h */
        0x40,                         /* 0D: inc eax */
        0x89, 0x03,                   /* 0E: mov [ebx],eax */
        0x89, 0x02,                   /* 10: mov [edx],eax */
        0xEB, 0xEC,                   /* 12: jmp 00 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run_in_slices(&p, 5000);
    pair_finish(&p);
    pair_begin(&p, always, sizeof always);
    pair_run_in_slices(&p, 1000);
    pair_finish(&p);
}
END_TEST

/* --- Learning --------------------------------------------------------------------------------------------
 */

/* Ahead of it each operand must be found, needed or not. */
START_TEST(a_loop_that_is_often_lost_looks_up_in_each_pass)
{
    static const uint8_t code[] = {
        0x8B, 0x03,       /* 0: mov eax,[ebx] */
        0x03, 0x43, 0x04, /*    add eax,[ebx+4] */
        0x49,             /*    dec ecx */
        0x75, 0xF8,       /*    jnz 0 */
        0xEB, 0xF6,       /*    jmp 0 */
    };
    struct engine_pair p;
    pair_begin(&p, code, sizeof code);
    pair_run(&p, 4 * PASSES);
    ck_assert(pair_keeps(&p, MODE_32));
    pair_set(&p, GPR_BX, DATA + 0xFFC);
    pair_run(&p, 4 * 20);
    ck_assert(!pair_keeps(&p, MODE_32));
    ck_assert(trace_find(p.translated.cpu, PF_CODE, MODE_32)->each_pass);
    pair_finish(&p);
}
END_TEST

/* --- 64-bit code -----------------------------------------------------------------------------------------
 */

/* The same pages by tables of four levels. */
static void go_long(struct cpu_fixture *f)
{
    enum { LEVEL4 = 0x9000, LEVEL3 = 0xA000, LEVEL2 = 0xB000, LEVEL1 = 0xC000 };
    cpu_fixture_poke(f, LEVEL4, 8, LEVEL3 | 7);
    cpu_fixture_poke(f, LEVEL3, 8, LEVEL2 | 7);
    cpu_fixture_poke(f, LEVEL2, 8, LEVEL1 | 7);
    for (uint32_t page = 0; page < 256; page++)
        cpu_fixture_poke(f, LEVEL1 + 8 * page, 8, page == ABSENT >> 12 ? 0 : pair_frame_of(page) << 12 | 7);
    struct cpu *cpu = f->cpu;
    cpu->cr3 = LEVEL4;
    cpu->cr4 |= CR4_PAE;
    cpu->efer |= EFER_LME | EFER_LMA;
    cpu->seg[SEG_CS].attributes = 0xA09B;
    cpu_derive(cpu);
    tlb_flush(cpu, false);
}

START_TEST(long_loops)
{
    static const uint8_t stays[] = {
        0x48, 0x01, 0x0B,       /* 0: add [rbx],rcx */
        0x48, 0x8B, 0x43, 0x08, /*    mov rax,[rbx+8] */
        0x49, 0x89, 0xC0,       /*    mov r8,rax */
        0x4C, 0x03, 0x46, 0x08, /*    add r8,[rsi+8] */
        0x48, 0xFF, 0xC9,       /*    dec rcx */
        0x75, 0xED,             /*    jnz 0 */
        0xEB, 0xEB,             /*    jmp 0 */
    };
    static const uint8_t moves[] = {
        0x48, 0x8B, 0x06,       /* 0: mov rax,[rsi] */
        0x48, 0x31, 0x07,       /*    xor [rdi],rax */
        0x48, 0x83, 0xEE, 0x08, /*    sub rsi,8 */
        0x48, 0x83, 0xC7, 0x0C, /*    add rdi,12 */
        0x48, 0xFF, 0xC9,       /*    dec rcx */
        0x75, 0xED,             /*    jnz 0 */
        0xEB, 0xEB,             /*    jmp 0 */
    };
    static const struct {
        const uint8_t *code;
        size_t size;
    } programs[] = {{stays, sizeof stays}, {moves, sizeof moves}};
    for (unsigned i = 0; i < 2; i++) {
        struct engine_pair p;
        pair_begin(&p, programs[i].code, programs[i].size);
        go_long(&p.interpreted);
        go_long(&p.translated);
        pair_set(&p, GPR_SI, DATA + 0x9F00);
        pair_run_from(&p, PF_CODE, 6 * PASSES);
        ck_assert(pair_keeps(&p, MODE_64));
        pair_run(&p, 6 * 1500);
        pair_set(&p, GPR_BX, DATA + 0xFFC);
        pair_run_in_slices(&p, 6 * 100);
        pair_finish(&p);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_segment_s_end_is_seen_in_each_pass,
        words_in_a_segment_that_ends,
        words_that_are_stored_beside_code,
        string_instructions_move_what_they_point_to,
        aligned_operands_stay_aligned,
        a_stack_of_numbers_goes_round,
        a_handler_puts_another_page_there,
        a_page_that_becomes_code_is_looked_up_anew,
        a_loop_that_changes_itself,
        a_loop_that_is_often_lost_looks_up_in_each_pass,
        long_loops,
    };
    return suite_run("loop modes", tests, sizeof tests / sizeof tests[0]);
}
