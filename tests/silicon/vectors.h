/* SPDX-License-Identifier: MIT */
/* Files of cases with what a processor made of them (tests/vectors/README.md has the format). */
#ifndef LATHE_TESTS_SILICON_VECTORS_H
#define LATHE_TESTS_SILICON_VECTORS_H

#include "tests/silicon/case.h"

struct silicon_vectors;

/* Both return NULL where the file cannot be had. Owned by the caller. */
struct silicon_vectors *silicon_vectors_create(const char *path, unsigned mode, const char *vendor,
                                               const char *processor);
struct silicon_vectors *silicon_vectors_open(const char *path);

/* False where writing failed. */
bool silicon_vectors_close(struct silicon_vectors *v);

void silicon_vectors_add(struct silicon_vectors *v, const struct silicon_case *c,
                         const struct silicon_outcome *o);

/* The next case. False behind the last one, or where the file is damaged. */
bool silicon_vectors_next(struct silicon_vectors *v, struct silicon_case *c, struct silicon_outcome *o);
bool silicon_vectors_damaged(const struct silicon_vectors *v);

unsigned silicon_vectors_mode(const struct silicon_vectors *v);

/* The processor that the outcomes are from: CPUID's vendor, and its name. */
const char *silicon_vectors_vendor(const struct silicon_vectors *v);
const char *silicon_vectors_processor(const struct silicon_vectors *v);

#endif
