/* SPDX-License-Identifier: MIT */
/* Processor identification (Intel AP-485): the AC flag tells a 486 from a 386, the ID flag says whether CPUID
 * exists. */

#include "system/cpu_name.h"

#include "system/console.h"
#include "system/cpu.h"

enum { EFLAGS_AC = 1 << 18, EFLAGS_ID = 1 << 21 };

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static void cpuid(uint32_t leaf, struct cpuid *c)
{
    __asm__ volatile("cpuid" : "=a"(c->eax), "=b"(c->ebx), "=c"(c->ecx), "=d"(c->edx) : "a"(leaf), "c"(0));
}

static bool flag_toggles(uint32_t flag)
{
    uint32_t before, after;
    __asm__ volatile(
        "pushfl\n\tpopl %0\n\tmovl %0, %1\n\txorl %2, %1\n\tpushl %1\n\tpopfl\n\tpushfl\n\tpopl %1\n\t"
        "pushl %0\n\tpopfl"
        : "=&r"(before), "=&r"(after)
        : "ri"(flag)
        : "cc");
    return (before ^ after) & flag;
}

bool cpu_identify(uint32_t *signature, uint32_t *features)
{
    struct cpuid c;
    *signature = 0;
    *features = 0;
    if (!flag_toggles(EFLAGS_ID))
        return false;
    cpuid(0, &c);
    if (c.eax < 1)
        return false;
    cpuid(1, &c);
    *signature = c.eax;
    *features = c.edx;
    return true;
}

/* Leaves 80000002h to 80000004h, without the spaces that fill it from the left. */
static bool print_brand(void)
{
    struct cpuid c;
    char text[49];
    cpuid(0x80000000u, &c);
    if (c.eax < 0x80000004u || c.eax > 0x800000ffu)
        return false;
    for (uint32_t i = 0; i < 3; i++) {
        cpuid(0x80000002u + i, &c);
        memcpy(text + 16 * i, &c, sizeof c);
    }
    text[48] = 0;
    const char *start = text;
    while (*start == ' ')
        start++;
    print("%S\n", start);
    return *start;
}

static void print_vendor(void)
{
    struct cpuid c;
    char text[13];
    cpuid(0, &c);
    memcpy(text, &c.ebx, 4);
    memcpy(text + 4, &c.edx, 4);
    memcpy(text + 8, &c.ecx, 4);
    text[12] = 0;
    cpuid(1, &c);
    print("%S processor, family %u model %u\n", text, c.eax >> 8 & 15, c.eax >> 4 & 15);
}

void cpu_print_name(void)
{
    if (!flag_toggles(EFLAGS_AC))
        print("80386 processor\n");
    else if (!flag_toggles(EFLAGS_ID))
        print("80486 processor\n");
    else if (!print_brand())
        print_vendor();
}
