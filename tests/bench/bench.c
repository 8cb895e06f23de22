/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Whatever was printed has left the line before the kernel starts. */
static void settle(void)
{
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
}

static void measure(const char *group, const struct kernel *kernel, uint32_t count)
{
    printf("#begin %s %s\n", group, kernel->name);
    settle();
    uint64_t start = ticks();
    uint32_t sum = kernel->run(count);
    uint64_t end = ticks();
    printf("#end %s %s %" PRIu64 " %08" PRIx32 "\n", group, kernel->name, end - start, sum);
    settle();
}

int bench_main(int argc, char **argv, const char *group, const struct kernel *kernels)
{
    if (argc == 3) {
        for (const struct kernel *kernel = kernels; kernel->name; kernel++) {
            if (strcmp(kernel->name, argv[1]) != 0)
                continue;
            measure(group, kernel, (uint32_t)strtoul(argv[2], NULL, 10));
            return 0;
        }
    }
    fprintf(stderr, "usage: %s KERNEL COUNT, KERNEL one of", group);
    for (const struct kernel *kernel = kernels; kernel->name; kernel++)
        fprintf(stderr, " %s", kernel->name);
    fputc('\n', stderr);
    return 2;
}
