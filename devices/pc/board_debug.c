/* SPDX-License-Identifier: MIT */
/* Ports for tests and debugging that no PC has: F4h ends the run with an exit status, E9h prints. */
#include "devices/pc/board_parts.h"

enum { PORT_DEBUGCON = 0xE9, PORT_DEBUG_EXIT = 0xF4, DEBUG_EXIT_PORTS = 4 };

static uint32_t exit_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return 0;
}

static void exit_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size;
    struct machine *machine = self;
    machine->exit_value = value;
    machine_stop(machine, MACHINE_DEBUG_EXIT);
}

static const struct port_ops exit_ports = {exit_read, exit_write, 1, 4};

/* Guests find the port by reading its number back. */
static uint32_t console_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return PORT_DEBUGCON;
}

static void console_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size;
    const struct machine_sinks *sinks = &((struct machine *)self)->config.sinks;
    if (sinks->debugcon)
        sinks->debugcon(sinks->opaque, (uint8_t)value);
}

static const struct port_ops console_ports = {console_read, console_write, 1, 1};

bool board_add_debug_ports(struct machine *machine, struct error *err)
{
    const struct machine_config *config = &machine->config;
    return (!config->debug_exit || portmap_add(machine->ports, "debug exit", PORT_DEBUG_EXIT,
                                               DEBUG_EXIT_PORTS, &exit_ports, machine, err)) &&
           (!config->debugcon ||
            portmap_add(machine->ports, "debug console", PORT_DEBUGCON, 1, &console_ports, machine, err));
}
