/* SPDX-License-Identifier: MIT */
/* 16550A UART and its ancestors. National Semiconductor PC16550D data sheet, section 8 "Registers".
 *
 * A character takes its start, data, parity and stop bits at 1.8432 MHz / 16 / divisor, in virtual time, both
 * ways; it reaches the sink when its last bit is out.
 *
 * Deviations: a divisor of 0 counts as 65,536; parity is not checked (the wire makes no errors); the DMA mode
 * pins are not there; a break is sent only in loopback, as a char_sink has no word for it. The IRQ passes the
 * PC's tri-state gate, so that OUT2 = 0 (and loopback, which drops OUT2) silences it.
 */
#include "devices/serial/uart_16550.h"

#include "core/base/alloc.h"
#include "core/base/muldiv.h"

enum uart_register { RBR_THR = 0, IER = 1, IIR_FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };
enum { IER_ERBFI = 0x01, IER_ETBEI = 0x02, IER_ELSI = 0x04, IER_EDSSI = 0x08, IER_MASK = 0x0F };
enum {
    IIR_NONE = 0x01,
    IIR_MODEM = 0x00,
    IIR_THRE = 0x02,
    IIR_DATA = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0C,
    IIR_FIFO = 0xC0
};
enum { FCR_ENABLE = 0x01, FCR_CLEAR_RX = 0x02, FCR_CLEAR_TX = 0x04, FCR_KEPT = 0xC9, FCR_TRIGGER_SHIFT = 6 };
enum { LCR_WLS = 0x03, LCR_STB = 0x04, LCR_PEN = 0x08, LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 0x01, MCR_RTS = 0x02, MCR_OUT1 = 0x04, MCR_OUT2 = 0x08, MCR_LOOP = 0x10, MCR_MASK = 0x1F };
enum {
    LSR_DR = 0x01,
    LSR_OE = 0x02,
    LSR_PE = 0x04,
    LSR_FE = 0x08,
    LSR_BI = 0x10,
    LSR_THRE = 0x20,
    LSR_TEMT = 0x40,
    LSR_FIFO_ERROR = 0x80,
    LSR_ERRORS = LSR_OE | LSR_PE | LSR_FE | LSR_BI
};
enum { MSR_DELTAS = 0x0F, MSR_TERI = 0x04, MSR_INPUTS = 0xF0 };
enum { CLOCK_HZ = 1843200, CLOCKS_PER_BIT = 16, DIVISOR_9600 = 12, TIMEOUT_CHARS = 4 };

static bool fifo_on(const struct uart *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static unsigned fifo_depth(const struct uart *uart)
{
    return fifo_on(uart) ? UART_FIFO : 1;
}

static uint64_t char_ns(const struct uart *uart)
{
    unsigned data = 5 + (uart->lcr & LCR_WLS), parity = uart->lcr & LCR_PEN ? 1 : 0;
    unsigned half_stop = !(uart->lcr & LCR_STB) ? 2 : data == 5 ? 3 : 4;
    uint64_t half_bits = 2 * (1 + data + parity) + half_stop;
    uint64_t divisor = uart->divisor ? uart->divisor : 0x10000;
    uint64_t speedup = uart->cfg.speedup ? uart->cfg.speedup : 1;
    return muldiv64_up(half_bits * CLOCKS_PER_BIT * divisor, 1000000000, 2 * CLOCK_HZ * speedup);
}

static uint64_t now(const struct uart *uart)
{
    return clock_now(uart->cfg.clock);
}

static uint8_t data_mask(const struct uart *uart)
{
    return (uint8_t)(0xFF >> (3 - (uart->lcr & LCR_WLS)));
}

/* --- interrupts --- */

static bool reached_trigger(const struct uart *uart)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    if (!fifo_on(uart))
        return uart->rx_count > 0;
    return uart->rx_count >= levels[uart->fcr >> FCR_TRIGGER_SHIFT];
}

