/* SPDX-License-Identifier: MIT */
/*
 * Power-off through APM (Advanced Power Management BIOS interface 1.2): find it, connect to its real-mode
 * interface, tell it that we know version 1.2, then set the state of all devices to "off". A machine without
 * APM would need ACPI, that is an interpreter for the tables' byte code; too much for a demo, so we say that
 * it is safe to switch off.
 */
#include "demo/bios.h"
#include "demo/pages.h"

enum {
    APM_CHECK = 0x5300,
    APM_CONNECT_REAL = 0x5301,
    APM_DISCONNECT = 0x5304,
    APM_SET_STATE = 0x5307,
    APM_ENABLE = 0x5308,
    APM_VERSION = 0x530e,
    APM_BIOS = 0,
    APM_ALL_DEVICES = 1,
    APM_OFF = 3,
    APM_1_2 = 0x0102
};

/* True where the BIOS did it. */
static int apm(uint16_t function, uint16_t device, uint16_t value)
{
    struct bios_regs r = {.ax.x = function, .bx.x = device, .cx.x = value};
    bios_call(0x15, &r);
    return !(r.flags & FLAG_CARRY);
}

/* Half a second, so that the last page can be read. */
static void pause(void)
{
    uint32_t start = timer_ticks();
    while (timer_ticks() - start < 9)
        __asm__ volatile("hlt" : : : "memory");
}

void power_off(void)
{
    draw_frame("Power off");
    put_at(3, 5, "Goodbye.", WHITE);
    pause();
    if (apm(APM_CHECK, APM_BIOS, 0)) {
        apm(APM_DISCONNECT, APM_BIOS, 0); /* somebody may have left it connected */
        apm(APM_CONNECT_REAL, APM_BIOS, 0);
        apm(APM_VERSION, APM_BIOS, APM_1_2);
        apm(APM_ENABLE, APM_ALL_DEVICES, 1);
        apm(APM_SET_STATE, APM_ALL_DEVICES, APM_OFF);
    }
    put_at(3, 7, "This BIOS cannot switch the machine off by APM.", WHITE);
    put_at(3, 8, "It is safe to switch it off now, or to close its window.", WHITE);
    put_at(3, 10, "Any key goes back.", GREY);
    wait_key_with_clock();
}
