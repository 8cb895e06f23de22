/* SPDX-License-Identifier: MIT */
/* --engine check: two machines in lockstep agree for as long as they should and not longer. */
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "core/x86/engine.h"
#include "core/x86/exec/chain.h"
#include "devices/media/media.h"
#include "devices/pc/machine_private.h"
#include "tests/support/suite.h"

enum { ROM_BYTES = 65536, FLOPPY_BYTES = 1440 << 10, PIECE = 100000 };

/* Counts in memory and in BX, and takes whatever the keyboard has. */
static const uint8_t program[] = {
    0x31, 0xDB,                   /*     xor bx,bx */
    0x43,                         /* l:  inc bx */
    0xF7, 0xC3, 0xFF, 0x00,       /*     test bx,0FFh */
    0x75, 0xF9,                   /*     jnz l */
    0x26, 0xFF, 0x06, 0x00, 0x50, /*     inc word es:[5000h] */
    0xE4, 0x60,                   /*     in al,60h */
    0x00, 0xC7,                   /*     add bh,al */
    0xEB, 0xEF,                   /*     jmp l */
};

enum { LOOP = 2 };

struct bench {
    uint8_t rom[ROM_BYTES], vgabios[512];
    struct machine_config config;
    struct machine *machine;
};

/* UINT32_MAX: translates nothing, and so asks the engine at every trace. */
static void power_on_with(struct bench *t, int kind, uint32_t threshold)
{
    static const uint8_t jump[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    struct error err = {{0}};
    *t = (struct bench){0};
    memcpy(t->rom, program, sizeof program);
    memcpy(t->rom + 0xFFF0, jump, sizeof jump);
    t->config = (struct machine_config){
        .ram_bytes = 4 << 20,
        .khz = 100000,
        .seed = 1,
        .engine = {.kind = (unsigned)kind, .has_threshold = true, .threshold = threshold},
        .bios = {t->rom, ROM_BYTES},
        .vgabios = {t->vgabios, sizeof t->vgabios}};
    t->machine = machine_new(&t->config, &err);
    ck_assert_msg(t->machine, "%s", err.text);
}

static void power_on(struct bench *t, int kind)
{
    power_on_with(t, kind, 0);
}

static enum machine_stop run(struct bench *t)
{
    return machine_run(t->machine, &(struct machine_until){machine_insns(t->machine) + PIECE, UINT64_MAX});
}

static void press(struct bench *t, unsigned usage)
{
    machine_post(t->machine, (struct input){.kind = INPUT_KEY, .u.key = {(uint16_t)usage, true}});
}

static void insert_floppy(struct bench *t)
{
    static uint8_t bytes[FLOPPY_BYTES];
    struct media *media = media_from_bytes("test", MEDIA_FLOPPY, bytes, sizeof bytes, NULL);
    machine_post(t->machine, (struct input){.kind = INPUT_INSERT, .u.media = {DRIVE_FDA, media}});
}

static void expect_in_report(struct bench *t, const char *text)
{
    const char *report = machine_divergence(t->machine);
    ck_assert_msg(strstr(report, text), "'%s' is not in the report:\n%s", text, report);
}

/* Keys, a reset, media and a state: everything reaches both. */
static void live(struct bench *t)
{
    struct buffer state = {0};
    ck_assert_int_eq(run(t), MACHINE_LIMIT);
    machine_save(t->machine, &state);
    press(t, 0x04);
    ck_assert_int_eq(run(t), MACHINE_LIMIT);
    machine_post(t->machine, (struct input){.kind = INPUT_RESET});
    ck_assert_int_eq(run(t), MACHINE_LIMIT);
    press(t, 0x06); /* lost in the load, in both */
    struct reader in = {.data = state.data, .size = state.size};
    ck_assert(machine_load(t->machine, &in, NULL));
    press(t, 0x05);
    insert_floppy(t);
    ck_assert_int_eq(run(t), MACHINE_LIMIT);
    machine_post(t->machine, (struct input){.kind = INPUT_EJECT, .u.media.drive = DRIVE_FDA});
    machine_post(t->machine, (struct input){.kind = INPUT_STOP});
    ck_assert_int_eq(run(t), MACHINE_STOPPED);
    ck_assert_int_eq(run(t), MACHINE_LIMIT);
    buffer_free(&state);
}

START_TEST(a_checked_machine_lives_as_another)
{
    struct bench checked, plain;
    uint8_t digest[2][32];
    power_on(&checked, ENGINE_CHECK);
    power_on(&plain, ENGINE_INTERPRET);
    live(&checked);
    live(&plain);
    ck_assert_str_eq(machine_divergence(checked.machine), "");
    struct machine_engine_stats stats;
    ck_assert(machine_engine_stats(checked.machine, &stats));
    uint64_t end = machine_insns(checked.machine) + machine_insns(plain.machine);
    ck_assert_int_eq(machine_run(checked.machine, &(struct machine_until){end, UINT64_MAX}), MACHINE_LIMIT);
    ck_assert_int_eq(machine_run(plain.machine, &(struct machine_until){end, UINT64_MAX}), MACHINE_LIMIT);
    machine_state_hash(checked.machine, digest[0]);
    machine_state_hash(plain.machine, digest[1]);
    ck_assert_mem_eq(digest[0], digest[1], sizeof digest[0]);
    machine_free(checked.machine);
    machine_free(plain.machine);
}
END_TEST

START_TEST(another_register_is_found_after_one_slice)
{
    struct bench t;
    power_on(&t, ENGINE_CHECK);
    ck_assert_int_eq(run(&t), MACHINE_LIMIT);
    t.machine->cpu->gpr[GPR_SI] ^= 0x10;
    uint64_t before = machine_insns(t.machine);
    ck_assert_int_eq(run(&t), MACHINE_DIVERGED);
    ck_assert_uint_lt(machine_insns(t.machine) - before, 5000);
    expect_in_report(&t, "cpu0.gpr[6] = 0, 10\n");
    expect_in_report(&t, "run again from where both were saved, they agree");
    ck_assert_int_eq(run(&t), MACHINE_DIVERGED);
    machine_free(t.machine);
}
END_TEST

START_TEST(another_byte_of_memory_is_found_at_the_end)
{
    struct bench t;
    power_on(&t, ENGINE_CHECK);
    ck_assert_int_eq(run(&t), MACHINE_LIMIT);
    t.machine->memory.host[0x6000] ^= 1;
    ck_assert_int_eq(run(&t), MACHINE_DIVERGED);
    expect_in_report(&t, "memory at 6000 = 00, 01\n");
    machine_free(t.machine);
}
END_TEST

START_TEST(another_chip_is_found_at_the_end)
{
    struct bench t;
    power_on(&t, ENGINE_CHECK);
    ck_assert_int_eq(run(&t), MACHINE_LIMIT);
    portmap_write(t.machine->ports, 0x43, 1, 0xB6);
    ck_assert_int_eq(run(&t), MACHINE_DIVERGED);
    expect_in_report(&t, "pit");
    machine_free(t.machine);
}
END_TEST

/* An engine that is wrong once in a while: sets a bit of DI when BX is 23h at the top of the loop. */
static const struct engine_ops *right;

static const struct insn *wrong_enter(struct cpu *cpu, const struct insn *insn)
{
    if (cpu->rip == LOOP && cpu->gpr[GPR_BX] == 0x23)
        cpu->gpr[GPR_DI] |= 1;
    return right->enter(cpu, insn);
}

START_TEST(a_wrong_engine_is_narrowed_to_the_instruction)
{
    struct bench t;
    struct engine_ops wrong;
    power_on_with(&t, ENGINE_CHECK, UINT32_MAX);
    struct cpu *cpu = t.machine->cpu;
    right = cpu->engine;
    wrong = *right;
    wrong.enter = wrong_enter;
    cpu_attach_engine(cpu, &wrong, cpu->engine_self, cpu->direct);
    ck_assert_int_eq(run(&t), MACHINE_DIVERGED);
    expect_in_report(&t, "cpu0.gpr[7] = 0, 1\n");
    expect_in_report(&t, "the first difference is after insns=");
    expect_in_report(&t, "F000:0000000");
    cpu_attach_engine(cpu, right, cpu->engine_self, cpu->direct);
    machine_free(t.machine);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_checked_machine_lives_as_another,
        another_register_is_found_after_one_slice,
        another_byte_of_memory_is_found_at_the_end,
        another_chip_is_found_at_the_end,
        a_wrong_engine_is_narrowed_to_the_instruction,
    };
    return suite_run("lockstep", tests, sizeof tests / sizeof tests[0]);
}
