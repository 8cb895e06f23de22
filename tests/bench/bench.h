/* SPDX-License-Identifier: MIT */
/* A guest benchmark program: kernels by name, each a function of an iteration count.
 *
 * The program prints a mark on its standard output before and after the kernel, so that whoever reads the
 * other end of the serial line can time it, and a check sum that is the same on every correct machine.
 */
#ifndef LATHE_TESTS_BENCH_H
#define LATHE_TESTS_BENCH_H

#include <stdint.h>

typedef uint32_t kernel_fn(uint32_t count);

struct kernel {
    const char *name;
    kernel_fn *run; /* returns its check sum */
};

/* Runs the kernel that the arguments name: PROGRAM KERNEL COUNT. `kernels` ends with a name of NULL. The
 * result is the program's exit status. */
int bench_main(int argc, char **argv, const char *group, const struct kernel *kernels);

/* Next number of a fixed pseudo-random sequence. */
static inline uint32_t bench_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#endif
