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

enum { HEADER_BYTES = 16, FILE_VERSION = 2, LEVEL = 1, CHUNK = 65536 };

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

/* Says why reading stopped: the host, or the file's end. */
static bool read_failed(FILE *file, const char *path, const char *otherwise, struct error *err)
{
    if (ferror(file))
        return error_set(err, "state '%s': cannot read: %s", path, strerror(errno));
    return error_set(err, "state '%s' %s", path, otherwise);
}

/* Whatever is no state file is refused before more of it is read, for it may have no end. */
static bool read_header(FILE *file, const char *path, uint64_t *size, struct error *err)
{
    uint8_t header[HEADER_BYTES];
    if (fread(header, sizeof header, 1, file) != 1 || memcmp(header, magic, 6) != 0)
        return read_failed(file, path, "is not a state file of Lathe", err);
    unsigned version = load_le16(header + 6);
    *size = load_le64(header + 8);
    return version == FILE_VERSION || error_set(err, "state '%s' has version %u; this build reads version %d",
                                                path, version, FILE_VERSION);
}

/* Inflates what is in stream->next_in. Z_BUF_ERROR: it wants more. */
static int inflate_some(z_stream *stream, uint64_t expected, struct buffer *out)
{
    uint8_t chunk[CHUNK];
    int result;
    do {
        stream->next_out = chunk;
        stream->avail_out = sizeof chunk;
        result = inflate(stream, Z_NO_FLUSH);
        buffer_append(out, chunk, sizeof chunk - stream->avail_out);
    } while (result == Z_OK && out->size <= expected);
    return result;
}

/* In pieces, so that a damaged size cannot ask for memory that the data does not fill. */
static bool read_body(FILE *file, const char *path, uint64_t expected, struct buffer *out, struct error *err)
{
    z_stream stream = {0};
    uint8_t chunk[CHUNK];
    size_t got;
    int result = inflateInit(&stream);
    ASSERT(result == Z_OK);
    do {
        got = fread(chunk, 1, sizeof chunk, file);
        stream.next_in = chunk;
        stream.avail_in = (uInt)got;
        result = inflate_some(&stream, expected, out);
    } while (got && result == Z_BUF_ERROR);
    inflateEnd(&stream);
    return (result == Z_STREAM_END && out->size == expected) ||
           read_failed(file, path, "is damaged or cut off", err);
}

static bool read_file(const char *path, struct buffer *out, struct error *err)
{
    uint64_t size = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, "state '%s': %s", path, strerror(errno));
    bool good = read_header(file, path, &size, err) && read_body(file, path, size, out, err);
    fclose(file);
    return good;
}

bool lathe_load(struct lathe *lathe, const char *path)
{
    struct buffer state = {0};
    bool good = read_file(path, &state, &lathe->error);
    struct reader reader = {.data = state.data, .size = state.size};
    if (good && !machine_load(lathe->machine, &reader, &lathe->error))
        good = error_prefix(&lathe->error, "state '%s': ", path);
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
