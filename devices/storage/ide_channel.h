/* SPDX-License-Identifier: MIT */
/* One IDE cable with two devices: command and control block registers, device selection, interrupt, the
 * resets, and what the host sees of a device that is not there. ATA/ATAPI-6, clauses 7 and 9.
 */
#ifndef LATHE_DEVICES_STORAGE_IDE_CHANNEL_H
#define LATHE_DEVICES_STORAGE_IDE_CHANNEL_H

#include "core/base/irq_line.h"
#include "core/mem/portmap.h"
#include "devices/storage/ide_device.h"

/* The bus master that serves a channel; all NULL where there is none. `move` copies up to `size` bytes and
 * says how many it could. */
struct ide_bus_master {
    size_t (*move)(void *self, uint8_t *bytes, size_t size, bool to_memory);
    void (*interrupt)(void *self, bool level);
    void *self;
};

struct ide_channel_config {
    struct log *log;
    struct irq_line irq;
    struct ide_bus_master master;
};

struct ide_channel {
    struct ide_channel_config cfg;
    struct log_source log;
    struct ide_device *devices[2];
    uint8_t selected; /* DEV bit as last written */
    uint8_t control;
    bool line; /* level of INTRQ */
};

void ide_channel_init(struct ide_channel *channel, const struct ide_channel_config *cfg);
void ide_channel_free(struct ide_channel *channel);

/* A channel of its own on the heap, for boards without a PCI function around it. */
struct ide_channel *ide_channel_new(const struct ide_channel_config *cfg);
void ide_channel_delete(struct ide_channel *channel);

/* Plugs a device in as 0 (master) or 1 (slave). The device is not owned and is taken off before it is
 * freed. */
void ide_channel_attach(struct ide_channel *channel, unsigned number, struct ide_device *device);

/* RESET-. */
void ide_channel_reset(struct ide_channel *channel);

/* The bus master was started: a device that waits for it goes on. */
void ide_channel_dma_started(struct ide_channel *channel);

/* Eight ports (1F0h on a PC) and one port (3F6h). self: struct ide_channel. */
extern const struct port_ops ide_command_ports, ide_control_ports;

extern const struct state_desc ide_channel_state;
extern const struct state_field ide_channel_fields[];

/* For devices: drives INTRQ after a change of `intrq` or selection. */
void ide_channel_update_irq(struct ide_channel *channel);

#endif
