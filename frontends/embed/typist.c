/* SPDX-License-Identifier: MIT */
#include "frontends/embed/typist.h"

#include <string.h>

#include "core/base/alloc.h"
#include "devices/input/keys.h"
#include "devices/pc/machine.h"

enum {
    HOLD_NS = 15000000,  /* between press and release, and between keys of a combination */
    PAUSE_NS = 25000000, /* after a keystroke: 40 ms each, 25 a second */
    RETRY_NS = 5000000,  /* while the keyboard has not passed on the last key */
    FIRST_CAPACITY = 64,
};

static const uint64_t patience_ns = 3000000000;

void typist_free(struct typist *typist)
{
    alloc_free(typist->keys);
    *typist = (struct typist){0};
}

static void push(struct typist *typist, uint16_t usage, bool down, uint32_t rest_ns)
{
    if (typist->head + typist->count == typist->capacity) {
        typist->capacity = typist->capacity ? 2 * typist->capacity : FIRST_CAPACITY;
        typist->keys = alloc_resize(typist->keys, typist->capacity * sizeof *typist->keys);
    }
    typist->keys[typist->head + typist->count++] = (struct typist_key){usage, down, rest_ns};
}

void typist_press(struct typist *typist, const uint16_t *usages, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        push(typist, usages[i], true, HOLD_NS);
    for (unsigned i = count; i > 0; i--)
        push(typist, usages[i - 1], false, i == 1 ? PAUSE_NS : HOLD_NS);
}

void typist_move(struct typist *typist, uint16_t usage, bool down)
{
    push(typist, usage, down, 0);
}

bool typist_type(struct typist *typist, const char *text)
{
    struct key_stroke stroke;
    for (const char *at = text; *at; at++) {
        if (!key_stroke_for(*at, &stroke))
            return false;
    }
    for (const char *at = text; *at; at++) {
        uint16_t usages[3];
        unsigned count = 0;
        key_stroke_for(*at, &stroke);
        if (stroke.ctrl)
            usages[count++] = KEY_LEFTCTRL;
        if (stroke.shift)
            usages[count++] = KEY_LEFTSHIFT;
        usages[count++] = (uint16_t)stroke.code;
        typist_press(typist, usages, count);
    }
    return true;
}

bool typist_combo(struct typist *typist, const char *combo)
{
    uint16_t usages[TYPIST_COMBO_MAX];
    for (unsigned count = 0; count < TYPIST_COMBO_MAX; combo++) {
        size_t length = *combo == '-' ? 1 : strcspn(combo, "-"); /* a leading '-' is the minus key itself */
        enum key_code code = key_from_name(combo, length);
        if (code == KEY_NONE)
            return false;
        usages[count++] = (uint16_t)code;
        combo += length;
        if (!*combo) {
            typist_press(typist, usages, count);
            return true;
        }
    }
    return false;
}

/* Whether to hold the next key back, because the guest has not taken the last one. A guest that takes none at
 * all gets its keys in the end, as from a person, and they overrun. */
static bool must_wait(struct typist *typist, const struct machine *machine, uint64_t now)
{
    if (machine_keyboard_is_drained(machine)) {
        typist->waiting_since = 0;
        return false;
    }
    if (!typist->waiting_since)
        typist->waiting_since = now;
    return now - typist->waiting_since < patience_ns;
}

static void post_next(struct typist *typist, struct machine *machine, uint64_t now)
{
    const struct typist_key *key = &typist->keys[typist->head];
    machine_post(machine, (struct input){.kind = INPUT_KEY, .u.key = {key->usage, key->down}});
    typist->next_ns = now + key->rest_ns;
    typist->head++;
    if (!--typist->count)
        typist->head = 0;
}

void typist_run(struct typist *typist, struct machine *machine, uint64_t *next_ns)
{
    uint64_t now = machine_now_ns(machine);
    while (typist->count && now >= typist->next_ns) {
        if (must_wait(typist, machine, now))
            typist->next_ns = now + RETRY_NS;
        else
            post_next(typist, machine, now);
    }
    *next_ns = typist->count ? typist->next_ns : UINT64_MAX;
}
