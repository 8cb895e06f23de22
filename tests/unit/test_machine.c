/* SPDX-License-Identifier: MIT */
/* The PC board as a whole, driven by small ROMs: layout, resets, time, inputs, state. */
#include "devices/pc/machine.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "devices/chipset/rtc_mc146818.h"
#include "devices/pc/board_i440fx.h"
#include "devices/pc/machine_private.h"
#include "tests/support/suite.h"

enum { ROM_BYTES = 65536, KHZ = 100000, MS = 1000000 };

struct bench {
    uint8_t rom[ROM_BYTES], vgabios[512];
    struct machine_config config;
    struct machine *machine;
    uint8_t serial[64];
    size_t serial_count;
};

static void on_serial(void *self, unsigned port, uint8_t byte)
{
    struct bench *t = self;
    ck_assert_uint_eq(port, 0);
    if (t->serial_count < sizeof t->serial)
        t->serial[t->serial_count++] = byte;
}

/* A machine whose reset vector jumps to `code` at F000:0000. */
static void setup(struct bench *t, const void *code, size_t size)
{
    static const uint8_t jump[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    *t = (struct bench){0};
    memcpy(t->rom, code, size);
    memcpy(t->rom + 0xFFF0, jump, sizeof jump);
    t->config = (struct machine_config){.ram_bytes = 4 << 20,
                                        .khz = KHZ,
                                        .rtc_epoch = 946684800,
                                        .seed = 1,
                                        .bios = {t->rom, ROM_BYTES},
                                        .vgabios = {t->vgabios, sizeof t->vgabios},
                                        .boot = {BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM},
                                        .debug_exit = true,
                                        .sinks = {.serial = on_serial, .opaque = t}};
}

static void power_on(struct bench *t)
{
    struct error err = {{0}};
    t->machine = machine_new(&t->config, &err);
    ck_assert_msg(t->machine, "%s", err.text);
}

static enum machine_stop run_ms(struct bench *t, uint64_t ms)
{
    return machine_run(t->machine, &(struct machine_until){UINT64_MAX, machine_now_ns(t->machine) + ms * MS});
}

static unsigned cmos(struct bench *t, unsigned index)
{
    return rtc_peek(t->machine->board->rtc, index);
}

static const uint8_t spin[] = {0xEB, 0xFE};                           /* jmp $ */
static const uint8_t exit_5[] = {0xB0, 0x05, 0xE6, 0xF4, 0xEB, 0xFE}; /* mov al,5; out F4h,al; jmp $ */
static const uint8_t halt[] = {0xFA, 0xF4, 0xEB, 0xFD};               /* cli; hlt; jmp back */
static const uint8_t triple_fault[] = {
    0x0F, 0x01, 0x1E, 0x00, 0x40, /* lidt [4000h]: zeros */
    0xCD, 0x03,                   /* int 3 */
};

START_TEST(the_limit_is_exact)
{
    struct bench t;
    setup(&t, spin, sizeof spin);
    power_on(&t);
    ck_assert_int_eq(machine_run(t.machine, &(struct machine_until){123457, UINT64_MAX}), MACHINE_LIMIT);
    ck_assert_uint_eq(machine_insns(t.machine), 123457);
    ck_assert_int_eq(run_ms(&t, 3), MACHINE_LIMIT);
    ck_assert_uint_eq(machine_now_ns(t.machine), 1234570 + 3 * MS);
    machine_free(t.machine);
}
END_TEST

START_TEST(debug_exit_ends_the_run_for_good)
{
    struct bench t;
    setup(&t, exit_5, sizeof exit_5);
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_exit_value(t.machine), 5);
    uint64_t insns = machine_insns(t.machine);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_insns(t.machine), insns);
    machine_free(t.machine);
}
END_TEST

START_TEST(without_debug_exit_the_port_is_not_there)
{
    struct bench t;
    setup(&t, exit_5, sizeof exit_5);
    t.config.debug_exit = false;
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_LIMIT);
    machine_free(t.machine);
}
END_TEST

