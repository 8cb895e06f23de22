/* SPDX-License-Identifier: MIT */
#include "core/mem/portmap.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/error.h"

struct portmap *portmap_new(struct log *log)
{
    struct portmap *map = alloc_zeroed(sizeof *map);
    log_attach(log, &map->log, "port");
    return map;
}

void portmap_free(struct portmap *map)
{
    if (!map)
        return;
    log_detach(&map->log);
    alloc_free(map);
}

static unsigned free_range(const struct portmap *map)
{
    unsigned i = 0;
    while (i < PORTMAP_MAX_RANGES && map->ranges[i].in_use)
        i++;
    return i;
}

static void claim(struct portmap *map, unsigned number)
{
    const struct port_range *range = &map->ranges[number];
    for (uint32_t port = range->base; port < range->base + range->count && port < PORTMAP_PORTS; port++) {
        if (!map->owner[port])
            map->owner[port] = (uint8_t)(number + 1);
    }
}

bool portmap_add(struct portmap *map, const char *name, uint32_t base, uint32_t count,
                 const struct port_ops *ops, void *self, struct error *err)
{
    ASSERT(base + count <= PORTMAP_PORTS);
    for (uint32_t port = base; port < base + count; port++) {
        if (map->owner[port])
            return error_set(err, "port %04Xh has two owners: %s and %s", (unsigned)port,
                             map->ranges[map->owner[port] - 1].name, name);
    }
    unsigned number = free_range(map);
    if (number == PORTMAP_MAX_RANGES)
        return error_set(err, "port map: no room for %s", name);
    map->ranges[number] = (struct port_range){name, base, count, ops, self, true};
    claim(map, number);
    return true;
}

struct port_range *portmap_place(struct portmap *map, const char *name, uint32_t base, uint32_t count,
                                 const struct port_ops *ops, void *self)
{
    unsigned number = free_range(map);
    if (number == PORTMAP_MAX_RANGES) {
        log_write(&map->log, LOG_GUEST, "no room to place %s at %04Xh", name, (unsigned)base);
        return NULL;
    }
    map->ranges[number] = (struct port_range){name, base & 0xFFFF, count, ops, self, true};
    claim(map, number);
    return &map->ranges[number];
}

void portmap_remove(struct portmap *map, struct port_range *range)
{
    if (!range)
        return;
    unsigned number = (unsigned)(range - map->ranges);
    for (uint32_t port = 0; port < PORTMAP_PORTS; port++) {
        if (map->owner[port] == number + 1)
            map->owner[port] = 0;
    }
    range->in_use = false;
    /* Ranges that this one had hidden come forward, oldest first. */
    for (unsigned i = 0; i < PORTMAP_MAX_RANGES; i++) {
        if (map->ranges[i].in_use)
            claim(map, i);
    }
}

static uint32_t ones(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1;
}

static const struct port_range *owner_of(const struct portmap *map, uint32_t port)
{
    unsigned owner = map->owner[port & 0xFFFF];
    return owner ? &map->ranges[owner - 1] : NULL;
}

/* The whole access goes to one range that takes this width. */
static bool takes_whole(const struct portmap *map, const struct port_range *range, uint32_t port,
                        unsigned size)
{
    return size <= range->ops->max_size && owner_of(map, port + size - 1) == range &&
           port + size <= PORTMAP_PORTS;
}

uint32_t portmap_read(struct portmap *map, uint16_t port, unsigned size)
{
    const struct port_range *range = owner_of(map, port);
    if (range && takes_whole(map, range, port, size)) {
        if (size < range->ops->min_size)
            return ones(size);
        return range->ops->read(range->self, port - range->base, size) & ones(size);
    }
    if (size > 1) {
        unsigned half = size / 2;
        uint32_t low = portmap_read(map, port, half);
        return low | portmap_read(map, (uint16_t)(port + half), half) << (8 * half);
    }
    log_write(&map->log, LOG_DEBUG, "read of %04Xh: nobody home", port);
    return ones(size);
}

void portmap_write(struct portmap *map, uint16_t port, unsigned size, uint32_t value)
{
    const struct port_range *range = owner_of(map, port);
    value &= ones(size);
    if (range && takes_whole(map, range, port, size)) {
        if (size >= range->ops->min_size)
            range->ops->write(range->self, port - range->base, size, value);
        return;
    }
    if (size > 1) {
        unsigned half = size / 2;
        portmap_write(map, port, half, value);
        portmap_write(map, (uint16_t)(port + half), half, value >> (8 * half));
        return;
    }
    log_write(&map->log, LOG_DEBUG, "write of %02Xh to %04Xh: nobody home", (unsigned)value, port);
}
