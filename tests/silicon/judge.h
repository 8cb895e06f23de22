/* SPDX-License-Identifier: MIT */
/* Compares what the host and a Lathe machine made of a case. */
#ifndef LATHE_TESTS_SILICON_JUDGE_H
#define LATHE_TESTS_SILICON_JUDGE_H

#include "tests/silicon/machine.h"

/* Parts of a state. */
enum silicon_field {
    DIFF_VECTOR = 1 << 0,
    DIFF_ERROR = 1 << 1,
    DIFF_CR2 = 1 << 2,
    DIFF_RIP = 1 << 3,
    DIFF_FLAGS = 1 << 4,
    DIFF_GPR = 1 << 5,
    DIFF_SEGMENTS = 1 << 6,
    DIFF_MEMORY = 1 << 7,
    DIFF_X87_CONTROL = 1 << 8,
    DIFF_X87_STATUS = 1 << 9,
    DIFF_X87_TAGS = 1 << 10,
    DIFF_X87_POINTERS = 1 << 11, /* FOP, FIP, FDP */
    DIFF_ST = 1 << 12,
    DIFF_MXCSR = 1 << 13,
    DIFF_XMM = 1 << 14,
};

struct silicon_difference {
    uint32_t fields;
    uint32_t flags;        /* EFLAGS bits that differ */
    uint16_t status;       /* x87 status bits */
    uint32_t mxcsr;        /* MXCSR bits */
    uint16_t gpr, st, xmm; /* a bit for each register */
};

/* Exactly what differs. */
void silicon_compare(const struct silicon_outcome *a, const struct silicon_outcome *b,
                     struct silicon_difference *d);

enum silicon_verdict {
    VERDICT_SAME,
    VERDICT_UNDEFINED, /* they differ where the manual leaves results undefined */
    VERDICT_ALLOWED,   /* they differ as processors of this vendor are known to */
    VERDICT_FAILED,
};

/* The verdict on a case; d: what differs beyond what is undefined. `vendor`: CPUID's, of the host. The
 * machine is run again where results of earlier instructions must be known. */
enum silicon_verdict silicon_judge(struct silicon_machine *machine, const struct silicon_case *c,
                                   const struct silicon_outcome *host, const struct silicon_outcome *lathe,
                                   const char *vendor, struct silicon_difference *d);

/* Names of the fields, for messages. */
void silicon_describe(const struct silicon_difference *d, char *text, unsigned size);

#endif