START_TEST(a_triple_fault_resets_or_stops)
{
    struct bench t;
    setup(&t, triple_fault, sizeof triple_fault);
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_LIMIT);
    machine_free(t.machine);
    setup(&t, triple_fault, sizeof triple_fault);
    t.config.no_reboot = true;
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_TRIPLE_FAULT);
    machine_free(t.machine);
}
END_TEST

START_TEST(a_dead_guest_is_noticed_and_time_goes_on)
{
    struct bench t;
    bool dead;
    setup(&t, halt, sizeof halt);
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 50), MACHINE_LIMIT);
    ck_assert(machine_is_idle(t.machine, &dead) && dead);
    ck_assert_uint_lt(machine_insns(t.machine), 10);
    ck_assert_uint_eq(machine_now_ns(t.machine), 50 * MS);
    machine_post(t.machine, (struct input){.kind = INPUT_RESET});
    uint64_t insns = machine_insns(t.machine);
    run_ms(&t, 1);
    ck_assert_uint_gt(machine_insns(t.machine), insns);
    machine_free(t.machine);
}
END_TEST

START_TEST(interrupt_stops_once)
{
    struct bench t;
    setup(&t, spin, sizeof spin);
    power_on(&t);
    machine_interrupt(t.machine);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_STOPPED);
    ck_assert_int_eq(run_ms(&t, 1), MACHINE_LIMIT);
    machine_free(t.machine);
}
END_TEST

/* Programs PIT 0 as a rate generator of about 1 kHz, unmasks IRQ 0 and counts its ticks at 0:7000h in HLT. */
static const uint8_t ticker[] = {
    0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x70, /* cli; ds = ss = 0; sp = 7000h */
    0xC7, 0x06, 0x20, 0x00, 0x50, 0x00,                         /* vector 8 = F000:0050 */
    0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0,                         /* */
    0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08, 0xE6, 0x21,             /* ICW1, ICW2 */
    0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21,             /* ICW3, ICW4 */
    0xB0, 0xFE, 0xE6, 0x21,                                     /* OCW1: IRQ 0 only */
    0xB0, 0x34, 0xE6, 0x43, 0xB0, 0xA9, 0xE6, 0x40,             /* PIT 0, mode 2, 1193 */
    0xB0, 0x04, 0xE6, 0x40, 0xFB, 0xF4, 0xEB, 0xFD,             /* sti; hlt; again */
};
static const uint8_t tick_handler[] = {
    0xFF, 0x06, 0x00, 0x70, 0xB0, 0x20, 0xE6, 0x20, 0xCF, /* inc word [7000h]; EOI; iret */
};

static void setup_ticker(struct bench *t)
{
    setup(t, ticker, sizeof ticker);
    memcpy(t->rom + 0x50, tick_handler, sizeof tick_handler);
    ck_assert_uint_le(sizeof ticker, 0x50);
}

START_TEST(halted_time_skips_to_the_timer)
{
    struct bench t;
    setup_ticker(&t);
    power_on(&t);
    ck_assert_int_eq(run_ms(&t, 1000), MACHINE_LIMIT);
    uint64_t ticks = physmap_read(&t.machine->physmap, 0x7000, 2);
    ck_assert_uint_ge(ticks, 999);
    ck_assert_uint_le(ticks, 1001);
    ck_assert_uint_lt(machine_insns(t.machine), 20000);
    machine_free(t.machine);
}
END_TEST

static void hash_after(struct bench *t, uint64_t slice_ns, uint8_t digest[32])
{
    const uint64_t end = 77 * MS;
    setup_ticker(t);
    power_on(t);
    for (uint64_t ns = slice_ns; ns < end; ns += slice_ns)
        machine_run(t->machine, &(struct machine_until){UINT64_MAX, ns});
    machine_run(t->machine, &(struct machine_until){UINT64_MAX, end});
    machine_state_hash(t->machine, digest);
    machine_free(t->machine);
}

