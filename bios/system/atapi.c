/* SPDX-License-Identifier: MIT */
/* Packet commands (ATA/ATAPI-6, 9.8) and the few of the MMC command set that booting takes. */
#include "system/atapi.h"

#include "system/chipset.h"
#include "system/cpu.h"
#include "system/int13.h"
#include "system/regs.h"

enum scsi_command {
    TEST_UNIT_READY = 0x00,
    REQUEST_SENSE = 0x03,
    START_STOP_UNIT = 0x1b,
    PREVENT_ALLOW = 0x1e,
    READ_CAPACITY = 0x25,
    READ_10 = 0x28,
};

enum sense { SENSE_NOT_READY = 2, SENSE_ATTENTION = 6, ASC_BECOMING_READY = 0x04, ASC_NO_MEDIUM = 0x3a };
enum { PACKET_BYTES = 12, PACKET_MS = 10000, READY_MS = 10000, BYTE_LIMIT = 0xf800, READ_BLOCKS = 16 };

static uint16_t stack_segment(void)
{
    uint16_t segment;
    __asm__("movw %%ss, %0" : "=r"(segment));
    return segment;
}

static void drop_words(device_t d, uint32_t words)
{
    while (words--)
        in16(d->command_port);
}

/* One DRQ block of `bytes`, of which those between skip and skip + take are stored. */
static void data_block(device_t d, uint32_t bytes, struct packet_data *data)
{
    uint32_t skip = data->skip < bytes ? data->skip : bytes;
    uint32_t take = bytes - skip < data->take ? bytes - skip : data->take;
    drop_words(d, skip / 2);
    data->skip -= skip;
    uint32_t to = far_normalise(data->segment, data->offset);
    far_insw(d->command_port, to, take / 2);
    data->segment = (uint16_t)(to >> 16);
    data->offset = (uint16_t)(to + (take & ~1u));
    data->take -= take & ~1u;
    drop_words(d, (bytes - skip - (take & ~1u) + 1) / 2);
}

static uint8_t data_phase(device_t d, struct packet_data *data)
{
    for (;;) {
        struct deadline limit;
        uint8_t status;
        deadline_start(&limit, PACKET_MS);
        while ((status = in8(d->control_port)) & ATA_BSY)
            if (deadline_passed(&limit))
                return STATUS_TIMEOUT;
        if (status & (ATA_ERR | ATA_DF))
            return STATUS_CONTROLLER;
        if (!(status & ATA_DRQ)) {
            ata_in(d, ATA_STATUS);
            return STATUS_OK;
        }
        data_block(d, ata_in(d, ATA_LBA_MID) | (uint32_t)ata_in(d, ATA_LBA_HIGH) << 8, data);
        in8(d->control_port);
    }
}

static uint8_t send_packet(device_t d, const uint8_t *packet, struct packet_data *data)
{
    struct packet_data none = {0, 0, 0, 0};
    ata_select(d, 0);
    uint8_t status =
        ata_wait(d, 0, PACKET_MS); /* an old error stays in the status; only "busy" matters here */
    if (status == STATUS_TIMEOUT)
        return status;
    ata_out(d, ATA_FEATURES, 0);
    ata_out(d, ATA_COUNT, 0);
    ata_out(d, ATA_LBA_LOW, 0);
    ata_out(d, ATA_LBA_MID, (uint8_t)BYTE_LIMIT);
    ata_out(d, ATA_LBA_HIGH, BYTE_LIMIT >> 8);
    ata_out(d, ATA_COMMAND, ATA_PACKET);
    in8(d->control_port);
    status = ata_wait(d, ATA_DRQ, PACKET_MS);
    if (status)
        return status;
    far_outsw(d->command_port, (uint32_t)stack_segment() << 16 | NEAR(packet), PACKET_BYTES / 2);
    for (unsigned i = 0; i < 4; i++)
        in8(d->control_port);
    return data_phase(d, data ? data : &none);
}

