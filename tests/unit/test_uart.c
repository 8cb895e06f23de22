/* SPDX-License-Identifier: MIT */
/* 16550A: timing, FIFOs, triggers, timeouts, interrupt priorities, loopback, modem lines, older models. */
#include <string.h>

#include "devices/serial/uart_16550.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };
enum { CHAR_NS = 86806 }; /* 10 bits at 115,200 baud, rounded up */

struct bench {
    struct clock clock;
    struct fake_line irq;
    struct uart *uart;
    char out[256];
    size_t sent;
};

static void take(void *self, uint8_t byte)
{
    struct bench *t = self;
    t->out[t->sent++] = (char)byte;
}

static void put(struct bench *t, uint32_t reg, uint8_t value)
{
    uart_ports.write(t->uart, reg, 1, value);
}

static uint32_t get(struct bench *t, uint32_t reg)
{
    return uart_ports.read(t->uart, reg, 1);
}

static void setup_model(struct bench *t, enum uart_model model)
{
    *t = (struct bench){0};
    fake_clock_init(&t->clock);
    t->irq.clock = &t->clock;
    t->uart = uart_new(&(struct uart_config){
        .clock = &t->clock, .name = "com1", .model = model, .irq = fake_line_to(&t->irq), .out = {take, t}});
    put(t, LCR, 0x83);
    put(t, 0, 1);
    put(t, 1, 0);
    put(t, LCR, 0x03);
    put(t, MCR, 0x0B);
}

static void setup(struct bench *t)
{
    setup_model(t, UART_16550A);
}

static void teardown(struct bench *t)
{
    uart_free(t->uart);
    ck_assert(!t->clock.first);
}

static void send(struct bench *t, const char *text)
{
    for (; *text; text++)
        uart_receive(t->uart, (uint8_t)*text);
}

START_TEST(transmit_takes_its_time)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(get(&t, LSR), 0x60);
    put(&t, THR, 'a'); /* straight to the shift register */
    ck_assert_uint_eq(get(&t, LSR), 0x20);
    put(&t, THR, 'b');
    ck_assert_uint_eq(get(&t, LSR), 0x00);
    fake_clock_to(&t.clock, CHAR_NS - 1);
    ck_assert_uint_eq(t.sent, 0);
    fake_clock_to(&t.clock, CHAR_NS);
    ck_assert_uint_eq(t.sent, 1);
    ck_assert_uint_eq(get(&t, LSR), 0x20);
    fake_clock_to(&t.clock, 2 * CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR), 0x60);
    ck_assert_str_eq(t.out, "ab");
    teardown(&t);
}
END_TEST

/* Virtual time that one character takes with a given LCR and divisor. */
static uint64_t char_time(uint8_t lcr, uint16_t divisor)
{
    struct bench t;
    setup(&t);
    put(&t, LCR, 0x80 | lcr);
    put(&t, 0, (uint8_t)divisor);
    put(&t, 1, (uint8_t)(divisor >> 8));
    put(&t, LCR, lcr);
    put(&t, THR, 'x');
    uint64_t deadline = 0;
    clock_next_deadline(&t.clock, &deadline);
    teardown(&t);
    return deadline;
}

START_TEST(line_formats)
{
    ck_assert_uint_eq(char_time(0x03, 12), 1041667);    /* 8N1 at 9,600: 10 bits */
    ck_assert_uint_eq(char_time(0x07, 12), 1145834);    /* 8N2: 11 bits */
    ck_assert_uint_eq(char_time(0x1A, 12), 1041667);    /* 7E1: 10 bits */
    ck_assert_uint_eq(char_time(0x04, 12), 781250);     /* 5 bits, 1.5 stop bits: 7.5 */
    ck_assert_uint_eq(char_time(0x03, 384), 33333334);  /* 300 baud */
    ck_assert_uint_eq(char_time(0x03, 0), 5688888889u); /* 0 counts as 65,536 */
}
END_TEST

START_TEST(word_length_cuts_data)
{
    struct bench t;
    setup(&t);
    put(&t, LCR, 0x02);
    put(&t, THR, 0xC1);
    uart_receive(t.uart, 0xFF);
    fake_clock_advance(&t.clock, 2 * CHAR_NS);
    ck_assert_int_eq(t.out[0], 0x41);
    ck_assert_uint_eq(get(&t, RBR), 0x7F);
    teardown(&t);
}
END_TEST