START_TEST(pieces_make_the_same_machine)
{
    struct bench t;
    uint8_t whole[32], pieces[32];
    hash_after(&t, 100 * MS, whole);
    hash_after(&t, 1370003, pieces);
    ck_assert_mem_eq(whole, pieces, 32);
    hash_after(&t, 999, pieces);
    ck_assert_mem_eq(whole, pieces, 32);
}
END_TEST

START_TEST(a_restored_machine_goes_on_alike)
{
    struct bench t, u;
    struct error err = {{0}};
    struct buffer saved = {0}, again = {0};
    uint8_t first[32], second[32];
    setup_ticker(&t);
    power_on(&t);
    run_ms(&t, 33);
    machine_save(t.machine, &saved);
    setup_ticker(&u);
    power_on(&u);
    struct reader reader = {.data = saved.data, .size = saved.size};
    ck_assert_msg(machine_load(u.machine, &reader, &err), "%s", err.text);
    machine_save(u.machine, &again);
    ck_assert_uint_eq(saved.size, again.size);
    ck_assert_mem_eq(saved.data, again.data, saved.size);
    run_ms(&t, 44);
    run_ms(&u, 44);
    machine_state_hash(t.machine, first);
    machine_state_hash(u.machine, second);
    ck_assert_mem_eq(first, second, 32);
    saved.size /= 2; /* a cut-off state is refused, and changes nothing */
    reader = (struct reader){.data = saved.data, .size = saved.size};
    ck_assert(!machine_load(u.machine, &reader, &err));
    machine_state_hash(u.machine, second);
    ck_assert_mem_eq(first, second, 32);
    machine_free(t.machine);
    machine_free(u.machine);
    buffer_free(&saved);
    buffer_free(&again);
}
END_TEST

/* Another machine, whose processor is `cpu`, is not what was saved. */
static void check_other_processor(const struct buffer *saved, const char *cpu, const char *reason)
{
    struct bench t;
    struct error err = {{0}};
    uint8_t before[32], after[32];
    setup_ticker(&t);
    t.config.cpu_model = cpu;
    power_on(&t);
    machine_state_hash(t.machine, before);
    struct reader reader = {.data = saved->data, .size = saved->size};
    ck_assert(!machine_load(t.machine, &reader, &err));
    ck_assert_ptr_nonnull(strstr(err.text, reason));
    machine_state_hash(t.machine, after);
    ck_assert_mem_eq(before, after, 32);
    machine_free(t.machine);
}

START_TEST(a_state_belongs_to_a_processor)
{
    struct bench t;
    struct buffer saved = {0};
    setup_ticker(&t);
    t.config.cpu_model = "pentium3";
    power_on(&t);
    machine_save(t.machine, &saved);
    check_other_processor(&saved, "486", "'pentium3'");
    check_other_processor(&saved, "pentium3,cpuid_limit=1", "cpuid_limit");
    machine_free(t.machine);
    buffer_free(&saved);
}
END_TEST

START_TEST(what_was_posted_is_saved)
{
    struct bench t, u;
    struct buffer saved = {0};
    uint8_t first[32], second[32], untouched[32];
    setup_ticker(&t);
    power_on(&t);
    run_ms(&t, 33);
    machine_state_hash(t.machine, untouched);
    machine_post(t.machine, (struct input){.kind = INPUT_RESET});
    machine_save(t.machine, &saved);
    setup_ticker(&u);
    power_on(&u);
    struct reader reader = {.data = saved.data, .size = saved.size};
    ck_assert(machine_load(u.machine, &reader, NULL));
    machine_state_hash(t.machine, first);
    machine_state_hash(u.machine, second);
    ck_assert_mem_eq(first, second, 32);
    ck_assert_mem_ne(first, untouched, 32);
    run_ms(&t, 44);
    run_ms(&u, 44);
    machine_state_hash(t.machine, first);
    machine_state_hash(u.machine, second);
    ck_assert_mem_eq(first, second, 32);
    machine_free(t.machine);
    machine_free(u.machine);
    buffer_free(&saved);
}
END_TEST

