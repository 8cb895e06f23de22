/* SPDX-License-Identifier: MIT */
/* MC146818 real-time clock with 128 bytes of CMOS memory. Motorola MC146818A data sheet; 82371AB (PIIX4),
 * RTC. */
#ifndef LATHE_DEVICES_CHIPSET_RTC_MC146818_H
#define LATHE_DEVICES_CHIPSET_RTC_MC146818_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"

enum { RTC_SIZE = 128 };

enum rtc_register {
    RTC_SECONDS = 0x00,
    RTC_SECONDS_ALARM = 0x01,
    RTC_MINUTES = 0x02,
    RTC_MINUTES_ALARM = 0x03,
    RTC_HOURS = 0x04,
    RTC_HOURS_ALARM = 0x05,
    RTC_DAY_OF_WEEK = 0x06,
    RTC_DAY_OF_MONTH = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0A,
    RTC_B = 0x0B,
    RTC_C = 0x0C,
    RTC_D = 0x0D,
    RTC_CENTURY = 0x32, /* PC convention: BCD, counted on when the year wraps */
};

/* A calendar time; month and day count from 1. */
struct rtc_time {
    unsigned year, month, day, hour, minute, second;
};

struct rtc_config {
    struct clock *clock;
    struct log *log;
    struct irq_line irq;      /* IRQ8, high = asserted */
    struct irq_line nmi_mask; /* bit 7 of port 70h: high = NMI disabled */
    struct rtc_time start;    /* at power-on; all zero means 2000-01-01T00:00:00 */
};

struct rtc {
    struct rtc_config cfg;
    struct log_source log;
    uint8_t cmos[RTC_SIZE];
    uint8_t index;
    bool nmi_masked;
    uint32_t divider_offset; /* added to the 32,768 Hz count: divider zero ends an update cycle */
    uint64_t periodic_seen;  /* tick up to which the periodic flag is accounted for */
    struct event update, periodic;
};

/* Two ports at 70h. */
extern const struct port_ops rtc_ports;
extern const struct state_desc rtc_state;

/* Powers up with the start time, in BCD and 24-hour mode, running, interrupts off. */
struct rtc *rtc_new(const struct rtc_config *cfg);
void rtc_free(struct rtc *rtc);

/* RESET# pin: interrupts off; time and memory stay. */
void rtc_reset(struct rtc *rtc);

/* Sets the calendar in the format that register B selects. */
void rtc_set_time(struct rtc *rtc, const struct rtc_time *time);

/* Direct access to a CMOS byte (below 128) for the board: memory sizes, floppy types. No side effects. */
uint8_t rtc_peek(const struct rtc *rtc, unsigned index);
void rtc_poke(struct rtc *rtc, unsigned index, uint8_t value);

#endif
