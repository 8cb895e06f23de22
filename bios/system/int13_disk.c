/* SPDX-License-Identifier: MIT */
/* INT 13h AH=00h-19h for hard disks (IBM PS/2 and PC BIOS Interface Technical Reference, INT 13h fixed disk).
 */
#include "system/ata.h"
#include "system/atapi.h"
#include "system/bda.h"
#include "system/boot.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/int13.h"
#include "system/regs.h"

device_t disk_find(uint8_t drive)
{
    if (drive >= 0xe0 && drive - 0xe0 < PRIVATE->cdrom_count)
        return &PRIVATE->device[PRIVATE->cdrom_device[drive - 0xe0]];
    if (drive >= 0x80 && drive - 0x80 < PRIVATE->disk_count)
        return &PRIVATE->device[PRIVATE->disk_device[drive - 0x80]];
    return 0;
}

void disk_add_boot_entries(void)
{
    for (uint8_t n = 0; n < BDA->disk_count; n++)
        boot_add(BOOT_DISK, (uint8_t)(0x80 + n), 0, 0, 0);
    for (uint8_t n = 0; n < PRIVATE->cdrom_count; n++)
        boot_add(BOOT_CDROM, PRIVATE->cdrom_device[n], 0, 0, 0);
}

/* CH: cylinder bits 7-0, CL: bits 9-8 of it and the sector, which counts from 1. */
static bool chs_to_block(struct regs *r, device_t d, struct block_request *q)
{
    uint32_t cylinder = (uint32_t)(r->cl & 0xc0) << 2 | r->ch;
    uint32_t sector = r->cl & 0x3f;
    if (sector == 0 || sector > d->sectors || r->dh >= d->heads || cylinder >= d->cylinders)
        return false;
    q->lba = (cylinder * d->heads + r->dh) * d->sectors + sector - 1;
    q->lba_high = 0;
    return true;
}

static void transfer(struct regs *r, device_t d, enum ata_operation operation)
{
    struct block_request q = {0, 0, r->al, r->es, r->bx};
    if (r->al == 0 || (r->al > 128 && operation != DISK_VERIFY) || !chs_to_block(r, d, &q)) {
        int13_finish_disk(r, STATUS_BAD_COMMAND);
        return;
    }
    uint8_t status = ata_transfer(d, &q, operation);
    r->al = (uint8_t)(r->al - q.count);
    int13_finish_disk(r, status);
}

static void seek(struct regs *r, device_t d)
{
    struct block_request q;
    int13_finish_disk(r, chs_to_block(r, d, &q) ? STATUS_OK : STATUS_SEEK);
}

static void parameters(struct regs *r, device_t d)
{
    uint16_t last = (uint16_t)(d->cylinders - 1);
    r->al = 0;
    r->ch = (uint8_t)last;
    r->cl = (uint8_t)((last >> 2 & 0xc0) | d->sectors);
    r->dh = (uint8_t)(d->heads - 1);
    r->dl = BDA->disk_count;
    int13_finish_disk(r, STATUS_OK);
}

/* AH=15h: 3 is a hard disk, CX:DX its sectors. */
static void drive_kind(struct regs *r, device_t d)
{
    uint32_t sectors = (uint32_t)d->cylinders * d->heads * d->sectors;
    r->cx = (uint16_t)(sectors >> 16);
    r->dx = (uint16_t)sectors;
    int13_finish_disk(r, STATUS_OK);
    r->ah = 3;
}

static void reset(struct regs *r, device_t d)
{
    uint8_t status = ata_reset_channel(d);
    for (unsigned unit = 0; unit < 2; unit++) {
        device_t other = &PRIVATE->device[d->channel * 2 + unit];
        if (other->kind == DEVICE_ATA && !(other->flags & DEVICE_LBA))
            ata_set_geometry(other);
    }
    ata_polling(d, false);
    int13_finish_disk(r, status);
}

static void disk_function(struct regs *r, device_t d)
{
    switch (r->ah) {
    case 0x02: transfer(r, d, DISK_READ); break;
    case 0x03: transfer(r, d, DISK_WRITE); break;
    case 0x04: transfer(r, d, DISK_VERIFY); break;
    case 0x08: parameters(r, d); break;
    case 0x0c: seek(r, d); break;
    case 0x15: drive_kind(r, d); break;
    case 0x05: /* low-level format: ATA disks have none, and callers expect it to do no harm */
    case 0x09:
    case 0x10:
    case 0x11:
    case 0x14: int13_finish_disk(r, STATUS_OK); break;
    default: int13_finish_disk(r, STATUS_BAD_COMMAND); break;
    }
}

/* AH=00h for a hard disk resets the floppies too. */
static void reset_all(struct regs *r)
{
    uint8_t drive = r->dl;
    device_t d = disk_find(drive);
    if (r->ah == 0x00 && PRIVATE->floppy_count) {
        r->dl = 0;
        soft_interrupt(0x40, r);
        r->dl = drive;
    }
    if (d && d->kind == DEVICE_ATA)
        reset(r, d);
    else
        int13_finish_disk(r, d ? STATUS_OK : STATUS_BAD_COMMAND);
}

void int13_disk(struct regs *r)
{
    if (r->ah == 0x00 || r->ah == 0x0d) {
        reset_all(r);
        return;
    }
    if (r->ah == 0x01) {
        uint8_t last = BDA->disk_status;
        int13_finish_disk(r, STATUS_OK);
        r->al = last;
        return;
    }
    device_t d = disk_find(r->dl);
    if (!d) {
        int13_finish_disk(r, STATUS_BAD_COMMAND);
        if (r->ah == 0x15) /* "no such drive" is an answer, not an error status */
            r->ah = 0;
        else if (r->ah == 0x08)
            r->dx = BDA->disk_count;
        return;
    }
    if (r->ah >= 0x41 && r->ah <= 0x4e)
        int13_extended(r, d);
    else if (d->kind == DEVICE_ATA)
        disk_function(r, d);
    else
        int13_finish_disk(r, STATUS_BAD_COMMAND);
}
