/* SPDX-License-Identifier: MIT */
/* The allow-list: differences between processors of different vendors, and between Linux and a bare machine.
 */
#ifndef LATHE_TESTS_SILICON_ALLOW_H
#define LATHE_TESTS_SILICON_ALLOW_H

#include "tests/silicon/judge.h"

/* An instruction that executed or faulted, and where its memory operand was. */
struct executed {
    struct insn insn;
    uint64_t address;
};

struct allow_context {
    const struct silicon_case *c;
    const struct silicon_outcome *host, *lathe;
    const char *vendor;
    const struct executed *executed; /* one of the case's instructions */
    bool is_last;
    const struct executed *all; /* of them */
    unsigned count;
};

/* Takes away from d what rows of allow.def that concern the instruction account for. */
void allow_differences(const struct allow_context *a, struct silicon_difference *d);

#endif
