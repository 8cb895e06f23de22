/* SPDX-License-Identifier: MIT */
/* ATA disks and ATAPI CD-ROMs on the two legacy channels: detection and block transfers by PIO. */
#ifndef BIOS_SYSTEM_ATA_H
#define BIOS_SYSTEM_ATA_H
#include <stdbool.h>
#include <stdint.h>

#include "system/private.h"

struct regs;

enum ata_offset { /* from the command port */
                  ATA_DATA = 0,
                  ATA_ERROR = 1,
                  ATA_FEATURES = 1,
                  ATA_COUNT = 2,
                  ATA_LBA_LOW = 3,
                  ATA_LBA_MID = 4,
                  ATA_LBA_HIGH = 5,
                  ATA_DRIVE = 6,
                  ATA_STATUS = 7,
                  ATA_COMMAND = 7,
};

enum ata_status { ATA_ERR = 0x01, ATA_DRQ = 0x08, ATA_DF = 0x20, ATA_DRDY = 0x40, ATA_BSY = 0x80 };

enum ata_command {
    ATA_READ = 0x20,
    ATA_READ_EXT = 0x24,
    ATA_WRITE = 0x30,
    ATA_WRITE_EXT = 0x34,
    ATA_VERIFY = 0x40,
    ATA_VERIFY_EXT = 0x42,
    ATA_SET_GEOMETRY = 0x91,
    ATA_PACKET = 0xa0,
    ATA_IDENTIFY_PACKET = 0xa1,
    ATA_FLUSH_CACHE = 0xe7,
    ATA_IDENTIFY = 0xec,
};

enum ata_operation { DISK_READ, DISK_WRITE, DISK_VERIFY };

/* Blocks between a device and far memory. `count` is left at what could not be moved. */
struct block_request {
    uint32_t lba, lba_high;
    uint32_t count;
    uint16_t segment, offset;
};

/* These return an INT 13h status. */
uint8_t ata_transfer(device_t d, struct block_request *q, enum ata_operation operation);
uint8_t ata_reset_channel(device_t d);
uint8_t ata_wait(device_t d, uint8_t wanted,
                 uint16_t milliseconds); /* not busy and, of ERR, DF, DRQ, only `wanted` set */

void ata_select(device_t d, uint8_t head_bits);
void ata_out(device_t d, enum ata_offset reg, uint8_t value);
uint8_t ata_in(device_t d, enum ata_offset reg);

/* Interrupts of the channel off while we poll, back on for whoever drives it next. */
void ata_polling(device_t d, bool on);

/* segment << 16 | offset with the smallest offset, so that a transfer cannot wrap. */
uint32_t far_normalise(uint16_t segment, uint32_t offset);

/* POST. */
void ata_init(void);
void ata_parameter_tables(void);
void ata_set_geometry(device_t d);

void ata_interrupt1(struct regs *r); /* IRQ 14 */
void ata_interrupt2(struct regs *r); /* IRQ 15 */

#endif
