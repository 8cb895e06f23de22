/* SPDX-License-Identifier: MIT */
/*
 * Advanced Power Management BIOS 1.2 (Intel and Microsoft, 1996). Called as INT 15h AH=53h in real mode, and
 * by far call in 16 or 32-bit protected mode (apm_entry.S): this file is compiled for both and therefore
 * touches nothing but its stack and ports. One device, the machine: it can be on or off, and it has no events
 * to report.
 */
#include "system/apm.h"

#include "system/cmos.h"
#include "system/cpu.h"
#include "system/pci.h"
#include "system/regs.h"

enum apm_error {
    APM_DISABLED = 0x01,
    APM_CONNECTED = 0x02,
    APM_NOT_CONNECTED = 0x03,
    APM_PM16_CONNECTED = 0x05,
    APM_PM32_CONNECTED = 0x07,
    APM_BAD_DEVICE = 0x09,
    APM_BAD_VALUE = 0x0a,
    APM_NO_EVENTS = 0x80,
    APM_UNSUPPORTED = 0x0c,
};

enum { APM_16BIT = 1, APM_32BIT = 2, DEVICE_BIOS = 0x0000, DEVICE_ALL = 0x0001 };
enum { STATE_READY = 0, STATE_STANDBY = 1, STATE_SUSPEND = 2, STATE_OFF = 3 };
enum { PM1_CNT = 4, SLP_EN = 1 << 13, SLP_TYP_SOFT_OFF = 0 };

/* How the caller is connected: 0 not, else 1 real mode, 2 16-bit, 3 32-bit. In CMOS (CMOS_APM_CONNECTION),
 * which every mode can reach. */

static uint8_t connection(void)
{
    out8(0x70, CMOS_APM_CONNECTION);
    return in8(0x71);
}

static void set_connection(uint8_t value)
{
    out8(0x70, CMOS_APM_CONNECTION);
    out8(0x71, value);
}

static void fail(struct regs *r, enum apm_error error)
{
    r->ah = (uint8_t)error;
    regs_carry(r, 1);
}

static void installation_check(struct regs *r)
{
    if (r->bx != DEVICE_BIOS) {
        fail(r, APM_BAD_DEVICE);
        return;
    }
    r->ax = 0x0102;
    r->bx = 0x504d; /* "PM" */
    r->cx = APM_16BIT | APM_32BIT;
}

extern const uint8_t apm_entry16[], apm_entry32[]; /* apm_entry.S */

static void connect(struct regs *r, uint8_t kind)
{
    if (r->bx != DEVICE_BIOS) {
        fail(r, APM_BAD_DEVICE);
        return;
    }
    uint8_t now = connection();
    if (now) {
        fail(r, now == 1 ? APM_CONNECTED : now == 2 ? APM_PM16_CONNECTED : APM_PM32_CONNECTED);
        return;
    }
    set_connection(kind);
    if (kind == 1)
        return;
    r->ax = 0xf000; /* code segment; the same serves as 16-bit code segment of the 32-bit interface, and as
                       data */
    r->cx = 0xf000;
    r->si = 0xffff; /* lengths */
    r->di = 0xffff;
    r->ebx = kind == 2 ? NEAR(apm_entry16) : NEAR(apm_entry32);
    if (kind == 2)
        return;
    r->esi = 0xffffffff;
    r->dx = 0xf000;
    r->cx = 0xf000;
}

static void power_off(void)
{
    out16(PM_BASE + PM1_CNT, (uint16_t)(SLP_TYP_SOFT_OFF << 10 | SLP_EN));
}

static void set_power_state(struct regs *r)
{
    if (r->bx != DEVICE_ALL) {
        fail(r, APM_BAD_DEVICE);
        return;
    }
    switch (r->cx) {
    case STATE_READY: break;
    case STATE_OFF: power_off(); break;
    default: fail(r, APM_BAD_VALUE); break; /* no standby, no suspend */
    }
}

static void power_status(struct regs *r)
{
    if (r->bx != DEVICE_ALL) {
        fail(r, APM_BAD_DEVICE);
        return;
    }
    r->bx = 0x01ff; /* on line; battery unknown */
    r->cx = 0x80ff; /* no battery */
    r->dx = 0xffff;
    r->si = 0;
}

static void connected_function(struct regs *r)
{
    switch (r->al) {
    case 0x05: /* CPU idle: HLT with interrupts on, unless the caller must do that itself */
        __asm__ volatile("sti\n\thlt" : : : "memory");
        break;
    case 0x06: break; /* CPU busy */
    case 0x07: set_power_state(r); break;
    case 0x08: /* enable, disable; engage, disengage: nothing would change by itself */
    case 0x0d:
    case 0x0f: break;
    case 0x09: break; /* restore defaults */
    case 0x0a: power_status(r); break;
    case 0x0b: fail(r, APM_NO_EVENTS); break;
    case 0x0c: r->cx = STATE_READY; break;
    case 0x0e: r->ax = r->cx < 0x0102 ? 0x0101 : 0x0102; break;
    case 0x10: /* capabilities: none of the optional ones */
        r->bl = 0;
        r->cx = 0;
        break;
    default: fail(r, APM_UNSUPPORTED); break;
    }
}

void apm_service(struct regs *r)
{
    regs_carry(r, 0);
    if (r->al != 0x0e && r->al != 0x10)
        r->ah = 0;
    switch (r->al) {
    case 0x00: installation_check(r); return;
    case 0x01: connect(r, 1); return;
    case 0x02: connect(r, 2); return;
    case 0x03: connect(r, 3); return;
    default: break;
    }
    if (connection() == 0) {
        fail(r, APM_NOT_CONNECTED);
        return;
    }
    if (r->al == 0x04)
        set_connection(0);
    else
        connected_function(r);
}
