/* SPDX-License-Identifier: MIT */
/* A growing byte buffer, and a bounds-checked reader over bytes. */
#ifndef LATHE_CORE_BASE_BUFFER_H
#define LATHE_CORE_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data; /* owned; freed by buffer_free */
    size_t size, capacity;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_le(struct buffer *buffer, uint64_t value, unsigned size);
void buffer_free(struct buffer *buffer);

/* Reads from bytes that it does not own. `failed` sticks once a read went past the end; such reads give
 * zeros. */
struct reader {
    const uint8_t *data;
    size_t size, position;
    bool failed;
};

void reader_take(struct reader *reader, void *out, size_t size);
uint64_t reader_take_le(struct reader *reader, unsigned size);

#endif