static void request_sense(device_t d)
{
    uint8_t reply[18];
    uint8_t packet[PACKET_BYTES];
    struct packet_data data = {0, sizeof reply, stack_segment(), (uint16_t)NEAR(reply)};
    memset(packet, 0, sizeof packet);
    memset(reply, 0, sizeof reply);
    packet[0] = REQUEST_SENSE;
    packet[4] = sizeof reply;
    if (send_packet(d, packet, &data))
        return;
    d->sense[0] = reply[2] & 0x0f;
    d->sense[1] = reply[12];
    d->sense[2] = reply[13];
}

uint8_t atapi_packet(device_t d, const uint8_t *packet, struct packet_data *data)
{
    ata_polling(d, true);
    d->sense[0] = 0;
    uint8_t status = send_packet(d, packet, data);
    if (status && status != STATUS_TIMEOUT) {
        request_sense(d);
        if (d->sense[1] == ASC_NO_MEDIUM)
            status = STATUS_NO_MEDIA;
    }
    ata_polling(d, false);
    return status;
}

uint8_t atapi_ready(device_t d)
{
    struct deadline limit;
    uint8_t packet[PACKET_BYTES];
    memset(packet, 0, sizeof packet); /* TEST UNIT READY */
    deadline_start(&limit, READY_MS);
    for (;;) {
        uint8_t status = atapi_packet(d, packet, 0);
        bool soon = d->sense[0] == SENSE_ATTENTION ||
                    (d->sense[0] == SENSE_NOT_READY && d->sense[1] == ASC_BECOMING_READY);
        if (status == STATUS_OK || !soon || deadline_passed(&limit))
            return status;
    }
}

static void put_be32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static uint8_t read_blocks(device_t d, uint32_t lba, uint32_t blocks, struct packet_data *data)
{
    uint8_t packet[PACKET_BYTES];
    memset(packet, 0, sizeof packet);
    packet[0] = READ_10;
    put_be32(packet + 2, lba);
    packet[7] = (uint8_t)(blocks >> 8);
    packet[8] = (uint8_t)blocks;
    return atapi_packet(d, packet, data);
}

uint8_t atapi_read(device_t d, struct block_request *q)
{
    struct packet_data data = {0, 0, q->segment, q->offset};
    while (q->count) {
        uint32_t blocks = q->count < READ_BLOCKS ? q->count : READ_BLOCKS;
        data.take = blocks * CD_BLOCK;
        uint8_t status = read_blocks(d, q->lba, blocks, &data);
        if (status)
            return status;
        q->lba += blocks;
        q->count -= blocks;
    }
    return STATUS_OK;
}

uint8_t atapi_read_512(device_t d, struct block_request *q)
{
    struct packet_data data = {0, 0, q->segment, q->offset};
    while (q->count) {
        uint32_t first = q->lba & 3;
        uint32_t sectors = q->count < READ_BLOCKS * 4 - 4 ? q->count : READ_BLOCKS * 4 - 4;
        data.skip = first * 512;
        data.take = sectors * 512;
        uint8_t status = read_blocks(d, q->lba >> 2, (first + sectors + 3) >> 2, &data);
        if (status)
            return status;
        q->lba += sectors;
        q->count -= sectors;
    }
    return STATUS_OK;
}

uint8_t atapi_capacity(device_t d, uint32_t *blocks)
{
    uint8_t packet[PACKET_BYTES], reply[8];
    struct packet_data data = {0, sizeof reply, stack_segment(), (uint16_t)NEAR(reply)};
    memset(packet, 0, sizeof packet);
    packet[0] = READ_CAPACITY;
    uint8_t status = atapi_packet(d, packet, &data);
    if (!status)
        *blocks =
            ((uint32_t)reply[0] << 24 | (uint32_t)reply[1] << 16 | (uint32_t)reply[2] << 8 | reply[3]) + 1;
    return status;
}

uint8_t atapi_lock(device_t d, bool locked)
{
    uint8_t packet[PACKET_BYTES];
    memset(packet, 0, sizeof packet);
    packet[0] = PREVENT_ALLOW;
    packet[4] = locked;
    return atapi_packet(d, packet, 0);
}

uint8_t atapi_eject(device_t d)
{
    uint8_t packet[PACKET_BYTES];
    memset(packet, 0, sizeof packet);
    packet[0] = START_STOP_UNIT;
    packet[4] = 2; /* eject */
    return atapi_packet(d, packet, 0);
}
