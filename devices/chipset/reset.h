/* SPDX-License-Identifier: MIT */
/* A chip's request to reset the processor or the machine. */
#ifndef LATHE_DEVICES_CHIPSET_RESET_H
#define LATHE_DEVICES_CHIPSET_RESET_H

enum reset_kind {
    RESET_INIT, /* INIT#: the processor alone, memory and devices stay */
    RESET_HARD, /* PCIRST#: everything but what batteries keep */
};

/* Plain data, copied by value. The receiver notes the request and resets once the present instruction is
 * over; it does not reset the caller from within the call. */
struct reset_sink {
    void (*request)(void *self, enum reset_kind kind);
    void *self;
};

static inline void reset_request(const struct reset_sink *sink, enum reset_kind kind)
{
    if (sink->request)
        sink->request(sink->self, kind);
}

#endif
