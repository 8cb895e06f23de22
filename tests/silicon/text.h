/* SPDX-License-Identifier: MIT */
/* Cases as one line of text: what differs from silicon_case_init, as key=value. */
#ifndef LATHE_TESTS_SILICON_TEXT_H
#define LATHE_TESTS_SILICON_TEXT_H

#include "tests/silicon/case.h"

enum { LINE_MAX_SIZE = 8192 };

void silicon_case_to_line(const struct silicon_case *c, char line[LINE_MAX_SIZE]);

/* False where the line is malformed. */
bool silicon_case_from_line(struct silicon_case *c, const char *line);

/* An outcome for human eyes, on several lines. */
void silicon_print_outcome(const char *who, const struct silicon_case *c, const struct silicon_outcome *o);

#endif
