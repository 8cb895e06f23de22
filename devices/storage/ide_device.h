/* SPDX-License-Identifier: MIT */
/* What every device on an IDE cable shares: the task file, the status and interrupt logic, and the buffer
 * through which data moves by PIO or DMA. ATA/ATAPI-6, clauses 5-7. Disks and CD-ROM drives embed it.
 */
#ifndef LATHE_DEVICES_STORAGE_IDE_DEVICE_H
#define LATHE_DEVICES_STORAGE_IDE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/state.h"

struct ide_channel;
struct ide_device;

enum ide_status_bit {
    STATUS_ERR = 0x01, /* CHK for packet devices */
    STATUS_DRQ = 0x08,
    STATUS_DSC = 0x10, /* SERV for packet devices */
    STATUS_DF = 0x20,
    STATUS_DRDY = 0x40,
    STATUS_BSY = 0x80,
};

enum ide_error_bit {
    ERROR_ILI = 0x01,
    ERROR_EOM = 0x02,
    ERROR_ABRT = 0x04,
    ERROR_IDNF = 0x10,
    ERROR_UNC = 0x40,
};

enum ide_device_bit { DEVICE_DEV = 0x10, DEVICE_LBA = 0x40, DEVICE_OBSOLETE = 0xA0 };

enum ide_reset { IDE_RESET_HARD, IDE_RESET_SOFT, IDE_RESET_DIAGNOSTIC, IDE_RESET_DEVICE };

/* Who empties or fills the buffer now. */
enum ide_movement { IDE_MOVE_NONE, IDE_PIO_IN, IDE_PIO_OUT, IDE_DMA_IN, IDE_DMA_OUT };

enum { IDE_BUFFER = 65536 };

/* The registers that keep a previous value for 48-bit commands. */
struct ide_registers {
    uint8_t features, count, lba_low, lba_mid, lba_high;
};

struct ide_device_ops {
    /* A command was written; status is BSY, error 0. */
    void (*command)(struct ide_device *device, uint8_t command);
    /* The delay that ide_device_wait began is over. */
    void (*due)(struct ide_device *device);
    /* The whole buffer was read or written by the host; status is BSY again. */
    void (*moved)(struct ide_device *device);
    /* Return to the state after this kind of reset, signature included; pending work is already dropped. */
    void (*reset)(struct ide_device *device, enum ide_reset kind);
    bool packet; /* a packet device: takes DEVICE RESET while busy */
};

struct ide_device {
    const struct ide_device_ops *ops;
    struct ide_channel *channel; /* NULL: not on a cable */
    const char *name;
    struct log_source log;
    struct ide_registers now, previous;
    uint8_t device, status, error;
    bool intrq;    /* wants to interrupt; the wire shows it while selected and enabled */
    bool in_reset; /* `due` ends a reset */
    uint8_t reset_kind;
    uint8_t movement; /* enum ide_movement */
    uint32_t position, length;
    struct event event;
    uint8_t buffer[IDE_BUFFER];
};

void ide_device_init(struct ide_device *device, const struct ide_device_ops *ops, const char *name,
                     struct clock *clock, struct log *log);
void ide_device_free(struct ide_device *device);

/* Stays busy for `ns`, then calls `due`. */
void ide_device_wait(struct ide_device *device, uint64_t ns);

/* Offers (IN: device to host) or asks for (OUT) `length` buffer bytes, even and not 0, by PIO: sets DRQ and,
 * where `interrupt`, INTRQ. */
void ide_device_pio(struct ide_device *device, enum ide_movement movement, uint32_t length, bool interrupt);

/* The same by DMA: moves at once as far as the bus master lets it, the rest when it is started again. */
void ide_device_dma(struct ide_device *device, enum ide_movement movement, uint32_t length);

/* For the channel: the host has moved the last byte of the buffer. */
void ide_device_moved(struct ide_device *device);

/* Ends a command with the given status and error registers. */
void ide_device_finish(struct ide_device *device, uint8_t status, uint8_t error, bool interrupt);

/* Drops what is in progress, without a trace in the registers but DRQ. */
void ide_device_stop(struct ide_device *device);

/* Drops what is in progress and stays busy; ide_device_reset also begins the time after which `reset` is
 * called and the device is ready. */
void ide_device_hold(struct ide_device *device);
void ide_device_reset(struct ide_device *device, enum ide_reset kind);

/* A device that waits for the bus master goes on shortly. */
void ide_device_dma_started(struct ide_device *device);

/* Whether the device is number 1 (slave) on its cable. */
bool ide_device_is_second(const struct ide_device *device);

/* Register contents that tell ATA (mid and high 0) from ATAPI (14h, EBh). */
void ide_device_signature(struct ide_device *device, uint8_t mid, uint8_t high);

extern const struct state_field ide_device_fields[];

/* After load: refuses what no running device has, so that damaged states cannot index out of the buffer. */
bool ide_device_loaded(const struct ide_device *device, struct error *err);

#endif
