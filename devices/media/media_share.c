/* SPDX-License-Identifier: MIT */
/* A second view of a medium: reads go to the other one, which stays its owner's. */
#include "core/base/alloc.h"
#include "devices/media/media.h"

struct media_share {
    struct media media; /* first: ops get a pointer to it */
    struct media *other;
};

static bool share_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    return media_read(((struct media_share *)media)->other, offset, bytes, size);
}

static void share_close(struct media *media)
{
    alloc_free(media);
}

/* Read-only, so neither written nor flushed. */
static const struct media_ops share_ops = {.read = share_read, .close = share_close};

struct media *media_share(struct media *other)
{
    struct media_share *share = alloc_zeroed(sizeof *share);
    media_init(&share->media, &share_ops, other->name, other->kind, NULL);
    share->media.size = other->size;
    share->media.read_only = true;
    share->other = other;
    return other->read_only ? &share->media : media_overlay_new(&share->media, NULL);
}
