/* SPDX-License-Identifier: MIT */
/* MC146818A real-time clock. Motorola data sheet: "Register A" to "Register D", "Update Cycle".
 *
 * The divider is a 15-bit count at 32,768 Hz. An update cycle ends when it wraps to zero; UIP is up for the
 * 244 us before the cycle and the 1,984 us of it. Releasing the divider from reset starts it half way, so
 * that the first update comes 500 ms later.
 *
 * Deviations: daylight saving (B.DSE) and the square wave pin are not there, as in the PIIX; time bases other
 * than 32.768 kHz count as stopped; a read during UIP gives the time before the update.
 */
#include "devices/chipset/rtc_mc146818.h"

#include <string.h>

#include "core/base/alloc.h"

/* A:  7 UIP | 6-4 DV | 3-0 RS.   B:  7 SET | 6 PIE | 5 AIE | 4 UIE | 3 SQWE | 2 DM | 1 24/12 | 0 DSE */
enum { A_UIP = 0x80, A_DV = 0x70, A_DV_32768 = 0x20, A_DV_RESET = 0x60, A_RS = 0x0F, A_RS_1024 = 0x06 };
enum {
    B_SET = 0x80,
    B_PIE = 0x40,
    B_AIE = 0x20,
    B_UIE = 0x10,
    B_SQWE = 0x08,
    B_DM_BINARY = 0x04,
    B_24H = 0x02,
    B_DSE = 0x01
};
/* C:  7 IRQF | 6 PF | 5 AF | 4 UF: the flags stand where B has their enables. */
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10, C_FLAGS = 0x70 };
enum { D_VRT = 0x80 };
enum { HOURS_PM = 0x80, ALARM_DONT_CARE = 0xC0 };
enum { OSC_HZ = 32768, HALF_SECOND = OSC_HZ / 2 };
enum { UIP_NS = (244 + 1984) * 1000 };
enum { INDEX_MASK = 0x7F, NMI_DISABLE = 0x80 };

