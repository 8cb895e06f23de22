/* SPDX-License-Identifier: MIT */
/* Room for blocks: their host code, and what hangs on them. Both are rings of spans that are filled in the
 * same order, a block's data in the span of the same number as its code; for want of room the oldest span is
 * emptied. Where it is emptied too soon
 * after it was filled, the rings get a span more, up to the size of what was reserved.
 *
 * A block that is dead may still run, as one that has written to itself does until its handler returns, and
 * its exits may still be followed. So spans are emptied only where no translated code is under way: between
 * two entries from the interpreter. There cpu->fp is settled, and no return address leads into the code.
 */
#ifndef LATHE_JIT_ROOM_H
#define LATHE_JIT_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct jit;
struct jit_block;

/* Divides what was reserved for blocks, behind `code_start`: SPANS spans at first, up to `most`. Empties it.
 */
void room_init(struct jit *jit, unsigned most);

/* Empties everything. Blocks are forgotten without being killed. */
void room_clear(struct jit *jit);

/* Whether another block surely finds room. */
bool room_is_left(const struct jit *jit);

/* Sees to it that another block finds room, by killing the blocks of the oldest span where there is none. No
 * translated code may be under way. */
void room_provide(struct jit *jit);

/* Memory for a block, zeroed and aligned as places want it; for its exits right behind it, zeroed. There must
 * be room. */
struct jit_block *room_take_block(struct jit *jit, size_t size);
void *room_take(struct jit *jit, size_t size);

/* Notes a block that was made in the present span, so that it can be evicted. */
void room_note(struct jit *jit, struct jit_block *block);

/* For checks: whether a block's data and code lie in a span; the same for any span. */
bool room_holds(const struct jit *jit, unsigned span, const struct jit_block *block);
bool room_has(const struct jit *jit, const struct jit_block *block);

/* Bytes of the arena of data that goes with `code` bytes of code. */
size_t room_arena_bytes(size_t code);

#endif
