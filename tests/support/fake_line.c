/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_line.h"

static void set(void *receiver, unsigned input, bool level)
{
    struct fake_line *line = receiver;
    (void)input;
    if (level == line->level)
        return;
    line->level = level;
    uint64_t now = line->clock ? clock_now(line->clock) : 0;
    if (level) {
        line->rises++;
        line->last_rise_ns = now;
    } else {
        line->falls++;
        line->last_fall_ns = now;
    }
}

struct irq_line fake_line_to(struct fake_line *line)
{
    return (struct irq_line){set, line, 0};
}
