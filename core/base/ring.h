/* SPDX-License-Identifier: MIT */
/* A ring of parts of one size that are filled in turns: when the present one is full the oldest is emptied
 * and filled anew. Where that would come too soon after it was filled, the ring gets another part instead.
 *
 * Ages are in any unit that goes on while the ring is used, such as the guest's instructions. Parts are
 * numbers; what they hold, and emptying them, is the owner's.
 */
#ifndef LATHE_CORE_BASE_RING_H
#define LATHE_CORE_BASE_RING_H

#include <stdbool.h>
#include <stdint.h>

enum { RING_MOST_PARTS = 32 };

struct ring {
    unsigned parts;                    /* that it has; it never loses one */
    unsigned most;                     /* that it may have */
    unsigned filling;                  /* the part under way */
    uint64_t full_at[RING_MOST_PARTS]; /* when each was left for the next */
};

/* A ring of `parts` that may become `most`, up to RING_MOST_PARTS; filling begins with the first. */
void ring_init(struct ring *ring, unsigned parts, unsigned most);

/* All parts are empty: filling begins anew with the first. */
void ring_restart(struct ring *ring);

/* Goes on to the next part, which is now the one under way: the oldest, that the owner must empty, or, where
 * the oldest was filled less than `young` ago and there may be another, a new one, which is empty. */
void ring_advance(struct ring *ring, uint64_t now, uint64_t young);

#endif