/* Sends what COM1 receives back, plus one. */
static const uint8_t echo[] = {
    0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE,             /* LCR: 8 data bits */
    0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB, /* wait for LSR.DR */
    0xBA, 0xF8, 0x03, 0xEC, 0xFE, 0xC0, 0xEE,       /* in, inc, out */
    0xEB, 0xEF,
};

START_TEST(serial_bytes_go_both_ways)
{
    struct bench t;
    setup(&t, echo, sizeof echo);
    power_on(&t);
    run_ms(&t, 1);
    size_t room = machine_serial_room(t.machine, 0);
    ck_assert_uint_gt(room, 3);
    for (unsigned i = 0; i < 3; i++)
        machine_post(t.machine, (struct input){.kind = INPUT_SERIAL, .u.serial = {0, (uint8_t)('A' + i)}});
    ck_assert_uint_eq(machine_serial_room(t.machine, 0), room - 3); /* posted ones count */
    run_ms(&t, 2000);
    ck_assert_uint_eq(t.serial_count, 3);
    ck_assert_mem_eq(t.serial, "BCD", 3);
    machine_free(t.machine);
}
END_TEST

START_TEST(cmos_describes_the_machine)
{
    struct bench t;
    setup(&t, spin, sizeof spin);
    t.config.ram_bytes = 96 << 20;
    t.config.rtc_epoch = 951868799; /* 2000-02-29T23:59:59 */
    t.config.boot[0] = BOOT_CDROM;
    t.config.boot[1] = BOOT_DISK;
    t.config.boot[2] = BOOT_FLOPPY;
    power_on(&t);
    ck_assert_uint_eq(cmos(&t, 0x15) | cmos(&t, 0x16) << 8, 640);
    ck_assert_uint_eq(cmos(&t, 0x17) | cmos(&t, 0x18) << 8, 0xFFFF);
    ck_assert_uint_eq(cmos(&t, 0x30) | cmos(&t, 0x31) << 8, 0xFFFF);
    ck_assert_uint_eq(cmos(&t, 0x34) | cmos(&t, 0x35) << 8, 80 * 16);
    ck_assert_uint_eq(cmos(&t, 0x3D), BOOT_CDROM | BOOT_DISK << 4);
    ck_assert_uint_eq(cmos(&t, 0x38), BOOT_FLOPPY << 4);
    ck_assert_uint_eq(cmos(&t, 0x10), 0x40);
    ck_assert_uint_eq(cmos(&t, 0x14) & 0xC1, 0x01);
    ck_assert_uint_eq(cmos(&t, 0x5F), 0);
    ck_assert_uint_eq(cmos(&t, RTC_DAY_OF_MONTH), 0x29);
    ck_assert_uint_eq(cmos(&t, RTC_MONTH), 0x02);
    ck_assert_uint_eq(cmos(&t, RTC_HOURS), 0x23);
    unsigned sum = 0;
    for (unsigned i = 0x10; i < 0x2E; i++)
        sum += cmos(&t, i);
    ck_assert_uint_eq(cmos(&t, 0x2E) << 8 | cmos(&t, 0x2F), sum & 0xFFFF);
    machine_free(t.machine);
}
END_TEST

START_TEST(memory_layout)
{
    struct bench t;
    setup(&t, spin, sizeof spin);
    t.rom[0x1234] = 0x5A;
    power_on(&t);
    struct physmap *map = &t.machine->physmap;
    ck_assert_uint_eq(physmap_read(map, 0xF1234, 1), 0x5A);
    ck_assert_uint_eq(physmap_read(map, 0xFFFF1234, 1), 0x5A);
    physmap_write(map, 0xF1234, 1, 0);
    ck_assert_uint_eq(physmap_read(map, 0xF1234, 1), 0x5A); /* ROM, and the shadow is closed */
    physmap_write(map, 0x9FFFC, 4, 0x12345678);
    ck_assert_uint_eq(physmap_read(map, 0x9FFFC, 4), 0x12345678);
    physmap_write(map, 0x3FFFFC, 4, 0x9ABCDEF0);
    ck_assert_uint_eq(physmap_read(map, 0x3FFFFC, 4), 0x9ABCDEF0);
    physmap_write(map, 0x400000, 4, 1);
    ck_assert_uint_eq(physmap_read(map, 0x400000, 4), 0xFFFFFFFF); /* behind the end of RAM */
    ck_assert_uint_eq(physmap_read(map, 0xE0000, 1), 0xFF);        /* a 64 KiB ROM leaves it empty */
    machine_free(t.machine);
}
END_TEST