/* The pending source of the highest priority, data sheet table IV. */
static uint8_t interrupt_id(const struct uart *uart)
{
    if ((uart->ier & IER_ELSI) && (uart->lsr & LSR_ERRORS))
        return IIR_LINE;
    if ((uart->ier & IER_ERBFI) && reached_trigger(uart))
        return IIR_DATA;
    if ((uart->ier & IER_ERBFI) && uart->timeout)
        return IIR_TIMEOUT;
    if ((uart->ier & IER_ETBEI) && uart->thre_pending)
        return IIR_THRE;
    if ((uart->ier & IER_EDSSI) && (uart->msr & MSR_DELTAS))
        return IIR_MODEM;
    return IIR_NONE;
}

static void update_irq(struct uart *uart)
{
    bool gate = (uart->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
    irq_line_set(&uart->cfg.irq, gate && interrupt_id(uart) != IIR_NONE);
}

/* --- receiver --- */

/* The timeout counts from the last character in or out of the FIFO. */
static void restart_timeout(struct uart *uart)
{
    uart->timeout = false;
    event_cancel(&uart->idle);
    if (fifo_on(uart) && uart->rx_count)
        event_at(&uart->idle, now(uart) + TIMEOUT_CHARS * char_ns(uart));
}

static void idle_due(void *opaque, uint64_t late_ns)
{
    struct uart *uart = opaque;
    (void)late_ns;
    uart->timeout = true;
    update_irq(uart);
}

/* LSR shows the errors of the character that is read next. */
static void show_head(struct uart *uart)
{
    if (uart->rx_count) {
        uart->lsr |= LSR_DR | uart->rx_flags[uart->rx_head];
        return;
    }
    uart->lsr &= ~LSR_DR & 0xFF;
}

static void push_received(struct uart *uart, uint8_t byte, uint8_t flags)
{
    if (uart->rx_count == fifo_depth(uart)) {
        uart->lsr |= LSR_OE;
        if (!fifo_on(uart))
            uart->rx[uart->rx_head] = byte; /* the new character destroys the old one */
        return;
    }
    unsigned tail = (uart->rx_head + uart->rx_count) % UART_FIFO;
    uart->rx[tail] = byte & data_mask(uart);
    uart->rx_flags[tail] = flags;
    uart->rx_count++;
    show_head(uart);
    restart_timeout(uart);
}

/* The next character on the wire needs its time, and a receiver that will have room. */
static void schedule_receive(struct uart *uart)
{
    bool listens = !(uart->mcr & MCR_LOOP) && uart->rx_count < fifo_depth(uart);
    if (!uart->wire_count || !listens)
        event_cancel(&uart->receive);
    else if (!uart->receive.pending)
        event_at(&uart->receive, now(uart) + char_ns(uart));
}

static void receive_due(void *opaque, uint64_t late_ns)
{
    struct uart *uart = opaque;
    (void)late_ns;
    unsigned head = uart->wire_head;
    uart->wire_head = (uint8_t)((head + 1) % UART_WIRE);
    uart->wire_count--;
    push_received(uart, uart->wire[head], uart->wire_flags[head]);
    schedule_receive(uart);
    update_irq(uart);
}

static void put_on_wire(struct uart *uart, uint8_t byte, uint8_t flags)
{
    if (uart->wire_count == UART_WIRE)
        return;
    unsigned tail = (uart->wire_head + uart->wire_count) % UART_WIRE;
    uart->wire[tail] = byte;
    uart->wire_flags[tail] = flags;
    uart->wire_count++;
    schedule_receive(uart);
}

size_t uart_receive_room(const struct uart *uart)
{
    return (size_t)(UART_WIRE - uart->wire_count);
}

void uart_receive(struct uart *uart, uint8_t byte)
{
    put_on_wire(uart, byte, 0);
}

void uart_receive_break(struct uart *uart)
{
    put_on_wire(uart, 0, LSR_BI | LSR_FE);
}

static uint8_t read_rbr(struct uart *uart)
{
    uint8_t value = uart->rx[uart->rx_head];
    if (!uart->rx_count)
        return value;
    uart->rx_flags[uart->rx_head] = 0;
    if (fifo_on(uart))
        uart->rx_head = (uint8_t)((uart->rx_head + 1) % UART_FIFO);
    uart->rx_count--;
    show_head(uart);
    restart_timeout(uart);
    schedule_receive(uart);
    update_irq(uart);
    return value;
}

/* --- transmitter --- */

static void transmitter_empty(struct uart *uart)
{
    uart->lsr |= LSR_THRE;
    uart->thre_pending = true;
}

/* The shift register takes the next character. */
static void load_tsr(struct uart *uart)
{
    uart->tsr = uart->tx[uart->tx_head];
    uart->tx_head = (uint8_t)((uart->tx_head + 1) % UART_FIFO);
    uart->tx_count--;
    if (!uart->tx_count)
        transmitter_empty(uart);
    event_at(&uart->transmit, now(uart) + char_ns(uart));
}

static void transmit_due(void *opaque, uint64_t late_ns)
{
    struct uart *uart = opaque;
    uint8_t byte = uart->tsr & data_mask(uart);
    (void)late_ns;
    if (uart->mcr & MCR_LOOP)
        push_received(uart, byte, 0);
    else
        char_sink_write(&uart->cfg.out, byte);
    if (uart->tx_count)
        load_tsr(uart);
    else
        uart->lsr |= LSR_TEMT;
    update_irq(uart);
}

static void write_thr(struct uart *uart, uint8_t value)
{
    uart->thre_pending = false;
    uart->lsr &= ~(LSR_THRE | LSR_TEMT) & 0xFF;
    if (uart->tx_count == fifo_depth(uart)) {
        log_write(&uart->log, LOG_GUEST, "transmitter overrun, %02Xh lost", value);
        if (!fifo_on(uart))
            uart->tx[uart->tx_head] = value;
    } else {
        uart->tx[(uart->tx_head + uart->tx_count) % UART_FIFO] = value;
        uart->tx_count++;
    }
    if (!uart->transmit.pending)
        load_tsr(uart);
    update_irq(uart);
}

void uart_drain(struct uart *uart)
{
    while (uart->transmit.pending) {
        event_cancel(&uart->transmit);
        transmit_due(uart, 0);
    }
}

/* --- modem lines --- */

/* In loopback the outputs drive the inputs. */
static uint8_t modem_inputs(const struct uart *uart)
{
    if (!(uart->mcr & MCR_LOOP))
        return uart->modem;
    return (uint8_t)((uart->mcr & MCR_RTS ? UART_CTS : 0) | (uart->mcr & MCR_DTR ? UART_DSR : 0) |
                     (uart->mcr & MCR_OUT1 ? UART_RI : 0) | (uart->mcr & MCR_OUT2 ? UART_DCD : 0));
}

static void update_modem(struct uart *uart)
{
    uint8_t inputs = modem_inputs(uart), changed = (uint8_t)((inputs ^ uart->msr) & MSR_INPUTS);
    uint8_t deltas = changed >> 4;
    if (inputs & UART_RI)
        deltas &= ~MSR_TERI & 0xFF; /* only the trailing edge of RI counts */
    uart->msr = (uint8_t)((uart->msr & MSR_DELTAS) | deltas | inputs);
    update_irq(uart);
}

void uart_set_modem(struct uart *uart, uint8_t inputs)
{
    uart->modem = inputs & MSR_INPUTS;
    update_modem(uart);
}

static uint8_t read_msr(struct uart *uart)
{
    uint8_t value = uart->msr;
    uart->msr &= MSR_INPUTS;
    update_irq(uart);
    return value;
}

/* --- registers --- */

static void clear_receiver(struct uart *uart)
{
    uart->rx_count = 0;
    for (unsigned i = 0; i < UART_FIFO; i++)
        uart->rx_flags[i] = 0;
    show_head(uart);
    restart_timeout(uart);
    schedule_receive(uart);
}

static void clear_transmitter(struct uart *uart)
{
    uart->tx_count = 0;
    if (!(uart->lsr & LSR_THRE))
        transmitter_empty(uart);
}

static void write_fcr(struct uart *uart, uint8_t value)
{
    if (uart->cfg.model != UART_16550A)
        return;
    bool toggled = (uart->fcr ^ value) & FCR_ENABLE;
    uart->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    if (toggled || ((value & FCR_ENABLE) && (value & FCR_CLEAR_RX)))
        clear_receiver(uart);
    if (toggled || ((value & FCR_ENABLE) && (value & FCR_CLEAR_TX)))
        clear_transmitter(uart);
    update_irq(uart);
}

/* Enabling the THRE interrupt while THR is empty raises it. */
static void write_ier(struct uart *uart, uint8_t value)
{
    bool enables = (value & IER_ETBEI) && !(uart->ier & IER_ETBEI);
    uart->ier = value & IER_MASK;
    if (enables && (uart->lsr & LSR_THRE))
        uart->thre_pending = true;
    update_irq(uart);
}

static void write_lcr(struct uart *uart, uint8_t value)
{
    bool break_begins = (value & LCR_BREAK) && !(uart->lcr & LCR_BREAK);
    uart->lcr = value;
    if (break_begins && (uart->mcr & MCR_LOOP))
        push_received(uart, 0, LSR_BI | LSR_FE);
    else if (break_begins)
        log_write(&uart->log, LOG_DEBUG, "break sent to nobody");
    update_irq(uart);
}

static void write_mcr(struct uart *uart, uint8_t value)
{
    uart->mcr = value & MCR_MASK;
    schedule_receive(uart);
    update_modem(uart);
}

/* Reading IIR takes the THRE interrupt where that is what it reports. */
static uint8_t read_iir(struct uart *uart)
{
    uint8_t id = interrupt_id(uart);
    if (id == IIR_THRE)
        uart->thre_pending = false;
    update_irq(uart);
    return (uint8_t)(id | (fifo_on(uart) ? IIR_FIFO : 0));
}

static uint8_t read_lsr(struct uart *uart)
{
    uint8_t errors = 0;
    for (unsigned i = 0; i < uart->rx_count; i++)
        errors |= uart->rx_flags[(uart->rx_head + i) % UART_FIFO];
    uint8_t value = (uint8_t)(uart->lsr | (fifo_on(uart) && errors ? LSR_FIFO_ERROR : 0));
    uart->lsr &= ~LSR_ERRORS & 0xFF;
    if (uart->rx_count)
        uart->rx_flags[uart->rx_head] = 0;
    update_irq(uart);
    return value;
}

static bool dlab(const struct uart *uart)
{
    return uart->lcr & LCR_DLAB;
}

static uint8_t read_register(struct uart *uart, enum uart_register reg)
{
    switch (reg) {
    case RBR_THR: return dlab(uart) ? (uint8_t)uart->divisor : read_rbr(uart);
    case IER: return dlab(uart) ? (uint8_t)(uart->divisor >> 8) : uart->ier;
    case IIR_FCR: return read_iir(uart);
    case LCR: return uart->lcr;
    case MCR: return uart->mcr;
    case LSR: return read_lsr(uart);
    case MSR: return read_msr(uart);
    case SCR: break;
    }
    return uart->cfg.model == UART_8250 ? 0xFF : uart->scr;
}

static void write_divisor(struct uart *uart, unsigned shift, uint8_t value)
{
    uart->divisor = (uint16_t)((uart->divisor & ~(0xFFu << shift)) | (unsigned)value << shift);
    log_write(&uart->log, LOG_DEBUG, "divisor %u", uart->divisor);
}

static void write_register(struct uart *uart, enum uart_register reg, uint8_t value)
{
    if (dlab(uart) && reg <= IER) {
        write_divisor(uart, reg == IER ? 8 : 0, value);
        return;
    }
    switch (reg) {
    case RBR_THR: write_thr(uart, value); break;
    case IER: write_ier(uart, value); break;
    case IIR_FCR: write_fcr(uart, value); break;
    case LCR: write_lcr(uart, value); break;
    case MCR: write_mcr(uart, value); break;
    case LSR: break; /* factory test only */
    case MSR: break;
    case SCR: uart->scr = value; break;
    }
}

static uint32_t uart_read(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return read_register(self, (enum uart_register)(offset & 7));
}

static void uart_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)size;
    write_register(self, (enum uart_register)(offset & 7), (uint8_t)value);
}

