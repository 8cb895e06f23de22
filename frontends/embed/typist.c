/* SPDX-License-Identifier: MIT */
#include "frontends/embed/typist.h"

#include "core/base/alloc.h"
#include "devices/pc/machine.h"
#include "frontends/embed/keys.h"

enum {
    HOLD_NS = 15000000,  /* between press and release, and between keys of a combination */
    PAUSE_NS = 25000000, /* after a keystroke: 40 ms each, 25 a second */
    RETRY_NS = 5000000,  /* while the keyboard has not passed on the last key */
    FIRST_CAPACITY = 64,
};

void typist_free(struct typist *typist)
{
    alloc_free(typist->keys);
    *typist = (struct typist){0};
}

static void push(struct typist *typist, uint16_t usage, bool down, bool pause)
{
    if (typist->head + typist->count == typist->capacity) {
        typist->capacity = typist->capacity ? 2 * typist->capacity : FIRST_CAPACITY;
        typist->keys = alloc_resize(typist->keys, typist->capacity * sizeof *typist->keys);
    }
    typist->keys[typist->head + typist->count++] = (struct typist_key){usage, down, pause};
}

void typist_press(struct typist *typist, const uint16_t *usages, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        push(typist, usages[i], true, false);
    for (unsigned i = count; i > 0; i--)
        push(typist, usages[i - 1], false, i == 1);
}

bool typist_type(struct typist *typist, const char *text)
{
    uint16_t usage;
    bool shift;
    for (const char *at = text; *at; at++) {
        if (!key_of_character(*at, &usage, &shift))
            return false;
    }
    for (const char *at = text; *at; at++) {
        key_of_character(*at, &usage, &shift);
        if (shift)
            typist_press(typist, (uint16_t[]){KEY_LEFT_SHIFT, usage}, 2);
        else
            typist_press(typist, &usage, 1);
    }
    return true;
}

void typist_run(struct typist *typist, struct machine *machine, uint64_t *next_ns)
{
    *next_ns = UINT64_MAX;
    if (!typist->count)
        return;
    uint64_t now = machine_now_ns(machine);
    if (now >= typist->next_ns && !machine_keyboard_is_drained(machine)) {
        typist->next_ns = now + RETRY_NS;
    } else if (now >= typist->next_ns) {
        const struct typist_key *key = &typist->keys[typist->head];
        machine_post(machine, (struct input){.kind = INPUT_KEY, .u.key = {key->usage, key->down}});
        typist->next_ns = now + (key->pause ? PAUSE_NS : HOLD_NS);
        typist->head++;
        if (!--typist->count)
            typist->head = 0;
    }
    *next_ns = typist->next_ns;
}