static uint8_t to_bcd(unsigned value)
{
    return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

static unsigned from_bcd(uint8_t value)
{
    return (value >> 4) * 10u + (value & 15);
}

static bool is_binary(const struct rtc *rtc)
{
    return rtc->cmos[RTC_B] & B_DM_BINARY;
}

static uint8_t encode(const struct rtc *rtc, unsigned value)
{
    return is_binary(rtc) ? (uint8_t)value : to_bcd(value);
}

static unsigned decode(const struct rtc *rtc, uint8_t value)
{
    return is_binary(rtc) ? value : from_bcd(value);
}

static uint8_t encode_hour(const struct rtc *rtc, unsigned hour)
{
    if (rtc->cmos[RTC_B] & B_24H)
        return encode(rtc, hour);
    unsigned twelve = hour % 12 ? hour % 12 : 12;
    return (uint8_t)(encode(rtc, twelve) | (hour >= 12 ? HOURS_PM : 0));
}

static unsigned decode_hour(const struct rtc *rtc, uint8_t value)
{
    if (rtc->cmos[RTC_B] & B_24H)
        return decode(rtc, value);
    return decode(rtc, value & ~HOURS_PM & 0xFF) % 12 + (value & HOURS_PM ? 12 : 0);
}

/* --- the divider --- */

static uint64_t osc_ticks(const struct rtc *rtc)
{
    return clock_ticks(clock_now(rtc->cfg.clock), OSC_HZ);
}

static bool running(const struct rtc *rtc)
{
    return (rtc->cmos[RTC_A] & A_DV) == A_DV_32768;
}

/* First tick after `tick` at which the low bits of the divider (a power of two of them) wrap to zero. */
static uint64_t next_wrap(const struct rtc *rtc, uint64_t tick, uint32_t period)
{
    uint64_t divider = (tick + rtc->divider_offset) % period;
    return tick + period - divider;
}

static void schedule_update(struct rtc *rtc)
{
    event_cancel(&rtc->update);
    if (running(rtc))
        event_at(&rtc->update, clock_ticks_to_ns(next_wrap(rtc, osc_ticks(rtc), OSC_HZ), OSC_HZ));
}

/* Ticks between periodic interrupts, data sheet table 5; 0 for none. */
static uint32_t periodic_ticks(const struct rtc *rtc)
{
    unsigned rs = rtc->cmos[RTC_A] & A_RS;
    if (!rs || !running(rtc))
        return 0;
    return 1u << (rs <= 2 ? rs + 6 : rs - 1);
}

static void update_irq(struct rtc *rtc)
{
    uint8_t *c = &rtc->cmos[RTC_C];
    bool asserted = *c & rtc->cmos[RTC_B] & C_FLAGS;
    *c = (uint8_t)((*c & C_FLAGS) | (asserted ? C_IRQF : 0));
    irq_line_set(&rtc->cfg.irq, asserted);
}

/* PF rises at each edge of the selected tap, whether or not it may interrupt. */
static void account_periodic(struct rtc *rtc)
{
    uint64_t now = osc_ticks(rtc);
    uint32_t period = periodic_ticks(rtc);
    if (period && next_wrap(rtc, rtc->periodic_seen, period) <= now)
        rtc->cmos[RTC_C] |= C_PF;
    rtc->periodic_seen = now;
}

/* An event is needed only where the flag would pull the line. */
static void schedule_periodic(struct rtc *rtc)
{
    uint32_t period = periodic_ticks(rtc);
    event_cancel(&rtc->periodic);
    if (period && (rtc->cmos[RTC_B] & B_PIE) && !(rtc->cmos[RTC_C] & C_PF))
        event_at(&rtc->periodic, clock_ticks_to_ns(next_wrap(rtc, osc_ticks(rtc), period), OSC_HZ));
}

static void periodic_due(void *opaque, uint64_t late_ns)
{
    struct rtc *rtc = opaque;
    (void)late_ns;
    account_periodic(rtc);
    update_irq(rtc);
    schedule_periodic(rtc);
}

/* --- the calendar --- */

static unsigned days_in_month(unsigned month, bool leap)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month == 2 && leap)
        return 29;
    return month >= 1 && month <= 12 ? days[month - 1] : 31;
}

/* Adds one to a field that runs from `first` to `last`. True where it wrapped. */
static bool step(struct rtc *rtc, enum rtc_register reg, unsigned first, unsigned last)
{
    unsigned value = decode(rtc, rtc->cmos[reg]) + 1;
    bool wraps = value > last;
    rtc->cmos[reg] = encode(rtc, wraps ? first : value);
    return wraps;
}

static bool step_hour(struct rtc *rtc)
{
    unsigned hour = decode_hour(rtc, rtc->cmos[RTC_HOURS]) + 1;
    rtc->cmos[RTC_HOURS] = encode_hour(rtc, hour > 23 ? 0 : hour);
    return hour > 23;
}

static void step_date(struct rtc *rtc)
{
    /* The chip knows years 0 to 99 only: each fourth one is a leap year, 00 included. */
    bool leap = decode(rtc, rtc->cmos[RTC_YEAR]) % 4 == 0;
    unsigned last = days_in_month(decode(rtc, rtc->cmos[RTC_MONTH]), leap);
    step(rtc, RTC_DAY_OF_WEEK, 1, 7);
    if (!step(rtc, RTC_DAY_OF_MONTH, 1, last) || !step(rtc, RTC_MONTH, 1, 12) || !step(rtc, RTC_YEAR, 0, 99))
        return;
    rtc->cmos[RTC_CENTURY] = to_bcd(from_bcd(rtc->cmos[RTC_CENTURY]) + 1);
}

static void step_second(struct rtc *rtc)
{
    if (step(rtc, RTC_SECONDS, 0, 59) && step(rtc, RTC_MINUTES, 0, 59) && step_hour(rtc))
        step_date(rtc);
}

