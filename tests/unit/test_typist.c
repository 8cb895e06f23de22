/* SPDX-License-Identifier: MIT */
/* Keys on their way to a guest that takes its time: none is lost, and they come in order. */
#include "frontends/embed/typist.h"

#include <string.h>

#include "core/base/error.h"
#include "devices/input/keys.h"
#include "devices/pc/machine.h"
#include "tests/support/suite.h"

enum { ROM_BYTES = 65536, KHZ = 100000, SEEN_MAX = 256 };
enum { ACKNOWLEDGE = 0xFA };

static const uint64_t second_ns = 1000000000;

/* Enables the keyboard, then looks for a byte from it every 20 ms and writes it to the debug console. */
static const uint8_t slow_reader[] = {
    0xB0, 0xAE, 0xE6, 0x64,             /* mov al,AEh; out 64h,al */
    0xB0, 0xF4, 0xE6, 0x60,             /* mov al,F4h; out 60h,al */
    0xB2, 0x1E,                         /* next: mov dl,30 */
    0x31, 0xC9,                         /* outer: xor cx,cx */
    0xE2, 0xFE,                         /* loop $ */
    0xFE, 0xCA, 0x75, 0xF8,             /* dec dl; jnz outer */
    0xE4, 0x64, 0xA8, 0x01, 0x74, 0xF0, /* in al,64h; test al,1; jz next */
    0xE4, 0x60, 0xE6, 0xE9, 0xEB, 0xEA, /* in al,60h; out E9h,al; jmp next */
};

struct bench {
    uint8_t rom[ROM_BYTES], vgabios[512];
    uint8_t seen[SEEN_MAX];
    size_t count;
    struct machine *machine;
    struct typist typist;
};

static void on_byte(void *self, uint8_t byte)
{
    struct bench *t = self;
    if (byte == ACKNOWLEDGE)
        t->count = 0;
    else if (t->count < SEEN_MAX)
        t->seen[t->count++] = byte;
}

static void setup(struct bench *t)
{
    static const uint8_t jump[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    struct error err = {{0}};
    *t = (struct bench){0};
    memcpy(t->rom, slow_reader, sizeof slow_reader);
    memcpy(t->rom + 0xFFF0, jump, sizeof jump);
    const struct machine_config config = {.ram_bytes = 4 << 20,
                                          .khz = KHZ,
                                          .seed = 1,
                                          .bios = {t->rom, ROM_BYTES},
                                          .vgabios = {t->vgabios, sizeof t->vgabios},
                                          .debugcon = true,
                                          .sinks = {.debugcon = on_byte, .opaque = t}};
    t->machine = machine_new(&config, &err);
    ck_assert_msg(t->machine, "%s", err.text);
}

static void teardown(struct bench *t)
{
    typist_free(&t->typist);
    machine_free(t->machine);
}

static void run_to(struct bench *t, uint64_t ns)
{
    while (machine_now_ns(t->machine) < ns) {
        uint64_t next;
        typist_run(&t->typist, t->machine, &next);
        machine_run(t->machine, &(struct machine_until){UINT64_MAX, next < ns ? next : ns});
    }
}

START_TEST(many_keys_at_once)
{
    struct bench t;
    setup(&t);
    run_to(&t, second_ns / 2);
    for (unsigned i = 0; i < 12; i++) {
        typist_move(&t.typist, KEY_A, true);
        typist_move(&t.typist, KEY_A, false);
    }
    run_to(&t, 3 * second_ns);
    ck_assert_uint_eq(t.typist.count, 0);
    ck_assert_uint_eq(t.count, 36);
    for (unsigned i = 0; i < 36; i++)
        ck_assert_uint_eq(t.seen[i], i % 3 == 1 ? 0xF0 : 0x1C); /* set 2 */
    teardown(&t);
}
END_TEST

START_TEST(a_text)
{
    static const uint8_t codes[] = {0x12, 0x1C, 0xF0, 0x1C, 0xF0, 0x12, 0x32, 0xF0, 0x32}; /* Shift A, b */
    struct bench t;
    setup(&t);
    run_to(&t, second_ns / 2);
    ck_assert(typist_type(&t.typist, "Ab"));
    ck_assert(!typist_type(&t.typist, "\xE9"));
    run_to(&t, 2 * second_ns);
    ck_assert_uint_eq(t.count, sizeof codes);
    ck_assert_mem_eq(t.seen, codes, sizeof codes);
    teardown(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {many_keys_at_once, a_text};
    return suite_run("typist", tests, sizeof tests / sizeof tests[0]);
}
