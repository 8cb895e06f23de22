/* SPDX-License-Identifier: MIT */
/* The pages of the demo. Each draws between rows 3 and 22 and returns when its key has been pressed. */
#ifndef BIOS_DEMO_PAGES_H
#define BIOS_DEMO_PAGES_H
#include <stdint.h>

enum { KEY_ESC = 0x1b };

void page_machine(void);  /* CPU, memory, display */
void page_speed(void);    /* how fast the CPU is */
void page_keyboard(void); /* echo with scan codes */
void page_plasma(void);   /* mode 13h */
void page_lines(void);    /* mode 12h */
/* Switches the machine off; returns only if that is not possible, having said so. */
void power_off(void);

/* Frame, title and status line around a page. */
void draw_frame(const char *title);
/* The clock in the frame, when the second has changed. */
void update_clock(void);
/* Waits for a key while the clock runs. */
uint16_t wait_key_with_clock(void);

#endif
