/* SPDX-License-Identifier: MIT */
/* A case of the differential tester: instructions, the state they start from, and what came of them. */
#ifndef LATHE_TESTS_SILICON_CASE_H
#define LATHE_TESTS_SILICON_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/x86/regs.h"
#include "tests/silicon/layout.h"

enum {
    CASE_INSNS = 6,
    CASE_CODE = CASE_INSNS * 15,
    CASE_PATCHES = 12,
    PATCH_SIZE = 64,
    FX_SIZE = 512,
    FX_WORDS = FX_SIZE / 8,
};

/* Offsets in an FXSAVE image with REX.W (SDM 1, 10.5.1). */
enum fx_offset {
    FX_CONTROL = 0,
    FX_STATUS = 2,
    FX_TAG = 4,
    FX_OPCODE = 6,
    FX_IP = 8,
    FX_DP = 16,
    FX_MXCSR = 24,
    FX_MXCSR_MASK = 28,
    FX_ST = 32,
    FX_XMM = 160,
    FX_USED = 416, /* the bytes behind are not the processor's */
};

struct silicon_state {
    _Alignas(16) uint8_t fx[FX_SIZE];
    uint64_t gpr[16];
    uint64_t rip, rflags;
    uint16_t seg[6]; /* enum seg_index */
};

/* Bytes at a linear address, laid over the initial memory. */
struct silicon_patch {
    uint32_t address;
    uint8_t size;
    uint8_t bytes[PATCH_SIZE];
};

struct silicon_case {
    struct silicon_state in; /* in.rip: address of the first instruction */
    uint8_t mode;            /* MODE_32 or MODE_64 */
    uint8_t insns;
    uint8_t size; /* bytes of code */
    uint8_t patches;
    uint8_t code[CASE_CODE];
    struct silicon_patch patch[CASE_PATCHES];
};

enum {
    RAN_TO_END = -1, /* no exception: arrived at EXIT */
    NEVER_ENDED = -2,
    SHUT_DOWN = -3, /* triple fault */
};

struct silicon_outcome {
    struct silicon_state out;
    int vector; /* exception vector, or one of the above */
    uint32_t error;
    uint64_t cr2;                         /* of page faults, else 0 */
    uint8_t memory[WRITABLE_PAGES][PAGE]; /* DATA, then STACK */
};

/* A case with no instructions: registers zero, stack pointer in the middle of STACK, FPU and SSE initialised.
 */
void silicon_case_init(struct silicon_case *c, unsigned mode);

/* Lays bytes over memory. Where there is no room for another patch, nothing happens. */
void silicon_case_patch(struct silicon_case *c, uint64_t address, const void *bytes, unsigned size);

/* What a page of DATA or STACK holds before patches: a fixed pattern. `page`: index as in
 * silicon_outcome.memory; WRITABLE_PAGES for the read-only page. */
void silicon_fill_page(uint8_t *bytes, unsigned page);

/* Index of a writable page by linear address, or -1. */
int silicon_page_index(uint64_t address);

/* Writes the initial memory of a case into `memory`, whose pages hold their fixed pattern. */
void silicon_apply_patches(const struct silicon_case *c, uint8_t (*memory)[PAGE]);

/* The code page contents: the instructions and the JMP behind them, at most `room` bytes. Returns the size.
 */
unsigned silicon_code_bytes(const struct silicon_case *c, uint8_t *bytes, unsigned room);

static inline uint32_t silicon_exit_address(unsigned mode)
{
    return mode == MODE_64 ? EXIT_64 : EXIT_32;
}

#endif
