/* SPDX-License-Identifier: MIT */
/* Copy-on-write overlay: changed clusters live in memory, in an open-addressed hash table by cluster number;
 * the base is only read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "devices/media/media.h"

enum { CLUSTER = 4096, FIRST_SLOTS = 64 };

struct slot {
    uint64_t number; /* cluster number + 1; 0: free */
    uint8_t *bytes;
};

struct media_overlay {
    struct media media; /* first: ops get a pointer to it */
    struct media *base;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    size_t used;
};

static struct slot *find_slot(const struct media_overlay *overlay, uint64_t cluster)
{
    size_t i = (size_t)((cluster * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
    while (overlay->slots[i &= overlay->slot_count - 1].number) {
        if (overlay->slots[i].number == cluster + 1)
            break;
        i++;
    }
    return &overlay->slots[i];
}

static void grow(struct media_overlay *overlay)
{
    struct slot *old = overlay->slots;
    size_t old_count = overlay->slot_count;
    overlay->slot_count *= 2;
    overlay->slots = alloc_array(overlay->slot_count, sizeof *old);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].number)
            *find_slot(overlay, old[i].number - 1) = old[i];
    }
    alloc_free(old);
}

/* The changed copy of a cluster, made from the base where there is none yet; NULL where the base fails. */
static uint8_t *own_cluster(struct media_overlay *overlay, uint64_t cluster, bool from_base)
{
    struct slot *slot = find_slot(overlay, cluster);
    if (slot->number)
        return slot->bytes;
    uint8_t *bytes = alloc_zeroed(CLUSTER);
    uint64_t offset = cluster * CLUSTER, left = overlay->media.size - offset;
    if (from_base && !media_read(overlay->base, offset, bytes, left < CLUSTER ? (size_t)left : CLUSTER)) {
        alloc_free(bytes);
        return NULL;
    }
    *slot = (struct slot){cluster + 1, bytes};
    if (++overlay->used * 2 > overlay->slot_count)
        grow(overlay);
    return bytes;
}

static size_t part_size(uint64_t offset, size_t size)
{
    size_t left = CLUSTER - (size_t)(offset % CLUSTER);
    return size < left ? size : left;
}

static bool overlay_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    struct media_overlay *overlay = (struct media_overlay *)media;
    for (uint8_t *out = bytes; size;) {
        size_t part = part_size(offset, size);
        const struct slot *slot = find_slot(overlay, offset / CLUSTER);
        if (slot->number)
            memcpy(out, slot->bytes + offset % CLUSTER, part);
        else if (!media_read(overlay->base, offset, out, part))
            return false;
        out += part;
        offset += part;
        size -= part;
    }
    return true;
}

static bool overlay_write(struct media *media, uint64_t offset, const void *bytes, size_t size)
{
    struct media_overlay *overlay = (struct media_overlay *)media;
    for (const uint8_t *in = bytes; size;) {
        size_t part = part_size(offset, size);
        uint8_t *cluster = own_cluster(overlay, offset / CLUSTER, part < CLUSTER);
        if (!cluster)
            return false;
        memcpy(cluster + offset % CLUSTER, in, part);
        in += part;
        offset += part;
        size -= part;
    }
    return true;
}

static bool overlay_flush(struct media *media)
{
    (void)media; /* discarded at the end: nothing to make durable */
    return true;
}

static void drop_clusters(struct media_overlay *overlay)
{
    for (size_t i = 0; i < overlay->slot_count; i++)
        alloc_free(overlay->slots[i].bytes);
    alloc_free(overlay->slots);
    overlay->slot_count = FIRST_SLOTS;
    overlay->used = 0;
    overlay->slots = alloc_array(FIRST_SLOTS, sizeof *overlay->slots);
}

static void overlay_close(struct media *media)
{
    struct media_overlay *overlay = (struct media_overlay *)media;
    media_close(overlay->base);
    drop_clusters(overlay);
    alloc_free(overlay->slots);
    alloc_free(overlay);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = ((const struct slot *)a)->number, y = ((const struct slot *)b)->number;
    return (x > y) - (x < y);
}

/* Count, then cluster numbers and contents in rising order, so that equal contents give equal bytes. */
static void overlay_save(const struct media *media, struct buffer *out)
{
    const struct media_overlay *overlay = (const struct media_overlay *)media;
    struct slot *sorted = alloc_array(overlay->used, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < overlay->slot_count; i++) {
        if (overlay->slots[i].number)
            sorted[count++] = overlay->slots[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_numbers);
    buffer_append_le(out, count, 8);
    for (size_t i = 0; i < count; i++) {
        buffer_append_le(out, sorted[i].number - 1, 8);
        buffer_append(out, sorted[i].bytes, CLUSTER);
    }
    alloc_free(sorted);
}

static bool overlay_load(struct media *media, struct reader *in, struct error *err)
{
    struct media_overlay *overlay = (struct media_overlay *)media;
    uint64_t clusters = (media->size + CLUSTER - 1) / CLUSTER;
    drop_clusters(overlay);
    for (uint64_t count = reader_take_le(in, 8); count && !in->failed; count--) {
        uint64_t number = reader_take_le(in, 8);
        if (number >= clusters)
            return error_set(err, "state: '%s' has another size than when it was saved", media->name);
        reader_take(in, own_cluster(overlay, number, false), CLUSTER);
    }
    return in->failed ? error_set(err, "state: truncated or damaged") : true;
}

static const struct media_ops overlay_ops = {.read = overlay_read,
                                             .write = overlay_write,
                                             .flush = overlay_flush,
                                             .close = overlay_close,
                                             .save = overlay_save,
                                             .load = overlay_load};

struct media *media_overlay_new(struct media *base, struct log *log)
{
    struct media_overlay *overlay = alloc_zeroed(sizeof *overlay);
    media_init(&overlay->media, &overlay_ops, base->name, base->kind, log);
    overlay->media.size = base->size;
    overlay->base = base;
    drop_clusters(overlay);
    return &overlay->media;
}