const struct port_ops uart_ports = {uart_read, uart_write, 1, 1};

/* --- reset, state, construction --- */

void uart_reset(struct uart *uart)
{
    event_cancel(&uart->transmit);
    event_cancel(&uart->receive);
    uart->ier = uart->fcr = uart->lcr = uart->mcr = 0;
    uart->tx_count = uart->wire_count = 0;
    uart->lsr = LSR_THRE | LSR_TEMT;
    uart->thre_pending = false;
    uart->msr = uart->modem;
    clear_receiver(uart);
    update_irq(uart);
}

static bool after_load(void *self, struct error *err)
{
    struct uart *uart = self;
    (void)err;
    uart->tx_head %= UART_FIFO;
    uart->rx_head %= UART_FIFO;
    uart->wire_head %= UART_WIRE;
    uart->tx_count = uart->tx_count > UART_FIFO ? UART_FIFO : uart->tx_count;
    uart->rx_count = uart->rx_count > UART_FIFO ? UART_FIFO : uart->rx_count;
    uart->wire_count = uart->wire_count > UART_WIRE ? UART_WIRE : uart->wire_count;
    return true;
}

#define FIELD(member) STATE_SCALAR(struct uart, member)
#define BYTES(member) STATE_ARRAY(struct uart, member)

static const struct state_field uart_fields[] = {FIELD(ier),
                                                 FIELD(fcr),
                                                 FIELD(lcr),
                                                 FIELD(mcr),
                                                 FIELD(lsr),
                                                 FIELD(msr),
                                                 FIELD(scr),
                                                 FIELD(divisor),
                                                 FIELD(thre_pending),
                                                 FIELD(timeout),
                                                 FIELD(modem),
                                                 FIELD(tsr),
                                                 BYTES(tx),
                                                 BYTES(rx),
                                                 BYTES(rx_flags),
                                                 FIELD(tx_head),
                                                 FIELD(tx_count),
                                                 FIELD(rx_head),
                                                 FIELD(rx_count),
                                                 BYTES(wire),
                                                 BYTES(wire_flags),
                                                 FIELD(wire_head),
                                                 FIELD(wire_count),
                                                 STATE_EVENT(struct uart, transmit),
                                                 STATE_EVENT(struct uart, receive),
                                                 STATE_EVENT(struct uart, idle),
                                                 STATE_END};

const struct state_desc uart_state = {
    .name = "uart", .version = 1, .fields = uart_fields, .after_load = after_load};

struct uart *uart_new(const struct uart_config *cfg)
{
    struct uart *uart = alloc_zeroed(sizeof *uart);
    uart->cfg = *cfg;
    log_attach(cfg->log, &uart->log, cfg->name);
    event_init(&uart->transmit, cfg->clock, cfg->name, transmit_due, uart);
    event_init(&uart->receive, cfg->clock, cfg->name, receive_due, uart);
    event_init(&uart->idle, cfg->clock, cfg->name, idle_due, uart);
    uart->divisor = DIVISOR_9600;
    uart->modem = UART_CTS | UART_DSR | UART_DCD;
    uart_reset(uart);
    return uart;
}

void uart_free(struct uart *uart)
{
    if (!uart)
        return;
    event_cancel(&uart->transmit);
    event_cancel(&uart->receive);
    event_cancel(&uart->idle);
    log_detach(&uart->log);
    alloc_free(uart);
}
