/* SPDX-License-Identifier: MIT */
/* Where a chip's output characters go: a terminal, a file, a log, a test. */
#ifndef LATHE_DEVICES_SERIAL_CHAR_SINK_H
#define LATHE_DEVICES_SERIAL_CHAR_SINK_H

#include <stdint.h>

/* Plain data, copied by value. A sink without a function swallows everything. The function must not call back
 * into the device. */
struct char_sink {
    void (*write)(void *self, uint8_t byte);
    void *self;
};

static inline void char_sink_write(const struct char_sink *sink, uint8_t byte)
{
    if (sink->write)
        sink->write(sink->self, byte);
}

#endif
