/* SPDX-License-Identifier: MIT */
/* A clock that tests move by hand: one instruction is one nanosecond. */
#ifndef LATHE_TESTS_SUPPORT_FAKE_CLOCK_H
#define LATHE_TESTS_SUPPORT_FAKE_CLOCK_H

#include "core/base/clock.h"

void fake_clock_init(struct clock *clock);

/* Moves to an absolute time, stopping at every deadline on the way, so that no event is late. */
void fake_clock_to(struct clock *clock, uint64_t ns);
void fake_clock_advance(struct clock *clock, uint64_t ns);

/* Jumps over deadlines and runs them late, as an engine in a long instruction would. */
void fake_clock_jump(struct clock *clock, uint64_t ns);

#endif
