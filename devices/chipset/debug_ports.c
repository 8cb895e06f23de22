/* SPDX-License-Identifier: MIT */
/* Debug ports: the conventions of isa-debug-exit, of port E9h, and of POST cards. */
#include "devices/chipset/debug_ports.h"

enum { DEBUGCON_PRESENT = 0xE9 };

static uint32_t exit_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return 0;
}

static void exit_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    const struct debug_exit *target = self;
    (void)offset, (void)size;
    if (target->exit)
        target->exit(target->self, value);
}

const struct port_ops debug_exit_ports = {exit_read, exit_write, 1, 4};

static uint32_t console_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return DEBUGCON_PRESENT;
}

static void sink_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size;
    char_sink_write(self, (uint8_t)value);
}

const struct port_ops debugcon_ports = {console_read, sink_write, 1, 1};

static uint32_t post_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return 0xFF;
}

const struct port_ops post_ports = {post_read, sink_write, 1, 1};
