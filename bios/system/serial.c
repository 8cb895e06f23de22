/* SPDX-License-Identifier: MIT */
/* INT 14h over an 8250 or better (PC16550D data sheet), and the search for serial and parallel ports. */
#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/misc.h"
#include "system/regs.h"

enum uart { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCRATCH };
enum uart_bit {
    LCR_DLAB = 0x80,
    LSR_DATA = 0x01,
    LSR_EMPTY = 0x20,
    LINE_TIMEOUT = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
};

extern const uint16_t baud_divisors[8]; /* fixed.S */

static const uint16_t com_ports[4] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
static const uint16_t lpt_ports[3] = {0x378, 0x278, 0x3bc};

static uint8_t uart_in(uint16_t port, enum uart offset)
{
    return in8((uint16_t)(port + offset));
}

static void uart_out(uint16_t port, enum uart offset, uint8_t value)
{
    out8((uint16_t)(port + offset), value);
}

/* Waits until all `bits` of a status register are set; whole seconds as the BDA's timeout bytes have them. */
static bool wait_for(uint16_t port, enum uart offset, uint8_t bits, uint8_t seconds)
{
    struct deadline limit;
    do {
        deadline_start(&limit, 1000);
        do {
            if ((uart_in(port, offset) & bits) == bits)
                return true;
        } while (!deadline_passed(&limit));
    } while (seconds-- > 1);
    return false;
}

static void set_divisor(uint16_t port, uint16_t divisor, uint8_t lcr)
{
    uart_out(port, UART_LCR, LCR_DLAB);
    uart_out(port, UART_DATA, (uint8_t)divisor);
    uart_out(port, UART_IER, (uint8_t)(divisor >> 8));
    uart_out(port, UART_LCR, lcr);
    uart_out(port, UART_IER, 0);
}

static void report(struct regs *r, uint16_t port)
{
    r->ah = uart_in(port, UART_LSR);
    r->al = uart_in(port, UART_MSR);
}

static void send(struct regs *r, uint16_t port, uint8_t seconds)
{
    uart_out(port, UART_MCR, MCR_DTR | MCR_RTS);
    if (!wait_for(port, UART_MSR, MSR_DSR | MSR_CTS, seconds) ||
        !wait_for(port, UART_LSR, LSR_EMPTY, seconds)) {
        r->ah = uart_in(port, UART_LSR) | LINE_TIMEOUT;
        return;
    }
    uart_out(port, UART_DATA, r->al);
    r->ah = uart_in(port, UART_LSR) & (uint8_t)~LINE_TIMEOUT;
}

static void receive(struct regs *r, uint16_t port, uint8_t seconds)
{
    uart_out(port, UART_MCR, MCR_DTR);
    if (!wait_for(port, UART_MSR, MSR_DSR, seconds) || !wait_for(port, UART_LSR, LSR_DATA, seconds)) {
        r->ah = uart_in(port, UART_LSR) | LINE_TIMEOUT;
        return;
    }
    r->ah = uart_in(port, UART_LSR) & 0x1e;
    r->al = uart_in(port, UART_DATA);
}

/* AH=04h (PS/2): AL break, BH parity, BL stop bits, CH word length, CL rate. */
static void extended_init(struct regs *r, uint16_t port)
{
    static const uint8_t parity_bits[5] = {0x00, 0x08, 0x18, 0x28, 0x38};
    static const uint16_t divisors[9] = {1047, 768, 384, 192, 96, 48, 24, 12, 6};
    if (r->bh > 4 || r->ch > 3 || r->cl > 8) {
        r->ah = LINE_TIMEOUT;
        return;
    }
    uint8_t lcr = (uint8_t)((r->al & 1) << 6 | ROM8(parity_bits[r->bh]) | (r->bl & 1) << 2 | r->ch);
    set_divisor(port, ROM16(divisors[r->cl]), lcr);
    report(r, port);
}

static void modem_control(struct regs *r, uint16_t port)
{
    if (r->al == 0)
        r->bl = uart_in(port, UART_MCR);
    else
        uart_out(port, UART_MCR, r->bl);
    report(r, port);
}

void serial_service(struct regs *r)
{
    cpu_sti();
    uint16_t port = r->dx < 4 ? BDA->com_port[r->dx] : 0;
    if (port == 0) {
        r->ah = LINE_TIMEOUT;
        return;
    }
    uint8_t seconds = BDA->com_timeout[r->dx];
    switch (r->ah) {
    case 0:
        set_divisor(port, ROM16(baud_divisors[r->al >> 5]), r->al & 0x1f);
        report(r, port);
        break;
    case 1: send(r, port, seconds); break;
    case 2: receive(r, port, seconds); break;
    case 3: report(r, port); break;
    case 4: extended_init(r, port); break;
    case 5: modem_control(r, port); break;
    default: r->ah = LINE_TIMEOUT; break;
    }
}

/* A UART has IIR bits 5-4 zero and a scratch register or at least a divisor that holds its value. */
static bool uart_present(uint16_t port)
{
    uart_out(port, UART_IER, 0x02);
    bool found = uart_in(port, UART_IER) == 0x02 && (uart_in(port, UART_IIR) & 0x30) == 0;
    uart_out(port, UART_IER, 0x00);
    return found && uart_in(port, UART_IER) == 0;
}

void serial_init(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint16_t port = ROM16(com_ports[i]);
        if (!uart_present(port))
            continue;
        set_divisor(port, 12, 0x03); /* 9600 8N1 */
        BDA->com_port[count] = port;
        BDA->com_timeout[count] = 1;
        count++;
    }
    BDA->equipment = (uint16_t)((BDA->equipment & ~0x0e00u) | count << 9);
}

void parallel_init(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 3; i++) {
        uint16_t port = ROM16(lpt_ports[i]);
        out8((uint16_t)(port + 2), 0x08);
        out8(port, 0xaa);
        if (in8(port) != 0xaa)
            continue;
        out8((uint16_t)(port + 2), 0x0c);
        BDA->lpt_port[count] = port;
        BDA->lpt_timeout[count] = 20;
        count++;
    }
    BDA->equipment = (uint16_t)((BDA->equipment & ~0xc000u) | count << 14);
}
