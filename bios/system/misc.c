/* SPDX-License-Identifier: MIT */
/* The services of a few lines: INT 05h, 11h, 12h, 17h. */
#include "system/misc.h"
#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/regs.h"

enum { PRINT_SCREEN_STATUS = 0x500, PRINTING = 1, PRINT_FAILED = 0xff };

enum printer_status {
    PRINTER_TIMEOUT = 0x01,
    PRINTER_ERROR = 0x08,
    PRINTER_SELECTED = 0x10,
    PRINTER_NO_PAPER = 0x20,
    PRINTER_ACK = 0x40,
    PRINTER_IDLE = 0x80,
};

void equipment_service(struct regs *r)
{
    r->ax = BDA->equipment;
}

void memory_size_service(struct regs *r)
{
    r->ax = BDA->memory_kib;
}

/* Status lines of the port, with the senses INT 17h has them in. */
static uint8_t printer_status(uint16_t port)
{
    return (uint8_t)((in8((uint16_t)(port + 1)) ^ (PRINTER_ACK | PRINTER_ERROR)) & 0xf8);
}

static uint8_t printer_put(uint16_t port, uint8_t value, uint8_t timeout)
{
    struct deadline limit;
    out8(port, value);
    for (unsigned second = 0; !(printer_status(port) & PRINTER_IDLE); second++) {
        if (second == timeout)
            return printer_status(port) | PRINTER_TIMEOUT;
        deadline_start(&limit, 1000);
        while (!(printer_status(port) & PRINTER_IDLE) && !deadline_passed(&limit))
            ;
    }
    out8((uint16_t)(port + 2), 0x0d); /* strobe */
    out8((uint16_t)(port + 2), 0x0c);
    return printer_status(port);
}

static uint8_t printer_init(uint16_t port)
{
    struct deadline limit;
    out8((uint16_t)(port + 2), 0x08); /* INIT# low */
    deadline_start(&limit, 1);
    while (!deadline_passed(&limit))
        ;
    out8((uint16_t)(port + 2), 0x0c);
    return printer_status(port);
}

void printer_service(struct regs *r)
{
    cpu_sti();
    uint16_t port = r->dx < 3 ? BDA->lpt_port[r->dx] : 0;
    if (port == 0) {
        r->ah = PRINTER_TIMEOUT;
        return;
    }
    switch (r->ah) {
    case 0: r->ah = printer_put(port, r->al, BDA->lpt_timeout[r->dx]); break;
    case 1: r->ah = printer_init(port); break;
    case 2: r->ah = printer_status(port); break;
    default: break;
    }
}

/* One character to the first printer; false when it does not take it. */
static bool print_char(uint8_t c)
{
    struct regs r;
    memset(&r, 0, sizeof r);
    r.al = c;
    soft_interrupt(0x17, &r);
    return !(r.ah & (PRINTER_TIMEOUT | PRINTER_NO_PAPER | PRINTER_ERROR));
}

static uint8_t character_at(uint8_t page, uint8_t row, uint8_t column)
{
    struct regs r;
    memset(&r, 0, sizeof r);
    r.ah = 0x02;
    r.bh = page;
    r.dh = row;
    r.dl = column;
    soft_interrupt(0x10, &r);
    r.ah = 0x08;
    r.bh = page;
    soft_interrupt(0x10, &r);
    return r.al ? r.al : ' ';
}

static bool print_page(uint8_t page, uint8_t columns, uint8_t rows)
{
    for (uint8_t row = 0; row < rows; row++) {
        for (uint8_t column = 0; column < columns; column++)
            if (!print_char(character_at(page, row, column)))
                return false;
        if (!print_char('\r') || !print_char('\n'))
            return false;
    }
    return true;
}

/* INT 05h. 0050:0000 says 1 while printing and FFh after a failure. */
void print_screen_service(struct regs *unused)
{
    (void)unused;
    volatile uint8_t __seg_fs *status = (volatile uint8_t __seg_fs *)PRINT_SCREEN_STATUS;
    if (*status == PRINTING)
        return;
    *status = PRINTING;
    cpu_sti();
    struct regs mode, cursor;
    memset(&mode, 0, sizeof mode);
    mode.ah = 0x0f;
    soft_interrupt(0x10, &mode);
    memset(&cursor, 0, sizeof cursor);
    cursor.ah = 0x03;
    cursor.bh = mode.bh;
    soft_interrupt(0x10, &cursor);
    uint8_t rows = (uint8_t)(BDA->video_rows + 1);
    bool done = print_char('\r') && print_char('\n') && print_page(mode.bh, mode.ah, rows);
    cursor.ah = 0x02;
    cursor.bh = mode.bh;
    soft_interrupt(0x10, &cursor);
    *status = done ? 0 : PRINT_FAILED;
}
