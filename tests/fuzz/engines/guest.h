/* SPDX-License-Identifier: MIT */
/* A processor with 1 MiB of RAM and random programs, for comparing engines: tables, handlers that step over
 * what faulted, segments that are flat or end at odd places, pages with all rights, and a processor seated in
 * any mode. */
#ifndef LATHE_TESTS_FUZZ_ENGINES_GUEST_H
#define LATHE_TESTS_FUZZ_ENGINES_GUEST_H

#include "tests/support/cpu_fixture.h"
#include "tests/support/rng.h"

/* Physical addresses. */
enum {
    GUEST_RAM = 1 << 20,
    GUEST_GDT = 0x1000,
    GUEST_IDT = 0x2000,
    GUEST_TSS = 0x3000,
    GUEST_PD = 0x4000,
    GUEST_PT = 0x5000,
    GUEST_PML4 = 0x6000, /* of 64-bit mode: tables of four levels, the last two beside each other */
    GUEST_PDPT = 0x7000,
    GUEST_DIRECTORY = 0xA000,
    GUEST_LONG_PT = 0xD000,
    GUEST_HANDLERS = 0x8000,
    GUEST_COUNTER = 0x9000, /* interrupts taken */
    GUEST_KERNEL_STACK = 0xC000,
    GUEST_CODE = 0x10000,
    GUEST_CODE_BYTES = 0x3000,
    GUEST_DATA = 0x50000,
    GUEST_STACK = 0x60000,
    GUEST_ALIAS = 1 << 20, /* with paging: linear addresses that show all of RAM once more */
    GUEST_TIMER_VECTOR = 0x20,
};

enum guest_mode {
    GUEST_REAL,
    GUEST_UNREAL,    /* real-address mode with limits left over from protected mode */
    GUEST_SEGMENTED, /* 16-bit code in segments that are not flat */
    GUEST_WIDE,      /* 32-bit code, code segment and some of the others not flat */
    GUEST_FLAT,
    GUEST_PAGED, /* flat, supervisor */
    GUEST_USER,  /* flat, level 3 */
    GUEST_V86,
    GUEST_LONG,      /* 64-bit code, supervisor */
    GUEST_LONG_USER, /* 64-bit code, level 3 */
    GUEST_MODES
};

/* What all machines of a case share. */
struct guest {
    const char *model;
    enum guest_mode mode;
    bool wide;                      /* 32-bit operands and addresses by default */
    uint32_t code_base;             /* of CS */
    uint32_t code_start;            /* offset of the program's first byte in CS */
    uint32_t code_limit;            /* of CS */
    uint32_t data_base, data_limit; /* of DS, and mostly of the others */
    bool floats;                    /* x87, MMX and SSE are half of the program */
    bool paging, write_protect, alignment_checks;
    uint64_t seed; /* of memory's contents */
};

/* With 64-bit mode's tables the first GiB stands at the top of the address space, too. */
#define GUEST_HIGH UINT64_C(0xFFFFFFFFC0000000)

static inline bool guest_is_long(const struct guest *guest)
{
    return guest->mode >= GUEST_LONG;
}

void guest_draw(struct guest *guest, struct rng *rng);

/* Fills memory: the same for every processor of the case. */
void guest_fill(const struct guest *guest, struct cpu_fixture *f);

/* Overwrites some of the program from outside, as DMA does. */
void guest_disturb(const struct guest *guest, struct cpu_fixture *f, struct rng *rng);

/* Seats the processor somewhere in the program. */
void guest_seat(const struct guest *guest, struct cpu_fixture *f, struct rng *rng);

#endif
