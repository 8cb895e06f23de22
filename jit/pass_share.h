/* SPDX-License-Identifier: MIT */
/* Sharing of look-ups: operands off the same registers that lie close to each other are found with one probe,
 * whose host address stays in a register of its own (a place) for as long as it is needed. */
#ifndef LATHE_JIT_PASS_SHARE_H
#define LATHE_JIT_PASS_SHARE_H

struct ir;

/* Which operands may share. What is refused too often is made anew by the next one. */
enum sharing {
    SHARE_LOOSELY, /* those off one register with an index of few values, too: all of these count as touched
                    */
    SHARE_CLOSELY, /* those off the same registers */
    SHARE_NOTHING,
};

/* After a first pass_flags, which makes calls of what cannot be lowered; to be followed by a second one,
 * since fewer operations look at flags afterwards. `bits`: of the mode's addresses, 32 or 64; of real-mode
 * code 16.
 */
void pass_share(struct ir *ir, unsigned bits, enum sharing sharing);

#endif
