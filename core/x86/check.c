/* SPDX-License-Identifier: MIT */
#include "core/x86/check.h"

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/mem/physmap.h"
#include "core/x86/flags.h"
#include "core/x86/mmu.h"
#include "core/x86/trace.h"

static bool same_derived(const struct cpu *a, const struct cpu *b)
{
    for (unsigned i = SEG_ES; i <= SEG_GS; i++) {
        if (a->seg[i].read_end != b->seg[i].read_end || a->seg[i].write_end != b->seg[i].write_end)
            return false;
    }
    return a->sp_mask == b->sp_mask && a->sp_keep == b->sp_keep && a->linear_mask == b->linear_mask &&
           a->physical_mask == b->physical_mask && a->code_end == b->code_end && a->mode == b->mode &&
           a->user == b->user && a->flat_segs == b->flat_segs;
}

static bool check_derived(const struct cpu *cpu, struct error *err)
{
    struct cpu *copy = alloc_zeroed(sizeof *copy);
    *copy = *cpu;
    cpu_derive(copy);
    bool same = same_derived(cpu, copy);
    alloc_free(copy);
    return same || error_set(err, "mode, masks or segment ends are not derived from the registers");
}

static bool check_fetch(const struct cpu *cpu, struct error *err)
{
    if (cpu->fetch_page == FETCH_NONE)
        return true;
    mem_t memory;
    if (!physmap_fetch_memory(cpu->physmap, mmu_bus_address(cpu, cpu->fetch_frame), &memory))
        memory = MEM_NONE;
    return memory == cpu->fetch_memory ||
           error_set(err, "code is fetched from %llx, the map says %llx",
                     (unsigned long long)cpu->fetch_memory, (unsigned long long)memory);
}

static bool check_registers(const struct cpu *cpu, struct error *err)
{
    if (cpu->gpr[GPR_ZERO])
        return error_set(err, "the zero register is not zero");
    if (cpu->eflags & EFLAGS_OSZAPC)
        return error_set(err, "arithmetic flags stand outside the lazy ones");
    for (unsigned i = GPR_AX; i <= GPR_R15 && !cpu_is_long(cpu); i++) {
        if (cpu->gpr[i] > UINT32_MAX)
            return error_set(err, "register %u has more than 32 bits", i);
    }
    if (cpu->rip > UINT32_MAX && cpu->mode != MODE_64)
        return error_set(err, "EIP has more than 32 bits");
    return !cpu->stopper || error_set(err, "a planted stop is left over");
}

bool cpu_check(struct cpu *cpu, struct error *err)
{
    return check_registers(cpu, err) && check_derived(cpu, err) && check_fetch(cpu, err) &&
           tlb_check(cpu, err) && physmap_check(cpu->physmap, err) && trace_cache_check(cpu, err);
}
