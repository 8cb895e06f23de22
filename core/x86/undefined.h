/* SPDX-License-Identifier: MIT */
/* What the manual leaves undefined, more finely than the table's column: rows of insn_undefined.def. */
#ifndef LATHE_CORE_X86_UNDEFINED_H
#define LATHE_CORE_X86_UNDEFINED_H

#include <stdint.h>

enum undefined_when {
    WHEN_ANY,
    WHEN_COUNT_0,        /* the masked shift count is 0 */
    WHEN_COUNT_1,        /* ... 1 */
    WHEN_COUNT_SIZE,     /* ... at least the operand's size in bits */
    WHEN_COUNT_OVER,     /* ... more than that */
    WHEN_SOURCE_0,       /* the second operand is 0 */
    WHEN_OPERAND_16,     /* the operand size is 16 bits */
    WHEN_NOT_DECIMAL,    /* the packed decimal operand has digits above 9 */
};

enum undefined_what {
    RESULT_DEFINED,
    RESULT_DESTINATION, /* the first operand is undefined afterwards */
    RESULT_ULP,         /* x87 results may be one unit in the last place apart, and C1 */
    RESULT_12_BITS,     /* single-format lanes: relative error up to 1.5 * 2^-12 */
    RESULT_C1,          /* C1 of the x87 status word is undefined */
};

/* A rule; of those for a mnemonic the first whose condition holds replaces the row's flags_undefined. */
struct insn_undefined {
    const char *mnemonic;
    uint8_t when;  /* enum undefined_when */
    uint8_t what;  /* enum undefined_what */
    uint16_t flags; /* EFLAGS bits */
};

extern const struct insn_undefined insn_undefined_table[];
extern const unsigned insn_undefined_rows;

#endif
