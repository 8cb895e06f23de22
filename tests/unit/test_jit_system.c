/* SPDX-License-Identifier: MIT */
/* What operating systems do all the time, in loops: once everything is translated nothing is thrown away or
 * translated again, and translated code is hardly left. */
#include "core/base/error.h"
#include "core/x86/protection.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/support/protected_fixture.h"
#include "tests/support/suite.h"

enum {
    DIRECTORY = 0x40000, /* all of memory is itself, and the user's */
    TABLE = 0x41000,
    DATA = 0x50000,   /* in DS:ESI */
    ABSENT = 0x60000, /* in EDI: a page that faults */
    SYSTEM = 0x70000, /* where SYSENTER leads */
    PORT = 0x10,
    ENTRANCES = 500,
    WARM = 5004, /* instructions until all are translated */
    INSNS = 50000,
    CALLED = 0x30, /* a vector that level 3 may call */
};

struct loop {
    const char *what;
    unsigned level;
    unsigned most; /* entries from the interpreter, besides the first, in a thousand instructions */
    uint8_t code[32];
};

static const struct loop loops[] = {
    {"MOV CR3", 0, 0, {0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8, 0x8B, 0x06}}, /* ...; mov eax,[esi] */
    {"INVLPG", 0, 0, {0x0F, 0x01, 0x3E, 0x8B, 0x06}},                    /* invlpg [esi]; mov eax,[esi] */
    {"INT and IRET within level 0", 0, 0, {0xCD, CALLED, 0x40}},         /* ...; inc eax */
    {"INT and IRET across levels", 3, 0, {0xCD, CALLED, 0x40}},
    {"SYSENTER and SYSEXIT",
     3,
     0,
     {0x89, 0xE1,                   /* mov ecx,esp */
      0xBA, 0x09, 0x00, 0x01, 0x00, /* mov edx,10009h: the next but one */
      0x0F, 0x34, 0x40}},           /* sysenter; inc eax */
    {"far calls and returns",
     0,
     0,
     {0xEB, 0x02, 0x40, 0xCB,                                                /* jmp over; inc eax; retf */
      0x9A, 0x02, 0x00, 0x01, 0x00, SEL_CODE0, 0, 0x40}},                    /* call 0008:10002h; inc eax */
    {"far jumps", 0, 0, {0xEA, 0x07, 0x00, 0x01, 0x00, SEL_CODE0, 0, 0x40}}, /* jmp 0008:10007h; inc eax */
    {"loads of segment registers",
     0,
     0,
     {0x8C, 0xD8, 0x8E, 0xC0,                              /* mov eax,ds; mov es,eax */
      0x1E, 0x07, 0x26, 0x8B, 0x06}},                      /* push ds; pop es; mov eax,[es:esi] */
    {"CLI and STI", 0, 0, {0xFA, 0x40, 0xFB, 0x43, 0x4A}}, /* cli; inc eax; sti; inc ebx; dec edx */
    {"PUSHF and POPF", 0, 0, {0x9C, 0x40, 0x9D, 0x43}},
    {"IN and OUT", 0, 10, {0xE4, PORT, 0x40, 0xE6, PORT}}, /* in al,10h; inc eax; out 10h,al */
    {"CLTS and MOV CR0", 0, 0, {0x0F, 0x06, 0x0F, 0x20, 0xC0, 0x0F, 0x22, 0xC0}},
    {"page faults", 0, 0, {0x8B, 0x07, 0x40}}, /* mov eax,[edi]: the handler skips it; inc eax */
    {"page faults of level 3", 3, 0, {0x8B, 0x07, 0x40}},
};

static void set_up_pages(struct cpu_fixture *f)
{
    cpu_fixture_poke(f, DIRECTORY, 4, TABLE | 7);
    for (uint32_t page = 0; page < 1024; page++)
        cpu_fixture_poke(f, TABLE + 4 * page, 4, page == ABSENT >> 12 ? 0 : page << 12 | 7);
    f->cpu->cr3 = DIRECTORY;
    f->cpu->cr0 |= CR0_PG;
}

static void set_up_handlers(struct cpu_fixture *f)
{
    static const uint8_t back[] = {0xCF}; /* iret */
    static const uint8_t skip[] = {0x83, 0x44, 0x24, 0x04, 0x02, 0x83, 0xC4, 0x04, 0xCF};
    /* add dword [esp+4],2; add esp,4; iret */
    static const uint8_t leave[] = {0x0F, 0x35}; /* sysexit */
    enum { AT = PF_CODE + 0x1000 };
    cpu_fixture_load(f, AT, back, sizeof back);
    cpu_fixture_load(f, AT + 0x100, skip, sizeof skip);
    cpu_fixture_load(f, SYSTEM, leave, sizeof leave);
    cpu_fixture_gate(f, PF_IDT + 8 * CALLED, 0xEE, SEL_CODE0, AT, 0);
    cpu_fixture_gate(f, PF_IDT + 8 * VECTOR_PF, 0x8E, SEL_CODE0, AT + 0x100, 0);
    f->cpu->msr.sysenter_cs = SEL_CODE0;
    f->cpu->msr.sysenter_esp = PF_STACK0;
    f->cpu->msr.sysenter_eip = SYSTEM;
}

static void load(struct cpu_fixture *f, const struct loop *loop)
{
    unsigned length = sizeof loop->code;
    while (!loop->code[length - 1])
        length--;
    cpu_fixture_load(f, PF_CODE, loop->code, length);
    cpu_fixture_poke(f, PF_CODE + length, 2, 0xEB | (0x100u - length - 2) << 8);
}

static void set_up(struct cpu_fixture *f, const struct loop *loop)
{
    protected_fixture_init_model(f, "pentium4");
    set_up_pages(f);
    set_up_handlers(f);
    load(f, loop);
    if (loop->level)
        protected_fixture_user(f);
    f->cpu->gpr[GPR_SI] = DATA;
    f->cpu->gpr[GPR_DI] = ABSENT;
    cpu_derive(f->cpu);
}

START_TEST(nothing_is_thrown_away_by)
{
    const struct loop *loop = &loops[_i];
    struct cpu_fixture f;
    struct error err = {{0}};
    set_up(&f, loop);
    struct jit *jit = jit_new(f.cpu, &(struct jit_options){0}, &err);
    ck_assert_msg(jit, "%s", err.text);
    for (unsigned i = 0; i < ENTRANCES; i++) /* each instruction as the first of a run */
        cpu_fixture_run(&f, 1 + i % 13);
    cpu_fixture_run(&f, WARM);
    const struct jit_stats before = *jit_get_stats(jit), *now = jit_get_stats(jit);
    cpu_fixture_run(&f, INSNS);
    ck_assert_uint_eq(f.shutdowns, 0);
    ck_assert_msg(now->blocks == before.blocks, "%s: translated again", loop->what);
    ck_assert_msg(now->flushes == before.flushes && now->killed == before.killed && !now->evicted,
                  "%s: thrown away", loop->what);
    ck_assert_msg((now->entries - before.entries - 1) * 1000 <= (uint64_t)loop->most * INSNS, "%s: left",
                  loop->what);
    ck_assert_msg(jit_check(jit, &err), "%s", err.text);
    jit_free(jit);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    return suite_run_loop("system", nothing_is_thrown_away_by, sizeof loops / sizeof loops[0], NULL, 0);
}
