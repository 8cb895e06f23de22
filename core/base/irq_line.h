/* SPDX-License-Identifier: MIT */
/* A wire from a chip to whatever listens: interrupt requests, terminal count, the speaker gate. */
#ifndef LATHE_CORE_BASE_IRQ_LINE_H
#define LATHE_CORE_BASE_IRQ_LINE_H

#include <stdbool.h>

typedef void irq_line_fn(void *receiver, unsigned input, bool level);

/* Plain data, copied by value into the chip that drives it. A line without a function is not connected. */
struct irq_line {
    irq_line_fn *set;
    void *receiver;
    unsigned input;
};

/* Drives the line. The receiver keeps the level; driving the same level twice is harmless. */
static inline void irq_line_set(const struct irq_line *line, bool level)
{
    if (line->set)
        line->set(line->receiver, line->input, level);
}

#endif
