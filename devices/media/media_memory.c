/* SPDX-License-Identifier: MIT */
/* Bytes of the program as a medium: the built-in demo floppy, and tests. Writes go to an overlay. */
#include <string.h>

#include "core/base/alloc.h"
#include "devices/media/media.h"

struct media_memory {
    struct media media; /* first: ops get a pointer to it */
    const uint8_t *bytes;
};

static bool memory_media_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    const struct media_memory *memory = (const struct media_memory *)media;
    memcpy(bytes, memory->bytes + offset, size);
    return true;
}

static void memory_media_close(struct media *media)
{
    alloc_free(media);
}

/* Read-only, so neither written nor flushed. */
static const struct media_ops memory_media_ops = {.read = memory_media_read, .close = memory_media_close};

struct media *media_from_bytes(const char *name, enum media_kind kind, const void *bytes, size_t size,
                               struct log *log)
{
    struct media_memory *memory = alloc_zeroed(sizeof *memory);
    media_init(&memory->media, &memory_media_ops, name, kind, log);
    memory->media.size = size;
    memory->media.read_only = true;
    memory->bytes = bytes;
    return kind == MEDIA_CDROM ? &memory->media : media_overlay_new(&memory->media, log);
}
