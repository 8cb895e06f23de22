/* SPDX-License-Identifier: MIT */
/* INT 09h and 16h with scan codes that the keyboard controller is told to deliver; INT 15h AH=C2h likewise.
 */
#include "system/selftest/selftest.h"

extern uint16_t counts[3], mouse_seen[3];
extern const uint8_t count_1b[], mouse_handler[];

static void controller(uint8_t command, uint8_t data)
{
    while (in8(0x64) & 3)
        ;
    out8(0x64, command);
    while (in8(0x64) & 2)
        ;
    out8(0x60, data);
    for (volatile uint32_t wait = 0; wait < 20000; wait++)
        ;
}

/* Scan codes as if from the keyboard (command D2h), up to a zero. */
static void keys(const uint8_t *scan)
{
    while (*scan)
        controller(0xd2, *scan++);
}

static uint16_t take(uint8_t function)
{
    if (call(0x16, (uint32_t)(function + 1) << 8, 0, 0, 0).flags & ZF)
        return 0xffff;
    return (uint16_t)call(0x16, (uint32_t)function << 8, 0, 0, 0).eax;
}

static void expect(const char *what, const uint8_t *scan, uint8_t function, uint16_t code)
{
    keys(scan);
    uint16_t got = take(function);
    check(got == code, what);
    if (got != code)
        say_hex(got);
}

#define KEYS(...)                                                                                            \
    (const uint8_t[])                                                                                        \
    {                                                                                                        \
        __VA_ARGS__, 0                                                                                       \
    }

static void test_codes(void)
{
    expect("a", KEYS(0x1e, 0x9e), 0x00, 0x1e61);
    expect("A with shift", KEYS(0x2a, 0x1e, 0x9e, 0xaa), 0x00, 0x1e41);
    expect("ctrl-a", KEYS(0x1d, 0x1e, 0x9e, 0x9d), 0x00, 0x1e01);
    expect("alt-a", KEYS(0x38, 0x1e, 0x9e, 0xb8), 0x00, 0x1e00);
    expect("F1", KEYS(0x3b, 0xbb), 0x00, 0x3b00);
    expect("shift-F1", KEYS(0x36, 0x3b, 0xbb, 0xb6), 0x00, 0x5400);
    expect("F11 enhanced", KEYS(0x57, 0xd7), 0x10, 0x8500);
    expect("F11 hidden from the old call", KEYS(0x57, 0xd7), 0x00, 0xffff);
    expect("grey up", KEYS(0xe0, 0x48, 0xe0, 0xc8), 0x10, 0x48e0);
    expect("grey up, old call", KEYS(0xe0, 0x48, 0xe0, 0xc8), 0x00, 0x4800);
    expect("keypad enter, old call", KEYS(0xe0, 0x1c, 0xe0, 0x9c), 0x00, 0x1c0d);
    expect("keypad enter", KEYS(0xe0, 0x1c, 0xe0, 0x9c), 0x10, 0xe00d);
    expect("ctrl-home", KEYS(0x1d, 0xe0, 0x47, 0xe0, 0xc7, 0x9d), 0x00, 0x7700);
    expect("alt 6 5 on the keypad", KEYS(0x38, 0x4d, 0xcd, 0x4c, 0xcc, 0xb8), 0x00, 0x0041);
    expect("ctrl-PrtSc", KEYS(0x1d, 0xe0, 0x37, 0xe0, 0xb7, 0x9d), 0x00, 0x7200);
    expect("shift-tab", KEYS(0x2a, 0x0f, 0x8f, 0xaa), 0x00, 0x0f00);
}

static void test_locks(void)
{
    uint8_t before = MEM8(0x417);
    keys(KEYS(0x3a, 0xba));
    CHECK((MEM8(0x417) ^ before) == 0x40);
    expect("a with caps", KEYS(0x1e, 0x9e), 0x00, 0x1e41);
    keys(KEYS(0x3a, 0x3a, 0xba)); /* a repeat does not toggle again */
    CHECK(MEM8(0x417) == before);
    keys(KEYS(0x45, 0xc5));
    expect("keypad 8 with num lock", KEYS(0x48, 0xc8), 0x00, (before & 0x20) ? 0x4800 : 0x4838);
    keys(KEYS(0x45, 0xc5));
    keys(KEYS(0xe0, 0x1d));
    CHECK((call(0x16, 0x1200, 0, 0, 0).eax & 0x0404) == 0x0404);
    keys(KEYS(0xe0, 0x9d));
    CHECK((call(0x16, 0x1200, 0, 0, 0).eax & 0x0404) == 0);
}

static void test_break(void)
{
    uint32_t old = MEM32(4 * 0x1b);
    MEM32(4 * 0x1b) = (uint32_t)(uintptr_t)count_1b;
    counts[0] = 0;
    MEM8(0x471) = 0;
    keys(KEYS(0x1d, 0xe0, 0x46, 0xe0, 0xc6, 0x9d));
    CHECK(counts[0] == 1 && MEM8(0x471) == 0x80);
    CHECK(take(0x00) == 0);
    MEM32(4 * 0x1b) = old;
}

void test_keyboard(void)
{
    while (take(0x10) != 0xffff)
        ;
    CHECK((call(0x16, 0x0500, 0, 0x1234, 0).eax & 0xff) == 0);
    CHECK(take(0x10) == 0x1234);
    CHECK((call(0x16, 0x0a00, 0, 0, 0).ebx & 0xffff) == 0x41ab);
    call(0x16, 0x0305, 0x0000, 0, 0);
    test_codes();
    test_locks();
    test_break();
    for (unsigned i = 0; i < 15; i++)
        CHECK((call(0x16, 0x0500, 0, i + 1, 0).eax & 0xff) == 0);
    CHECK((call(0x16, 0x0500, 0, 99, 0).eax & 0xff) == 1);
    for (unsigned i = 0; i < 15; i++)
        CHECK(take(0x10) == i + 1);
}

void test_mouse(void)
{
    struct cpu_regs r = call(0x15, 0xc205, 0x0300, 0, 0);
    if ((r.flags & CF) && (r.eax >> 8 & 0xff) == 3) {
        say("no mouse\n");
        return;
    }
    CHECK(!(r.flags & CF));
    r = call(0x15, 0xc201, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.ebx & 0xffff) == 0x00aa);
    CHECK(!(call(0x15, 0xc202, 0x0500, 0, 0).flags & CF));
    CHECK(call(0x15, 0xc202, 0x0900, 0, 0).flags & CF);
    CHECK(!(call(0x15, 0xc203, 0x0200, 0, 0).flags & CF));
    CHECK((call(0x15, 0xc204, 0, 0, 0).ebx & 0xff00) == 0);
    r = call(0x15, 0xc206, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.ecx & 0xff) == 2 && (r.edx & 0xff) == 100);
    CHECK((call(0x15, 0xc200, 0x0100, 0, 0).eax & 0xff00) == 0x0500); /* no handler yet */
    CHECK(!(call(0x15, 0xc207, (uint32_t)(uintptr_t)mouse_handler, 0, 0).flags & CF));
    CHECK(!(call(0x15, 0xc200, 0x0100, 0, 0).flags & CF));
    controller(0xd3, 0x09);
    controller(0xd3, 0x05);
    controller(0xd3, 0xfb);
    CHECK(mouse_seen[0] == 0x09 && mouse_seen[1] == 0x05 && mouse_seen[2] == 0xfb);
    CHECK(!(call(0x15, 0xc200, 0x0000, 0, 0).flags & CF));
}
