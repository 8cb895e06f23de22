/* SPDX-License-Identifier: MIT */
#include "core/base/buffer.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity - buffer->size < size)
            capacity *= 2;
        buffer->data = alloc_resize(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    if (size)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

void buffer_append_le(struct buffer *buffer, uint64_t value, unsigned size)
{
    uint8_t bytes[8];
    store_le64(bytes, value);
    buffer_append(buffer, bytes, size);
}

void buffer_free(struct buffer *buffer)
{
    alloc_free(buffer->data);
    *buffer = (struct buffer){0};
}

void reader_take(struct reader *reader, void *out, size_t size)
{
    if (reader->failed || reader->size - reader->position < size) {
        reader->failed = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, reader->data + reader->position, size);
    reader->position += size;
}

uint64_t reader_take_le(struct reader *reader, unsigned size)
{
    uint8_t bytes[8] = {0};
    reader_take(reader, bytes, size);
    return load_le64(bytes);
}
