/* SPDX-License-Identifier: MIT */
/* BIOS self test: reports on screen and on the debug console (E9h), and ends through the debug exit port
 * (F4h). */
#include "system/selftest/selftest.h"

static uint16_t passed, failed;

static void put(char c)
{
    struct cpu_regs r = {.eax = 0x0e00 | (uint8_t)c, .ebx = 7, .flags = IF};
    interrupt(0x10, &r);
    out8(0xe9, (uint8_t)c);
}

void say(const char *text)
{
    while (*text) {
        if (*text == '\n')
            put('\r');
        put(*text++);
    }
}

void say_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
}

void check(bool fine, const char *what)
{
    if (fine) {
        passed++;
        return;
    }
    failed++;
    say("FAIL ");
    say(what);
    say("\n");
}

struct cpu_regs call(uint8_t vector, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    struct cpu_regs r = {.eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx, .flags = IF};
    interrupt(vector, &r);
    return r;
}

void test_main(void);
void test_main(void)
{
    say("BIOS self test\n");
    test_system();
    test_time();
    test_keyboard();
    test_mouse();
    test_disk();
    test_tables();
    say_hex(passed);
    say(" passed, ");
    say_hex(failed);
    say(failed ? " FAILED\n" : " failed\nSELF TEST PASSED\n");
    test_resume();
    say(failed ? "RESUME FAILED\n" : "RESUME PASSED\n");
    out32(0xf4, failed ? 1 : 0);
    for (;;)
        __asm__ volatile("sti\n\thlt");
}
