/* SPDX-License-Identifier: MIT */
/* The far end of an irq_line: keeps the level and counts edges. */
#ifndef LATHE_TESTS_SUPPORT_FAKE_LINE_H
#define LATHE_TESTS_SUPPORT_FAKE_LINE_H

#include "core/base/clock.h"
#include "core/base/irq_line.h"

struct fake_line {
    const struct clock *clock; /* optional: stamps edges */
    bool level;
    unsigned rises, falls;
    uint64_t last_rise_ns, last_fall_ns;
};

/* A line that ends in `line`. */
struct irq_line fake_line_to(struct fake_line *line);

#endif
