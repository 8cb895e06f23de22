/* SPDX-License-Identifier: MIT */
/* Exceptions that instructions of blocks end with: the guest's handler runs as translated code, and all is as
 * on the interpreter. */
#include <string.h>

#include "core/x86/flags.h"
#include "core/x86/protection.h"
#include "core/x86/tlb.h"
#include "tests/support/engine_pair.h"
#include "tests/support/suite.h"

enum {
    ENTRY = TABLE + 4 * (ABSENT >> 12), /* of the page that comes and goes */
    MAPPER = 0x9000,                    /* handlers */
    SKIPPER = 0x9100,
    REPAIRER = 0x9200,
    STEPPER = 0x9300,
    REENTRANT = 0x9400,
    WORDS = 0xA000, /* 16-bit code */
    WARM = 2000,
    INSNS = 20000,
    LONG_LEVELS = 0xB000,
    V86_PAGE = 0x38, /* DS:8000h of V86 code */
};

/* Maps the page that CR2 names to itself. */
static const uint8_t mapper[] = {
    0x50, 0x51,                                     /* push eax; push ecx */
    0x0F, 0x20, 0xD0,                               /* mov eax,cr2 */
    0xC1, 0xE8, 0x0C,                               /* shr eax,12 */
    0x89, 0xC1, 0xC1, 0xE1, 0x0C, 0x83, 0xC9, 0x07, /* mov ecx,eax; shl ecx,12; or ecx,7 */
    0x89, 0x0C, 0x85, 0x00, 0x50, 0x00, 0x00,       /* mov [eax*4+TABLE],ecx */
    0x59, 0x58, 0x83, 0xC4, 0x04, 0xCF,             /* pop ecx; pop eax; add esp,4; iret */
};

/* Skips an instruction of three bytes. */
static const uint8_t skipper[] = {0x83, 0x44, 0x24, 0x04, 0x03, 0x83, 0xC4, 0x04, 0xCF};

/* #DE: makes the divisor 1. Its page may be absent. */
static const uint8_t repairer[] = {0xB9, 0x01, 0x00, 0x00, 0x00, 0xCF}; /* mov ecx,1; iret */

/* #DB: counts in EDX. */
static const uint8_t stepper[] = {0x42, 0xCF}; /* inc edx; iret */

/* Touches the page at ESI, which faults within it, before it maps the one that faulted. */
static const uint8_t reentrant[] = {
    0x50, 0x0F, 0x20, 0xD0,                   /* push eax; mov eax,cr2 */
    0x3D, 0x00, 0x10, 0x05, 0x00, 0x74, 0x07, /* cmp eax,51000h; je +7 */
    0x03, 0x16, 0x90, 0x90, 0x90, 0x90, 0x90, /* add edx,[esi]; 5 nop */
    0x58, 0xE9, 0xE8, 0xFB, 0xFF, 0xFF,       /* pop eax; jmp MAPPER */
};

static void gate(struct cpu_fixture *f, unsigned vector, uint32_t offset)
{
    cpu_fixture_gate(f, PF_IDT + 8 * vector, 0x8E, SEL_CODE0, offset, 0);
}

static void each(struct engine_pair *p, void (*set_up)(struct cpu_fixture *f))
{
    set_up(&p->interpreted);
    set_up(&p->translated);
}

static void set_up_handlers(struct cpu_fixture *f)
{
    cpu_fixture_load(f, MAPPER, mapper, sizeof mapper);
    cpu_fixture_load(f, SKIPPER, skipper, sizeof skipper);
    cpu_fixture_load(f, REPAIRER, repairer, sizeof repairer);
    cpu_fixture_load(f, STEPPER, stepper, sizeof stepper);
    cpu_fixture_load(f, REENTRANT, reentrant, sizeof reentrant);
    gate(f, VECTOR_DE, REPAIRER);
    gate(f, VECTOR_DB, STEPPER);
    gate(f, VECTOR_PF, MAPPER);
    f->cpu->gpr[GPR_DI] = ABSENT;
    f->cpu->gpr[GPR_SI] = ABSENT + 0x1000;
}

/* Runs on: hardly anything may enter translated code from outside, in slices everything is the same. */
static void run_on(struct engine_pair *p)
{
    pair_run(p, WARM);
    uint64_t entries = jit_get_stats(p->jit)->entries;
    pair_run(p, INSNS);
    ck_assert_uint_le(jit_get_stats(p->jit)->entries - entries, 2);
    pair_run_in_slices(p, 3000);
    ck_assert_uint_eq(p->interpreted.clock.insns, p->translated.clock.insns);
    ck_assert_uint_eq(p->translated.shutdowns + p->interpreted.shutdowns, 0);
    pair_finish(p);
}

