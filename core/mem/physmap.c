/* SPDX-License-Identifier: MIT */
#include "core/mem/physmap.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/base/error.h"

enum { LEAF_SHIFT = 22, LEAF_PAGES = 1 << (LEAF_SHIFT - MEM_PAGE_SHIFT), NOBODY = PHYSMAP_MAX_REGIONS };

#define LIMIT_4G ((gpa_t)1 << 32)

struct physmap_leaf {
    uint8_t reader[LEAF_PAGES], writer[LEAF_PAGES];
};

void physmap_init(struct physmap *map, struct memory *memory)
{
    *map = (struct physmap){.memory = memory};
}

void physmap_free(struct physmap *map)
{
    for (unsigned i = 0; i < PHYSMAP_MAX_REGIONS; i++)
        alloc_free(map->regions[i]);
    for (unsigned i = 0; i < 1024; i++)
        alloc_free(map->leaves[i]);
}

static bool covers(const struct physmap_region *region, gpa_t address)
{
    return address - region->base < region->size;
}

/* Number of the strongest region at an address in one direction; later numbers win ties. */
static unsigned resolve(const struct physmap *map, gpa_t address, bool write)
{
    unsigned best = NOBODY;
    for (unsigned i = 0; i < map->count; i++) {
        const struct physmap_region *region = map->regions[i];
        if (!region || !(write ? region->writes : region->reads) || !covers(region, address))
            continue;
        if (best == NOBODY || region->priority >= map->regions[best]->priority)
            best = i;
    }
    return best;
}

static struct physmap_leaf *leaf_for(struct physmap *map, gpa_t address)
{
    struct physmap_leaf **leaf = &map->leaves[address >> LEAF_SHIFT];
    if (!*leaf) {
        *leaf = alloc_zeroed(sizeof **leaf);
        memset(*leaf, NOBODY, sizeof **leaf);
    }
    return *leaf;
}

/* Recomputes the page table over a range and tells the engine. */
static void refresh(struct physmap *map, gpa_t base, uint64_t size)
{
    gpa_t end = base + size < LIMIT_4G ? base + size : LIMIT_4G;
    for (gpa_t at = base; at < end; at += MEM_PAGE_SIZE) {
        unsigned reader = resolve(map, at, false), writer = resolve(map, at, true);
        if (reader == NOBODY && writer == NOBODY && !map->leaves[at >> LEAF_SHIFT])
            continue;
        struct physmap_leaf *leaf = leaf_for(map, at);
        unsigned page = (unsigned)(at >> MEM_PAGE_SHIFT) % LEAF_PAGES;
        leaf->reader[page] = (uint8_t)reader;
        leaf->writer[page] = (uint8_t)writer;
    }
    if (map->changed)
        map->changed(map->changed_opaque, base, size);
}

struct physmap_region *physmap_add(struct physmap *map, const struct physmap_region *region)
{
    ASSERT(region->base % MEM_PAGE_SIZE == 0 && region->size % MEM_PAGE_SIZE == 0);
    unsigned i = 0;
    while (i < map->count && map->regions[i])
        i++;
    ASSERT(i < PHYSMAP_MAX_REGIONS);
    if (i == map->count)
        map->count++;
    map->regions[i] = alloc_zeroed(sizeof *region);
    *map->regions[i] = *region;
    refresh(map, region->base, region->size);
    return map->regions[i];
}

void physmap_remove(struct physmap *map, struct physmap_region *region)
{
    gpa_t base = region->base;
    uint64_t size = region->size;
    if (map->fetch_window == region)
        map->fetch_window = NULL;
    for (unsigned i = 0; i < PHYSMAP_MAX_REGIONS; i++) {
        if (map->regions[i] == region)
            map->regions[i] = NULL;
    }
    alloc_free(region);
    refresh(map, base, size);
}

void physmap_enable(struct physmap *map, struct physmap_region *region, bool reads, bool writes)
{
    if (region->reads == reads && region->writes == writes)
        return;
    region->reads = reads;
    region->writes = writes;
    refresh(map, region->base, region->size);
}

void physmap_move(struct physmap *map, struct physmap_region *region, gpa_t base)
{
    gpa_t old = region->base;
    if (old == base)
        return;
    region->base = base;
    refresh(map, old, region->size);
    refresh(map, base, region->size);
}

void physmap_retarget(struct physmap *map, struct physmap_region *region, mem_t offset)
{
    if (region->offset == offset)
        return;
    region->offset = offset;
    if ((region->reads || region->writes) && map->changed)
        map->changed(map->changed_opaque, region->base, region->size);
}

