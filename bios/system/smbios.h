/* SPDX-License-Identifier: MIT */
/* SMBIOS 2.4 tables. */
#ifndef BIOS_SYSTEM_SMBIOS_H
#define BIOS_SYSTEM_SMBIOS_H

/* POST: fills in memory size and processor, makes the checksums. */
void smbios_init(void);

#endif