struct access {
    const char *what;
    uint8_t code[16];
};

/* What each does in a loop whose page is absent each time. */
static const struct access accesses[] = {
    {"load", {0x03, 0x07}},                                                       /* add eax,[edi] */
    {"load between a flag and its reader", {0x01, 0xC0, 0x8B, 0x0F, 0x11, 0xC8}}, /* add; mov; adc */
    {"store", {0x89, 0x07, 0x40}},                                                /* mov [edi],eax; inc eax */
    {"read, change and write", {0x40, 0xD1, 0x57, 0x10}},             /* inc eax; rcl dword [edi+16],1 */
    {"exchange", {0xF0, 0x0F, 0xB1, 0x0F}},                           /* lock cmpxchg [edi],ecx */
    {"bit", {0x0F, 0xBB, 0x0F}},                                      /* btc [edi],ecx */
    {"push of what is absent", {0xFF, 0x37, 0x5B}},                   /* push dword [edi]; pop ebx */
    {"x87", {0xD9, 0xE8, 0xD8, 0x07, 0xD9, 0x5F, 0x04}},              /* fld1; fadd [edi]; fstp [edi+4] */
    {"x87 state that handlers take", {0xD9, 0xE8, 0xDF, 0x77, 0x20}}, /* fld1; fbstp [edi+32] */
    {"SSE", {0x0F, 0x58, 0x07, 0x0F, 0x29, 0x47, 0x10}},              /* addps xmm0,[edi]; movaps [edi+16] */
    {"segment", {0x8E, 0x47, 0x40}},                                  /* mov es,[edi+64]: 0 */
    {"flags", {0x9C, 0x8F, 0x47, 0x50}},                              /* pushfd; pop dword [edi+80] */
    {"strings", {0x57, 0xB9, 0x08, 0x00, 0x00, 0x00, 0xF3, 0xAB, 0x5F}}, /* mov ecx,8; rep stosd */
};

static void load_access(struct engine_pair *p, const struct access *access)
{
    static const uint8_t take_away[] = {
        0xC7, 0x05, ENTRY & 0xFF, ENTRY >> 8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov dword [ENTRY],0 */
        0x0F, 0x01, 0x3F,                                                         /* invlpg [edi] */
    };
    uint8_t code[64] = {0};
    unsigned length = sizeof access->code;
    while (!access->code[length - 1])
        length--;
    memcpy(code, access->code, length);
    memcpy(code + length, take_away, sizeof take_away);
    unsigned end = length + sizeof take_away;
    code[end] = 0xEB;
    code[end + 1] = (uint8_t)(0x100u - end - 2);
    pair_start(p, code, end + 2, PF_CODE);
}

START_TEST(a_page_fault_goes_on_in_its_handler)
{
    struct engine_pair p;
    load_access(&p, &accesses[_i]);
    each(&p, set_up_handlers);
    run_on(&p);
}
END_TEST

static void go_reentrant(struct cpu_fixture *f)
{
    gate(f, VECTOR_PF, REENTRANT);
    cpu_fixture_poke(f, ENTRY + 4, 4, 0);
}

