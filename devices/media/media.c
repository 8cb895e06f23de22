/* SPDX-License-Identifier: MIT */
#include "devices/media/media.h"

#include <inttypes.h>

#include "core/base/alloc.h"

void media_init(struct media *media, const struct media_ops *ops, const char *name, enum media_kind kind,
                struct log *log)
{
    media->ops = ops;
    media->name = alloc_string(name);
    media->kind = kind;
    log_attach(log, &media->log, "media");
}

void media_close(struct media *media)
{
    if (!media)
        return;
    log_detach(&media->log);
    alloc_free(media->name);
    media->ops->close(media);
}

static bool in_range(const struct media *media, uint64_t offset, size_t size)
{
    return offset <= media->size && size <= media->size - offset;
}

bool media_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    if (!in_range(media, offset, size)) {
        log_write(&media->log, LOG_WARN, "'%s': read of %zu bytes at %" PRIu64 " is past the end",
                  media->name, size, offset);
        return false;
    }
    return media->ops->read(media, offset, bytes, size);
}

bool media_write(struct media *media, uint64_t offset, const void *bytes, size_t size)
{
    if (media->read_only)
        return false;
    if (!in_range(media, offset, size)) {
        log_write(&media->log, LOG_WARN, "'%s': write of %zu bytes at %" PRIu64 " is past the end",
                  media->name, size, offset);
        return false;
    }
    return media->ops->write(media, offset, bytes, size);
}

bool media_flush(struct media *media)
{
    return media->read_only || media->ops->flush(media);
}

void media_save(const struct media *media, struct buffer *out)
{
    if (media->ops->save)
        media->ops->save(media, out);
}

bool media_load(struct media *media, struct reader *in, struct error *err)
{
    return !media->ops->load || media->ops->load(media, in, err);
}
