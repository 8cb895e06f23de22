/* SPDX-License-Identifier: MIT */
/* A host adapter and its driver for tests of IDE devices: register access, waiting, PIO, an interrupt
 * counter. */
#ifndef LATHE_TESTS_SUPPORT_IDE_HOST_H
#define LATHE_TESTS_SUPPORT_IDE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "devices/storage/ide_channel.h"

enum ide_host_register { R_DATA, R_ERROR, R_COUNT, R_LOW, R_MID, R_HIGH, R_DEVICE, R_STATUS };

struct ide_host {
    struct clock clock;
    struct ide_channel *channel;
    bool irq;
    unsigned irq_edges;
    uint8_t *dma; /* the bus master's memory: dma_left bytes from here on; NULL: not started */
    size_t dma_left;
};

void ide_host_init(struct ide_host *host);
void ide_host_free(struct ide_host *host);
void ide_host_irq(void *receiver, unsigned input, bool level); /* for irq_line */

uint8_t ide_in(struct ide_host *host, unsigned offset);
void ide_out(struct ide_host *host, unsigned offset, uint8_t value);
uint8_t ide_alt(struct ide_host *host);
void ide_control(struct ide_host *host, uint8_t value);

/* Runs virtual time until the selected device is not busy (at most 30 s); the status, read without clearing
 * the interrupt. */
uint8_t ide_wait(struct ide_host *host);

/* Runs virtual time on by `ns`. */
void ide_pass(struct ide_host *host, uint64_t ns);

void ide_read_data(struct ide_host *host, void *bytes, size_t size);
void ide_write_data(struct ide_host *host, const void *bytes, size_t size);

/* Starts the bus master on `size` bytes, either direction. */
void ide_start_dma(struct ide_host *host, void *bytes, size_t size);

/* Task file with a 28-bit LBA on the device that `device` selects, then the command; returns after BSY. */
uint8_t ide_lba_command(struct ide_host *host, unsigned device, uint8_t command, uint32_t lba, uint8_t count);

#endif