/* The handler faults itself. */
START_TEST(nested_faults)
{
    static const uint8_t code[] = {
        0x03,       0x07, /* 0: add eax,[edi] */
        0xC7,       0x05, ENTRY & 0xFF,
        ENTRY >> 8, 0x00, 0x00,
        0x00,       0x00, 0x00,
        0x00, /* mov dword [ENTRY],0 */
        0xC7,       0x05, (ENTRY + 4) & 0xFF,
        ENTRY >> 8, 0x00, 0x00,
        0x00,       0x00, 0x00,
        0x00, /* and the next */
        0x0F,       0x01, 0x3F,
        0x0F,       0x01, 0x3E, /* invlpg [edi]; invlpg [esi] */
        0xEB,       0xE2,       /* jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, go_reentrant);
    run_on(&p);
}
END_TEST

static void repair_in_absent_page(struct cpu_fixture *f)
{
    cpu_fixture_load(f, ABSENT + 0x10, repairer, sizeof repairer);
    gate(f, VECTOR_DE, ABSENT + 0x10);
}

/* #DE, with a handler that has to be fetched from a page that is absent. */
START_TEST(the_handler_s_page_is_absent)
{
    static const uint8_t code[] = {
        0x31, 0xC9, 0x31,         0xD2,       0xF7, 0xF1,                         /* 0: div by 0 */
        0xC7, 0x05, ENTRY & 0xFF, ENTRY >> 8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov dword [ENTRY],0 */
        0x0F, 0x01, 0x3F,         0x40,                                           /* invlpg [edi]; inc eax */
        0xEB, 0xEA,                                                               /* jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, repair_in_absent_page);
    pair_run(&p, WARM);
    pair_run_in_slices(&p, 3000);
    ck_assert_uint_eq(p.translated.shutdowns, 0);
    pair_finish(&p);
}
END_TEST

static void return_in_absent_page(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, ABSENT, 2, 0xC340); /* inc eax; ret */
}

/* A call to a page that is absent. */
START_TEST(a_fetch_that_faults_goes_on_in_its_handler)
{
    static const uint8_t code[] = {
        0xFF, 0xD7,                                                               /* 0: call edi */
        0xC7, 0x05, ENTRY & 0xFF, ENTRY >> 8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov dword [ENTRY],0 */
        0x0F, 0x01, 0x3F,                                                         /* invlpg [edi] */
        0xEB, 0xEF,                                                               /* jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, return_in_absent_page);
    run_on(&p);
}
END_TEST

static void set_trap_flag(struct cpu_fixture *f)
{
    cpu_set_eflags(f->cpu, cpu_get_eflags(f->cpu) | EFLAGS_TF);
}

START_TEST(faults_while_stepping)
{
    struct engine_pair p;
    load_access(&p, &accesses[0]);
    each(&p, set_up_handlers);
    each(&p, set_trap_flag);
    pair_run(&p, WARM);
    pair_run_in_slices(&p, 3000);
    ck_assert_uint_ne(p.translated.cpu->gpr[GPR_DX], p.translated.cpu->gpr[GPR_AX]);
    pair_finish(&p);
}
END_TEST

static void skip_faults(struct cpu_fixture *f)
{
    gate(f, VECTOR_PF, SKIPPER);
    gate(f, VECTOR_GP, SKIPPER);
}

static void lower_to_user(struct cpu_fixture *f)
{
    protected_fixture_user(f);
}

/* #PF and #GP of level 3. */
START_TEST(faults_across_levels)
{
    static const uint8_t code[] = {
        0x01, 0xC0, 0x8B, 0x4F, 0x08, /* 0: add eax,eax; mov ecx,[edi+8] */
        0x0F, 0x01, 0x3F, 0x40,       /*    invlpg [edi]; inc eax */
        0xEB, 0xF5,                   /*    jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, skip_faults);
    each(&p, lower_to_user);
    run_on(&p);
}
END_TEST

static void load_words(struct cpu_fixture *f)
{
    static const uint8_t words[] = {
        0x40, 0x67, 0x8B, 0x07, 0x11, 0xC8, 0xEB, 0xF8, /* 0: inc ax; mov ax,[edi]; adc ax,cx; jmp 0 */
    };
    cpu_fixture_load(f, WORDS, words, sizeof words);
}

START_TEST(faults_of_16_bit_code)
{
    static const uint8_t code[] = {0xEA, WORDS & 0xFF, WORDS >> 8, 0, 0, SEL_CODE0_16, 0};
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, skip_faults);
    each(&p, load_words);
    run_on(&p);
}
END_TEST

static void go_virtual(struct cpu_fixture *f)
{
    protected_fixture_v86(f, 0);
    f->cpu->gpr[GPR_BX] = V86_PAGE << 12 & 0xFFFF;
    cpu_fixture_poke(f, TABLE + 4 * V86_PAGE, 4, 0);
}

/* #PF and #GP, of a CLI. */
START_TEST(faults_of_v86_code)
{
    static const uint8_t code[] = {
        0x40, 0x8B, 0x47, 0x02, 0xFA, 0x90, 0x90, 0x11, 0xC8, /* 0: inc ax; mov ax,[bx+2]; cli; adc ax,cx */
        0xEB, 0xF5,                                           /*    jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, skip_faults);
    each(&p, go_virtual);
    run_on(&p);
}
END_TEST

static void long_gate(struct cpu_fixture *f, unsigned vector, uint32_t offset)
{
    cpu_fixture_gate(f, PF_IDT + 16 * vector, 0x8E, SEL_CODE0, offset, 0);
    cpu_fixture_poke(f, PF_IDT + 16 * vector + 8, 8, 0);
}

static void go_long(struct cpu_fixture *f)
{
    static const uint8_t skip[] = {0x48, 0x83, 0x44, 0x24, 0x08, 0x03, 0x48, 0x83, 0xC4, 0x08, 0x48, 0xCF};
    struct cpu *cpu = f->cpu;
    for (unsigned level = 0; level < 3; level++)
        cpu_fixture_poke(f, LONG_LEVELS + level * MEM_PAGE_SIZE, 8,
                         (LONG_LEVELS + (level + 1) * MEM_PAGE_SIZE) | 7);
    for (uint32_t page = 0; page < 256; page++)
        cpu_fixture_poke(f, LONG_LEVELS + 3 * MEM_PAGE_SIZE + 8 * page, 8,
                         page == ABSENT >> 12 ? 0 : pair_frame_of(page) << 12 | 7);
    cpu_fixture_load(f, SKIPPER, skip, sizeof skip);
    cpu_fixture_descriptor(f, PF_GDT + SEL_CODE0, 0, 0xFFFFF, 0xA09B);
    long_gate(f, VECTOR_PF, SKIPPER);
    cpu->cr3 = LONG_LEVELS;
    cpu->cr4 |= CR4_PAE;
    cpu->efer |= EFER_LME | EFER_LMA;
    cpu->seg[SEG_CS].attributes = 0xA09B;
    cpu_derive(cpu);
    tlb_flush(cpu, false);
}

START_TEST(faults_of_64_bit_code)
{
    static const uint8_t code[] = {
        0x01, 0xC0, 0x48, 0x8B, 0x07,
        0x11, 0xC8, 0x49, 0x89, 0xC0, /* 0: add; mov rax,[rdi]; adc; mov r8,rax */
        0xEB, 0xF4,                   /*    jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, go_long);
    run_on(&p);
}
END_TEST

static void fault_twice(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, PF_IDT + 8 * VECTOR_GP + 4, 4, 0); /* its gate is absent, as is that of #NP */
    cpu_fixture_poke(f, PF_IDT + 8 * VECTOR_NP + 4, 4, 0);
    cpu_fixture_poke(f, PF_IDT + 8 * VECTOR_DF, 4, SEL_CODE0 << 16 | (SKIPPER + 0x80));
    cpu_fixture_poke(f, PF_IDT + 8 * VECTOR_DF + 4, 4, 0x8E00);
}

static void look_at_x87(struct cpu_fixture *f)
{
    static const uint8_t look[] = {0xD9, 0x35, 0x00, 0x98, 0x00, 0x00, 0xEB, 0x78}; /* fnstenv [9800h]; jmp */
    cpu_fixture_load(f, SKIPPER - 0x80, look, sizeof look);
    gate(f, VECTOR_PF, SKIPPER - 0x80);
    lower_to_user(f);
}

/* The handler sees which instruction was the last of the x87, and with which selectors. */
START_TEST(x87_pointers_across_levels)
{
    static const uint8_t code[] = {
        0xDD, 0xC0, 0xD8, 0x03, 0x8B, 0x4F, 0x08, /* 0: ffree st0; fadd [ebx]; mov ecx,[edi+8] */
        0xEB, 0xF7,                               /*    jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, look_at_x87);
    run_on(&p);
}
END_TEST

static void fault_thrice(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, PF_IDT + 8 * VECTOR_DE + 4, 4, 0);
    for (unsigned vector = VECTOR_DF; vector < VECTOR_PF; vector++)
        cpu_fixture_poke(f, PF_IDT + 8 * vector + 4, 4, 0);
}

/* A loop that divides by less each time, until that faults and cannot be delivered. */
START_TEST(a_triple_fault_stops)
{
    static const uint8_t code[] = {
        0x31, 0xD2, 0x49, 0xF7, 0xF1, 0xEB, 0xF9, /* 0: xor edx,edx; dec ecx; div ecx; jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, fault_thrice);
    pair_set(&p, GPR_CX, 1000);
    pair_run(&p, 100000);
    ck_assert_uint_eq(p.interpreted.clock.insns, p.translated.clock.insns);
    ck_assert_uint_eq(p.interpreted.shutdowns, 1);
    ck_assert_uint_eq(p.translated.shutdowns, 1);
    pair_finish(&p);
}
END_TEST

enum { TSS_CR3 = 0x1C, TSS_EIP = 0x20, TSS_EFLAGS = 0x24, TSS_ECX = 0x2C, TSS_ESP = 0x38, TSS_ES = 0x48 };

static void repair_in_a_task(struct cpu_fixture *f)
{
    static const uint8_t task[] = {
        0x40, 0xC7, 0x05, TSS_ECX, PF_TSS >> 8, 0, 0, 1, 0, 0, 0, /* 0: inc eax; the divisor: 1 */
        0xCF, 0xEB, 0xF2,                                                  /*    iret; jmp 0 */
    };
    cpu_fixture_load(f, SKIPPER + 0x80, task, sizeof task);
    cpu_fixture_gate(f, PF_IDT + 8 * VECTOR_DE, 0x85, SEL_TSS_B, 0, 0);
    for (unsigned i = 0; i < 6; i++)
        cpu_fixture_poke(f, PF_TSS_B + TSS_ES + 4 * i, 4, i == 1 ? SEL_CODE0 : SEL_DATA0);
    cpu_fixture_poke(f, PF_TSS + TSS_CR3, 4, DIRECTORY);
    cpu_fixture_poke(f, PF_TSS_B + TSS_CR3, 4, DIRECTORY);
    cpu_fixture_poke(f, PF_TSS_B + TSS_EIP, 4, SKIPPER + 0x80);
    cpu_fixture_poke(f, PF_TSS_B + TSS_EFLAGS, 4, EFLAGS_FIXED | EFLAGS_TF);
    cpu_fixture_poke(f, PF_TSS_B + TSS_ESP, 4, 0xF000);
}

/* Another task takes the exception, and steps. */
START_TEST(a_task_that_steps_takes_the_exception)
{
    static const uint8_t code[] = {
        0x31, 0xC9, 0x31, 0xD2, 0xF7, 0xF1, 0x40, 0xEB, 0xF7, /* 0: div by 0; inc eax; jmp 0 */
    };
    struct engine_pair p;
    pair_start(&p, code, sizeof code, PF_CODE);
    each(&p, set_up_handlers);
    each(&p, repair_in_a_task);
    for (unsigned i = 0; i < 20; i++)
        pair_run(&p, 100 + i);
    pair_run_in_slices(&p, 1000);
    ck_assert_uint_gt(cpu_fixture_peek(&p.interpreted, PF_TSS_B + 0x28, 4), 10); /* EAX */
    ck_assert_uint_gt(cpu_fixture_peek(&p.interpreted, PF_TSS_B + 0x30, 4), 10); /* EDX: steps */
    pair_finish(&p);
}
END_TEST

/* Runs to an instruction count in slices. */
static void run_to(struct cpu_fixture *f, uint64_t count, uint64_t slice)
{
    while (f->clock.insns < count) {
        uint64_t left = count - f->clock.insns;
        cpu_fixture_run(f, left < slice ? left : slice);
    }
}

/* IRET sets RF, and the instruction that it returns to faults so that #DF pushes RF: which is there whether
 * the outer loop has looked between them or not. */
START_TEST(rf_is_there_for_a_double_fault)
{
    static const uint8_t code[] = {
        0x68, 0x02,      0x00, 0x01, 0x00, /* 0: push RF */
        0x6A, SEL_CODE0,                   /*    push cs */
        0x68, 0x0D,      0x00, 0x01, 0x00, /*    push 1000Dh */
        0xCF,                              /*    iret */
        0x8E, 0xD8,                        /* D: mov ds,eax: #GP */
    };
    static const uint8_t handler[] = {
        0x03, 0x54, 0x24, 0x0C,       /* add edx,[esp+12]: the flags */
        0x83, 0xC4, 0x10,             /* add esp,16 */
        0xE9, 0x74, 0x6E, 0x00, 0x00, /* jmp 10000h */
    };
    for (unsigned slice = 1; slice < 12; slice++) {
        struct engine_pair p;
        pair_start(&p, code, sizeof code, PF_CODE);
        each(&p, set_up_handlers);
        each(&p, fault_twice);
        pair_load(&p, SKIPPER + 0x80, handler, sizeof handler);
        pair_set(&p, GPR_AX, 0xFFF8);
        pair_set(&p, GPR_DX, 0);
        run_to(&p.interpreted, 1000, slice);
        run_to(&p.translated, 1000, 1000);
        pair_compare(&p);
        ck_assert_uint_eq(p.translated.shutdowns, 0);
        ck_assert_uint_ge(p.translated.cpu->gpr[GPR_DX], 0x10000);
        pair_finish(&p);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nested_faults,
        the_handler_s_page_is_absent,
        a_fetch_that_faults_goes_on_in_its_handler,
        faults_while_stepping,
        faults_across_levels,
        faults_of_16_bit_code,
        faults_of_v86_code,
        faults_of_64_bit_code,
        rf_is_there_for_a_double_fault,
        x87_pointers_across_levels,
        a_task_that_steps_takes_the_exception,
        a_triple_fault_stops,
    };
    return suite_run_loop("faults", a_page_fault_goes_on_in_its_handler, sizeof accesses / sizeof accesses[0],
                          tests, sizeof tests / sizeof tests[0]);
}
