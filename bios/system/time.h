/* SPDX-License-Identifier: MIT */
/* INT 1Ah time of day, the RTC's interrupt, and the waits of INT 15h that it drives. */
#ifndef BIOS_SYSTEM_TIME_H
#define BIOS_SYSTEM_TIME_H

struct regs;

void time_service(struct regs *r);
void rtc_interrupt(struct regs *r); /* IRQ 8 */
void rtc_init(void);                /* also sets the tick count from the time of day */
void wait_event(struct regs *r);    /* INT 15h AH=83h */
void wait_delay(struct regs *r);    /* INT 15h AH=86h */

#endif
