/* SPDX-License-Identifier: MIT */
/*
 * CPU identification as Intel's application note 485 teaches it: start.S has already told an 80386 from its
 * ancestors; the rest follows from two EFLAGS bits and from CPUID.
 *
 *   EFLAGS bit 18, AC   can be changed on an 80486 and up
 *   EFLAGS bit 21, ID   can be changed where the CPU has the CPUID instruction
 */
#include "demo/cpu.h"

enum { EFLAGS_AC = 1 << 18, EFLAGS_ID = 1 << 21, FEATURE_FPU = 1 << 0, FEATURE_TSC = 1 << 4 };

/* Flips a bit of EFLAGS and tells whether it stayed flipped; EFLAGS is as before afterwards. */
static int can_flip(uint32_t bit)
{
    uint32_t before, after;
    __asm__ volatile("pushfl\n\t"
                     "pushfl\n\t"
                     "popl %0\n\t"
                     "movl %0, %1\n\t"
                     "xorl %2, %1\n\t"
                     "pushl %1\n\t"
                     "popfl\n\t"
                     "pushfl\n\t"
                     "popl %1\n\t"
                     "popfl"
                     : "=&r"(before), "=&r"(after)
                     : "r"(bit)
                     : "memory", "cc");
    return ((before ^ after) & bit) != 0;
}

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t number)
{
    struct leaf l;
    __asm__ volatile("cpuid" : "=a"(l.a), "=b"(l.b), "=c"(l.c), "=d"(l.d) : "0"(number), "2"(0));
    return l;
}

/* An x87 answers FNINIT by a status word of zero; nothing there leaves the word as it was. */
static int has_x87(void)
{
    volatile uint16_t status = 0x5a5a;
    __asm__ volatile("fninit; fnstsw %0" : "=m"(status));
    return (status & 0xff) == 0;
}

static void put4(char *to, uint32_t text)
{
    for (unsigned i = 0; i < 4; i++, text >>= 8)
        to[i] = (char)text;
}

static void read_brand(char *to)
{
    enum { EXTENDED = (int)0x80000000, BRAND = 2 };
    uint32_t highest = cpuid((uint32_t)EXTENDED).a;
    to[0] = 0;
    if (highest < (uint32_t)EXTENDED + BRAND + 2 || highest > (uint32_t)EXTENDED + 0xffff)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        struct leaf l = cpuid((uint32_t)EXTENDED + BRAND + i);
        put4(to + 16 * i, l.a);
        put4(to + 16 * i + 4, l.b);
        put4(to + 16 * i + 8, l.c);
        put4(to + 16 * i + 12, l.d);
    }
    to[48] = 0;
}

void cpu_identify(struct cpu *cpu)
{
    cpu->class = can_flip(EFLAGS_AC) ? 4 : 3;
    cpu->has_fpu = (uint8_t)has_x87();
    cpu->has_cpuid = (uint8_t)can_flip(EFLAGS_ID);
    cpu->has_tsc = 0;
    cpu->vendor[0] = cpu->brand[0] = 0;
    cpu->highest = cpu->signature = cpu->features = 0;
    if (!cpu->has_cpuid)
        return;
    struct leaf l = cpuid(0);
    cpu->highest = l.a;
    put4(cpu->vendor, l.b);
    put4(cpu->vendor + 4, l.d);
    put4(cpu->vendor + 8, l.c);
    cpu->vendor[12] = 0;
    if (l.a >= 1) {
        l = cpuid(1);
        cpu->signature = l.a;
        cpu->features = l.d;
        cpu->class = l.a >> 8 & 15;
        cpu->has_tsc = (l.d & FEATURE_TSC) != 0;
    }
    read_brand(cpu->brand);
}

uint32_t cpu_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low;
}
