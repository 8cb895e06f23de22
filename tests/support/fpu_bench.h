/* SPDX-License-Identifier: MIT */
/* A processor in real mode with an initialised FPU, for tests that run single x87, MMX and SSE instructions.
 */
#ifndef LATHE_TESTS_SUPPORT_FPU_BENCH_H
#define LATHE_TESTS_SUPPORT_FPU_BENCH_H

#include "tests/support/cpu_fixture.h"

/* All segments begin at 0; the handler of vector N is at HANDLERS + N. */
enum {
    FPU_BENCH_CODE = 0x1000,
    FPU_BENCH_DATA = 0x3000,
    FPU_BENCH_HANDLERS = 0x4000,
    FPU_BENCH_STACK_TOP = 0x8000,
};

struct fpu_bench {
    struct cpu_fixture f;
    struct cpu *cpu;
};

/* With `code` at FPU_BENCH_CODE, where RIP is. */
struct fpu_bench *fpu_bench_new(const char *model, const uint8_t *code, unsigned size);
void fpu_bench_free(struct fpu_bench *b);

/* Runs one instruction, or to the handler of its fault: the vector, or -1. */
int fpu_bench_step(struct fpu_bench *b);

#endif
