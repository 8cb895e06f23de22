/* SPDX-License-Identifier: MIT */
/* Pieces of a board: memory layout, CMOS contents, debug ports. */
#ifndef LATHE_DEVICES_PC_BOARD_PARTS_H
#define LATHE_DEVICES_PC_BOARD_PARTS_H

#include "devices/media/floppy_geometry.h"
#include "devices/pc/machine_private.h"

struct ata_disk;
struct cpu_model;
struct rtc;

/* How much RAM is below and above 4 GiB. */
uint64_t board_ram_below(const struct machine_config *config);
uint64_t board_ram_above(const struct machine_config *config);

/* Takes and maps RAM; the result is what is behind address 0. */
mem_t board_map_ram(struct machine *machine);

/* Copies a ROM into `size` bytes of guest memory. */
mem_t board_take_rom(struct machine *machine, const struct machine_rom *rom, uint64_t size);

/* Maps the system ROM at the top of 4 GiB and its tail below 1 MiB, and where a 286 looks for it at reset. */
void board_map_bios(struct machine *machine, const struct cpu_model *model);

/* Maps the VGA BIOS at C0000h; *size: what its PCI expansion ROM decodes, a power of two. */
mem_t board_map_vgabios(struct machine *machine, uint32_t *size);

/* What set-up leaves in CMOS memory. A NULL disk: none, or a CD-ROM drive. */
void board_fill_cmos(struct rtc *rtc, const struct machine_config *config,
                     const enum floppy_drive_type floppies[2],
                     struct ata_disk *const disks[MACHINE_IDE_DRIVES]);

#endif
