/* SPDX-License-Identifier: MIT */
/* ATA PIO commands (ATA/ATAPI-6, T13 1410D). */
#include "system/ata.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/int13.h"
#include "system/regs.h"

enum { CONTROL_NIEN = 0x02, CONTROL_SRST = 0x04, CONTROL_ALWAYS = 0x08 };
enum { DRIVE_ALWAYS = 0xa0, DRIVE_LBA = 0x40, DRIVE_UNIT1 = 0x10 };
enum { WAIT_READY_MS = 2000, WAIT_DATA_MS = 10000, WAIT_RESET_MS = 10000, SECTOR_WORDS = 256, BURST = 128 };
enum ata_error {
    ERROR_AMNF = 0x01,
    ERROR_ABRT = 0x04,
    ERROR_IDNF = 0x10,
    ERROR_UNC = 0x40,
    ERROR_ICRC = 0x80
};

void ata_out(device_t d, enum ata_offset reg, uint8_t value)
{
    out8((uint16_t)(d->command_port + reg), value);
}

uint8_t ata_in(device_t d, enum ata_offset reg)
{
    return in8((uint16_t)(d->command_port + reg));
}

void ata_polling(device_t d, bool on)
{
    out8(d->control_port, on ? CONTROL_ALWAYS | CONTROL_NIEN : CONTROL_ALWAYS);
}

static void acknowledge(uint16_t status_port)
{
    BDA->disk_registers[2] = 0xff; /* 40:8E, "interrupt seen" */
    in8(status_port);
    soft_interrupt_ax(0x15, 0x9100);
    cpu_cli();
    pic_eoi(14);
}

void ata_interrupt1(struct regs *r)
{
    (void)r;
    acknowledge(0x1f7);
}

void ata_interrupt2(struct regs *r)
{
    (void)r;
    acknowledge(0x177);
}

static uint8_t status_of_error(device_t d, uint8_t status)
{
    if (status & ATA_DF)
        return STATUS_CONTROLLER;
    uint8_t error = ata_in(d, ATA_ERROR);
    if (error & (ERROR_UNC | ERROR_ICRC))
        return STATUS_CRC;
    if (error & ERROR_IDNF)
        return STATUS_NOT_FOUND;
    if (error & ERROR_AMNF)
        return STATUS_ADDRESS_MARK;
    return error & ERROR_ABRT ? STATUS_BAD_COMMAND : STATUS_CONTROLLER;
}

uint8_t ata_wait(device_t d, uint8_t wanted, uint16_t milliseconds)
{
    struct deadline limit;
    deadline_start(&limit, milliseconds);
    for (;;) {
        for (unsigned spin = 0; spin < 50;
             spin++) { /* reading the clock costs more than reading the status */
            uint8_t status = in8(d->control_port);
            if (status & ATA_BSY)
                continue;
            if (status & (ATA_ERR | ATA_DF))
                return status_of_error(d, status);
            if ((status & ATA_DRQ) == wanted) {
                ata_in(d, ATA_STATUS); /* acknowledges a pending interrupt */
                return STATUS_OK;
            }
        }
        if (deadline_passed(&limit))
            return STATUS_TIMEOUT;
    }
}

/* 400 ns must pass before the status means anything: four reads of it. */
static void settle(device_t d)
{
    for (unsigned i = 0; i < 4; i++)
        in8(d->control_port);
}

void ata_select(device_t d, uint8_t head_bits)
{
    ata_out(d, ATA_DRIVE, (uint8_t)(DRIVE_ALWAYS | (d->unit ? DRIVE_UNIT1 : 0) | head_bits));
    settle(d);
}

uint8_t ata_reset_channel(device_t d)
{
    struct deadline limit;
    out8(d->control_port, CONTROL_ALWAYS | CONTROL_NIEN | CONTROL_SRST);
    settle(d);
    out8(d->control_port, CONTROL_ALWAYS | CONTROL_NIEN);
    settle(d);
    deadline_start(&limit, WAIT_RESET_MS);
    while (in8(d->control_port) & ATA_BSY)
        if (deadline_passed(&limit))
            return STATUS_TIMEOUT;
    return STATUS_OK;
}

