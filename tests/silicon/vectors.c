/* SPDX-License-Identifier: MIT */
#include "tests/silicon/vectors.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "tests/support/packed_file.h"

enum {
    HEADER_SIZE = 80, /* magic, mode, vendor and name with a NUL each */
    VENDOR_AT = 8,
    NAME_AT = 24,
    /* A state as 64-bit words: GPRs, RIP, RFLAGS, selectors, FXSAVE image. */
    WORD_RIP = 16,
    WORD_FLAGS = 17,
    WORD_SEGMENTS = 18, /* and 19 */
    WORD_FX = 20,
    STATE_WORDS = WORD_FX + FX_USED / 8,
    RUN_MAX = 255,
};

static const char magic[4] = {'L', 'S', 'V', '1'};

struct silicon_vectors {
    struct packed_file *file;
    bool damaged;
    uint8_t header[HEADER_SIZE + 1];
    uint8_t before[WRITABLE_PAGES][PAGE];
};

/* --- Bytes --- */

static void put(struct silicon_vectors *v, const void *bytes, unsigned size)
{
    if (!packed_file_write(v->file, bytes, size))
        v->damaged = true;
}

static void put_number(struct silicon_vectors *v, unsigned size, uint64_t value)
{
    uint8_t bytes[8];
    store_le(bytes, size, value);
    put(v, bytes, size);
}

static bool take(struct silicon_vectors *v, void *bytes, unsigned size)
{
    if (v->damaged || !packed_file_read(v->file, bytes, size))
        v->damaged = true;
    return !v->damaged;
}

static uint64_t take_number(struct silicon_vectors *v, unsigned size)
{
    uint8_t bytes[8] = {0};
    return take(v, bytes, size) ? load_le(bytes, size) : 0;
}

/* --- States: words that differ from another state's --- */

static void to_words(const struct silicon_state *s, uint64_t words[STATE_WORDS])
{
    memcpy(words, s->gpr, sizeof s->gpr);
    words[WORD_RIP] = s->rip;
    words[WORD_FLAGS] = s->rflags;
    words[WORD_SEGMENTS] = words[WORD_SEGMENTS + 1] = 0;
    for (unsigned i = 0; i < 6; i++)
        words[WORD_SEGMENTS + i / 4] |= (uint64_t)s->seg[i] << (i % 4 * 16);
    for (unsigned i = 0; i < FX_USED / 8; i++)
        words[WORD_FX + i] = load_le64(s->fx + 8 * i);
}

static void from_words(struct silicon_state *s, const uint64_t words[STATE_WORDS])
{
    memset(s->fx, 0, sizeof s->fx);
    memcpy(s->gpr, words, sizeof s->gpr);
    s->rip = words[WORD_RIP];
    s->rflags = words[WORD_FLAGS];
    for (unsigned i = 0; i < 6; i++)
        s->seg[i] = (uint16_t)(words[WORD_SEGMENTS + i / 4] >> (i % 4 * 16));
    for (unsigned i = 0; i < FX_USED / 8; i++)
        store_le64(s->fx + 8 * i, words[WORD_FX + i]);
}

static void put_state(struct silicon_vectors *v, const struct silicon_state *s,
                      const struct silicon_state *base)
{
    uint64_t words[STATE_WORDS], old[STATE_WORDS];
    unsigned count = 0;
    to_words(s, words);
    to_words(base, old);
    for (unsigned i = 0; i < STATE_WORDS; i++)
        count += words[i] != old[i];
    put_number(v, 1, count);
    for (unsigned i = 0; i < STATE_WORDS; i++) {
        if (words[i] == old[i])
            continue;
        put_number(v, 1, i);
        put_number(v, 8, words[i]);
    }
}

static void take_state(struct silicon_vectors *v, struct silicon_state *s, const struct silicon_state *base)
{
    uint64_t words[STATE_WORDS];
    to_words(base, words);
    for (unsigned count = (unsigned)take_number(v, 1); count; count--) {
        unsigned index = (unsigned)take_number(v, 1);
        if (index >= STATE_WORDS) {
            v->damaged = true;
            return;
        }
        words[index] = take_number(v, 8);
    }
    from_words(s, words);
}

/* --- Memory: runs of bytes that differ from the initial memory --- */

static void set_before(struct silicon_vectors *v, const struct silicon_case *c)
{
    for (unsigned i = 0; i < WRITABLE_PAGES; i++)
        silicon_fill_page(v->before[i], i);
    silicon_apply_patches(c, v->before);
}

/* Finds the next run from *at on. */
static bool find_run(const uint8_t *before, const uint8_t *after, unsigned *at, unsigned *size)
{
    const unsigned end = WRITABLE_PAGES * PAGE;
    while (*at < end && before[*at] == after[*at])
        ++*at;
    for (*size = 0; *at + *size < end && *size < RUN_MAX; ++*size) {
        if (before[*at + *size] == after[*at + *size])
            break;
    }
    return *at < end;
}

