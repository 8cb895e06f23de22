/* SPDX-License-Identifier: MIT */
/* Virtual wire mode (Intel MultiProcessor Specification 1.4, 3.6.2.2): LINT0 takes the 8259's INTR, LINT1
 * NMI. */
#include "system/lapic.h"

#include "system/cpu.h"
#include "system/cpu_name.h"

enum { CPUID_APIC = 1 << 9, CPUID_MSR = 1 << 5, MSR_APIC_BASE = 0x1b, APIC_BASE_ENABLE = 1 << 11 };
enum lapic_register { LAPIC_SVR = 0xf0, LAPIC_LVT_LINT0 = 0x350, LAPIC_LVT_LINT1 = 0x360 };

static void lapic_write(uint32_t base, enum lapic_register reg, uint32_t value)
{
    copy_physical(base + reg, NEAR(&value), sizeof value); /* POST's stack segment is 0: offset is address */
}

void lapic_init(void)
{
    uint32_t signature, features, low, high;
    if (!cpu_identify(&signature, &features) ||
        (features & (CPUID_APIC | CPUID_MSR)) != (CPUID_APIC | CPUID_MSR))
        return;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_APIC_BASE));
    if (!(low & APIC_BASE_ENABLE))
        return;
    uint32_t base = low & 0xfffff000;
    lapic_write(base, LAPIC_SVR, 0x10f);       /* software enable, spurious vector 0Fh */
    lapic_write(base, LAPIC_LVT_LINT0, 0x700); /* ExtINT, unmasked */
    lapic_write(base, LAPIC_LVT_LINT1, 0x400); /* NMI */
}
