/* SPDX-License-Identifier: MIT */
/*
 * Page "speed": counts how often a loop of known length runs in a known time, with two clocks that do not
 * depend on each other, and how far the time stamp counter gets.
 *
 *   system timer   the PIT (8254) divides 1193182 Hz by 65536; each output edge is IRQ 0, and the BIOS counts
 * it in the data area at 0040:006C: 18.2065 ticks a second RTC            the MC146818 changes its seconds
 * register at 1 Hz
 */
#include "common/io.h"
#include "demo/arith.h"
#include "demo/bios.h"
#include "demo/cpu.h"
#include "demo/pages.h"

enum { PIT_HZ = 1193182, TICK_CLOCKS = 65536, TICKS = 18, BLOCK = 1000, LOOP_INSTRUCTIONS = 2 };
enum { LABEL = LIGHT_CYAN, VALUE = WHITE, NOTE = GREY, LEFT = 3, VALUES = 24 };
enum {
    PORT_CMOS_INDEX = 0x70,
    PORT_CMOS_DATA = 0x71,
    CMOS_SECONDS = 0x00,
    CMOS_STATUS_A = 0x0a,
    STATUS_A_UIP = 0x80
};

/* BLOCK times two instructions, the same for every compiler. */
static void spin(void)
{
    uint32_t count = BLOCK;
    __asm__ volatile("1: decl %0\n\tjnz 1b" : "+r"(count) : : "cc");
}

static uint32_t tick(void)
{
    uint32_t low = peek8(0x40, 0x6c);
    return low | (uint32_t)peek8(0x40, 0x6d) << 8;
}

/* The seconds register, read when the clock is not changing it. */
static uint32_t rtc_second(void)
{
    uint32_t tries = 100000;
    do
        out8(PORT_CMOS_INDEX, CMOS_STATUS_A);
    while (in8(PORT_CMOS_DATA) & STATUS_A_UIP && --tries);
    out8(PORT_CMOS_INDEX, CMOS_SECONDS);
    return in8(PORT_CMOS_DATA);
}

struct result {
    uint32_t blocks, tsc;
};

/*
 * Spins from one change of the clock until it has changed `changes` times more. A clock that stands still
 * ends the measurement after `limit` blocks.
 */
static int measure(uint32_t (*clock)(void), unsigned changes, int has_tsc, struct result *result)
{
    uint32_t limit = 4u * 1000 * 1000, last = clock();
    for (uint32_t i = 0; clock() == last; i++) {
        spin();
        if (i == limit)
            return 0;
    }
    last = clock();
    result->tsc = has_tsc ? cpu_tsc() : 0;
    for (result->blocks = 0; changes; result->blocks++) {
        uint32_t now = clock();
        if (now != last) {
            last = now;
            changes--;
        }
        spin();
        if (result->blocks == limit)
            return 0;
    }
    if (has_tsc)
        result->tsc = cpu_tsc() - result->tsc;
    return 1;
}

/* Thousandths as "12.345". */
static void put_thousandths(uint32_t value)
{
    put_number(value / 1000, VALUE);
    put_char('.', VALUE);
    put_char((char)('0' + value / 100 % 10), VALUE);
    put_char((char)('0' + value / 10 % 10), VALUE);
    put_char((char)('0' + value % 10), VALUE);
}

static void show(unsigned row, const char *label, const struct result *result, uint32_t microseconds)
{
    put_at(LEFT, row, label, LABEL);
    move_to(VALUES, row);
    put_number(result->blocks, VALUE);
    put_text(" rounds of ", NOTE);
    put_number(BLOCK, VALUE);
    put_text(" in ", NOTE);
    put_number(microseconds / 1000, VALUE);
    put_text(" ms", NOTE);
    move_to(VALUES, row + 1);
    /* rounds * instructions / microseconds is millions a second; times 1000 for the thousandths */
    put_thousandths(mul_div(result->blocks, (uint32_t)BLOCK * LOOP_INSTRUCTIONS * 1000, microseconds));
    put_text(" million instructions a second", NOTE);
    if (result->tsc) {
        move_to(VALUES, row + 2);
        put_thousandths(mul_div(result->tsc, 1000, microseconds));
        put_text(" MHz by the time stamp counter", NOTE);
    }
}

void page_speed(void)
{
    struct cpu cpu;
    struct result result;
    cpu_identify(&cpu);
    draw_frame("CPU speed");
    put_at(LEFT, 4, "The loop is two instructions: DEC and JNZ. Each clock takes about a second.", NOTE);
    do {
        clear_area(1, 6, 78, 20, BLACK);
        put_at(LEFT, 7, "System timer", LABEL);
        put_at(VALUES, 7, "measuring...", NOTE);
        if (measure(tick, TICKS, cpu.has_tsc, &result))
            show(7, "System timer", &result, mul_div((uint32_t)TICKS * TICK_CLOCKS, 1000000, PIT_HZ));
        else
            put_at(VALUES, 7, "the timer does not tick", LIGHT_RED);
        put_at(LEFT, 11, "Real-time clock", LABEL);
        put_at(VALUES, 11, "measuring...", NOTE);
        if (measure(rtc_second, 1, cpu.has_tsc, &result))
            show(11, "Real-time clock", &result, 1000000);
        else
            put_at(VALUES, 11, "the clock stands still", LIGHT_RED);
        put_at(LEFT, 16, "Space measures again, any other key goes back.", NOTE);
    } while ((wait_key_with_clock() & 0xff) == ' ');
}
