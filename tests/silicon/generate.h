/* SPDX-License-Identifier: MIT */
/* Random cases from the rows of the instruction table. */
#ifndef LATHE_TESTS_SILICON_GENERATE_H
#define LATHE_TESTS_SILICON_GENERATE_H

#include "tests/silicon/form.h"
#include "tests/silicon/machine.h"

/* Why a row has no cases. */
enum silicon_exclusion {
    ROW_COVERED,
    ROW_NOT_CHOSEN,     /* by --rows */
    ROW_OTHER_MODE,     /* does not exist in this mode */
    ROW_ENVIRONMENT,    /* INSN_ENVIRONMENT: depends on the machine or enters the operating system */
    ROW_MODEL_LACKS_IT, /* a feature that the most complete model does not have */
    ROW_HOST_LACKS_IT,  /* a feature that the host's processor does not have */
    ROW_SHADOWED,       /* another row takes its encodings first */
    ROW_EXCLUSIONS,
};

struct silicon_generator;

/* Cases for one mode, from rows whose "MNEMONIC encoding" matches the extended regular expression `rows`
 * (NULL: all). The machine's decoder says what the bytes mean. Owned by the caller. NULL where the expression
 * is malformed. */
struct silicon_generator *generator_new(const struct silicon_machine *machine, unsigned mode,
                                        const char *rows, bool (*host_has)(enum insn_feature));
void generator_free(struct silicon_generator *g);

enum silicon_exclusion generator_exclusion(const struct silicon_generator *g, unsigned row);

/* Rows that have cases. */
unsigned generator_rows(const struct silicon_generator *g);

/* The case of a seed; `row`: index below generator_rows of its first instruction, or -1 for a random one.
 * `lean`: a single instruction, and registers that it does not name keep their initial values. */
void generator_make(struct silicon_generator *g, uint64_t seed, int row, bool lean, struct silicon_case *c);

/* Cases so far whose first instruction belongs to the row. */
uint64_t generator_count(const struct silicon_generator *g, unsigned row);

#endif
