/* SPDX-License-Identifier: MIT */
/* ATAPI CD-ROM drives: packet commands by PIO. */
#ifndef BIOS_SYSTEM_ATAPI_H
#define BIOS_SYSTEM_ATAPI_H
#include <stdint.h>

#include "system/ata.h"

enum { CD_BLOCK = 2048 };

/* Bytes of a data phase that are wanted, and where they go; what lies around them is read and dropped. */
struct packet_data {
    uint32_t skip, take;
    uint16_t segment, offset;
};

/* Sends the 12-byte packet. Returns an INT 13h status; on a check condition the device's `sense` tells more.
 */
uint8_t atapi_packet(device_t d, const uint8_t *packet, struct packet_data *data);

/* Waits until a medium can be read. STATUS_NO_MEDIA without one. */
uint8_t atapi_ready(device_t d);

/* Whole blocks of 2048 bytes. */
uint8_t atapi_read(device_t d, struct block_request *q);

/* 512-byte sectors, four in a block; `q->lba` counts them. */
uint8_t atapi_read_512(device_t d, struct block_request *q);

uint8_t atapi_capacity(device_t d, uint32_t *blocks);
uint8_t atapi_lock(device_t d, bool locked);
uint8_t atapi_eject(device_t d);

#endif
