/* SPDX-License-Identifier: MIT */
/* System control port A. PIIX3 data sheet, "Port 92 Register". */
#include "devices/chipset/port_92h.h"

#include "core/base/alloc.h"

enum { FAST_INIT = 1 << 0, FAST_A20 = 1 << 1 };

static void update_a20(const struct port_92h *port)
{
    irq_line_set(&port->cfg.a20, port->kbc_a20 || (port->value & FAST_A20));
}

static uint32_t port_read(void *self, uint32_t offset, unsigned size)
{
    const struct port_92h *port = self;
    (void)offset, (void)size;
    return port->value;
}

/* The reset fires when bit 0 goes from 0 to 1. */
static void port_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct port_92h *port = self;
    (void)offset, (void)size;
    bool fires = (value & FAST_INIT) && !(port->value & FAST_INIT);
    port->value = (uint8_t)value;
    update_a20(port);
    if (fires)
        reset_request(&port->cfg.reset, RESET_INIT);
}

const struct port_ops port_92h_ports = {port_read, port_write, 1, 1};

static void set_kbc_a20(void *self, unsigned input, bool level)
{
    struct port_92h *port = self;
    (void)input;
    port->kbc_a20 = level;
    update_a20(port);
}

struct irq_line port_92h_a20_line(struct port_92h *port)
{
    return (struct irq_line){set_kbc_a20, port, 0};
}

void port_92h_reset(struct port_92h *port)
{
    port->value = 0;
    update_a20(port);
}

static bool after_load(void *self, struct error *err)
{
    (void)err;
    update_a20(self);
    return true;
}

static const struct state_field port_92h_fields[] = {STATE_SCALAR(struct port_92h, value),
                                                     STATE_SCALAR(struct port_92h, kbc_a20), STATE_END};
const struct state_desc port_92h_state = {
    .name = "port92", .version = 1, .fields = port_92h_fields, .after_load = after_load};

struct port_92h *port_92h_new(const struct port_92h_config *cfg)
{
    struct port_92h *port = alloc_zeroed(sizeof *port);
    port->cfg = *cfg;
    return port;
}

void port_92h_free(struct port_92h *port)
{
    alloc_free(port);
}
