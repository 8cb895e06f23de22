/* SPDX-License-Identifier: MIT */
/* MC146818 real-time clock (data sheet ADI-856) behind INT 1Ah AH=00h-07h, INT 70h and INT 15h AH=83h, 86h.
 */
#include "system/time.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/cpu.h"
#include "system/pci.h"
#include "system/regs.h"

enum {
    TICKS_PER_DAY = 0x1800b0,
    STATUS_C_PERIODIC = 0x40,
    STATUS_C_ALARM = 0x20,
    PERIOD_MICROSECONDS = 976, /* 1024 Hz */
    UPDATE_MS = 3,             /* an update takes 1984 us */
    WAIT_BUSY = 1,
    WAIT_POSTED = 0x80,
};

/* False when no RTC answers within the time that an update may take. Afterwards 244 us are safe. */
static bool rtc_stable(void)
{
    struct deadline limit;
    deadline_start(&limit, UPDATE_MS);
    while (cmos_read(CMOS_STATUS_A) & STATUS_A_UPDATING)
        if (deadline_passed(&limit))
            return false;
    return true;
}

static void status_b_change(uint8_t clear, uint8_t set)
{
    cmos_write(CMOS_STATUS_B, (uint8_t)((cmos_read(CMOS_STATUS_B) & ~clear) | set));
}

static uint32_t from_bcd(uint8_t value)
{
    return (uint32_t)(value >> 4) * 10 + (value & 0x0f);
}

void rtc_init(void)
{
    cmos_write(CMOS_STATUS_A, 0x26); /* 32768 Hz, periodic rate 1024 Hz */
    cmos_write(CMOS_STATUS_B, STATUS_B_24H);
    cmos_read(CMOS_STATUS_C);
    cmos_read(CMOS_STATUS_D);
    rtc_stable();
    uint32_t seconds = from_bcd(cmos_read(CMOS_HOURS)) * 3600 + from_bcd(cmos_read(CMOS_MINUTES)) * 60 +
                       from_bcd(cmos_read(CMOS_SECONDS));
    if (seconds >= 86400)
        seconds = 0;
    BDA->ticks = seconds * 19663 / 1080; /* 1573040 ticks in 86400 seconds */
    BDA->midnight = 0;
}

static void get_time(struct regs *r)
{
    if (!rtc_stable()) {
        regs_carry(r, 1);
        return;
    }
    r->ch = cmos_read(CMOS_HOURS);
    r->cl = cmos_read(CMOS_MINUTES);
    r->dh = cmos_read(CMOS_SECONDS);
    r->dl = cmos_read(CMOS_STATUS_B) & 1; /* daylight saving */
    r->ah = 0;
    r->al = r->ch;
    regs_carry(r, 0);
}

static void set_time(struct regs *r)
{
    status_b_change(0, STATUS_B_SET);
    cmos_write(CMOS_HOURS, r->ch);
    cmos_write(CMOS_MINUTES, r->cl);
    cmos_write(CMOS_SECONDS, r->dh);
    status_b_change(STATUS_B_SET | 1, (uint8_t)(STATUS_B_24H | (r->dl & 1)));
    r->ah = 0;
    regs_carry(r, 0);
}

static void get_date(struct regs *r)
{
    if (!rtc_stable()) {
        regs_carry(r, 1);
        return;
    }
    r->ch = cmos_read(CMOS_CENTURY);
    r->cl = cmos_read(CMOS_YEAR);
    r->dh = cmos_read(CMOS_MONTH);
    r->dl = cmos_read(CMOS_DAY);
    r->ah = 0;
    r->al = r->ch;
    regs_carry(r, 0);
}

static void set_date(struct regs *r)
{
    status_b_change(0, STATUS_B_SET);
    cmos_write(CMOS_CENTURY, r->ch);
    cmos_write(CMOS_YEAR, r->cl);
    cmos_write(CMOS_MONTH, r->dh);
    cmos_write(CMOS_DAY, r->dl);
    status_b_change(STATUS_B_SET, 0);
    r->ah = 0;
    regs_carry(r, 0);
}