static bool alarm_field_matches(const struct rtc *rtc, enum rtc_register alarm, enum rtc_register field)
{
    uint8_t value = rtc->cmos[alarm];
    return (value & ALARM_DONT_CARE) == ALARM_DONT_CARE || value == rtc->cmos[field];
}

static bool alarm_matches(const struct rtc *rtc)
{
    return alarm_field_matches(rtc, RTC_SECONDS_ALARM, RTC_SECONDS) &&
           alarm_field_matches(rtc, RTC_MINUTES_ALARM, RTC_MINUTES) &&
           alarm_field_matches(rtc, RTC_HOURS_ALARM, RTC_HOURS);
}

static void update_due(void *opaque, uint64_t late_ns)
{
    struct rtc *rtc = opaque;
    (void)late_ns;
    if (!(rtc->cmos[RTC_B] & B_SET)) {
        step_second(rtc);
        rtc->cmos[RTC_C] |= C_UF;
        if (alarm_matches(rtc))
            rtc->cmos[RTC_C] |= C_AF;
        update_irq(rtc);
    }
    schedule_update(rtc);
}

static bool update_in_progress(const struct rtc *rtc)
{
    if ((rtc->cmos[RTC_B] & B_SET) || !rtc->update.pending)
        return false;
    return rtc->update.deadline_ns <= clock_now(rtc->cfg.clock) + UIP_NS;
}

/* Sakamoto's congruence; Sunday is 1, as the chip has it. */
static unsigned day_of_week(const struct rtc_time *time)
{
    static const uint8_t shift[12] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    unsigned year = time->year - (time->month < 3);
    return (year + year / 4 - year / 100 + year / 400 + shift[(time->month - 1) % 12] + time->day) % 7 + 1;
}

void rtc_set_time(struct rtc *rtc, const struct rtc_time *time)
{
    rtc->cmos[RTC_SECONDS] = encode(rtc, time->second);
    rtc->cmos[RTC_MINUTES] = encode(rtc, time->minute);
    rtc->cmos[RTC_HOURS] = encode_hour(rtc, time->hour);
    rtc->cmos[RTC_DAY_OF_WEEK] = (uint8_t)day_of_week(time);
    rtc->cmos[RTC_DAY_OF_MONTH] = encode(rtc, time->day);
    rtc->cmos[RTC_MONTH] = encode(rtc, time->month);
    rtc->cmos[RTC_YEAR] = encode(rtc, time->year % 100);
    rtc->cmos[RTC_CENTURY] = to_bcd(time->year / 100);
}

/* --- registers --- */

static void write_a(struct rtc *rtc, uint8_t value)
{
    account_periodic(rtc);
    bool was_reset = (rtc->cmos[RTC_A] & A_DV_RESET) == A_DV_RESET;
    rtc->cmos[RTC_A] = value & ~A_UIP & 0xFF;
    if (was_reset && running(rtc))
        rtc->divider_offset = (uint32_t)((HALF_SECOND - osc_ticks(rtc)) % OSC_HZ);
    if (!running(rtc))
        log_write(&rtc->log, LOG_DEBUG, "divider stopped (register A = %02Xh)", value);
    schedule_update(rtc);
    update_irq(rtc);
    schedule_periodic(rtc);
}

static void write_b(struct rtc *rtc, uint8_t value)
{
    account_periodic(rtc);
    if (value & B_SET)
        value &= ~B_UIE & 0xFF;
    if (value & B_DSE)
        log_write(&rtc->log, LOG_GUEST, "daylight saving asked for: not there");
    rtc->cmos[RTC_B] = value;
    update_irq(rtc);
    schedule_periodic(rtc);
}

static uint8_t read_c(struct rtc *rtc)
{
    account_periodic(rtc);
    update_irq(rtc);
    uint8_t value = rtc->cmos[RTC_C];
    rtc->cmos[RTC_C] = 0;
    update_irq(rtc);
    schedule_periodic(rtc);
    return value;
}

