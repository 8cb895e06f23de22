/* SPDX-License-Identifier: MIT */
/* Lockstep: a machine that translates beside its shadow, the same machine on the interpreter. */
#ifndef LATHE_DEVICES_PC_MACHINE_CHECK_H
#define LATHE_DEVICES_PC_MACHINE_CHECK_H

#include "devices/pc/machine.h"

struct machine_check;

/* Builds the shadow of a new machine. NULL with *err where the host refuses. Free before the machine. */
struct machine_check *machine_check_new(struct machine *machine, struct error *err);
void machine_check_free(struct machine_check *check);

/* Runs both in slices and compares them after each: the processor always, everything else now and then.
 * MACHINE_DIVERGED, from then on, where they differ; machine_check_report then says where. */
enum machine_stop machine_check_run(struct machine_check *check, const struct machine_until *until);

/* The same input for the shadow, before it is posted to the machine. */
void machine_check_post(struct machine_check *check, const struct input *input);

/* The machine has loaded a state: the shadow follows. */
void machine_check_follow(struct machine_check *check);

/* The machine applied what was posted: so does its shadow. */
void machine_check_settle(struct machine_check *check);

/* Several lines, or "" while the two agree. */
const char *machine_check_report(const struct machine_check *check);

#endif