static void set_alarm(struct regs *r)
{
    if (cmos_read(CMOS_STATUS_B) & STATUS_B_ALARM_INT) {
        regs_carry(r, 1);
        return;
    }
    cmos_write(CMOS_SECONDS_ALARM, r->dh);
    cmos_write(CMOS_MINUTES_ALARM, r->cl);
    cmos_write(CMOS_HOURS_ALARM, r->ch);
    pic_unmask(8);
    pic_unmask(2);
    status_b_change(STATUS_B_SET, STATUS_B_ALARM_INT);
    regs_carry(r, 0);
}

static void get_ticks(struct regs *r)
{
    cpu_cli();
    uint32_t ticks = BDA->ticks;
    r->al = BDA->midnight;
    BDA->midnight = 0;
    r->cx = (uint16_t)(ticks >> 16);
    r->dx = (uint16_t)ticks;
    r->ah = 0;
    regs_carry(r, 0);
}

static void set_ticks(struct regs *r)
{
    cpu_cli();
    BDA->ticks = (uint32_t)r->cx << 16 | r->dx;
    BDA->midnight = 0;
    r->ah = 0;
    regs_carry(r, 0);
}

void time_service(struct regs *r)
{
    switch (r->ah) {
    case 0x00: get_ticks(r); break;
    case 0x01: set_ticks(r); break;
    case 0x02: get_time(r); break;
    case 0x03: set_time(r); break;
    case 0x04: get_date(r); break;
    case 0x05: set_date(r); break;
    case 0x06: set_alarm(r); break;
    case 0x07:
        status_b_change(STATUS_B_ALARM_INT | STATUS_B_SET, 0);
        regs_carry(r, 0);
        break;
    case 0xb1: pci_service(r); break;
    default: regs_carry(r, 1); break;
    }
}

static void wait_start(uint16_t segment, uint16_t offset, uint32_t microseconds)
{
    BDA->wait_flag_segment = segment;
    BDA->wait_flag_offset = offset;
    BDA->wait_microseconds = microseconds;
    BDA->wait_active = WAIT_BUSY;
    pic_unmask(8);
    pic_unmask(2);
    status_b_change(0, STATUS_B_PERIODIC_INT);
}

static void wait_tick(void)
{
    if (!(BDA->wait_active & WAIT_BUSY))
        return;
    if (BDA->wait_microseconds > PERIOD_MICROSECONDS) {
        BDA->wait_microseconds -= PERIOD_MICROSECONDS;
        return;
    }
    BDA->wait_microseconds = 0;
    BDA->wait_active = 0;
    status_b_change(STATUS_B_PERIODIC_INT, 0);
    uint16_t segment = BDA->wait_flag_segment, offset = BDA->wait_flag_offset;
    far_write8(segment, offset, far_read8(segment, offset) | WAIT_POSTED);
}

void rtc_interrupt(struct regs *r)
{
    (void)r;
    uint8_t enabled = cmos_read(CMOS_STATUS_B);
    uint8_t cause = cmos_read(CMOS_STATUS_C) & enabled;
    if (cause & STATUS_C_PERIODIC)
        wait_tick();
    if (cause & STATUS_C_ALARM)
        soft_interrupt_ax(0x4a, 0);
    cpu_cli();
    pic_eoi(8);
}

void wait_event(struct regs *r)
{
    regs_carry(r, 0);
    if (r->al == 1) {
        status_b_change(STATUS_B_PERIODIC_INT, 0);
        BDA->wait_active = 0;
    } else if (r->al == 0 && !(BDA->wait_active & WAIT_BUSY)) {
        wait_start(r->es, r->bx, (uint32_t)r->cx << 16 | r->dx);
        r->ah = 0;
    } else {
        regs_carry(r, 1);
    }
}

/* CX:DX microseconds. The flag that the RTC interrupt posts is our own, in the BDA. */
void wait_delay(struct regs *r)
{
    if (BDA->wait_active & WAIT_BUSY) {
        r->ah = 0x83;
        regs_carry(r, 1);
        return;
    }
    cpu_cli();
    wait_start(0x0040, offsetof(struct bda, wait_active), (uint32_t)r->cx << 16 | r->dx);
    while (!(BDA->wait_active & WAIT_POSTED))
        cpu_wait_interrupt();
    BDA->wait_active = 0;
    r->ah = 0;
    regs_carry(r, 0);
}
