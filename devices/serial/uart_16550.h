/* SPDX-License-Identifier: MIT */
/* 16550A, 16450 or 8250 asynchronous receiver and transmitter. National Semiconductor PC16550D data sheet. */
#ifndef LATHE_DEVICES_SERIAL_UART_16550_H
#define LATHE_DEVICES_SERIAL_UART_16550_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"
#include "devices/serial/char_sink.h"

enum { UART_FIFO = 16, UART_WIRE = 64 };

enum uart_model { UART_16550A, UART_16450, UART_8250 };

/* Modem inputs, as they stand in MSR. */
enum uart_modem { UART_CTS = 0x10, UART_DSR = 0x20, UART_RI = 0x40, UART_DCD = 0x80 };

struct uart_config {
    struct clock *clock;
    struct log *log;
    const char *name; /* log module and event name: "com1" */
    enum uart_model model;
    struct irq_line irq; /* through the board's OUT2 gate */
    struct char_sink out;
    /* How many times faster than programmed the line runs; 0 or 1: exact. Guests that poll the transmitter
     * then spend less of their time on it. */
    unsigned speedup;
};

struct uart {
    struct uart_config cfg;
    struct log_source log;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint16_t divisor;
    bool thre_pending; /* THRE interrupt not yet taken */
    bool timeout;      /* character timeout interrupt */
    uint8_t modem;     /* input pins, as MSR bits */
    uint8_t tsr;       /* being shifted out while `transmit` is pending */
    uint8_t tx[UART_FIFO];
    uint8_t rx[UART_FIFO], rx_flags[UART_FIFO]; /* flags: LSR error bits of that character */
    uint8_t tx_head, tx_count, rx_head, rx_count;
    uint8_t wire[UART_WIRE], wire_flags[UART_WIRE]; /* sent by the host, not yet shifted in */
    uint8_t wire_head, wire_count;
    struct event transmit, receive, idle;
};

/* Eight ports. */
extern const struct port_ops uart_ports;
extern const struct state_desc uart_state;

/* The far end is connected and ready: CTS, DSR and DCD are up. */
struct uart *uart_new(const struct uart_config *cfg);
void uart_free(struct uart *uart);

/* MR pin. */
void uart_reset(struct uart *uart);

/* Input from the host. The wire holds UART_WIRE characters and delivers them at the programmed rate whenever
 * the receiver has room, as a far end with flow control would; what exceeds uart_receive_room is dropped. */
size_t uart_receive_room(const struct uart *uart);
void uart_receive(struct uart *uart, uint8_t byte);
void uart_receive_break(struct uart *uart);

/* Sends at once what is still in the transmitter: for the end of a machine that stops in mid-character. */
void uart_drain(struct uart *uart);

/* Modem inputs (a set of enum uart_modem). */
void uart_set_modem(struct uart *uart, uint8_t inputs);

#endif
