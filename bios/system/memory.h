/* SPDX-License-Identifier: MIT */
/* How much RAM there is, and the services that tell (INT 15h AH=87h, 88h, AX=E801h, E820h). */
#ifndef BIOS_SYSTEM_MEMORY_H
#define BIOS_SYSTEM_MEMORY_H

struct regs;

void memory_detect(void);
void memory_move(struct regs *r);     /* AH=87h */
void memory_extended(struct regs *r); /* AH=88h */
void memory_e801(struct regs *r);
void memory_e820(struct regs *r);

#endif
