/* SPDX-License-Identifier: MIT */
/* Two 8237A DMA controllers (channels 0-3: bytes, 5-7: words, 4: cascade) and their page registers.
 * Intel 8237A data sheet (231466); PIIX3, "DMA Controller". */
#ifndef LATHE_DEVICES_CHIPSET_DMA_8237_H
#define LATHE_DEVICES_CHIPSET_DMA_8237_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"
#include "devices/serial/char_sink.h"

enum { DMA_CHIP_CHANNELS = 4, DMA_CHANNELS = 8, DMA_PAGES = 16 };

/* As the device sees it: data that it received go to memory, data that it wants come from there. */
enum dma_direction { DMA_TO_MEMORY, DMA_FROM_MEMORY };

struct dma_channel {
    uint16_t base_address, base_count;
    uint16_t current_address, current_count;
    uint8_t mode;
};

/* One 8237A. */
struct dma_chip {
    struct dma_channel channels[DMA_CHIP_CHANNELS];
    uint8_t command;
    uint8_t tc;      /* channels that reached terminal count since the last status read */
    uint8_t dreq;    /* request pins */
    uint8_t request; /* software requests */
    uint8_t mask;
    bool msb_next; /* byte pointer flip-flop */
};

struct dma_config {
    struct log *log;
    struct physmap *physmap;
    struct char_sink post; /* also sees writes to the spare page register at 80h, the POST code port */
};

struct dma {
    struct dma_config cfg;
    struct log_source log;
    struct dma_chip chips[2];
    uint8_t pages[DMA_PAGES];
};

/* 16 ports at 00h, 32 ports at C0h, 16 ports at 80h. */
extern const struct port_ops dma_low_ports, dma_high_ports, dma_page_ports;
extern const struct state_desc dma_state;

struct dma *dma_new(const struct dma_config *cfg);
void dma_free(struct dma *dma);
void dma_reset(struct dma *dma);

/* DREQ pin of a channel. It shows in the status register; the device itself decides when it transfers. */
void dma_set_dreq(struct dma *dma, unsigned channel, bool level);

/* Whether the channel would answer DREQ with DACK now: programmed, unmasked, both chips enabled. */
bool dma_ready(const struct dma *dma, unsigned channel);

struct dma_result {
    uint32_t moved; /* bytes */
    bool tc;        /* the last byte moved was the last of the block */
};

/* Moves up to `size` bytes between the device's buffer and memory, as the channel is programmed, and stops at
 * terminal count. Moves nothing where the channel is not ready, is a cascade, or is programmed for the other
 * direction. A verify transfer counts without touching memory (a buffer to be filled gets FFh). Channels 5-7
 * move whole words. */
struct dma_result dma_transfer(struct dma *dma, unsigned channel, enum dma_direction direction, void *buffer,
                               uint32_t size);

#endif
