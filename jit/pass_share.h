/* SPDX-License-Identifier: MIT */
/* Sharing of look-ups: operands off the same registers that lie close to each other are found with one probe,
 * whose host address stays in a register of its own (a place) for as long as it is needed. */
#ifndef LATHE_JIT_PASS_SHARE_H
#define LATHE_JIT_PASS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct ir;

/* Which operands may share. What is refused too often is made anew by the next one. */
enum sharing {
    SHARE_LOOSELY, /* those off one register with an index of few values, too: all of these count as touched
                    */
    SHARE_CLOSELY, /* those off the same registers */
    SHARE_NOTHING,
};

struct share_options {
    unsigned bits; /* of the mode's addresses, 32 or 64; of real-mode code 16 */
    enum sharing sharing;
    bool
        loops; /* the block leads to its own start: what its registers allow is looked up once, ahead of it */
    uint8_t endless_segs; /* bit n: an operand in segment n needs no look at its end */
};

/* After a first pass_flags, which makes calls of what cannot be lowered; to be followed by a second one,
 * since fewer operations look at flags afterwards. */
void pass_share(struct ir *ir, const struct share_options *options);

#endif
