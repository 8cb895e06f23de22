/* SPDX-License-Identifier: MIT */
/* What is translated, shown: options dump and perf_map of struct jit_options. */
#ifndef LATHE_JIT_VISIBILITY_H
#define LATHE_JIT_VISIBILITY_H

#include <stdbool.h>

struct error;
struct jit;
struct jit_block;

/* Opens /tmp/perf-PID.map and names the routines in it. False with *err. */
bool perf_map_open(struct jit *jit, struct error *err);
void perf_map_close(struct jit *jit);

/* A new block, whose IR is still in jit->ir: prints it if it begins at dump_pc, writes its line of the map.
 */
void show_block(const struct jit *jit, const struct jit_block *block);

#endif
