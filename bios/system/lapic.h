/* SPDX-License-Identifier: MIT */
/* Local APIC of the boot processor. */
#ifndef BIOS_SYSTEM_LAPIC_H
#define BIOS_SYSTEM_LAPIC_H

/* POST: virtual wire mode, so that the 8259 keeps interrupting through a local APIC. Nothing without one. */
void lapic_init(void);

#endif