START_TEST(thre_interrupt)
{
    struct bench t;
    setup(&t);
    put(&t, IER, 0x02); /* THR is empty: at once */
    ck_assert(t.irq.level);
    ck_assert_uint_eq(get(&t, IIR), 0x02);
    ck_assert(!t.irq.level);
    ck_assert_uint_eq(get(&t, IIR), 0x01);
    put(&t, THR, 'a'); /* into the shift register, THR is empty again */
    ck_assert(t.irq.level);
    put(&t, THR, 'b');
    ck_assert(!t.irq.level);
    fake_clock_advance(&t.clock, CHAR_NS);
    ck_assert(t.irq.level);
    /* Enabling it again raises it again. */
    get(&t, IIR);
    put(&t, IER, 0x00);
    put(&t, IER, 0x02);
    ck_assert_uint_eq(get(&t, IIR), 0x02);
    teardown(&t);
}
END_TEST

START_TEST(transmit_fifo)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0x01);
    put(&t, IER, 0x02);
    get(&t, IIR);
    for (unsigned i = 0; i < 17; i++)
        put(&t, THR, (uint8_t)('A' + i));
    ck_assert_uint_eq(get(&t, LSR) & 0x60, 0);
    put(&t, THR, '!'); /* one shifting, 16 waiting: lost */
    fake_clock_to(&t.clock, 16 * CHAR_NS - 1);
    ck_assert(!t.irq.level);
    fake_clock_to(&t.clock, 16 * CHAR_NS);
    ck_assert(t.irq.level);
    ck_assert_uint_eq(get(&t, LSR) & 0x60, 0x20);
    fake_clock_to(&t.clock, 17 * CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR) & 0x60, 0x60);
    ck_assert_str_eq(t.out, "ABCDEFGHIJKLMNOPQ");
    teardown(&t);
}
END_TEST

START_TEST(receive_paced)
{
    struct bench t;
    setup(&t);
    put(&t, IER, 0x01);
    send(&t, "xy");
    fake_clock_to(&t.clock, CHAR_NS - 1);
    ck_assert_uint_eq(get(&t, LSR) & 1, 0);
    fake_clock_to(&t.clock, CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR) & 1, 1);
    ck_assert_uint_eq(get(&t, IIR), 0x04);
    /* The wire waits for the reader: no overrun however late it is. */
    fake_clock_to(&t.clock, 100 * CHAR_NS);
    ck_assert_uint_eq(get(&t, RBR), 'x');
    ck_assert(!t.irq.level);
    ck_assert_uint_eq(get(&t, LSR) & 3, 0);
    fake_clock_advance(&t.clock, CHAR_NS);
    ck_assert_uint_eq(get(&t, RBR), 'y');
    teardown(&t);
}
END_TEST

START_TEST(receive_room_is_bounded)
{
    struct bench t;
    setup(&t);
    put(&t, MCR, 0x1B); /* loopback: the wire stands still */
    ck_assert_uint_eq(uart_receive_room(t.uart), UART_WIRE);
    for (unsigned i = 0; i < UART_WIRE + 5; i++)
        uart_receive(t.uart, (uint8_t)i);
    ck_assert_uint_eq(uart_receive_room(t.uart), 0);
    put(&t, FCR, 0x01);
    put(&t, MCR, 0x0B);
    for (unsigned i = 0; i < UART_WIRE; i++) {
        fake_clock_advance(&t.clock, CHAR_NS);
        ck_assert_uint_eq(get(&t, RBR), i);
    }
    fake_clock_advance(&t.clock, 10 * CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR) & 1, 0);
    teardown(&t);
}
END_TEST

START_TEST(triggers)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    for (unsigned i = 0; i < 4; i++) {
        struct bench t;
        setup(&t);
        put(&t, FCR, (uint8_t)(0x01 | i << 6));
        put(&t, IER, 0x01);
        send(&t, "0123456789ABCDEF");
        fake_clock_to(&t.clock, levels[i] * (uint64_t)CHAR_NS - 1);
        ck_assert(!t.irq.level);
        fake_clock_to(&t.clock, levels[i] * (uint64_t)CHAR_NS);
        ck_assert_uint_eq(get(&t, IIR), 0xC4);
        get(&t, RBR);
        ck_assert(!t.irq.level);
        teardown(&t);
    }
}
END_TEST

