/* SPDX-License-Identifier: MIT */
/* What the set-up program of a PC BIOS would have left in CMOS memory: memory sizes, drives, boot order.
 * Indices 00h-2Fh as on the IBM AT (Technical Reference, "CMOS RAM"); the rest as Bochs' and QEMU's firmware
 * reads it: 34h/35h and 5Bh-5Dh RAM in 64 KiB units, 38h/3Dh boot order, 39h disk translation, 5Fh
 * processors.
 */
#include "devices/chipset/rtc_mc146818.h"
#include "devices/media/floppy_geometry.h"
#include "devices/media/media.h"
#include "devices/pc/board_i440fx.h"
#include "devices/pc/board_parts.h"
#include "devices/storage/ata_disk.h"

enum cmos_index {
    CMOS_FLOPPY_TYPES = 0x10,
    CMOS_DISK_TYPES = 0x12,
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_MEMORY = 0x15,
    CMOS_EXTENDED_MEMORY = 0x17,
    CMOS_DISK_EXTENDED_TYPES = 0x19,
    CMOS_DISK0_PARAMETERS = 0x1B,
    CMOS_DISK_PARAMETERS_SIZE = 9,
    CMOS_CHECKSUM = 0x2E, /* high byte first; sum of 10h-2Dh */
    CMOS_EXTENDED_MEMORY2 = 0x30,
    CMOS_MEMORY_ABOVE_16M = 0x34,
    CMOS_BOOT_THIRD = 0x38,
    CMOS_TRANSLATION = 0x39,
    CMOS_BOOT_FIRST = 0x3D,
    CMOS_MEMORY_ABOVE_4G = 0x5B,
    CMOS_PROCESSORS = 0x5F,
};

enum equipment {
    EQUIPMENT_FLOPPY = 0x01,
    EQUIPMENT_FPU = 0x02,
    EQUIPMENT_MOUSE = 0x04,
    EQUIPMENT_SECOND_FLOPPY = 0x40,
};

enum {
    DISK_TYPE_EXTENDED = 0x0F,
    DISK_TYPE_USER = 47,
    DISK_CONTROL_MANY_HEADS = 0x08,
    CHS_CYLINDERS_MAX = 1024
};

