/* SPDX-License-Identifier: MIT */
#include "tests/support/cpu_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/x86/cpu_choice.h"
#include "jit/jit.h"

static uint8_t acknowledge(void *self)
{
    struct cpu_fixture *f = self;
    cpu_set_intr(f->cpu, false);
    return f->intr_vector;
}

static void count_shutdown(void *self)
{
    struct cpu_fixture *f = self;
    f->shutdowns++;
}

static void no_ferr(void *self, bool level)
{
    (void)self;
    (void)level;
}

static const struct cpu_bus fixture_bus = {
    .acknowledge = acknowledge, .ferr = no_ferr, .shutdown = count_shutdown};

/* Attaches the engine that the environment asks for. It translates each trace before it runs for the first
 * time. */
static void attach_engine(struct cpu_fixture *f)
{
    const char *name = getenv("LATHE_TEST_ENGINE");
    if (!name || !strcmp(name, "interp"))
        return;
    struct error err = {{0}};
    struct jit_options options = {.cache_bytes = 1 << 20, .unlinked = !strcmp(name, "unlinked")};
    f->jit = jit_new(f->cpu, &options, &err);
    if (!f->jit) {
        fprintf(stderr, "LATHE_TEST_ENGINE=%s: %s\n", name, err.text);
        exit(EXIT_FAILURE);
    }
}

void cpu_fixture_init(struct cpu_fixture *f, const char *model)
{
    cpu_fixture_init_sized(f, model, FIXTURE_MEMORY);
}

void cpu_fixture_init_sized(struct cpu_fixture *f, const char *model, uint64_t bytes)
{
    *f = (struct cpu_fixture){0};
    bool mapped = memory_init(&f->memory, bytes, NULL);
    ASSERT(mapped);
    physmap_init(&f->map, &f->memory);
    struct physmap_region ram = {.name = "ram",
                                 .kind = PHYSMAP_MEMORY,
                                 .size = bytes,
                                 .reads = true,
                                 .writes = true,
                                 .offset = memory_take(&f->memory, bytes)};
    physmap_add(&f->map, &ram);
    f->ports = portmap_new(NULL);
    clock_init(&f->clock, 100000);
    struct cpu_choice choice;
    bool known = cpu_choice_parse(model, &choice, NULL);
    ASSERT(known);
    struct cpu_config config = {.model = choice.model,
                                .cpuid_limit = choice.cpuid_limit,
                                .clock = &f->clock,
                                .memory = &f->memory,
                                .physmap = &f->map,
                                .portmap = f->ports,
                                .bus = &fixture_bus,
                                .bus_self = f};
    f->cpu = cpu_new(&config);
    f->memory.code_written = cpu_code_written;
    f->memory.code_opaque = f->cpu;
    attach_engine(f);
}

void cpu_fixture_free(struct cpu_fixture *f)
{
    f->memory.code_written = NULL;
    jit_free(f->jit);
    cpu_free(f->cpu);
    portmap_free(f->ports);
    physmap_free(&f->map);
    memory_free(&f->memory);
}

void cpu_fixture_poke(struct cpu_fixture *f, gpa_t address, unsigned size, uint64_t value)
{
    physmap_write(&f->map, address, size, value);
}

uint64_t cpu_fixture_peek(struct cpu_fixture *f, gpa_t address, unsigned size)
{
    return physmap_read(&f->map, address, size);
}

void cpu_fixture_load(struct cpu_fixture *f, gpa_t address, const void *bytes, uint64_t size)
{
    physmap_write_bytes(&f->map, address, bytes, size);
}

void cpu_fixture_run(struct cpu_fixture *f, uint64_t insns)
{
    uint64_t end = f->clock.insns + insns;
    while (f->clock.insns < end && !cpu_is_idle(f->cpu))
        cpu_run(f->cpu, end);
}

int64_t cpu_fixture_take_fault(struct cpu_fixture *f)
{
    struct exception *e = &f->cpu->exception;
    if (!e->pending)
        return -1;
    e->pending = false;
    return (int64_t)e->vector << 16 | (e->has_error ? e->error : 0);
}

void cpu_fixture_descriptor(struct cpu_fixture *f, gpa_t address, uint32_t base, uint32_t limit,
                            unsigned attributes)
{
    uint32_t pages = attributes & SEG_ATTR_G ? limit >> 12 : limit;
    cpu_fixture_poke(f, address, 4, (pages & 0xFFFF) | base << 16);
    cpu_fixture_poke(f, address + 4, 4,
                     (base >> 16 & 0xFF) | attributes << 8 | (pages & 0xF0000) | (base & 0xFF000000));
}

void cpu_fixture_gate(struct cpu_fixture *f, gpa_t address, unsigned access, unsigned selector,
                      uint32_t offset, unsigned parameters)
{
    cpu_fixture_poke(f, address, 4, selector << 16 | (offset & 0xFFFF));
    cpu_fixture_poke(f, address + 4, 4, (offset & 0xFFFF0000) | access << 8 | parameters);
}
