/* SPDX-License-Identifier: MIT */
#include "core/base/ring.h"

#include "core/base/assert.h"

void ring_init(struct ring *ring, unsigned parts, unsigned most)
{
    ASSERT(parts && parts <= most && most <= RING_MOST_PARTS);
    *ring = (struct ring){.parts = parts, .most = most};
}

void ring_restart(struct ring *ring)
{
    ring->filling = 0;
}

/* New parts come behind the last, so that a part's number tells its age as before: the ring grows where a
 * turn of it ends. The first part was then filled in this turn. */
void ring_advance(struct ring *ring, uint64_t now, uint64_t young)
{
    ring->full_at[ring->filling++] = now;
    if (ring->filling < ring->parts)
        return;
    if (ring->parts < ring->most && now - ring->full_at[0] < young)
        ring->parts++;
    else
        ring->filling = 0;
}
