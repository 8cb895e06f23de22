/* SPDX-License-Identifier: MIT */
/* POST's and the boot code's messages. */
#include "system/console.h"

#include <stdarg.h>

#include "system/chipset.h"
#include "system/cpu.h"
#include "system/private.h"
#include "system/regs.h"

uint32_t soft_interrupt_ax(uint8_t vector, uint16_t ax)
{
    struct regs r;
    memset(&r, 0, sizeof r);
    r.ax = ax;
    soft_interrupt(vector, &r);
    return r.ax | (uint32_t)(r.flags & FLAG_CF) << 16;
}

static void put_raw(char c)
{
    if (in8(PORT_DEBUG) == PORT_DEBUG) /* the port answers with its own number */
        out8(PORT_DEBUG, (uint8_t)c);
    if (!PRIVATE->console_ready)
        return;
    struct regs r;
    memset(&r, 0, sizeof r);
    r.ax = (uint16_t)(0x0e00 | (uint8_t)c);
    r.bx = 0x0007;
    soft_interrupt(0x10, &r);
}

void console_putc(char c)
{
    if (c == '\n')
        put_raw('\r');
    put_raw(c);
}

void console_return(void)
{
    put_raw('\r');
}

static void put_number(uint32_t value, unsigned base, unsigned width, char fill)
{
    char digits[11];
    unsigned n = 0;
    do {
        unsigned digit = value % base;
        digits[n++] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        value /= base;
    } while (value);
    while (width > n) {
        console_putc(fill);
        width--;
    }
    while (n)
        console_putc(digits[--n]);
}

static void put_rom_string(const char *s)
{
    char c;
    while ((c = (char)ROM8(*s)) != 0) {
        console_putc(c);
        s++;
    }
}

static void put_string(const char *s)
{
    while (*s)
        console_putc(*s++);
}

/* One conversion; returns the character after it. */
static const char *convert(const char *format, va_list *args)
{
    unsigned width = 0;
    char fill = ' ';
    char c = (char)ROM8(*format++);
    if (c == '0')
        fill = '0';
    while (c >= '0' && c <= '9') {
        width = width * 10 + (unsigned)(c - '0');
        c = (char)ROM8(*format++);
    }
    if (c == 's')
        put_rom_string(va_arg(*args, const char *));
    else if (c == 'S')
        put_string(va_arg(*args, const char *));
    else if (c == 'c')
        console_putc((char)va_arg(*args, int));
    else if (c == 'u')
        put_number(va_arg(*args, uint32_t), 10, width, fill);
    else if (c == 'x')
        put_number(va_arg(*args, uint32_t), 16, width, fill);
    else
        console_putc(c);
    return format;
}

void print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char c;
    while ((c = (char)ROM8(*format)) != 0) {
        format++;
        if (c == '%')
            format = convert(format, &args);
        else
            console_putc(c);
    }
    va_end(args);
}

void print_far(uint16_t segment, uint16_t offset, uint16_t limit)
{
    uint8_t c;
    for (; limit && (c = far_read8(segment, offset)) != 0; limit--, offset++)
        console_putc((char)(c < 0x20 || c > 0x7e ? ' ' : c));
}
