/* SPDX-License-Identifier: MIT */
/* 8254 programmable interval timer: three counters on a 1,193,182 Hz clock. Intel 8254 data sheet (231164).
 */
#ifndef LATHE_DEVICES_CHIPSET_PIT_8254_H
#define LATHE_DEVICES_CHIPSET_PIT_8254_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"

enum { PIT_CHANNELS = 3, PIT_HZ = 1193182 };

struct pit;

struct pit_channel {
    struct pit *pit;
    unsigned number;
    uint64_t tick;     /* CLK pulses since power-on that this state accounts for */
    uint32_t ce;       /* counting element: 0 to 10000h (binary) or 10000 (BCD), which reads as 0 */
    uint16_t cr;       /* count register, as written */
    uint16_t ol;       /* output latch */
    uint8_t mode;      /* 0-5 */
    uint8_t rw;        /* 1: LSB, 2: MSB, 3: LSB then MSB */
    uint8_t status;    /* latched status byte */
    uint8_t write_lsb; /* first byte of a two-byte count */
    bool bcd;
    bool gate, out;
    bool programmed; /* a count was written since the control word */
    bool null_count; /* CR holds a count that CE has not got yet */
    bool load;       /* CE takes CR at the next CLK */
    bool trigger;    /* GATE rose: likewise */
    bool counting;   /* CE was loaded since the control word */
    bool armed;      /* modes 4, 5: the strobe is still to come */
    bool odd;        /* mode 3: this half cycle began from an odd count */
    bool write_msb_next, read_msb_next;
    bool count_latched, status_latched;
    struct event edge; /* next edge of OUT, where a line is connected */
};

struct pit_config {
    struct clock *clock;
    struct log *log;
    /* OUT pins; unconnected ones cost no events. In mode 2 the one-CLK low pulse is delivered when it ends.
     */
    struct irq_line out[PIT_CHANNELS];
};

struct pit {
    struct pit_config cfg;
    struct log_source log;
    struct pit_channel channels[PIT_CHANNELS];
};

/* Four ports at 40h. */
extern const struct port_ops pit_ports;
extern const struct state_desc pit_state;

struct pit *pit_new(const struct pit_config *cfg);
void pit_free(struct pit *pit);

/* Power-on. The chip has no reset pin; the gates of channels 0 and 1 are tied high, channel 2's starts low.
 */
void pit_reset(struct pit *pit);

/* GATE input and OUT pin now. */
void pit_set_gate(struct pit *pit, unsigned channel, bool level);
bool pit_out(struct pit *pit, unsigned channel);

#endif
