/* SPDX-License-Identifier: MIT */
/* ASSERT: a broken internal invariant. Active in every build, never an optimiser hint; never for guest
 * behaviour. */
#ifndef LATHE_CORE_BASE_ASSERT_H
#define LATHE_CORE_BASE_ASSERT_H

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

/* Prints where the invariant broke on stderr and aborts. */
_Noreturn void assert_failed(const char *condition, const char *file, int line);

#endif
