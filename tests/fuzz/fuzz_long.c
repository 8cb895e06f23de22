/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_long.h"

#include "core/mem/physmap.h"
#include "core/x86/cpu.h"
#include "core/x86/model.h"
#include "devices/pc/machine_private.h"
#include "tests/fuzz/fuzz_code.h"
#include "tests/fuzz/fuzz_world.h"

enum { PRESENT = 7, LARGE = 0x87, TSS_ISTS = 7 };

static void poke64(struct machine *machine, gpa_t at, uint64_t value)
{
    physmap_write(&machine->physmap, at, 8, value);
}

/* Now and then reserved, ignored and NX bits. */
static uint64_t spoil(struct rng *rng, uint64_t entry)
{
    if (rng_chance(rng, 6))
        entry ^= UINT64_C(1) << rng_below(rng, 64);
    return entry;
}

/* The bottom of both halves is the PAE directory's 1 GiB; the rest is that again, 1 GiB pages, or nothing. */
static void fill_page_tables(struct machine *machine, struct rng *rng)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t table =
            rng_chance(rng, 60) ? (WORLD_PDPT + 0x1000) | PRESENT : (uint64_t)(i & 3) << 30 | LARGE;
        bool mapped = i == 0 || i == 511 || rng_chance(rng, 30);
        poke64(machine, WORLD_PDPT4 + 8 * i,
               mapped ? i ? spoil(rng, table) : (WORLD_PDPT + 0x1000) | PRESENT : 0);
        mapped = i == 0 || i == 255 || i == 256 || i == 511 || rng_chance(rng, 10);
        poke64(machine, WORLD_PML4 + 8 * i,
               mapped ? i ? spoil(rng, WORLD_PDPT4 | PRESENT) : WORLD_PDPT4 | PRESENT : 0);
    }
}

static void fill_idt(struct machine *machine, struct rng *rng)
{
    static const uint8_t types[] = {0x8E, 0x8F, 0xEE, 0xEF, 0x86, 0x85, 0x0E, 0x8C};
    for (unsigned i = 0; i < 256; i++) {
        uint64_t offset = WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES);
        uint64_t selector = rng_chance(rng, 90) ? LONG_CODE0 : fuzz_selector(rng);
        uint64_t type = rng_chance(rng, 80) ? 0x8E : types[rng_below(rng, sizeof types)];
        uint64_t ist = rng_chance(rng, 20) ? rng_below(rng, 8) : 0;
        uint64_t high = rng_chance(rng, 20) ? 0xFFFF8000 : rng_chance(rng, 3) ? 0x8000 : 0;
        poke64(machine, WORLD_IDT64 + 16 * i,
               (offset & 0xFFFF) | selector << 16 | ist << 32 | type << 40 | offset >> 16 << 48);
        poke64(machine, WORLD_IDT64 + 16 * i + 8, high);
    }
}

static uint64_t stack_address(struct rng *rng)
{
    uint64_t top = WORLD_STACK + 0x1000 * rng_below(rng, 15) + rng_below(rng, 0x1000);
    return rng_chance(rng, 20) ? top | UINT64_C(0xFFFF800000000000) : rng_chance(rng, 4) ? top << 28 : top;
}

static void fill_tss(struct machine *machine, struct rng *rng)
{
    for (unsigned i = 0; i < 3; i++)
        poke64(machine, WORLD_TSS64 + 4 + 8 * i, stack_address(rng));
    for (unsigned i = 0; i < TSS_ISTS; i++)
        poke64(machine, WORLD_TSS64 + 0x24 + 8 * i, stack_address(rng));
    poke64(machine, WORLD_TSS64 + 0x60, UINT64_C(0x68) << 48);
}

void fuzz_long_fill(struct machine *machine, struct rng *rng)
{
    fill_page_tables(machine, rng);
    fill_idt(machine, rng);
    fill_tss(machine, rng);
}

static uint64_t wide_address(struct rng *rng, uint32_t ram_bytes)
{
    uint64_t low = fuzz_address(rng, ram_bytes);
    switch (rng_below(rng, 8)) {
    case 0: return low | UINT64_C(0xFFFF800000000000);
    case 1: return UINT64_C(0x0000800000000000) - rng_below(rng, 16);
    case 2: return 0 - (uint64_t)rng_below(rng, 32);
    case 3: return rng_next(rng);
    case 4: return low << 32 | rng_edge(rng);
    default: return low;
    }
}

static void seat_msrs(struct cpu *cpu, struct rng *rng, uint32_t ram_bytes)
{
    cpu->efer =
        (EFER_LME | EFER_LMA | (rng_chance(rng, 70) ? EFER_NXE : 0) | (rng_chance(rng, 80) ? EFER_SCE : 0)) &
        cpu_model_efer_mask(cpu->model);
    cpu->msr.star = (uint64_t)(fuzz_selector(rng) & 0xFFFB) << 48 | (uint64_t)LONG_CODE0 << 32;
    cpu->msr.lstar = WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES);
    cpu->msr.fmask = rng_edge(rng);
    cpu->msr.sysenter_cs = LONG_CODE0;
    cpu->msr.sysenter_eip = cpu->msr.lstar;
    cpu->msr.sysenter_esp = stack_address(rng);
    if (!is_canonical(cpu->msr.sysenter_esp))
        cpu->msr.sysenter_esp = 0;
    uint64_t base = wide_address(rng, ram_bytes);
    cpu->msr.kernel_gs_base = is_canonical(base) ? base : 0;
}

void fuzz_long_seat(struct machine *machine, struct rng *rng)
{
    struct cpu *cpu = machine->cpu;
    uint32_t ram_bytes = (uint32_t)machine->config.ram_bytes;
    seat_msrs(cpu, rng, ram_bytes);
    cpu->cr0 |= CR0_PG | CR0_PE;
    cpu->cr4 |= CR4_PAE;
    cpu->cr3 = WORLD_PML4;
    cpu->idtr = (struct descriptor_table){WORLD_IDT64, 0xFFF};
    cpu->seg[SEG_TR] =
        (struct segment){.selector = 0x38, .base = WORLD_TSS64, .limit = 0x6F, .attributes = 0x8B};
    if (rng_chance(rng, 25))
        return; /* the protected-mode segments are compatibility mode's */
    bool user = cpu->cpl == 3;
    cpu->cpl = user ? 3 : 0;
    cpu->seg[SEG_CS] = (struct segment){.selector = user ? LONG_CODE3 | 3 : LONG_CODE0,
                                        .attributes = user ? LONG_ATTR3 : LONG_ATTR0};
    cpu->rip = WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES);
    for (unsigned i = GPR_AX; i <= GPR_R15; i++)
        cpu->gpr[i] = wide_address(rng, ram_bytes);
    cpu->gpr[GPR_SP] = stack_address(rng);
    cpu->seg[SEG_FS].base = fuzz_address(rng, ram_bytes);
    cpu->seg[SEG_GS].base = fuzz_address(rng, ram_bytes) | UINT64_C(0xFFFF800000000000);
}