START_TEST(character_timeout)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0xC1);
    put(&t, IER, 0x01);
    send(&t, "ab");
    fake_clock_to(&t.clock, 6 * CHAR_NS - 1);
    ck_assert(!t.irq.level);
    fake_clock_to(&t.clock, 6 * CHAR_NS);
    ck_assert(t.irq.level);
    ck_assert_uint_eq(get(&t, IIR), 0xCC);
    ck_assert_uint_eq(get(&t, RBR), 'a');
    ck_assert(!t.irq.level);
    fake_clock_advance(&t.clock, 4 * CHAR_NS);
    ck_assert_uint_eq(get(&t, IIR), 0xCC);
    get(&t, RBR);
    fake_clock_advance(&t.clock, 40 * CHAR_NS);
    ck_assert(!t.irq.level);
    teardown(&t);
}
END_TEST

START_TEST(priorities)
{
    struct bench t;
    setup(&t);
    put(&t, IER, 0x0F);
    uart_receive_break(t.uart);
    uart_set_modem(t.uart, UART_DSR | UART_DCD);
    fake_clock_advance(&t.clock, CHAR_NS);
    ck_assert_uint_eq(get(&t, IIR), 0x06);
    ck_assert_uint_eq(get(&t, LSR), 0x60 | 0x10 | 0x08 | 0x01);
    ck_assert_uint_eq(get(&t, IIR), 0x04);
    ck_assert_uint_eq(get(&t, RBR), 0);
    ck_assert_uint_eq(get(&t, IIR), 0x02);
    ck_assert_uint_eq(get(&t, IIR), 0x00);
    ck_assert_uint_eq(get(&t, MSR), 0xA1);
    ck_assert_uint_eq(get(&t, IIR), 0x01);
    ck_assert(!t.irq.level);
    teardown(&t);
}
END_TEST

START_TEST(error_travels_through_the_fifo)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0x01);
    send(&t, "a");
    uart_receive_break(t.uart);
    fake_clock_advance(&t.clock, 2 * CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR), 0x80 | 0x60 | 0x01); /* not at the head yet */
    get(&t, RBR);
    ck_assert_uint_eq(get(&t, LSR), 0x80 | 0x60 | 0x18 | 0x01);
    ck_assert_uint_eq(get(&t, LSR), 0x60 | 0x01);
    teardown(&t);
}
END_TEST

START_TEST(loopback)
{
    struct bench t;
    setup(&t);
    put(&t, IER, 0x01);
    put(&t, MCR, 0x1A);
    ck_assert_uint_eq(get(&t, MSR) & 0xF0, 0x90);
    put(&t, THR, 'L');
    fake_clock_advance(&t.clock, CHAR_NS);
    ck_assert_uint_eq(t.sent, 0);
    ck_assert(!t.irq.level); /* OUT2 is off while looped */
    ck_assert_uint_eq(get(&t, IIR), 0x04);
    put(&t, THR, 'M');
    fake_clock_advance(&t.clock, CHAR_NS);
    ck_assert_uint_eq(get(&t, LSR) & 0x03, 0x03); /* overrun */
    ck_assert_uint_eq(get(&t, RBR), 'M');
    put(&t, LCR, 0x43);
    ck_assert_uint_eq(get(&t, LSR) & 0x11, 0x11);
    teardown(&t);
}
END_TEST

START_TEST(fifo_overrun_keeps_the_old)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0x01);
    put(&t, MCR, 0x10);
    for (unsigned i = 0; i < 17; i++) {
        put(&t, THR, (uint8_t)i);
        fake_clock_advance(&t.clock, CHAR_NS);
    }
    ck_assert_uint_eq(get(&t, LSR) & 0x02, 0x02);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(get(&t, RBR), i);
    ck_assert_uint_eq(get(&t, LSR) & 0x01, 0);
    teardown(&t);
}
END_TEST

START_TEST(modem_status)
{
    struct bench t;
    setup(&t);
    ck_assert_uint_eq(get(&t, MSR), 0xB0);
    put(&t, IER, 0x08);
    uart_set_modem(t.uart, UART_CTS | UART_DSR | UART_DCD | UART_RI);
    ck_assert(!t.irq.level); /* the leading edge of RI does not count */
    uart_set_modem(t.uart, UART_CTS | UART_DSR | UART_DCD);
    ck_assert(t.irq.level);
    ck_assert_uint_eq(get(&t, MSR), 0xB4);
    ck_assert(!t.irq.level);
    uart_set_modem(t.uart, 0);
    ck_assert_uint_eq(get(&t, MSR), 0x0B);
    ck_assert_uint_eq(get(&t, MSR), 0x00);
    teardown(&t);
}
END_TEST

START_TEST(out2_gates_the_line)
{
    struct bench t;
    setup(&t);
    put(&t, MCR, 0x03);
    put(&t, IER, 0x02);
    ck_assert(!t.irq.level);
    put(&t, MCR, 0x0B);
    ck_assert(t.irq.level);
    teardown(&t);
}
END_TEST

