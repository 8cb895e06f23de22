/* SPDX-License-Identifier: MIT */
/* INT 05h, 11h, 12h, 17h, and serial INT 14h. */
#ifndef BIOS_SYSTEM_MISC_H
#define BIOS_SYSTEM_MISC_H

struct regs;

void print_screen_service(struct regs *r);
void equipment_service(struct regs *r);
void memory_size_service(struct regs *r);
void printer_service(struct regs *r);
void serial_service(struct regs *r);

/* POST: looks for COM1-COM4 and LPT1-LPT3, fills the BDA and its equipment word. */
void serial_init(void);
void parallel_init(void);

#endif
