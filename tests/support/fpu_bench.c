/* SPDX-License-Identifier: MIT */
#include "tests/support/fpu_bench.h"

#include <stdlib.h>

#include "core/x86/cpu.h"

struct fpu_bench *fpu_bench_new(const char *model, const uint8_t *code, unsigned size)
{
    struct fpu_bench *b = calloc(1, sizeof *b);
    cpu_fixture_init(&b->f, model);
    b->cpu = b->f.cpu;
    for (unsigned i = 0; i <= SEG_GS; i++) {
        b->cpu->seg[i].selector = 0;
        b->cpu->seg[i].base = 0;
    }
    b->cpu->rip = FPU_BENCH_CODE;
    b->cpu->cr0 |= CR0_NE;
    cpu_derive(b->cpu);
    b->cpu->gpr[GPR_SP] = FPU_BENCH_STACK_TOP;
    for (unsigned vector = 0; vector < 32; vector++)
        cpu_fixture_poke(&b->f, vector * 4, 4, FPU_BENCH_HANDLERS + vector);
    cpu_fixture_load(&b->f, FPU_BENCH_CODE, code, size);
    x87_fninit(&b->cpu->x87);
    return b;
}

void fpu_bench_free(struct fpu_bench *b)
{
    cpu_fixture_free(&b->f);
    free(b);
}

int fpu_bench_step(struct fpu_bench *b)
{
    cpu_run(b->cpu, b->f.clock.insns + 1);
    uint64_t vector = b->cpu->rip - FPU_BENCH_HANDLERS;
    return vector < 32 ? (int)vector : -1;
}
