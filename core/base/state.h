/* SPDX-License-Identifier: MIT */
/* One description of a part's state: a table of fields, from which save, load, hash and dump all follow.
 *
 * Fields are stored by name, so that their order in memory may change. Deadlines are stored relative to now.
 *
 *   static const struct state_field pit_fields[] = {
 *       STATE_SCALAR(struct pit, control), STATE_ARRAY(struct pit, latch),
 *       STATE_STRUCT_ARRAY(struct pit, channels, channel_fields), STATE_EVENT(struct pit, irq_event),
 * STATE_END}; static const struct state_desc pit_desc = {"pit", 1, pit_fields, .after_load = ...};
 */
#ifndef LATHE_CORE_BASE_STATE_H
#define LATHE_CORE_BASE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/buffer.h"

struct error;
struct sha256;

enum state_kind {
    STATE_KIND_END,
    STATE_KIND_UINT,   /* bool, enum or unsigned/signed integer of 1, 2, 4 or 8 bytes; `count` of them */
    STATE_KIND_STRUCT, /* nested table; `count` structs of `size` bytes */
    STATE_KIND_EVENT,  /* struct event */
    STATE_KIND_HEAP,   /* pointer to bytes; their number is the size_t at size_offset */
};

struct state_field {
    const char *name;
    enum state_kind kind;
    size_t offset;
    size_t size;
    size_t count;
    const struct state_field *nested;
    size_t size_offset; /* of structs: where the uint64_t is that stands for them in comparisons, or 0 */
};

/* `before_save` makes lazy state canonical; `before_load` drops what is derived and could not be found
 * again afterwards, `after_load` rebuilds it and may refuse. All optional. */
struct state_desc {
    const char *name;
    uint32_t version;
    const struct state_field *fields;
    void (*before_save)(void *self);
    bool (*after_load)(void *self, struct error *err);
    void (*before_load)(void *self);
};

/* clang-format off */
#define STATE_MEMBER(type, member) (((type *)0)->member)
#define STATE_SCALAR(type, member) \
    {#member, STATE_KIND_UINT, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, NULL, 0}
#define STATE_ARRAY(type, member) \
    {#member, STATE_KIND_UINT, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], NULL, 0}
#define STATE_STRUCT(type, member, fields) \
    {#member, STATE_KIND_STRUCT, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, fields, 0}
#define STATE_STRUCT_ARRAY(type, member, fields) \
    {#member, STATE_KIND_STRUCT, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], fields, 0}
#define STATE_DIGESTED_ARRAY(type, member, fields, digest) \
    {#member, STATE_KIND_STRUCT, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], fields, offsetof(type, digest)}
#define STATE_EVENT(type, member) {#member, STATE_KIND_EVENT, offsetof(type, member), 0, 1, NULL, 0}
#define STATE_HEAP(type, pointer, bytes) \
    {#pointer, STATE_KIND_HEAP, offsetof(type, pointer), 0, 1, NULL, offsetof(type, bytes)}
#define STATE_END {NULL, STATE_KIND_END, 0, 0, 0, NULL, 0}
/* clang-format on */

/* Appends one part: name, version, then its fields by name. */
void state_save(const struct state_desc *desc, void *self, struct buffer *out);

/* Loads what state_save wrote. False with *err on damage, another version, or a field that is missing or
 * unknown. */
bool state_load(const struct state_desc *desc, void *self, struct reader *in, struct error *err);

/* Adds the same bytes that state_save writes to a hash. */
void state_hash(const struct state_desc *desc, void *self, struct sha256 *sha);

/* Human-readable "name = value" lines, nested names joined by dots. */
void state_dump(const struct state_desc *desc, void *self, FILE *out);

/* Whether two objects of one description are the same in all that state_save would write. Arrays with a
 * digest that is the same count as the same. */
bool state_equal(const struct state_desc *desc, void *a, void *b);

/* One line for each field that differs, "name = value of a, value of b", as long as *left, which it counts
 * down, is not 0. */
void state_print_differences(const struct state_desc *desc, void *a, void *b, const char *instance,
                             unsigned *left, FILE *out);

/* The parts of one machine, in the order in which they were added. */
struct state_set {
    struct state_part {
        const char *instance; /* unique, e.g. "uart0"; a literal or outlives the set */
        const struct state_desc *desc;
        void *self;
    } * parts;
    size_t count;
};

void state_set_add(struct state_set *set, const char *instance, const struct state_desc *desc, void *self);
const struct state_part *state_set_find(const struct state_set *set, const char *instance);
void state_set_save(const struct state_set *set, struct buffer *out);
bool state_set_load(const struct state_set *set, struct reader *in, struct error *err);
void state_set_free(struct state_set *set);

#endif
