/* SPDX-License-Identifier: MIT */
/* System control port B (61h): speaker, timer 2 gate, refresh toggle, NMI sources; and the NMI mask. PIIX3
 * data sheet, "NMI Status and Control Register". */
#ifndef LATHE_DEVICES_CHIPSET_PORT_61H_H
#define LATHE_DEVICES_CHIPSET_PORT_61H_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"

struct pit;

struct port_61h_config {
    struct clock *clock;
    struct pit *pit;
    struct irq_line nmi;     /* to the processor; it takes the rising edge */
    struct irq_line speaker; /* cone position: timer 2 output AND data enable */
};

struct port_61h {
    struct port_61h_config cfg;
    uint8_t control;  /* bits 3-0 as written */
    bool serr, iochk; /* latched error sources */
    bool nmi_masked;
    bool timer_out; /* last level of timer 2 seen on its line */
};

/* One port. */
extern const struct port_ops port_61h_ports;
extern const struct state_desc port_61h_state;

struct port_61h *port_61h_new(const struct port_61h_config *cfg);
void port_61h_free(struct port_61h *port);
void port_61h_reset(struct port_61h *port);

/* irq_line_fn inputs: PIT OUT2 (only needed for sound), IOCHK# and SERR# (true = error), NMI mask (port 70h).
 */
enum port_61h_input { PORT_61H_OUT2, PORT_61H_IOCHK, PORT_61H_SERR, PORT_61H_NMI_MASK };
void port_61h_input(void *port, unsigned input, bool level);
struct irq_line port_61h_line(struct port_61h *port, enum port_61h_input input);

#endif
