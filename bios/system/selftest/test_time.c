/* SPDX-License-Identifier: MIT */
/* INT 1Ah, INT 08h and 1Ch, INT 70h, INT 15h AH=83h and 86h. */
#include "system/selftest/selftest.h"

extern uint16_t counts[3];
extern const uint8_t count_4a[], count_1c[];

static uint32_t ticks(void)
{
    struct cpu_regs r = call(0x1a, 0, 0, 0, 0);
    return (r.ecx & 0xffff) << 16 | (r.edx & 0xffff);
}

static void test_midnight(void)
{
    call(0x1a, 0x0100, 0, 0x18, 0x00af);
    uint32_t limit = 3000000;
    while (MEM32(0x46c) > 2 && --limit)
        __asm__ volatile("sti\n\thlt");
    struct cpu_regs r = call(0x1a, 0, 0, 0, 0);
    CHECK(limit && (r.eax & 0xff) != 0 && (r.edx & 0xffff) < 3);
    CHECK((call(0x1a, 0, 0, 0, 0).eax & 0xff) == 0);
}

static void test_clock(void)
{
    struct cpu_regs r = call(0x1a, 0x0200, 0, 0, 0);
    CHECK(!(r.flags & CF));
    struct cpu_regs set = call(0x1a, 0x0300, 0, 0x1234, 0x5600);
    CHECK(!(set.flags & CF));
    struct cpu_regs now = call(0x1a, 0x0200, 0, 0, 0);
    CHECK((now.ecx & 0xffff) == 0x1234 && (now.edx >> 8 & 0xff) >= 0x56);
    call(0x1a, 0x0300, 0, r.ecx, r.edx);
    struct cpu_regs date = call(0x1a, 0x0400, 0, 0, 0);
    CHECK(!(date.flags & CF) && (date.ecx >> 8 & 0xff) >= 0x19);
    call(0x1a, 0x0500, 0, 0x1999, 0x1231);
    struct cpu_regs read = call(0x1a, 0x0400, 0, 0, 0);
    CHECK((read.ecx & 0xffff) == 0x1999 && (read.edx & 0xffff) == 0x1231);
    call(0x1a, 0x0500, 0, date.ecx, date.edx);
}

/* An alarm two seconds ahead of 10:20:30. */
static void test_alarm(void)
{
    MEM32(4 * 0x4a) = (uint32_t)(uintptr_t)count_4a;
    counts[1] = 0;
    struct cpu_regs r = call(0x1a, 0x0200, 0, 0, 0);
    call(0x1a, 0x0300, 0, 0x1020, 0x3000);
    CHECK(!(call(0x1a, 0x0600, 0, 0x1020, 0x3200).flags & CF));
    CHECK(call(0x1a, 0x0600, 0, 0x1020, 0x3200).flags & CF); /* one at a time */
    uint32_t start = ticks();
    while (!*(volatile uint16_t *)&counts[1] && ticks() - start < 80)
        __asm__ volatile("sti\n\thlt");
    CHECK(counts[1] == 1);
    CHECK(!(call(0x1a, 0x0700, 0, 0, 0).flags & CF));
    call(0x1a, 0x0300, 0, r.ecx, r.edx);
}

static void test_waits(void)
{
    static volatile uint8_t flag;
    uint32_t start = ticks();
    CHECK(!(call(0x15, 0x8600, 0, 0x0007, 0xa120).flags & CF)); /* 500 ms: nine ticks */
    uint32_t gone = ticks() - start;
    CHECK(gone >= 8 && gone <= 12);
    flag = 0;
    struct cpu_regs r = {.eax = 0x8300, .ecx = 1, .edx = 0x86a0, .flags = IF}; /* 100 ms */
    r.ebx = (uint32_t)(uintptr_t)&flag;
    interrupt(0x15, &r);
    CHECK(!(r.flags & CF));
    CHECK(call(0x15, 0x8600, 0, 0, 1000).flags & CF); /* busy */
    start = ticks();
    while (!(flag & 0x80) && ticks() - start < 20)
        __asm__ volatile("sti\n\thlt");
    CHECK(flag & 0x80);
}

void test_time(void)
{
    uint32_t old = MEM32(4 * 0x1c);
    MEM32(4 * 0x1c) = (uint32_t)(uintptr_t)count_1c;
    counts[2] = 0;
    uint32_t start = ticks();
    while (ticks() - start < 3)
        __asm__ volatile("sti\n\thlt");
    CHECK(counts[2] >= 2 && counts[2] <= 4);
    MEM32(4 * 0x1c) = old;
    test_clock();
    test_alarm();
    test_waits();
    test_midnight();
}
