/* SPDX-License-Identifier: MIT */
/* A processor with flat memory and nothing else, for unit tests. */
#ifndef LATHE_TESTS_SUPPORT_CPU_FIXTURE_H
#define LATHE_TESTS_SUPPORT_CPU_FIXTURE_H

#include "core/base/clock.h"
#include "core/mem/memory.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"
#include "core/x86/cpu.h"

struct jit;

enum { FIXTURE_MEMORY = 4 << 20 };

struct cpu_fixture {
    struct memory memory;
    struct physmap map;
    struct portmap *ports;
    struct clock clock;
    struct cpu *cpu;
    struct jit *jit;     /* the engine that LATHE_TEST_ENGINE in the environment names: jit, unlinked */
    unsigned shutdowns;  /* triple faults so far */
    uint8_t intr_vector; /* what INTA gives; the cycle drops INTR */
};

/* A processor, named as for --cpu, after reset with 4 MiB of RAM from address 0. */
void cpu_fixture_init(struct cpu_fixture *f, const char *model);

/* The same with another size of RAM. */
void cpu_fixture_init_sized(struct cpu_fixture *f, const char *model, uint64_t bytes);
void cpu_fixture_free(struct cpu_fixture *f);

/* Physical memory, little endian. */
void cpu_fixture_poke(struct cpu_fixture *f, gpa_t address, unsigned size, uint64_t value);
uint64_t cpu_fixture_peek(struct cpu_fixture *f, gpa_t address, unsigned size);
void cpu_fixture_load(struct cpu_fixture *f, gpa_t address, const void *bytes, uint64_t size);

/* Runs `insns` instructions (deliveries of interrupts and faults count as one). */
void cpu_fixture_run(struct cpu_fixture *f, uint64_t insns);

/* The pending exception as one number: vector << 16 | error code, or -1; clears it. */
int64_t cpu_fixture_take_fault(struct cpu_fixture *f);

/* Writes an 8-byte segment or system descriptor; attributes as in struct segment. */
void cpu_fixture_descriptor(struct cpu_fixture *f, gpa_t address, uint32_t base, uint32_t limit,
                            unsigned attributes);

/* Writes a gate: `access` is the byte with P, DPL and type. */
void cpu_fixture_gate(struct cpu_fixture *f, gpa_t address, unsigned access, unsigned selector,
                      uint32_t offset, unsigned parameters);

#endif