static void put_memory(struct silicon_vectors *v, const struct silicon_outcome *o)
{
    const uint8_t *before = v->before[0], *after = o->memory[0];
    for (unsigned at = 0, size; find_run(before, after, &at, &size); at += size) {
        put_number(v, 1, size);
        put_number(v, 2, at);
        put(v, after + at, size);
    }
    put_number(v, 1, 0);
}

static void take_memory(struct silicon_vectors *v, struct silicon_outcome *o)
{
    unsigned size;
    memcpy(o->memory, v->before, sizeof o->memory);
    while ((size = (unsigned)take_number(v, 1)) != 0) {
        unsigned at = (unsigned)take_number(v, 2);
        if (at + size > WRITABLE_PAGES * PAGE) {
            v->damaged = true;
            return;
        }
        take(v, o->memory[0] + at, size);
    }
}

/* --- Cases --- */

void silicon_vectors_add(struct silicon_vectors *v, const struct silicon_case *c,
                         const struct silicon_outcome *o)
{
    struct silicon_case initial;
    silicon_case_init(&initial, c->mode);
    put_number(v, 1, c->insns);
    put_number(v, 1, c->size);
    put(v, c->code, c->size);
    put_state(v, &c->in, &initial.in);
    put_number(v, 1, c->patches);
    for (unsigned i = 0; i < c->patches; i++) {
        put_number(v, 4, c->patch[i].address);
        put_number(v, 1, c->patch[i].size);
        put(v, c->patch[i].bytes, c->patch[i].size);
    }
    put_number(v, 1, (uint8_t)o->vector);
    put_number(v, 4, o->error);
    put_number(v, 8, o->cr2);
    put_state(v, &o->out, &c->in);
    set_before(v, c);
    put_memory(v, o);
}

static void take_patches(struct silicon_vectors *v, struct silicon_case *c)
{
    unsigned count = (unsigned)take_number(v, 1);
    for (; count && !v->damaged; count--) {
        uint8_t bytes[PATCH_SIZE];
        uint32_t address = (uint32_t)take_number(v, 4);
        unsigned size = (unsigned)take_number(v, 1), patches = c->patches;
        v->damaged |= size > sizeof bytes;
        if (take(v, bytes, size))
            silicon_case_patch(c, address, bytes, size);
        v->damaged |= c->patches == patches;
    }
}

bool silicon_vectors_next(struct silicon_vectors *v, struct silicon_case *c, struct silicon_outcome *o)
{
    uint8_t insns;
    if (v->damaged || !packed_file_read(v->file, &insns, 1))
        return false;
    silicon_case_init(c, silicon_vectors_mode(v));
    c->insns = insns;
    c->size = (uint8_t)take_number(v, 1);
    v->damaged |= c->size > CASE_CODE || insns > CASE_INSNS;
    take(v, c->code, c->size);
    take_state(v, &c->in, &c->in);
    take_patches(v, c);
    o->vector = (int8_t)take_number(v, 1);
    o->error = (uint32_t)take_number(v, 4);
    o->cr2 = take_number(v, 8);
    take_state(v, &o->out, &c->in);
    set_before(v, c);
    take_memory(v, o);
    return !v->damaged;
}

/* --- Files --- */

struct silicon_vectors *silicon_vectors_create(const char *path, unsigned mode, const char *vendor,
                                               const char *processor)
{
    struct packed_file *file = packed_file_create(path);
    if (!file)
        return NULL;
    struct silicon_vectors *v = alloc_zeroed(sizeof *v);
    v->file = file;
    memcpy(v->header, magic, sizeof magic);
    v->header[sizeof magic] = mode == MODE_64 ? 64 : 32;
    snprintf((char *)v->header + VENDOR_AT, NAME_AT - VENDOR_AT, "%s", vendor);
    snprintf((char *)v->header + NAME_AT, HEADER_SIZE - NAME_AT, "%s", processor);
    put(v, v->header, HEADER_SIZE);
    return v;
}

struct silicon_vectors *silicon_vectors_open(const char *path)
{
    struct packed_file *file = packed_file_open(path);
    if (!file)
        return NULL;
    struct silicon_vectors *v = alloc_zeroed(sizeof *v);
    v->file = file;
    if (take(v, v->header, HEADER_SIZE) && !memcmp(v->header, magic, sizeof magic)) {
        v->header[NAME_AT - 1] = 0;
        return v;
    }
    silicon_vectors_close(v);
    return NULL;
}

bool silicon_vectors_close(struct silicon_vectors *v)
{
    bool fine = packed_file_close(v->file) && !v->damaged;
    alloc_free(v);
    return fine;
}

bool silicon_vectors_damaged(const struct silicon_vectors *v)
{
    return v->damaged;
}

unsigned silicon_vectors_mode(const struct silicon_vectors *v)
{
    return v->header[sizeof magic] == 64 ? MODE_64 : MODE_32;
}

const char *silicon_vectors_vendor(const struct silicon_vectors *v)
{
    return (const char *)v->header + VENDOR_AT;
}

const char *silicon_vectors_processor(const struct silicon_vectors *v)
{
    return (const char *)v->header + NAME_AT;
}