uint32_t far_normalise(uint16_t segment, uint32_t offset)
{
    return (uint32_t)(uint16_t)(segment + (offset >> 4)) << 16 | (offset & 15);
}

/* Loads address and count for devices without LBA: cylinder, head and sector of the geometry that the drive
 * uses. */
static void load_chs(device_t d, const struct block_request *q, uint8_t count)
{
    uint32_t track = q->lba / d->physical_sectors;
    uint16_t cylinder = (uint16_t)(track / d->physical_heads);
    ata_select(d, (uint8_t)(track % d->physical_heads));
    ata_out(d, ATA_COUNT, count);
    ata_out(d, ATA_LBA_LOW, (uint8_t)(q->lba % d->physical_sectors + 1));
    ata_out(d, ATA_LBA_MID, (uint8_t)cylinder);
    ata_out(d, ATA_LBA_HIGH, (uint8_t)(cylinder >> 8));
}

static void load_lba(device_t d, const struct block_request *q, uint8_t count, bool ext)
{
    ata_select(d, (uint8_t)(DRIVE_LBA | (ext ? 0 : (q->lba >> 24 & 0x0f))));
    if (ext) { /* high-order bytes first, into the same registers */
        ata_out(d, ATA_COUNT, 0);
        ata_out(d, ATA_LBA_LOW, (uint8_t)(q->lba >> 24));
        ata_out(d, ATA_LBA_MID, (uint8_t)q->lba_high);
        ata_out(d, ATA_LBA_HIGH, (uint8_t)(q->lba_high >> 8));
    }
    ata_out(d, ATA_COUNT, count);
    ata_out(d, ATA_LBA_LOW, (uint8_t)q->lba);
    ata_out(d, ATA_LBA_MID, (uint8_t)(q->lba >> 8));
    ata_out(d, ATA_LBA_HIGH, (uint8_t)(q->lba >> 16));
}

static void start_command(device_t d, const struct block_request *q, uint8_t count,
                          enum ata_operation operation)
{
    static const uint8_t commands[3][2] = {
        {ATA_READ, ATA_READ_EXT}, {ATA_WRITE, ATA_WRITE_EXT}, {ATA_VERIFY, ATA_VERIFY_EXT}};
    bool ext = q->lba_high || q->lba + count > 0x0fffffff;
    if (d->flags & DEVICE_LBA)
        load_lba(d, q, count, ext);
    else
        load_chs(d, q, count);
    ata_out(d, ATA_COMMAND, ROM8(commands[operation][ext]));
    settle(d);
}

static void advance(struct block_request *q, uint32_t blocks)
{
    uint32_t before = q->lba;
    q->lba += blocks;
    if (q->lba < before)
        q->lba_high++;
    q->count -= blocks;
}

/* The data phase of up to BURST sectors. */
static uint8_t move_sectors(device_t d, struct block_request *q, uint32_t sectors, bool write)
{
    while (sectors--) {
        uint8_t status = ata_wait(d, ATA_DRQ, WAIT_DATA_MS);
        if (status)
            return status;
        uint32_t to = far_normalise(q->segment, q->offset);
        if (write)
            far_outsw(d->command_port, to, SECTOR_WORDS);
        else
            far_insw(d->command_port, to, SECTOR_WORDS);
        settle(d);
        q->segment = (uint16_t)((to >> 16) + 0x20);
        q->offset = (uint16_t)to;
        advance(q, 1);
    }
    return ata_wait(d, 0, WAIT_DATA_MS);
}

uint8_t ata_transfer(device_t d, struct block_request *q, enum ata_operation operation)
{
    uint8_t status = STATUS_OK;
    ata_polling(d, true);
    while (q->count && status == STATUS_OK) {
        uint32_t sectors = q->count < BURST ? q->count : BURST;
        status = ata_wait(d, 0, WAIT_READY_MS);
        if (status == STATUS_TIMEOUT)
            break;
        start_command(d, q, (uint8_t)sectors, operation);
        if (operation == DISK_VERIFY) {
            status = ata_wait(d, 0, WAIT_DATA_MS);
            if (!status)
                advance(q, sectors);
        } else {
            status = move_sectors(d, q, sectors, operation == DISK_WRITE);
        }
    }
    ata_polling(d, false);
    return status;
}
