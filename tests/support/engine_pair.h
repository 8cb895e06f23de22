/* SPDX-License-Identifier: MIT */
/* One program on two processors in 32-bit protected mode with paging, of which one translates everything:
 * registers, flags and memory must be the same. Pages of data that are neighbours in linear memory are none
 * in physical memory, so that operands beyond the page that was looked up are noticed. */
#ifndef LATHE_TESTS_SUPPORT_ENGINE_PAIR_H
#define LATHE_TESTS_SUPPORT_ENGINE_PAIR_H

#include "jit/jit.h"
#include "tests/support/protected_fixture.h"

/* Linear addresses; the first 1 MiB but DATA is where it is in physical memory. */
enum {
    DIRECTORY = 0x4000,
    TABLE = 0x5000,
    FAULT_CODE = 0x8000, /* of vectors 13 and 14: jumps to itself */
    DATA = 0x20000,
    DATA_PAGES = 16,
    ABSENT = 0x50000,
    BESIDE_CODE = PF_CODE + 0x800, /* stores take their handler */
    TOUCHING_CODE = PF_CODE + 0xE00,
};

struct engine_pair {
    struct cpu_fixture interpreted, translated;
    struct jit *jit;
};

/* Physical page of a linear one. */
uint32_t pair_frame_of(uint32_t page);

/* Both with the program at `at`, where they begin; ESP, EBX, ESI and EDI point into DATA. Free with
 * pair_finish. */
void pair_start(struct engine_pair *p, const uint8_t *code, size_t size, uint32_t at);

/* A register of both. */
void pair_set(struct engine_pair *p, unsigned gpr, uint64_t value);

/* Runs both, which must then be the same. */
void pair_run(struct engine_pair *p, uint64_t insns);
void pair_compare(const struct engine_pair *p);

/* The same from an address on, and on the same stack each time. */
void pair_run_from(struct engine_pair *p, uint32_t at, uint64_t insns);

/* Loads a program for both. */
void pair_load(struct engine_pair *p, uint32_t at, const uint8_t *code, size_t size);

/* The same as pair_start at PF_CODE where the TLB has all pages of DATA, with other registers. */
void pair_begin(struct engine_pair *p, const uint8_t *code, size_t size);

/* Runs both in slices that end anywhere. */
void pair_run_in_slices(struct engine_pair *p, unsigned insns);

/* Whether a block at PF_CODE looks up operands ahead of its passes. */
bool pair_keeps(const struct engine_pair *p, enum cpu_mode mode);

/* The translator's data must be sound, and there must have been blocks. */
void pair_finish(struct engine_pair *p);

#endif
