/* SPDX-License-Identifier: MIT */
/* System control port A (92h): fast A20 gate and fast processor reset. PIIX3 data sheet, "Port 92 Register".
 */
#ifndef LATHE_DEVICES_CHIPSET_PORT_92H_H
#define LATHE_DEVICES_CHIPSET_PORT_92H_H

#include <stdint.h>

#include "core/base/irq_line.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"
#include "devices/chipset/reset.h"

struct port_92h_config {
    struct irq_line a20;     /* out: A20 passes to memory; the OR of all gates */
    struct reset_sink reset; /* INIT# */
};

struct port_92h {
    struct port_92h_config cfg;
    uint8_t value;
    bool kbc_a20; /* gate of the keyboard controller */
};

/* One port. */
extern const struct port_ops port_92h_ports;
extern const struct state_desc port_92h_state;

struct port_92h *port_92h_new(const struct port_92h_config *cfg);
void port_92h_free(struct port_92h *port);
void port_92h_reset(struct port_92h *port);

/* A20GATE input, from the keyboard controller: A20 passes while either gate is open. */
struct irq_line port_92h_a20_line(struct port_92h *port);

#endif
