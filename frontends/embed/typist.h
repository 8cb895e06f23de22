/* SPDX-License-Identifier: MIT */
/* Hands keys to a guest: a text at a rate that a fast human reaches, a person's keys as they come, either
 * waiting where the keyboard still holds what was typed before. */
#ifndef LATHE_FRONTENDS_EMBED_TYPIST_H
#define LATHE_FRONTENDS_EMBED_TYPIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;

enum { TYPIST_COMBO_MAX = 8 };

struct typist_key {
    uint16_t usage;
    bool down;
    uint32_t rest_ns; /* before the next one */
};

struct typist {
    struct typist_key *keys; /* owned */
    size_t head, count, capacity;
    uint64_t next_ns;       /* when the next key is due */
    uint64_t waiting_since; /* 0: not waiting for the keyboard */
};

void typist_free(struct typist *typist);

/* Queues the keystrokes of a text; false where a character is on no key (nothing is queued then). */
bool typist_type(struct typist *typist, const char *text);

/* Queues pressing `count` keys in order and releasing them in reverse. */
void typist_press(struct typist *typist, const uint16_t *usages, unsigned count);

/* The same for names joined by '-': "ctrl-alt-del". False where a name is unknown or there are too many. */
bool typist_combo(struct typist *typist, const char *combo);

/* Queues one movement of a key that somebody presses or releases now. */
void typist_move(struct typist *typist, uint16_t usage, bool down);

/* Posts what is due; *next_ns: when to call again, UINT64_MAX where nothing is left. */
void typist_run(struct typist *typist, struct machine *machine, uint64_t *next_ns);

#endif