void physmap_set_fetch_window(struct physmap *map, const struct physmap_region *region)
{
    const struct physmap_region *old = map->fetch_window;
    if (old == region)
        return;
    map->fetch_window = region;
    if (map->changed && old)
        map->changed(map->changed_opaque, old->base, old->size);
    if (map->changed && region)
        map->changed(map->changed_opaque, region->base, region->size);
}

static const struct physmap_region *region_at(const struct physmap *map, gpa_t address, bool write)
{
    unsigned number;
    if (address < LIMIT_4G) {
        const struct physmap_leaf *leaf = map->leaves[address >> LEAF_SHIFT];
        if (!leaf)
            return NULL;
        unsigned page = (unsigned)(address >> MEM_PAGE_SHIFT) % LEAF_PAGES;
        number = write ? leaf->writer[page] : leaf->reader[page];
    } else {
        number = resolve(map, address, write);
    }
    return number == NOBODY ? NULL : map->regions[number];
}

const struct physmap_region *physmap_reader(const struct physmap *map, gpa_t address)
{
    return region_at(map, address, false);
}

const struct physmap_region *physmap_writer(const struct physmap *map, gpa_t address)
{
    return region_at(map, address, true);
}

bool physmap_read_memory(const struct physmap *map, gpa_t address, mem_t *offset)
{
    const struct physmap_region *region = region_at(map, address, false);
    if (!region || region->kind == PHYSMAP_MMIO)
        return false;
    *offset = region->offset + (address - region->base);
    return true;
}

bool physmap_fetch_memory(const struct physmap *map, gpa_t address, mem_t *offset)
{
    const struct physmap_region *window = map->fetch_window;
    if (!window || !covers(window, address))
        return physmap_read_memory(map, address, offset);
    *offset = window->offset + (address - window->base);
    return true;
}

bool physmap_write_memory(const struct physmap *map, gpa_t address, mem_t *offset)
{
    const struct physmap_region *region = region_at(map, address, true);
    if (!region || region->kind != PHYSMAP_MEMORY)
        return false;
    *offset = region->offset + (address - region->base);
    return true;
}

/* Largest power of two that divides the offset and exceeds neither the size nor the device's width. */
static unsigned piece_size(uint64_t offset, unsigned size, unsigned max_size)
{
    unsigned piece = max_size;
    while (piece > size || offset % piece)
        piece /= 2;
    return piece;
}

static uint64_t mmio_read(const struct physmap_region *region, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < size;) {
        unsigned piece = piece_size(offset + done, size - done, region->ops->max_size);
        uint64_t part = region->ops->read(region->self, offset + done, piece);
        if (piece < 8)
            part &= ((uint64_t)1 << (8 * piece)) - 1;
        value |= part << (8 * done);
        done += piece;
    }
    return value;
}

static void mmio_write(const struct physmap_region *region, uint64_t offset, unsigned size, uint64_t value)
{
    for (unsigned done = 0; done < size;) {
        unsigned piece = piece_size(offset + done, size - done, region->ops->max_size);
        uint64_t part = value >> (8 * done);
        if (piece < 8)
            part &= ((uint64_t)1 << (8 * piece)) - 1;
        region->ops->write(region->self, offset + done, piece, part);
        done += piece;
    }
}

static uint64_t read_in_page(struct physmap *map, gpa_t address, unsigned size)
{
    const struct physmap_region *region = region_at(map, address, false);
    if (!region)
        return size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
    uint64_t offset = address - region->base;
    if (region->kind == PHYSMAP_MMIO)
        return mmio_read(region, offset, size);
    const uint8_t *host = map->memory->host + region->offset + offset;
    if ((size & (size - 1)) == 0)
        return load_le(host, size);
    uint8_t bytes[8] = {0};
    memcpy(bytes, host, size);
    return load_le64(bytes);
}

static void write_in_page(struct physmap *map, gpa_t address, unsigned size, uint64_t value)
{
    const struct physmap_region *region = region_at(map, address, true);
    if (!region || region->kind == PHYSMAP_ROM)
        return;
    uint64_t offset = address - region->base;
    if (region->kind == PHYSMAP_MMIO) {
        mmio_write(region, offset, size, value);
        return;
    }
    uint8_t *host = map->memory->host + region->offset + offset;
    if ((size & (size - 1)) == 0) {
        store_le(host, size, value);
    } else {
        uint8_t bytes[8];
        store_le64(bytes, value);
        memcpy(host, bytes, size);
    }
    memory_written(map->memory, region->offset + offset, size);
}

