/* SPDX-License-Identifier: MIT */
#include "tests/vectors/vector_file.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "tests/support/packed_file.h"

enum { RECORD_MAX = 0xFFFF, RECORD_FIXED = 8 + 4 * REG_REGISTERS + 4, RAM_ENTRY = 5 };

struct vector_file {
    struct packed_file *packed;
    unsigned count, done;
    uint8_t record[RECORD_MAX];
};

struct vector_file *vector_file_open(const char *path)
{
    struct vector_file *file = alloc_zeroed(sizeof *file);
    uint8_t head[8] = {0};
    file->packed = packed_file_open(path);
    if (file->packed && packed_file_read(file->packed, head, sizeof head) && !memcmp(head, "SST1", 4)) {
        file->count = load_le32(head + 4);
        return file;
    }
    fprintf(stderr, "%s: not a file of test vectors\n", path);
    vector_file_close(file);
    return NULL;
}

void vector_file_close(struct vector_file *file)
{
    if (!file)
        return;
    if (file->packed)
        packed_file_close(file->packed);
    alloc_free(file);
}

unsigned vector_file_count(const struct vector_file *file)
{
    return file->count;
}

static void take_registers(const uint8_t *at, uint16_t *registers)
{
    for (unsigned i = 0; i < REG_REGISTERS; i++)
        registers[i] = load_le16(at + 2 * i);
}

static void take_ram(const uint8_t *at, unsigned count, struct vector_byte *ram)
{
    for (unsigned i = 0; i < count; i++, at += RAM_ENTRY)
        ram[i] = (struct vector_byte){load_le32(at), at[4]};
}

static bool take_record(const uint8_t *at, unsigned size, struct test_vector *vector)
{
    if (size < RECORD_FIXED)
        return false;
    unsigned bytes = at[1], name = at[2];
    unsigned before = load_le16(at + RECORD_FIXED - 4), after = load_le16(at + RECORD_FIXED - 2);
    if (bytes > VECTOR_BYTES_MAX || name >= VECTOR_NAME_MAX || before > VECTOR_RAM_MAX ||
        after > VECTOR_RAM_MAX || size != RECORD_FIXED + bytes + name + RAM_ENTRY * (before + after))
        return false;
    vector->exception = at[0];
    vector->flags_at = load_le32(at + 4);
    take_registers(at + 8, vector->before);
    take_registers(at + 8 + 2 * REG_REGISTERS, vector->after);
    at += RECORD_FIXED;
    memcpy(vector->bytes, at, bytes);
    memcpy(vector->name, at + bytes, name);
    vector->name[name] = 0;
    vector->byte_count = bytes;
    vector->ram_before_count = before;
    vector->ram_after_count = after;
    take_ram(at + bytes + name, before, vector->ram_before);
    take_ram(at + bytes + name + RAM_ENTRY * before, after, vector->ram_after);
    return true;
}

bool vector_file_next(struct vector_file *file, struct test_vector *vector, bool *broken)
{
    uint8_t head[2];
    *broken = false;
    if (file->done == file->count)
        return false;
    file->done++;
    unsigned size = 0;
    if (packed_file_read(file->packed, head, 2))
        size = load_le16(head);
    *broken = !size || !packed_file_read(file->packed, file->record, size) ||
              !take_record(file->record, size, vector);
    return !*broken;
}
