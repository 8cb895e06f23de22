/* SPDX-License-Identifier: MIT */
/* The machine that random code runs in: every chip of the board, drives with media, memory full of tables
 * that are mostly right, and a processor seated in any mode. */
#ifndef LATHE_TESTS_FUZZ_WORLD_H
#define LATHE_TESTS_FUZZ_WORLD_H

#include "devices/pc/machine.h"
#include "tests/support/rng.h"

enum {
    WORLD_IVT = 0x0,
    WORLD_GDT = 0x1000,
    WORLD_IDT = 0x2000,
    WORLD_POINTERS = 0x2800, /* operands for LGDT and LIDT, 8 bytes each */
    WORLD_PML4 = 0x3000,
    WORLD_PD = 0x4000,
    WORLD_PT = 0x5000,
    WORLD_PDPT = 0x6000, /* PAE: pointers, one directory, two tables */
    WORLD_TSS = 0xA000,
    WORLD_PDPT4 = 0xB000, /* 4-level paging: pointers to the PAE directory */
    WORLD_IDT64 = 0xC000,
    WORLD_TSS64 = 0xD000,
    WORLD_CODE = 0x10000,
    WORLD_CODE_BYTES = 0x10000,
    WORLD_DATA = 0x50000,
    WORLD_STACK = 0x60000,
    WORLD_DESCRIPTORS = 32,
};

/* What a case is made of, all drawn from its seed. */
struct world {
    const char *model;
    uint32_t ram_bytes;
    uint64_t khz;
    uint64_t seed;
    bool no_reboot;
    struct machine_engine engine;     /* not drawn */
    const char *disk, *floppy, *disc; /* image files; NULL: an empty or absent drive */
};

/* Files that the drives of all machines share; removed by world_files_free. */
struct world_files {
    char disk[64], floppy[64], disc[64];
};

bool world_files_new(struct world_files *files);
void world_files_free(const struct world_files *files);

void world_draw(struct world *world, struct rng *rng, const struct world_files *files);

/* A machine with its memory filled; ends the process where the host refuses. */
struct machine *world_machine(const struct world *world);

/* Puts the processor somewhere in the code, in any mode. */
void world_seat(struct machine *machine, struct rng *rng);

/* Posts a few keys, mouse moves, serial bytes and media changes. */
void world_disturb(struct machine *machine, const struct world *world, struct rng *rng);

#endif
