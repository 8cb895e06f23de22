/* SPDX-License-Identifier: MIT */
/* 8042 keyboard controller with a PS/2 auxiliary port. IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboard and Auxiliary Device Controller". */
#ifndef LATHE_DEVICES_INPUT_KBC_8042_H
#define LATHE_DEVICES_INPUT_KBC_8042_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"
#include "devices/chipset/reset.h"
#include "devices/input/ps2.h"

enum kbc_port { KBC_KEYBOARD, KBC_AUX, KBC_PORTS };

enum { KBC_RAM = 32, KBC_REPLIES = 4, KBC_BYTE_NS = 880000 }; /* 11 bits at 12.5 kHz */

struct kbc_config {
    struct clock *clock;
    struct log *log;
    struct irq_line keyboard_irq, aux_irq; /* IRQ1, IRQ12 */
    struct irq_line a20;                   /* output port bit 1: high = A20 passes */
    struct reset_sink reset;
};

struct kbc {
    struct kbc_config cfg;
    struct log_source log;
    struct ps2_device devices[KBC_PORTS]; /* without functions: nothing plugged in */
    uint8_t ram[KBC_RAM];                 /* byte 0 is the command byte */
    uint8_t status, output, output_port;
    uint8_t command; /* controller command that waits for a data byte; 0: none */
    uint8_t replies[KBC_REPLIES], reply_aux[KBC_REPLIES], reply_count;
    bool released;     /* translation saw F0h */
    struct event link; /* a byte from a device has come in */
};

/* The data register (one port at 60h) and the command and status register (one port at 64h). */
extern const struct port_ops kbc_data_ports, kbc_command_ports;
extern const struct state_desc kbc_state;

struct kbc *kbc_new(const struct kbc_config *cfg);
void kbc_free(struct kbc *kbc);

/* Both ports closed, A20 on, until firmware tests and enables them. */
void kbc_reset(struct kbc *kbc);

void kbc_attach(struct kbc *kbc, enum kbc_port port, const struct ps2_device *device);

/* The line by which a device says that it has something to send (rising or repeated high). */
struct irq_line kbc_ready_line(struct kbc *kbc, enum kbc_port port);

#endif