static void poke16(struct rtc *rtc, unsigned index, uint64_t value)
{
    rtc_poke(rtc, index, (uint8_t)value);
    rtc_poke(rtc, index + 1, (uint8_t)(value >> 8));
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

static void poke_memory(struct rtc *rtc, const struct machine_config *config)
{
    const uint64_t kib = 1024, mib = 1024 * kib, unit = 64 * kib;
    uint64_t below = board_ram_below(config), above = board_ram_above(config) / unit;
    uint64_t extended = at_most((below - mib) / kib, 0xFFFF);
    poke16(rtc, CMOS_BASE_MEMORY, 640);
    poke16(rtc, CMOS_EXTENDED_MEMORY, extended);
    poke16(rtc, CMOS_EXTENDED_MEMORY2, extended);
    poke16(rtc, CMOS_MEMORY_ABOVE_16M, below > 16 * mib ? (below - 16 * mib) / unit : 0);
    poke16(rtc, CMOS_MEMORY_ABOVE_4G, above);
    rtc_poke(rtc, CMOS_MEMORY_ABOVE_4G + 2, (uint8_t)(above >> 16));
    rtc_poke(rtc, CMOS_PROCESSORS, 0);
}

static void poke_floppies(struct rtc *rtc, const enum floppy_drive_type type[2])
{
    unsigned equipment = EQUIPMENT_FPU | EQUIPMENT_MOUSE;
    if (type[0] != FLOPPY_DRIVE_NONE)
        equipment |= EQUIPMENT_FLOPPY;
    if (type[1] != FLOPPY_DRIVE_NONE)
        equipment |= EQUIPMENT_SECOND_FLOPPY;
    rtc_poke(rtc, CMOS_FLOPPY_TYPES, (uint8_t)(type[0] << 4 | type[1]));
    rtc_poke(rtc, CMOS_EQUIPMENT, (uint8_t)equipment);
}

/* Drive parameters of a user-defined type: cylinders, heads, write precompensation, control, landing zone,
 * sectors. */
static void poke_disk(struct rtc *rtc, unsigned number, const struct ata_disk *disk)
{
    unsigned cylinders, heads, sectors, at = CMOS_DISK0_PARAMETERS + number * CMOS_DISK_PARAMETERS_SIZE;
    ata_disk_geometry(disk, &cylinders, &heads, &sectors);
    unsigned types = rtc_peek(rtc, CMOS_DISK_TYPES);
    rtc_poke(rtc, CMOS_DISK_TYPES,
             (uint8_t)(types | (number ? DISK_TYPE_EXTENDED : DISK_TYPE_EXTENDED << 4)));
    rtc_poke(rtc, CMOS_DISK_EXTENDED_TYPES + number, DISK_TYPE_USER);
    poke16(rtc, at, cylinders);
    rtc_poke(rtc, at + 2, (uint8_t)heads);
    poke16(rtc, at + 3, 0xFFFF);
    rtc_poke(rtc, at + 5, heads > 8 ? DISK_CONTROL_MANY_HEADS : 0);
    poke16(rtc, at + 6, cylinders);
    rtc_poke(rtc, at + 8, (uint8_t)sectors);
}

/* Two bits a disk: 0 none, 1 LBA-assisted. */
static void poke_translation(struct rtc *rtc, struct ata_disk *const disks[MACHINE_IDE_DRIVES])
{
    unsigned bits = 0;
    for (unsigned i = 0; i < MACHINE_IDE_DRIVES; i++) {
        unsigned cylinders, heads, sectors;
        if (!disks[i])
            continue;
        ata_disk_geometry(disks[i], &cylinders, &heads, &sectors);
        if (cylinders > CHS_CYLINDERS_MAX)
            bits |= 1U << (2 * i);
    }
    rtc_poke(rtc, CMOS_TRANSLATION, (uint8_t)bits);
}

static void poke_boot(struct rtc *rtc, const enum machine_boot boot[MACHINE_BOOT_DEVICES])
{
    rtc_poke(rtc, CMOS_BOOT_FIRST, (uint8_t)(boot[0] | boot[1] << 4));
    rtc_poke(rtc, CMOS_BOOT_THIRD, (uint8_t)(boot[2] << 4));
}

static void poke_checksum(struct rtc *rtc)
{
    unsigned sum = 0;
    for (unsigned i = CMOS_FLOPPY_TYPES; i < CMOS_CHECKSUM; i++)
        sum += rtc_peek(rtc, i);
    rtc_poke(rtc, CMOS_CHECKSUM, (uint8_t)(sum >> 8));
    rtc_poke(rtc, CMOS_CHECKSUM + 1, (uint8_t)sum);
}

void board_fill_cmos(struct rtc *rtc, const struct machine_config *config,
                     const enum floppy_drive_type floppies[2],
                     struct ata_disk *const disks[MACHINE_IDE_DRIVES])
{
    poke_memory(rtc, config);
    poke_floppies(rtc, floppies);
    for (unsigned i = 0; i < 2; i++) {
        if (disks[i])
            poke_disk(rtc, i, disks[i]);
    }
    poke_translation(rtc, disks);
    poke_boot(rtc, config->boot);
    poke_checksum(rtc);
}

/* Calendar of a count of seconds since 1970; years are counted from March, so that leap days end them. */
static struct rtc_time calendar(int64_t epoch)
{
    int64_t days = epoch / 86400, second = epoch % 86400;
    int64_t shifted = days + 719468, era = shifted / 146097, day_of_era = shifted % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    return (struct rtc_time){.year = (unsigned)(era * 400 + year_of_era + (month >= 10)),
                             .month = (unsigned)(month < 10 ? month + 3 : month - 9),
                             .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
                             .hour = (unsigned)(second / 3600),
                             .minute = (unsigned)(second / 60 % 60),
                             .second = (unsigned)(second % 60)};
}

struct rtc *board_new_rtc(struct machine *machine, struct irq_line irq, struct irq_line nmi_mask)
{
    return rtc_new(&(struct rtc_config){.clock = &machine->clock,
                                        .log = machine->config.log,
                                        .irq = irq,
                                        .nmi_mask = nmi_mask,
                                        .start = calendar(machine->config.rtc_epoch)});
}
