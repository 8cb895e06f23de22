/* SPDX-License-Identifier: MIT */
/* Advanced power management 1.2: INT 15h AH=53h. */
#ifndef BIOS_SYSTEM_APM_H
#define BIOS_SYSTEM_APM_H

struct regs;

void apm_service(struct regs *r);

#endif