START_TEST(fcr_clears)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0x01);
    send(&t, "abc");
    fake_clock_advance(&t.clock, 3 * CHAR_NS);
    put(&t, FCR, 0x03);
    ck_assert_uint_eq(get(&t, LSR) & 1, 0);
    put(&t, THR, '1');
    put(&t, THR, '2');
    put(&t, FCR, 0x05);
    fake_clock_advance(&t.clock, 5 * CHAR_NS);
    ck_assert_str_eq(t.out, "1"); /* the shift register is not cleared */
    ck_assert_uint_eq(get(&t, IIR), 0xC1);
    put(&t, FCR, 0x00);
    ck_assert_uint_eq(get(&t, IIR), 0x01);
    teardown(&t);
}
END_TEST

START_TEST(older_models)
{
    struct bench t;
    setup_model(&t, UART_16450);
    put(&t, FCR, 0xC1);
    ck_assert_uint_eq(get(&t, IIR), 0x01);
    put(&t, SCR, 0x5A);
    ck_assert_uint_eq(get(&t, SCR), 0x5A);
    teardown(&t);
    setup_model(&t, UART_8250);
    put(&t, SCR, 0x5A);
    ck_assert_uint_eq(get(&t, SCR), 0xFF);
    teardown(&t);
}
END_TEST

START_TEST(registers_mask)
{
    struct bench t;
    setup(&t);
    put(&t, IER, 0xFF);
    ck_assert_uint_eq(get(&t, IER), 0x0F);
    put(&t, MCR, 0xFF);
    ck_assert_uint_eq(get(&t, MCR), 0x1F);
    put(&t, LCR, 0x80);
    put(&t, 0, 0x34);
    put(&t, 1, 0x12);
    ck_assert_uint_eq(get(&t, 0), 0x34);
    ck_assert_uint_eq(get(&t, 1), 0x12);
    teardown(&t);
}
END_TEST

START_TEST(speedup)
{
    struct bench t;
    setup(&t);
    t.uart->cfg.speedup = 10;
    put(&t, THR, 'x');
    fake_clock_to(&t.clock, CHAR_NS / 10);
    ck_assert_uint_eq(t.sent, 0);
    fake_clock_to(&t.clock, CHAR_NS / 10 + 1);
    ck_assert_uint_eq(t.sent, 1);
    teardown(&t);
}
END_TEST

START_TEST(drain)
{
    struct bench t;
    setup(&t);
    put(&t, FCR, 0x01);
    for (const char *c = "bye"; *c; c++)
        put(&t, THR, (uint8_t)*c);
    uart_drain(t.uart);
    ck_assert_str_eq(t.out, "bye");
    teardown(&t);
}
END_TEST

START_TEST(state)
{
    struct bench t, copy;
    setup(&t);
    setup(&copy);
    put(&t, FCR, 0xC1);
    put(&t, IER, 0x01);
    send(&t, "hello");
    put(&t, THR, '1');
    put(&t, THR, '2');
    fake_clock_advance(&t.clock, 2 * CHAR_NS - 7);
    fake_clock_to(&copy.clock, clock_now(&t.clock));
    ck_assert(state_round_trip(&uart_state, t.uart, copy.uart));
    fake_clock_advance(&t.clock, 20 * CHAR_NS);
    fake_clock_advance(&copy.clock, 20 * CHAR_NS);
    ck_assert(copy.irq.level);
    ck_assert_uint_eq(copy.irq.last_rise_ns, t.irq.last_rise_ns);
    ck_assert_str_eq(copy.out, "2");
    for (const char *c = "hello"; *c; c++)
        ck_assert_int_eq((int)get(&copy, RBR), *c);
    teardown(&t);
    teardown(&copy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {transmit_takes_its_time,
                                  line_formats,
                                  word_length_cuts_data,
                                  thre_interrupt,
                                  transmit_fifo,
                                  receive_paced,
                                  receive_room_is_bounded,
                                  triggers,
                                  character_timeout,
                                  priorities,
                                  error_travels_through_the_fifo,
                                  loopback,
                                  fifo_overrun_keeps_the_old,
                                  modem_status,
                                  out2_gates_the_line,
                                  fcr_clears,
                                  older_models,
                                  registers_mask,
                                  speedup,
                                  drain,
                                  state};
    return suite_run("uart", tests, sizeof tests / sizeof tests[0]);
}
