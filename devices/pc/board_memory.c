/* SPDX-License-Identifier: MIT */
/* Where RAM and ROM answer on a PC:
 *
 *        0 -  9FFFFh  RAM                     E0000000h..     the rest of RAM is remapped above 4 GiB
 *   C0000h -  CFFFFh  VGA BIOS                FF000000h..     system ROM, up to 4 GiB
 *   E0000h -  FFFFFh  tail of the system ROM (up to 128 KiB), behind the bridge's shadow RAM
 *  100000h -          RAM; on a 286 the ROM's tail once more at FE0000h
 */
#include "devices/pc/board_parts.h"

#include <string.h>

#include "core/x86/model.h"
#include "devices/chipset/i440fx.h"

#define FOUR_GIB (UINT64_C(1) << 32)

enum {
    LOW_RAM_END = 0xA0000,
    ONE_MIB = 0x100000,
    SIXTEEN_MIB = 0x1000000,
    LOW_BIOS_MAX = 0x20000,
    VGABIOS_AT = 0xC0000
};

static const uint64_t ram_below_max = 0xE0000000;

uint64_t board_ram_below(const struct machine_config *config)
{
    return config->ram_bytes < ram_below_max ? config->ram_bytes : ram_below_max;
}

uint64_t board_ram_above(const struct machine_config *config)
{
    return config->ram_bytes - board_ram_below(config);
}

static uint64_t whole_pages(uint64_t size)
{
    return (size + MEM_PAGE_SIZE - 1) & ~(uint64_t)(MEM_PAGE_SIZE - 1);
}

static void map_ram(struct machine *machine, const char *name, gpa_t base, uint64_t size, mem_t offset)
{
    if (size)
        physmap_add(&machine->physmap, &(struct physmap_region){.name = name,
                                                                .kind = PHYSMAP_MEMORY,
                                                                .priority = I440FX_PRIORITY_RAM,
                                                                .base = base,
                                                                .size = size,
                                                                .reads = true,
                                                                .writes = true,
                                                                .offset = offset});
}

static void map_rom(struct machine *machine, const char *name, gpa_t base, uint64_t size, mem_t offset)
{
    physmap_add(&machine->physmap, &(struct physmap_region){.name = name,
                                                            .kind = PHYSMAP_ROM,
                                                            .priority = I440FX_PRIORITY_ROM,
                                                            .base = base,
                                                            .size = size,
                                                            .reads = true,
                                                            .writes = true,
                                                            .offset = offset});
}

mem_t board_map_ram(struct machine *machine)
{
    const struct machine_config *config = &machine->config;
    uint64_t below = board_ram_below(config);
    mem_t ram = memory_take(&machine->memory, config->ram_bytes);
    map_ram(machine, "conventional RAM", 0, LOW_RAM_END, ram);
    map_ram(machine, "extended RAM", ONE_MIB, below - ONE_MIB, ram + ONE_MIB);
    map_ram(machine, "high RAM", FOUR_GIB, board_ram_above(config), ram + below);
    return ram;
}

mem_t board_take_rom(struct machine *machine, const struct machine_rom *rom, uint64_t size)
{
    mem_t offset = memory_take(&machine->memory, size);
    memcpy(machine->memory.host + offset, rom->bytes, rom->size);
    return offset;
}

void board_map_bios(struct machine *machine, const struct cpu_model *model)
{
    const struct machine_rom *rom = &machine->config.bios;
    mem_t offset = board_take_rom(machine, rom, rom->size);
    map_rom(machine, "system ROM", FOUR_GIB - rom->size, rom->size, offset);
    uint64_t low = rom->size < LOW_BIOS_MAX ? rom->size : LOW_BIOS_MAX;
    map_rom(machine, "system ROM below 1 MiB", ONE_MIB - low, low, offset + rom->size - low);
    if (model->physical_bits == 24) /* a 286 begins 16 bytes below 16 MiB */
        map_rom(machine, "system ROM below 16 MiB", SIXTEEN_MIB - low, low, offset + rom->size - low);
}

mem_t board_map_vgabios(struct machine *machine, uint32_t *size)
{
    const struct machine_rom *rom = &machine->config.vgabios;
    for (*size = MEM_PAGE_SIZE; *size < rom->size;)
        *size *= 2;
    mem_t offset = board_take_rom(machine, rom, *size);
    map_rom(machine, "VGA ROM", VGABIOS_AT, whole_pages(rom->size), offset);
    return offset;
}
