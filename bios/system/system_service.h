/* SPDX-License-Identifier: MIT */
/* INT 15h. */
#ifndef BIOS_SYSTEM_SYSTEM_SERVICE_H
#define BIOS_SYSTEM_SYSTEM_SERVICE_H

struct regs;

void system_service(struct regs *r);

/* POST, called once from fixed.S; does not return. */
void post_main(void) __attribute__((noreturn));

#endif
