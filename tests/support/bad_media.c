/* SPDX-License-Identifier: MIT */
#include "tests/support/bad_media.h"

#include <string.h>

#include "core/base/alloc.h"

struct bad_media {
    struct media media;
    uint64_t bad_at, bad_size;
};

static bool touches_bad(const struct media *media, uint64_t offset, size_t size)
{
    const struct bad_media *bad = (const struct bad_media *)media;
    return offset < bad->bad_at + bad->bad_size && bad->bad_at < offset + size;
}

static bool bad_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    memset(bytes, 0, size);
    return !touches_bad(media, offset, size);
}

static bool bad_write(struct media *media, uint64_t offset, const void *bytes, size_t size)
{
    (void)bytes;
    return !touches_bad(media, offset, size);
}

static bool bad_flush(struct media *media)
{
    (void)media;
    return false;
}

static void bad_close(struct media *media)
{
    alloc_free(media);
}

static const struct media_ops bad_ops = {
    .read = bad_read, .write = bad_write, .flush = bad_flush, .close = bad_close};

struct media *bad_media_new(enum media_kind kind, uint64_t size, uint64_t bad_at, uint64_t bad_size)
{
    struct bad_media *bad = alloc_zeroed(sizeof *bad);
    media_init(&bad->media, &bad_ops, "bad", kind, NULL);
    bad->media.size = size;
    bad->bad_at = bad_at;
    bad->bad_size = bad_size;
    return &bad->media;
}