static uint8_t read_data(struct rtc *rtc)
{
    switch (rtc->index) {
    case RTC_A: return (uint8_t)(rtc->cmos[RTC_A] | (update_in_progress(rtc) ? A_UIP : 0));
    case RTC_C: return read_c(rtc);
    case RTC_D: return D_VRT;
    default: return rtc->cmos[rtc->index];
    }
}

static void write_data(struct rtc *rtc, uint8_t value)
{
    switch (rtc->index) {
    case RTC_A: write_a(rtc, value); break;
    case RTC_B: write_b(rtc, value); break;
    case RTC_C:
    case RTC_D: break; /* read-only */
    case RTC_SECONDS: rtc->cmos[RTC_SECONDS] = value & 0x7F; break;
    default: rtc->cmos[rtc->index] = value; break;
    }
}

static void write_index(struct rtc *rtc, uint8_t value)
{
    rtc->index = value & INDEX_MASK;
    rtc->nmi_masked = value & NMI_DISABLE;
    irq_line_set(&rtc->cfg.nmi_mask, rtc->nmi_masked);
}

/* The index register is write-only on a PC. */
static uint32_t rtc_read(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return offset ? read_data(self) : 0xFF;
}

static void rtc_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)size;
    if (offset)
        write_data(self, (uint8_t)value);
    else
        write_index(self, (uint8_t)value);
}

const struct port_ops rtc_ports = {rtc_read, rtc_write, 1, 1};

uint8_t rtc_peek(const struct rtc *rtc, unsigned index)
{
    return rtc->cmos[index % RTC_SIZE];
}

void rtc_poke(struct rtc *rtc, unsigned index, uint8_t value)
{
    rtc->cmos[index % RTC_SIZE] = value;
}

/* --- reset, state, construction --- */

void rtc_reset(struct rtc *rtc)
{
    rtc->cmos[RTC_B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE) & 0xFF;
    rtc->cmos[RTC_C] = 0;
    rtc->index = 0;
    rtc->periodic_seen = osc_ticks(rtc);
    update_irq(rtc);
    schedule_periodic(rtc);
    rtc->nmi_masked = false;
    irq_line_set(&rtc->cfg.nmi_mask, false);
}

static const struct state_field rtc_fields[] = {
    STATE_ARRAY(struct rtc, cmos),           STATE_SCALAR(struct rtc, index),
    STATE_SCALAR(struct rtc, nmi_masked),    STATE_SCALAR(struct rtc, divider_offset),
    STATE_SCALAR(struct rtc, periodic_seen), STATE_EVENT(struct rtc, update),
    STATE_EVENT(struct rtc, periodic),       STATE_END};

static bool after_load(void *self, struct error *err)
{
    struct rtc *rtc = self;
    (void)err;
    rtc->index &= INDEX_MASK;
    return true;
}

const struct state_desc rtc_state = {
    .name = "rtc", .version = 1, .fields = rtc_fields, .after_load = after_load};

struct rtc *rtc_new(const struct rtc_config *cfg)
{
    static const struct rtc_time default_start = {2000, 1, 1, 0, 0, 0};
    struct rtc *rtc = alloc_zeroed(sizeof *rtc);
    rtc->cfg = *cfg;
    log_attach(cfg->log, &rtc->log, "rtc");
    event_init(&rtc->update, cfg->clock, "rtc-update", update_due, rtc);
    event_init(&rtc->periodic, cfg->clock, "rtc-periodic", periodic_due, rtc);
    rtc->cmos[RTC_A] = A_DV_32768 | A_RS_1024;
    rtc->cmos[RTC_B] = B_24H;
    rtc_set_time(rtc, cfg->start.year ? &cfg->start : &default_start);
    rtc->divider_offset = (uint32_t)((OSC_HZ - osc_ticks(rtc) % OSC_HZ) % OSC_HZ);
    rtc_reset(rtc);
    schedule_update(rtc);
    return rtc;
}

void rtc_free(struct rtc *rtc)
{
    if (!rtc)
        return;
    event_cancel(&rtc->update);
    event_cancel(&rtc->periodic);
    log_detach(&rtc->log);
    alloc_free(rtc);
}
