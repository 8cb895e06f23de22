/* SPDX-License-Identifier: MIT */
/* The structures that software searches the F segment for: present, and their sums are zero. */
#include "system/selftest/selftest.h"

static uint8_t rom8(uint32_t at)
{
    uint8_t value;
    __asm__ volatile(
        "movw $0xf000, %%dx\n\tmovw %%dx, %%es\n\tmovb %%es:(%1), %0\n\txorw %%dx, %%dx\n\tmovw %%dx, %%es"
        : "=&q"(value)
        : "r"(at)
        : "edx");
    return value;
}

static bool sums(uint32_t at, uint32_t length)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t) (sum + rom8(at + i));
    return sum == 0;
}

/* A structure of `length` bytes, or of the length in its word at 6 for 0; the signature alone may be an instruction. */
static bool find(const char *signature, uint32_t length)
{
    for (uint32_t at = 0; at < 0xfff0; at += 16) {
        uint32_t i = 0;
        while (signature[i] && rom8(at + i) == (uint8_t) signature[i])
            i++;
        if (!signature[i] && sums(at, length ? length : rom8(at + 6) | (uint32_t) rom8(at + 7) << 8))
            return true;
    }
    return false;
}

void test_tables(void)
{
    CHECK(find("RSD PTR ", 20));
    CHECK(find("_32_", 16));
    CHECK(find("$PnP", 0x21));
    CHECK(find("_SM_", 0x1f));
    CHECK(find("$PIR", 0));
    CHECK(rom8(0xfffe) == 0xfc && rom8(0xfff0) == 0xea);
}