START_TEST(memory_above_4g)
{
    struct bench t;
    setup(&t, spin, sizeof spin);
    t.config.ram_bytes = UINT64_C(5) << 30;
    power_on(&t);
    struct physmap *map = &t.machine->physmap;
    const uint64_t above = UINT64_C(0x160000000); /* 3.5 GiB are below 4 GiB, 1.5 GiB above */
    physmap_write(map, above - 4, 4, 0xCAFE);
    ck_assert_uint_eq(physmap_read(map, above - 4, 4), 0xCAFE);
    ck_assert_uint_eq(physmap_read(map, above, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(physmap_read(map, 0xDFFFFFFC, 4), 0);
    ck_assert_uint_eq(cmos(&t, 0x5B) | cmos(&t, 0x5C) << 8 | cmos(&t, 0x5D) << 16, 1536 * 16);
    machine_free(t.machine);
}
END_TEST

/* Resets by port 92h, by the keyboard controller and by CF9h: each run leaves one more count at 0:7000h. */
static void check_reset(const uint8_t *code, size_t size)
{
    struct bench t;
    uint8_t rom[32] = {0x31, 0xC0, 0x8E, 0xD8, 0xFE, 0x06, 0x00, 0x70}; /* ds = 0; inc byte [7000h] */
    memcpy(rom + 8, code, size);
    setup(&t, rom, 8 + size);
    power_on(&t);
    run_ms(&t, 1);
    ck_assert_uint_gt(physmap_read(&t.machine->physmap, 0x7000, 1), 1);
    machine_free(t.machine);
}

START_TEST(three_ways_to_reset)
{
    static const uint8_t by_92h[] = {0xB0, 0x00, 0xE6, 0x92, 0xB0, 0x01, 0xE6, 0x92, 0xEB, 0xFE};
    static const uint8_t by_kbc[] = {0xB0, 0xFE, 0xE6, 0x64, 0xEB, 0xFE};
    static const uint8_t by_cf9[] = {0xBA, 0xF9, 0x0C, 0xB0, 0x02, 0xEE, 0xB0, 0x06, 0xEE, 0xEB, 0xFE};
    check_reset(by_92h, sizeof by_92h);
    check_reset(by_kbc, sizeof by_kbc);
    check_reset(by_cf9, sizeof by_cf9);
}
END_TEST

START_TEST(wrong_configurations_are_refused)
{
    struct bench t;
    struct error err = {{0}};
    setup(&t, spin, sizeof spin);
    t.config.cpu_model = "z80";
    ck_assert_ptr_null(machine_new(&t.config, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "z80"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_limit_is_exact,
                                  debug_exit_ends_the_run_for_good,
                                  without_debug_exit_the_port_is_not_there,
                                  a_triple_fault_resets_or_stops,
                                  a_dead_guest_is_noticed_and_time_goes_on,
                                  interrupt_stops_once,
                                  halted_time_skips_to_the_timer,
                                  pieces_make_the_same_machine,
                                  a_restored_machine_goes_on_alike,
                                  a_state_belongs_to_a_processor,
                                  what_was_posted_is_saved,
                                  serial_bytes_go_both_ways,
                                  cmos_describes_the_machine,
                                  memory_layout,
                                  memory_above_4g,
                                  three_ways_to_reset,
                                  wrong_configurations_are_refused};
    return suite_run("machine", tests, sizeof tests / sizeof tests[0]);
}
