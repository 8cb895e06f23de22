/* SPDX-License-Identifier: MIT */
#include "core/x86/flags.h"

uint32_t flags_get_oszapc(const struct cpu *cpu)
{
    return (flag_cf(cpu) ? EFLAGS_CF : 0u) | (flag_pf(cpu) ? EFLAGS_PF : 0u) |
           (flag_af(cpu) ? EFLAGS_AF : 0u) | (flag_zf(cpu) ? EFLAGS_ZF : 0u) |
           (flag_sf(cpu) ? EFLAGS_SF : 0u) | (flag_of(cpu) ? EFLAGS_OF : 0u);
}

void flags_set_oszapc(struct cpu *cpu, uint32_t flags)
{
    bool cf = (flags & EFLAGS_CF) != 0, of = (flags & EFLAGS_OF) != 0;
    bool zf = (flags & EFLAGS_ZF) != 0, pf = (flags & EFLAGS_PF) != 0;
    cpu->flag_result = zf ? 0 : 1; /* parity of 0 is even, of 1 odd: the delta flips it where that is wrong */
    cpu->flag_aux = (uint64_t)cf << 63 | (uint64_t)(cf != of) << 62 | (flags & EFLAGS_SF ? AUX_SF_DELTA : 0) |
                    (pf != zf ? AUX_PF_DELTA : 0) | (flags & EFLAGS_AF ? AUX_AF : 0);
}

uint32_t cpu_get_eflags(const struct cpu *cpu)
{
    return cpu->eflags | EFLAGS_FIXED | flags_get_oszapc(cpu);
}

void cpu_set_eflags(struct cpu *cpu, uint32_t value)
{
    flags_set_oszapc(cpu, value);
    cpu->eflags = (value & ~(uint32_t)EFLAGS_OSZAPC) | EFLAGS_FIXED;
}
