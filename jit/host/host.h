/* SPDX-License-Identifier: MIT */
/* What a back end provides. */
#ifndef LATHE_JIT_HOST_HOST_H
#define LATHE_JIT_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/x86/insn.h"

struct emitter;
struct ir;
struct jit;
struct jit_block;
struct jit_exit;

/* Assembles the routines at the start of the code cache and notes where they are. */
void host_make_routines(struct jit *jit);

/* Working storage for host_emit. Free with alloc_free. */
struct emitter *host_new_emitter(void);

/* Assembles a block and sets block->code. False where there is no room for it. */
bool host_emit(struct jit *jit, struct jit_block *block, const struct ir *ir);

/* Makes an exit jump straight to its target, and undoes that. */
void host_link(struct jit *jit, struct jit_exit *exit, const struct jit_block *target);
void host_unlink(struct jit *jit, struct jit_exit *exit);

/* Whether the host itself has the instructions of a feature. */
bool host_executes(enum insn_feature feature);

/* For checks: where an exit's jump leads; whether all that host_link fills in is there. */
const uint8_t *host_exit_leads_to(const struct jit *jit, const struct jit_exit *exit);
bool host_exit_is_linked_to(const struct jit *jit, const struct jit_exit *exit,
                            const struct jit_block *target);

#endif
