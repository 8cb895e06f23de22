/* SPDX-License-Identifier: MIT */
/* PS/2 pointing device: INT 15h AH=C2h and IRQ 12. */
#ifndef BIOS_SYSTEM_MOUSE_H
#define BIOS_SYSTEM_MOUSE_H

struct regs;

void mouse_init(void);
void mouse_service(struct regs *r);
void mouse_interrupt(struct regs *r);

#endif
