/* SPDX-License-Identifier: MIT */
/* The physical address map: which memory or device answers at a guest-physical page.
 *
 * Regions have a priority; at each 4 KiB page the highest enabled region that accepts reads answers reads,
 * and likewise for writes, so that shadow RAM (reads from ROM, writes to RAM, or any mix) needs nothing
 * special. Nobody home: reads give all ones, writes are dropped.
 */
#ifndef LATHE_CORE_MEM_PHYSMAP_H
#define LATHE_CORE_MEM_PHYSMAP_H

#include "core/mem/memory.h"

struct error;

enum { PHYSMAP_MAX_REGIONS = 255 };

/* A memory-mapped device. offset: from the region's base; size 1, 2, 4 or 8, naturally aligned within the
 * widest size that the device takes: wider or unaligned accesses arrive split. */
struct mmio_ops {
    uint64_t (*read)(void *self, uint64_t offset, unsigned size);
    void (*write)(void *self, uint64_t offset, unsigned size, uint64_t value);
    unsigned max_size; /* widest access: 1, 2, 4 or 8 */
};

enum physmap_kind { PHYSMAP_MEMORY, PHYSMAP_ROM, PHYSMAP_MMIO };

struct physmap_region {
    const char *name;
    enum physmap_kind kind;
    int priority;
    gpa_t base;
    uint64_t size;
    bool reads, writes; /* whether it takes part in each direction; a ROM that `writes` swallows them */
    mem_t offset;       /* MEMORY, ROM: where its bytes are */
    const struct mmio_ops *ops;
    void *self;
};

/* Called after the map changed in [base, base+size): cached translations of it are stale. */
typedef void physmap_changed_fn(void *opaque, gpa_t base, uint64_t size);

struct physmap_leaf; /* read and write region numbers of the 1,024 pages of 4 MiB */

struct physmap {
    struct memory *memory;
    struct physmap_region *regions[PHYSMAP_MAX_REGIONS]; /* owned; NULL: free */
    unsigned count;                                      /* slots ever used */
    const struct physmap_region *fetch_window;           /* answers code fetches where set */
    struct physmap_leaf *leaves[1024];                   /* below 4 GiB; NULL: nobody home */
    physmap_changed_fn *changed;
    void *changed_opaque;
};

void physmap_init(struct physmap *map, struct memory *memory);
void physmap_free(struct physmap *map);

/* Adds a region (copied). Base and size are multiples of 4 KiB. The result stays valid until physmap_remove.
 */
struct physmap_region *physmap_add(struct physmap *map, const struct physmap_region *region);
void physmap_remove(struct physmap *map, struct physmap_region *region);

/* Switches which directions a region takes part in (PAM, SMRAM, enable bits). */
void physmap_enable(struct physmap *map, struct physmap_region *region, bool reads, bool writes);

/* Moves a region (BARs). */
void physmap_move(struct physmap *map, struct physmap_region *region, gpa_t base);

/* Changes which guest memory is behind a MEMORY or ROM region (bank switches). */
void physmap_retarget(struct physmap *map, struct physmap_region *region, mem_t offset);

/* Lets a MEMORY or ROM region answer code fetches where reads go elsewhere (SMRAM closed to data); NULL ends
 * that. */
void physmap_set_fetch_window(struct physmap *map, const struct physmap_region *region);

/* The region that answers; NULL where nobody does. */
const struct physmap_region *physmap_reader(const struct physmap *map, gpa_t address);
const struct physmap_region *physmap_writer(const struct physmap *map, gpa_t address);

/* Offset in guest memory behind an address, or false where it is not plain memory in that direction. */
bool physmap_read_memory(const struct physmap *map, gpa_t address, mem_t *offset);
/* The same for code fetches. */
bool physmap_fetch_memory(const struct physmap *map, gpa_t address, mem_t *offset);
bool physmap_write_memory(const struct physmap *map, gpa_t address, mem_t *offset);

/* For tests: the page table below 4 GiB is what the regions say. False with *err where not. */
bool physmap_check(const struct physmap *map, struct error *err);

/* One access of 1 to 8 bytes at any alignment; crosses pages and regions bytewise where it must. */
uint64_t physmap_read(struct physmap *map, gpa_t address, unsigned size);
void physmap_write(struct physmap *map, gpa_t address, unsigned size, uint64_t value);

/* One byte of code, from memory or a device. */
uint8_t physmap_fetch(struct physmap *map, gpa_t address);

/* Bulk access for DMA and loaders: RAM, ROM and devices alike; reports writes to code tracking. */
void physmap_read_bytes(struct physmap *map, gpa_t address, void *bytes, uint64_t size);
void physmap_write_bytes(struct physmap *map, gpa_t address, const void *bytes, uint64_t size);

#endif
