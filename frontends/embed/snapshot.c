/* SPDX-License-Identifier: MIT */
/* State files: the machine's whole state, deflated.
 *
 *   "LATHE\x1A" magic, version (2 bytes), size of the state (8 bytes), then a zlib stream
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/buffer.h"
#include "core/base/bytes.h"
#include "devices/pc/machine.h"
#include "frontends/embed/embed.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/out_file.h"

char *lathe_dump(struct lathe *lathe, const char *part)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    machine_dump(lathe->machine, part, out);
    fclose(out);
    return text;
}

#if LATHE_HAVE_ZLIB
#include <zlib.h>

enum { HEADER_BYTES = 16, FILE_VERSION = 1, LEVEL = 1 };

static const char magic[] = "LATHE\x1A";

static bool write_file(const char *path, const void *header, const void *body, size_t size, struct error *err)
{
    struct out_file out;
    if (!out_file_begin(&out, path, err))
        return error_prefix(err, "state ");
    bool good = fwrite(header, HEADER_BYTES, 1, out.file) == 1 && fwrite(body, size, 1, out.file) == 1;
    return out_file_end(&out, good, err) || error_prefix(err, "state ");
}

bool lathe_save(struct lathe *lathe, const char *path)
{
    struct buffer state = {0};
    machine_save(lathe->machine, &state);
    uint8_t header[HEADER_BYTES] = {0};
    memcpy(header, magic, 6);
    store_le16(header + 6, FILE_VERSION);
    store_le64(header + 8, state.size);
    uLongf packed = compressBound(state.size);
    uint8_t *body = alloc_zeroed(packed);
    bool good = compress2(body, &packed, state.data, state.size, LEVEL) == Z_OK;
    ASSERT(good);
    good = write_file(path, header, body, packed, &lathe->error);
    alloc_free(body);
    buffer_free(&state);
    return good;
}

static bool read_all(const char *path, struct buffer *out, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, "state '%s': %s", path, strerror(errno));
    uint8_t chunk[65536];
    size_t size;
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_append(out, chunk, size);
    bool good = !ferror(file) || error_set(err, "state '%s': cannot read: %s", path, strerror(errno));
    fclose(file);
    return good;
}

static bool check_header(const struct buffer *file, const char *path, struct error *err)
{
    if (file->size < HEADER_BYTES || memcmp(file->data, magic, 6) != 0)
        return error_set(err, "state '%s' is not a state file of Lathe", path);
    unsigned version = load_le16(file->data + 6);
    return version == FILE_VERSION || error_set(err, "state '%s' has version %u; this build reads version %d",
                                                path, version, FILE_VERSION);
}

/* Inflates in pieces, so that a damaged size cannot ask for memory that the data does not fill. */
static bool inflate_all(const struct buffer *file, struct buffer *out)
{
    z_stream stream = {.next_in = file->data + HEADER_BYTES, .avail_in = (uInt)(file->size - HEADER_BYTES)};
    uint8_t chunk[65536];
    uint64_t expected = load_le64(file->data + 8);
    int result = inflateInit(&stream);
    while (result == Z_OK && out->size <= expected) {
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        result = inflate(&stream, Z_NO_FLUSH);
        buffer_append(out, chunk, sizeof chunk - stream.avail_out);
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END && out->size == expected;
}

bool lathe_load(struct lathe *lathe, const char *path)
{
    struct buffer file = {0}, state = {0};
    struct error *err = &lathe->error;
    bool good = read_all(path, &file, err) && check_header(&file, path, err);
    if (good && !inflate_all(&file, &state))
        good = error_set(err, "state '%s' is damaged or cut off", path);
    struct reader reader = {.data = state.data, .size = state.size};
    if (good && !machine_load(lathe->machine, &reader, err))
        good = error_prefix(err, "state '%s': ", path);
    buffer_free(&file);
    buffer_free(&state);
    return good;
}

#else
bool lathe_save(struct lathe *lathe, const char *path)
{
    return error_set(&lathe->error, "state '%s': this build of Lathe has no zlib", path);
}

bool lathe_load(struct lathe *lathe, const char *path)
{
    return error_set(&lathe->error, "state '%s': this build of Lathe has no zlib", path);
}
#endif
