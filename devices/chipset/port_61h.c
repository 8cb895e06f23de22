/* SPDX-License-Identifier: MIT */
/* System control port B. PIIX3 data sheet, "NMI Status and Control Register"; IBM PC/AT, "System Board".
 *
 * Bit 4 toggles with each memory refresh: every 15.085 us, whatever channel 1 of the timer is programmed to,
 * as delay loops of old BIOSes expect.
 */
#include "devices/chipset/port_61h.h"

#include "core/base/alloc.h"
#include "devices/chipset/pit_8254.h"

enum {
    PORT_B_TIMER2_GATE = 1 << 0,
    PORT_B_SPEAKER = 1 << 1,
    PORT_B_SERR_CLEAR = 1 << 2,
    PORT_B_IOCHK_CLEAR = 1 << 3,
    PORT_B_REFRESH = 1 << 4,
    PORT_B_TIMER2_OUT = 1 << 5,
    PORT_B_IOCHK = 1 << 6,
    PORT_B_SERR = 1 << 7,
    PORT_B_CONTROL = 0x0F
};
enum { SPEAKER_CHANNEL = 2, REFRESH_TICKS = 18 };

static void update_nmi(const struct port_61h *port)
{
    irq_line_set(&port->cfg.nmi, (port->serr || port->iochk) && !port->nmi_masked);
}

static void update_speaker(const struct port_61h *port)
{
    irq_line_set(&port->cfg.speaker, (port->control & PORT_B_SPEAKER) && port->timer_out);
}

static bool refresh_toggle(const struct port_61h *port)
{
    return clock_ticks(clock_now(port->cfg.clock), PIT_HZ) / REFRESH_TICKS & 1;
}

static uint32_t port_read(void *self, uint32_t offset, unsigned size)
{
    const struct port_61h *port = self;
    (void)offset, (void)size;
    return port->control | (refresh_toggle(port) ? (unsigned)PORT_B_REFRESH : 0) |
           (pit_out(port->cfg.pit, SPEAKER_CHANNEL) ? (unsigned)PORT_B_TIMER2_OUT : 0) |
           (port->iochk ? (unsigned)PORT_B_IOCHK : 0) | (port->serr ? (unsigned)PORT_B_SERR : 0);
}

/* A one in bit 2 or 3 clears its source and keeps it from latching. */
static void port_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct port_61h *port = self;
    (void)offset, (void)size;
    port->control = value & PORT_B_CONTROL;
    if (value & PORT_B_SERR_CLEAR)
        port->serr = false;
    if (value & PORT_B_IOCHK_CLEAR)
        port->iochk = false;
    pit_set_gate(port->cfg.pit, SPEAKER_CHANNEL, value & PORT_B_TIMER2_GATE);
    update_speaker(port);
    update_nmi(port);
}

const struct port_ops port_61h_ports = {port_read, port_write, 1, 1};

void port_61h_input(void *self, unsigned input, bool level)
{
    struct port_61h *port = self;
    switch ((enum port_61h_input)input) {
    case PORT_61H_OUT2: port->timer_out = level; break;
    case PORT_61H_IOCHK: port->iochk = port->iochk || (level && !(port->control & PORT_B_IOCHK_CLEAR)); break;
    case PORT_61H_SERR: port->serr = port->serr || (level && !(port->control & PORT_B_SERR_CLEAR)); break;
    case PORT_61H_NMI_MASK: port->nmi_masked = level; break;
    }
    update_speaker(port);
    update_nmi(port);
}

struct irq_line port_61h_line(struct port_61h *port, enum port_61h_input input)
{
    return (struct irq_line){port_61h_input, port, input};
}

void port_61h_reset(struct port_61h *port)
{
    port_write(port, 0, 1, 0);
    port->serr = port->iochk = port->nmi_masked = false;
    update_nmi(port);
}

static const struct state_field port_61h_fields[] = {
    STATE_SCALAR(struct port_61h, control),   STATE_SCALAR(struct port_61h, serr),
    STATE_SCALAR(struct port_61h, iochk),     STATE_SCALAR(struct port_61h, nmi_masked),
    STATE_SCALAR(struct port_61h, timer_out), STATE_END};
const struct state_desc port_61h_state = {.name = "port61", .version = 1, .fields = port_61h_fields};

struct port_61h *port_61h_new(const struct port_61h_config *cfg)
{
    struct port_61h *port = alloc_zeroed(sizeof *port);
    port->cfg = *cfg;
    return port;
}

void port_61h_free(struct port_61h *port)
{
    alloc_free(port);
}
