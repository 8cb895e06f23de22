/* SPDX-License-Identifier: MIT */
/* The 64 Ki I/O ports: who answers, and how wide an access each device takes.
 *
 * Devices get the offset from their base. An access wider than the device takes, or one that runs past its
 * range, is split into byte or word accesses as an ISA bridge does. Nobody home: reads give all ones.
 */
#ifndef LATHE_CORE_MEM_PORTMAP_H
#define LATHE_CORE_MEM_PORTMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/log.h"

struct error;

enum { PORTMAP_MAX_RANGES = 254, PORTMAP_PORTS = 0x10000 };

/* size: 1, 2 or 4. `min_size` lets 16-bit-only registers (IDE data, PCI CONFIG_ADDRESS) see whole accesses
 * only: narrower reads give all ones and narrower writes are dropped unless min_size is 1. */
struct port_ops {
    uint32_t (*read)(void *self, uint32_t offset, unsigned size);
    void (*write)(void *self, uint32_t offset, unsigned size, uint32_t value);
    unsigned min_size, max_size;
};

struct port_range {
    const char *name;
    uint32_t base, count;
    const struct port_ops *ops;
    void *self;
    bool in_use;
};

struct portmap {
    struct port_range ranges[PORTMAP_MAX_RANGES];
    uint8_t owner[PORTMAP_PORTS]; /* 0: nobody, else range number + 1 */
    struct log_source log;
};

/* Creates the map; log may be NULL. */
struct portmap *portmap_new(struct log *log);
void portmap_free(struct portmap *map);

/* Adds a fixed range. Two owners of a port is a configuration error that names both. */
bool portmap_add(struct portmap *map, const char *name, uint32_t base, uint32_t count,
                 const struct port_ops *ops, void *self, struct error *err);

/* Adds a range that the guest placed (a PCI BAR): it takes only ports that nobody owns. NULL where the table
 * is full. */
struct port_range *portmap_place(struct portmap *map, const char *name, uint32_t base, uint32_t count,
                                 const struct port_ops *ops, void *self);

/* Removes a placed range; NULL is allowed. */
void portmap_remove(struct portmap *map, struct port_range *range);

uint32_t portmap_read(struct portmap *map, uint16_t port, unsigned size);
void portmap_write(struct portmap *map, uint16_t port, unsigned size, uint32_t value);

#endif
