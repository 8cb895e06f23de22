/* SPDX-License-Identifier: MIT */
#include "core/base/state.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/sha256.h"

enum { NAME_MAX_LENGTH = 63 };

static uint64_t load_uint(const void *p, size_t size)
{
    switch (size) {
    case 1: return *(const uint8_t *)p;
    case 2: {
        uint16_t v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    case 4: {
        uint32_t v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    default: {
        uint64_t v;
        ASSERT(size == 8);
        memcpy(&v, p, sizeof v);
        return v;
    }
    }
}

static void store_uint(void *p, size_t size, uint64_t value)
{
    uint8_t v8 = (uint8_t)value;
    uint16_t v16 = (uint16_t)value;
    uint32_t v32 = (uint32_t)value;
    switch (size) {
    case 1: memcpy(p, &v8, 1); break;
    case 2: memcpy(p, &v16, 2); break;
    case 4: memcpy(p, &v32, 4); break;
    default: memcpy(p, &value, 8); break;
    }
}

static void save_name(struct buffer *out, const char *name)
{
    size_t length = strlen(name);
    ASSERT(length <= NAME_MAX_LENGTH);
    buffer_append_le(out, length, 1);
    buffer_append(out, name, length);
}

static void save_fields(const struct state_field *fields, const uint8_t *self, struct buffer *out);

static void save_event(const struct event *event, struct buffer *out)
{
    uint64_t now = clock_now(event->clock);
    buffer_append_le(out, event->pending, 1);
    buffer_append_le(out, event->pending && event->deadline_ns > now ? event->deadline_ns - now : 0, 8);
    buffer_append_le(out, event->pending ? event_rank(event) : 0, 4);
}

static void save_heap(const struct state_field *field, const uint8_t *self, struct buffer *out)
{
    const uint8_t *bytes;
    size_t size;
    memcpy(&bytes, self + field->offset, sizeof bytes);
    memcpy(&size, self + field->size_offset, sizeof size);
    buffer_append_le(out, size, 8);
    buffer_append(out, bytes, size);
}

static void save_field(const struct state_field *field, const uint8_t *self, struct buffer *out)
{
    const uint8_t *p = self + field->offset;
    save_name(out, field->name);
    buffer_append_le(out, field->kind, 1);
    buffer_append_le(out, field->kind == STATE_KIND_UINT ? field->size : 0, 1);
    buffer_append_le(out, field->count, 4);
    switch (field->kind) {
    case STATE_KIND_UINT:
        for (size_t i = 0; i < field->count; i++)
            buffer_append_le(out, load_uint(p + i * field->size, field->size), (unsigned)field->size);
        break;
    case STATE_KIND_STRUCT:
        for (size_t i = 0; i < field->count; i++)
            save_fields(field->nested, p + i * field->size, out);
        break;
    case STATE_KIND_EVENT: save_event((const struct event *)(const void *)p, out); break;
    case STATE_KIND_HEAP: save_heap(field, self, out); break;
    case STATE_KIND_END: break;
    }
}

static unsigned count_fields(const struct state_field *fields)
{
    unsigned n = 0;
    while (fields[n].kind != STATE_KIND_END)
        n++;
    return n;
}

static void save_fields(const struct state_field *fields, const uint8_t *self, struct buffer *out)
{
    buffer_append_le(out, count_fields(fields), 2);
    for (; fields->kind != STATE_KIND_END; fields++)
        save_field(fields, self, out);
}

void state_save(const struct state_desc *desc, void *self, struct buffer *out)
{
    if (desc->before_save)
        desc->before_save(self);
    save_name(out, desc->name);
    buffer_append_le(out, desc->version, 4);
    save_fields(desc->fields, self, out);
}

static bool load_fields(const struct state_field *fields, uint8_t *self, struct reader *in,
                        struct error *err);

static bool load_event(struct event *event, struct reader *in)
{
    bool pending = reader_take_le(in, 1) != 0;
    uint64_t delay = reader_take_le(in, 8);
    uint32_t rank = (uint32_t)reader_take_le(in, 4);
    event_cancel(event);
    if (pending && !in->failed)
        event_restore(event, clock_now(event->clock) + delay, rank);
    return true;
}

static bool load_heap(const struct state_field *field, uint8_t *self, struct reader *in, struct error *err)
{
    uint8_t *bytes;
    size_t size;
    memcpy(&bytes, self + field->offset, sizeof bytes);
    memcpy(&size, self + field->size_offset, sizeof size);
    uint64_t saved = reader_take_le(in, 8);
    if (saved != size)
        return error_set(err, "state: '%s' has %" PRIu64 " bytes, this machine has %zu", field->name, saved,
                         size);
    reader_take(in, bytes, size);
    return true;
}

static bool load_field(const struct state_field *field, uint8_t *self, struct reader *in, struct error *err)
{
    uint8_t *p = self + field->offset;
    uint64_t kind = reader_take_le(in, 1), size = reader_take_le(in, 1), count = reader_take_le(in, 4);
    if (kind != field->kind || count != field->count || (kind == STATE_KIND_UINT && size != field->size))
        return error_set(err, "state: field '%s' has another shape here", field->name);
    switch (field->kind) {
    case STATE_KIND_UINT:
        for (size_t i = 0; i < field->count; i++)
            store_uint(p + i * field->size, field->size, reader_take_le(in, (unsigned)field->size));
        return true;
    case STATE_KIND_STRUCT:
        for (size_t i = 0; i < field->count; i++) {
            if (!load_fields(field->nested, p + i * field->size, in, err))
                return false;
        }
        return true;
    case STATE_KIND_EVENT: return load_event((struct event *)(void *)p, in);
    case STATE_KIND_HEAP: return load_heap(field, self, in, err);
    case STATE_KIND_END: break;
    }
    return true;
}

static void load_name(struct reader *in, char name[NAME_MAX_LENGTH + 1])
{
    uint64_t length = reader_take_le(in, 1);
    if (length > NAME_MAX_LENGTH)
        in->failed = true;
    memset(name, 0, NAME_MAX_LENGTH + 1);
    if (!in->failed)
        reader_take(in, name, (size_t)length);
}

static const struct state_field *find_field(const struct state_field *fields, const char *name)
{
    for (; fields->kind != STATE_KIND_END; fields++) {
        if (!strcmp(fields->name, name))
            return fields;
    }
    return NULL;
}

static bool load_fields(const struct state_field *fields, uint8_t *self, struct reader *in, struct error *err)
{
    uint64_t count = reader_take_le(in, 2);
    if (count != count_fields(fields))
        return error_set(err, "state: %" PRIu64 " fields saved, %u expected", count, count_fields(fields));
    for (uint64_t i = 0; i < count; i++) {
        char name[NAME_MAX_LENGTH + 1];
        load_name(in, name);
        const struct state_field *field = find_field(fields, name);
        if (in->failed)
            return error_set(err, "state: truncated or damaged");
        if (!field)
            return error_set(err, "state: unknown field '%s'", name);
        if (!load_field(field, self, in, err))
            return false;
    }
    return in->failed ? error_set(err, "state: truncated or damaged") : true;
}

bool state_load(const struct state_desc *desc, void *self, struct reader *in, struct error *err)
{
    char name[NAME_MAX_LENGTH + 1];
    load_name(in, name);
    uint64_t version = reader_take_le(in, 4);
    if (in->failed || strcmp(name, desc->name))
        return error_set(err, "state: '%s' expected, found '%s'", desc->name, name);
    if (version != desc->version)
        return error_set(err, "state: '%s' has version %" PRIu64 ", this build reads %" PRIu32, name, version,
                         desc->version);
    if (desc->before_load)
        desc->before_load(self);
    if (!load_fields(desc->fields, self, in, err))
        return error_prefix(err, "%s: ", desc->name);
    return !desc->after_load || desc->after_load(self, err);
}

void state_hash(const struct state_desc *desc, void *self, struct sha256 *sha)
{
    struct buffer bytes = {0};
    state_save(desc, self, &bytes);
    sha256_update(sha, bytes.data, bytes.size);
    buffer_free(&bytes);
}

static void dump_fields(const struct state_field *fields, const uint8_t *self, const char *prefix, FILE *out);

static void dump_uints(const struct state_field *field, const uint8_t *p, const char *prefix, FILE *out)
{
    enum { SHOWN = 32 };
    fprintf(out, "%s%s =", prefix, field->name);
    for (size_t i = 0; i < field->count && i < SHOWN; i++)
        fprintf(out, " %0*" PRIx64, (int)(2 * field->size), load_uint(p + i * field->size, field->size));
    fputs(field->count > SHOWN ? " ...\n" : "\n", out);
}

static void dump_structs(const struct state_field *field, const uint8_t *p, const char *prefix, FILE *out)
{
    for (size_t i = 0; i < field->count; i++) {
        char nested[256];
        if (field->count == 1)
            snprintf(nested, sizeof nested, "%s%s.", prefix, field->name);
        else
            snprintf(nested, sizeof nested, "%s%s[%zu].", prefix, field->name, i);
        dump_fields(field->nested, p + i * field->size, nested, out);
    }
}

static void dump_event(const struct state_field *field, const struct event *event, const char *prefix,
                       FILE *out)
{
    if (event->pending)
        fprintf(out, "%s%s = at %" PRIu64 " ns\n", prefix, field->name, event->deadline_ns);
    else
        fprintf(out, "%s%s = idle\n", prefix, field->name);
}

static void dump_fields(const struct state_field *fields, const uint8_t *self, const char *prefix, FILE *out)
{
    for (; fields->kind != STATE_KIND_END; fields++) {
        const uint8_t *p = self + fields->offset;
        switch (fields->kind) {
        case STATE_KIND_UINT: dump_uints(fields, p, prefix, out); break;
        case STATE_KIND_STRUCT: dump_structs(fields, p, prefix, out); break;
        case STATE_KIND_EVENT: dump_event(fields, (const struct event *)(const void *)p, prefix, out); break;
        case STATE_KIND_HEAP: fprintf(out, "%s%s = (bytes)\n", prefix, fields->name); break;
        case STATE_KIND_END: break;
        }
    }
}

void state_dump(const struct state_desc *desc, void *self, FILE *out)
{
    if (desc->before_save)
        desc->before_save(self);
    dump_fields(desc->fields, self, "", out);
}

/* A comparison of two objects. Without `out` it ends at the first difference. */
struct comparison {
    FILE *out;
    unsigned *left;
};

static bool compare_fields(const struct comparison *how, const struct state_field *fields, const uint8_t *a,
                           const uint8_t *b, const char *prefix);

/* Notes that a field differs; the numbers are of its first element that does. Returns false. */
static bool note_difference(const struct comparison *how, const struct state_field *field, const char *prefix,
                            size_t index, uint64_t a, uint64_t b)
{
    if (!how->out || !*how->left)
        return false;
    --*how->left;
    fprintf(how->out, "  %s%s", prefix, field->name);
    if (field->count > 1)
        fprintf(how->out, "[%zu]", index);
    fprintf(how->out, " = %" PRIx64 ", %" PRIx64 "\n", a, b);
    return false;
}

static bool compare_uints(const struct comparison *how, const struct state_field *field, const uint8_t *a,
                          const uint8_t *b, const char *prefix)
{
    bool same = true;
    if (!memcmp(a, b, field->count * field->size))
        return true;
    for (size_t i = 0; i < field->count && (same || how->out); i++) {
        uint64_t x = load_uint(a + i * field->size, field->size);
        uint64_t y = load_uint(b + i * field->size, field->size);
        if (x != y)
            same = note_difference(how, field, prefix, i, x, y);
    }
    return same;
}

static bool compare_structs(const struct comparison *how, const struct state_field *field, const uint8_t *a,
                            const uint8_t *b, const char *prefix)
{
    bool same = true;
    char nested[256] = "";
    for (size_t i = 0; i < field->count && (same || how->out); i++) {
        if (how->out && field->count == 1)
            snprintf(nested, sizeof nested, "%s%s.", prefix, field->name);
        else if (how->out)
            snprintf(nested, sizeof nested, "%s%s[%zu].", prefix, field->name, i);
        same &= compare_fields(how, field->nested, a + i * field->size, b + i * field->size, nested);
    }
    return same;
}

static bool compare_events(const struct comparison *how, const struct state_field *field,
                           const struct event *a, const struct event *b, const char *prefix)
{
    if (a->pending == b->pending &&
        (!a->pending || (a->deadline_ns == b->deadline_ns && event_rank(a) == event_rank(b))))
        return true;
    return note_difference(how, field, prefix, 0, a->pending ? a->deadline_ns : 0,
                           b->pending ? b->deadline_ns : 0);
}

static bool compare_heaps(const struct comparison *how, const struct state_field *field, const uint8_t *a,
                          const uint8_t *b, const char *prefix)
{
    const uint8_t *x, *y;
    size_t size, other, at = 0;
    memcpy(&x, a + field->offset, sizeof x);
    memcpy(&y, b + field->offset, sizeof y);
    memcpy(&size, a + field->size_offset, sizeof size);
    memcpy(&other, b + field->size_offset, sizeof other);
    if (size != other)
        return note_difference(how, field, prefix, 0, size, other);
    while (at < size && x[at] == y[at])
        at++;
    return at == size || note_difference(how, field, prefix, at, x[at], y[at]);
}

/* Whether a digest, which the two objects keep, says that the structs are the same. */
static bool same_digest(const struct state_field *field, const uint8_t *a, const uint8_t *b)
{
    return field->size_offset && !memcmp(a + field->size_offset, b + field->size_offset, sizeof(uint64_t));
}

static bool compare_field(const struct comparison *how, const struct state_field *field, const uint8_t *a,
                          const uint8_t *b, const char *prefix)
{
    const uint8_t *p = a + field->offset, *q = b + field->offset;
    switch (field->kind) {
    case STATE_KIND_UINT: return compare_uints(how, field, p, q, prefix);
    case STATE_KIND_STRUCT: return same_digest(field, a, b) || compare_structs(how, field, p, q, prefix);
    case STATE_KIND_EVENT:
        return compare_events(how, field, (const struct event *)(const void *)p,
                              (const struct event *)(const void *)q, prefix);
    case STATE_KIND_HEAP: return compare_heaps(how, field, a, b, prefix);
    case STATE_KIND_END: break;
    }
    return true;
}

static bool compare_fields(const struct comparison *how, const struct state_field *fields, const uint8_t *a,
                           const uint8_t *b, const char *prefix)
{
    bool same = true;
    for (; fields->kind != STATE_KIND_END && (same || how->out); fields++)
        same &= compare_field(how, fields, a, b, prefix);
    return same;
}

static bool compare(const struct comparison *how, const struct state_desc *desc, void *a, void *b,
                    const char *prefix)
{
    if (desc->before_save) {
        desc->before_save(a);
        desc->before_save(b);
    }
    return compare_fields(how, desc->fields, a, b, prefix);
}

bool state_equal(const struct state_desc *desc, void *a, void *b)
{
    return compare(&(struct comparison){NULL, NULL}, desc, a, b, "");
}

void state_print_differences(const struct state_desc *desc, void *a, void *b, const char *instance,
                             unsigned *left, FILE *out)
{
    char prefix[128];
    snprintf(prefix, sizeof prefix, "%s.", instance);
    compare(&(struct comparison){out, left}, desc, a, b, prefix);
}

void state_set_add(struct state_set *set, const char *instance, const struct state_desc *desc, void *self)
{
    ASSERT(!state_set_find(set, instance));
    set->parts = alloc_resize(set->parts, (set->count + 1) * sizeof *set->parts);
    set->parts[set->count++] = (struct state_part){instance, desc, self};
}

const struct state_part *state_set_find(const struct state_set *set, const char *instance)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!strcmp(set->parts[i].instance, instance))
            return &set->parts[i];
    }
    return NULL;
}

void state_set_save(const struct state_set *set, struct buffer *out)
{
    buffer_append_le(out, set->count, 4);
    for (size_t i = 0; i < set->count; i++) {
        save_name(out, set->parts[i].instance);
        state_save(set->parts[i].desc, set->parts[i].self, out);
    }
}

bool state_set_load(const struct state_set *set, struct reader *in, struct error *err)
{
    uint64_t count = reader_take_le(in, 4);
    if (in->failed || count != set->count)
        return error_set(err, "state: saved by a machine with other devices");
    for (uint64_t i = 0; i < count; i++) {
        char instance[NAME_MAX_LENGTH + 1];
        load_name(in, instance);
        const struct state_part *part = state_set_find(set, instance);
        if (!part)
            return error_set(err, "state: this machine has no device '%s'", instance);
        if (!state_load(part->desc, part->self, in, err))
            return error_prefix(err, "%s: ", instance);
    }
    return true;
}

void state_set_free(struct state_set *set)
{
    alloc_free(set->parts);
    *set = (struct state_set){0};
}