static unsigned bytes_left_in_page(gpa_t address)
{
    return MEM_PAGE_SIZE - (unsigned)(address & (MEM_PAGE_SIZE - 1));
}

uint64_t physmap_read(struct physmap *map, gpa_t address, unsigned size)
{
    unsigned left = bytes_left_in_page(address);
    if (size <= left)
        return read_in_page(map, address, size);
    uint64_t low = read_in_page(map, address, left);
    return low | read_in_page(map, address + left, size - left) << (8 * left);
}

uint8_t physmap_fetch(struct physmap *map, gpa_t address)
{
    mem_t offset;
    if (physmap_fetch_memory(map, address, &offset))
        return map->memory->host[offset];
    return (uint8_t)physmap_read(map, address, 1);
}

void physmap_write(struct physmap *map, gpa_t address, unsigned size, uint64_t value)
{
    unsigned left = bytes_left_in_page(address);
    if (size <= left) {
        write_in_page(map, address, size, value);
        return;
    }
    write_in_page(map, address, left, value);
    write_in_page(map, address + left, size - left, value >> (8 * left));
}

/* Bytes from `address` that one page, or one device access, can take. */
static uint64_t bulk_part(gpa_t address, uint64_t size, const struct physmap_region *region)
{
    uint64_t left = bytes_left_in_page(address);
    if (region && region->kind == PHYSMAP_MMIO)
        left = piece_size(address - region->base, 8, region->ops->max_size);
    return size < left ? size : left;
}

void physmap_read_bytes(struct physmap *map, gpa_t address, void *bytes, uint64_t size)
{
    uint8_t *out = bytes;
    while (size) {
        const struct physmap_region *region = region_at(map, address, false);
        uint64_t part = bulk_part(address, size, region);
        if (!region) {
            memset(out, 0xFF, (size_t)part);
        } else if (region->kind == PHYSMAP_MMIO) {
            uint8_t value[8];
            store_le64(value, mmio_read(region, address - region->base, (unsigned)part));
            memcpy(out, value, (size_t)part);
        } else {
            memcpy(out, map->memory->host + region->offset + (address - region->base), (size_t)part);
        }
        address += part;
        out += part;
        size -= part;
    }
}

void physmap_write_bytes(struct physmap *map, gpa_t address, const void *bytes, uint64_t size)
{
    const uint8_t *in = bytes;
    while (size) {
        const struct physmap_region *region = region_at(map, address, true);
        uint64_t part = bulk_part(address, size, region);
        if (region && region->kind == PHYSMAP_MMIO) {
            uint8_t value[8] = {0};
            memcpy(value, in, (size_t)part);
            mmio_write(region, address - region->base, (unsigned)part, load_le64(value));
        } else if (region && region->kind == PHYSMAP_MEMORY) {
            mem_t offset = region->offset + (address - region->base);
            memcpy(map->memory->host + offset, in, (size_t)part);
            memory_written(map->memory, offset, part);
        }
        address += part;
        in += part;
        size -= part;
    }
}

/* The next address from which the owners may differ. */
static gpa_t next_edge(const struct physmap *map, gpa_t at)
{
    gpa_t next = LIMIT_4G;
    for (unsigned i = 0; i < map->count; i++) {
        const struct physmap_region *region = map->regions[i];
        if (region && region->base > at && region->base < next)
            next = region->base;
        if (region && region->base + region->size > at && region->base + region->size < next)
            next = region->base + region->size;
    }
    return next;
}

static bool page_owners_are(const struct physmap *map, gpa_t at, unsigned reader, unsigned writer)
{
    const struct physmap_leaf *leaf = map->leaves[at >> LEAF_SHIFT];
    unsigned page = (unsigned)(at >> MEM_PAGE_SHIFT) % LEAF_PAGES;
    return leaf ? leaf->reader[page] == reader && leaf->writer[page] == writer
                : reader == NOBODY && writer == NOBODY;
}

bool physmap_check(const struct physmap *map, struct error *err)
{
    for (gpa_t at = 0; at < LIMIT_4G;) {
        unsigned reader = resolve(map, at, false), writer = resolve(map, at, true);
        for (gpa_t end = next_edge(map, at); at < end; at += MEM_PAGE_SIZE) {
            if (!page_owners_are(map, at, reader, writer))
                return error_set(err, "physical map: stale owner of page %llx", (unsigned long long)at);
        }
    }
    return true;
}
