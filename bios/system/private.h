/* SPDX-License-Identifier: MIT */
/*
 * What this BIOS remembers after POST, in the private segment (memory_map.h). GS holds that segment in all C
 * code, so fields are plain lvalues: `PRIVATE->disk_count`. Assign field by field: a struct does not cross
 * segments.
 */
#ifndef BIOS_SYSTEM_PRIVATE_H
#define BIOS_SYSTEM_PRIVATE_H
#include <stddef.h>
#include <stdint.h>

#include "system/memory_map.h"

enum { DEVICE_MAX = 4, BOOT_MAX = 16, MODEL_BYTES = 41 };

enum device_kind { DEVICE_NONE, DEVICE_ATA, DEVICE_ATAPI };

enum device_flags {
    DEVICE_LBA = 1,
    DEVICE_LBA48 = 2,
    DEVICE_REMOVABLE = 4,
    DEVICE_LOCKED = 8,
    DEVICE_PIO32 = 16
};

enum translation { TRANSLATE_NONE, TRANSLATE_LBA, TRANSLATE_LARGE };

/* One ATA or ATAPI device; index = channel * 2 + unit. */
struct device {
    uint8_t kind;
    uint8_t flags;
    uint8_t channel;
    uint8_t unit;
    uint16_t command_port;
    uint16_t control_port;
    uint16_t physical_cylinders, physical_heads, physical_sectors;
    uint16_t cylinders, heads, sectors; /* what INT 13h shows */
    uint8_t translation;
    uint8_t drive_number; /* 80h.. for disks; E0h.. for CD-ROMs */
    uint32_t blocks_low, blocks_high;
    char model[MODEL_BYTES];
    uint8_t sense[3]; /* ATAPI: key, code, qualifier of the last error */
};

enum boot_kind { BOOT_FLOPPY = 1, BOOT_DISK, BOOT_CDROM, BOOT_NETWORK, BOOT_OTHER };

struct boot_entry {
    uint8_t kind;
    uint8_t drive;    /* device index for CD-ROMs, drive number otherwise */
    uint16_t segment; /* of the option ROM */
    uint16_t entry;   /* BEV */
    uint16_t name;    /* offset of the product string in the ROM, or 0 */
};

/* An El Torito boot that emulates a floppy or hard disk. */
struct emulation {
    uint8_t active;
    uint8_t media; /* boot media type of the catalogue entry */
    uint8_t drive; /* emulated drive number: 0, 80h, or the CD's own without emulation */
    uint8_t device;
    uint32_t image_lba;
    uint32_t image_sectors; /* 512 bytes each */
    uint16_t load_segment, load_sectors;
    uint16_t cylinders, heads, sectors;
    uint32_t catalog_lba;
};

struct private_data {
    uint16_t free_stacks; /* entry.S: bit per stack; must stay first */
    uint8_t pam[6];       /* fixed.S: PAM1 to PAM6 as POST leaves them */
    uint8_t disk_count;   /* hard disks that we drive ourselves, from 80h */
    uint8_t reserved0;
    uint8_t cdrom_count;
    uint8_t floppy_count;
    uint8_t floppy_type[2]; /* CMOS codes */
    uint8_t has_pci;
    uint8_t has_pam;
    uint8_t pci_last_bus;
    uint8_t mouse_present;
    uint16_t rom_end;                /* segment behind the last option ROM */
    uint8_t disk_device[DEVICE_MAX]; /* drive number - 80h to device index */
    uint8_t cdrom_device[DEVICE_MAX];
    struct device device[DEVICE_MAX];
    struct emulation emulation;
    uint8_t boot_count;
    uint8_t boot_current;
    uint8_t boot_tried;
    uint8_t console_ready;
    struct boot_entry boot[BOOT_MAX];
    uint32_t memory_below_4g; /* bytes of RAM from 0, up to 4 GiB */
    uint32_t memory_above_4g; /* units of 64 KiB */
    uint32_t tables_start;    /* ACPI tables: from here to the end of memory_below_4g */
    uint32_t tables_reclaim_end;
    uint8_t path_table[16]; /* EDD: device parameter table extension of the last AH=48h */
};

_Static_assert(offsetof(struct private_data, pam) == PRIVATE_PAM, "fixed.S knows this layout");
_Static_assert(sizeof(struct private_data) <= STACKS_OFFSET, "private data runs into the stacks");
_Static_assert(STACKS_OFFSET + STACK_BYTES * STACK_COUNT <= PRIVATE_BYTES, "stacks run past the segment");

#define PRIVATE ((volatile struct private_data __seg_gs *)0)
typedef volatile struct device __seg_gs *device_t;

#endif
